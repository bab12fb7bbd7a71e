/*
 * Each exported function, with a call of it that does what it is for: for tests of what must hold
 * for all of them.
 */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include "machine.h"
#include "filter.h"

#include <dlfcn.h>

extern int numa_parse_bitmap(char *line, struct bitmask *mask);

/* What the functions work on: a node that this process may use, with memory. A program with threads
 * defines PER_THREAD as __thread, and each thread calls arguments(). */
#ifndef PER_THREAD
#define PER_THREAD
#endif
static PER_THREAD int node;
static PER_THREAD struct bitmask *nodes, *cpus, *some;
static PER_THREAD nodemask_t old_nodes;
static PER_THREAD unsigned long words[1024] UNUSED;
static PER_THREAD char *memory;
static PER_THREAD void *pages[1];
static PER_THREAD int status[1];
#define BYTES (2 * page())

static void find_old_functions(void);

static struct bitmask *by_hand(unsigned long bits)
{
	struct bitmask *mask = calloc(1, sizeof(*mask));

	if (!mask || !(mask->maskp = calloc(bits / LONG_BITS + 1, sizeof(long))))
		abort();
	mask->size = bits;
	return mask;
}

/* Makes no call of the library, so that any function may be its first, and no policy call, as these may be
 * filtered. */
static void arguments(void)
{
	struct set allowed, with_memory;
	int bits = status_map("Mems_allowed:", &allowed);
	long bytes;

	if (bits < 0) {
		bits = 1024;
		add(&allowed, 0);
	}
	if (read_list(NODE_DIR "/has_memory", &with_memory))
		with_memory = allowed;
	for (node = next(&allowed, -1); node >= 0 && !has(&with_memory, node); node = next(&allowed, node))
		;
	if (node < 0)
		abort();
	find_old_functions();
	nodes = by_hand((unsigned long)bits);
	nodes->maskp[(unsigned)node / LONG_BITS] |= 1UL << ((unsigned)node % LONG_BITS);
	some = by_hand(100);
	memset(&old_nodes, 0, sizeof(old_nodes));
	nodemask_set_compat(&old_nodes, node);
	memory = fresh(2);
	pages[0] = memory;
	bytes = syscall(SYS_sched_getaffinity, 0, sizeof(words), words);
	if (bytes <= 0)
		abort();
	cpus = by_hand(8 * (unsigned long)bytes);
	memcpy(cpus->maskp, words, (size_t)bytes);
}

static UNUSED void forget_arguments(void)
{
	struct bitmask *masks[] = {nodes, cpus, some};

	for (int i = 0; i < 3; i++) {
		free(masks[i]->maskp);
		free(masks[i]);
	}
	munmap(memory, BYTES);
}

