/* Counts and exported sets, with the /sys and /proc of this machine, with others, and without. */
#include "machine.h"
#include "fake.h"

TEST(numa_is_available)
{
	int wanted = syscall(SYS_get_mempolicy, NULL, NULL, 0UL, NULL, 0) &&
		     (errno == ENOSYS || errno == EPERM) ? -1 : 0;

	errno = UNTOUCHED;
	EQUAL(numa_available(), wanted);
	EQUAL(numa_available(), wanted);
}

/* Linux 7.3 shows as many bits as there are possible nodes. */
static int with_digits_of_a_part_of_a_long(void)
{
	struct set set;

	return status_map("Mems_allowed:", &set) % (int)LONG_BITS != 0;
}

TEST(possible_nodes_are_the_kernels_mask_size, ROW_WHERE(with_digits_of_a_part_of_a_long, possible_nodes_beyond_the_digits))
{
	struct set set;
	int bits = status_map("Mems_allowed:", &set);

	SKIP_IF(bits < 0, "no Mems_allowed in /proc/self/status");
	bits = (bits + (int)LONG_BITS - 1) / (int)LONG_BITS * (int)LONG_BITS;
	EQUAL(numa_num_possible_nodes(), bits);
	EQUAL(numa_max_possible_node(), bits - 1);
}

TEST(possible_cpus_are_what_sched_getaffinity_returns)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)];
	long bytes = raw_affinity(words);

	SKIP_IF(bytes <= 0, "sched_getaffinity is denied");
	EQUAL(numa_num_possible_cpus(), bytes * 8);
}

TEST(configured_nodes_are_those_of_sys, ROW_WHERE(with_memoryless_nodes, memoryless_nodes_are_configured))
{
	look();
	EQUAL(numa_num_configured_nodes(), count(&machine.nodes));
	EQUAL(numa_max_node(), last(&machine.nodes));
	CHECK(holds(numa_nodes_ptr, &machine.nodes), "%s", text_of(numa_nodes_ptr));
	EQUAL(numa_nodes_ptr->size, numa_num_possible_nodes());
}

TEST(configured_cpus_are_those_of_sysconf)
{
	EQUAL(numa_num_configured_cpus(), sysconf(_SC_NPROCESSORS_CONF));
}

TEST(task_nodes_are_the_allowed_ones)
{
	look();
	EQUAL(numa_num_task_nodes(), count(&machine.allowed));
	EQUAL(numa_num_thread_nodes(), numa_num_task_nodes());
	CHECK(holds(numa_all_nodes_ptr, &machine.allowed), "%s", text_of(numa_all_nodes_ptr));
	EQUAL(numa_all_nodes_ptr->size, numa_num_possible_nodes());
}

TEST(task_cpus_are_the_allowed_ones)
{
	struct set allowed;
	long configured = sysconf(_SC_NPROCESSORS_CONF);

	SKIP_IF(status_map("Cpus_allowed:", &allowed) < 0, "no Cpus_allowed in /proc/self/status");
	for (long cpu = configured; cpu < BITS; cpu++)
		allowed.words[(unsigned long)cpu / LONG_BITS] &=
			~(1UL << ((unsigned long)cpu % LONG_BITS));
	EQUAL(numa_num_task_cpus(), count(&allowed));
	EQUAL(numa_num_thread_cpus(), numa_num_task_cpus());
	CHECK(holds(numa_all_cpus_ptr, &allowed), "%s", text_of(numa_all_cpus_ptr));
	EQUAL(numa_all_cpus_ptr->size, numa_num_possible_cpus());
}

