/*
 * scale JSON TINY REFERENCE OURS MACHINES [SAMPLES]: how the cost of calls grows with nodes and CPUs.
 * scale sizes [SAMPLES]: the machines that it needs, as lines "NODES CPUS"; with one sample a few small ones.
 *
 * Covers /sys/devices/system/node and /sys/devices/system/cpu with copies of MACHINES/NODESxCPUS, which
 * bench/run makes up with tests/machines/make, in a mount namespace of its own, and loads the libraries
 * into a new process for each sample. The kernel
 * answers with the real machine where there is no file: sched_getaffinity, which says how large
 * CPU masks are, and get_mempolicy for the nodes that the process may use. A seccomp filter traps
 * these two, and they are answered here (such a call takes some 2 us more then); /proc/self/status is
 * covered with a file that says the same. The files lie in memory and not in sysfs: opening and
 * reading them is cheaper than it would be on such a machine, and the same for everybody.
 *
 * For each quantity it prints what it cost at the smallest and the largest size, and the power p with
 * which the cost grows (cost ~ size^p, a line through the logarithms of the upper half of the sizes),
 * beside the power of the bytes that have to be read. Exit status: 0; 1 if ours grows faster than
 * those bytes; 77 without the right to mount.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <numa.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <stddef.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define NODES "/sys/devices/system/node"
#define CPUS "/sys/devices/system/cpu"

static int node_count, cpu_count;
static const char *machine; /* its directory */

static void die(const char *what)
{
	fprintf(stderr, "scale: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- the made-up machine ---------------------------------------------------------------------- */

static void put(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		die(path);
	close(fd);
}

/* As a kernel for so many CPUs: whole words, and no less room than that. */
static long affinity(unsigned long room, char *mask)
{
	unsigned long bytes = (unsigned long)(cpu_count + 63) / 64 * 8;

	if (room < bytes)
		return -EINVAL;
	memset(mask, 0, bytes);
	for (int cpu = 0; cpu < cpu_count; cpu++)
		mask[cpu / 8] |= (char)(1 << cpu % 8);
	return (long)bytes;
}

/* All nodes; maxnode counts one more bit than the mask has. */
static long allowed_nodes(char *mask, unsigned long maxnode)
{
	unsigned long bytes = (maxnode - 1 + 63) / 64 * 8;

	if (!mask || maxnode - 1 < 1024)
		return -EINVAL;
	memset(mask, 0, bytes);
	for (int node = 0; node < node_count; node++)
		mask[node / 8] |= (char)(1 << node % 8);
	return 0;
}

#if defined(__x86_64__)
static void answer(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	if (info->si_syscall == SYS_sched_getaffinity)
		registers[REG_RAX] = affinity((unsigned long)registers[REG_RSI], (char *)registers[REG_RDX]);
	else
		registers[REG_RAX] = allowed_nodes((char *)registers[REG_RSI], (unsigned long)registers[REG_RDX]);
}
#endif

/* Covers this process's status file with one of the made-up machine. */
static void cover_status(void)
{
	static char text[16384], made[32768];
	char path[4096];
	size_t length = 0;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (got <= 0)
		die("/proc/self/status");
	close(fd);
	text[got] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strncmp(line, "Cpus_allowed", 12) && strncmp(line, "Mems_allowed", 12))
			length += (size_t)sprintf(made + length, "%s\n", line);
	snprintf(path, sizeof(path), "%s/proc/self/status", machine);
	fd = open(path, O_RDONLY);
	got = fd < 0 ? -1 : read(fd, made + length, sizeof(made) - length);
	if (got <= 0)
		die(path);
	close(fd);
	length += (size_t)got;
	put(CPUS "/status", made, length);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)getpid());
	if (mount(CPUS "/status", path, "none", MS_BIND, ""))
		die(path);
}

/* From here on this process sees the made-up CPUs and nodes. Elsewhere than on x86-64 it sees the real ones. */
static void make_up_kernel(void)
{
#if defined(__x86_64__)
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_getaffinity, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_get_mempolicy, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4 /* MPOL_F_MEMS_ALLOWED */, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};
	struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO};

	if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("seccomp");
#else
	(void)affinity;
#endif
}

static int node_of(int cpu)
{
	return (int)((long)cpu * node_count / cpu_count);
}