/* FUNCTION(name, the policy calls that it may make, statements that call it). */
#define FUNCTIONS                                                                                                     \
	FUNCTION(copy_bitmask_to_bitmask, 0, copy_bitmask_to_bitmask(nodes, some))                                    \
	FUNCTION(copy_bitmask_to_nodemask, 0, copy_bitmask_to_nodemask(nodes, &old_nodes))                            \
	FUNCTION(copy_nodemask_to_bitmask, 0, copy_nodemask_to_bitmask(&old_nodes, some))                             \
	FUNCTION(numa_alloc, 0, numa_free(numa_alloc(BYTES), BYTES))                                                  \
	FUNCTION(numa_realloc, 0, numa_free(numa_realloc(numa_alloc(BYTES), BYTES, 2 * BYTES), 2 * BYTES))            \
	FUNCTION(numa_free, 0, numa_free(fresh(2), BYTES))                                                            \
	FUNCTION(numa_police_memory, 0, numa_police_memory(memory, BYTES))                                            \
	FUNCTION(numa_allocate_cpumask, 0, numa_bitmask_free(numa_allocate_cpumask()))                                \
	FUNCTION(numa_allocate_nodemask, 0, numa_bitmask_free(numa_allocate_nodemask()))                              \
	FUNCTION(numa_bitmask_alloc, 0, numa_bitmask_free(numa_bitmask_alloc(10)))                                    \
	FUNCTION(numa_bitmask_clearall, 0, numa_bitmask_clearall(some))                                               \
	FUNCTION(numa_bitmask_clearbit, 0, numa_bitmask_clearbit(some, 1))                                            \
	FUNCTION(numa_bitmask_equal, 0, numa_bitmask_equal(numa_all_nodes_ptr, numa_all_cpus_ptr))                    \
	FUNCTION(numa_bitmask_free, 0, numa_bitmask_free(numa_bitmask_alloc(1000)))                                   \
	FUNCTION(numa_bitmask_isbitset, 0, numa_bitmask_isbitset(numa_all_cpus_ptr, 1))                               \
	FUNCTION(numa_bitmask_nbytes, 0, numa_bitmask_nbytes(numa_nodes_ptr))                                         \
	FUNCTION(numa_bitmask_setall, 0, numa_bitmask_setall(some))                                                   \
	FUNCTION(numa_bitmask_setbit, 0, numa_bitmask_setbit(some, 1))                                                \
	FUNCTION(numa_bitmask_weight, 0, numa_bitmask_weight(numa_all_nodes_ptr))                                     \
	FUNCTION(numa_error, 0, numa_error("numa_error"))                                                             \
	FUNCTION(numa_warn, 0, numa_warn(1, "numa_warn"))                                                             \
	FUNCTION(numa_max_node, 0, numa_max_node())                                                                   \
	FUNCTION(numa_max_possible_node, 0, numa_max_possible_node())                                                 \
	FUNCTION(numa_num_configured_cpus, 0, numa_num_configured_cpus())                                             \
	FUNCTION(numa_num_configured_nodes, 0, numa_num_configured_nodes())                                           \
	FUNCTION(numa_num_possible_cpus, 0, numa_num_possible_cpus())                                                 \
	FUNCTION(numa_num_possible_nodes, 0, numa_num_possible_nodes())                                               \
	FUNCTION(numa_num_task_cpus, 0, numa_num_task_cpus())                                                         \
	FUNCTION(numa_num_task_nodes, 0, numa_num_task_nodes())                                                       \
	FUNCTION(numa_num_thread_cpus, 0, numa_num_thread_cpus())                                                     \
	FUNCTION(numa_num_thread_nodes, 0, numa_num_thread_nodes())                                                   \
	FUNCTION(numa_pagesize, 0, numa_pagesize())                                                                   \
	FUNCTION(numa_distance, 0, numa_distance(0, 0))                                                               \
	FUNCTION(numa_node_of_cpu, 0, numa_node_of_cpu(0))                                                            \
	FUNCTION(numa_node_size, 0, numa_node_size(0, NULL))                                                          \
	FUNCTION(numa_node_size64, 0, numa_node_size64(0, NULL))                                                      \
	FUNCTION(numa_node_to_cpus, 0, numa_node_to_cpus(0, cpus))                                                    \
	FUNCTION(numa_node_to_cpu_update, 0, numa_node_to_cpu_update())                                               \
	FUNCTION(numa_parse_bitmap, 0, numa_parse_bitmap((char[]){"00000001\n"}, some))                               \
	FUNCTION(numa_parse_cpustring, 0, numa_bitmask_free(numa_parse_cpustring("all")))                             \
	FUNCTION(numa_parse_cpustring_all, 0, numa_bitmask_free(numa_parse_cpustring_all("!0")))                      \
	FUNCTION(numa_parse_nodestring, 0, numa_bitmask_free(numa_parse_nodestring("all")))                           \
	FUNCTION(numa_parse_nodestring_all, 0, numa_bitmask_free(numa_parse_nodestring_all("file:/")))                \
	FUNCTION(numa_run_on_node, 0, numa_run_on_node(-1))                                                           \
	FUNCTION(numa_run_on_node_mask, 0, numa_run_on_node_mask(numa_all_nodes_ptr))                                 \
	FUNCTION(numa_run_on_node_mask_all, 0, numa_run_on_node_mask_all(numa_nodes_ptr))                             \
	FUNCTION(numa_get_run_node_mask, 0, numa_bitmask_free(numa_get_run_node_mask()))                              \
	FUNCTION(numa_sched_getaffinity, 0, numa_sched_getaffinity(0, cpus))                                          \
	FUNCTION(numa_sched_setaffinity, 0, numa_sched_setaffinity(0, cpus))                                          \
	FUNCTION(numa_set_bind_policy, 0, numa_set_bind_policy(0))                                                    \
	FUNCTION(numa_set_strict, 0, numa_set_strict(1))                                                              \
	FUNCTION(numa_available, GET_MEMPOLICY, numa_available())                                                     \
	FUNCTION(get_mempolicy, GET_MEMPOLICY, get_mempolicy(NULL, NULL, 0, NULL, 0))                                 \
	FUNCTION(numa_get_interleave_mask, GET_MEMPOLICY, numa_bitmask_free(numa_get_interleave_mask()))              \
	FUNCTION(numa_get_weighted_interleave_mask, GET_MEMPOLICY,                                                    \
		 numa_bitmask_free(numa_get_weighted_interleave_mask()))                                              \
	FUNCTION(numa_get_interleave_node, GET_MEMPOLICY, numa_get_interleave_node())                                 \
	FUNCTION(numa_get_membind, GET_MEMPOLICY, numa_bitmask_free(numa_get_membind()))                              \
	FUNCTION(numa_get_mems_allowed, GET_MEMPOLICY, numa_bitmask_free(numa_get_mems_allowed()))                    \
	FUNCTION(numa_preferred, GET_MEMPOLICY, numa_preferred())                                                     \
	FUNCTION(numa_preferred_err, GET_MEMPOLICY, numa_preferred_err())                                             \
	FUNCTION(numa_preferred_many, GET_MEMPOLICY, numa_bitmask_free(numa_preferred_many()))                        \
	FUNCTION(set_mempolicy, SET_MEMPOLICY, set_mempolicy(0, NULL, 0))                                             \
	FUNCTION(numa_bind, SET_MEMPOLICY, numa_bind(nodes))                                                          \
	FUNCTION(numa_set_interleave_mask, SET_MEMPOLICY, numa_set_interleave_mask(nodes))                            \
	FUNCTION(numa_set_weighted_interleave_mask, SET_MEMPOLICY, numa_set_weighted_interleave_mask(nodes))          \
	FUNCTION(numa_set_localalloc, SET_MEMPOLICY, numa_set_localalloc())                                           \
	FUNCTION(numa_set_membind, SET_MEMPOLICY, numa_set_membind(nodes))                                            \
	FUNCTION(numa_set_membind_balancing, SET_MEMPOLICY, numa_set_membind_balancing(nodes))                        \
	FUNCTION(numa_set_preferred, SET_MEMPOLICY, numa_set_preferred(node))                                         \
	FUNCTION(numa_set_preferred_many, SET_MEMPOLICY, numa_set_preferred_many(nodes))                              \
	FUNCTION(mbind, MBIND, mbind(memory, BYTES, 0, NULL, 0, 0))                                                   \
	FUNCTION(numa_alloc_interleaved, MBIND, numa_free(numa_alloc_interleaved(BYTES), BYTES))                      \
	FUNCTION(numa_alloc_interleaved_subset, MBIND, numa_free(numa_alloc_interleaved_subset(BYTES, nodes), BYTES)) \
	FUNCTION(numa_alloc_local, MBIND, numa_free(numa_alloc_local(BYTES), BYTES))                                  \
	FUNCTION(numa_alloc_onnode, MBIND, numa_free(numa_alloc_onnode(BYTES, node), BYTES))                          \
	FUNCTION(numa_alloc_onnode_preferred, MBIND, numa_set_bind_policy(0);                                         \
		 numa_free(numa_alloc_onnode(BYTES, node), BYTES))                                                    \
	FUNCTION(numa_alloc_weighted_interleaved, MBIND, numa_free(numa_alloc_weighted_interleaved(BYTES), BYTES))    \
	FUNCTION(numa_alloc_weighted_interleaved_subset, MBIND,                                                       \
		 numa_free(numa_alloc_weighted_interleaved_subset(BYTES, nodes), BYTES))                              \
	FUNCTION(numa_interleave_memory, MBIND, numa_interleave_memory(memory, BYTES, nodes))                         \
	FUNCTION(numa_weighted_interleave_memory, MBIND, numa_weighted_interleave_memory(memory, BYTES, nodes))       \
	FUNCTION(numa_setlocal_memory, MBIND, numa_setlocal_memory(memory, BYTES))                                    \
	FUNCTION(numa_tonode_memory, MBIND, numa_tonode_memory(memory, BYTES, node))                                  \
	FUNCTION(numa_tonode_memory_preferred, MBIND, numa_set_bind_policy(0); numa_tonode_memory(memory, BYTES, node)) \
	FUNCTION(numa_tonodemask_memory, MBIND, numa_tonodemask_memory(memory, BYTES, nodes))                         \
	FUNCTION(migrate_pages, MIGRATE_PAGES, migrate_pages(0, 0, NULL, NULL))                                       \
	FUNCTION(numa_migrate_pages, MIGRATE_PAGES, numa_migrate_pages(0, nodes, nodes))                              \
	FUNCTION(move_pages, MOVE_PAGES, move_pages(0, 0, NULL, NULL, NULL, 0))                                       \
	FUNCTION(numa_move_pages, MOVE_PAGES, numa_move_pages(0, 1, pages, NULL, status, 0))                          \
	FUNCTION(set_mempolicy_home_node, HOME_NODE, set_mempolicy_home_node(memory, BYTES, node, 0))                 \
	FUNCTION(numa_set_mempolicy_home_node, HOME_NODE, numa_set_mempolicy_home_node(memory, BYTES, node, 0))       \
	/* To know what the kernel can needs a call that it can refuse. */                                            \
	FUNCTION(numa_has_preferred_many, MBIND | SET_MEMPOLICY, numa_has_preferred_many())                           \
	FUNCTION(numa_has_home_node, HOME_NODE | MBIND, numa_has_home_node())

