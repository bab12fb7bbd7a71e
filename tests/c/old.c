/* The old versions, name@libnuma_1.1, found as JVMs find them: with dlvsym(3). */
#include "machine.h"
#include <dlfcn.h>

#define PAGES 16
#define SIZE (PAGES * page())

static void (*old_bind)(const nodemask_t *);
static void (*old_set_membind)(const nodemask_t *);
static nodemask_t (*old_get_membind)(void);
static void (*old_set_interleave_mask)(nodemask_t *);
static nodemask_t (*old_get_interleave_mask)(void);
static nodemask_t (*old_get_run_node_mask)(void);
static int (*old_run_on_node_mask)(const nodemask_t *);
static void *(*old_alloc_interleaved_subset)(size_t, const nodemask_t *);
static void (*old_interleave_memory)(void *, size_t, const nodemask_t *);
static void (*old_tonodemask_memory)(void *, size_t, const nodemask_t *);
static int (*old_node_to_cpus)(int, unsigned long *, int);
static int (*old_parse_bitmap)(char *, unsigned long *, int);
static int (*old_sched_getaffinity)(pid_t, unsigned, unsigned long *);
static int (*old_sched_setaffinity)(pid_t, unsigned, const unsigned long *);

static void find(void)
{
#define FIND(name) do { \
		*(void **)&old_##name = dlvsym(RTLD_DEFAULT, "numa_" #name, "libnuma_1.1"); \
		if (!old_##name) { CHECK(0, "no numa_%s@libnuma_1.1", #name); exit(1); } \
	} while (0)
	SKIP_WITHOUT_VERSIONS;
	look();
	FIND(bind);
	FIND(set_membind);
	FIND(get_membind);
	FIND(set_interleave_mask);
	FIND(get_interleave_mask);
	FIND(get_run_node_mask);
	FIND(run_on_node_mask);
	FIND(alloc_interleaved_subset);
	FIND(interleave_memory);
	FIND(tonodemask_memory);
	FIND(node_to_cpus);
	FIND(parse_bitmap);
	FIND(sched_getaffinity);
	FIND(sched_setaffinity);
}

static nodemask_t old_of(int node)
{
	nodemask_t mask;

	nodemask_zero(&mask);
	if (node >= 0)
		nodemask_set_compat(&mask, node);
	return mask;
}

static int is_old(nodemask_t mask, const struct set *set)
{
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		if (nodemask_isset_compat(&mask, n) != has(set, n))
			return 0;
	return 1;
}

TEST(new_and_old_versions_are_different)
{
	find();
	CHECK((void *)old_bind != dlsym(RTLD_DEFAULT, "numa_bind"), "numa_bind");
	CHECK((void *)old_bind != dlvsym(RTLD_DEFAULT, "numa_bind", "libnuma_1.2"), "numa_bind");
	CHECK(dlvsym(RTLD_DEFAULT, "numa_bind", "libnuma_1.2") == (void *)numa_bind, "numa_bind@@libnuma_1.2");
	CHECK(dlvsym(RTLD_DEFAULT, "numa_distance", "libnuma_1.1"), "numa_distance@@libnuma_1.1");
	CHECK(!dlvsym(RTLD_DEFAULT, "numa_distance", "libnuma_1.2"), "numa_distance@libnuma_1.2");
}

/* The reference passes 16 bits. */
static int with_nodes_above_15(void)
{
	look();
	return last(&machine.usable) > 15;
}

TEST(old_membind, ROW_WHERE(with_nodes_above_15, old_masks_have_128_bits))
{
	find();
	EACH(node, &machine.usable) {
		nodemask_t mask = old_of(node), all = numa_all_nodes;
		struct set set = only(node);
		char *memory = fresh(PAGES);

		if (node >= NUMA_NUM_NODES)
			break;
		QUIET(old_set_membind(&mask));
		CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "node %d", node);
		CHECK(all_on_node(memory, PAGES, node), "node %d", node);
		CHECK(is_old(old_get_membind(), &set), "node %d", node);
		CHECK(nodemask_equal(&all, &numa_all_nodes), "numa_all_nodes has changed");
		munmap(memory, SIZE);
	}
}

