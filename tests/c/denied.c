/* What a container's seccomp filter denies, and calls that a kernel does not have. */
#include "machine.h"
#include "fake.h"

static const char *policy_calls_denied(void)
{
	return deny(EPERM, POLICY_CALLS);
}

static const char *policy_calls_missing(void)
{
	return deny(ENOSYS, POLICY_CALLS);
}

/* Nothing that this process has printed so far: the library was loaded with it. */
static const char *denied_and_watched(void)
{
	int fd = memfd_create("stderr", 0);

	if (fd < 0 || dup2(fd, 2) < 0)
		return "no memfd";
	return deny(EPERM, POLICY_CALLS);
}

TEST_IN(denied_and_watched, nothing_is_printed_on_load)
{
	EQUAL(lseek(2, 0, SEEK_END), 0);
	numa_available();
	EQUAL(lseek(2, 0, SEEK_END), 0);
}

/* The message of a call that fails so. */
static const char *failure(const char *call, int error)
{
	static char texts[4][128];
	static int turn;
	char *text = texts[turn++ & 3];

	snprintf(text, sizeof(texts[0]), "%s: %s\n", call, strerror(error));
	return text;
}

/* Whether a getter complains, and returns a mask of so many nodes. */
#define GETS(call, weight)                                                       \
	do {                                                                     \
		struct bitmask *got_mask;                                        \
		PRINTS(get_text, got_mask = call);                               \
		EQUAL(numa_bitmask_weight(got_mask), weight);                    \
		numa_bitmask_free(got_mask);                                     \
	} while (0)

static void without_policies(int error)
{
	const char *set_text = failure("set_mempolicy", error), *get_text = failure("get_mempolicy", error),
		   *mbind_text = failure("mbind", error);
	struct bitmask *mask, *first = one_node(0);
	void *memory;

	/* Sizes and sets come from /sys and /proc. */
	QUIET(EQUAL(numa_num_configured_nodes() >= 1, 1));
	QUIET(EQUAL(numa_num_possible_nodes() >= 4, 1));
	EQUAL(numa_num_task_nodes(), numa_bitmask_weight(numa_all_nodes_ptr));
	CHECK(numa_num_task_nodes() >= 1, "%d", numa_num_task_nodes());
	CHECK(numa_num_task_cpus() >= 1, "%d", numa_num_task_cpus());

	PRINTS(set_text, errno = 0; numa_set_membind(first); EQUAL(errno, error));
	PRINTS(set_text, numa_set_membind_balancing(first));
	PRINTS(set_text, numa_set_interleave_mask(first));
	PRINTS(set_text, numa_set_preferred(0));
	PRINTS(set_text, numa_set_preferred(-1));
	PRINTS(set_text, numa_set_localalloc());
	QUIET(EQUAL(numa_has_preferred_many(), 0));
	capture();
	numa_set_preferred_many(first);
	CHECK(strstr(captured(), "Falling back to first node"), "no warning");

	GETS(numa_get_membind(), numa_num_task_nodes());
	GETS(numa_get_interleave_mask(), 0);
	GETS(numa_preferred_many(), 0);
	GETS(numa_get_mems_allowed(), 0);
	QUIET(EQUAL(numa_get_interleave_node(), 0));

	PRINTS(mbind_text, memory = numa_alloc_onnode(8192, 0));
	CHECK(memory, "no memory");
	memset(memory, 1, 8192);
	PRINTS(mbind_text, numa_tonode_memory(memory, 8192, 0));
	PRINTS(mbind_text, numa_tonodemask_memory(memory, 8192, first));
	PRINTS(mbind_text, numa_interleave_memory(memory, 8192, first));
	PRINTS(mbind_text, numa_setlocal_memory(memory, 8192));
	/* valgrind does not know this call. */
	if (!under("valgrind"))
		QUIET(FAILS(numa_migrate_pages(0, first, first), -1, error));
	QUIET(numa_police_memory(memory, 8192));
	QUIET(memory = numa_realloc(memory, 8192, 16384));
	QUIET(numa_free(memory, 16384));
	PRINTS(mbind_text, memory = numa_alloc_local(8192));
	QUIET(numa_free(memory, 8192));
	PRINTS(mbind_text, memory = numa_alloc_interleaved(8192));
	QUIET(numa_free(memory, 8192));
	PRINTS(mbind_text, memory = numa_alloc_interleaved_subset(8192, first));
	QUIET(numa_free(memory, 8192));
	QUIET(memory = numa_alloc(8192));
	CHECK(memory, "numa_alloc needs no policy");
	QUIET(numa_free(memory, 8192));

	int status = 0;
	QUIET(FAILS(numa_move_pages(0, 1, &memory, NULL, &status, 0), -1, error));
	FAILS(mbind(NULL, 0, 0, NULL, 0, 0), -1, error);
	FAILS(set_mempolicy(0, NULL, 0), -1, error);
	FAILS(get_mempolicy(NULL, NULL, 0, NULL, 0), -1, error);

	/* CPUs are not a matter of policies. */
	mask = numa_allocate_cpumask();
	QUIET(EQUAL(numa_sched_getaffinity(0, mask) > 0, 1));
	QUIET(EQUAL(numa_sched_setaffinity(0, mask), 0));
	QUIET(EQUAL(numa_run_on_node(-1), 0));
	numa_bitmask_free(mask);
	QUIET(mask = numa_get_run_node_mask());
	numa_bitmask_free(mask);
	look();
	mask = numa_allocate_cpumask();
	EACH(node, &machine.nodes) {
		struct set cpus = cpus_of(node);

		QUIET(EQUAL(numa_node_to_cpus(node, mask), 0));
		CHECK(holds(mask, &cpus), "%s", text_of(mask));
	}
	numa_bitmask_free(mask);
	QUIET(mask = numa_parse_nodestring("all"));
	EQUAL(numa_bitmask_equal(mask, numa_all_nodes_ptr), 1);
	numa_bitmask_free(mask);
	numa_bitmask_free(first);
}