/* The same for the old versions: what they may call, what becomes of the result, the type, the
 * arguments. */
#define OLD_FUNCTIONS                                                                                                 \
	OLD(numa_alloc_interleaved_subset, MBIND, FREED, void *(*)(size_t, const nodemask_t *), BYTES, &old_nodes)    \
	OLD(numa_bind, SET_MEMPOLICY, KEPT, void (*)(const nodemask_t *), &old_nodes)                                 \
	OLD(numa_get_interleave_mask, GET_MEMPOLICY, KEPT, nodemask_t (*)(void), )                                    \
	OLD(numa_get_membind, GET_MEMPOLICY, KEPT, nodemask_t (*)(void), )                                            \
	OLD(numa_get_run_node_mask, 0, KEPT, nodemask_t (*)(void), )                                                  \
	OLD(numa_interleave_memory, MBIND, KEPT, void (*)(void *, size_t, const nodemask_t *), memory, BYTES, &old_nodes) \
	OLD(numa_node_to_cpus, 0, KEPT, int (*)(int, unsigned long *, int), 0, words, sizeof(words))                  \
	OLD(numa_parse_bitmap, 0, KEPT, int (*)(char *, unsigned long *, int), (char[]){"00000001\n"}, words, 64)     \
	OLD(numa_run_on_node_mask, 0, KEPT, int (*)(const nodemask_t *), &old_nodes)                                  \
	OLD(numa_sched_getaffinity, 0, KEPT, int (*)(pid_t, unsigned, unsigned long *), 0, sizeof(words), words)      \
	OLD(numa_sched_setaffinity, 0, KEPT, int (*)(pid_t, unsigned, const unsigned long *), 0, cpus->size / 8,      \
	    cpus->maskp)                                                                                              \
	OLD(numa_set_interleave_mask, SET_MEMPOLICY, KEPT, void (*)(nodemask_t *), &old_nodes)                        \
	OLD(numa_set_membind, SET_MEMPOLICY, KEPT, void (*)(const nodemask_t *), &old_nodes)                          \
	OLD(numa_tonodemask_memory, MBIND, KEPT, void (*)(void *, size_t, const nodemask_t *), memory, BYTES, &old_nodes)

