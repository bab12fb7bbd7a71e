/*
 * Files that are missing, cannot be read or make no sense: what the functions answer that need
 * them, and which warnings a program's own numa_warn sees. Machines without nodes in /sys.
 */
#include "machine.h"
#include "fake_status.h"

#include <dlfcn.h>
#include <linux/securebits.h>
#include <sys/resource.h>

/* ---- what the library says ------------------------------------------------------------------ */

static char said[1 << 16];

void numa_warn(int number, char *format, ...)
{
	size_t used = strlen(said);
	va_list args;

	used += (size_t)snprintf(said + used, sizeof(said) - used, "%d: ", number);
	va_start(args, format);
	vsnprintf(said + used, sizeof(said) - used, format, args);
	va_end(args);
	strcat(said, "\n");
}

void numa_error(char *where)
{
	strcat(strcat(strcat(said, "error: "), where), "\n");
}

static void compare(int line, const char *statements, const char *wanted)
{
	if (strcmp(said, wanted))
		check_failed(__FILE__, line, NULL, "%s said `%s' instead of `%s'", statements, said, wanted);
}

/* Whether the statements say exactly this. */
#define SAYS(text, ...)                                                          \
	do {                                                                     \
		said[0] = 0;                                                     \
		__VA_ARGS__;                                                     \
		compare(__LINE__, #__VA_ARGS__, text);                           \
	} while (0)

#define SILENT(...)                                                              \
	do {                                                                     \
		said[0] = 0;                                                     \
		__VA_ARGS__;                                                     \
		compare(__LINE__, #__VA_ARGS__, "");                             \
	} while (0)

/* ---- a node's map of CPUs ------------------------------------------------------------------- */

#define ASSUMING "3: /sys not mounted or invalid. Assuming one node: "
#define CANNOT_OPEN "3: (cannot open or correctly parse /sys/devices/system/node/node1/cpumap)\n"
#define CANNOT_PARSE "4: Cannot parse cpumap. Assuming one node\n"
#define NO_CPUS "6: Cannot read node cpumask from sysfs\n"
#define NOT_SET "error: numa_sched_setaffinity_v2_int() failed\n"

#define CPUMAP NODE_DIR "/node1/cpumap"

static const char *two_nodes(void)
{
	const char *cannot = no_nodes_yet();

	if (!cannot) {
		put_node(0, "00000001\n", "10 20\n", 4096);
		put_node(1, "00000002\n", "20 10\n", 8192);
	}
	return cannot;
}

/* From the next program on root cannot read what it may not. */
static const char *without_privileges(void)
{
	if (!getuid() && prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED))
		return "cannot drop the privileges of root";
	return NULL;
}

/* Two nodes, both of which this process may use, and what the statements make of them. */
#define WORLD(name, ...)                                                         \
	static const char *name(void)                                            \
	{                                                                        \
		const char *cannot = two_nodes();                                \
		if (!cannot)                                                     \
			cannot = fake_status(NULL, "00000000,00000003");         \
		if (!cannot) {                                                   \
			__VA_ARGS__;                                             \
		}                                                                \
		return cannot;                                                   \
	}

static int all_possible(const struct bitmask *mask)
{
	unsigned possible = (unsigned)numa_num_possible_cpus();

	for (unsigned cpu = 0; cpu < mask->size; cpu++)
		if (numa_bitmask_isbitset(mask, cpu) != (cpu < possible))
			return 0;
	return 1;
}

static void a_number_of_bits(unsigned bits, const char *warnings, int error)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);

	numa_bitmask_setbit(mask, bits - 1);
	SAYS(warnings, FAILS(numa_node_to_cpus(1, mask), -1, error));
	CHECK(all_possible(mask), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

static int runs_on_cpu_0(void)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)];

	return raw_affinity(words) > 0 && (words[0] & 1);
}

