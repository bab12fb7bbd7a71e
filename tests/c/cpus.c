/* CPUs of nodes, and on which CPUs threads run. */
#include "machine.h"
#include "fake.h"

#define WORDS (AFFINITY_BYTES / sizeof(long))

/* Whether the calling thread may run on these CPUs and no others. */
static int runs_on(const struct set *cpus)
{
	unsigned long words[WORDS];

	if (raw_affinity(words) < 0)
		return 0;
	for (int cpu = 0; cpu < BITS; cpu++)
		if ((int)(words[(unsigned)cpu / LONG_BITS] >> ((unsigned)cpu % LONG_BITS) & 1) !=
		    has(cpus, cpu))
			return 0;
	return 1;
}

/* The first node whose CPUs this process may all use, or -1. */
static int own_node(void)
{
	look();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);
		int all = count(&cpus) > 0;

		EACH(cpu, &cpus)
			all &= numa_bitmask_isbitset(numa_all_cpus_ptr, (unsigned)cpu);
		if (all && has(&machine.usable, node))
			return node;
	}
	return -1;
}

TEST(node_to_cpus_is_what_sys_lists)
{
	struct bitmask *mask = numa_allocate_cpumask();

	look();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);

		numa_bitmask_setall(mask);
		errno = UNTOUCHED;
		EQUAL(numa_node_to_cpus(node, mask), 0);
		EQUAL(errno, UNTOUCHED);
		CHECK(holds(mask, &cpus), "node %d: %s", node, text_of(mask));
		/* Again, from what was kept. */
		numa_bitmask_setall(mask);
		EQUAL(numa_node_to_cpus(node, mask), 0);
		CHECK(holds(mask, &cpus), "node %d: %s", node, text_of(mask));
		/* And read afresh. */
		numa_node_to_cpu_update();
		numa_bitmask_setall(mask);
		EQUAL(numa_node_to_cpus(node, mask), 0);
		CHECK(holds(mask, &cpus), "node %d: %s", node, text_of(mask));
	}
	numa_bitmask_free(mask);
}

TEST(node_to_cpus_of_bad_nodes)
{
	struct bitmask *mask = numa_allocate_cpumask();

	look();
	FAILS(numa_node_to_cpus(numa_max_node() + 1, mask), -1, ERANGE);
	FAILS(numa_node_to_cpus(numa_max_node() + 2, mask), -1, ERANGE);
	FAILS(numa_node_to_cpus(numa_num_possible_nodes(), mask), -1, ERANGE);
	FAILS(numa_node_to_cpus(100000, mask), -1, ERANGE);
	FAILS(numa_node_to_cpus(INT32_MAX, mask), -1, ERANGE);
	numa_bitmask_free(mask);
}

TEST(node_to_cpus_into_large_masks)
{
	look();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);
		struct bitmask *mask = numa_bitmask_alloc(BITS);

		for (int i = 0; i < 3; i++) {
			numa_bitmask_setall(mask);
			QUIET(EQUAL(numa_node_to_cpus(node, mask), 0));
			CHECK(holds(mask, &cpus), "node %d: %s", node, text_of(mask));
		}
		numa_bitmask_free(mask);
	}
}

TEST(node_to_cpus_into_small_masks, ROW(short_cpu_masks_have_the_same_answer_each_time))
{
	look();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);
		unsigned top = (unsigned)last(&cpus) + 1;
		struct bitmask *mask = numa_bitmask_alloc(top ? top : 1);

		for (int i = 0; i < 3; i++) {
			QUIET(EQUAL(numa_node_to_cpus(node, mask), 0));
			CHECK(holds(mask, &cpus), "node %d: %s", node, text_of(mask));
		}
		numa_bitmask_free(mask);
		if (top > 1) {
			mask = numa_bitmask_alloc(top - 1);
			for (int i = 0; i < 3; i++)
				PRINTS("map size mismatch: Invalid argument\n",
				       FAILS(numa_node_to_cpus(node, mask), -1, EINVAL));
			numa_bitmask_free(mask);
		}
		if (top)
			PRINTS("map size mismatch: Invalid argument\n",
			       FAILS(numa_node_to_cpus(node, NULL), -1, EINVAL));
	}
}

static const char *nodes_0_2_5(void)
{
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	put_node(0, "00000000,00000000,80000001\n", "10 20 30\n", 1000);
	put_node(2, "00000001,00000000\n", "20 10 30\n", 1000);
	put_node(5, "00000000,00000000,00000000\n", "30 30 10\n", 1000);
	return NULL;
}