TEST(old_membind_without_a_policy)
{
	nodemask_t got;

	find();
	got = old_get_membind();
	CHECK(nodemask_equal(&got, &numa_all_nodes), "not all nodes");
	struct set set = only(machine.first);
	raw_policy(MPOL_PREFERRED, &set);
	got = old_get_membind();
	CHECK(nodemask_equal(&got, &numa_all_nodes), "not all nodes under MPOL_PREFERRED");
}

TEST(old_membind_errors)
{
	nodemask_t empty = old_of(-1), bad = old_of(NUMA_NUM_NODES - 1);

	find();
	PRINTS("set_mempolicy: Invalid argument\n", old_set_membind(&empty));
	PRINTS("set_mempolicy: Invalid argument\n", old_set_membind(NULL));
	if (!has(&machine.nodes, NUMA_NUM_NODES - 1))
		PRINTS("set_mempolicy: Invalid argument\n", old_set_membind(&bad));
}

TEST(old_interleave_mask)
{
	nodemask_t mask, empty = old_of(-1);

	find();
	nodemask_zero(&mask);
	struct set set = {{0}};
	EACH(node, &machine.usable)
		if (node < NUMA_NUM_NODES) {
			nodemask_set_compat(&mask, node);
			add(&set, node);
		}
	QUIET(old_set_interleave_mask(&mask));
	CHECK(is_policy(policy_of(NULL), MPOL_INTERLEAVE, &set), "all nodes");
	CHECK(is_old(old_get_interleave_mask(), &set), "all nodes");
	QUIET(old_set_interleave_mask(&empty));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	CHECK(is_old(old_get_interleave_mask(), &nothing), "no interleaving");
}

TEST(old_alloc_and_ranges, ROW_WHERE(with_nodes_above_15, old_masks_have_128_bits))
{
	find();
	EACH(node, &machine.usable) {
		nodemask_t mask = old_of(node);
		struct set set = only(node);
		char *memory;

		if (node >= NUMA_NUM_NODES)
			break;
		QUIET(memory = old_alloc_interleaved_subset(SIZE, &mask));
		CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "node %d", node);
		CHECK(all_on_node(memory, PAGES, node), "node %d", node);
		QUIET(old_tonodemask_memory(memory, SIZE, &mask));
		CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "node %d", node);
		QUIET(old_interleave_memory(memory, SIZE, &mask));
		CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "node %d", node);
		numa_free(memory, SIZE);
	}
}

TEST(old_alloc_and_ranges_errors)
{
	nodemask_t empty = old_of(-1);
	char *memory;

	find();
	PRINTS("mbind: Invalid argument\n", memory = old_alloc_interleaved_subset(SIZE, &empty));
	PRINTS("mbind: Invalid argument\n", old_tonodemask_memory(memory, SIZE, &empty));
	PRINTS("mbind: Invalid argument\n", old_interleave_memory(memory, SIZE, &empty));
	PRINTS("mbind: Invalid argument\n", old_tonodemask_memory(memory, SIZE, NULL));
	PRINTS("mbind: Invalid argument\n", old_interleave_memory(memory, SIZE, NULL));
	numa_free(memory, SIZE);
	FAILS((intptr_t)old_alloc_interleaved_subset(0, &empty), 0, EINVAL);
}

TEST(old_bind_and_run)
{
	nodemask_t got, mask;
	struct set cpus;
	int node;

	find();
	node = next(&machine.usable, -1);
	while (node >= 0 && (cpus = cpus_of(node), !count(&cpus)))
		node = next(&machine.usable, node);
	SKIP_IF(node < 0 || node >= NUMA_NUM_NODES, "no node with CPUs and memory");
	EACH(cpu, &cpus)
		SKIP_IF(!numa_bitmask_isbitset(numa_all_cpus_ptr, (unsigned)cpu), "CPU %d is out of reach", cpu);
	mask = old_of(node);
	struct set set = only(node);
	QUIET(EQUAL(old_run_on_node_mask(&mask), 0));
	got = old_get_run_node_mask();
	CHECK(is_old(got, &set), "run node mask");
	QUIET(old_bind(&mask));
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "bind");
	CHECK(is_old(old_get_membind(), &set), "membind");
}

