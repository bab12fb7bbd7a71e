/*
 * Calls of libnuma whose cost tests/budget/run counts. Each case runs in a process of its own,
 * forked from one that never called the library, so that a cold call is one and no case depends
 * on another.
 *
 *	calls trace [CASE...]   below strace: makes each call once between two marks, "begin CASE" and
 *	                        "end CASE HEAP" with the number of calls of malloc; loading is a case
 *	calls count [CASE...]   below callgrind: has the counts of each case written to a file
 *	calls masks             prints the bits of the kernel's masks of nodes and of CPUs
 *
 * A hot case is called before it is counted. callgrind counts it N and 2 N times: the difference
 * is the cost of N calls, whatever surrounds them. A cold case is counted once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <valgrind/callgrind.h>

#include <numa.h>
#include <numaif.h>

#include "heap.h"

/* Calls of a hot case. */
#define N 8

/* The last node of the machine that tests/budget/run makes up, and the last CPU, which is there. */
static int last_node, last_cpu;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGES 256

static size_t page;
static char *memory;
static void *pages[PAGES];
static int status[PAGES];

/* What the cases work on, made by the functions before them. */
static unsigned bits;
static struct bitmask *a, *b, *node0;
static nodemask_t old;
static char text[64 * 1024];

/* Where results go that nobody needs. */
static volatile long result;

static void masks(void)
{
	a = numa_bitmask_alloc(bits);
	b = numa_bitmask_alloc(bits);
	/* Equal to the end: what compares has to look at all of it. */
	numa_bitmask_setbit(a, bits - 1);
	numa_bitmask_setbit(b, bits - 1);
}

static void nodes(void)
{
	node0 = numa_allocate_nodemask();
	numa_bitmask_setbit(node0, 0);
	a = numa_allocate_nodemask();
	b = numa_allocate_cpumask();
	numa_bitmask_setbit(b, 0);
	bits = 0;
	old.n[0] = 1;
}

static void some_memory(void)
{
	nodes();
	page = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	for (size_t i = 0; i < PAGES; i++) {
		pages[i] = memory + i * page;
		memory[i * page] = 1;
	}
}

static void preferring(void)
{
	nodes();
	numa_set_preferred(0);
}

static void interleaving(void)
{
	nodes();
	numa_set_interleave_mask(node0);
}

static void bound(void)
{
	nodes();
	numa_set_membind(node0);
}

static void long_list(void)
{
	char *end = text;

	for (int i = 0; i < 2048; i++)
		end += sprintf(end, "%s0", i ? "," : "");
}

static void long_map(void)
{
	char *end = text;

	bits = 8192;
	masks();
	for (unsigned i = 0; i < bits / 32; i++)
		end += sprintf(end, "%s00ff%04x", i ? "," : "", i);
	strcpy(end, "\n");
}

/* Exported, but in no header. */
extern int numa_parse_bitmap(char *line, struct bitmask *mask);

extern int old_node_to_cpus(int node, unsigned long *buffer, int bytes);
__asm__(".symver old_node_to_cpus, numa_node_to_cpus@libnuma_1.1");