TEST_IN(nodes_0_2_5, node_to_cpus_of_made_up_nodes)
{
	struct bitmask *mask = numa_allocate_cpumask();

	/* No kernel shows longer maps than it has; the reference takes them for damaged. */
	SKIP_IF(on_reference() && numa_num_possible_cpus() < 96, "the maps are longer than this kernel's");
	EQUAL(numa_node_to_cpus(0, mask), 0);
	CHECK(holds_only(mask, 0, 31, -1), "%s", text_of(mask));
	EQUAL(numa_node_to_cpus(2, mask), 0);
	CHECK(holds_only(mask, 32, -1), "%s", text_of(mask));
	EQUAL(numa_node_to_cpus(5, mask), 0);
	CHECK(holds_only(mask, -1), "%s", text_of(mask));
	/* Whether it is said that node 1 is not there is not asked here. */
	capture();
	FAILS(numa_node_to_cpus(1, mask), -1, ENOENT);
	captured();
	QUIET(FAILS(numa_node_to_cpus(3, mask), -1, ENOENT));
	FAILS(numa_node_to_cpus(6, mask), -1, ERANGE);
	EQUAL(numa_node_of_cpu(31), 0);
	EQUAL(numa_node_of_cpu(32), 2);
	FAILS(numa_node_of_cpu(1), -1, EINVAL);
	numa_bitmask_free(mask);
}

DIFFERS_IN(nodes_0_2_5, found_cpus_leave_errno_alone)
{
	SKIP_IF(on_reference() && numa_num_possible_cpus() < 96, "the maps are longer than this kernel's");
	errno = UNTOUCHED;
	EQUAL(numa_node_of_cpu(32), 2);
	EQUAL(errno, UNTOUCHED);
}

TEST_IN(nodes_0_2_5, only_zero_bits_are_cut, ROW(short_cpu_masks_have_the_same_answer_each_time))
{
	struct bitmask *tiny = numa_bitmask_alloc(1), *full = numa_allocate_cpumask();

	/* Whether they were asked before is no matter. */
	EQUAL(numa_node_to_cpus(5, full), 0);
	EQUAL(numa_node_to_cpus(2, full), 0);
	numa_bitmask_free(full);
	QUIET(EQUAL(numa_node_to_cpus(5, tiny), 0));
	numa_bitmask_free(tiny);
	tiny = numa_bitmask_alloc(33);
	QUIET(EQUAL(numa_node_to_cpus(2, tiny), 0));
	CHECK(holds_only(tiny, 32, -1), "%s", text_of(tiny));
	numa_bitmask_free(tiny);
}

TEST_IN(nodes_0_2_5, updates_reach_every_node, ROW(cpu_update_reaches_all_nodes))
{
	struct bitmask *mask = numa_allocate_cpumask();

	for (int node = 0; node < 6; node++)
		numa_node_to_cpus(node, mask);
	EQUAL(numa_node_of_cpu(31), 0);
	put_node(0, "10\n", "10 20 30\n", 1000);
	put_node(2, "20\n", "20 10 30\n", 1000);
	put_node(5, "40\n", "30 30 10\n", 1000);
	EQUAL(numa_node_to_cpus(0, mask), 0);
	CHECK(holds_only(mask, 0, 31, -1), "%s", text_of(mask));
	for (int i = 0; i < 3; i++) {
		numa_node_to_cpu_update();
		EQUAL(numa_node_to_cpus(0, mask), 0);
		CHECK(holds_only(mask, 4, -1), "%s", text_of(mask));
		EQUAL(numa_node_to_cpus(2, mask), 0);
		CHECK(holds_only(mask, 5, -1), "%s", text_of(mask));
		EQUAL(numa_node_to_cpus(5, mask), 0);
		CHECK(holds_only(mask, 6, -1), "%s", text_of(mask));
		EQUAL(numa_node_of_cpu(6), 5);
	}
	numa_bitmask_free(mask);
}

/* A map of 8192 CPUs with every third group of 32 in node 1. */
static const char *many_cpus(void)
{
	static char map[2][256 * 9 + 1];
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	for (int node = 0; node < 2; node++) {
		char *at = map[node];

		for (int group = 255; group >= 0; group--)
			at += sprintf(at, "%08x%c", (group % 3 == 1) == node ? 0xffffffffu : 0u,
				      group ? ',' : '\n');
		put_node(node, map[node], node ? "20 10\n" : "10 20\n", 1000);
	}
	return NULL;
}

