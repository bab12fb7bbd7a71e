/* Distances and memory sizes, on this machine and on made-up ones. */
#include "machine.h"
#include "fake.h"

static long long meminfo(int node, const char *key)
{
	char path[128], line[256], wanted[64];
	long long value = -1, found = -1;
	FILE *file;

	snprintf(path, sizeof(path), NODE_DIR "/node%d/meminfo", node);
	file = fopen(path, "r");
	if (!file)
		return -1;
	snprintf(wanted, sizeof(wanted), "Node %d %s: %%lld kB", node, key);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, wanted, &value) == 1)
			found = value * 1024;
	fclose(file);
	return found;
}

/* Memory may be plugged or pulled meanwhile: a size is what the file said before, or says behind it, or lies between. */
static int is_size(int node, long long before, long long size)
{
	long long after = meminfo(node, "MemTotal");

	return before <= after ? before <= size && size <= after : after <= size && size <= before;
}

TEST(node_sizes_are_those_of_sys)
{
	look();
	EACH(node, &machine.nodes) {
		long long total = meminfo(node, "MemTotal"), size, free64 = -2;
		long free_long = -2;

		SKIP_IF(total < 0, "no meminfo of node %d", node);
		size = numa_node_size64(node, &free64);
		CHECK(is_size(node, total, size), "%lld, not %lld", size, total);
		CHECK(free64 >= 0 && free64 <= size && free64 % 1024 == 0, "free %lld of %lld", free64, size);
		size = numa_node_size64(node, NULL);
		CHECK(is_size(node, total, size), "%lld, not %lld", size, total);
		size = numa_node_size(node, &free_long);
		CHECK(is_size(node, total, size), "%lld, not %lld", size, total);
		CHECK(free_long >= 0 && free_long <= size, "free %ld of %lld", free_long, size);
		size = numa_node_size(node, NULL);
		CHECK(is_size(node, total, size), "%lld, not %lld", size, total);
	}
}

TEST(sizes_of_nodes_that_do_not_exist)
{
	static const int bad[] = {-1, -2, INT32_MIN, 100000, INT32_MAX};

	look();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		long long free64 = 5;
		long free_long = 5;

		QUIET(EQUAL(numa_node_size64(bad[i], &free64), -1));
		EQUAL(free64, -1);
		EQUAL(numa_node_size(bad[i], &free_long), -1);
		EQUAL(free_long, -1);
		EQUAL(numa_node_size64(bad[i], NULL), -1);
	}
	FAILS(numa_node_size64(last(&machine.nodes) + 1, NULL), -1, ENOENT);
}

TEST(distances_are_those_of_sys)
{
	look();
	EACH(from, &machine.nodes) {
		char path[128];
		FILE *file;
		int distance;

		snprintf(path, sizeof(path), NODE_DIR "/node%d/distance", from);
		file = fopen(path, "r");
		SKIP_IF(!file, "no distances in /sys");
		EACH(to, &machine.nodes) {
			CHECK(fscanf(file, "%d", &distance) == 1, "row of node %d", from);
			CHECK(numa_distance(from, to) == distance, "%d to %d: %d", from, to,
			      numa_distance(from, to));
		}
		fclose(file);
		EQUAL(numa_distance(from, from), 10);
	}
}

TEST(distances_of_nodes_that_do_not_exist)
{
	static const int bad[] = {-1, INT32_MIN, 5000, INT32_MAX};

	look();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		QUIET(EQUAL(numa_distance(bad[i], machine.first), 0));
		QUIET(EQUAL(numa_distance(machine.first, bad[i]), 0));
		QUIET(EQUAL(numa_distance(bad[i], bad[i]), 0));
	}
	EQUAL(numa_distance(last(&machine.nodes) + 1, machine.first), 0);
	EQUAL(numa_distance(machine.first, last(&machine.nodes) + 1), 0);
}

/* Any pair may be the first that is asked for; ids in gaps are nodes that do not exist. */
TEST(distances_and_sizes_of_every_id)
{
	static const int far[] = {1023, 1024, 5000, 1 << 30, INT32_MAX, INT32_MIN};

	look();
	for (int from = -2; from <= last(&machine.nodes) + 2; from++) {
		long long unused = 5;
		long unused_long = 5;

		for (int to = -2; to <= last(&machine.nodes) + 2; to++)
			if (!has(&machine.nodes, from) || !has(&machine.nodes, to))
				EQUAL(numa_distance(from, to), 0);
		for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
			if (!has(&machine.nodes, far[i]))
				EQUAL(numa_distance(from, far[i]) + numa_distance(far[i], from), 0);
		if (has(&machine.nodes, from))
			continue;
		QUIET(FAILS(numa_node_size64(from, &unused), -1, ENOENT));
		QUIET(FAILS(numa_node_size(from, &unused_long), -1, ENOENT));
		CHECK(unused == -1 && unused_long == -1, "node %d: %lld and %ld free", from, unused, unused_long);
	}
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		if (!has(&machine.nodes, far[i]))
			QUIET(FAILS(numa_node_size64(far[i], NULL), -1, ENOENT));
	EQUAL(IN_CHILD(EQUAL(numa_distance(0, last(&machine.nodes) + 100), 0)), 0);
}

