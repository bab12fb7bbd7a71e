/*
 * The worlds of sweep.c that are made of files: a machine of tests/machines in the place of /sys and
 * /proc, and one of its files damaged. Mounts of its own hold them, and they end with the process.
 */
#define CHECK_OWN_MAIN
#include "../c/fake.h"
#include "world.h"

#include <linux/securebits.h>
#include <sys/socket.h>
#include <sys/un.h>

static void die(const char *what)
{
	fprintf(stderr, "sweep: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Devices of each kind that strings can name: on node 1, and on one that the firmware does not tell. */
static void put_devices(void)
{
	put("/sys/devices/pci0000:40/0000:41:00.0/numa_node", "1\n");
	put("/sys/devices/pci0000:40/0000:41:00.0/nvme/nvme0/made0n1/size", "1\n");
	put_link("/sys/class/block/made0n1", "../../devices/pci0000:40/0000:41:00.0/nvme/nvme0/made0n1");
	put_link("/sys/bus/pci/devices/0000:41:00.0", "../../../devices/pci0000:40/0000:41:00.0");
	put("/sys/devices/pci0000:00/0000:00:02.0/numa_node", "-1\n");
	put("/sys/devices/pci0000:00/0000:00:02.0/net/made0/mtu", "1500\n");
	put_link("/sys/class/net/made0", "../../devices/pci0000:00/0000:00:02.0/net/made0");
	make_dirs("/sys/dev/block");
}

int enter_machine(const char *machine)
{
	static char command[4096];
	const char *cannot = own_mounts();

	if (cannot || (cannot = cover("/sys"))) {
		fprintf(stderr, "%s\n", cannot);
		return 77;
	}
	snprintf(command, sizeof(command), "test ! -d '%s/sys' || cp -R '%s/sys/.' /sys", machine, machine);
	if (system(command))
		die(machine);
	/* A C library may count the directories of CPUs. */
	if (!access("/sys/devices/system/cpu", F_OK)) {
		make_dirs("/sys/devices/system/cpu/cpu0");
		make_dirs("/sys/devices/system/cpu/cpu1");
	}
	snprintf(command, sizeof(command), "cp -R '%s/proc/.' /proc", machine);
	if (cover("/proc") || system(command))
		die("/proc");
	put_devices();
	return 0;
}

/* What no file of the kernel holds: bytes of all values, the same each time. */
static void put_garbage(const char *path, size_t length)
{
	unsigned seed = 12345;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die(path);
	for (; length; length--) {
		unsigned char byte;

		seed = seed * 1103515245u + 12345u;
		byte = (unsigned char)(seed >> 16);
		if (write(fd, &byte, 1) != 1)
			die(path);
	}
	close(fd);
}

static void repeat(const char *path, const char *text, size_t times)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		die(path);
	while (times--)
		if (write(fd, text, strlen(text)) < 0)
			die(path);
	close(fd);
}

static void halve(const char *path)
{
	struct stat status;

	if (stat(path, &status) || truncate(path, status.st_size / 2))
		die(path);
}

static void put_fifo(const char *path, int with_writer)
{
	if (mkfifo(path, 0644))
		die(path);
	/* For reading too, as nobody else is there yet; it stays open in all processes to come. */
	if (with_writer && open(path, O_RDWR) < 0)
		die(path);
}

static void put_fed_fifo(const char *path)
{
	put_fifo(path, 0);
	if (fork())
		return;
	/* Ends with the process that it was made for. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int fd = open(path, O_RDWR);

	while (fd >= 0 && write(fd, "1", 1) == 1)
		;
	_exit(0);
}

static void put_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		die(path);
}

static void put_endless(const char *path, const char *device)
{
	if (symlink(device, path))
		die(path);
}

static void put_sparse(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	/* As long as the file system takes. */
	for (off_t length = (off_t)1 << 60; fd >= 0 && ftruncate(fd, length); length >>= 1)
		if (length < 1 << 20)
			die(path);
	close(fd);
}

/* From the next program on, root may not read what nobody may. */
static void forbid(const char *path)
{
	if (chmod(path, 0))
		die(path);
	if (!geteuid() && prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED))
		die("securebits");
}

/* Entries of the directory of nodes that are none, or that no machine has. */
static void put_names(const char *directory)
{
	static const char *const names[] = {"node", "node-1", "node+1", "node 1", "node1x", "node0x1", "node007",
		"node4096", "node65536", "node2147483647", "node2147483648", "node4294967295", "node4294967296",
		"node18446744073709551616", "node\xff", "nodenode1", "Node2", "node1.", "\n", "node3\n"};
	static char path[8192];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		mkdir(path, 0755);
	}
	/* A name as long as one may be, and a file and a link that look like nodes. */
	snprintf(path, sizeof(path), "%s/node%0251d", directory, 1);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/node9", directory);
	write_file(path, "");
	snprintf(path, sizeof(path), "%s/node10", directory);
	if (symlink("node10", path))
		die(path);
}