TEST_IN(many_cpus, maps_of_8192_cpus)
{
	struct bitmask *mask = numa_bitmask_alloc(8192);

	SKIP_IF(on_reference() && numa_num_possible_cpus() < 8192, "the kernel has room for %d CPUs",
		numa_num_possible_cpus());
	for (int node = 0; node < 2; node++) {
		int result;

		QUIET(result = numa_node_to_cpus(node, mask));
		if (numa_num_possible_cpus() < 8192) {
			/* More CPUs than the kernel has: cannot be, but must not overrun. */
			CHECK(result == 0 || result == -1, "%d", result);
			continue;
		}
		EQUAL(result, 0);
		for (unsigned cpu = 0; cpu < 8192; cpu++)
			EQUAL(numa_bitmask_isbitset(mask, cpu), (cpu / 32 % 3 == 1) == node);
	}
	numa_bitmask_free(mask);
}

TEST(node_of_cpu, ROW_WHERE(with_gaps, found_cpus_leave_errno_alone))
{
	look();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);

		EACH(cpu, &cpus) {
			errno = UNTOUCHED;
			EQUAL(numa_node_of_cpu(cpu), node);
			EQUAL(errno, UNTOUCHED);
		}
	}
	FAILS(numa_node_of_cpu(-1), -1, EINVAL);
	FAILS(numa_node_of_cpu(INT32_MIN), -1, EINVAL);
	FAILS(numa_node_of_cpu(numa_num_possible_cpus()), -1, EINVAL);
	FAILS(numa_node_of_cpu(INT32_MAX), -1, EINVAL);
}

TEST(run_on_node)
{
	int node = own_node();
	struct set cpus;

	SKIP_IF(node < 0, "no node whose CPUs this process may use");
	cpus = cpus_of(node);
	QUIET(EQUAL(numa_run_on_node(node), 0));
	CHECK(runs_on(&cpus), "not the CPUs of node %d", node);
	QUIET(EQUAL(numa_run_on_node(-1), 0));
	CHECK(!numa_bitmask_equal(numa_no_nodes_ptr, numa_all_cpus_ptr), "no CPUs");
}

TEST(run_on_every_node_with_cpus)
{
	look();
	EACH(node, &machine.cpus) {
		struct set cpus = cpus_of(node);
		int result;

		QUIET(result = numa_run_on_node(node));
		if (result)
			continue; /* outside the cpuset */
		unsigned long words[WORDS];
		raw_affinity(words);
		for (int cpu = 0; cpu < BITS; cpu++)
			if (words[(unsigned)cpu / LONG_BITS] >> ((unsigned)cpu % LONG_BITS) & 1)
				CHECK(has(&cpus, cpu), "CPU %d is not of node %d", cpu, node);
	}
	EACH(node, &machine.nodes)
		if (!has(&machine.cpus, node))
			QUIET(FAILS(numa_run_on_node(node), -1, EINVAL));
}

TEST(run_on_bad_nodes)
{
	FAILS(numa_run_on_node(numa_num_possible_nodes()), -1, EINVAL);
	FAILS(numa_run_on_node(100000), -1, EINVAL);
	FAILS(numa_run_on_node(INT32_MAX), -1, EINVAL);
	PRINTS("libnuma: Warning: Cannot read node cpumask from sysfs\n",
	       FAILS(numa_run_on_node(numa_max_node() + 1), -1, ERANGE));
	QUIET(FAILS(numa_run_on_node(numa_max_possible_node()), -1, ERANGE));
}

TEST(run_on_node_mask)
{
	int node = own_node();
	struct bitmask *mask, *got;
	struct set cpus;

	SKIP_IF(node < 0, "no node whose CPUs this process may use");
	cpus = cpus_of(node);
	mask = one_node(node);
	QUIET(EQUAL(numa_run_on_node_mask(mask), 0));
	CHECK(runs_on(&cpus), "not the CPUs of node %d", node);
	got = numa_get_run_node_mask();
	CHECK(holds_only(got, node, -1), "%s", text_of(got));
	numa_bitmask_free(got);
	numa_bitmask_free(mask);
	/* The last bit of a short mask counts. */
	mask = mask_of((unsigned)node + 1, node, -1);
	QUIET(EQUAL(numa_run_on_node_mask(mask), 0));
	QUIET(EQUAL(numa_run_on_node_mask_all(mask), 0));
	CHECK(runs_on(&cpus), "not the CPUs of node %d", node);
	numa_bitmask_free(mask);
}