/* X(name, bits of the masks or 0, what goes before, the call) */
#define HOT_CASES                                                                        \
	X(setbit, 1024, masks, numa_bitmask_setbit(a, 512))                              \
	X(clearbit, 1024, masks, numa_bitmask_clearbit(a, 512))                          \
	X(isbitset, 1024, masks, result = numa_bitmask_isbitset(a, 512))                 \
	X(setall, 1024, masks, numa_bitmask_setall(a))                                   \
	X(clearall, 1024, masks, numa_bitmask_clearall(a))                               \
	X(weight, 1024, masks, result = numa_bitmask_weight(a))                          \
	X(equal, 1024, masks, result = numa_bitmask_equal(a, b))                         \
	X(copy_bitmask, 1024, masks, copy_bitmask_to_bitmask(a, b))                      \
	X(setall_8192, 8192, masks, numa_bitmask_setall(a))                              \
	X(weight_8192, 8192, masks, result = numa_bitmask_weight(a))                     \
	X(equal_8192, 8192, masks, result = numa_bitmask_equal(a, b))                    \
	X(to_nodemask, 1024, masks, copy_bitmask_to_nodemask(a, &old))                   \
	X(from_nodemask, 1024, masks, copy_nodemask_to_bitmask(&old, a))                 \
	X(mask_alloc_free, 1024, masks, numa_bitmask_free(numa_bitmask_alloc(1024)))     \
	X(cpumask_alloc_free, 0, nodes, numa_free_cpumask(numa_allocate_cpumask()))      \
	X(available, 0, nodes, result = numa_available())                                \
	X(max_node, 0, nodes, result = numa_max_node())                                  \
	X(num_configured_cpus, 0, nodes, result = numa_num_configured_cpus())            \
	X(num_task_cpus, 0, nodes, result = numa_num_task_cpus())                        \
	X(pagesize, 0, nodes, result = numa_pagesize())                                  \
	X(node_of_cpu, 0, nodes, result = numa_node_of_cpu(last_cpu))                    \
	X(node_to_cpus, 0, nodes, result = numa_node_to_cpus(last_node, b))              \
	X(node_to_cpus_old, 0, nodes, result = old_node_to_cpus(last_node, b->maskp, (int)(b->size / 8))) \
	X(distance, 0, nodes, result = numa_distance(1, last_node))                      \
	X(has_preferred_many, 0, nodes, result = numa_has_preferred_many())              \
	X(node_size64, 0, nodes, long long left; result = (long)numa_node_size64(last_node, &left)) \
	X(preferred, 0, nodes, result = numa_preferred())                                \
	X(preferred_many, 0, preferring, numa_bitmask_free(numa_preferred_many()))       \
	X(get_interleave_mask, 0, interleaving, numa_bitmask_free(numa_get_interleave_mask())) \
	X(get_interleave_node, 0, interleaving, result = numa_get_interleave_node())     \
	X(get_membind, 0, bound, numa_bitmask_free(numa_get_membind()))                  \
	X(get_mems_allowed, 0, nodes, numa_bitmask_free(numa_get_mems_allowed()))        \
	X(get_run_node_mask, 0, nodes, numa_bitmask_free(numa_get_run_node_mask()))      \
	X(set_interleave_mask, 0, nodes, numa_set_interleave_mask(node0))                \
	X(set_preferred, 0, nodes, numa_set_preferred(0))                                \
	X(set_preferred_local, 0, nodes, numa_set_preferred(-1))                         \
	X(set_preferred_many, 0, nodes, numa_set_preferred_many(node0))                  \
	X(set_localalloc, 0, nodes, numa_set_localalloc())                               \
	X(set_membind, 0, nodes, numa_set_membind(node0))                                \
	X(set_membind_balancing, 0, nodes, numa_set_membind_balancing(node0))            \
	X(bind, 0, nodes, numa_bind(node0))                                              \
	X(run_on_node, 0, nodes, result = numa_run_on_node(0))                           \
	X(run_on_all, 0, nodes, result = numa_run_on_node(-1))                           \
	X(run_on_node_mask, 0, nodes, result = numa_run_on_node_mask(node0))             \
	X(run_on_node_mask_all, 0, nodes, result = numa_run_on_node_mask_all(node0))     \
	X(sched_getaffinity, 0, nodes, result = numa_sched_getaffinity(0, b))            \
	X(sched_setaffinity, 0, nodes, result = numa_sched_setaffinity(0, b))            \
	X(set_strict, 0, nodes, numa_set_strict(0))                                      \
	X(alloc_free_64k, 0, nodes, numa_free(numa_alloc(65536), 65536))                 \
	X(alloc_local_free_64k, 0, nodes, numa_free(numa_alloc_local(65536), 65536))     \
	X(alloc_onnode_free_4k, 0, nodes, numa_free(numa_alloc_onnode(4096, 0), 4096))   \
	X(alloc_interleaved_free_64k, 0, nodes, numa_free(numa_alloc_interleaved(65536), 65536)) \
	X(realloc, 0, some_memory, memory = numa_realloc(memory, PAGES * page, PAGES * page)) \
	X(police_256_pages, 0, some_memory, numa_police_memory(memory, PAGES * page))    \
	X(tonode_memory, 0, some_memory, numa_tonode_memory(memory, PAGES * page, 0))    \
	X(tonodemask_memory, 0, some_memory, numa_tonodemask_memory(memory, PAGES * page, node0)) \
	X(interleave_memory, 0, some_memory, numa_interleave_memory(memory, PAGES * page, node0)) \
	X(setlocal_memory, 0, some_memory, numa_setlocal_memory(memory, PAGES * page))   \
	X(move_pages_1, 0, some_memory, result = numa_move_pages(0, 1, pages, NULL, status, 0)) \
	X(migrate_pages, 0, nodes, result = numa_migrate_pages(0, node0, node0))         \
	X(mbind, 0, some_memory, result = mbind(memory, page, MPOL_DEFAULT, NULL, 0, 0)) \
	X(parse_node, 0, nodes, numa_bitmask_free(numa_parse_nodestring("0")))           \
	X(parse_nodes_all, 0, nodes, numa_bitmask_free(numa_parse_nodestring("all")))    \
	X(parse_nodes_range, 0, nodes, numa_bitmask_free(numa_parse_nodestring_all("0-1,3"))) \
	X(parse_nodes_not, 0, nodes, numa_bitmask_free(numa_parse_nodestring("!0")))     \
	X(parse_nodes_relative, 0, nodes, numa_bitmask_free(numa_parse_nodestring_all("!+1"))) \
	X(parse_cpus_all, 0, nodes, numa_bitmask_free(numa_parse_cpustring("all")))      \
	X(parse_cpus_not, 0, nodes, numa_bitmask_free(numa_parse_cpustring("!0")))       \
	X(parse_cpus_2048, 0, long_list, numa_bitmask_free(numa_parse_cpustring(text)))  \
	X(parse_bitmap_8192, 0, long_map, result = numa_parse_bitmap(text, a))

