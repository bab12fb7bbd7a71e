#define _GNU_SOURCE
#include "rows.h"

#include "bound.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <numa_ext.h>
#include <numaif.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* --- the library ------------------------------------------------------------------------------ */

/* Exported, but in no header. */
int numa_parse_bitmap(char *line, struct bitmask *mask);

/* The functions that are called, as pointers, so that one program serves any library. */
#define FUNCTIONS(F)                                                                            \
	F(numa_bitmask_setall) F(numa_bitmask_clearall) F(numa_bitmask_weight)                  \
	F(numa_bitmask_equal) F(numa_bitmask_isbitset) F(numa_bitmask_setbit)                   \
	F(numa_bitmask_alloc) F(numa_bitmask_free) F(copy_bitmask_to_bitmask)                   \
	F(copy_bitmask_to_nodemask) F(copy_nodemask_to_bitmask) F(numa_allocate_nodemask)       \
	F(numa_allocate_cpumask) F(numa_available) F(numa_max_node) F(numa_num_configured_cpus) \
	F(numa_node_of_cpu) F(numa_node_to_cpus) F(numa_distance) F(numa_node_size64)           \
	F(numa_has_preferred_many) F(numa_has_home_node) F(numa_preferred)                      \
	F(numa_preferred_many) F(numa_get_run_node_mask) F(numa_get_membind)                    \
	F(numa_get_interleave_mask) F(numa_get_mems_allowed) F(numa_set_interleave_mask)        \
	F(numa_set_preferred) F(numa_set_membind) F(numa_set_localalloc)                        \
	F(numa_run_on_node) F(numa_run_on_node_mask) F(numa_bind) F(numa_sched_getaffinity)     \
	F(numa_parse_nodestring) F(numa_parse_cpustring) F(numa_parse_bitmap) F(numa_alloc)     \
	F(numa_alloc_onnode) F(numa_alloc_local) F(numa_alloc_interleaved) F(numa_free)         \
	F(numa_police_memory) F(numa_tonode_memory) F(numa_move_pages)

static struct {
#define F(name) __typeof__(name) *name;
	FUNCTIONS(F)
#undef F
} lib;

static void *library, *extension;

/* libnuma_ext.so.1, where it lies beside the library. */
static __typeof__(numa_ext_locate) *locate;

/* What the library says about this machine. */
static unsigned long node_bits, cpu_bits;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

int has_symbol(const char *name)
{
	return dlsym(library, name) || (extension && dlsym(extension, name));
}

void open_library(const char *path)
{
	struct bitmask *mask;
	const char *slash = strrchr(path, '/');
	char beside[4096];

	/* Lazily, as the dynamic linker does by itself: binding is part of what a first call costs. */
	library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "bench: %s\n", dlerror());
		exit(2);
	}
#define F(name) *(void **)&lib.name = dlsym(library, #name);
	FUNCTIONS(F)
#undef F
	snprintf(beside, sizeof(beside), "%.*s/libnuma_ext.so.1", (int)(slash ? slash - path : 0), path);
	extension = slash ? dlopen(beside, RTLD_LAZY | RTLD_LOCAL) : NULL;
	if (extension)
		*(void **)&locate = dlsym(extension, "numa_ext_locate");
	/* The size of the masks, without a call that would warm what a cold row measures. */
	mask = lib.numa_allocate_nodemask();
	node_bits = mask->size;
	lib.numa_bitmask_free(mask);
	mask = lib.numa_allocate_cpumask();
	cpu_bits = mask->size;
	lib.numa_bitmask_free(mask);
}

/* A row's two loops: the call and its bound, the same number of times. */
#define LOOP(name, ...)                             \
	static void name(long times)                \
	{                                           \
		for (long i = 0; i < times; i++) {  \
			__VA_ARGS__;                \
		}                                   \
	}
