/*
 * A library that knows nothing of libnuma's load order: it is not linked with it, so its
 * constructor runs before that of libnuma, and its destructor after. Not linked means that its
 * calls have no versions, so it keeps to functions of which there is only one.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <numa.h>

struct early {
	int ran, was_unloaded, available, possible, max_node, configured, task_nodes, task_cpus;
	unsigned all_nodes, no_nodes, nodes, all_cpus, parsed, allowed;
	int first_is_set, copied;
	nodemask_t old;
} early;

/* Set by the program: exit with 43 from the destructor if all is still there. */
int early_watches_the_end;

static void __attribute__((constructor)) begin(void)
{
	struct bitmask *mask;

	if (!numa_all_nodes_ptr)
		return; /* the reference */
	early.ran = 1;
	early.was_unloaded = numa_all_nodes_ptr->size == 0;
	/* The first call of all is one that takes an exported mask. */
	early.all_nodes = numa_bitmask_weight(numa_all_nodes_ptr);
	early.no_nodes = numa_bitmask_weight(numa_no_nodes_ptr);
	early.nodes = numa_bitmask_weight(numa_nodes_ptr);
	early.all_cpus = numa_bitmask_weight(numa_all_cpus_ptr);
	early.first_is_set = numa_bitmask_isbitset(numa_nodes_ptr, (unsigned)numa_max_node());
	early.old = numa_all_nodes;
	early.available = numa_available();
	early.possible = numa_num_possible_nodes();
	early.max_node = numa_max_node();
	early.configured = numa_num_configured_nodes();
	early.task_nodes = numa_num_task_nodes();
	early.task_cpus = numa_num_task_cpus();
	mask = numa_parse_nodestring("all");
	early.parsed = numa_bitmask_weight(mask);
	numa_bitmask_free(mask);
	mask = numa_get_mems_allowed();
	early.allowed = numa_bitmask_weight(mask);
	copy_bitmask_to_bitmask(numa_all_nodes_ptr, mask);
	early.copied = numa_bitmask_equal(mask, numa_all_nodes_ptr);
	numa_bitmask_free(mask);
}

static void __attribute__((destructor)) end(void)
{
	struct bitmask *mask;

	if (!early_watches_the_end)
		return;
	mask = numa_parse_nodestring("all");
	_exit(mask && numa_bitmask_equal(mask, numa_all_nodes_ptr) &&
			      numa_bitmask_weight(numa_all_nodes_ptr) == early.all_nodes &&
			      numa_bitmask_weight(numa_all_cpus_ptr) == early.all_cpus &&
			      numa_no_nodes_ptr->size > 0 && numa_distance(numa_max_node(), numa_max_node()) > 0
		      ? 43
		      : 44);
}
