/* CPUs of nodes, and where a thread runs. */
#include "common.h"

/* What is left in the mask after an error means nothing. */
static void to_cpus(int node, struct bitmask *mask)
{
	int result;

	errno = UNTOUCHED;
	result = numa_node_to_cpus(node, mask);
	show_result(result);
	if (result >= 0) {
		putchar(' ');
		show(mask);
	}
}

static void cpus_of(int node)
{
	unsigned int possible = (unsigned int)numa_num_possible_cpus();

	RUNF("node_to_cpus %d", node, to_cpus(node, numa_bitmask_setall(numa_allocate_cpumask())));
	RUNF("node_to_cpus %d, larger mask", node, to_cpus(node, numa_bitmask_setall(numa_bitmask_alloc(possible * 4))));
	/* the second answer is the first one, with and without an update */
	RUNF("node_to_cpus %d, again", node,
	     to_cpus(node, numa_allocate_cpumask());
	     to_cpus(node, numa_bitmask_setall(numa_allocate_cpumask()));
	     to_cpus(node, numa_bitmask_setall(numa_bitmask_alloc(possible * 2)));
	     numa_node_to_cpu_update();
	     to_cpus(node, numa_bitmask_setall(numa_allocate_cpumask())));
}

static void run_mask(const char *name, int (*run)(struct bitmask *), struct bitmask *mask)
{
	RUN(name, show_result(run(mask)); show_affinity());
}

static void run_masks(const char *name, int (*run)(struct bitmask *))
{
	unsigned int possible = (unsigned int)numa_num_possible_nodes();
	struct bitmask *mask;
	char label[64];

	for (int node = 0; node <= (int)machine.top + 2; node++)
		if (!cpu_only(node)) {
			snprintf(label, sizeof(label), "%s {%d}", name, node);
			run_mask(label, run, nodes(node));
		}
	snprintf(label, sizeof(label), "%s {}", name);
	run_mask(label, run, nodes(-1));
	snprintf(label, sizeof(label), "%s last possible", name);
	run_mask(label, run, nodes((long)possible - 1));
	snprintf(label, sizeof(label), "%s beyond possible", name);
	run_mask(label, run, one(possible * 4, (long)possible * 4 - 1));
	snprintf(label, sizeof(label), "%s 1 bit", name);
	run_mask(label, run, one(1, 0));
	snprintf(label, sizeof(label), "%s 64 bits", name);
	run_mask(label, run, one(64, 63));
	mask = nodes(-1);
	for (int node = 0; node <= (int)machine.top; node++)
		if (!cpu_only(node))
			numa_bitmask_setbit(mask, (unsigned int)node);
	snprintf(label, sizeof(label), "%s every node", name);
	run_mask(label, run, mask);
	mask = nodes(machine.first);
	numa_bitmask_setbit(mask, (unsigned int)machine.last);
	snprintf(label, sizeof(label), "%s first and last", name);
	run_mask(label, run, mask);
	/* two that do not exist: one warning, and the others still count */
	mask = nodes(machine.first);
	numa_bitmask_setbit(mask, (unsigned int)machine.top + 1);
	numa_bitmask_setbit(mask, (unsigned int)machine.top + 2);
	snprintf(label, sizeof(label), "%s with unknown ones", name);
	run_mask(label, run, mask);
	RUNF("%s, one after the other", name,
	     for (int node = 0; node <= (int)machine.top; node++)
		     if (!cpu_only(node)) { printf(" %d", run(nodes(node))); show_affinity(); });
}

static void get_run_nodes(void)
{
	struct bitmask *mask = numa_get_run_node_mask();

	/* ours has another size and knows nodes without memory: better */
	printf(" {");
	for (unsigned int node = 0; node < mask->size; node++)
		if (numa_bitmask_isbitset(mask, node) && !cpu_only((int)node))
			printf(" %u", node);
	printf(" }");
	numa_bitmask_free(mask);
}