#define PAIR(name, call, bound)    \
	LOOP(name, call)           \
	LOOP(name##_bound, bound)

/* --- masks ------------------------------------------------------------------------------------ */

/* The same place for each size and library, as a line of the cache more or less would show. */
static struct {
	unsigned long words[8192 / 64];
} __attribute__((aligned(64))) store[2];
static struct bitmask a = {0, store[0].words}, b = {0, store[1].words};
static nodemask_t nodemask;

/* The bounds, called as the library is. */
static struct {
	__typeof__(bound_setall) *setall;
	__typeof__(bound_clearall) *clearall;
	__typeof__(bound_weight) *weight;
	__typeof__(bound_equal) *equal;
	__typeof__(bound_copy) *copy;
	__typeof__(bound_isset) *isset;
	__typeof__(bound_set) *set;
	__typeof__(bound_to_nodemask) *to_nodemask;
	__typeof__(bound_from_nodemask) *from_nodemask;
	__typeof__(bound_flag) *flag;
	__typeof__(bound_table) *table;
	__typeof__(bound_copy_row) *copy_row;
	__typeof__(bound_parse_list) *parse_list;
	__typeof__(bound_free) *free;
	__typeof__(bound_parse_bitmap) *parse_bitmap;
	__typeof__(bound_touch) *touch;
} own = {bound_setall,	    bound_clearall,	 bound_weight, bound_equal, bound_copy,
	 bound_isset,	    bound_set,		 bound_to_nodemask,	    bound_from_nodemask,
	 bound_flag,	    bound_table,	 bound_copy_row, bound_parse_list, bound_free,
	 bound_parse_bitmap, bound_touch};

static void masks_of(long bits)
{
	a.size = b.size = (unsigned long)bits;
	memset(store, 0, sizeof(store));
	for (long i = 0; i < bits; i += 3) {
		a.maskp[i / 64] |= 1UL << i % 64;
		b.maskp[i / 64] |= 1UL << i % 64;
	}
}

static void node_masks(long unused)
{
	(void)unused;
	masks_of((long)node_bits);
}

PAIR(setall, lib.numa_bitmask_setall(&a), own.setall(&a))
PAIR(clearall, lib.numa_bitmask_clearall(&a), own.clearall(&a))
PAIR(weight, lib.numa_bitmask_weight(&a), own.weight(&a))
PAIR(equal, lib.numa_bitmask_equal(&a, &b), own.equal(&a, &b))
PAIR(copy, lib.copy_bitmask_to_bitmask(&a, &b), own.copy(&a, &b))
PAIR(isbitset, lib.numa_bitmask_isbitset(&a, 42), own.isset(&a, 42))
PAIR(setbit, lib.numa_bitmask_setbit(&a, 42), own.set(&a, 42))
PAIR(to_nodemask, lib.copy_bitmask_to_nodemask(&a, &nodemask), own.to_nodemask(&a, &nodemask))
PAIR(from_nodemask, lib.copy_nodemask_to_bitmask(&nodemask, &a), own.from_nodemask(&nodemask, &a))

static struct bitmask *bound_alloc(unsigned bits)
{
	struct bitmask *mask = malloc(sizeof(*mask));

	mask->size = bits;
	mask->maskp = calloc((bits + 63) / 64, 8);
	return mask;
}
static struct bitmask *(*volatile own_alloc)(unsigned) = bound_alloc;

PAIR(alloc_mask, lib.numa_bitmask_free(lib.numa_bitmask_alloc((unsigned)a.size)),
     own.free(own_alloc((unsigned)a.size)))

/* --- topology --------------------------------------------------------------------------------- */

static int node, cpu;
static struct bitmask *cpus;

static void first_cpu(long unused)
{
	cpu_set_t set;

	(void)unused;
	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; !CPU_ISSET(cpu, &set);)
		cpu++;
	cpus = lib.numa_allocate_cpumask();
}

static void path_of(char *path, size_t size, const char *file)
{
	snprintf(path, size, "/sys/devices/system/node/node%d/%s", node, file);
}

/* Opens, reads and closes a file, as one must that keeps nothing open. */
static ssize_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = 0;
	return got;
}

static char meminfo_path[64], cpumap_path[64], distance_path[64], text[65536];
static int meminfo_fd = -1;

