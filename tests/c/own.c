/*
 * A program that defines numa_error, numa_warn and the system calls itself: its definitions win,
 * and the library's own calls go to them.
 */
#include "machine.h"

static struct {
	int errors, warnings, number, error;
	char place[128], text[512];
} told;

void numa_error(char *where)
{
	told.errors++;
	told.error = errno;
	snprintf(told.place, sizeof(told.place), "%s", where);
	errno = 0;
}

void numa_warn(int number, char *format, ...)
{
	va_list args;

	told.warnings++;
	told.number = number;
	va_start(args, format);
	vsnprintf(told.text, sizeof(told.text), format, args);
	va_end(args);
}

static struct {
	int mbind, set, get, migrate, move, mode, fail;
	unsigned flags;
	unsigned long maxnode, length;
	void *start;
} made;

static long answer(void)
{
	if (!made.fail)
		return 0;
	errno = made.fail;
	return -1;
}

long mbind(void *start, unsigned long len, int mode, const unsigned long *mask, unsigned long maxnode,
	   unsigned flags)
{
	(void)mask;
	made.mbind++;
	made.start = start;
	made.length = len;
	made.mode = mode;
	made.maxnode = maxnode;
	made.flags = flags;
	return answer();
}

long set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	(void)mask;
	made.set++;
	made.mode = mode;
	made.maxnode = maxnode;
	return answer();
}

long get_mempolicy(int *mode, unsigned long *mask, unsigned long maxnode, void *at, unsigned flags)
{
	(void)at;
	made.get++;
	made.maxnode = maxnode;
	made.flags = flags;
	if (mode)
		*mode = made.mode;
	if (mask && maxnode > 16)
		mask[0] = 0x14;
	return answer();
}

long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from, const unsigned long *to)
{
	(void)from;
	(void)to;
	made.migrate += pid;
	made.maxnode = maxnode;
	return made.fail ? answer() : 7;
}

long move_pages(int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
	(void)pages;
	(void)nodes;
	(void)status;
	made.move += pid;
	made.length = count;
	made.flags = (unsigned)flags;
	return made.fail ? answer() : 5;
}

#define FORGET() (memset(&told, 0, sizeof(told)), memset(&made, 0, sizeof(made)))

TEST(own_set_mempolicy_wins)
{
	struct bitmask *mask = mask_of(100, 3, -1);

	FORGET();
	numa_set_membind(mask);
	EQUAL(made.set, 1);
	EQUAL(made.mode, MPOL_BIND);
	EQUAL(made.maxnode, 101);
	numa_set_preferred(2);
	EQUAL(made.set, 2);
	EQUAL(made.mode, MPOL_PREFERRED);
	numa_set_localalloc();
	EQUAL(made.set, 3);
	EQUAL(made.mode, MPOL_LOCAL);
	numa_set_interleave_mask(mask);
	EQUAL(made.mode, MPOL_INTERLEAVE);
	EQUAL(made.set, 4);
	numa_set_weighted_interleave_mask(mask);
	EQUAL(made.mode, MPOL_WEIGHTED_INTERLEAVE);
	numa_set_membind_balancing(mask);
	EQUAL(made.mode, MPOL_BIND | MPOL_F_NUMA_BALANCING);
	EQUAL(told.errors, 0);
	numa_bitmask_free(mask);
}

TEST(own_get_mempolicy_wins)
{
	struct bitmask *got;

	FORGET();
	made.mode = MPOL_BIND;
	got = numa_get_membind();
	CHECK(holds_only(got, 2, 4, -1), "%s", text_of(got));
	EQUAL(made.get, 1);
	EQUAL(made.maxnode, numa_num_possible_nodes() + 1);
	numa_bitmask_free(got);
	EQUAL(numa_preferred(), 2);
	got = numa_get_mems_allowed();
	CHECK(holds_only(got, 2, 4, -1), "%s", text_of(got));
	numa_bitmask_free(got);
	made.mode = 33;
	EQUAL(numa_get_interleave_node(), 33);
	made.fail = EPERM;
	EQUAL(numa_available(), -1);
	made.fail = ENOSYS;
	EQUAL(numa_available(), -1);
	made.fail = EINVAL;
	EQUAL(numa_available(), 0);
	made.fail = 0;
	EQUAL(numa_available(), 0);
}

