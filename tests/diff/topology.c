/* Distances and node sizes, for nodes that exist and for those that do not. */
#include "common.h"

static void row(int from)
{
	printf("distance from %d:", from);
	for (int to = -2; to <= (int)machine.top + 2; to++)
		printf(" %d", numa_distance(from, to));
	printf(" |");
	for (int to = 64; to <= 4096; to *= 4)
		printf(" %d", numa_distance(from, to));
	printf(" | %d %d %d\n", numa_distance(from, 1 << 30), numa_distance(from, INT32_MAX),
	       numa_distance(from, INT32_MIN));
}

/* MemTotal of meminfo in bytes, -1 if there is none. */
static long long sysfs_total(int node)
{
	char path[128], line[256];
	long long total = -1;
	FILE *file;

	snprintf(path, sizeof(path), NODE "node%d/meminfo", node);
	file = fopen(path, "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Node %*d MemTotal: %lld", &total) == 1)
			break;
	fclose(file);
	return total * 1024;
}

static void show_size(long long total, long long rest, int error, long long before, int node)
{
	if (total < 0) {
		printf(" %lld free %lld %s", total, rest, error_name(error));
		return;
	}
	/* a balloon may change it at any time */
	printf(" total %s", total == before || total == sysfs_total(node) ? "as in sysfs" : "odd");
	printf(" free %s", rest >= 0 && rest <= total ? "sane" : "odd");
}

static void sizes(int node)
{
	long long before = sysfs_total(node), free64 = -7;
	long free = -7;

	RUNF("node_size64 %d", node, long long total = numa_node_size64(node, &free64); show_size(total, free64, errno, before, node));
	RUNF("node_size64 %d, NULL", node, long long total = numa_node_size64(node, NULL); show_size(total, -(total < 0), errno, before, node));
	RUNF("node_size %d", node, long total = numa_node_size(node, &free); show_size(total, free, errno, before, node));
	RUNF("node_size %d, NULL", node, long total = numa_node_size(node, NULL); show_size(total, -(total < 0), errno, before, node));
}

int main(void)
{
	look_at_machine();
	RUN("rows",
	    putchar('\n');
	    for (int from = -2; from <= (int)machine.top + 2; from++)
		    row(from);
	    for (int from = 64; from <= 4096; from *= 4)
		    row(from);
	    row(1 << 30);
	    row(INT32_MAX);
	    row(INT32_MIN));
	/* the first call may be for any pair */
	RUN("first call, last node", printf(" %d", numa_distance((int)machine.top, 0)));
	RUN("first call, no node", printf(" %d", numa_distance(-1, 0)));
	RUN("first call, far away", printf(" %d", numa_distance(0, (int)machine.top + 100)));
	RUN("again and again", for (int i = 0; i < 3; i++) printf(" %d", numa_distance(0, 0)));
	for (int node = -2; node <= (int)machine.top + 2; node++)
		sizes(node);
	sizes(1023);
	sizes(1024);
	sizes(5000);
	sizes(INT32_MAX);
	sizes(INT32_MIN);
	return 0;
}