static void paths(long unused)
{
	first_cpu(unused);
	path_of(meminfo_path, sizeof(meminfo_path), "meminfo");
	path_of(cpumap_path, sizeof(cpumap_path), "cpumap");
	path_of(distance_path, sizeof(distance_path), "distance");
}

static void open_meminfo(long unused)
{
	paths(unused);
	meminfo_fd = open(meminfo_path, O_RDONLY | O_CLOEXEC);
	if (meminfo_fd < 0)
		die(meminfo_path);
}

static void close_meminfo(void)
{
	close(meminfo_fd);
}

static volatile long long sink;
static long long free_memory;

PAIR(node_of_cpu, lib.numa_node_of_cpu(cpu), own.table(cpu))
PAIR(node_to_cpus, lib.numa_node_to_cpus(node, cpus), own.copy_row(node, cpus))
PAIR(distance, lib.numa_distance(node, node), own.table(node))
PAIR(max_node, lib.numa_max_node(), own.flag())
PAIR(configured_cpus, lib.numa_num_configured_cpus(), own.flag())
LOOP(node_size, lib.numa_node_size64(node, &free_memory))
LOOP(node_size_bound, read_file(meminfo_path, text, 4096);
     sink = bound_meminfo(text, "MemTotal:") + bound_meminfo(text, "MemFree:"))
LOOP(node_size_pread, text[pread(meminfo_fd, text, 4095, 0)] = 0;
     sink = bound_meminfo(text, "MemTotal:") + bound_meminfo(text, "MemFree:"))

LOOP(read_cpumap, read_file(cpumap_path, text, sizeof(text)))
LOOP(read_distance, read_file(distance_path, text, sizeof(text)))

/* --- policy ----------------------------------------------------------------------------------- */

static cpu_set_t affinity;
static struct bitmask *nodes;
static unsigned long one_node = 1, node_words[16], cpu_words[128];

static void policy(long unused)
{
	paths(unused);
	sched_getaffinity(0, sizeof(affinity), &affinity);
	nodes = lib.numa_bitmask_alloc((unsigned)node_bits);
	nodes->maskp[0] = 1;
}

/* Warms up in the way of the row, then undoes it. */
static void policy_back(void)
{
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
	sched_setaffinity(0, sizeof(affinity), &affinity);
	lib.numa_bitmask_free(nodes);
}

/* All CPUs of the node: what run_on_node_mask and bind set. */
static void all_cpus(long unused)
{
	policy(unused);
	lib.numa_node_to_cpus(node, cpus);
	memcpy(cpu_words, cpus->maskp, cpu_bits / 8);
}

static void interleaved(long unused)
{
	policy(unused);
	syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &one_node, 65UL);
}

static int mode;

#define GET_POLICY() syscall(SYS_get_mempolicy, &mode, node_words, node_bits + 1, NULL, 0UL)
#define SET_POLICY(mode, mask) syscall(SYS_set_mempolicy, mode, mask, 65UL)
#define GET_AFFINITY() syscall(SYS_sched_getaffinity, 0, cpu_bits / 8, cpu_words)
#define SET_AFFINITY() syscall(SYS_sched_setaffinity, 0, cpu_bits / 8, cpu_words)

PAIR(has_preferred_many, lib.numa_has_preferred_many(), own.flag())
PAIR(has_home_node, lib.numa_has_home_node(), own.flag())
PAIR(preferred, lib.numa_preferred(), GET_POLICY())
PAIR(get_run_node_mask, lib.numa_bitmask_free(lib.numa_get_run_node_mask()), GET_AFFINITY())
PAIR(get_membind, lib.numa_bitmask_free(lib.numa_get_membind()), GET_POLICY())
PAIR(get_interleave_mask, lib.numa_bitmask_free(lib.numa_get_interleave_mask()), GET_POLICY())
PAIR(get_mems_allowed, lib.numa_bitmask_free(lib.numa_get_mems_allowed()),
     syscall(SYS_get_mempolicy, NULL, node_words, node_bits + 1, NULL, MPOL_F_MEMS_ALLOWED + 0UL))
