/*
 * A constructor of the program itself, with a priority that comes before libnuma's in a static
 * program.
 */
#include "machine.h"

static unsigned weights[4];
static int size, configured;

static void __attribute__((constructor(101))) first(void)
{
	weights[0] = numa_bitmask_weight(numa_all_nodes_ptr);
	weights[1] = numa_bitmask_weight(numa_no_nodes_ptr);
	weights[2] = numa_bitmask_weight(numa_nodes_ptr);
	weights[3] = numa_bitmask_weight(numa_all_cpus_ptr);
	size = numa_num_possible_nodes();
	configured = numa_num_configured_nodes();
}

TEST(use_in_the_programs_first_constructor)
{
	EQUAL(weights[0], numa_bitmask_weight(numa_all_nodes_ptr));
	EQUAL(weights[1], 0);
	EQUAL(weights[2], numa_bitmask_weight(numa_nodes_ptr));
	EQUAL(weights[3], numa_bitmask_weight(numa_all_cpus_ptr));
	CHECK(weights[0] && weights[2] && weights[3], "empty");
	EQUAL(size, numa_num_possible_nodes());
	EQUAL(configured, numa_num_configured_nodes());
}
