/*
 * The exported variables. In programs that are not position-independent they are copies (COPY
 * relocations): what such a program writes to them, the library must see, and the other way
 * round.
 */
#include "machine.h"

TEST(exit_on_error_is_seen)
{
	EXITS(111, numa_set_membind(numa_no_nodes_ptr));
	EXITS(1, numa_exit_on_error = 1; numa_set_membind(numa_no_nodes_ptr));
	EXITS(111, numa_exit_on_error = 1; numa_exit_on_error = 0; numa_set_membind(numa_no_nodes_ptr));
}

TEST(exit_on_warn_is_seen, ROW(exit_on_warn_works))
{
	EXITS(111, numa_parse_nodestring("x"));
	EXITS(1, numa_exit_on_warn = 1; numa_parse_nodestring("x"));
}

TEST(fail_alloc_on_error_is_seen)
{
	void *memory;

	NEEDS(numa_fail_alloc_on_error);
	PRINTS("mbind: Invalid argument\n", memory = numa_alloc_onnode(4096, -1));
	CHECK(memory, "no memory");
	numa_free(memory, 4096);
	numa_fail_alloc_on_error = 1;
	PRINTS("mbind: Invalid argument\n", memory = numa_alloc_onnode(4096, -1));
	CHECK(!memory, "memory");
}

TEST(the_librarys_writes_are_seen, ROW_WHERE(with_counts_that_are_no_ids, old_all_nodes_holds_the_ids))
{
	look();
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), has(&machine.nodes, n));
	EQUAL(nodemask_equal(&numa_no_nodes, &(nodemask_t){{0}}), 1);
	CHECK(holds(numa_all_nodes_ptr, &machine.allowed), "%s", text_of(numa_all_nodes_ptr));
	CHECK(holds(numa_nodes_ptr, &machine.nodes), "%s", text_of(numa_nodes_ptr));
	CHECK(holds(numa_no_nodes_ptr, &nothing), "%s", text_of(numa_no_nodes_ptr));
	CHECK(numa_bitmask_weight(numa_all_cpus_ptr) > 0, "%s", text_of(numa_all_cpus_ptr));
}

TEST(own_masks_in_the_variables_are_seen)
{
	struct bitmask *own = mask_of(1024, 3, 5, -1), *before = numa_all_nodes_ptr, *got;

	numa_all_nodes_ptr = own;
	got = numa_parse_nodestring("all");
	CHECK(holds_only(got, 3, 5, -1), "%s", text_of(got));
	numa_bitmask_free(got);
	got = numa_parse_nodestring("+1");
	CHECK(holds_only(got, 5, -1), "%s", text_of(got));
	numa_bitmask_free(got);
	got = numa_get_membind();
	EQUAL(numa_bitmask_equal(got, own), 1);
	numa_bitmask_free(got);
	numa_all_nodes_ptr = before;
	numa_bitmask_free(own);
}

TEST(an_own_mask_of_cpus_is_seen, ROW(complement_within_the_allowed_ids))
{
	struct bitmask *cpus = mask_of(64, 1, 7, -1), *got;

	numa_all_cpus_ptr = cpus;
	got = numa_parse_cpustring("!1");
	CHECK(holds_only(got, 7, -1), "%s", text_of(got));
	numa_bitmask_free(got);
	numa_bitmask_free(cpus);
}

TEST(addresses_of_functions_are_the_same_everywhere)
{
	/* In a program that is not position-independent, a function's address may be its PLT entry. */
	void (*volatile error)(char *) = numa_error;
	int (*volatile available)(void) = numa_available;

	CHECK(error == numa_error && available == numa_available, "addresses differ");
	EQUAL(available(), numa_available());
}