TEST(own_mbind_wins)
{
	struct bitmask *mask = mask_of(2, 1, -1);
	char *memory;

	numa_has_preferred_many();
	FORGET();
	memory = numa_alloc_onnode(10000, 5);
	EQUAL(made.mbind, 1);
	CHECK(made.start == memory, "another start");
	EQUAL(made.length, 10000);
	EQUAL(made.mode, MPOL_BIND);
	numa_tonodemask_memory(memory, 4096, mask);
	EQUAL(made.maxnode, 3);
	EQUAL(made.length, 4096);
	numa_set_strict(1);
	numa_setlocal_memory(memory, 4096);
	EQUAL(made.mode, MPOL_LOCAL);
	EQUAL(made.flags, MPOL_MF_STRICT);
	numa_free(memory, 10000);
	made.fail = ENOMEM;
	memory = numa_alloc_interleaved_subset(4096, mask);
	CHECK(memory, "no memory");
	EQUAL(told.errors, 1);
	CHECK(!strcmp(told.place, "mbind") && told.error == ENOMEM, "%s %d", told.place, told.error);
	numa_free(memory, 4096);
	numa_fail_alloc_on_error = 1;
	CHECK(!numa_alloc_onnode(4096, 0), "memory");
	EQUAL(told.errors, 2);
	numa_bitmask_free(mask);
}

TEST(own_migrate_pages_and_move_pages_win)
{
	struct bitmask *mask = mask_of(2, 1, -1);
	void *pages[3] = {NULL, NULL, NULL};

	FORGET();
	EQUAL(numa_migrate_pages(3, mask, mask), 7);
	EQUAL(made.migrate, 3);
	EQUAL(made.maxnode, numa_num_possible_nodes() + 1);
	EQUAL(numa_move_pages(4, 3, pages, NULL, NULL, 2), 5);
	EQUAL(made.move, 4);
	EQUAL(made.length, 3);
	EQUAL(made.flags, 2);
	made.fail = EPERM;
	FAILS(numa_migrate_pages(3, mask, mask), -1, EPERM);
	FAILS(numa_move_pages(4, 3, pages, NULL, NULL, 2), -1, EPERM);
	numa_bitmask_free(mask);
}

TEST(own_numa_error_wins)
{
	FORGET();
	made.fail = EINVAL;
	QUIET(numa_set_membind(numa_no_nodes_ptr));
	EQUAL(told.errors, 1);
	CHECK(!strcmp(told.place, "set_mempolicy") && told.error == EINVAL, "%s %d", told.place, told.error);
	QUIET(numa_bitmask_free(numa_get_membind()));
	CHECK(!strcmp(told.place, "get_mempolicy") && told.errors == 2, "%s", told.place);
	QUIET(numa_bitmask_alloc(0));
	CHECK(!strcmp(told.place, "request to allocate mask for invalid number"), "%s", told.place);
	QUIET(numa_run_on_node_mask(numa_no_nodes_ptr));
	CHECK(!strcmp(told.place, "numa_sched_setaffinity_v2_int() failed"), "%s", told.place);
	/* The library never ends the program behind such a function's back. */
	numa_exit_on_error = 1;
	QUIET(numa_set_membind(numa_no_nodes_ptr));
	EQUAL(told.errors, 5);
}

TEST(own_numa_warn_wins)
{
	FORGET();
	QUIET(numa_parse_nodestring("x"));
	EQUAL(told.warnings, 1);
	EQUAL(told.number, 10);
	CHECK(!strcmp(told.text, "unparseable node description `x'\n"), "%s", told.text);
	QUIET(numa_parse_nodestring("x"));
	EQUAL(told.warnings, 2);
	QUIET(numa_parse_cpustring("99999"));
	EQUAL(told.number, 9);
	CHECK(!strcmp(told.text, "cpu argument 99999 is out of range\n"), "%s", told.text);
	QUIET(numa_run_on_node(numa_max_node() + 1));
	EQUAL(told.number, 6);
	QUIET(numa_parse_nodestring("file:/nonexistent"));
	EQUAL(told.number, 11);
	CHECK(!strcmp(told.text, "Cannot stat file /nonexistent"), "%s", told.text);
	QUIET(numa_parse_nodestring("pci:junk"));
	EQUAL(told.number, 23);
	QUIET(numa_parse_nodestring("netdev:nope"));
	EQUAL(told.number, 26);
	numa_exit_on_warn = 1;
	QUIET(numa_parse_nodestring("x"));
}

/* Direct calls of the program are its own, too. */
TEST(own_functions_are_the_programs)
{
	FORGET();
	EQUAL(mbind(NULL, 0, 0, NULL, 0, 0), 0);
	EQUAL(set_mempolicy(0, NULL, 0), 0);
	EQUAL(made.mbind + made.set, 2);
	numa_error((char *)"me");
	CHECK(!strcmp(told.place, "me"), "%s", told.place);
	numa_warn(77, (char *)"%s %d %.1f %lld", "me", 1, 2.5, 3LL);
	CHECK(!strcmp(told.text, "me 1 2.5 3"), "%s", told.text);
}
