/*
 * libnuma_ext.so.1 on the tiers topology: what it says of nodes is what QEMU was told, and pages are where its
 * policies say. Runs as root in a virtual machine.
 */
#include "../../c/check.h"
#include "../../c/machine.h"

#include <sys/utsname.h>

#include <numa.h>
#include <numaif.h>
#include <numa_ext.h>

#define PAGES 8192UL

static int is_6_1(void)
{
	struct utsname name;

	return !uname(&name) && !strncmp(name.release, "6.1.", 4);
}

/* From node, to node, ns, MB/s: the pairs that the kernel shows. */
static const int costs[][4] = {{0, 0, 80, 204800}, {1, 1, 81, 205824}, {0, 2, 250, 40960}, {1, 3, 251, 41984}};

TEST(costs_are_those_of_the_firmware)
{
	for (int from = 0; from < 4; from++)
		for (int to = 0; to < 4; to++) {
			const int *cost = NULL;

			for (int i = 0; i < 4; i++)
				if (costs[i][0] == from && costs[i][1] == to)
					cost = costs[i];
			for (int kind = NUMA_EXT_READ_LATENCY; kind <= NUMA_EXT_WRITE_BANDWIDTH; kind++)
				if (cost)
					EQUAL(numa_ext_attribute(from, to, kind),
					      cost[kind <= NUMA_EXT_WRITE_LATENCY ? 2 : 3]);
				else
					FAILS(numa_ext_attribute(from, to, kind), -1, ENODATA);
		}
	for (int to = 0; to < 4; to++)
		for (int access = NUMA_EXT_ACCESS_ANY; access <= NUMA_EXT_ACCESS_CPUS; access++) {
			struct bitmask *best = numa_ext_best_initiators(to, access);

			EQUAL(numa_ext_best_attribute(to, access, NUMA_EXT_READ_LATENCY), costs[to][2]);
			EQUAL(numa_ext_best_attribute(to, access, NUMA_EXT_WRITE_BANDWIDTH), costs[to][3]);
			CHECK(best && holds_only(best, to & 1, -1), "node %d: %s", to, text_of(best));
			if (best)
				numa_bitmask_free(best);
		}
	FAILS(numa_ext_attribute(0, 4, NUMA_EXT_READ_LATENCY), -1, EINVAL);
}

TEST(tiers_are_those_of_the_kernel)
{
	struct bitmask *nodes = numa_ext_tier_nodes(0);

	EQUAL(numa_ext_tier(0), 0);
	EQUAL(numa_ext_tier(1), 0);
	if (is_6_1()) {
		EQUAL(numa_ext_num_tiers(), 1);
		EQUAL(numa_ext_tier(3), 0);
		CHECK(holds_only(nodes, 0, 1, 2, 3, -1), "%s", text_of(nodes));
	} else {
		CHECK(numa_ext_num_tiers() >= 2, "%d", numa_ext_num_tiers());
		CHECK(numa_ext_tier(2) > 0 && numa_ext_tier(3) > 0, "%d", numa_ext_tier(2));
		CHECK(holds_only(nodes, 0, 1, -1), "%s", text_of(nodes));
	}
	numa_bitmask_free(nodes);
}

/* Whether a word stands for the nodes of a list, or if that is NULL for none, with ENODATA. */
static void stands_for(const char *word, unsigned flags, const char *list)
{
	struct bitmask *nodes = numa_ext_parse_nodes(word, flags), *wanted;

	if (!list) {
		CHECK(!nodes && errno == ENODATA, "%s: %s, %s", word, text_of(nodes), strerror(errno));
		return;
	}
	wanted = numa_parse_nodestring((char *)list);
	CHECK(nodes && numa_bitmask_equal(nodes, wanted), "%s: %s, %s", word, text_of(nodes), numa_ext_reason());
	numa_bitmask_free(wanted);
	if (nodes)
		numa_bitmask_free(nodes);
}

TEST(words_stand_for_nodes)
{
	stands_for("mem", 0, "0-3");
	stands_for("cpu", 0, "0-1");
	stands_for("fast", 0, "0-1");
	stands_for("slow", 0, "2-3");
	stands_for("!slow,0", 0, "1");
	stands_for("near:3", 0, "3");
	stands_for("near:3", NUMA_EXT_NODES_FOR_CPUS, "1");
	stands_for("near:2", NUMA_EXT_NODES_FOR_CPUS, "0");
	stands_for("tier:9", 0, NULL);
}

static int weight_in_sys(int node)
{
	char path[128];
	int weight = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/mempolicy/weighted_interleave/node%d", node);
	file = fopen(path, "r");
	if (file && fscanf(file, "%d", &weight) != 1)
		weight = -2;
	if (file)
		fclose(file);
	return weight;
}