/* Node 1 has no CPUs that could be known. The same answer each time: nothing of it is kept. */
static void without_cpus(const char *warnings, int error)
{
	unsigned possible = (unsigned)numa_num_possible_cpus();
	unsigned long before[AFFINITY_BYTES / sizeof(long)], after[AFFINITY_BYTES / sizeof(long)];
	char text[4096];
	struct bitmask *mask = one_node(1);

	for (int i = 0; i < 2; i++) {
		a_number_of_bits(possible, warnings, error);
		a_number_of_bits(1, warnings, error);
		a_number_of_bits(64, warnings, error);
		a_number_of_bits(possible + 100, warnings, error);
	}
	numa_node_to_cpu_update();
	a_number_of_bits(possible, warnings, error);

	raw_affinity(before);
	snprintf(text, sizeof(text), "%s%s", warnings, NO_CPUS);
	SAYS(text, FAILS(numa_run_on_node(1), -1, error));
	snprintf(text, sizeof(text), "%s%s%s", warnings, NO_CPUS, NOT_SET);
	SAYS(text, FAILS(numa_run_on_node_mask_all(mask), -1, EINVAL));
	raw_affinity(after);
	CHECK(!memcmp(before, after, sizeof(before)), "the affinity has changed");
	SAYS(warnings, FAILS(numa_node_of_cpu(1), -1, EINVAL));
	said[0] = 0;
	EQUAL(numa_node_of_cpu(0), 0);

	/* With a node that has some, these are taken. */
	numa_bitmask_setbit(mask, 0);
	snprintf(text, sizeof(text), "%s%s", warnings, NO_CPUS);
	if (runs_on_cpu_0())
		SAYS(text, EQUAL(numa_run_on_node_mask_all(mask), 0));
	numa_bitmask_free(mask);
}

WORLD(cpumap_is_missing, unlink(CPUMAP))

TEST_IN(cpumap_is_missing, a_node_without_cpumap)
{
	without_cpus(ASSUMING "No such file or directory\n" CANNOT_OPEN, ENOENT);
}

/* Each node is asked, also one without memory that this process may use. */
TEST_IN(cpumap_is_missing, run_node_mask_with_a_node_without_cpumap)
{
	struct bitmask *nodes;

	SAYS(ASSUMING "No such file or directory\n" CANNOT_OPEN, nodes = numa_get_run_node_mask());
	EQUAL(numa_bitmask_isbitset(nodes, 1), 0);
	EQUAL(numa_bitmask_isbitset(nodes, 0), runs_on_cpu_0());
	numa_bitmask_free(nodes);
}

WORLD(cpumap_is_forbidden, chmod(CPUMAP, 0); cannot = without_privileges())

TEST_IN(cpumap_is_forbidden, a_node_with_a_forbidden_cpumap)
{
	without_cpus(ASSUMING "Permission denied\n" CANNOT_OPEN, EACCES);
}

WORLD(node_is_forbidden, chmod(NODE_DIR "/node1", 0); cannot = without_privileges())

TEST_IN(node_is_forbidden, a_forbidden_node)
{
	without_cpus(ASSUMING "Permission denied\n" CANNOT_OPEN, EACCES);
}

WORLD(cpumap_is_a_directory, unlink(CPUMAP); mkdir(CPUMAP, 0755))

TEST_IN(cpumap_is_a_directory, a_node_whose_cpumap_cannot_be_read)
{
	without_cpus(ASSUMING "Is a directory\n" CANNOT_OPEN CANNOT_PARSE, EISDIR);
}

/* The reference leaves errno as it was, here and where the file makes no sense. */
WORLD(cpumap_is_empty, write_file(CPUMAP, ""))

TEST_IN(cpumap_is_empty, a_node_with_an_empty_cpumap, ROW(files_that_make_no_sense_are_errors))
{
	without_cpus(ASSUMING WORDS_EIO "\n" CANNOT_OPEN CANNOT_PARSE, EIO);
}

WORLD(cpumap_is_junk, write_file(CPUMAP, "zz\n"))

TEST_IN(cpumap_is_junk, a_node_with_a_senseless_cpumap, ROW(files_that_make_no_sense_are_errors))
{
	without_cpus(CANNOT_PARSE, EIO);
}

/* What a caller sees who does not look at what is said. */
DIFFERS_IN(cpumap_is_missing, cpus_of_a_node_without_cpumap_in_the_old_version)
{
	int (*old_node_to_cpus)(int, unsigned long *, int);
	static unsigned long words[2048];
	int possible = numa_num_possible_cpus(), bytes = possible / 8;

	SKIP_WITHOUT_VERSIONS;
	*(void **)&old_node_to_cpus = dlvsym(RTLD_DEFAULT, "numa_node_to_cpus", "libnuma_1.1");
	for (int i = 0; i < 2; i++) {
		memset(words, 0x55, sizeof(words));
		SAYS(ASSUMING "No such file or directory\n" CANNOT_OPEN,
		     FAILS(old_node_to_cpus(1, words, bytes), -1, ENOENT));
		for (int cpu = 0; cpu < possible; cpu++)
			if (!(words[(size_t)cpu / LONG_BITS] >> ((size_t)cpu % LONG_BITS) & 1)) {
				CHECK(0, "CPU %d is not there", cpu);
				break;
			}
		CHECK(words[possible / (int)LONG_BITS] == (unsigned long)0x5555555555555555, "behind the buffer");
	}
	memset(words, 0x55, sizeof(words));
	SILENT(FAILS(old_node_to_cpus(1, words, bytes - 1), -1, ERANGE));
	CHECK(words[0] == (unsigned long)0x5555555555555555, "a buffer that is too short was written");
}