TEST(old_run_on_bad_masks)
{
	nodemask_t empty = old_of(-1), bad = old_of(NUMA_NUM_NODES - 1);

	find();
	QUIET(EQUAL(old_run_on_node_mask(&empty), -1));
	SKIP_IF(has(&machine.nodes, NUMA_NUM_NODES - 1), "the highest id exists");
	PRINTS("libnuma: Warning: Cannot read node cpumask from sysfs\n", EQUAL(old_run_on_node_mask(&bad), -1));
}

TEST(old_node_to_cpus_takes_bytes)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)];
	int bytes;

	find();
	bytes = numa_num_possible_cpus() / 8;
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);

		memset(words, 0xff, sizeof(words));
		EQUAL(old_node_to_cpus(node, words, bytes), 0);
		for (int cpu = 0; cpu < bytes * 8 && cpu < BITS; cpu++)
			EQUAL(words[cpu / 64] >> (cpu % 64) & 1, has(&cpus, cpu));
		EQUAL(words[bytes / 8], ~0UL);
		memset(words, 0xff, sizeof(words));
		EQUAL(old_node_to_cpus(node, words, (int)sizeof(words)), 0);
		EQUAL(words[sizeof(words) / 8 - 1], 0);
	}
	FAILS(old_node_to_cpus(machine.first, words, bytes - 8), -1, ERANGE);
	FAILS(old_node_to_cpus(machine.first, words, 0), -1, ERANGE);
	FAILS(old_node_to_cpus(machine.first, words, -1), -1, ERANGE);
	FAILS(old_node_to_cpus(numa_max_node() + 1, words, (int)sizeof(words)), -1, ERANGE);
}

TEST(old_parse_bitmap_takes_bits)
{
	unsigned long words[3] = {~0UL, ~0UL, ~0UL};
	char line[] = "80000000,00000001,00000002\n", bad[] = "xyz\n";

	find();
	EQUAL(old_parse_bitmap(line, words, 128), 0);
	EQUAL(words[0], 1UL << 32 | 2);
	CHECK((words[1] & 0xffffffff) == 0x80000000UL, "%#lx", words[1]);
	EQUAL(words[2], ~0UL);
	EQUAL(old_parse_bitmap(bad, words, 64), -1);
}

TEST(old_parse_bitmap_of_the_kernels_lines)
{
	unsigned state = 7;

	find();
	for (int i = 0; i < 200; i++) {
		unsigned long words[4] = {0}, wanted[4] = {0};
		char line[128] = "";

		for (unsigned group = 8; group-- > 0;) {
			state = state * 1664525 + 1013904223;
			wanted[group / 2] |= (unsigned long)state << (group % 2 * 32);
			sprintf(line + strlen(line), "%08x%c", state, group ? ',' : '\n');
		}
		EQUAL(old_parse_bitmap(line, words, 256), 0);
		CHECK(!memcmp(words, wanted, sizeof(words)), "%s", line);
	}
}

TEST(old_parse_bitmap_is_strict, ROW(parse_bitmap_is_strict))
{
	unsigned long words[3] = {~0UL, ~0UL, ~0UL};
	char line[] = "80000000,00000001,00000002\n", copy[sizeof(line)];

	find();
	memcpy(copy, line, sizeof(line));
	EQUAL(old_parse_bitmap(line, words, 128), 0);
	EQUAL(words[1], 0x80000000UL);
	CHECK(!memcmp(line, copy, sizeof(line)), "the line has changed");
	EQUAL(old_parse_bitmap(line, words, 64), -1);
	EQUAL(old_parse_bitmap(NULL, words, 64), -1);
	EQUAL(old_parse_bitmap(line, NULL, 64), -1);
	EQUAL(old_parse_bitmap(line, words, -1), -1);
}

