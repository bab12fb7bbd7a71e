/*
 * debug CALL...: makes these calls and prints what each returns, its errno, and what numa_error was told.
 * What NUMA_DEBUG=1 adds goes to standard error.
 */
#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *complained = "";

void numa_error(char *where)
{
	complained = where;
}

void numa_warn(int number, char *format, ...)
{
	(void)number, (void)format;
}

static struct bitmask *of_node(unsigned node)
{
	struct bitmask *mask = numa_allocate_nodemask();

	return numa_bitmask_setbit(mask, node);
}

static long call(const char *name)
{
	static char page[8192] __attribute__((aligned(4096)));
	unsigned node = 0;
	char kind[32];

	if (sscanf(name, "%31[a-z]%u", kind, &node) < 1)
		return -2;
	if (!strcmp(kind, "membind"))
		numa_set_membind(of_node(node));
	else if (!strcmp(kind, "empty"))
		numa_set_membind(numa_no_nodes_ptr);
	else if (!strcmp(kind, "preferred"))
		numa_set_preferred((int)node);
	else if (!strcmp(kind, "alloc"))
		return numa_alloc_onnode(4096, (int)node) != NULL;
	else if (!strcmp(kind, "interleaved"))
		return numa_alloc_interleaved_subset(4096, of_node(node)) != NULL;
	else if (!strcmp(kind, "tonode"))
		numa_tonode_memory(page, 4096, (int)node);
	else if (!strcmp(kind, "odd"))
		numa_tonode_memory(page + 1, 4096, (int)node);
	else if (!strcmp(kind, "run"))
		return numa_run_on_node((int)node);
	else if (!strcmp(kind, "runmask"))
		return numa_run_on_node_mask(of_node(node));
	else if (!strcmp(kind, "distance"))
		return numa_distance((int)node, 0);
	else if (!strcmp(kind, "size"))
		return numa_node_size((int)node, NULL);
	else if (!strcmp(kind, "available"))
		return numa_available();
	else if (!strcmp(kind, "nodes"))
		return numa_parse_nodestring((char[]){ '0', '-', (char)('0' + node), 0 }) != NULL;
	else if (!strcmp(kind, "noise"))
		return numa_parse_nodestring("\x1b[2J\n") != NULL;
	else if (!strcmp(kind, "cpus"))
		return numa_parse_cpustring("0-99999") != NULL;
	else if (!strcmp(kind, "affinity"))
		return numa_sched_setaffinity(0, numa_bitmask_alloc(64));
	else if (!strcmp(kind, "migrate"))
		return numa_migrate_pages((int)node, numa_all_nodes_ptr, numa_all_nodes_ptr);
	else if (!strcmp(kind, "move"))
		return numa_move_pages((int)node, 1, (void *[]){ page }, NULL, (int[]){ 0 }, 0);
	else if (!strcmp(kind, "closed"))
		return close(2);
	else if (!strcmp(kind, "late"))
		return setenv("NUMA_DEBUG", "1", 1);
	else
		return -3;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		long result;

		errno = 0;
		complained = "";
		result = call(argv[i]);
		printf("%s: %ld %d %s\n", argv[i], result, errno, complained);
		fflush(stdout);
	}
	return 0;
}