/* Its files, and cpuN, which libc may count. */
static void make_machine(const char *machines, int nodes, int cpus)
{
	static char name[4096];
	char path[8300];

	node_count = nodes;
	cpu_count = cpus;
	snprintf(name, sizeof(name), "%s/%dx%d", machines, nodes, cpus);
	machine = name;
	for (int i = 0; i < 2; i++) {
		const char *dir = i ? CPUS : NODES;

		umount2(dir, MNT_DETACH);
		if (mount("tmpfs", dir, "tmpfs", 0, "mode=755"))
			die(dir);
		snprintf(path, sizeof(path), "cp -R '%s%s/.' %s", machine, dir, dir);
		if (system(path))
			die(path);
	}
	for (int cpu = 0; cpu < cpus; cpu++) {
		snprintf(path, sizeof(path), CPUS "/cpu%d", cpu);
		if (mkdir(path, 0755))
			die(path);
		snprintf(path, sizeof(path), CPUS "/cpu%d/node%d", cpu, node_of(cpu));
		if (mkdir(path, 0755))
			die(path);
	}
}

/* --- what is measured ------------------------------------------------------------------------- */

#define FUNCTIONS(F)                                                                        \
	F(numa_allocate_cpumask) F(numa_num_possible_cpus) F(numa_node_to_cpus)             \
	F(numa_node_of_cpu) F(numa_distance) F(numa_node_size64) F(numa_get_run_node_mask)  \
	F(numa_bitmask_free) F(numa_parse_cpustring_all) F(numa_parse_nodestring_all)       \
	F(numa_parse_bitmap)

int numa_parse_bitmap(char *line, struct bitmask *mask);

static struct {
#define F(name) __typeof__(name) *name;
	FUNCTIONS(F)
#undef F
} lib;

static struct bitmask *cpu_mask;
static char list[1 << 17];
static long long unused;

/* Each says whether it worked: what fails early costs nothing. */
static int parsed(struct bitmask *mask)
{
	if (!mask)
		return 0;
	lib.numa_bitmask_free(mask);
	return 1;
}

static int call_to_cpus(void) { return lib.numa_node_to_cpus(node_count - 1, cpu_mask) == 0; }
static int call_of_cpu(void) { return lib.numa_node_of_cpu(cpu_count - 1) == node_of(cpu_count - 1); }
static int call_distance(void) { return lib.numa_distance(0, node_count - 1) == (node_count > 1 ? 20 : 10); }
static int call_size(void) { return lib.numa_node_size64(node_count - 1, &unused) > 0; }
static int call_run_mask(void) { return parsed(lib.numa_get_run_node_mask()); }
static int call_cpus(void) { return parsed(lib.numa_parse_cpustring_all(list)); }
static int call_nodes(void) { return parsed(lib.numa_parse_nodestring_all(list)); }
static int call_bitmap(void) { return lib.numa_parse_bitmap(list, cpu_mask) == 0; }

/* Every number below n: the longest string without repetition. */
static void list_of(int n)
{
	char *at = list;

	for (int i = 0; i < n; i++)
		at += sprintf(at, "%s%d", i ? "," : "", i);
}

static void cpu_list(void) { list_of(cpu_count); }
static void node_list(void) { list_of(node_count); }
static void bitmap(void)
{
	char *at = list;

	for (int i = (cpu_count + 31) / 32; i-- > 0;)
		at += sprintf(at, "%08x%c", 0x12345678u, i ? ',' : '\n');
}

/* The bound: the files, read. */
static long bytes_read;

static void read_one(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return;
	got = read(fd, text, sizeof(text));
	close(fd);
	if (got > 0)
		bytes_read += got;
}

static int read_listing(void)
{
	static char entries[65536];
	int fd = open(NODES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	while ((got = syscall(SYS_getdents64, fd, entries, sizeof(entries))) > 0)
		bytes_read += got;
	close(fd);
	return 1;
}

static void read_node(int node, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), NODES "/node%d/%s", node, file);
	read_one(path);
}

static int read_map(void) { read_node(node_count - 1, "cpumap"); return 1; }
static int read_maps(void)
{
	for (int node = 0; node < node_count; node++)
		read_node(node, "cpumap");
	return 1;
}
static int read_distances(void)
{
	read_listing();
	read_node(0, "distance");
	return 1;
}
static int read_meminfo(void) { read_node(node_count - 1, "meminfo"); return 1; }
static int read_list(void) { bytes_read += (long)strlen(list); return 1; }
static int cpu_words(void) { bytes_read += cpu_count / 8; return 1; }
static int all_words(void) { bytes_read += cpu_count / 8 + node_count / 8; return 1; }
static int nothing(void) { return 1; }

enum kind { LOAD, FIRST, AGAIN };