#define KEPT(call) call
#define FREED(call) numa_free(call, BYTES)

#define FUNCTION(name, may, ...) \
	static void call_##name(void) { __VA_ARGS__; }
#define OLD(name, may, result, type, ...) \
	static void *old_##name;    \
	static void call_old_##name(void) { result(((type)old_##name)(__VA_ARGS__)); }
FUNCTIONS
#if HAS_VERSIONS
OLD_FUNCTIONS
#endif
#undef FUNCTION
#undef OLD

static void find_old_functions(void)
{
#if HAS_VERSIONS
	static int found;

	if (__atomic_exchange_n(&found, 1, __ATOMIC_SEQ_CST))
		return;
#define OLD(name, ...)                                                           \
	if (!(old_##name = dlvsym(RTLD_DEFAULT, #name, "libnuma_1.1"))) {        \
		CHECK(0, "no %s@libnuma_1.1", #name);                            \
		exit(1);                                                         \
	}
	OLD_FUNCTIONS
#undef OLD
#endif
}

static const struct {
	const char *name;
	unsigned may;
	void (*call)(void);
} functions[] = {
#define FUNCTION(name, may, ...) {#name, may, call_##name},
#define OLD(name, may, ...) {#name "@libnuma_1.1", may, call_old_##name},
	FUNCTIONS
#if HAS_VERSIONS
	OLD_FUNCTIONS
#endif
#undef FUNCTION
#undef OLD
};

#endif