TEST_IN(cpumap_is_missing, old_functions_of_a_node_without_cpumap)
{
	int (*old_run_on_node_mask)(const nodemask_t *);
	nodemask_t (*old_get_run_node_mask)(void);
	nodemask_t mask;

	SKIP_WITHOUT_VERSIONS;
	*(void **)&old_run_on_node_mask = dlvsym(RTLD_DEFAULT, "numa_run_on_node_mask", "libnuma_1.1");
	*(void **)&old_get_run_node_mask = dlvsym(RTLD_DEFAULT, "numa_get_run_node_mask", "libnuma_1.1");
	nodemask_zero(&mask);
	nodemask_set_compat(&mask, 1);
	SAYS(ASSUMING "No such file or directory\n" CANNOT_OPEN NO_CPUS, FAILS(old_run_on_node_mask(&mask), -1, EINVAL));
	SAYS(ASSUMING "No such file or directory\n" CANNOT_OPEN, mask = old_get_run_node_mask());
	EQUAL(nodemask_isset_compat(&mask, 1), 0);
}

TEST_IN(cpumap_is_missing, old_run_on_node_mask_leaves_out_a_node_without_cpumap)
{
	int (*old_run_on_node_mask)(const nodemask_t *);
	nodemask_t mask;

	SKIP_WITHOUT_VERSIONS;
	SKIP_IF(!runs_on_cpu_0(), "this process may not run on CPU 0");
	*(void **)&old_run_on_node_mask = dlvsym(RTLD_DEFAULT, "numa_run_on_node_mask", "libnuma_1.1");
	nodemask_zero(&mask);
	nodemask_set_compat(&mask, 0);
	nodemask_set_compat(&mask, 1);
	nodemask_set_compat(&mask, NUMA_NUM_NODES - 1);
	SAYS(ASSUMING "No such file or directory\n" CANNOT_OPEN NO_CPUS NO_CPUS, EQUAL(old_run_on_node_mask(&mask), 0));
}

/* A CPU of another node is found all the same. */
WORLD(first_cpumap_is_missing, unlink(NODE_DIR "/node0/cpumap"))

TEST_IN(first_cpumap_is_missing, cpus_behind_a_node_without_cpumap)
{
	EQUAL(numa_node_of_cpu(1), 1);
	FAILS(numa_node_of_cpu(0), -1, EINVAL);
	said[0] = 0;
	FAILS(numa_run_on_node(0), -1, ENOENT);
	CHECK(strstr(said, NO_CPUS), "%s", said);
}

/* Only a node's own CPUs are asked for in its file. */
TEST_IN(cpumap_is_junk, cpus_that_no_kernel_has)
{
	SILENT(FAILS(numa_node_of_cpu(INT32_MAX), -1, EINVAL));
}

/* The reference looks for them in the files of all nodes. */
DIFFERS_IN(first_cpumap_is_missing, negative_cpus_are_on_no_node)
{
	SILENT(FAILS(numa_node_of_cpu(-1), -1, EINVAL));
	SILENT(FAILS(numa_node_of_cpu(INT32_MIN), -1, EINVAL));
}

WORLD(cpumap_is_a_fifo, unlink(CPUMAP); if (mkfifo(CPUMAP, 0644)) cannot = "cannot make a FIFO")

DIFFERS_IN(cpumap_is_a_fifo, a_fifo_in_sys_is_not_waited_for)
{
	/* The reference fails by never coming back. */
	if (on_reference())
		alarm(5);
	without_cpus(ASSUMING WORDS_EIO "\n" CANNOT_OPEN CANNOT_PARSE, EIO);
}

/* A process without free descriptors learns nothing: not even that there is one node with all CPUs. */
WORLD(both_nodes, )