TEST(run_on_masks_without_a_cpu)
{
	static const char message[] = "numa_sched_setaffinity_v2_int() failed: Invalid argument\n";
	struct bitmask *mask = numa_allocate_nodemask();

	PRINTS(message, FAILS(numa_run_on_node_mask(mask), -1, EINVAL));
	PRINTS(message, FAILS(numa_run_on_node_mask_all(mask), -1, EINVAL));
	numa_bitmask_free(mask);
}

TEST(run_on_a_mask_with_a_node_that_does_not_exist)
{
	char warning[128];
	int node = own_node();
	struct bitmask *mask;

	SKIP_IF(node < 0, "no node whose CPUs this process may use");
	mask = one_node(node);
	numa_bitmask_setbit(mask, mask->size - 1);
	SKIP_IF(has(&machine.nodes, (long)mask->size - 1), "the highest id exists");
	snprintf(warning, sizeof(warning), "libnuma: Warning: node %lu not allowed\n", mask->size - 1);
	PRINTS(warning, EQUAL(numa_run_on_node_mask(mask), 0));
	QUIET(EQUAL(numa_run_on_node_mask(mask), 0));
	numa_bitmask_free(mask);
}

TEST(run_on_all_takes_any_node)
{
	look();
	EACH(node, &machine.cpus) {
		struct bitmask *mask = one_node(node);
		struct set cpus = cpus_of(node);
		int result;

		capture();
		result = numa_run_on_node_mask_all(mask);
		captured();
		if (!result) {
			unsigned long words[WORDS];
			raw_affinity(words);
			for (int cpu = 0; cpu < BITS; cpu++)
				if (words[(unsigned)cpu / LONG_BITS] >> ((unsigned)cpu % LONG_BITS) & 1)
					CHECK(has(&cpus, cpu), "CPU %d", cpu);
		}
		numa_bitmask_free(mask);
	}
}

/* The nodes of the CPUs that the thread may run on. A node with memory that the process may not use does
 * not count. */
static struct set run_nodes(void)
{
	struct set nodes = {{0}};
	unsigned long words[WORDS];

	SKIP_IF(raw_affinity(words) < 0, "sched_getaffinity is denied");
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);

		if (!has(&machine.allowed, node) && has(&machine.memory, node))
			continue;
		EACH(cpu, &cpus)
			if (words[(unsigned)cpu / LONG_BITS] >> ((unsigned)cpu % LONG_BITS) & 1)
				add(&nodes, node);
	}
	return nodes;
}

TEST(run_node_mask_is_where_the_affinity_is, ROW_WHERE(with_cpus_without_memory, run_node_mask_holds_nodes_without_memory))
{
	struct bitmask *got;
	struct set wanted;

	look();
	wanted = run_nodes();
	QUIET(got = numa_get_run_node_mask());
	CHECK(holds(got, &wanted), "%s", text_of(got));
	numa_bitmask_free(got);
	/* It follows the thread: to each node, and back to all of them. */
	EACH(node, &wanted) {
		QUIET(EQUAL(numa_run_on_node(node), 0));
		QUIET(got = numa_get_run_node_mask());
		CHECK(holds_only(got, node, -1), "on node %d: %s", node, text_of(got));
		numa_bitmask_free(got);
	}
	stay_put();
	wanted = run_nodes();
	QUIET(got = numa_get_run_node_mask());
	CHECK(holds(got, &wanted), "on one CPU: %s", text_of(got));
	numa_bitmask_free(got);
}

TEST(getaffinity_is_the_kernels)
{
	unsigned long words[WORDS];
	long bytes = raw_affinity(words);
	struct bitmask *mask = numa_allocate_cpumask(), *large = numa_bitmask_alloc(1 << 16);

	SKIP_IF(bytes < 0, "sched_getaffinity is denied");
	errno = UNTOUCHED;
	EQUAL(numa_sched_getaffinity(0, mask), bytes);
	EQUAL(numa_sched_getaffinity(getpid(), mask), bytes);
	EQUAL(errno, UNTOUCHED);
	CHECK(!memcmp(mask->maskp, words, (size_t)bytes), "%s", text_of(mask));
	EQUAL(numa_sched_getaffinity(0, large), bytes);
	EQUAL(numa_bitmask_equal(mask, large), 1);
	FAILS(numa_sched_getaffinity(-1, mask), -1, ESRCH);
	FAILS(numa_sched_getaffinity(INT32_MAX, mask), -1, ESRCH);
	numa_bitmask_free(mask);
	numa_bitmask_free(large);
}

