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
#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

/* --- the library ------------------------------------------------------------------------------ */

#include "../tests/c/old_versions.h"

/*
 * All functions of the library as pointers, so that one program serves any library. functions.h is
 * made from abi/symbols.tsv: F(NAME, SYMBOL, VERSION) for each, NAME_v1 being the old version.
 * numa_ext_locate is in libnuma_ext.so.1, which may lie beside the library.
 */
static struct {
#define F(name, symbol, version) __typeof__(name) *name;
#include "functions.h"
	F(numa_ext_locate, , )
#undef F
} lib;

static const struct {
	const char *name, *symbol, *version;
	size_t at;
} functions[] = {
#define F(name, symbol, version) {#name, symbol, version, offsetof(__typeof__(lib), name)},
#include "functions.h"
	F(numa_ext_locate, "numa_ext_locate", NULL)
#undef F
};

static void **function(size_t i)
{
	return (void **)((char *)&lib + functions[i].at);
}

/* What the library says about this machine. */
static unsigned long node_bits, cpu_bits;

static void die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Whether the text of a call has the i-th function. */
static int calls(const char *text, size_t i)
{
	size_t length = strlen(functions[i].name);

	while (text && (text = strstr(text, "lib."))) {
		text += 4;
		if (!strncmp(text, functions[i].name, length) && text[length] == '(')
			return 1;
	}
	return 0;
}

int can_run(const struct row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (calls(row->text, i) && !*function(i))
			return 0;
	return 1;
}

void print_unmeasured(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		int found = 0;

		for (int row = 0; row < row_count; row++)
			found |= calls(rows[row].text, i);
		if (!found)
			puts(functions[i].name);
	}
}

/* A call that fails is not measured as a fast one: the library calls these instead of its own. */
void numa_error(char *where)
{
	die(where);
}

void numa_warn(int number, char *format, ...)
{
	(void)number;
	die(format);
}

void open_library(const char *path)
{
	struct bitmask *mask;
	const char *slash = strrchr(path, '/');
	char beside[4096];
	void *library, *extension;

	/* Lazily, as the dynamic linker does by itself: binding is part of what a first call costs. */
	library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "bench: %s\n", dlerror());
		exit(2);
	}
	snprintf(beside, sizeof(beside), "%.*s/libnuma_ext.so.1", (int)(slash ? slash - path : 0), path);
	extension = slash ? dlopen(beside, RTLD_LAZY | RTLD_LOCAL) : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		const char *symbol = functions[i].symbol, *version = functions[i].version;

		*function(i) = version ? dlvsym(library, symbol, version) : dlsym(library, symbol);
		if (!*function(i) && extension)
			*function(i) = dlsym(extension, symbol);
	}
	/* The size of the masks, without a call that would warm what a cold row measures. */
	mask = lib.numa_allocate_nodemask();
	node_bits = mask->size;
	lib.numa_bitmask_free(mask);
	mask = lib.numa_allocate_cpumask();
	cpu_bits = mask->size;
	lib.numa_bitmask_free(mask);
}

/* --- masks ------------------------------------------------------------------------------------ */

/* The same place for each size and library, as a line of the cache more or less would show. */
static struct {
	unsigned long words[8192 / 64];
} __attribute__((aligned(64))) store[2];
static struct bitmask a = {0, store[0].words}, b = {0, store[1].words};
static nodemask_t old_mask;

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

static struct bitmask *bound_alloc(unsigned bits)
{
	struct bitmask *mask = malloc(sizeof(*mask));

	mask->size = bits;
	mask->maskp = calloc((bits + 63) / 64, 8);
	return mask;
}
static struct bitmask *(*volatile own_alloc)(unsigned) = bound_alloc;

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
static long old_free_memory;

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
	old_mask = (nodemask_t){{1}};
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

/* With a policy of node 0. */
static void policy_of(long mode)
{
	policy(0);
	syscall(SYS_set_mempolicy, mode, &one_node, 65UL);
}

static int mode;

#define GET_POLICY() syscall(SYS_get_mempolicy, &mode, node_words, node_bits + 1, NULL, 0UL)
#define SET_POLICY(mode, mask) syscall(SYS_set_mempolicy, mode, mask, 65UL)
#define GET_AFFINITY() syscall(SYS_sched_getaffinity, 0, cpu_bits / 8, cpu_words)
#define SET_AFFINITY() syscall(SYS_sched_setaffinity, 0, cpu_bits / 8, cpu_words)

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

static void bitmap(long bits)
{
	char *at = text;

	masks_of(bits);
	for (long i = 0; i < bits; i += 32)
		at += sprintf(at, "%s%08lx", i ? "," : "", 0x9e3779b9ul * (unsigned long)(i + 1) & 0xffffffff);
	strcpy(at, "\n");
}

/* %d stands for a CPU that this process may run on. */
static void string(long format)
{
	first_cpu(0);
	sprintf(text, (const char *)format, cpu);
}

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

#define SET_RANGE(mode, mask, start) syscall(SYS_mbind, start, size, mode, mask, 65UL, 0UL)

static void map_with(int mode)
{
	char *start = map();

	SET_RANGE(mode, &one_node, start);
	munmap(start, size);
}

/* Memory and the masks that functions on it take; bound to node 0, as a home node demands. */
static void bound_memory(long bytes)
{
	policy(0);
	mapped(bytes);
	SET_RANGE(MPOL_BIND, &one_node, memory);
}

static void bound_memory_back(void)
{
	unmapped();
	policy_back();
}

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

#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif
#define HOME_NODE() syscall(SYS_set_mempolicy_home_node, memory, size, 0UL, 0UL)
#define MOVE_PAGES() syscall(SYS_move_pages, 0, page_count, pages, NULL, statuses, 0)

/* --- the rows --------------------------------------------------------------------------------- */

#define LOOP(name, ...)                             \
	static void name(long times)                \
	{                                           \
		for (long i = 0; i < times; i++) {  \
			__VA_ARGS__;                \
		}                                   \
	}
#define UNBOUNDED(id, group, name, call, ...)     \
	static const char id##_text[] = #call;  \
	LOOP(call_##id, call)
#define ROW(id, group, name, call, bound, ...)    \
	UNBOUNDED(id, group, name, call)          \
	LOOP(bound_of_##id, bound)
#define MORE(id, group, name, ...)
#define LOADING(name, ...)
#include "rows.def"
#undef UNBOUNDED
#undef ROW
#undef MORE
#undef LOADING

#define KI 1024L
#define MI (KI * KI)
#define GOAL(times) .kind = OVER_BOUND, .goal = times
#define UNBOUNDED(id, group, name, what, ...) {group, name, .text = id##_text, .call = call_##id, __VA_ARGS__},
#define ROW(id, group, name, what, least, ...) MORE(id, group, name, __VA_ARGS__)
#define MORE(id, group, name, ...) \
	{group, name, .text = id##_text, .call = call_##id, .bound = bound_of_##id, __VA_ARGS__},
#define LOADING(name, ...) {"load", name, __VA_ARGS__},

const struct row rows[] = {
#include "rows.def"
};

const int row_count = ARRAY_SIZE(rows);
