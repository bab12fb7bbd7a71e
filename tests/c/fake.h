/*
 * Worlds that this machine is not: other nodes in /sys, no /sys and /proc, calls that are denied.
 * Each function changes the calling process and returns NULL, or why that is not possible; the
 * library sees the change when it is loaded anew (TEST_IN).
 */
#ifndef FAKE_H
#define FAKE_H

#include "machine.h"

#include <sched.h>
#include <stddef.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static UNUSED void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
		abort();
	}
	close(fd);
}

/* A namespace with mounts of its own, also for ordinary users where the kernel lets them. */
static UNUSED const char *own_mounts(void)
{
	char text[64];
	unsigned uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWNS)) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
			return "no mount namespace: not root, and no user namespaces";
		snprintf(text, sizeof(text), "0 %u 1", uid);
		write_file("/proc/self/setgroups", "deny");
		write_file("/proc/self/uid_map", text);
		snprintf(text, sizeof(text), "0 %u 1", gid);
		write_file("/proc/self/gid_map", text);
	}
	if (mount("none", "/", "none", MS_REC | MS_PRIVATE, ""))
		return "cannot make the mounts private";
	return NULL;
}

static UNUSED const char *cover(const char *path)
{
	if (mount("tmpfs", path, "tmpfs", 0, "mode=755"))
		return "cannot mount a tmpfs";
	return NULL;
}

static UNUSED void make_dirs(const char *path)
{
	char part[512];

	for (size_t i = 1; i <= strlen(path); i++)
		if (path[i] == '/' || !path[i]) {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			if (mkdir(part, 0755) && errno != EEXIST) {
				perror(part);
				abort();
			}
		}
}

/* A file in directories that come into being. */
static UNUSED void put(const char *path, const char *text)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	make_dirs(dir);
	write_file(path, text);
}

static UNUSED void put_link(const char *path, const char *target)
{
	char dir[512];

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = 0;
	make_dirs(dir);
	if (symlink(target, path)) {
		perror(path);
		abort();
	}
}

/* Nodes that the kernel has room for; where /proc is not there to tell, any number. */
static UNUSED int room_for_nodes(void)
{
	struct set set;
	int bits = status_map("Mems_allowed:", &set);

	return bits > 0 ? bits : 1 << 15;
}

/* A node of a made-up /sys: its CPU map, its distances, its memory in KiB. Skips the test where the
 * kernel could not have such a node: arm64 has 16 as a rule. */
static UNUSED void put_node(int node, const char *cpumap, const char *distances, long total)
{
	char path[128], text[512];

	if (node >= room_for_nodes())
		skip("this kernel has room for %d nodes", room_for_nodes());
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpumap", node);
	put(path, cpumap);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/distance", node);
	put(path, distances);
	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	snprintf(text, sizeof(text),
		 "Node %d MemTotal:       %ld kB\nNode %d MemFree:        %ld kB\n"
		 "Node %d MemUsed:        %ld kB\n",
		 node, total, node, total / 4, node, total - total / 4);
	put(path, text);
}

/* A file of a machine of tests/machines. */
static UNUSED const char *machine_file(const char *name, const char *file)
{
	static char path[512];
	const char *machines = getenv("TESTS_MACHINES");

	snprintf(path, sizeof(path), "%s/%s/%s", machines ? machines : "/nowhere", name, file);
	return path;
}

/* From here on /sys has the nodes and CPUs of a machine of tests/machines, or nothing if that has no
 * /sys. The kernel stays this one, so a machine that it could not be is refused. */
static UNUSED const char *on_machine(const char *name)
{
	static const char *const parts[] = {"node", "cpu"};
	static char copy[1024], to[64];
	const char *cannot;
	struct set nodes, cpus;

	if (access(machine_file(name, "expected"), R_OK))
		return "tests/run brings no such machine here";
	cannot = own_mounts();
	if (cannot)
		return cannot;
	if (read_list(machine_file(name, "sys/devices/system/node/possible"), &nodes))
		return cover("/sys");
	if (last(&nodes) >= room_for_nodes())
		return "the kernel has no room for so many nodes";
	read_list(machine_file(name, "sys/devices/system/cpu/possible"), &cpus);
	for (int i = 0; i < 2; i++) {
		snprintf(to, sizeof(to), "/sys/devices/system/%s", parts[i]);
		cannot = cover(to);
		snprintf(copy, sizeof(copy), "cp -R %s/. %s", machine_file(name, to + 1), to);
		if (cannot || system(copy))
			return cannot ? cannot : "cp fails";
	}
	/* Directories that hold nothing; a C library may count them. */
	EACH(cpu, &cpus) {
		snprintf(to, sizeof(to), "/sys/devices/system/cpu/cpu%d", cpu);
		make_dirs(to);
	}
	return NULL;
}

/* The same for what /proc/self/status says of allowed nodes and CPUs. */
static UNUSED const char *status_of(const char *name)
{
	char path[64];

	/* Not through the link: it has another target after the mount. */
	snprintf(path, sizeof(path), "/proc/%d/status", (int)getpid());
	if (mount(machine_file(name, "proc/self/status"), path, "none", MS_BIND, ""))
		return "cannot cover /proc/self/status";
	return NULL;
}

/* An empty /sys/devices/system/node, the rest of /sys stays. */
static UNUSED const char *no_nodes_yet(void)
{
	const char *cannot = own_mounts();

	return cannot ? cannot : cover("/sys/devices/system/node");
}

/* An empty /sys. */
static UNUSED const char *empty_sys(void)
{
	const char *cannot = own_mounts();

	return cannot ? cannot : cover("/sys");
}

/* Neither /sys nor /proc. */
static UNUSED const char *no_sys_no_proc(void)
{
	const char *cannot;

	if (UNDER_ASAN)
		return "AddressSanitizer needs /proc";
	cannot = empty_sys();
	return cannot ? cannot : cover("/proc");
}

/* A cpuset with one node's memory and all CPUs, in which this process is. */
static UNUSED const char *in_cpuset(int node)
{
	static const char *const names[] = {"cpuset.mems", "cgroup.procs"};
	char dir[128], path[256], text[2][32];

	snprintf(dir, sizeof(dir), "/sys/fs/cgroup/c-tests-%d", (int)getpid());
	if (mkdir(dir, 0755))
		return "cannot make a cgroup";
	snprintf(text[0], sizeof(text[0]), "%d", node);
	snprintf(text[1], sizeof(text[1]), "%d", (int)getpid());
	for (int i = 0; i < 2; i++) {
		int fd, good;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd = open(path, O_WRONLY);
		good = fd >= 0 && write(fd, text[i], strlen(text[i])) > 0;
		if (fd >= 0)
			close(fd);
		if (!good) {
			rmdir(dir);
			return "no cpusets in the cgroup file system";
		}
	}
	return NULL;
}

/* From now on these calls answer with `error`; the list ends with -1. */
static UNUSED const char *deny(int error, ...)
{
	struct sock_filter code[64];
	struct sock_fprog program = {0, code};
	unsigned short length = 0;
	va_list args;
	int number;

	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						      offsetof(struct seccomp_data, nr));
	va_start(args, error);
	while ((number = va_arg(args, int)) >= 0) {
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							      (unsigned)number, 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA));
	}
	va_end(args);
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return "the kernel takes no seccomp filter";
	return NULL;
}

#define POLICY_CALLS                                                             \
	SYS_mbind, SYS_set_mempolicy, SYS_get_mempolicy, SYS_migrate_pages, SYS_move_pages, \
		450 /* set_mempolicy_home_node */, -1

#endif