TEST(setaffinity_is_the_kernels)
{
	struct bitmask *mask = numa_allocate_cpumask(), *got = numa_allocate_cpumask();
	unsigned cpu = 0;

	numa_sched_getaffinity(0, got);
	while (!numa_bitmask_isbitset(got, cpu))
		cpu++;
	numa_bitmask_setbit(mask, cpu);
	errno = UNTOUCHED;
	EQUAL(numa_sched_setaffinity(0, mask), 0);
	EQUAL(errno, UNTOUCHED);
	numa_sched_getaffinity(0, got);
	CHECK(holds_only(got, (int)cpu, -1), "%s", text_of(got));
	numa_bitmask_clearall(mask);
	FAILS(numa_sched_setaffinity(0, mask), -1, EINVAL);
	numa_bitmask_setbit(mask, cpu);
	FAILS(numa_sched_setaffinity(INT32_MAX, mask), -1, ESRCH);
	numa_bitmask_free(mask);
	/* The last bit of a short mask counts. */
	mask = mask_of(cpu + 1, (int)cpu, -1);
	EQUAL(numa_sched_setaffinity(0, mask), 0);
	numa_bitmask_free(mask);
	numa_bitmask_free(got);
}

TEST(null_masks_of_cpus, ROW(null_masks_are_empty_masks))
{
	static const char message[] = "numa_sched_setaffinity_v2_int() failed: Invalid argument\n";

	PRINTS(message, FAILS(numa_run_on_node_mask(NULL), -1, EINVAL));
	PRINTS(message, FAILS(numa_run_on_node_mask_all(NULL), -1, EINVAL));
	FAILS(numa_sched_getaffinity(0, NULL), -1, EINVAL);
	FAILS(numa_sched_setaffinity(0, NULL), -1, EINVAL);
}

/* ---- for many masks ------------------------------------------------------------------------- */

static void set_cpus(const struct set *cpus)
{
	COMPLAINS("numa_sched_setaffinity_v2_int() failed",
		  syscall(SYS_sched_setaffinity, 0, (size_t)numa_num_possible_cpus() / 8, cpus->words));
}

/* What a mask of nodes means: the CPUs of those that are known, and a warning for the first other. Nodes
 * with CPUs and without memory are rows of differences.md: masks with one are left out. */
static void run_on_many_masks(const char *what, int (*run)(struct bitmask *), const struct set *known)
{
	EACH_MASK(mask) {
		struct set cpus = {{0}};
		int other = -1, left_out = 0;

		for (int node = 0; node < BITS; node++) {
			struct set of_node;

			if (!numa_bitmask_isbitset(mask, (unsigned)node))
				continue;
			/* What is said of ids in gaps: incomplete.c. */
			left_out |= node <= last(&machine.nodes) && !has(&machine.memory, node);
			if (!has(known, node)) {
				other = other < 0 ? node : other;
				continue;
			}
			of_node = cpus_of(node);
			EACH(cpu, &of_node)
				add(&cpus, cpu);
		}
		if (left_out)
			continue;
		AS_RAW(what, run(mask),
		       if (other >= 0)
			       dprintf(2, "libnuma: Warning: node %d not allowed\n", other);
		       set_cpus(&cpus));
	}
}

/* A node is the mask with it alone, and -1 is all CPUs, whatever the thread ran on. */
TEST(run_on_nodes_of_all_kinds)
{
	static const struct set all = {{[0 ... BITS / LONG_BITS - 1] = ~0UL}};

	look();
	EACH(node, &machine.cpus) {
		struct set cpus = cpus_of(node);

		/* A node without memory is a row of differences.md. */
		if (has(&machine.usable, node))
			AS_RAW("run_on_node", numa_run_on_node(node), set_cpus(&cpus));
	}
	AS_RAW("run_on_node -1", numa_run_on_node(-1), set_cpus(&all));
}

