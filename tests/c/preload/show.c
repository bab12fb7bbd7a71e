/* Prints what the library knows of the machine from /sys. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <numa.h>

static void print(const char *name, struct bitmask *mask)
{
	printf("%s", name);
	if (!mask)
		printf(" NULL");
	for (unsigned i = 0; mask && i < mask->size; i++)
		if (numa_bitmask_isbitset(mask, i))
			printf(" %u", i);
	putchar('\n');
}

int main(void)
{
	struct bitmask *cpus = numa_allocate_cpumask(), *nodes;

	printf("highest %d, configured %d\n", numa_max_node(), numa_num_configured_nodes());
	print("nodes", numa_nodes_ptr);
	for (int node = 0; node <= 4; node++) {
		long long size, free = 0;

		if (numa_node_to_cpus(node, cpus))
			printf("node %d: %s\n", node, strerror(errno));
		else
			print("cpus", cpus);
		size = numa_node_size64(node, &free);
		printf("size %lld, free %lld, distances", size, free);
		for (int other = 0; other <= 4; other++)
			printf(" %d", numa_distance(node, other));
		putchar('\n');
	}
	printf("cpu 0 on %d, 5 on %d, 6 on %d, 8 on %d\n", numa_node_of_cpu(0), numa_node_of_cpu(5), numa_node_of_cpu(6),
	       numa_node_of_cpu(8));
	print("all", nodes = numa_parse_nodestring_all("all"));
	numa_bitmask_free(nodes);
	print("netdev", nodes = numa_parse_nodestring_all("netdev:made0"));
	numa_bitmask_free(nodes);
	numa_bitmask_free(cpus);
	return 0;
}
