/* A program with a library (early.c) whose constructor used libnuma before libnuma's own ran. */
#include "machine.h"

extern struct early {
	int ran, was_unloaded, available, possible, max_node, configured, task_nodes, task_cpus;
	unsigned all_nodes, no_nodes, nodes, all_cpus, parsed, allowed;
	int first_is_set, copied;
	nodemask_t old;
} early;
extern int early_watches_the_end;

DIFFERS(interpose_use_before_our_constructor)
{
	CHECK(early.ran, "the masks were NULL");
	CHECK(early.was_unloaded, "libnuma's constructor came first: nothing is proven");
	EQUAL(early.all_nodes, numa_bitmask_weight(numa_all_nodes_ptr));
	EQUAL(early.no_nodes, 0);
	EQUAL(early.nodes, numa_bitmask_weight(numa_nodes_ptr));
	EQUAL(early.all_cpus, numa_bitmask_weight(numa_all_cpus_ptr));
	EQUAL(early.first_is_set, 1);
	EQUAL(nodemask_equal(&early.old, &numa_all_nodes), 1);
	EQUAL(early.available, numa_available());
	EQUAL(early.possible, numa_num_possible_nodes());
	EQUAL(early.max_node, numa_max_node());
	EQUAL(early.configured, numa_num_configured_nodes());
	EQUAL(early.task_nodes, numa_num_task_nodes());
	EQUAL(early.task_cpus, numa_num_task_cpus());
	EQUAL(early.parsed, early.all_nodes);
	EQUAL(early.allowed, early.all_nodes);
	EQUAL(early.copied, 1);
}

DIFFERS(interpose_masks_outlive_our_destructor)
{
	int status = IN_CHILD(early_watches_the_end = 1);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 43, "status %#x", (unsigned)status);
}