/* One CPU, so that the sets differ from those of the machine. */
static const char *on_one_cpu(void)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)];
	long bytes = raw_affinity(words);
	int found = 0;

	if (bytes <= 0)
		return "sched_getaffinity is denied";
	for (long i = bytes / (long)sizeof(long) - 1; i >= 0; i--)
		for (int bit = 63; bit >= 0; bit--)
			if (words[i] >> bit & 1) {
				words[i] &= ~(1UL << bit);
				if (!found++)
					words[i] |= 1UL << bit;
				if (found == 1) {
					/* the highest one stays */
					memset(words, 0, (size_t)i * sizeof(long));
					words[i] = 1UL << bit;
				}
			}
	if (syscall(SYS_sched_setaffinity, 0, (size_t)bytes, words))
		return "sched_setaffinity is denied";
	return NULL;
}

#define CPU1_ONLINE "/sys/devices/system/cpu/cpu1/online"

static void cpu1_on_again(void)
{
	write_file(CPU1_ONLINE, "1");
}

/* Only on a machine that is ours. */
static const char *cpu1_goes(void)
{
	if (!getenv("NUMAVM"))
		return "no CPU is switched off outside of the virtual machine";
	if (getuid())
		return "not root";
	if (sysconf(_SC_NPROCESSORS_CONF) < 2 || access(CPU1_ONLINE, W_OK))
		return "there is no CPU 1 to be switched off";
	write_file(CPU1_ONLINE, "0");
	return NULL;
}

TEST_IN(cpu1_goes, cpus_that_are_offline_count)
{
	struct set allowed;
	struct bitmask *parsed;

	atexit(cpu1_on_again);
	/* Not in sched_getaffinity, but the process may use it when it comes back. */
	CHECK(status_map("Cpus_allowed:", &allowed) >= 0, "no Cpus_allowed");
	SKIP_IF(!has(&allowed, 1), "a cpuset loses a CPU that goes offline");
	CHECK(numa_bitmask_isbitset(numa_all_cpus_ptr, 1), "%s", text_of(numa_all_cpus_ptr));
	parsed = numa_parse_cpustring("1");
	CHECK(parsed != NULL, "CPU 1 cannot be named");
	numa_bitmask_free(parsed);
	EQUAL(numa_num_configured_cpus(), sysconf(_SC_NPROCESSORS_CONF));
	EQUAL(numa_num_task_cpus(), (int)numa_bitmask_weight(numa_all_cpus_ptr));
	/* The CPUs of its node are those that run. */
	EQUAL(numa_node_of_cpu(1), -1);
}

TEST_IN(cpu1_goes, cpus_that_are_offline_count_after_a_change)
{
	struct set allowed;
	cpu_set_t one;

	atexit(cpu1_on_again);
	CHECK(status_map("Cpus_allowed:", &allowed) >= 0, "no Cpus_allowed");
	SKIP_IF(!has(&allowed, 1), "a cpuset loses a CPU that goes offline");
	/* What the process might use at load counts, not what it may use at the first question. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK(!sched_setaffinity(0, sizeof(one), &one), "no affinity");
	EQUAL(numa_num_task_cpus(), sysconf(_SC_NPROCESSORS_CONF));
	CHECK(numa_bitmask_isbitset(numa_all_cpus_ptr, 1), "%s", text_of(numa_all_cpus_ptr));
}

TEST_IN(on_one_cpu, task_cpus_under_an_affinity)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)];
	unsigned weight = 0;

	EQUAL(numa_num_task_cpus(), 1);
	EQUAL(numa_bitmask_weight(numa_all_cpus_ptr), 1);
	/* Loading has changed neither affinity nor policy. */
	raw_affinity(words);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		weight += (unsigned)__builtin_popcountl(words[i]);
	EQUAL(weight, 1);
	CHECK(is_policy(policy_of(NULL), MPOL_DEFAULT, &nothing), "mode %d", policy_of(NULL).mode);
}

