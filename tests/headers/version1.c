/*
 * A program as it was written for libnuma 1: it asks for the old names and takes masks of
 * fixed size. It ends with status 1 at the first thing that is wrong, and prints
 * what it saw, which does not depend on how it was built.
 */
#define NUMA_VERSION1_COMPATIBILITY
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <numa.h>
#include <numaif.h>

#define SIZE (1 << 20)
#define MUST(condition)                                                                 \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno); \
			exit(1);                                                        \
		}                                                                       \
	} while (0)

static void show(const char *what, const nodemask_t *mask)
{
	int node;

	printf("%s:", what);
	for (node = -1; node <= NUMA_NUM_NODES; node++)
		if (nodemask_isset(mask, node))
			printf(" %d", node);
	printf("\n");
}

static void masks(void)
{
	nodemask_t a, b;

	memset(&a, 0xff, sizeof(a));
	nodemask_zero(&a);
	nodemask_zero(&b);
	MUST(nodemask_equal(&a, &b));
	MUST(nodemask_equal(&a, &numa_no_nodes));
	nodemask_set(&a, 0);
	nodemask_set(&a, 63);
	nodemask_set(&a, 64);
	nodemask_set(&a, NUMA_NUM_NODES - 1);
	show("set", &a);
	MUST(!nodemask_equal(&a, &b));
	b = a;
	MUST(nodemask_equal(&a, &b));
	nodemask_clr(&a, 63);
	nodemask_clr(&a, NUMA_NUM_NODES - 1);
	show("cleared", &a);
	MUST(!nodemask_equal(&a, &b));
	MUST(nodemask_isset(&a, 64) == 1);
	MUST(nodemask_isset(&a, NUMA_NUM_NODES) == 0);
	MUST(nodemask_isset(&a, -1) == 0);
}

static void policies(void)
{
	nodemask_t all = numa_all_nodes, one, mask;
	char *memory;
	int node;

	for (node = 0; !nodemask_isset(&all, node); node++)
		;
	nodemask_zero(&one);
	nodemask_set(&one, node);

	numa_set_interleave_mask(&one);
	mask = numa_get_interleave_mask();
	show("interleave", &mask);
	MUST(nodemask_equal(&mask, &one));
	nodemask_zero(&mask);
	numa_set_interleave_mask(&mask);
	mask = numa_get_interleave_mask();
	MUST(nodemask_equal(&mask, &numa_no_nodes));

	numa_set_membind(&one);
	mask = numa_get_membind();
	show("membind", &mask);
	MUST(nodemask_equal(&mask, &one));
	numa_bind(&all);
	mask = numa_get_membind();
	show("bind", &mask);
	numa_set_localalloc();

	memory = (char *)numa_alloc_interleaved_subset(SIZE, &one);
	MUST(memory != NULL);
	memset(memory, 1, SIZE);
	numa_interleave_memory(memory, SIZE, &one);
	numa_tonodemask_memory(memory, SIZE, &one);
	memset(memory, 2, SIZE);
	MUST(memory[0] == 2 && memory[SIZE - 1] == 2);
	numa_free(memory, SIZE);
}

static void cpus(void)
{
	unsigned long before[1024], of_node[1024];
	nodemask_t mask;
	int bytes, set, node;
	unsigned i;

	memset(before, 0, sizeof(before));
	bytes = numa_sched_getaffinity(0, sizeof(before), before);
	MUST(bytes > 0 && bytes <= (int)sizeof(before));
	MUST(numa_sched_setaffinity(0, bytes, before) == 0);
	mask = numa_get_run_node_mask();
	show("run", &mask);
	MUST(numa_run_on_node_mask(&mask) == 0);
	set = 0;
	for (node = 0; node <= numa_max_node(); node++) {
		memset(of_node, 0xff, sizeof(of_node));
		if (numa_node_to_cpus(node, of_node, sizeof(of_node)))
			continue;
		for (i = 0; i < sizeof(of_node) / sizeof(of_node[0]); i++)
			set |= (of_node[i] & before[i]) != 0;
	}
	MUST(set);
	errno = 0;
	MUST(numa_node_to_cpus(-1, of_node, sizeof(of_node)) == -1 && errno == ERANGE);
	MUST(numa_sched_setaffinity(0, bytes, before) == 0);
}

int main(void)
{
	masks();
	numa_exit_on_error = 1;
	if (numa_available() < 0)
		printf("no policies here\n");
	else
		policies();
	cpus();
	return 0;
}