/* Each call counts anew, and the warning comes once. */
static void run_one_after_the_other(int (*run)(struct bitmask *), const char *warning)
{
	struct bitmask *beyond = one_node(last(&machine.nodes) + 1);

	EACH(node, &machine.usable) {
		struct bitmask *mask = one_node(node);
		struct set cpus = cpus_of(node);
		unsigned long words[WORDS];

		capture();
		if (!run(mask) && !raw_affinity(words))
			CHECK(runs_on(&cpus), "node %d", node);
		captured();
		numa_bitmask_free(mask);
	}
	capture();
	run(beyond);
	CHECK(strstr(captured(), warning), "%s", check_text);
	capture();
	run(beyond);
	CHECK(!strstr(captured(), warning), "%s", check_text);
	numa_bitmask_free(beyond);
}

TEST(run_on_masks_one_after_the_other)
{
	char warning[64];

	look();
	snprintf(warning, sizeof(warning), "libnuma: Warning: node %d not allowed\n", last(&machine.nodes) + 1);
	EQUAL(IN_CHILD(run_one_after_the_other(numa_run_on_node_mask, warning)), 0);
	EQUAL(IN_CHILD(run_one_after_the_other(numa_run_on_node_mask_all, warning)), 0);
}

TEST(run_on_masks_of_all_kinds)
{
	look();
	run_on_many_masks("run_on_node_mask", numa_run_on_node_mask, &machine.allowed);
	run_on_many_masks("run_on_node_mask_all", numa_run_on_node_mask_all, &machine.nodes);
}

/* Masks of any length; the kernel takes what fits. */
TEST(affinity_masks_of_many_lengths)
{
	static const unsigned lengths[] = {1, 8, 63, 64, 65, 128, 1000, 8192, 100000};

	look();
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t bytes = (lengths[i] + LONG_BITS - 1) / LONG_BITS * sizeof(long);

		for (int cpu = -1; cpu <= numa_num_configured_cpus(); cpu++) {
			struct bitmask *mask = mask_of(lengths[i], cpu, -1);

			AS_RAW("sched_setaffinity", numa_sched_setaffinity(0, mask),
			       syscall(SYS_sched_setaffinity, 0, bytes, mask->maskp));
			numa_bitmask_free(mask);
		}
		struct bitmask *mask = numa_bitmask_alloc(lengths[i]), *raw = numa_bitmask_alloc(lengths[i]);
		long wanted = syscall(SYS_sched_getaffinity, 0, bytes, raw->maskp);
		int error = errno;

		if (wanted < 0)
			FAILS(numa_sched_getaffinity(0, mask), -1, error);
		else
			EQUAL(numa_sched_getaffinity(0, mask), wanted);
		CHECK(!memcmp(mask->maskp, raw->maskp, bytes), "%s", text_of(mask));
		numa_bitmask_free(mask);
		numa_bitmask_free(raw);
	}
}

TEST(affinity_of_other_processes)
{
	struct bitmask *mask = numa_allocate_cpumask(), *seen = numa_allocate_cpumask();
	int ends[2];
	pid_t pid;

	CHECK(!pipe(ends), "no pipe");
	pid = fork();
	if (!pid) {
		char byte;

		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	numa_sched_getaffinity(0, seen);
	EQUAL(numa_sched_getaffinity(pid, mask) > 0, 1);
	EQUAL(numa_bitmask_equal(mask, seen), 1);
	stay_put();
	numa_sched_getaffinity(0, mask);
	EQUAL(numa_sched_setaffinity(pid, mask), 0);
	EQUAL(numa_sched_getaffinity(pid, seen) > 0, 1);
	EQUAL(numa_bitmask_equal(mask, seen), 1);
	close(ends[1]);
	waitpid(pid, NULL, 0);
	FAILS(numa_sched_setaffinity(0x3fffffff, mask), -1, ESRCH);
	numa_bitmask_free(mask);
	numa_bitmask_free(seen);
}

TEST(node_of_cpu_for_every_number)
{
	look();
	for (int cpu = 0; cpu < numa_num_possible_cpus() + 2; cpu++) {
		int wanted = -1;

		EACH(node, &machine.nodes) {
			struct set cpus = cpus_of(node);

			if (has(&cpus, cpu))
				wanted = node;
		}
		if (wanted < 0)
			FAILS(numa_node_of_cpu(cpu), -1, EINVAL);
		else
			EQUAL(numa_node_of_cpu(cpu), wanted);
	}
}