TEST(pages_land_by_weights)
{
	struct numa_ext_weight weights[] = {{0, 5}, {1, 7}, {2, 1}, {3, 1}}, bad[] = {{0, 9}, {7, 1}}, found[8];
	struct bitmask *nodes = numa_ext_parse_nodes("0,2", 0);
	unsigned long counts[4];
	char *memory;

	if (weight_in_sys(0) < 0) {
		FAILS(numa_ext_get_weight(0), -1, ENODATA);
		FAILS(numa_ext_set_weights(weights, 4), -1, EOPNOTSUPP);
		FAILS((intptr_t)numa_ext_alloc(page(), MPOL_WEIGHTED_INTERLEAVE, nodes, 0), 0, EOPNOTSUPP);
		FAILS(numa_ext_set_policy(MPOL_WEIGHTED_INTERLEAVE, nodes), -1, EOPNOTSUPP);
		numa_bitmask_free(nodes);
		return;
	}
	EQUAL(numa_ext_get_weights(found, 8), 4);
	for (int node = 0; node < 4; node++)
		EQUAL(found[node].weight, weight_in_sys(node));
	EQUAL(numa_ext_set_weights(weights, 4), 0);
	FAILS(numa_ext_set_weights(bad, 2), -1, EINVAL);
	for (int node = 0; node < 4; node++) {
		EQUAL(numa_ext_get_weight(node), weights[node].weight);
		EQUAL(weight_in_sys(node), weights[node].weight);
	}
	memory = numa_ext_alloc(PAGES * page(), MPOL_WEIGHTED_INTERLEAVE, nodes, 0);
	CHECK(memory, "%s", numa_ext_reason());
	if (memory) {
		madvise(memory, PAGES * page(), MADV_NOHUGEPAGE);
		memset(memory, 1, PAGES * page());
		EQUAL(numa_ext_locate_counts(0, memory, PAGES * page(), 0, counts, 4), PAGES);
		/* 5 to 1, within 2 %. */
		CHECK(counts[0] > PAGES * 5 / 6 - PAGES / 50 && counts[0] < PAGES * 5 / 6 + PAGES / 50, "%lu", counts[0]);
		EQUAL(counts[0] + counts[2], PAGES);
		numa_free(memory, PAGES * page());
	}
	if (numa_ext_set_auto_weights(1)) {
		EQUAL(errno, EOPNOTSUPP);
	} else {
		EQUAL(numa_ext_get_auto_weights(), 1);
		EQUAL(numa_ext_set_weights(weights, 1), 0);
		EQUAL(numa_ext_get_auto_weights(), 0);
	}
	numa_bitmask_free(nodes);
}

TEST(pages_are_where_policies_say)
{
	struct bitmask *from = numa_ext_parse_nodes("0", 0), *to = numa_ext_parse_nodes("2-3", 0);
	struct set before = only(0), after = only(2);
	char *memory = numa_ext_alloc(16 * page(), MPOL_BIND, from, NUMA_EXT_ALLOC_TOUCH);

	add(&after, 3);
	CHECK(memory, "%s", numa_ext_reason());
	for (size_t i = 0; i < 16; i++)
		EQUAL(place_of(memory + i * page()), 0);
	/* Strict alone says that pages are elsewhere, and leaves the policy. */
	FAILS(numa_ext_set_range_policy(memory, 16 * page(), MPOL_BIND, to, MPOL_MF_STRICT), -1, EIO);
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &before), "mode %d", policy_of(memory).mode);
	/* Without a flag they stay. */
	EQUAL(numa_ext_set_range_policy(memory, 8 * page(), MPOL_BIND, to, 0), 0);
	EQUAL(place_of(memory), 0);
	EQUAL(numa_ext_set_range_policy(memory, 16 * page(), MPOL_BIND, to, MPOL_MF_STRICT | MPOL_MF_MOVE), 0);
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &after), "mode %d", policy_of(memory).mode);
	for (size_t i = 0; i < 16; i++)
		CHECK(place_of(memory + i * page()) >= 2, "page %zu: %d", i, place_of(memory + i * page()));
	EQUAL(numa_ext_set_range_policy(memory, 16 * page(), MPOL_BIND, from, MPOL_MF_MOVE_ALL), 0);
	EQUAL(place_of(memory), 0);
	numa_free(memory, 16 * page());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(threads_run_where_cpus_are)
{
	struct bitmask *far = numa_ext_parse_nodes("2-3", 0), *near = numa_ext_parse_nodes("near:3", NUMA_EXT_NODES_FOR_CPUS);

	FAILS(numa_ext_run_on(far), -1, EINVAL);
	EQUAL(strcmp(numa_ext_reason(), "nodes 2-3 have no CPUs"), 0);
	EQUAL(numa_ext_run_on(near), 0);
	EQUAL(numa_node_of_cpu(sched_getcpu()), 1);
	numa_bitmask_free(far);
	numa_bitmask_free(near);
}
