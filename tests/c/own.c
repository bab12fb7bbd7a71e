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
	struct set nodes, from;
} made;

/* As many bits as the kernel would read. */
static void remember(const unsigned long *mask, unsigned long maxnode)
{
	made.maxnode = maxnode;
	memset(&made.nodes, 0, sizeof(made.nodes));
	for (unsigned long n = 0; mask && n + 1 < maxnode && n < BITS; n++)
		if (mask[n / LONG_BITS] >> (n % LONG_BITS) & 1)
			add(&made.nodes, (long)n);
}

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
	made.mbind++;
	made.start = start;
	made.length = len;
	made.mode = mode;
	remember(mask, maxnode);
	made.flags = flags;
	return answer();
}

long set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	made.set++;
	made.mode = mode;
	remember(mask, maxnode);
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
	if (mask && maxnode > 5)
		mask[0] = 0x14;
	return answer();
}

long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from, const unsigned long *to)
{
	remember(from, maxnode);
	made.from = made.nodes;
	remember(to, maxnode);
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
	made.fail = ENOSYS;
	EQUAL(numa_available(), -1);
	static const int others[] = {EINVAL, EFAULT, ENOMEM};
	for (int i = 0; i < 3; i++) {
		made.fail = others[i];
		EQUAL(numa_available(), 0);
	}
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
	numa_bitmask_free(mask);
}

TEST(own_mbind_may_fail_the_allocation)
{
	NEEDS(numa_fail_alloc_on_error);
	FORGET();
	made.fail = ENOMEM;
	numa_fail_alloc_on_error = 1;
	CHECK(!numa_alloc_onnode(4096, 0), "memory");
	EQUAL(told.errors, 1);
}

TEST(own_migrate_pages_and_move_pages_win)
{
	struct bitmask *mask = mask_of(2, 1, -1);
	void *pages[3] = {NULL, NULL, NULL};

	FORGET();
	EQUAL(numa_migrate_pages(3, mask, mask), 7);
	EQUAL(made.migrate, 3);
	EQUAL(made.maxnode, numa_num_possible_nodes() + 1);
	struct bitmask *other = mask_of((unsigned)numa_num_possible_nodes(), 0, numa_max_possible_node(), -1);
	numa_migrate_pages(3, numa_all_nodes_ptr, other);
	CHECK(holds(numa_all_nodes_ptr, &made.from) && holds(other, &made.nodes), "other nodes");
	numa_bitmask_free(other);
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
	QUIET(numa_run_on_node_mask(numa_no_nodes_ptr));
	CHECK(!strcmp(told.place, "numa_sched_setaffinity_v2_int() failed"), "%s", told.place);
	/* The library never ends the program behind such a function's back. */
	numa_exit_on_error = 1;
	QUIET(numa_set_membind(numa_no_nodes_ptr));
	EQUAL(told.errors, 4);
}