/* What came after the reference, or differs from it. */
static void later_calls_without_policies(int error)
{
	const char *set_text = failure("set_mempolicy", error), *get_text = failure("get_mempolicy", error),
		   *mbind_text = failure("mbind", error);
	struct bitmask *first = one_node(0);
	void *memory = fresh(2);

	QUIET(EQUAL(numa_has_home_node(), 0));
	PRINTS(set_text, numa_set_interleave_mask(NULL));
	PRINTS(set_text, numa_set_weighted_interleave_mask(first));
	GETS(numa_get_weighted_interleave_mask(), 0);
	PRINTS(get_text, EQUAL(numa_preferred(), 0));
	PRINTS(get_text, EQUAL(numa_preferred_err(), -1));
	PRINTS(mbind_text, numa_weighted_interleave_memory(memory, 8192, first));
	if (!under("valgrind"))
		FAILS(numa_set_mempolicy_home_node(memory, 8192, 0, 0), -1, error);
	numa_fail_alloc_on_error = 1;
	PRINTS(mbind_text, FAILS((intptr_t)numa_alloc_onnode(8192, 0), 0, error));
	PRINTS(mbind_text, FAILS((intptr_t)numa_alloc_local(8192), 0, error));
	numa_bitmask_free(first);
}

TEST_IN(policy_calls_denied, with_eperm)
{
	without_policies(EPERM);
}

TEST_IN(policy_calls_missing, with_enosys)
{
	without_policies(ENOSYS);
	QUIET(EQUAL(numa_available(), -1));
}

TEST_IN(policy_calls_denied, later_calls_with_eperm)
{
	later_calls_without_policies(EPERM);
}

TEST_IN(policy_calls_missing, later_calls_with_enosys)
{
	later_calls_without_policies(ENOSYS);
}

DIFFERS_IN(policy_calls_denied, denied_calls_are_not_available)
{
	QUIET(EQUAL(numa_available(), -1));
}

/* The sets are the same with and without the calls. */
TEST_IN(policy_calls_denied, the_same_sets_from_proc)
{
	char line[8192];
	FILE *file = fopen("/proc/self/status", "r");
	struct set wanted = {{0}};

	SKIP_IF(!file, "no /proc/self/status");
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "Mems_allowed_list:", 18)) {
			char *at = line + 18 + strspn(line + 18, " \t");

			while (*at >= '0' && *at <= '9') {
				long first = strtol(at, &at, 10), end = first;

				if (*at == '-')
					end = strtol(at + 1, &at, 10);
				for (; first <= end; first++)
					add(&wanted, first);
				if (*at == ',')
					at++;
			}
		}
	fclose(file);
	CHECK(holds(numa_all_nodes_ptr, &wanted), "%s", text_of(numa_all_nodes_ptr));
}

static const char *affinity_denied(void)
{
	return deny(EPERM, SYS_sched_getaffinity, SYS_sched_setaffinity, -1);
}

TEST_IN(affinity_denied, without_affinity)
{
	struct bitmask *mask = numa_allocate_cpumask(), *got;

	QUIET(EQUAL(numa_num_possible_cpus() > 0, 1));
	QUIET(EQUAL(numa_num_task_cpus() > 0, 1));
	FAILS(numa_sched_getaffinity(0, mask), -1, EPERM);
	FAILS(numa_sched_setaffinity(0, mask), -1, EPERM);
	QUIET(FAILS(numa_run_on_node(-1), -1, EPERM));
	look();
	PRINTS("numa_sched_setaffinity_v2_int() failed: Operation not permitted\n",
	       got = one_node(next(&machine.cpus, -1));
	       FAILS(numa_run_on_node_mask_all(got), -1, EPERM); numa_bitmask_free(got));
	QUIET(got = numa_get_run_node_mask());
	EQUAL(numa_bitmask_weight(got), 0);
	numa_bitmask_free(got);
	numa_bitmask_free(mask);
}

/* Kernels before 5.14 cannot populate by madvise. */
static const char *madvise_refused(void)
{
	return deny(EINVAL, SYS_madvise, -1);
}

TEST_IN(madvise_refused, alloc_touches_pages_by_hand)
{
	char *memory;

	errno = UNTOUCHED;
	QUIET(memory = numa_alloc(5 * page()));
	EQUAL(errno, UNTOUCHED);
	for (size_t i = 0; i < 5; i++)
		CHECK(place_of(memory + i * page()) >= 0, "page %zu: %d", i, place_of(memory + i * page()));
	numa_free(memory, 5 * page());
}

/* Only one call is missing. */
static const char *home_node_missing(void)
{
	return deny(ENOSYS, 450, -1);
}

TEST_IN(home_node_missing, without_home_nodes)
{
	EQUAL(numa_available(), 0);
	QUIET(EQUAL(numa_has_home_node(), 0));
	FAILS(numa_set_mempolicy_home_node(NULL, 0, 0, 0), -1, ENOSYS);
}

/* Filters may come after the library. */
TEST(denied_later)
{
	EQUAL(numa_available(), 0);
	SKIP_IF(policy_calls_missing(), "no seccomp");
	QUIET(EQUAL(numa_available(), -1));
	PRINTS(failure("set_mempolicy", ENOSYS), numa_set_localalloc());
}