static const char *sparse(void)
{
	return on_machine("sparse");
}

TEST_IN(sparse, sparse_ids_map_to_their_columns)
{
	EQUAL(numa_distance(0, 0), 10);
	EQUAL(numa_distance(0, 8), 20);
	EQUAL(numa_distance(0, 100), 40);
	EQUAL(numa_distance(8, 0), 21);
	EQUAL(numa_distance(8, 8), 10);
	EQUAL(numa_distance(8, 100), 30);
	EQUAL(numa_distance(100, 0), 41);
	EQUAL(numa_distance(100, 8), 31);
	EQUAL(numa_distance(0, 1), 0);
	EQUAL(numa_distance(0, 2), 0);
	EQUAL(numa_distance(1, 0), 0);
	EQUAL(numa_distance(0, 101), 0);
}

TEST_IN(sparse, node_sizes_of_made_up_nodes)
{
	long long unused = -2;

	EQUAL(numa_node_size64(8, &unused), 2000 << 20);
	EQUAL(unused, 500 << 20);
	EQUAL(numa_node_size64(100, &unused), 0);
	EQUAL(unused, 0);
	FAILS(numa_node_size64(3, &unused), -1, ENOENT);
	EQUAL(unused, -1);
	/* Read afresh each time. */
	put_node(8, "0\n", "21 10 30\n", 4000);
	EQUAL(numa_node_size64(8, NULL), 4000 * 1024);
}

DIFFERS_IN(sparse, nodes_that_appear_later)
{
	struct bitmask *mask = numa_allocate_cpumask();

	EQUAL(numa_distance(0, 9), 0);
	EQUAL(numa_distance(0, 200), 0);
	put_node(0, "3\n", "10 20 77 40 88\n", 1000);
	put_node(8, "0\n", "21 10 78 30 89\n", 2000);
	put_node(9, "4\n", "71 72 10 73 74\n", 3000);
	put_node(200, "8\n", "81 82 83 84 10\n", 3000);
	EQUAL(numa_distance(9, 9), 10);
	EQUAL(numa_distance(9, 100), 73);
	EQUAL(numa_distance(200, 200), 10);
	EQUAL(numa_distance(200, 0), 81);
	EQUAL(numa_distance(200, 9), 83);
	EQUAL(numa_distance(8, 100), 30);
	EQUAL(numa_node_size64(200, NULL), 3000 * 1024);
	/* What is fixed at load stays. */
	EQUAL(numa_max_node(), 100);
	EQUAL(numa_num_configured_nodes(), 3);
	FAILS(numa_node_to_cpus(200, mask), -1, ERANGE);
	EQUAL(numa_node_to_cpus(9, mask), 0);
	CHECK(holds_only(mask, 2, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

TEST_IN(sparse, nodes_that_go_away)
{
	struct bitmask *mask = numa_allocate_cpumask();

	EQUAL(numa_distance(8, 100), 30);
	unlink("/sys/devices/system/node/node8/cpulist");
	unlink("/sys/devices/system/node/node8/cpumap");
	unlink("/sys/devices/system/node/node8/distance");
	unlink("/sys/devices/system/node/node8/meminfo");
	EQUAL(rmdir("/sys/devices/system/node/node8"), 0);
	FAILS(numa_node_size64(8, NULL), -1, ENOENT);
	FAILS(numa_node_to_cpus(8, mask), -1, ENOENT);
	EQUAL(numa_node_to_cpus(0, mask), 0);
	numa_bitmask_free(mask);
}

static const char *odd_files(void)
{
	const char *cannot = no_nodes_yet();
	static char large[100000];

	if (cannot)
		return cannot;
	put_node(0, "", "", 1000);
	put_node(1, "xyz\n", "ten twenty\n", 1000);
	put_node(2, "1,,1\n", "-1 99999999999999999999\n", 1000);
	memset(large, 'f', sizeof(large) - 1);
	put_node(3, large, large, 1000);
	put("/sys/devices/system/node/node0/meminfo", "");
	put("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: lots kB\nNode 1 MemFree: 1 kB\n");
	put("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 99999999999999999999 kB\nNode 2 MemFree: 1 kB\n");
	put("/sys/devices/system/node/node3/meminfo", large);
	return NULL;
}

DIFFERS_IN(odd_files, files_that_make_no_sense_are_errors)
{
	struct bitmask *mask = numa_allocate_cpumask();

	for (int node = 0; node < 4; node++) {
		long long unused = -2;

		EQUAL(numa_distance(node, 0), 0);
		EQUAL(numa_distance(0, node), 0);
		EQUAL(numa_node_size64(node, &unused), -1);
		/* The second line of two makes sense. */
		EQUAL(unused, node == 1 || node == 2 ? 1024 : -1);
		if (node)
			EQUAL(numa_node_to_cpus(node, mask), -1);
	}
	numa_bitmask_free(mask);
}