TEST_IN(both_nodes, nodes_while_descriptors_run_out)
{
	struct bitmask *mask = numa_allocate_cpumask();
	struct rlimit before, none;
	struct set first;

	memset(&first, 0, sizeof(first));
	add(&first, 0);
	SKIP_IF(getrlimit(RLIMIT_NOFILE, &before), "no limits");
	none = before;
	none.rlim_cur = 0;
	EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (int i = 0; i < 2; i++) {
		SAYS(ASSUMING WORDS_EMFILE "\n3: (cannot open or correctly parse " NODE_DIR "/node0/cpumap)\n",
		     FAILS(numa_node_to_cpus(0, mask), -1, EMFILE));
		SILENT(FAILS(numa_node_size64(0, NULL), -1, EMFILE));
	}
	EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
	SILENT(EQUAL(numa_node_to_cpus(0, mask), 0));
	CHECK(holds(mask, &first), "%s", text_of(mask));
	SILENT(EQUAL(numa_node_size64(0, NULL), 4096 * 1024));
	numa_bitmask_free(mask);
}

/* ---- distances ------------------------------------------------------------------------------ */

DIFFERS_IN(both_nodes, distances_have_an_errno_where_they_fail)
{
	SILENT(FAILS(numa_distance(0, 1), 20, UNTOUCHED));
	SILENT(FAILS(numa_distance(1, 1), 10, UNTOUCHED));
	SILENT(FAILS(numa_distance(0, -1), 0, EINVAL));
	SILENT(FAILS(numa_distance(0, 2), 0, ENOENT));
}

#define DISTANCE NODE_DIR "/node1/distance"
#define NO_DISTANCE "7: Cannot parse distance information in sysfs: "

/* The distances from node 1 cannot be known; those from node 0 can. */
static void without_distance(const char *warning, int error)
{
	for (int i = 0; i < 2; i++) {
		SILENT(EQUAL(numa_distance(0, 1), 20));
		SILENT(EQUAL(numa_distance(0, 0), 10));
		SAYS(warning, FAILS(numa_distance(1, 0), 0, error));
		SAYS(warning, FAILS(numa_distance(1, 1), 0, error));
	}
}

WORLD(distance_is_missing, unlink(DISTANCE))

TEST_IN(distance_is_missing, a_node_without_distances, ROW(a_node_with_forbidden_distances))
{
	without_distance("", ENOENT);
}

WORLD(distance_is_forbidden, chmod(DISTANCE, 0); cannot = without_privileges())

DIFFERS_IN(distance_is_forbidden, a_node_with_forbidden_distances)
{
	without_distance(NO_DISTANCE "Permission denied\n", EACCES);
}

WORLD(distance_is_a_directory, unlink(DISTANCE); mkdir(DISTANCE, 0755))

TEST_IN(distance_is_a_directory, a_node_whose_distances_cannot_be_read, ROW(a_node_with_forbidden_distances))
{
	without_distance(NO_DISTANCE "Is a directory\n", EISDIR);
}

WORLD(distance_is_empty, write_file(DISTANCE, ""))

TEST_IN(distance_is_empty, a_node_with_empty_distances, ROW(a_node_with_forbidden_distances))
{
	without_distance(NO_DISTANCE WORDS_EIO "\n", EIO);
}

WORLD(distance_is_junk, write_file(DISTANCE, "zz\n"))

TEST_IN(distance_is_junk, a_node_with_senseless_distances, ROW(a_node_with_forbidden_distances))
{
	without_distance("", EIO);
}

WORLD(distance_is_short, write_file(DISTANCE, "20\n"))

TEST_IN(distance_is_short, a_node_with_too_few_distances)
{
	SILENT(EQUAL(numa_distance(1, 0), 20));
	SILENT(EQUAL(numa_distance(1, 1), 0));
	SILENT(EQUAL(numa_distance(0, 1), 20));
}

/* ---- sizes ---------------------------------------------------------------------------------- */

#define MEMINFO NODE_DIR "/node1/meminfo"

#define NO_MEMINFO(found) "2: Cannot parse sysfs meminfo (" #found ")\n"

static void without_size(const char *warning, int error)
{
	long long free64;
	long free;

	for (int i = 0; i < 2; i++) {
		free64 = free = -77;
		SAYS(warning, FAILS(numa_node_size64(1, &free64), -1, error));
		EQUAL(free64, -1);
		SAYS(warning, FAILS(numa_node_size(1, &free), -1, error));
		EQUAL(free, -1);
		SAYS(warning, FAILS(numa_node_size64(1, NULL), -1, error));
	}
	SILENT(EQUAL(numa_node_size64(0, &free64), 4096 * 1024));
	EQUAL(free64, 1024 * 1024);
}