#define COLD_CASES                                                                       \
	X(node_of_cpu_first, 0, nodes, result = numa_node_of_cpu(last_cpu))              \
	X(node_to_cpus_first, 0, nodes, result = numa_node_to_cpus(last_node, b))        \
	X(node_to_cpus_update, 0, nodes, numa_node_to_cpu_update(); result = numa_node_to_cpus(last_node, b)) \
	X(distance_first, 0, nodes, result = numa_distance(1, last_node))                \
	X(has_home_node_first, 0, nodes, result = numa_has_home_node())                  \
	X(has_preferred_many_first, 0, nodes, result = numa_has_preferred_many())        \
	X(get_run_node_mask_first, 0, nodes, numa_bitmask_free(numa_get_run_node_mask())) \
	X(run_on_node_first, 0, nodes, result = numa_run_on_node(0))                     \
	X(bind_first, 0, nodes, numa_bind(node0))                                        \
	X(set_preferred_many_first, 0, nodes, numa_set_preferred_many(node0))            \
	X(num_configured_cpus_first, 0, nodes, result = numa_num_configured_cpus())      \
	X(parse_cpus_all_first, 0, nodes, numa_bitmask_free(numa_parse_cpustring("all")))

#define X(name, size, before, ...) \
	static void call_##name(void) { __VA_ARGS__; }
HOT_CASES
COLD_CASES
#undef X

static const struct one {
	const char *name;
	unsigned bits;
	void (*before)(void);
	void (*call)(void);
	int cold;
} cases[] = {
#define X(name, size, before, ...) {#name, size, before, call_##name, 0},
	HOT_CASES
#undef X
#define X(name, size, before, ...) {#name, size, before, call_##name, 1},
	COLD_CASES
#undef X
};

static unsigned long heap_before;

/* A system call that has no effect and that strace shows. */
static void begin(const char *name)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "begin %s", name);

	heap_before = heap_calls;
	syscall(SYS_write, -1, line, (size_t)length);
}

static void end(const char *name)
{
	char line[128];
	int length = snprintf(line, sizeof(line), "end %s %lu", name, heap_calls - heap_before);

	syscall(SYS_write, -1, line, (size_t)length);
}

static void begin_load(void)
{
	begin("load");
}

/* The program's first function, before the constructors of all libraries. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = begin_load;

static void in_trace(const struct one *one)
{
	begin(one->name);
	one->call();
	end(one->name);
}

static void in_count(const struct one *one)
{
	char name[128];

	for (int times = one->cold ? 1 : N; times <= (one->cold ? 1 : 2 * N); times *= 2) {
		snprintf(name, sizeof(name), "%s %d", one->name, times);
		CALLGRIND_ZERO_STATS;
		for (int i = 0; i < times; i++)
			one->call();
		CALLGRIND_DUMP_STATS_AT(name);
	}
}

static int named(const char *name, char **names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	void (*run)(const struct one *) = NULL;

	end("load");
	if (argc >= 2 && !strcmp(argv[1], "trace"))
		run = in_trace;
	else if (argc >= 2 && !strcmp(argv[1], "count"))
		run = in_count;
	if (argc == 2 && !strcmp(argv[1], "masks")) {
		printf("%d %d\n", numa_num_possible_nodes(), numa_num_possible_cpus());
		return 0;
	}
	if (!run) {
		fprintf(stderr, "usage: calls trace|count [CASE...] or calls masks\n");
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct one *one = &cases[i];
		int ended;
		pid_t child;

		if (argc > 2 && !named(one->name, argv + 2))
			continue;
		child = fork();
		if (child < 0) {
			perror("calls: fork");
			return 1;
		}
		if (!child) {
			last_node = numa_max_node();
			last_cpu = 2 * last_node + 1;
			bits = one->bits;
			one->before();
			if (!one->cold)
				for (int warm = 0; warm < 2; warm++)
					one->call();
			run(one);
			fflush(NULL);
			_exit(0);
		}
		if (waitpid(child, &ended, 0) != child || ended) {
			fprintf(stderr, "calls: %s ended with status %#x\n", one->name, ended);
			return 1;
		}
	}
	return 0;
}
