/*
 * CPUs whose numbers have gaps: 0, 1, 8 and 9 are possible, the last two are offline. Numbers are
 * ids, and no count of CPUs is a bound for them.
 */
#include "machine.h"
#include "fake_status.h"

#define CPU_DIR "/sys/devices/system/cpu"

/* On CPUs 0 and 1, which are there. */
static const char *only_two_cpus(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CPU_SET(1, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || sched_getaffinity(0, sizeof(cpus), &cpus) ||
	    CPU_COUNT(&cpus) != 2)
		return "CPUs 0 and 1 are not both there";
	return NULL;
}

static const char *cpus_with_gaps(void)
{
	static const char *const files[][2] = {
		{"possible", "0-1,8-9"}, {"present", "0-1,8-9"}, {"online", "0-1"}, {"offline", "8-9"}, {"kernel_max", "63"},
	};
	const char *cannot = no_nodes_yet();
	char path[128], text[64];

	if (!cannot)
		cannot = only_two_cpus();
	if (!cannot)
		cannot = cover(CPU_DIR);
	if (cannot)
		return cannot;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), CPU_DIR "/%s", files[i][0]);
		snprintf(text, sizeof(text), "%s\n", files[i][1]);
		put(path, text);
	}
	make_dirs(CPU_DIR "/cpu0");
	make_dirs(CPU_DIR "/cpu1");
	put(CPU_DIR "/cpu8/online", "0\n");
	put(CPU_DIR "/cpu9/online", "0\n");
	put_node(0, "00000303\n", "10\n", 4096);
	return fake_status("00000303", "00000000,00000001");
}