WORLD(meminfo_is_missing, unlink(MEMINFO))

TEST_IN(meminfo_is_missing, a_node_without_meminfo)
{
	without_size("", ENOENT);
}

WORLD(meminfo_is_forbidden, chmod(MEMINFO, 0); cannot = without_privileges())

TEST_IN(meminfo_is_forbidden, a_node_with_a_forbidden_meminfo)
{
	without_size("", EACCES);
}

WORLD(meminfo_is_a_directory, unlink(MEMINFO); mkdir(MEMINFO, 0755))

TEST_IN(meminfo_is_a_directory, a_node_whose_meminfo_cannot_be_read)
{
	without_size(NO_MEMINFO(0), EISDIR);
}

/* The program's own numa_warn is there before the library is loaded. */
DIFFERS_IN(meminfo_is_a_directory, nothing_is_said_while_loading)
{
	CHECK(!*said, "%s", said);
}

WORLD(meminfo_is_empty, write_file(MEMINFO, ""))

TEST_IN(meminfo_is_empty, a_node_with_an_empty_meminfo, ROW(files_that_make_no_sense_are_errors))
{
	without_size(NO_MEMINFO(0), EIO);
}

WORLD(meminfo_is_junk, write_file(MEMINFO, "zz\n"))

TEST_IN(meminfo_is_junk, a_node_with_a_senseless_meminfo, ROW(files_that_make_no_sense_are_errors))
{
	without_size(NO_MEMINFO(0), EIO);
}

/* What is there is told. */
WORLD(meminfo_has_the_total, write_file(MEMINFO, "Node 1 MemTotal:       1000 kB\n"))

TEST_IN(meminfo_has_the_total, a_node_without_free_memory_in_meminfo)
{
	long long free = -77;

	SAYS(NO_MEMINFO(1), EQUAL(numa_node_size64(1, &free), 1000 * 1024));
	EQUAL(free, -1);
}

WORLD(meminfo_has_what_is_free, write_file(MEMINFO, "Node 1 MemFree:       1000 kB\n"))

TEST_IN(meminfo_has_what_is_free, a_node_without_total_memory_in_meminfo)
{
	long long free = -77;

	SAYS(NO_MEMINFO(1), EQUAL(numa_node_size64(1, &free), -1));
	EQUAL(free, 1000 * 1024);
}

WORLD(meminfo_is_in_another_order, write_file(MEMINFO, "Node 1 MemFree: 300 kB\nNode 1 MemTotal: 1000 kB\n"))

TEST_IN(meminfo_is_in_another_order, a_meminfo_in_another_order)
{
	long long free = -77;

	SILENT(EQUAL(numa_node_size64(1, &free), 1000 * 1024));
	EQUAL(free, 300 * 1024);
}

/* ---- devices -------------------------------------------------------------------------------- */

#define DEVICE "/sys/devices/pci0000:00/0000:00:09.0"

static const char *a_device(void)
{
	const char *cannot = empty_sys();

	if (cannot)
		return cannot;
	put_node(0, "00000001\n", "10\n", 4096);
	put(DEVICE "/numa_node", "0\n");
	make_dirs(DEVICE "/net/made0");
	put_link("/sys/class/net/made0", "../.." "/devices/pci0000:00/0000:00:09.0/net/made0");
	put_link(DEVICE "/net/made0/device", "../../../0000:00:09.0");
	make_dirs(DEVICE "/block/made1");
	put_link("/sys/class/block/made1", "../.." "/devices/pci0000:00/0000:00:09.0/block/made1");
	put_link("/sys/block/made1", "../devices/pci0000:00/0000:00:09.0/block/made1");
	put_link(DEVICE "/block/made1/device", "../../../0000:00:09.0");
	return NULL;
}

