/*
 * The library on each machine of tests/machines: its CPUs, distances and sizes are those that the
 * machine's file `expected` lists.
 */
#include "machine.h"
#include "fake.h"

#define CPUS 8192

/* The value of a key, or of a key of a node, or NULL. */
static const char *expected(const char *name, const char *key, int node)
{
	static char *line;
	static size_t size;
	FILE *file = fopen(machine_file(name, "expected"), "r");
	char start[64];
	int length = node < 0 ? snprintf(start, sizeof(start), "%s\t", key)
			      : snprintf(start, sizeof(start), "node%d\t%s\t", node, key);
	const char *found = NULL;

	while (file && !found && getline(&line, &size, file) > 0)
		if (!strncmp(line, start, (size_t)length)) {
			line[strcspn(line, "\n")] = 0;
			found = line + length;
		}
	if (file)
		fclose(file);
	return found;
}

/* The members of a list like 0-3,8: as many numbers, up to `most`. */
static int members(const char *list, int *numbers, int most)
{
	int n = 0;

	for (char *at = (char *)list; *at >= '0' && *at <= '9'; at += *at == ',') {
		int first = (int)strtol(at, &at, 10), end = *at == '-' ? (int)strtol(at + 1, &at, 10) : first;

		for (; first <= end && n < most; first++)
			numbers[n++] = first;
	}
	return n;
}

static void as_expected(const char *name)
{
	static int nodes[1024], cpus[CPUS], of_node[CPUS];
	struct bitmask *mask = numa_allocate_cpumask();
	const char *list = expected(name, "nodes_online", -1);
	int count, top, step;

	SKIP_IF(!list, "there are no nodes");
	count = members(list, nodes, 1024);
	EQUAL(numa_max_node(), nodes[count - 1]);
	top = members(expected(name, "cpus_possible", -1), cpus, CPUS);
	SKIP_IF(cpus[top - 1] >= numa_num_possible_cpus(), "the kernel has room for %d CPUs", numa_num_possible_cpus());
	/* No kernel shows longer maps than it has; the reference takes them for damaged. */
	SKIP_IF(on_reference() && atoi(expected(name, "cpus_kernel_max", -1)) >= numa_num_possible_cpus(),
		"the maps are longer than this kernel's");
	/* Of a large machine every seventh node. */
	step = count > 100 ? 7 : 1;
	for (int i = 0; i < count; i += step) {
		int node = nodes[i], wanted = members(expected(name, "cpus", node), of_node, CPUS);
		long long rest = -2;
		const char *row;
		char *at;

		numa_bitmask_setall(mask);
		EQUAL(numa_node_to_cpus(node, mask), 0);
		EQUAL(numa_bitmask_weight(mask), wanted);
		for (int c = 0; c < wanted; c++) {
			EQUAL(numa_bitmask_isbitset(mask, (unsigned)of_node[c]), 1);
			EQUAL(numa_node_of_cpu(of_node[c]), node);
		}
		EQUAL(numa_node_size64(node, &rest), atoll(expected(name, "total_kib", node)) * 1024);
		EQUAL(rest, atoll(expected(name, "free_kib", node)) * 1024);
		row = expected(name, "distances", node);
		at = (char *)row;
		for (int to = 0; to < count; to++)
			EQUAL(numa_distance(node, nodes[to]), strtol(at, &at, 10));
	}
	FAILS(numa_node_to_cpus(nodes[count - 1] + 1, mask), -1, ERANGE);
	EQUAL(numa_distance(nodes[0], nodes[count - 1] + 1), 0);
	EQUAL(numa_node_size64(nodes[count - 1] + 1, NULL), -1);
	numa_bitmask_free(mask);
}

#define MACHINE(id, name, ...)                                                   \
	static const char *on_##id(void) { return on_machine(name); }            \
	TEST_IN(on_##id, machine_##id, ##__VA_ARGS__) { as_expected(name); }

MACHINE(1node, "1node")
MACHINE(0_8, "0-8")
MACHINE(4nodes, "4nodes")
MACHINE(32nodes, "32nodes")
MACHINE(1024nodes, "1024nodes", ROW(old_all_nodes_is_never_overrun))
MACHINE(sparse, "sparse")
MACHINE(memoryless, "memoryless")
MACHINE(cpu_gaps, "cpu-gaps")
MACHINE(xeon_2sockets, "xeon-2sockets")
MACHINE(epyc_nps4, "epyc-nps4")
MACHINE(power9_gpus, "power9-gpus")
MACHINE(grace_hopper, "grace-hopper")
MACHINE(xeon_4sockets, "xeon-4sockets")
MACHINE(xeon_hbm, "xeon-hbm")
MACHINE(cxl, "cxl")
MACHINE(dgx_h100, "dgx-h100")
MACHINE(mi300a, "mi300a")
MACHINE(mi300x, "mi300x")
MACHINE(gpu_cloud, "gpu-cloud")
MACHINE(offline_cpus, "offline-cpus")
MACHINE(isolated_cpus, "isolated-cpus")
MACHINE(asymmetric, "asymmetric")

/* What a process may use there: the sets and their counts are those of its status file. */
static void is_list(const struct bitmask *mask, const char *list)
{
	static int numbers[CPUS];
	int count = members(list, numbers, CPUS);

	CHECK((int)numa_bitmask_weight(mask) == count, "%s, not %s", text_of(mask), list);
	for (int i = 0; i < count; i++)
		CHECK(numa_bitmask_isbitset(mask, (unsigned)numbers[i]), "%s, not %s", text_of(mask), list);
}

static void allows(const char *name)
{
	SKIP_IF(atoi(expected(name, "cpus_kernel_max", -1)) >= numa_num_possible_cpus(), "the kernel has room for %d CPUs",
		numa_num_possible_cpus());
	is_list(numa_all_nodes_ptr, expected(name, "mems_allowed", -1));
	is_list(numa_all_cpus_ptr, expected(name, "cpus_allowed", -1));
	EQUAL(numa_num_task_nodes(), numa_bitmask_weight(numa_all_nodes_ptr));
	EQUAL(numa_num_task_cpus(), numa_bitmask_weight(numa_all_cpus_ptr));
}

#define ALLOWED(id, name, ...)                                                   \
	static const char *allowed_on_##id(void)                                 \
	{                                                                        \
		const char *cannot = on_machine(name);                           \
		return cannot ? cannot : status_of(name);                        \
	}                                                                        \
	TEST_IN(allowed_on_##id, allowed_on_machine_##id, ##__VA_ARGS__) { allows(name); }

ALLOWED(cpuset, "cpuset")
ALLOWED(memoryless, "memoryless")
ALLOWED(xeon_4sockets, "xeon-4sockets")
ALLOWED(cxl, "cxl")
ALLOWED(offline_cpus, "offline-cpus")
ALLOWED(isolated_cpus, "isolated-cpus")
