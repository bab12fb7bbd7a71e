/* The numbers and the sets that are fixed when the library is loaded. */
#include "common.h"

int main(void)
{
	look_at_machine();
	INT(numa_available());
	INT(numa_num_possible_nodes());
	INT(numa_max_possible_node());
	INT(numa_num_possible_cpus());
	INT(numa_max_node());
	/* the reference leaves out nodes without memory: ours is better */
	if (!memcmp(machine.online, machine.memory, sizeof(machine.online)))
		INT(numa_num_configured_nodes());
	INT(numa_num_configured_cpus());
	INT(numa_num_task_nodes());
	INT(numa_num_thread_nodes());
	INT(numa_num_task_cpus());
	INT(numa_num_thread_cpus());
	INT(numa_pagesize());
	MASK(numa_all_nodes_ptr);
	MASK(numa_no_nodes_ptr);
	MASK(numa_nodes_ptr);
	/* before any call it has no CPUs that are offline: docs/differences.md */
	RUN("numa_all_cpus_ptr", numa_num_task_cpus(); putchar(' '); show(numa_all_cpus_ptr));
	MASK(numa_allocate_nodemask());
	MASK(numa_allocate_cpumask());
	MASK(numa_get_mems_allowed());
	/* where ids have gaps, ours is better */
	if (machine.dense)
		RUN("numa_all_nodes", show_nodemask(&numa_all_nodes));
	RUN("numa_no_nodes", show_nodemask(&numa_no_nodes));
	RUN("numa_exit_on_error", printf(" %d", numa_exit_on_error));
	RUN("numa_exit_on_warn", printf(" %d", numa_exit_on_warn));
	/* the policy of a process that only loaded the library */
	RUN("as loaded", show_policy(); show_affinity());
	/* the numbers stay what they were when affinity and policy change */
	RUN("after a change",
	    stay_put();
	    numa_set_membind(nodes(machine.first));
	    printf(" %d %d %d ", numa_num_task_nodes(), numa_num_task_cpus(), numa_num_possible_cpus());
	    show(numa_all_nodes_ptr);
	    putchar(' ');
	    show(numa_all_cpus_ptr);
	    putchar(' ');
	    show(numa_get_mems_allowed()));
	return 0;
}