TEST_IN(a_device, nodes_of_devices)
{
	struct bitmask *mask;

	SILENT(mask = numa_parse_nodestring_all("netdev:made0"));
	CHECK(holds_only(mask, 0, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	SILENT(mask = numa_parse_nodestring_all("block:made1"));
	CHECK(holds_only(mask, 0, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

#define DEVICE_WORLD(name, ...)                                                  \
	static const char *name(void)                                            \
	{                                                                        \
		const char *cannot = a_device();                                 \
		if (!cannot) {                                                   \
			__VA_ARGS__;                                             \
		}                                                                \
		return cannot;                                                   \
	}

/* The text says what kind of device it is; the reference has it so for some, and a path for others. */
static void without_node(int error)
{
	static const char *const words[] = {"netdev:made0", "block:made1"};

	for (size_t i = 0; i < 2; i++) {
		said[0] = 0;
		FAILS((intptr_t)numa_parse_nodestring(words[i]), 0, error);
		CHECK(!strncmp(said, "26: Cannot read node mask for ", 30) && strstr(said, " device `"), "%s", said);
	}
}

DEVICE_WORLD(numa_node_is_missing, unlink(DEVICE "/numa_node"))

TEST_IN(numa_node_is_missing, devices_without_numa_node, ROW(device_errors_leave_the_errno_of_the_failing_call))
{
	without_node(ENOENT);
}

DEVICE_WORLD(numa_node_is_forbidden, chmod(DEVICE "/numa_node", 0); cannot = without_privileges())

TEST_IN(numa_node_is_forbidden, devices_with_a_forbidden_numa_node, ROW(device_errors_leave_the_errno_of_the_failing_call))
{
	without_node(EACCES);
}

DEVICE_WORLD(numa_node_is_junk, write_file(DEVICE "/numa_node", "zz\n"))

TEST_IN(numa_node_is_junk, devices_with_a_senseless_numa_node, ROW(files_that_make_no_sense_are_errors))
{
	without_node(EIO);
}

/* The reference takes the first of them. */
DEVICE_WORLD(numa_node_is_a_range, write_file(DEVICE "/numa_node", "0-1\n"))

TEST_IN(numa_node_is_a_range, devices_with_several_nodes, ROW(files_that_make_no_sense_are_errors))
{
	without_node(EIO);
}

DEVICE_WORLD(numa_node_is_large, write_file(DEVICE "/numa_node", "4294967296\n"))

TEST_IN(numa_node_is_large, devices_with_a_number_beyond_all_nodes, ROW(files_that_make_no_sense_are_errors))
{
	without_node(EIO);
}

DEVICE_WORLD(no_block_devices, if (rename("/sys/class/block", "/sys/class/no-block") ||
				   rename("/sys/block", "/sys/no-block")) cannot = "no rename")

TEST_IN(no_block_devices, files_without_block_devices)
{
	SAYS("12: Cannot enumerate block devices in sysfs\n",
	     FAILS((intptr_t)numa_parse_nodestring("file:/"), 0, ENOENT));
}

/* ---- no nodes at all ------------------------------------------------------------------------ */

/* One node with all CPUs, for every function alike. */
static void one_node_with_all_cpus(int error)
{
	struct bitmask *all, *cpus = numa_allocate_cpumask(), *nodes, *zero = one_node(0);
	struct set expected = {{0}};
	long long free64 = -77;

	SILENT(all = numa_parse_cpustring_all("all"));
	CHECK(all && numa_bitmask_weight(all) > 0, "%s", text_of(all));
	for (unsigned cpu = 0; all && cpu < all->size; cpu++)
		if (numa_bitmask_isbitset(all, cpu))
			add(&expected, cpu);

	SILENT(EQUAL(numa_max_node(), 0));
	SILENT(EQUAL(numa_num_configured_nodes(), 1));
	SILENT(EQUAL(numa_num_task_nodes(), 1));
	CHECK(holds_only(numa_nodes_ptr, 0, -1), "%s", text_of(numa_nodes_ptr));
	CHECK(holds_only(numa_all_nodes_ptr, 0, -1), "%s", text_of(numa_all_nodes_ptr));
	SILENT(nodes = numa_parse_nodestring_all("all"));
	CHECK(holds_only(nodes, 0, -1), "%s", text_of(nodes));
	numa_bitmask_free(nodes);

	for (int i = 0; i < 2; i++) {
		numa_bitmask_setall(cpus);
		SILENT(EQUAL(numa_node_to_cpus(0, cpus), 0));
		CHECK(holds(cpus, &expected), "%s, not %s", text_of(cpus), text_of(all));
		SILENT(EACH(cpu, &expected) EQUAL(numa_node_of_cpu(cpu), 0));
		SILENT(FAILS(numa_node_of_cpu(last(&expected) + 1), -1, EINVAL));
		SILENT(FAILS(numa_node_of_cpu(-1), -1, EINVAL));
		SILENT(FAILS(numa_node_to_cpus(1, cpus), -1, ERANGE));
		numa_node_to_cpu_update();
	}

	SILENT(EQUAL(numa_run_on_node(0), 0));
	SILENT(EQUAL(numa_run_on_node(-1), 0));
	SILENT(EQUAL(numa_run_on_node_mask(zero), 0));
	SILENT(EQUAL(numa_run_on_node_mask_all(zero), 0));
	SILENT(EQUAL(numa_sched_getaffinity(0, cpus) > 0, 1));
	CHECK(numa_bitmask_weight(cpus) > 0, "%s", text_of(cpus));
	SILENT(nodes = numa_get_run_node_mask());
	CHECK(holds_only(nodes, 0, -1), "%s", text_of(nodes));
	numa_bitmask_free(nodes);
	look();
	if (numa_available() == 0 && has(&machine.allowed, 0)) {
		SILENT(numa_bind(zero));
		SILENT(EQUAL(numa_preferred(), 0));
	}

	/* Nobody knows these. */
	SILENT(FAILS(numa_distance(0, 0), 0, error));
	SILENT(FAILS(numa_distance(0, 1), 0, error));
	SILENT(FAILS(numa_node_size64(0, &free64), -1, error));
	EQUAL(free64, -1);
	numa_bitmask_free(all);
	numa_bitmask_free(cpus);
	numa_bitmask_free(zero);

#if HAS_VERSIONS
	{
		int (*old_node_to_cpus)(int, unsigned long *, int);
		int (*old_run_on_node_mask)(const nodemask_t *);
		nodemask_t (*old_get_run_node_mask)(void), old;
		static unsigned long words[2048];

		*(void **)&old_node_to_cpus = dlvsym(RTLD_DEFAULT, "numa_node_to_cpus", "libnuma_1.1");
		*(void **)&old_run_on_node_mask = dlvsym(RTLD_DEFAULT, "numa_run_on_node_mask", "libnuma_1.1");
		*(void **)&old_get_run_node_mask = dlvsym(RTLD_DEFAULT, "numa_get_run_node_mask", "libnuma_1.1");
		SILENT(EQUAL(old_node_to_cpus(0, words, sizeof(words)), 0));
		CHECK(!memcmp(words, expected.words, sizeof(expected.words)), "%#lx", words[0]);
		nodemask_zero(&old);
		nodemask_set_compat(&old, 0);
		SILENT(EQUAL(old_run_on_node_mask(&old), 0));
		SILENT(old = old_get_run_node_mask());
		EQUAL(nodemask_isset_compat(&old, 0), 1);
		EQUAL(nodemask_isset_compat(&old, 1), 0);
	}
#endif
}

/* What is allowed is node 0 alone, whatever the machine has. */
#define ONE_NODE(name, world, ...)                                               \
	static const char *name(void)                                            \
	{                                                                        \
		const char *cannot = world();                                    \
		if (!cannot)                                                     \
			cannot = fake_status(NULL, "00000000,00000001");         \
		if (!cannot) {                                                   \
			__VA_ARGS__;                                             \
		}                                                                \
		return cannot;                                                   \
	}

ONE_NODE(no_sys, empty_sys)

DIFFERS_IN(no_sys, one_node_with_all_cpus_without_sys)
{
	one_node_with_all_cpus(ENOENT);
}

ONE_NODE(sys_without_nodes, empty_sys, put("/sys/devices/system/cpu/possible", "0-1\n"))

TEST_IN(sys_without_nodes, one_node_with_all_cpus_without_a_directory_of_nodes, ROW(one_node_with_all_cpus_without_sys))
{
	one_node_with_all_cpus(ENOENT);
}

ONE_NODE(empty_directory, no_nodes_yet)

TEST_IN(empty_directory, one_node_with_all_cpus_in_an_empty_directory, ROW(one_node_with_all_cpus_without_sys))
{
	one_node_with_all_cpus(ENOENT);
}

ONE_NODE(nodes_are_forbidden, two_nodes, chmod(NODE_DIR, 0); cannot = without_privileges())

TEST_IN(nodes_are_forbidden, one_node_with_all_cpus_where_nodes_are_forbidden, ROW(one_node_with_all_cpus_without_sys))
{
	one_node_with_all_cpus(EACCES);
}

TEST_BARE(no_sys_no_proc, one_node_with_all_cpus_without_sys_and_proc, ROW(one_node_with_all_cpus_without_sys))
{
	one_node_with_all_cpus(ENOENT);
}

/* ---- how many nodes are possible ------------------------------------------------------------ */

static const char *allowed_nodes(const char *allowed, const char *possible)
{
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	for (int node = 0; node < 4; node++)
		put_node(node, "00000001\n", "10 10 10 10\n", 4096);
	if (possible)
		put(NODE_DIR "/possible", possible);
	return fake_status(NULL, allowed);
}

static void possible_nodes(int bits)
{
	struct bitmask *mask = numa_allocate_nodemask();

	EQUAL(numa_num_possible_nodes(), bits);
	EQUAL(numa_max_possible_node(), bits - 1);
	EQUAL(mask->size, bits);
	EQUAL(numa_all_nodes_ptr->size, bits);
	EQUAL(numa_no_nodes_ptr->size, bits);
	EQUAL(numa_nodes_ptr->size, bits);
	numa_bitmask_free(mask);
	SILENT(mask = numa_parse_nodestring_all("all"));
	EQUAL(mask ? mask->size : 0, bits);
	CHECK(holds_only(mask, 0, 1, 2, 3, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	FAILS(numa_run_on_node(bits), -1, EINVAL);
}

#define POSSIBLE(name, row, allowed, possible, bits, ...)                           \
	static const char *prepare_##name(void) { return allowed_nodes(allowed, possible); } \
	TEST_IN(prepare_##name, name, row)                                       \
	{                                                                        \
		int wanted = (bits);                                             \
		possible_nodes((int)((size_t)(wanted + (int)LONG_BITS - 1) / LONG_BITS * LONG_BITS)); \
		CHECK(holds_only(numa_all_nodes_ptr, __VA_ARGS__, -1), "%s", text_of(numa_all_nodes_ptr)); \
	}

#define FROM_THE_FILE ROW(possible_nodes_beyond_the_digits)

/* Linux 7.3 prints as many digits as there are nodes that the machine could have. */
POSSIBLE(possible_nodes_of_one_digit, FROM_THE_FILE, "f", "0-3\n", 4, 0, 1, 2, 3)
POSSIBLE(possible_nodes_of_one_node, FROM_THE_FILE, "1", "0\n", 1, 0)
POSSIBLE(possible_nodes_beyond_the_digits, FROM_THE_FILE, "f", "0-99\n", 100, 0, 1, 2, 3)
POSSIBLE(possible_nodes_with_gaps, FROM_THE_FILE, "f", "0-3,200\n", 201, 0, 1, 2, 3)
POSSIBLE(possible_nodes_without_the_file, FROM_THE_FILE, "f", NULL, 4, 0, 1, 2, 3)
POSSIBLE(possible_nodes_of_whole_words, (void)0, "00000000,0000000f", "0-63\n", 64, 0, 1, 2, 3)
POSSIBLE(possible_nodes_of_a_word_and_a_bit, FROM_THE_FILE, "f", "0-64\n", 65, 0, 1, 2, 3)
/* As before: MAX_NUMNODES. */
#define ZEROS "00000000,00000000,00000000,00000000,00000000,00000000,00000000,"
POSSIBLE(possible_nodes_of_older_kernels, (void)0,
	 ZEROS "00000000," ZEROS "00000000," ZEROS "00000000," ZEROS "0000000f", "0-3\n", 1024, 0, 1, 2, 3)

/* ---- CPUs that are counted ------------------------------------------------------------------- */

static void put_cpus(const char *list)
{
	write_file("/sys/devices/system/cpu/possible", list);
	write_file("/sys/devices/system/cpu/online", list);
}

static const char *eight_cpus(void)
{
	const char *cannot = own_mounts();

	if (!cannot)
		cannot = cover("/sys/devices/system/cpu");
	if (!cannot)
		put_cpus("0-7\n");
	return cannot;
}

DIFFERS_IN(eight_cpus, configured_cpus_are_counted_when_they_are_asked_for)
{
	put_cpus("0-3\n");
	SKIP_IF(sysconf(_SC_NPROCESSORS_CONF) != 4, "the C library counts elsewhere");
	EQUAL(numa_num_configured_cpus(), 4);
}

/* ---- nodes that no mask holds ---------------------------------------------------------------- */

static const char *a_node_too_far(void)
{
	const char *cannot = two_nodes();

	make_dirs(NODE_DIR "/node99999");
	return cannot;
}

DIFFERS_IN(a_node_too_far, nodes_beyond_the_masks_are_left_out)
{
	EQUAL(numa_max_node(), 1);
	EQUAL(numa_num_configured_nodes(), 2);
}