TEST(old_null_masks, ROW(null_masks_are_empty_masks))
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)];

	find();
	raw_policy(MPOL_INTERLEAVE, &machine.usable);
	QUIET(old_set_interleave_mask(NULL));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	QUIET(EQUAL(old_run_on_node_mask(NULL), -1));
	FAILS(old_node_to_cpus(machine.first, NULL, numa_num_possible_cpus() / 8), -1, ERANGE);
	FAILS(old_node_to_cpus(-1, words, (int)sizeof(words)), -1, ERANGE);
}

TEST(old_affinity_takes_bytes)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)], kernel[AFFINITY_BYTES / sizeof(long)];
	long bytes = raw_affinity(kernel);

	find();
	SKIP_IF(bytes < 0, "sched_getaffinity is denied");
	memset(words, 0, sizeof(words));
	EQUAL(old_sched_getaffinity(0, sizeof(words), words), bytes);
	CHECK(!memcmp(words, kernel, (size_t)bytes), "CPUs");
	EQUAL(old_sched_getaffinity(0, (unsigned)bytes, words), bytes);
	EQUAL(old_sched_setaffinity(0, (unsigned)bytes, words), 0);
	FAILS(old_sched_getaffinity(0, 1, words), -1, EINVAL);
	FAILS(old_sched_getaffinity(0, 0, words), -1, EINVAL);
	FAILS(old_sched_getaffinity(INT32_MAX, sizeof(words), words), -1, ESRCH);
	memset(words, 0, sizeof(words));
	FAILS(old_sched_setaffinity(0, sizeof(words), words), -1, EINVAL);
	FAILS(old_sched_setaffinity(0, 0, NULL), -1, EINVAL);
}

/* Only whole words are asked for; a buffer that is too small is an error, and what is behind it stays. */
TEST(old_buffers_of_many_lengths)
{
	static const int lengths[] = {0, 1, 4, 7, 8, 16, 24, 32, 40, 64, 128, 256, 512, 1024, 2048};
	int needed = numa_num_possible_cpus() / 8;

	find();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);

		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			unsigned long words[512];

			memset(words, 0x55, sizeof(words));
			if (lengths[i] < needed) {
				FAILS(old_node_to_cpus(node, words, lengths[i]), -1, ERANGE);
			} else {
				EQUAL(old_node_to_cpus(node, words, lengths[i]), 0);
				for (int cpu = 0; cpu < lengths[i] * 8 && cpu < BITS; cpu++)
					EQUAL(words[cpu / 64] >> (cpu % 64) & 1, has(&cpus, cpu));
			}
			EQUAL(words[(lengths[i] + 7) / 8], 0x5555555555555555);
		}
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		unsigned long words[512] = {0}, raw[512] = {0};
		long wanted = syscall(SYS_sched_getaffinity, 0, (size_t)lengths[i], raw);
		int error = errno;

		if (wanted < 0)
			FAILS(old_sched_getaffinity(0, (unsigned)lengths[i], words), -1, error);
		else
			EQUAL(old_sched_getaffinity(0, (unsigned)lengths[i], words), wanted);
		CHECK(!memcmp(words, raw, sizeof(words)), "%d bytes", lengths[i]);
		AS_RAW("old sched_setaffinity", old_sched_setaffinity(0, (unsigned)lengths[i], raw),
		       syscall(SYS_sched_setaffinity, 0, (size_t)lengths[i], raw));
	}
}

