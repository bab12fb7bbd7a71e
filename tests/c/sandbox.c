/*
 * Under seccomp filters that end the process at a memory policy call: the library is loaded, and
 * each function works that needs none of the calls which are filtered.
 */
#include "functions.h"

/* Calls each function that needs none of the calls which are filtered, each first in its process:
 * what is asked once is asked anew. */
static void survive(unsigned filtered)
{
	int called = 0;

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		int ended;

		if (functions[i].may & filtered)
			continue;
		ended = IN_CHILD(arguments(); functions[i].call(); leave(0));
		CHECK(left_well(ended), "%s: %s", functions[i].name,
		      WIFSIGNALED(ended) ? strsignal(WTERMSIG(ended)) : "bad exit status");
		called++;
	}
	CHECK(called > 40, "%d functions", called);
}

#define KILLED(name, set)                                                                                             \
	static const char *killed_at_##name(void)                                                                     \
	{                                                                                                             \
		return filter(set, KILL) ? "the kernel takes no seccomp filter" : NULL;                               \
	}                                                                                                             \
	TEST_IN(killed_at_##name, survives_where_##name##_kills, ROW(survives_where_each_policy_call_kills))          \
	{                                                                                                             \
		survive(set);                                                                                         \
	}

KILLED(mbind, MBIND)
KILLED(set_mempolicy, SET_MEMPOLICY)
KILLED(get_mempolicy, GET_MEMPOLICY)
KILLED(migrate_pages, MIGRATE_PAGES)
KILLED(move_pages, MOVE_PAGES)
KILLED(set_mempolicy_home_node, HOME_NODE)
KILLED(systemd_resources, RESOURCES)
KILLED(each_policy_call, ALL_POLICY_CALLS)

/* A program that shuts itself in when it has started, as QEMU does. */
TEST(survives_filters_that_come_later)
{
	SKIP_IF(filter(ALL_POLICY_CALLS, KILL), "the kernel takes no seccomp filter");
	survive(ALL_POLICY_CALLS);
}

TEST(survives_systemd_filters_that_come_later)
{
	SKIP_IF(filter(RESOURCES, KILL), "the kernel takes no seccomp filter");
	survive(RESOURCES);
}

TEST(survives_filters_of_mbind_that_come_later)
{
	SKIP_IF(filter(MBIND, KILL), "the kernel takes no seccomp filter");
	survive(MBIND);
}

TEST(survives_filters_of_get_mempolicy_that_come_later)
{
	SKIP_IF(filter(GET_MEMPOLICY, KILL), "the kernel takes no seccomp filter");
	survive(GET_MEMPOLICY);
}

/* The filters do what they say: else the tests above prove nothing. */
TEST(filters_kill)
{
	for (size_t i = 0; i < sizeof(policy_calls) / sizeof(policy_calls[0]); i++) {
		int ended = IN_CHILD(if (filter(1u << i, KILL)) exit(CHECK_SKIP);
				     syscall(policy_calls[i].number, 0, 0, 0, 0, 0, 0));

		SKIP_IF(WIFEXITED(ended) && WEXITSTATUS(ended) == CHECK_SKIP, "the kernel takes no seccomp filter");
		/* valgrind does not make the calls that it does not know. */
		CHECK(under("valgrind") || (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSYS), "%s: %#x", policy_calls[i].name, (unsigned)ended);
	}
}

/* With calls that are answered with an error the library is loaded and says nothing, whichever they
 * are, and knows the same sizes and sets as without a filter. */

static void know(void)
{
	struct set set = {{0}};
	int bits = status_map("Mems_allowed:", &set);

	SKIP_IF(bits < 0, "no /proc/self/status");
	EQUAL(numa_num_possible_nodes() >= bits, 1);
	CHECK(holds(numa_all_nodes_ptr, &set), "all nodes are %s", text_of(numa_all_nodes_ptr));
	look();
	EQUAL(numa_max_node(), last(&machine.nodes));
	EQUAL(numa_num_configured_nodes(), count(&machine.nodes));
	CHECK(holds(numa_nodes_ptr, &machine.nodes), "nodes are %s", text_of(numa_nodes_ptr));
}

static const char *watched(unsigned set, unsigned answer)
{
	int fd = memfd_create("output", 0);

	if (fd < 0 || dup2(fd, 2) < 0)
		return "no memfd";
	return filter(set, answer) ? "the kernel takes no seccomp filter" : NULL;
}

#define SILENT(name, set, error)                                                                                      \
	static const char *watched_##name##_##error(void)                                                             \
	{                                                                                                             \
		return watched(set, ANSWER(error));                                                                   \
	}                                                                                                             \
	TEST_IN(watched_##name##_##error, silent_load_where_##name##_fails_with_##error,                              \
		ROW_WHERE(with_memoryless_nodes, memoryless_nodes_are_configured))                                    \
	{                                                                                                             \
		EQUAL(lseek(2, 0, SEEK_END), 0);                                                                      \
		know();                                                                                               \
		EQUAL(lseek(2, 0, SEEK_END), 0);                                                                      \
	}

SILENT(mbind, MBIND, EPERM)
SILENT(mbind, MBIND, ENOSYS)
SILENT(set_mempolicy, SET_MEMPOLICY, EPERM)
SILENT(set_mempolicy, SET_MEMPOLICY, ENOSYS)
SILENT(get_mempolicy, GET_MEMPOLICY, EPERM)
SILENT(get_mempolicy, GET_MEMPOLICY, ENOSYS)
SILENT(systemd_resources, RESOURCES, EPERM)
SILENT(systemd_resources, RESOURCES, ENOSYS)
SILENT(each_policy_call, ALL_POLICY_CALLS, EPERM)
SILENT(each_policy_call, ALL_POLICY_CALLS, ENOSYS)