PAIR(set_no_interleave, lib.numa_set_interleave_mask(nodes), syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL))
PAIR(set_interleave, lib.numa_set_interleave_mask(nodes), SET_POLICY(MPOL_INTERLEAVE, &one_node))
PAIR(set_preferred, lib.numa_set_preferred(node), SET_POLICY(MPOL_PREFERRED, &one_node))
PAIR(set_membind, lib.numa_set_membind(nodes), SET_POLICY(MPOL_BIND, &one_node))
PAIR(set_localalloc, lib.numa_set_localalloc(), syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0UL))
PAIR(run_on_node, lib.numa_run_on_node(node), SET_AFFINITY())
PAIR(run_on_node_mask, lib.numa_run_on_node_mask(nodes), SET_AFFINITY())
PAIR(bind, lib.numa_bind(nodes), SET_AFFINITY(); SET_POLICY(MPOL_BIND, &one_node))
PAIR(available, lib.numa_available(), syscall(SYS_get_mempolicy, NULL, NULL, 0UL, NULL, 0UL))

static void no_nodes(long unused)
{
	policy(unused);
	nodes->maskp[0] = 0;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* `count` elements, of CPUs that this process may run on. */
static void cpu_list(long count)
{
	char *at = text;

	first_cpu(0);
	for (long i = 0; i < count; i++)
		at += sprintf(at, "%s%d", i ? "," : "", cpu);
}

static char *bitmap_line;

static void bitmap(long bits)
{
	char *at = text;

	masks_of(bits);
	for (long i = 0; i < bits; i += 32)
		at += sprintf(at, "%s%08lx", i ? "," : "", 0x9e3779b9ul * (unsigned long)(i + 1) & 0xffffffff);
	strcpy(at, "\n");
	bitmap_line = text;
}

static void string_of_nodes(long index)
{
	static const char *const strings[] = {"0", "0-0,0"};

	strcpy(text, strings[index]);
}

PAIR(cpustring, lib.numa_bitmask_free(lib.numa_parse_cpustring(text)),
     own.free(own.parse_list(text, (unsigned)cpu_bits)))
PAIR(nodestring, lib.numa_bitmask_free(lib.numa_parse_nodestring(text)),
     own.free(own.parse_list(text, (unsigned)node_bits)))
PAIR(parse_bitmap, lib.numa_parse_bitmap(bitmap_line, &a), own.parse_bitmap(bitmap_line, &a))

/* --- memory ----------------------------------------------------------------------------------- */

static size_t size;
static char *memory;

static void sized(long bytes)
{
	size = (size_t)bytes;
}

static char *map(void)
{
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		die("mmap");
	return start;
}

static void mapped(long bytes)
{
	sized(bytes);
	memory = map();
	memset(memory, 1, size);
}

static void unmapped(void)
{
	munmap(memory, size);
}

static void populate(void)
{
	char *start = map();

	/* Before Linux 5.14 touching is the only way. */
	if (madvise(start, size, MADV_POPULATE_WRITE))
		own.touch(start, size);
	munmap(start, size);
}

static void map_on_node(void)
{
	char *start = map();

	syscall(SYS_mbind, start, size, MPOL_BIND, &one_node, 65UL, 0UL);
	munmap(start, size);
}

PAIR(alloc, lib.numa_free(lib.numa_alloc(size), size), populate())
PAIR(alloc_onnode, lib.numa_free(lib.numa_alloc_onnode(size, node), size), map_on_node())
PAIR(police, lib.numa_police_memory(memory, size), own.touch(memory, size))
PAIR(tonode, lib.numa_tonode_memory(memory, size, node),
     syscall(SYS_mbind, memory, size, MPOL_BIND, &one_node, 65UL, 0UL))

static void **pages;
static int *statuses;
static unsigned long page_count;

/* So many pages that the kernel's work shows, and never more than 64 MiB of them. */
static void page_list(long count)
{
	unsigned long have = count < 16384 ? (unsigned long)count : 16384;

	page_count = (unsigned long)count;
	mapped((long)have * 4096);
	pages = malloc(page_count * sizeof(*pages));
	statuses = malloc(page_count * sizeof(*statuses));
	if (!pages || !statuses)
		die("malloc");
	for (unsigned long i = 0; i < page_count; i++)
		pages[i] = memory + i % have * 4096;
	memset(statuses, 0, page_count * sizeof(*statuses));
}

static void no_pages(void)
{
	unmapped();
	free(pages);
	free(statuses);
}

PAIR(query, lib.numa_move_pages(0, page_count, pages, NULL, statuses, 0),
     syscall(SYS_move_pages, 0, page_count, pages, NULL, statuses, 0))

PAIR(locate_pages, locate(0, memory, size, 0, statuses, page_count),
     syscall(SYS_move_pages, 0, page_count, pages, NULL, statuses, 0))

/* --- the rows --------------------------------------------------------------------------------- */

#define KI 1024L
#define MI (KI * KI)
#define BOUNDED(call) call, call##_bound
#define MASKS(bits, goal, kind, control)                                                               \
	{"masks", "setall, " #bits " bits", kind, goal, control, bits, 0, masks_of, BOUNDED(setall), 0},       \
	{"masks", "clearall, " #bits " bits", kind, goal, 0, bits, 0, masks_of, BOUNDED(clearall), 0}, \
	{"masks", "weight, " #bits " bits", kind, goal, control, bits, 0, masks_of, BOUNDED(weight), 0},       \
	{"masks", "equal, " #bits " bits", kind, goal, 0, bits, 0, masks_of, BOUNDED(equal), 0},       \
	{"masks", "copy, " #bits " bits", NO_GOAL, 0, 0, bits, 0, masks_of, BOUNDED(copy), 0}

const struct row rows[] = {
	{"load", "instructions added", ABSOLUTE, 15000, 0, 0, 0, 0, 0, 0, 0, ""},
	{"load", "system calls of the constructor", ABSOLUTE, 8, 0, 0, 0, 0, 0, 0, 0, ""},
	{"load", "files that the constructor opens", ABSOLUTE, 1, 0, 0, 0, 0, 0, 0, 0, ""},
	{"load", "brk and mmap of the constructor", ABSOLUTE, 0, 0, 0, 0, 0, 0, 0, 0, ""},
	{"load", "system calls added", NO_GOAL, 0, 0, 0, 0, 0, 0, 0, 0, ""},
	{"load", "time added per spawn", OVER_REFERENCE, 0.4, CONTROL, 0, 0, 0, 0, 0, 0, 0},
	{"load", "private dirty memory", ABSOLUTE, 12, 0, 0, 0, 0, 0, 0, 0, " KiB"},

	MASKS(64, 0, NO_GOAL, 0),
	MASKS(128, 0, NO_GOAL, 0),
	MASKS(1024, 1.5, OVER_BOUND, CONTROL),
	MASKS(8192, 1.5, OVER_BOUND, CONTROL),
	{"masks", "isbitset", NO_GOAL, 0, 0, 1024, 0, masks_of, BOUNDED(isbitset), 0},
	{"masks", "setbit", NO_GOAL, 0, 0, 1024, 0, masks_of, BOUNDED(setbit), 0},
	{"masks", "alloc and free, 1024 bits", NO_GOAL, 0, 0, 1024, 0, masks_of, BOUNDED(alloc_mask), 0},
	{"masks", "bitmask to nodemask_t", OVER_BOUND, 1.5, 0, 0, 0, node_masks, BOUNDED(to_nodemask), 0},
	{"masks", "nodemask_t to bitmask", OVER_BOUND, 1.5, 0, 0, 0, node_masks, BOUNDED(from_nodemask), 0},

	{"topology", "node_of_cpu", OVER_BOUND, 2, CONTROL, 0, 0, first_cpu, BOUNDED(node_of_cpu), 0},
	{"topology", "node_to_cpus", OVER_BOUND, 2, 0, 0, 0, first_cpu, BOUNDED(node_to_cpus), 0},
	{"topology", "distance", NO_GOAL, 0, 0, 0, 0, 0, BOUNDED(distance), 0},
	{"topology", "max_node", NO_GOAL, 0, 0, 0, 0, 0, BOUNDED(max_node), 0},
	{"topology", "num_configured_cpus", NO_GOAL, 0, 0, 0, 0, 0, BOUNDED(configured_cpus), 0},
	{"topology", "node_size64 (open-read-close)", OVER_BOUND, 1.1, CONTROL, 0, 0, paths,
	 BOUNDED(node_size), 0},
	{"topology", "node_size64 (pread of an open file)", NO_GOAL, 0, NOT_COUNTED, 0, 0, open_meminfo,
	 node_size, node_size_pread, close_meminfo},

	{"policy", "has_preferred_many", OVER_BOUND, 2, 0, 0, 0, 0, BOUNDED(has_preferred_many), 0},
	{"policy", "has_home_node", OVER_BOUND, 2, 0, 0, "numa_has_home_node", 0, BOUNDED(has_home_node), 0},
	{"policy", "preferred", OVER_BOUND, 1.15, CONTROL, 0, 0, policy, BOUNDED(preferred), policy_back},
	{"policy", "get_run_node_mask", OVER_BOUND, 1.2, 0, 0, 0, policy, BOUNDED(get_run_node_mask),
	 policy_back},
	{"policy", "set_interleave_mask(none)", OVER_BOUND, 1.1, 0, 0, 0, no_nodes,
	 BOUNDED(set_no_interleave), policy_back},
	{"policy", "set_preferred", OVER_BOUND, 1.1, 0, 0, 0, policy, BOUNDED(set_preferred), policy_back},
	{"policy", "run_on_node_mask", OVER_BOUND, 1.1, 0, 0, 0, all_cpus, BOUNDED(run_on_node_mask),
	 policy_back},
	{"policy", "bind", OVER_BOUND, 1.1, 0, 0, 0, all_cpus, BOUNDED(bind), policy_back},
	{"policy", "available", NO_GOAL, 0, 0, 0, 0, policy, BOUNDED(available), policy_back},
	{"policy", "get_membind", NO_GOAL, 0, 0, 0, 0, policy, BOUNDED(get_membind), policy_back},
	{"policy", "get_interleave_mask", NO_GOAL, 0, 0, 0, 0, interleaved, BOUNDED(get_interleave_mask),
	 policy_back},
	{"policy", "get_mems_allowed", NO_GOAL, 0, 0, 0, 0, policy, BOUNDED(get_mems_allowed), policy_back},
	{"policy", "set_interleave_mask", NO_GOAL, 0, 0, 0, 0, policy, BOUNDED(set_interleave), policy_back},
	{"policy", "set_membind", NO_GOAL, 0, 0, 0, 0, policy, BOUNDED(set_membind), policy_back},
	{"policy", "set_localalloc", NO_GOAL, 0, 0, 0, 0, policy, BOUNDED(set_localalloc), policy_back},
	{"policy", "run_on_node", NO_GOAL, 0, 0, 0, 0, all_cpus, BOUNDED(run_on_node), policy_back},

	{"strings", "parse_cpustring, 2048 elements", OVER_BOUND, 1.5, CONTROL, 2048, 0, cpu_list,
	 BOUNDED(cpustring), 0},
	{"strings", "parse_bitmap, 8192 bits", OVER_BOUND, 1.5, 0, 8192, 0, bitmap, BOUNDED(parse_bitmap), 0},
	{"strings", "parse_nodestring \"0\"", OVER_BOUND, 1.5, 0, 0, 0, string_of_nodes, BOUNDED(nodestring),
	 0},
	{"strings", "parse_nodestring \"0-0,0\"", OVER_BOUND, 1.5, 0, 1, 0, string_of_nodes,
	 BOUNDED(nodestring), 0},
	{"strings", "parse_bitmap, 64 bits", NO_GOAL, 0, 0, 64, 0, bitmap, BOUNDED(parse_bitmap), 0},

	{"cold", "first node_to_cpus", OVER_BOUND, 1.5, COLD | CONTROL, 0, 0, paths, node_to_cpus,
	 read_cpumap, 0},
	{"cold", "first node_of_cpu", OVER_BOUND, 1.5, COLD, 0, 0, paths, node_of_cpu, read_cpumap, 0},
	{"cold", "first distance", OVER_BOUND, 1.5, COLD, 0, 0, paths, distance, read_distance, 0},
	{"cold", "first has_preferred_many", ABSOLUTE, 1000, COLD, 0, 0, 0, has_preferred_many, 0, 0},
	{"cold", "first has_home_node", ABSOLUTE, 1000, COLD, 0, "numa_has_home_node", 0, has_home_node, 0,
	 0},

	{"memory", "alloc and free, 64 KiB", OVER_BOUND, 1.05, BY_BOUND, 64 * KI, 0, sized, BOUNDED(alloc), 0},
	{"memory", "alloc and free, 1 MiB", OVER_BOUND, 1.05, BY_BOUND | CONTROL, MI, 0, sized, BOUNDED(alloc),
	 0},
	{"memory", "alloc and free, 32 MiB", OVER_BOUND, 1.05, BY_BOUND | NOT_COUNTED, 32 * MI, 0, sized,
	 BOUNDED(alloc), 0},
	{"memory", "alloc and free, 1 GiB", OVER_BOUND, 1.05, HEAVY | BY_BOUND | NOT_COUNTED, KI * MI, 0, sized,
	 BOUNDED(alloc), 0},
	{"memory", "alloc_onnode and free, 4 KiB", OVER_BOUND, 1.02, FINE | BY_BOUND | CONTROL, 4 * KI, 0, sized,
	 BOUNDED(alloc_onnode), 0},
	{"memory", "alloc_onnode and free, 64 KiB", OVER_BOUND, 1.02, FINE | BY_BOUND, 64 * KI, 0, sized,
	 BOUNDED(alloc_onnode), 0},
	{"memory", "alloc_onnode and free, 1 MiB", OVER_BOUND, 1.02, FINE | BY_BOUND, MI, 0, sized,
	 BOUNDED(alloc_onnode), 0},
	{"memory", "alloc_onnode and free, 1 GiB", OVER_BOUND, 1.02, FINE | BY_BOUND, KI * MI, 0, sized,
	 BOUNDED(alloc_onnode), 0},
	{"memory", "tonode_memory, 1 MiB", NO_GOAL, 0, BY_BOUND, MI, 0, mapped, BOUNDED(tonode), unmapped},
	{"memory", "police_memory, 64 KiB present", OVER_REFERENCE, 1, 0, 64 * KI, 0, mapped, BOUNDED(police),
	 unmapped},
	{"memory", "police_memory, 32 MiB present", OVER_REFERENCE, 1, NOT_COUNTED, 32 * MI, 0, mapped, BOUNDED(police),
	 unmapped},

	{"pages", "move_pages query, 1 page", OVER_BOUND, 1.02, FINE, 1, 0, page_list, BOUNDED(query),
	 no_pages},
	{"pages", "move_pages query, 64 pages", OVER_BOUND, 1.02, FINE | CONTROL, 64, 0, page_list,
	 BOUNDED(query), no_pages},
	{"pages", "move_pages query, 16384 pages", OVER_BOUND, 1.02, NOT_COUNTED, 16384, 0, page_list,
	 BOUNDED(query), no_pages},
	{"pages", "numa_ext_locate, 16384 pages", OVER_BOUND, 1.02, NOT_COUNTED, 16384, "numa_ext_locate", page_list,
	 BOUNDED(locate_pages), no_pages},
	{"pages", "move_pages query, 1M pages", OVER_BOUND, 1.02, HEAVY | NOT_COUNTED, MI, 0, page_list, BOUNDED(query),
	 no_pages},
};

const int row_count = sizeof(rows) / sizeof(*rows);