TEST(old_masks_as_the_kernel)
{
	find();
	for (int node = 0; node <= last(&machine.nodes) + 2 && node < NUMA_NUM_NODES; node++) {
		nodemask_t mask = old_of(node);
		struct set set = only(node);

		AS_RAW("old set_interleave_mask", old_set_interleave_mask(&mask),
		       COMPLAINS("set_mempolicy", raw_policy(MPOL_INTERLEAVE, &set)));
		AS_RAW("old interleave_memory", old_interleave_memory(memory, SIZE / 2, &mask),
		       COMPLAINS("mbind", syscall(SYS_mbind, memory, SIZE / 2, MPOL_INTERLEAVE, set.words, (unsigned long)BITS, 0)));
		/* Above 15 is a row of differences.md. */
		if (node >= 16)
			continue;
		AS_RAW("old set_membind", old_set_membind(&mask), COMPLAINS("set_mempolicy", raw_policy(MPOL_BIND, &set)));
		AS_RAW("old tonodemask_memory", old_tonodemask_memory(memory, SIZE / 2, &mask),
		       COMPLAINS("mbind", syscall(SYS_mbind, memory, SIZE / 2, MPOL_BIND, set.words, (unsigned long)BITS, 0)));
		AS_RAW("old alloc_interleaved_subset", memory = old_alloc_interleaved_subset(SIZE / 2, &mask),
		       COMPLAINS("mbind", syscall(SYS_mbind, memory, SIZE / 2, MPOL_INTERLEAVE, set.words, (unsigned long)BITS, 0)));
		/* A node without memory is a row, and what is said of ids in gaps is in incomplete.c. */
		if (node <= last(&machine.nodes) && !has(&machine.memory, node))
			continue;
		struct bitmask *new = one_node(node);
		if (has(&machine.nodes, node))
			AS_RAW("old run_on_node_mask", old_run_on_node_mask(&mask), numa_run_on_node(node));
		AS_RAW("old bind", old_bind(&mask), numa_bind(new));
		if (has(&machine.usable, 0))
			AS_RAW("old tonodemask_memory, preferred", numa_set_bind_policy(0);
			       old_tonodemask_memory(memory, SIZE / 2, &mask),
			       numa_set_bind_policy(0); numa_tonodemask_memory(memory, SIZE / 2, new));
		AS_RAW("old tonodemask_memory, strict", numa_set_strict(1); memset(memory, 1, SIZE / 2);
		       old_tonodemask_memory(memory, SIZE / 2, &mask),
		       numa_set_strict(1); memset(memory, 1, SIZE / 2); numa_tonodemask_memory(memory, SIZE / 2, new));
		numa_bitmask_free(new);
	}
	EXITS(1, nodemask_t none = old_of(-1); numa_exit_on_error = 1; old_set_membind(&none));
	EXITS(1, nodemask_t none = old_of(-1); numa_exit_on_error = 1; old_bind(&none));
	EXITS(1, nodemask_t none = old_of(-1); numa_exit_on_error = 1; old_interleave_memory(fresh(1), page(), &none));
}