TEST(own_numa_error_for_masks_of_no_bits, ROW(bitmask_alloc_of_zero_returns))
{
	FORGET();
	QUIET(numa_bitmask_alloc(0));
	CHECK(!strcmp(told.place, "request to allocate mask for invalid number"), "%s", told.place);
	EQUAL(told.errors, 1);
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
	struct bitmask *beyond = one_node(numa_max_node() + 1);
	QUIET(numa_run_on_node_mask(beyond));
	EQUAL(told.number, 6);
	QUIET(numa_run_on_node_mask_all(beyond));
	EQUAL(told.number, 6);
	numa_bitmask_free(beyond);
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

/* Every bit of a mask reaches the kernel, and maxnode is one more than there are. */
TEST(masks_are_passed_in_full)
{
	static const unsigned lengths[] = {1, 2, 63, 64, 65, 100, 128, 1024, 4096};
	char memory[1];

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct bitmask *mask = mask_of(lengths[i], 0, (int)lengths[i] - 1, -1);
		struct set set = {{0}};

		add(&set, 0);
		add(&set, lengths[i] - 1);
#define PASSES(call, wanted)                                                                             \
		do {                                                                                     \
			FORGET();                                                                        \
			call;                                                                            \
			CHECK(made.mode == (wanted) && made.maxnode == lengths[i] + 1 && same_set(&made.nodes, &set), \
			      "%s, %u bits: mode %d, maxnode %lu", #call, lengths[i], made.mode, made.maxnode); \
			EQUAL(told.errors, 0);                                                           \
		} while (0)
		PASSES(numa_set_membind(mask), MPOL_BIND);
		PASSES(numa_set_membind_balancing(mask), MPOL_BIND | MPOL_F_NUMA_BALANCING);
		PASSES(numa_set_interleave_mask(mask), MPOL_INTERLEAVE);
		PASSES(numa_tonodemask_memory(memory, 1, mask), MPOL_BIND);
		PASSES(numa_interleave_memory(memory, 1, mask), MPOL_INTERLEAVE);
		PASSES(numa_free(numa_alloc_interleaved_subset(4096, mask), 4096), MPOL_INTERLEAVE);
		numa_bitmask_free(mask);
	}
	/* A kernel that does not know the flag. */
	FORGET();
	made.fail = EINVAL;
	numa_set_membind_balancing(numa_all_nodes_ptr);
	EQUAL(made.set, 2);
	EQUAL(made.mode, MPOL_BIND);
}

/* Whatever the kernel answers, it is said once, and errno is the kernel's when it is. */
TEST(every_error_of_the_kernel_is_reported)
{
	static const int errors[] = {EPERM, EINVAL, ENOSYS, EFAULT, ENOMEM, EIO};
	struct bitmask *mask = mask_of(64, 0, -1);
	char memory[1];

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
#define REPORTS(name, call)                                                                              \
		do {                                                                                     \
			FORGET();                                                                        \
			made.fail = errors[i];                                                           \
			errno = UNTOUCHED;                                                               \
			call;                                                                            \
			CHECK(told.errors == 1 && !strcmp(told.place, name) && told.error == errors[i],  \
			      "%s with %d: %d times, `%s', errno %d", #call, errors[i], told.errors, told.place, told.error); \
		} while (0)
		REPORTS("set_mempolicy", numa_set_membind(mask));
		REPORTS("set_mempolicy", numa_set_interleave_mask(mask));
		REPORTS("set_mempolicy", numa_set_preferred(1));
		REPORTS("set_mempolicy", numa_set_preferred(-1));
		REPORTS("set_mempolicy", numa_set_localalloc());
		REPORTS("get_mempolicy", numa_bitmask_free(numa_get_membind()));
		REPORTS("get_mempolicy", numa_bitmask_free(numa_get_interleave_mask()));
		REPORTS("get_mempolicy", numa_bitmask_free(numa_get_mems_allowed()));
		REPORTS("get_mempolicy", numa_bitmask_free(numa_preferred_many()));
		REPORTS("mbind", numa_tonode_memory(memory, 1, 0));
		REPORTS("mbind", numa_tonodemask_memory(memory, 1, mask));
		REPORTS("mbind", numa_interleave_memory(memory, 1, mask));
		REPORTS("mbind", numa_setlocal_memory(memory, 1));
		REPORTS("mbind", numa_free(numa_alloc_local(4096), 4096));
		REPORTS("mbind", numa_free(numa_alloc_onnode(4096, 0), 4096));
		REPORTS("mbind", numa_free(numa_alloc_interleaved(4096), 4096));
		/* What calls nothing says nothing, and those with a result of their own return it. */
		FORGET();
		made.fail = errors[i];
		char *touched = numa_alloc(4096);
		numa_police_memory(touched, 4096);
		numa_free(touched, 4096);
		EQUAL(made.mbind + made.set + made.get, 0);
		EQUAL(numa_get_interleave_node(), 0);
		FAILS(numa_migrate_pages(77, mask, mask), -1, errors[i]);
		FAILS(numa_move_pages(77, 3, NULL, NULL, NULL, 2), -1, errors[i]);
		EQUAL(told.errors, 0);
	}
	numa_bitmask_free(mask);
}

/* The strict flag is for ranges, and each getter asks for what it returns. */
TEST(flags_reach_the_kernel)
{
	struct bitmask *mask = mask_of(64, 2, -1), *got;
	char memory[1];

	for (int strict = 0; strict < 2; strict++) {
#define HAS_FLAG(call)                                                                                   \
		do {                                                                                     \
			FORGET();                                                                        \
			call;                                                                            \
			CHECK(made.mbind == 1 && made.flags == (strict ? MPOL_MF_STRICT : 0), "%s: %d times, flags %#x", \
			      #call, made.mbind, made.flags);                                            \
		} while (0)
		numa_set_strict(strict);
		HAS_FLAG(numa_tonode_memory(memory, 1, 2));
		HAS_FLAG(numa_tonodemask_memory(memory, 1, mask));
		HAS_FLAG(numa_interleave_memory(memory, 1, mask));
		HAS_FLAG(numa_setlocal_memory(memory, 1));
		HAS_FLAG(numa_free(numa_alloc_onnode(4096, 2), 4096));
		HAS_FLAG(numa_free(numa_alloc_local(4096), 4096));
	}
	FORGET();
	numa_bitmask_free(numa_get_mems_allowed());
	EQUAL(made.flags, MPOL_F_MEMS_ALLOWED);
	numa_get_interleave_node();
	EQUAL(made.flags, MPOL_F_NODE);
	for (int mode = MPOL_DEFAULT; mode <= MPOL_PREFERRED_MANY; mode++) {
		FORGET();
		made.mode = mode;
		got = numa_get_membind();
		EQUAL(made.flags, 0);
		if (mode == MPOL_BIND)
			CHECK(holds_only(got, 2, 4, -1), "%s", text_of(got));
		else
			CHECK(numa_bitmask_equal(got, numa_all_nodes_ptr), "mode %d: %s", mode, text_of(got));
		numa_bitmask_free(got);
		got = numa_get_interleave_mask();
		EQUAL(made.flags, 0);
		if (mode == MPOL_INTERLEAVE)
			CHECK(holds_only(got, 2, 4, -1), "%s", text_of(got));
		else
			CHECK(holds_only(got, -1), "mode %d: %s", mode, text_of(got));
		numa_bitmask_free(got);
	}
	/* Without the right to balance it is tried but once. */
	FORGET();
	made.fail = EPERM;
	numa_set_membind_balancing(mask);
	EQUAL(made.set, 1);
	EQUAL(told.errors, 1);
	look();
	FORGET();
	got = one_node(machine.first);
	numa_bind(got);
	numa_bitmask_free(got);
	EQUAL(made.set, 1);
	EQUAL(made.mode, MPOL_BIND);
	numa_bitmask_free(mask);
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