static const struct quantity {
	const char *name;
	enum kind kind;
	int (*call)(void);
	int (*bound)(void); /* what has to be read for it */
	void (*prepare)(void);
} quantities[] = {
	{"load", LOAD, nothing, read_listing, NULL},
	{"first node_to_cpus", FIRST, call_to_cpus, read_map, NULL},
	{"first node_of_cpu", FIRST, call_of_cpu, read_maps, NULL},
	{"first distance", FIRST, call_distance, read_distances, NULL},
	{"first get_run_node_mask", FIRST, call_run_mask, read_maps, NULL},
	{"node_to_cpus", AGAIN, call_to_cpus, cpu_words, NULL},
	{"node_of_cpu", AGAIN, call_of_cpu, NULL, NULL},
	{"distance", AGAIN, call_distance, NULL, NULL},
	{"get_run_node_mask", AGAIN, call_run_mask, all_words, NULL},
	{"node_size64", AGAIN, call_size, read_meminfo, NULL},
	{"parse_cpustring_all, all CPUs", AGAIN, call_cpus, read_list, cpu_list},
	{"parse_nodestring_all, all nodes", AGAIN, call_nodes, read_list, node_list},
	{"parse_bitmap of all CPUs", AGAIN, call_bitmap, read_list, bitmap},
};

#define QUANTITIES ((int)(sizeof(quantities) / sizeof(*quantities)))

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double per_call(int (*call)(void), int first)
{
	double start, took;
	int worked;

	if (first) {
		start = now();
		worked = call();
		took = now() - start;
		return worked ? took : NAN;
	}
	if (!call())
		return NAN;
	for (long times = 1;; times *= 2) {
		start = now();
		for (long i = 0; i < times; i++)
			call();
		took = now() - start;
		if (took > 300e3)
			return took / (double)times;
	}
}

/* In a process that has nothing loaded yet. */
static double sample(const struct quantity *q, const char *library, const char *tiny)
{
	void *handle;
	double start;

	cover_status();
	make_up_kernel();
	if (q->prepare)
		q->prepare();
	/* The dynamic linker's own first call is not the library's. */
	dlopen(tiny, RTLD_NOW);
	if (!library)
		return q->bound ? per_call(q->bound, q->kind != AGAIN) : NAN;
	start = now();
	handle = dlopen(library, RTLD_LAZY);
	if (q->kind == LOAD)
		return now() - start;
	if (!handle) {
		fprintf(stderr, "scale: %s\n", dlerror());
		_exit(2);
	}
#define F(name) *(void **)&lib.name = dlsym(handle, #name);
	FUNCTIONS(F)
#undef F
	cpu_mask = lib.numa_allocate_cpumask();
	/* The reference says -1 on a machine of 1024 nodes. */
	if (lib.numa_num_possible_cpus() < cpu_count)
		return NAN;
	return per_call(q->call, q->kind == FIRST);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double *shared;

/* The median of some new processes. */
static double measure(const struct quantity *q, const char *library, const char *tiny, int samples)
{
	double values[64];

	for (int i = 0; i < samples; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			int fd = open("/dev/null", O_WRONLY);

			/* What a library complains about is seen in its result. */
			dup2(fd, 2);
			*shared = sample(q, library, tiny);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			fprintf(stderr, "scale: %s: a process failed\n", q->name);
			exit(2);
		}
		values[i] = *shared;
	}
	qsort(values, (size_t)samples, sizeof(double), by_value);
	return values[samples / 2];
}

/* --- the table -------------------------------------------------------------------------------- */

/* The power of growth: the slope through the logarithms of the upper half of the points. */
static double power(const int *sizes, const double *costs, int n)
{
	double sx = 0, sy = 0, sxx = 0, sxy = 0, k = 0;

	/* Where a library gives up there is no cost. */
	for (int i = n / 2; i < n; i++) {
		double x = log(sizes[i]), y = log(costs[i]);

		if (isnan(y))
			continue;
		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
		k++;
	}
	return (k * sxy - sx * sy) / (k * sxx - sx * sx);
}

static const char *time_text(double ns)
{
	static char texts[8][32];
	static int next;
	static const char *const units[] = {"ns", "us", "ms", "s"};
	char *text = texts[next++ % 8];
	int step = 0;

	if (isnan(ns))
		return "-";
	while (ns >= 999.5 && step < 3) {
		ns /= 1000;
		step++;
	}
	sprintf(text, "%.*f %s", ns < 99.95 ? 1 : 0, ns, units[step]);
	return text;
}

static const char *power_text(double p)
{
	static char texts[4][16];
	static int next;
	char *text = texts[next++ % 4];

	if (isnan(p))
		return "-";
	sprintf(text, "%.2f", fabs(p) < 0.005 ? 0 : p);
	return text;
}

#define SIZES 12
enum { BOUND, REFERENCE, OURS, SIDES };