TEST(counts_stay_what_they_were)
{
	int nodes = numa_num_task_nodes(), cpus = numa_num_task_cpus(), possible = numa_num_possible_cpus();
	struct bitmask *mask;

	stay_put();
	look();
	mask = one_node(machine.first);
	numa_set_membind(mask);
	EQUAL(numa_num_task_nodes(), nodes);
	EQUAL(numa_bitmask_weight(numa_all_nodes_ptr), nodes);
	EQUAL(numa_num_task_cpus(), cpus);
	EQUAL(numa_bitmask_weight(numa_all_cpus_ptr), cpus);
	EQUAL(numa_num_possible_cpus(), possible);
	numa_bitmask_free(mask);
	mask = numa_get_mems_allowed();
	CHECK(holds(mask, &machine.allowed), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

TEST(the_empty_sets)
{
	CHECK(holds(numa_no_nodes_ptr, &nothing), "%s", text_of(numa_no_nodes_ptr));
	EQUAL(numa_no_nodes_ptr->size, numa_num_possible_nodes());
	for (size_t i = 0; i < sizeof(numa_no_nodes.n) / sizeof(numa_no_nodes.n[0]); i++)
		EQUAL(numa_no_nodes.n[i], 0);
}

TEST(the_old_set_of_all_nodes, ROW_WHERE(with_counts_that_are_no_ids, old_all_nodes_holds_the_ids))
{
	look();
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), has(&machine.nodes, n));
}

TEST(pagesize)
{
	EQUAL(numa_pagesize(), sysconf(_SC_PAGESIZE));
}

TEST(calls_keep_errno)
{
	errno = UNTOUCHED;
	numa_num_possible_nodes();
	numa_max_possible_node();
	numa_num_possible_cpus();
	numa_max_node();
	numa_num_configured_nodes();
	numa_num_configured_cpus();
	numa_num_task_nodes();
	numa_num_task_cpus();
	numa_num_thread_nodes();
	numa_num_thread_cpus();
	numa_pagesize();
	numa_available();
	EQUAL(errno, UNTOUCHED);
}

/* The variables that a program sets. */
TEST(settings_are_off)
{
	EQUAL(numa_exit_on_error, 0);
	EQUAL(numa_exit_on_warn, 0);
	EQUAL(numa_fail_alloc_on_error, 0);
}

static const char *nodes_0_8_1000(void)
{
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	put_node(0, "00000003\n", "10 20 40\n", 1000);
	put_node(8, "00000000\n", "20 10 30\n", 2000);
	put_node(1000, "00000001,00000000\n", "40 30 10\n", 0);
	return NULL;
}

TEST_IN(nodes_0_8_1000, sparse_nodes)
{
	SKIP_IF(numa_num_possible_nodes() <= 1000, "the kernel has masks of %d nodes", numa_num_possible_nodes());
	EQUAL(numa_max_node(), 1000);
	CHECK(holds_only(numa_nodes_ptr, 0, 8, 1000, -1), "%s", text_of(numa_nodes_ptr));
}

static const char *names_like_nodes(void)
{
	const char *cannot = nodes_0_8_1000();

	if (cannot)
		return cannot;
	put("/sys/devices/system/node/nodes", "no node\n");
	put("/sys/devices/system/node/nodex/cpumap", "no node\n");
	put("/sys/devices/system/node/node3x/cpumap", "no node\n");
	put("/sys/devices/system/node/node-4/cpumap", "no node\n");
	put("/sys/devices/system/node/xnode5/cpumap", "no node\n");
	return NULL;
}

TEST_IN(names_like_nodes, names_that_are_no_nodes, ROW(old_all_nodes_holds_the_ids))
{
	SKIP_IF(numa_num_possible_nodes() <= 1000, "the kernel has masks of %d nodes",
		numa_num_possible_nodes());
	EQUAL(numa_max_node(), 1000);
	EQUAL(numa_num_configured_nodes(), 3);
	CHECK(holds_only(numa_nodes_ptr, 0, 8, 1000, -1), "%s", text_of(numa_nodes_ptr));
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), n == 0 || n == 8);
}

static const char *nodes_127_128(void)
{
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	for (int node = 120; node < 140; node++)
		put_node(node, "0\n", "10\n", 1000);
	return NULL;
}