/* Several nodes at once, all bits, and none. */
TEST(old_masks_of_several_nodes)
{
	struct set set = {{0}};
	nodemask_t mask = old_of(-1), none = old_of(-1), all, got;
	size_t pages;
	char *memory;

	find();
	EACH(node, &machine.usable)
		if (node < 16) {
			nodemask_set_compat(&mask, node);
			add(&set, node);
		}
	SKIP_IF(!count(&set), "no usable node below 16");
	pages = 3 * (size_t)count(&set);
	memory = old_alloc_interleaved_subset(pages * page(), &mask);
	madvise(memory, pages * page(), MADV_NOHUGEPAGE);
	CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set) && spread(memory, pages, &set), "alloc");
	numa_free(memory, pages * page());
	memory = fresh(pages);
	madvise(memory, pages * page(), MADV_NOHUGEPAGE);
	QUIET(old_tonodemask_memory(memory, pages * page(), &mask));
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "tonodemask");
	QUIET(old_interleave_memory(memory, pages * page(), &mask));
	CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set) && spread(memory, pages, &set), "interleave");
	PRINTS("mbind: Invalid argument\n", old_tonodemask_memory(memory + 1, page(), &mask));
	PRINTS("mbind: Invalid argument\n", old_interleave_memory(memory + 1, page(), &mask));
	munmap(memory, pages * page());
	QUIET(old_set_membind(&mask));
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "membind");
	CHECK(is_old(old_get_membind(), &set), "get_membind");
	CHECK(is_old(old_get_interleave_mask(), &nothing), "no interleave under bind");
	raw_policy(MPOL_DEFAULT, NULL);
	CHECK(is_old(old_get_interleave_mask(), &nothing), "no interleave");
	memset(&all, 0xff, sizeof(all));
	AS_RAW("all bits", old_set_interleave_mask(&all), struct set every = {{0}};
	       memcpy(every.words, all.n, sizeof(all.n));
	       COMPLAINS("set_mempolicy", raw_policy(MPOL_INTERLEAVE, &every)));
	PRINTS("numa_sched_setaffinity_v2_int() failed: Invalid argument\nset_mempolicy: Invalid argument\n", old_bind(&none));
	for (int i = 0; i < 2; i++) {
		unsigned long words[AFFINITY_BYTES / sizeof(long)];

		raw_affinity(words);
		got = old_get_run_node_mask();
		EACH(node, &machine.memory) {
			struct set cpus = cpus_of(node);
			int runs = 0;

			EACH(cpu, &cpus)
				runs |= (int)(words[cpu / 64] >> (cpu % 64) & 1);
			if (node < NUMA_NUM_NODES)
				CHECK(nodemask_isset_compat(&got, node) == runs, "node %d, try %d", node, i);
		}
		stay_put();
	}
}

/* The inline functions of the header that stand for the old ones. */
TEST(compat_inline_functions)
{
	nodemask_t mask, got;
	char *memory;

	look();
	SKIP_IF(machine.first >= NUMA_NUM_NODES, "node %d does not fit an old mask", machine.first);
	mask = old_of(machine.first);
	struct set set = only(machine.first);
	numa_set_membind_compat(&mask);
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "membind");
	got = numa_get_membind_compat();
	CHECK(is_old(got, &set), "get_membind");
	numa_set_interleave_mask_compat(&mask);
	got = numa_get_interleave_mask_compat();
	CHECK(is_old(got, &set), "interleave");
	memory = numa_alloc_interleaved_subset_compat(SIZE, &mask);
	CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "alloc");
	numa_tonodemask_memory_compat(memory, SIZE, &mask);
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "tonodemask");
	numa_interleave_memory_compat(memory, SIZE, &mask);
	CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "interleave_memory");
	numa_free(memory, SIZE);
	raw_policy(MPOL_DEFAULT, NULL);
	unsigned long words[AFFINITY_BYTES / sizeof(long)] = {0}, kernel[AFFINITY_BYTES / sizeof(long)];
	long bytes = raw_affinity(kernel);
	struct set cpus = cpus_of(machine.first);
	EQUAL(numa_sched_getaffinity_compat(0, sizeof(words), words), bytes);
	CHECK(!memcmp(words, kernel, sizeof(words)), "getaffinity");
	EQUAL(numa_sched_setaffinity_compat(0, (unsigned)bytes, words), 0);
	memset(words, 0, sizeof(words));
	EQUAL(numa_node_to_cpus_compat(machine.first, words, sizeof(words)), 0);
	for (int cpu = 0; cpu < BITS; cpu++)
		EQUAL(words[cpu / 64] >> (cpu % 64) & 1, has(&cpus, cpu));
	if (count(&cpus)) {
		AS_RAW("bind_compat", numa_bind_compat(&mask), numa_run_on_node(machine.first);
		       raw_policy(MPOL_BIND, &set));
		AS_RAW("run_on_node_mask_compat", numa_run_on_node_mask_compat(&mask), numa_run_on_node(machine.first));
		EQUAL(IN_CHILD(if (!numa_run_on_node(machine.first)) {
			got = numa_get_run_node_mask_compat(); CHECK(is_old(got, &set), "get_run_node_mask"); }), 0);
	}
}