static int sweep(const char *name, const int *nodes, const int *cpus, const int *sizes, int n, char **argv,
		 int samples, FILE *json)
{
	static double costs[QUANTITIES][SIDES][SIZES];
	static double bytes[QUANTITIES][SIZES];
	int worse = 0;

	for (int i = 0; i < n; i++) {
		if (!json) {
			printf("%d %d\n", nodes[i], cpus[i]);
			continue;
		}
		make_machine(argv[5], nodes[i], cpus[i]);
		for (int q = 0; q < QUANTITIES; q++) {
			const char *const libraries[SIDES] = {NULL, argv[3], argv[4]};

			bytes_read = 1;
			if (quantities[q].prepare)
				quantities[q].prepare();
			if (quantities[q].bound)
				quantities[q].bound();
			bytes[q][i] = (double)bytes_read;
			for (int side = 0; side < SIDES; side++)
				costs[q][side][i] = measure(&quantities[q], libraries[side], argv[2], samples);
		}
	}
	if (!json)
		return 0;
	printf("\n%s\n%-32s %21s %21s %10s   power of growth\n", name, "", "reference", "ours", "bound");
	printf("%-32s %10d %10d %10d %10d %10d    ref  ours bytes\n", "", sizes[0], sizes[n - 1], sizes[0],
	       sizes[n - 1], sizes[n - 1]);
	for (int q = 0; q < QUANTITIES; q++) {
		double powers[SIDES], of_bytes = power(sizes, bytes[q], n);
		/* What is read and compared cannot be free: a fifth of a power is the fit's own noise. */
		int bad;

		for (int side = 0; side < SIDES; side++)
			powers[side] = power(sizes, costs[q][side], n);
		bad = powers[OURS] > fmax(of_bytes, 0) + 0.2;
		worse += bad;
		printf("%-32s %10s %10s %10s %10s %10s  %5s %5s %5s %s\n", quantities[q].name,
		       time_text(costs[q][REFERENCE][0]), time_text(costs[q][REFERENCE][n - 1]),
		       time_text(costs[q][OURS][0]), time_text(costs[q][OURS][n - 1]),
		       time_text(costs[q][BOUND][n - 1]), power_text(powers[REFERENCE]), power_text(powers[OURS]),
		       power_text(of_bytes), bad ? "WORSE" : "");
		fprintf(json, "%s\n{\"sweep\": \"%s\", \"name\": \"%s\", \"sizes\": [", ftell(json) > 2 ? "," : "",
			name, quantities[q].name);
		for (int i = 0; i < n; i++)
			fprintf(json, "%s%d", i ? ", " : "", sizes[i]);
		fprintf(json, "]");
		for (int side = 0; side < SIDES; side++) {
			static const char *const names[] = {"bound", "reference", "ours"};

			fprintf(json, ",\n \"%s\": {", names[side]);
			if (!isnan(powers[side]))
				fprintf(json, "\"power\": %.3f, ", powers[side]);
			fprintf(json, "\"ns\": [");
			for (int i = 0; i < n; i++)
				if (isnan(costs[q][side][i]))
					fprintf(json, "%snull", i ? ", " : "");
				else
					fprintf(json, "%s%.1f", i ? ", " : "", costs[q][side][i]);
			fprintf(json, "]}");
		}
		fprintf(json, ",\n \"bytes_power\": %.3f}", of_bytes);
	}
	fflush(stdout);
	return worse;
}

static int sweeps(char **argv, int samples, FILE *json)
{
	static const int powers_of_two[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
	int worse = 0, cpus[SIZES], nodes[SIZES], n, most = samples > 1 ? SIZES : 3;

	for (n = 0; n < 11 && n < most; n++)
		cpus[n] = 64;
	worse += sweep("nodes, with 64 CPUs", powers_of_two, cpus, powers_of_two, n, argv, samples, json);
	for (n = 0; n < 7 && n < most; n++) {
		nodes[n] = 2;
		cpus[n] = 2 << 2 * n;
	}
	worse += sweep("CPUs, on 2 nodes", nodes, cpus, cpus, n, argv, samples, json);
	for (n = 0; n < 6 && n < most; n++) {
		nodes[n] = 1 << 2 * n;
		cpus[n] = 8 << 2 * n;
	}
	return worse + sweep("nodes of 8 CPUs each", nodes, cpus, nodes, n, argv, samples, json);
}

int main(int argc, char **argv)
{
	int sizes = argc > 1 && !strcmp(argv[1], "sizes"), at = sizes ? 2 : 6;
	int samples = argc > at ? atoi(argv[at]) : 15, worse;
	FILE *json;

	if (argc < at || samples < 1 || samples > 64) {
		fprintf(stderr, "scale: wrong call; see the head of bench/scale.c\n");
		return 2;
	}
	if (sizes)
		return sweeps(argv, samples, NULL);
	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, "")) {
		fprintf(stderr, "scale: no mount namespace of its own: %s\n", strerror(errno));
		return 77;
	}
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	json = fopen(argv[1], "w");
	if (!json || shared == MAP_FAILED)
		die(argv[1]);
	fprintf(json, "[");
	worse = sweeps(argv, samples, json);
	fprintf(json, "\n]\n");
	fclose(json);
	if (worse)
		printf("%d grow faster than what has to be read\n", worse);
	else
		printf("nothing grows faster than what has to be read\n");
	return worse != 0;
}