TEST_IN(nodes_127_128, the_old_set_is_not_overrun, ROW(old_all_nodes_holds_the_ids))
{
	/* The variable's neighbours in this program are not ours to know; its size is. */
	EQUAL(sizeof(numa_all_nodes) * 8, NUMA_NUM_NODES);
	SKIP_IF(NUMA_NUM_NODES != 128, "old masks have %d bits here", NUMA_NUM_NODES);
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), n >= 120);
	for (size_t i = 0; i < sizeof(numa_no_nodes.n) / sizeof(numa_no_nodes.n[0]); i++)
		EQUAL(numa_no_nodes.n[i], 0);
	EQUAL(numa_exit_on_error, 0);
	EQUAL(numa_exit_on_warn, 0);
}

static const char *nodes_0_to_1023(void)
{
	return on_machine("1024nodes");
}

TEST_IN(nodes_0_to_1023, a_thousand_nodes, ROW(old_all_nodes_is_never_overrun))
{
	SKIP_IF(numa_num_possible_nodes() < 1024, "the kernel has masks of %d nodes",
		numa_num_possible_nodes());
	EQUAL(numa_max_node(), 1023);
	EQUAL(numa_num_configured_nodes(), 1024);
	EQUAL(numa_bitmask_weight(numa_nodes_ptr), 1024);
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), 1);
}

TEST_IN(empty_sys, without_sys, ROW(one_node_without_sys))
{
	look();
	EQUAL(numa_available(), 0);
	EQUAL(numa_max_node(), 0);
	EQUAL(numa_num_configured_nodes(), 1);
	CHECK(numa_num_task_nodes() >= 1, "%d", numa_num_task_nodes());
	CHECK(numa_num_task_cpus() >= 1, "%d", numa_num_task_cpus());
	EQUAL(numa_num_task_nodes(), numa_bitmask_weight(numa_all_nodes_ptr));
	CHECK(numa_num_configured_cpus() >= 1, "%d", numa_num_configured_cpus());
	EQUAL(numa_node_size64(0, NULL), -1);
	EQUAL(numa_distance(0, 0), 0);
	EQUAL(numa_node_of_cpu(0), 0);
	struct bitmask *cpus = numa_allocate_cpumask();
	EQUAL(numa_node_to_cpus(0, cpus), 0);
	EQUAL(numa_bitmask_weight(cpus), numa_num_configured_cpus());
	numa_bitmask_free(cpus);
}

DIFFERS_BARE(no_sys_no_proc, possible_nodes_without_proc)
{
	EQUAL(numa_num_possible_nodes(), 1024);
}

TEST_BARE(no_sys_no_proc, without_sys_and_proc, ROW(task_counts_are_never_negative))
{
	int power = numa_num_possible_nodes();
	unsigned long words[AFFINITY_BYTES / sizeof(long)];
	struct bitmask *mask = numa_allocate_cpumask();

	CHECK(power >= 4 && (power & (power - 1)) == 0, "%d possible nodes", power);
	EQUAL(numa_max_possible_node(), power - 1);
	EQUAL(numa_num_possible_cpus(), raw_affinity(words) * 8);
	EQUAL(numa_max_node(), 0);
	EQUAL(numa_num_configured_nodes(), 1);
	CHECK(numa_num_task_nodes() >= 1, "%d", numa_num_task_nodes());
	CHECK(numa_num_task_cpus() >= 1, "%d", numa_num_task_cpus());
	EQUAL(numa_available(), 0);
	CHECK(numa_sched_getaffinity(0, mask) > 0, "errno %d", errno);
	EQUAL(numa_sched_setaffinity(0, mask), 0);
	numa_bitmask_free(mask);
	QUIET(mask = numa_get_membind());
	EQUAL(numa_bitmask_equal(mask, numa_all_nodes_ptr), 1);
	numa_bitmask_free(mask);
}