/* What a string names, which is freed. */
#define NAMES(call, ...)                                                         \
	do {                                                                     \
		struct bitmask *mask_;                                           \
		QUIET(mask_ = (call));                                           \
		CHECK(holds_only(mask_, __VA_ARGS__, -1), "%s is %s", #call, text_of(mask_)); \
		numa_bitmask_free(mask_);                                        \
	} while (0)

#define REFUSED(call)                                                            \
	do {                                                                     \
		struct bitmask *mask_;                                           \
		capture();                                                       \
		mask_ = (call);                                                  \
		captured();                                                      \
		CHECK(!mask_, "%s is %s", #call, text_of(mask_));                \
		numa_bitmask_free(mask_);                                        \
	} while (0)

DIFFERS_IN(cpus_with_gaps, cpu_strings_of_all_cpus)
{
	NAMES(numa_parse_cpustring_all("8"), 8);
	NAMES(numa_parse_cpustring_all("9,0"), 0, 9);
	NAMES(numa_parse_cpustring_all("all"), 0, 1, 8, 9);
	NAMES(numa_parse_cpustring_all("!0"), 1, 8, 9);
	NAMES(numa_parse_cpustring_all("!8-9"), 0, 1);
	NAMES(numa_parse_cpustring_all("1-8"), 1, 8);
	NAMES(numa_parse_cpustring_all("+2"), 8);
	NAMES(numa_parse_cpustring_all("+1-3"), 1, 8, 9);
	REFUSED(numa_parse_cpustring_all("2"));
	REFUSED(numa_parse_cpustring_all("7"));
	REFUSED(numa_parse_cpustring_all("10"));
	REFUSED(numa_parse_cpustring_all("+4"));
}

TEST_IN(cpus_with_gaps, cpu_strings_of_allowed_cpus, ROW(cpu_strings_of_all_cpus))
{
	NAMES(numa_parse_cpustring("8"), 8);
	NAMES(numa_parse_cpustring("all"), 0, 1, 8, 9);
	NAMES(numa_parse_cpustring("!0"), 1, 8, 9);
	NAMES(numa_parse_cpustring("!9"), 0, 1, 8);
	NAMES(numa_parse_cpustring("0-8"), 0, 1, 8);
	NAMES(numa_parse_cpustring("+3"), 9);
	REFUSED(numa_parse_cpustring("3"));
	REFUSED(numa_parse_cpustring("10"));
}

TEST_IN(cpus_with_gaps, sets_and_counts_of_cpus)
{
	EQUAL(numa_num_task_cpus(), 4);
	EQUAL(numa_num_thread_cpus(), 4);
	EQUAL(numa_bitmask_weight(numa_all_cpus_ptr), 4);
	CHECK(holds_only(numa_all_cpus_ptr, 0, 1, 8, 9, -1), "%s", text_of(numa_all_cpus_ptr));
	EQUAL(numa_num_configured_cpus(), sysconf(_SC_NPROCESSORS_CONF));
}

TEST_IN(cpus_with_gaps, nodes_of_cpus)
{
	struct bitmask *cpus = numa_allocate_cpumask(), *zero = one_node(0), *nodes;

	EQUAL(numa_node_to_cpus(0, cpus), 0);
	CHECK(holds_only(cpus, 0, 1, 8, 9, -1), "%s", text_of(cpus));
	EQUAL(numa_node_of_cpu(9), 0);
	EQUAL(numa_node_of_cpu(8), 0);
	FAILS(numa_node_of_cpu(2), -1, EINVAL);
	FAILS(numa_node_of_cpu(10), -1, EINVAL);
	EQUAL(numa_run_on_node(0), 0);
	EQUAL(numa_run_on_node(-1), 0);
	QUIET(EQUAL(numa_run_on_node_mask_all(zero), 0));
	nodes = numa_get_run_node_mask();
	CHECK(holds_only(nodes, 0, -1), "%s", text_of(nodes));
	numa_bitmask_free(nodes);
	numa_bitmask_free(zero);
	numa_bitmask_free(cpus);
}

/* The affinity cannot be asked for. */
static const char *cpus_with_gaps_untold(void)
{
	const char *cannot = cpus_with_gaps();

	return cannot ? cannot : deny(EPERM, SYS_sched_getaffinity, -1);
}

TEST_IN(cpus_with_gaps_untold, cpus_without_their_affinity, ROW(cpu_strings_of_all_cpus))
{
	EQUAL(numa_num_task_cpus(), 4);
	CHECK(holds_only(numa_all_cpus_ptr, 0, 1, 8, 9, -1), "%s", text_of(numa_all_cpus_ptr));
	NAMES(numa_parse_cpustring("8"), 8);
	NAMES(numa_parse_cpustring_all("all"), 0, 1, 8, 9);
}

/* Nor is /proc there to tell. */
static const char *cpus_with_gaps_unknown(void)
{
	const char *cannot = UNDER_ASAN ? "AddressSanitizer needs /proc" : cpus_with_gaps_untold();

	return cannot ? cannot : cover("/proc");
}

TEST_BARE(cpus_with_gaps_unknown, cpus_that_nobody_tells, ROW(cpu_strings_of_all_cpus))
{
	NAMES(numa_parse_cpustring("8"), 8);
	NAMES(numa_parse_cpustring("all"), 0, 1, 8, 9);
	NAMES(numa_parse_cpustring_all("!0"), 1, 8, 9);
	EQUAL(numa_num_task_cpus(), 4);
}

/* Without a list of what is possible the CPUs are 0 to the count of those that are configured. */
static const char *no_list_of_cpus(void)
{
	const char *cannot = own_mounts();

	return cannot ? cannot : cover(CPU_DIR);
}

TEST_IN(no_list_of_cpus, cpus_without_a_list)
{
	struct bitmask *all;
	struct set wanted = {{0}};

	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++)
		add(&wanted, cpu);
	QUIET(all = numa_parse_cpustring_all("all"));
	EACH(cpu, &wanted) CHECK(numa_bitmask_isbitset(all, (unsigned)cpu), "no CPU %d in %s", cpu, text_of(all));
	numa_bitmask_free(all);
}