static void affinity(void)
{
	static const unsigned int lengths[] = {1, 8, 63, 64, 65, 128, 1000, 8192, 100000};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		RUNF("sched_getaffinity %u bits", lengths[i],
		     struct bitmask *mask = one(lengths[i], -1);
		     show_result(numa_sched_getaffinity(0, mask));
		     putchar(' '); show(mask));
		for (int cpu = 0; cpu <= numa_num_configured_cpus(); cpu += 1 + cpu / 4)
			RUNFF("sched_setaffinity %u bits, {%d}", lengths[i], cpu,
			      show_result(numa_sched_setaffinity(0, one(lengths[i], cpu))); show_affinity());
		RUNF("sched_setaffinity %u bits, {}", lengths[i],
		     show_result(numa_sched_setaffinity(0, one(lengths[i], -1))); show_affinity());
		RUNF("sched_setaffinity %u bits, last", lengths[i],
		     show_result(numa_sched_setaffinity(0, one(lengths[i], (long)lengths[i] - 1))); show_affinity());
	}
	INT(numa_sched_getaffinity(-1, numa_allocate_cpumask()));
	INT(numa_sched_getaffinity(0x3fffffff, numa_allocate_cpumask()));
	INT(numa_sched_setaffinity(-1, numa_all_cpus_ptr));
	INT(numa_sched_setaffinity(0x3fffffff, numa_all_cpus_ptr));
	RUN("sched_getaffinity of the parent",
	    struct bitmask *mask = numa_allocate_cpumask();
	    show_result(numa_sched_getaffinity(getppid(), mask));
	    putchar(' '); show(mask));
	RUN("sched_setaffinity of another",
	    struct bitmask *mask = numa_allocate_cpumask();
	    pid_t other = fork();
	    if (!other) { pause(); _exit(0); }
	    stay_put();
	    numa_sched_getaffinity(0, mask);
	    show_result(numa_sched_setaffinity(other, mask));
	    struct bitmask *seen = numa_allocate_cpumask();
	    show_result(numa_sched_getaffinity(other, seen));
	    printf(" %d", numa_bitmask_equal(mask, seen));
	    kill(other, 9));
}

int main(void)
{
	look_at_machine();
	for (int node = 0; node <= (int)machine.top + 2; node++)
		cpus_of(node);
	cpus_of(1023);
	cpus_of(1024);
	cpus_of(100000);
	cpus_of(INT32_MAX);
	RUN("node_to_cpus, all in one process",
	    struct bitmask *mask = numa_allocate_cpumask();
	    for (int round = 0; round < 2; round++) {
		    for (int node = 0; node <= (int)machine.top + 1; node++)
			    to_cpus(node, numa_bitmask_clearall(mask));
		    numa_node_to_cpu_update();
	    });
	RUN("node_of_cpu", int top = numa_num_possible_cpus() + 2;
	    for (int cpu = 0; cpu < top; cpu++) {
		    errno = UNTOUCHED;
		    int node = numa_node_of_cpu(cpu);
		    if (node < 0 && cpu > 0 && cpu < top - 1 && cpu != numa_num_configured_cpus())
			    printf("%s", errno == EINVAL ? "." : "?");
		    else
			    show_result(node);
	    });
	INT(numa_node_of_cpu(-1));
	INT(numa_node_of_cpu(8192));
	INT(numa_node_of_cpu(INT32_MAX));
	INT(numa_node_of_cpu(INT32_MIN));

	/* below -1 the reference reads past its tables: ours is better */
	for (int node = -1; node <= (int)machine.top + 2; node++)
		if (node < 0 || !cpu_only(node))
			RUNF("run_on_node %d", node, show_result(numa_run_on_node(node)); show_affinity());
	RUN("run_on_node last possible", show_result(numa_run_on_node(numa_max_possible_node())); show_affinity());
	RUN("run_on_node possible", show_result(numa_run_on_node(numa_num_possible_nodes())); show_affinity());
	RUN("run_on_node huge", show_result(numa_run_on_node(INT32_MAX)); show_affinity());
	RUN("run_on_node and back", stay_put(); show_affinity(); show_result(numa_run_on_node(-1)); show_affinity());
	run_masks("run_on_node_mask", numa_run_on_node_mask);
	run_masks("run_on_node_mask_all", numa_run_on_node_mask_all);

	RUN("get_run_node_mask", get_run_nodes());
	RUN("get_run_node_mask on one CPU", stay_put(); get_run_nodes());
	FOR_NODES(n, cpu)
		if (!cpu_only(n))
			RUNF("get_run_node_mask on node %d", n, printf(" %d", numa_run_on_node(n)); get_run_nodes());
	RUN("get_run_node_mask everywhere", printf(" %d", numa_run_on_node(-1)); get_run_nodes());
	affinity();
	return 0;
}