static void put_many(const char *directory)
{
	static char path[8192];

	for (int node = 0; node < 5000; node++) {
		snprintf(path, sizeof(path), "%s/node%d", directory, node);
		mkdir(path, 0755);
	}
}

/* What is put in the place of a file, or done to it. */
#define KINDS                                                                                      \
	KIND(missing, ) /* it is gone already */                                                   \
	KIND(empty, write_file(path, ""))                                                          \
	KIND(newline, write_file(path, "\n"))                                                      \
	KIND(nul, repeat(path, "", 0); if (truncate(path, 4096)) die(path))                        \
	KIND(garbage, put_garbage(path, 3000))                                                     \
	KIND(letters, write_file(path, "zz\n"))                                                    \
	KIND(negative, write_file(path, "-1\n"))                                                   \
	KIND(large, write_file(path, "99999999999999999999999\n"))                                 \
	KIND(range, write_file(path, "0-4294967295,7-3,18446744073709551615-0\n"))                 \
	KIND(commas, repeat(path, ",", 5000))                                                      \
	KIND(blanks, repeat(path, "          ", 500))                                              \
	KIND(ones, repeat(path, "1,", 100000))                                                     \
	KIND(long_line, repeat(path, "1111111111111111", 1 << 17))                                 \
	KIND(long_list, repeat(path, "10 ", 1 << 18))                                              \
	KIND(status, write_file(path, "Cpus_allowed:\nMems_allowed:\n"))                           \
	KIND(wide_status, write_file(path, "Cpus_allowed:\t"); repeat(path, "ffffffff,", 20000))   \
	KIND(meminfo, write_file(path, "Node 0 MemTotal: 18446744073709551615 kB\nNode 0 MemFree: -5 kB\n")) \
	KIND(directory, make_dirs(path))                                                           \
	KIND(fifo, put_fifo(path, 0))                                                              \
	KIND(held_fifo, put_fifo(path, 1))                                                         \
	KIND(fed_fifo, put_fed_fifo(path))                                                         \
	KIND(socket, put_socket(path))                                                             \
	KIND(zeros, put_endless(path, "/dev/zero"))                                                \
	KIND(random, put_endless(path, "/dev/urandom"))                                            \
	KIND(full, put_endless(path, "/dev/full"))                                                 \
	KIND(sparse, put_sparse(path))                                                             \
	KIND(loop, if (symlink(strrchr(path, '/') + 1, path)) die(path))                           \
	KIND(dangling, if (symlink("/nowhere", path)) die(path))

/* What is done to a file or directory that stays. */
#define CHANGES                                                                                    \
	CHANGE(cut, halve(path))                                                                   \
	CHANGE(unreadable, forbid(path))                                                           \
	CHANGE(names, put_names(path))                                                             \
	CHANGE(many, put_many(path))

void list_damages(void)
{
#define KIND(name, ...) puts(#name);
#define CHANGE(name, ...) puts(#name);
	KINDS
	CHANGES
#undef KIND
#undef CHANGE
}

int damage(const char *kind, const char *path)
{
	static char command[4096];

#define CHANGE(name, ...)                        \
	if (!strcmp(kind, #name)) {              \
		__VA_ARGS__;                     \
		return 0;                        \
	}
	CHANGES
#undef CHANGE
	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	if (system(command))
		die(path);
#define KIND(name, ...)                          \
	if (!strcmp(kind, #name)) {              \
		__VA_ARGS__;                     \
		return 0;                        \
	}
	KINDS
#undef KIND
	fprintf(stderr, "sweep: no damage %s\n", kind);
	return 2;
}

/* ---- nodes that come and go ------------------------------------------------------------------ */

static const char coming[] = NODE_DIR "/coming", come[] = NODE_DIR "/node6", gone[] = NODE_DIR "/gone";
static char going[64];

void prepare_changes(int node)
{
	snprintf(going, sizeof(going), NODE_DIR "/node%d", node);
	make_dirs(coming);
	write_file(NODE_DIR "/coming/cpumap", "00000300\n");
	write_file(NODE_DIR "/coming/distance", "20 20 20 20 10\n");
	write_file(NODE_DIR "/coming/meminfo", "Node 6 MemTotal: 1000 kB\nNode 6 MemFree: 500 kB\n");
}

void change_nodes(int there)
{
	if (rename(there ? coming : come, there ? come : coming) || rename(there ? going : gone, there ? gone : going))
		abort();
}
