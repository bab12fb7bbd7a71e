/*
 * What libnuma_ext.so.1 says of nodes, and the policies that it sets: arguments and errors on whatever
 * machine this is, and answers on a made-up one. That numbers are those of a firmware is tested in a
 * virtual machine (tests/commands/vm/costs.sh).
 */
#include "../c/check.h"
#include "../c/fake.h"

#include <limits.h>
#include <pthread.h>

#include <numa.h>
#include <numaif.h>
#include <numa_ext.h>

static const int bad_nodes[] = {-1, INT_MIN, INT_MAX, 100000};

/* Whether a mask, which is freed, holds just these bits: 0-3,8. */
static int holds_text(struct bitmask *mask, const char *wanted)
{
	char text[256] = "";
	int used = 0, same;

	for (unsigned n = 0; mask && n < mask->size && used < 200; n++) {
		unsigned end = n;

		if (!numa_bitmask_isbitset(mask, n))
			continue;
		while (numa_bitmask_isbitset(mask, end + 1))
			end++;
		used += sprintf(text + used, end > n ? "%s%u-%u" : "%s%u", used ? "," : "", n, end);
		n = end;
	}
	same = mask && !strcmp(text, wanted);
	if (!same)
		printf("# %s, not %s\n", mask ? text : numa_ext_reason(), wanted);
	if (mask)
		numa_bitmask_free(mask);
	return same;
}

/* Whether the reason says this. */
#define SAYS(part)                                                               \
	CHECK(strstr(numa_ext_reason(), part) && !strchr(numa_ext_reason(), '\n'), \
	      "the reason is \"%s\"", numa_ext_reason())

static struct bitmask *parse(const char *text, unsigned flags)
{
	return numa_ext_parse_nodes(text, flags);
}

/* ---- reasons -------------------------------------------------------------------------------- */

TEST(no_reason_yet)
{
	EQUAL(strcmp(numa_ext_reason(), ""), 0);
}

static void *fail_elsewhere(void *unused)
{
	(void)unused;
	EQUAL(strcmp(numa_ext_reason(), ""), 0);
	FAILS(numa_ext_tier(-7), -1, EINVAL);
	SAYS("-7");
	return NULL;
}

TEST(each_thread_has_its_reason)
{
	char kept[600];
	pthread_t thread;

	FAILS(numa_ext_attribute(0, -5, NUMA_EXT_READ_LATENCY), -1, EINVAL);
	SAYS("there is no node -5, only ");
	snprintf(kept, sizeof(kept), "%s", numa_ext_reason());
	if (pthread_create(&thread, NULL, fail_elsewhere, NULL))
		abort();
	pthread_join(thread, NULL);
	EQUAL(strcmp(numa_ext_reason(), kept), 0);
	/* What succeeds leaves it alone. */
	CHECK(holds_text(parse("", 0), ""), "an empty string");
	EQUAL(strcmp(numa_ext_reason(), kept), 0);
	/* The older functions have one as well. */
	FAILS(numa_ext_migrate(-1, NULL, NULL, NULL, NULL, 0), -1, EINVAL);
	SAYS("invalid argument");
	FAILS(numa_ext_locate_runs(0, NULL, 0, 0, NULL, NULL), -1, EINVAL);
	SAYS("invalid function");
}

TEST(reasons_are_one_line_of_any_string)
{
	char text[5000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = 0;
	FAILS(parse(text, 0), 0, EINVAL);
	CHECK(strlen(numa_ext_reason()) > 100, "%s", numa_ext_reason());
	FAILS(parse("a\nb\x1b[0m", 0), 0, EINVAL);
	SAYS("a?b?[0m: not a list of nodes");
	FAILS(parse("\xff\xfe", 0), 0, EINVAL);
	/* The last reason may be the next string. */
	FAILS(parse(numa_ext_reason(), 0), 0, EINVAL);
	SAYS("not text");
}

/* ---- arguments ------------------------------------------------------------------------------ */

TEST(nodes_that_do_not_exist)
{
	for (size_t i = 0; i < sizeof(bad_nodes) / sizeof(bad_nodes[0]); i++) {
		int node = bad_nodes[i];
		struct numa_ext_weight weight = {node, 1};

		FAILS(numa_ext_attribute(0, node, NUMA_EXT_READ_LATENCY), -1, EINVAL);
		FAILS(numa_ext_attribute(node, 0, NUMA_EXT_READ_LATENCY), -1, EINVAL);
		SAYS("there is no node ");
		FAILS(numa_ext_best_attribute(node, NUMA_EXT_ACCESS_ANY, NUMA_EXT_READ_LATENCY), -1, EINVAL);
		FAILS((intptr_t)numa_ext_best_initiators(node, NUMA_EXT_ACCESS_CPUS), 0, EINVAL);
		FAILS((intptr_t)numa_ext_tier_nodes(node), 0, numa_ext_num_tiers() < 0 ? ENODATA : EINVAL);
		FAILS(numa_ext_get_weight(node), -1, EINVAL);
		EQUAL(numa_ext_set_weights(&weight, 1), -1);
		CHECK(errno == EINVAL || errno == EOPNOTSUPP, "%s", strerror(errno));
		if (numa_ext_num_tiers() >= 0)
			FAILS(numa_ext_tier(node), -1, EINVAL);
	}
}

TEST(kinds_and_classes_that_do_not_exist)
{
	static const int bad[] = {-1, 0, 5, 100, INT_MIN, INT_MAX};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		FAILS(numa_ext_attribute(0, 0, bad[i]), -1, EINVAL);
		SAYS("there is no attribute of kind ");
		FAILS(numa_ext_best_attribute(0, NUMA_EXT_ACCESS_ANY, bad[i]), -1, EINVAL);
		if (bad[i] == 0)
			continue;
		FAILS(numa_ext_best_attribute(0, bad[i], NUMA_EXT_READ_LATENCY), -1, EINVAL);
		FAILS((intptr_t)numa_ext_best_initiators(0, bad[i]), 0, EINVAL);
		SAYS("there is no access class ");
	}
}

TEST(weights_that_are_none)
{
	static const int bad[] = {0, -1, 256, INT_MIN, INT_MAX};
	struct numa_ext_weight weight = {0, 1};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		weight.weight = bad[i];
		FAILS(numa_ext_set_weights(&weight, 1), -1, EINVAL);
		SAYS("weights are from 1 to 255, not ");
	}
	FAILS(numa_ext_set_weights(NULL, 1), -1, EINVAL);
	FAILS(numa_ext_set_weights(&weight, SIZE_MAX), -1, EINVAL);
	EQUAL(numa_ext_get_weights(NULL, 0), numa_ext_get_weights(NULL, 5));
}

TEST(strings_that_are_none)
{
	static const char *const bad[] = {"x", "-1", "0-", ",", "0,,0", "tier:x", "near:x", "near:99999", "99999", "!"};

	FAILS(parse(NULL, 0), 0, EINVAL);
	SAYS("NULL");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		QUIET(FAILS(parse(bad[i], NUMA_EXT_NODES_ALL), 0, EINVAL));
	FAILS(parse("0", 4), 0, EINVAL);
	SAYS("unknown flag 4");
	FAILS(parse("gpu:999", 0), 0, ENODEV);
	EQUAL(strcmp(numa_ext_reason(), "there is no gpu 999"), 0);
	FAILS(parse("nvme:nothing", 0), 0, ENOENT);
}

/* ---- a made-up machine ---------------------------------------------------------------------- */

#define SYS_NODE "/sys/devices/system/node/node"
#define SYS_WEIGHTS "/sys/kernel/mm/mempolicy/weighted_interleave/"
#define SYS_TIERS "/sys/devices/virtual/memory_tiering/"

static void put_figures(int node, const char *access, int from, const char *const figures[4])
{
	static const char *const names[] = {"read_latency", "write_latency", "read_bandwidth", "write_bandwidth"};
	char path[128], target[64];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), SYS_NODE "%d/%s/initiators/%s", node, access, names[i]);
		put(path, figures[i]);
	}
	snprintf(path, sizeof(path), SYS_NODE "%d/%s/initiators/node%d", node, access, from);
	snprintf(target, sizeof(target), "../../../node%d", from);
	put_link(path, target);
}

/* Two sockets, CXL memory near to the second (2), and CPUs alone (3); the devices of node 1 are nearest to
 * node 2, of the CPUs those of node 0. */
static void made_up(void)
{
	const char *cannot = empty_sys();

	SKIP_IF(cannot, "%s", cannot);
	put_node(0, "3\n", "10 20 17 20\n", 1 << 20);
	put_node(1, "c\n", "20 10 14 20\n", 1 << 20);
	put_node(2, "0\n", "17 14 10 30\n", 1 << 20);
	put_node(3, "30\n", "20 20 30 10\n", 0);
	put_figures(0, "access0", 0, (const char *const[]){"80\n", "85\n", "200000\n", "180000\n"});
	put_figures(0, "access1", 0, (const char *const[]){"80\n", "85\n", "200000\n", "180000\n"});
	put_figures(1, "access0", 1, (const char *const[]){"80\n", "0\n", "4294967295\n", "-1\n"});
	put_figures(2, "access0", 1, (const char *const[]){"250\n", "260\n", "40000\n", "30000\n"});
	put_figures(2, "access1", 0, (const char *const[]){"330\n", "340\n", "20000\n", "0\n"});
	put(SYS_TIERS "memory_tier4/nodelist", "0-1\n");
	put(SYS_TIERS "memory_tier28/nodelist", "2\n");
	put(SYS_TIERS "memory_tier99/nodelist", "\n");
	put(SYS_WEIGHTS "node0", "5\n");
	put(SYS_WEIGHTS "node1", "7\n");
	put(SYS_WEIGHTS "node2", "255\n");
}

TEST(made_up_attributes)
{
	made_up();
	EQUAL(numa_ext_attribute(0, 0, NUMA_EXT_READ_LATENCY), 80);
	EQUAL(numa_ext_attribute(0, 0, NUMA_EXT_WRITE_LATENCY), 85);
	EQUAL(numa_ext_attribute(0, 0, NUMA_EXT_READ_BANDWIDTH), 200000);
	EQUAL(numa_ext_attribute(0, 0, NUMA_EXT_WRITE_BANDWIDTH), 180000);
	EQUAL(numa_ext_attribute(1, 2, NUMA_EXT_READ_LATENCY), 250);
	EQUAL(numa_ext_attribute(0, 2, NUMA_EXT_READ_LATENCY), 330);
	EQUAL(numa_ext_best_attribute(2, NUMA_EXT_ACCESS_ANY, NUMA_EXT_WRITE_BANDWIDTH), 30000);
	EQUAL(numa_ext_best_attribute(2, NUMA_EXT_ACCESS_CPUS, NUMA_EXT_READ_BANDWIDTH), 20000);
	CHECK(holds_text(numa_ext_best_initiators(2, NUMA_EXT_ACCESS_ANY), "1"), "any");
	CHECK(holds_text(numa_ext_best_initiators(2, NUMA_EXT_ACCESS_CPUS), "0"), "CPUs");
	/* 0 in the file, another pair, no file, nodes that are not there. */
	FAILS(numa_ext_attribute(0, 2, NUMA_EXT_WRITE_BANDWIDTH), -1, ENODATA);
	SAYS("write bandwidth of node 2 from node 0");
	FAILS(numa_ext_attribute(0, 1, NUMA_EXT_READ_LATENCY), -1, ENODATA);
	FAILS(numa_ext_best_attribute(3, NUMA_EXT_ACCESS_ANY, NUMA_EXT_READ_LATENCY), -1, ENODATA);
	FAILS((intptr_t)numa_ext_best_initiators(3, NUMA_EXT_ACCESS_ANY), 0, ENODATA);
	FAILS(numa_ext_attribute(0, 4, NUMA_EXT_READ_LATENCY), -1, EINVAL);
	SAYS("there is no node 4, only 0-3");
	/* What no kernel writes. */
	FAILS(numa_ext_best_attribute(1, NUMA_EXT_ACCESS_ANY, NUMA_EXT_READ_LATENCY), -1, EIO);
	put(SYS_NODE "1/access0/initiators/write_bandwidth", "1\n");
	EQUAL(numa_ext_best_attribute(1, NUMA_EXT_ACCESS_ANY, NUMA_EXT_READ_BANDWIDTH), INT_MAX);
}

TEST(made_up_tiers)
{
	made_up();
	EQUAL(numa_ext_num_tiers(), 2);
	EQUAL(numa_ext_tier(0), 0);
	EQUAL(numa_ext_tier(1), 0);
	EQUAL(numa_ext_tier(2), 1);
	CHECK(holds_text(numa_ext_tier_nodes(0), "0-1"), "tier 0");
	CHECK(holds_text(numa_ext_tier_nodes(1), "2"), "tier 1");
	FAILS(numa_ext_tier(3), -1, ENODATA);
	FAILS(numa_ext_tier(4), -1, EINVAL);
	FAILS((intptr_t)numa_ext_tier_nodes(2), 0, EINVAL);
	SAYS("there is no tier 2, only 2");
	put(SYS_TIERS "memory_tier4/nodelist", "0-\n");
	FAILS(numa_ext_tier(0), -1, EIO);
}

TEST(made_up_weights)
{
	struct numa_ext_weight all[4], wanted[] = {{2, 1}, {0, 9}};

	made_up();
	EQUAL(numa_ext_get_weight(1), 7);
	FAILS(numa_ext_get_weight(3), -1, ENODATA);
	SAYS("no memory");
	FAILS(numa_ext_get_weight(4), -1, EINVAL);
	EQUAL(numa_ext_get_weights(NULL, 0), 3);
	all[1].node = 77;
	EQUAL(numa_ext_get_weights(all, 1), 3);
	EQUAL(all[1].node, 77);
	EQUAL(numa_ext_get_weights(all, 4), 3);
	CHECK(all[2].node == 2 && all[2].weight == 255, "node %d: %d", all[2].node, all[2].weight);
	EQUAL(numa_ext_set_weights(wanted, 2), 0);
	EQUAL(numa_ext_get_weight(0), 9);
	EQUAL(numa_ext_get_weight(1), 7);
	EQUAL(numa_ext_get_weight(2), 1);
	EQUAL(numa_ext_set_weights(NULL, 0), 0);
	/* All or none. */
	wanted[1].node = 2;
	FAILS(numa_ext_set_weights(wanted, 2), -1, EINVAL);
	SAYS("named twice");
	wanted[0].node = 0;
	wanted[1].node = 4;
	FAILS(numa_ext_set_weights(wanted, 2), -1, EINVAL);
	SAYS("there is no node 4, only 0-3");
	wanted[1].node = 3;
	FAILS(numa_ext_set_weights(wanted, 2), -1, EINVAL);
	/* One that is read and not written: a link. */
	put("/sys/behind", "5\n");
	unlink(SYS_WEIGHTS "node1");
	put_link(SYS_WEIGHTS "node1", "/sys/behind");
	wanted[1].node = 1;
	FAILS(numa_ext_set_weights(wanted, 2), -1, ELOOP);
	SAYS("node 1");
	EQUAL(numa_ext_get_weight(0), 9);
	/* The kernel's own. */
	EQUAL(numa_ext_get_auto_weights(), 0);
	FAILS(numa_ext_set_auto_weights(1), -1, EOPNOTSUPP);
	SAYS("6.16");
	put(SYS_WEIGHTS "auto", "true\n");
	EQUAL(numa_ext_get_auto_weights(), 1);
	EQUAL(numa_ext_set_auto_weights(0), 0);
	EQUAL(numa_ext_get_auto_weights(), 0);
}

TEST(made_up_words)
{
	static const char *const words[][2] = {
		{"cpu", "0-1,3"}, {"mem", "0-2"}, {"fast", "0-1"}, {"slow", "2"}, {"tier:1", "2"}, {"!slow", "0-1,3"},
		{"slow,0", "0,2"}, {"near:2", "2"}, {"near:3", "0-1"}, {"0-2", "0-2"}, {"all", "0-3"}, {"+1", "1"},
	};

	made_up();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		CHECK(holds_text(parse(words[i][0], NUMA_EXT_NODES_ALL), words[i][1]), "%s", words[i][0]);
	CHECK(holds_text(parse("near:2", NUMA_EXT_NODES_ALL | NUMA_EXT_NODES_FOR_CPUS), "1"), "near:2 for CPUs");
	CHECK(holds_text(parse("near:3", NUMA_EXT_NODES_ALL | NUMA_EXT_NODES_FOR_CPUS), "3"), "near:3 for CPUs");
	FAILS(parse("tier:2", NUMA_EXT_NODES_ALL), 0, ENODATA);
	EQUAL(strcmp(numa_ext_reason(), "no node is tier:2"), 0);
	FAILS(parse("4", NUMA_EXT_NODES_ALL), 0, EINVAL);
	SAYS("there is no node 4, only 0-3");
	FAILS(parse("near:4", NUMA_EXT_NODES_ALL), 0, EINVAL);
	SAYS("there is no node 4, only 0-3");
}

TEST(nodes_that_the_cpuset_forbids)
{
	struct set allowed;

	made_up();
	status_map("Mems_allowed:", &allowed);
	SKIP_IF(has(&allowed, 1) || has(&allowed, 3), "all nodes are allowed here");
	CHECK(holds_text(parse("all", 0), "0"), "all");
	FAILS(parse("1", 0), 0, EINVAL);
	SAYS("1: node 1 may not be used here, only 0");
	/* No cpuset knows nodes without memory. */
	CHECK(holds_text(parse("cpu", NUMA_EXT_NODES_FOR_CPUS), "0,3"), "cpu");
}

TEST(old_kernels)
{
	struct numa_ext_weight weight = {0, 1};
	const char *cannot = empty_sys();

	SKIP_IF(cannot, "%s", cannot);
	/* Without /sys there is node 0. */
	for (int there = 0; there < 2; there++) {
		FAILS(numa_ext_attribute(0, 0, NUMA_EXT_READ_LATENCY), -1, ENODATA);
		FAILS(numa_ext_best_attribute(0, NUMA_EXT_ACCESS_ANY, NUMA_EXT_READ_LATENCY), -1, ENODATA);
		FAILS((intptr_t)numa_ext_best_initiators(0, NUMA_EXT_ACCESS_ANY), 0, ENODATA);
		FAILS(numa_ext_attribute(0, 1, NUMA_EXT_READ_LATENCY), -1, EINVAL);
		FAILS(numa_ext_tier(0), -1, ENODATA);
		SAYS("this kernel has no memory tiers (Linux 6.1)");
		FAILS(numa_ext_num_tiers(), -1, ENODATA);
		FAILS((intptr_t)numa_ext_tier_nodes(0), 0, ENODATA);
		FAILS(numa_ext_get_weight(0), -1, ENODATA);
		SAYS("this kernel has no weighted interleaving (Linux 6.9)");
		FAILS(numa_ext_get_weight(1), -1, EINVAL);
		FAILS(numa_ext_get_weights(NULL, 0), -1, ENODATA);
		FAILS(numa_ext_get_auto_weights(), -1, ENODATA);
		FAILS(numa_ext_set_weights(&weight, 1), -1, EOPNOTSUPP);
		FAILS(numa_ext_set_auto_weights(1), -1, EOPNOTSUPP);
		FAILS(parse("fast", NUMA_EXT_NODES_ALL), 0, there ? ENODATA : EINVAL);
		FAILS(parse("tier:0", NUMA_EXT_NODES_ALL), 0, ENODATA);
		put_node(0, "1\n", "10\n", 1024);
	}
	CHECK(holds_text(parse("0", NUMA_EXT_NODES_ALL), "0"), "0");
}

/* ---- policies ------------------------------------------------------------------------------- */

static void need_policies(void)
{
	look();
	SKIP_IF(policy_of(NULL).mode < 0, "get_mempolicy: %s", strerror(-policy_of(NULL).mode));
}

/* A mask of any size with one node. */
static struct bitmask *sized(unsigned bits, int node)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);

	return numa_bitmask_setbit(mask, (unsigned)node);
}

TEST(policies_of_the_thread)
{
	static const unsigned sizes[] = {1, 7, 63, 64, 65, 1000, 1024, 4096, 40000, 1000000};
	struct set first;

	need_policies();
	first = only(machine.first);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bitmask *mask;

		if ((int)sizes[i] <= machine.first)
			continue;
		mask = sized(sizes[i], machine.first);
		EQUAL(numa_ext_set_policy(MPOL_BIND, mask), 0);
		CHECK(is_policy(policy_of(NULL), MPOL_BIND, &first), "%u bits", sizes[i]);
		EQUAL(numa_ext_set_policy(MPOL_BIND | MPOL_F_STATIC_NODES, mask), 0);
		CHECK(is_policy(policy_of(NULL), MPOL_BIND | MPOL_F_STATIC_NODES, &first), "%u bits", sizes[i]);
		EQUAL(numa_ext_set_policy(MPOL_DEFAULT, NULL), 0);
		CHECK(is_policy(policy_of(NULL), MPOL_DEFAULT, &nothing), "%u bits", sizes[i]);
		numa_bitmask_free(mask);
	}
	EQUAL(numa_ext_set_policy(MPOL_LOCAL, NULL), 0);
	CHECK(is_policy(policy_of(NULL), MPOL_LOCAL, &nothing), "local");
	EQUAL(numa_ext_set_policy(MPOL_DEFAULT, NULL), 0);
}

/* What is refused leaves the policy alone, prints nothing and calls nobody. */
void numa_error(char *where)
{
	(void)where;
	abort();
}

TEST(policies_that_are_refused)
{
	struct bitmask *mask, *far = sized(100000, 99999), *none = numa_bitmask_alloc(64);
	struct set first;

	need_policies();
	first = only(machine.first);
	mask = sized(4096, machine.first);
	EQUAL(numa_ext_set_policy(MPOL_PREFERRED, mask), 0);
	capture();
	FAILS(numa_ext_set_policy(MPOL_BIND, NULL), -1, EINVAL);
	SAYS("it has no nodes");
	FAILS(numa_ext_set_policy(MPOL_INTERLEAVE, none), -1, EINVAL);
	FAILS(numa_ext_set_policy(MPOL_BIND, far), -1, EINVAL);
	SAYS("there is no node 99999, only ");
	FAILS(numa_ext_set_policy(MPOL_DEFAULT, mask), -1, EINVAL);
	SAYS("takes neither nodes");
	FAILS(numa_ext_set_policy(MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, mask), -1, EINVAL);
	SAYS("either static or relative");
	FAILS(numa_ext_set_policy(-1, mask), -1, EINVAL);
	FAILS(numa_ext_set_policy(INT_MIN, mask), -1, EINVAL);
	/* What no kernel has is told as such. */
	FAILS(numa_ext_set_policy(77, mask), -1, EOPNOTSUPP);
	SAYS("this kernel has no policy of this mode");
	FAILS(numa_ext_set_policy(MPOL_BIND | 1 << 10, mask), -1, EOPNOTSUPP);
	FAILS(numa_ext_set_policy(INT_MAX & ~MPOL_F_STATIC_NODES, mask), -1, EOPNOTSUPP);
	FAILS(numa_ext_set_policy(MPOL_INTERLEAVE | MPOL_F_NUMA_BALANCING, mask), -1, EOPNOTSUPP);
	SAYS("NUMA balancing");
	EQUAL(strcmp(captured(), ""), 0);
	CHECK(is_policy(policy_of(NULL), MPOL_PREFERRED, &first), "mode %d", policy_of(NULL).mode);
	numa_bitmask_free(mask);
	numa_bitmask_free(far);
	numa_bitmask_free(none);
}

/* Modes and flags that kernels have or lack: never a policy that was not asked for. */
TEST(newer_modes_and_flags)
{
	static const int modes[] = {
		MPOL_PREFERRED_MANY, MPOL_WEIGHTED_INTERLEAVE, MPOL_BIND | MPOL_F_NUMA_BALANCING,
		MPOL_PREFERRED_MANY | MPOL_F_NUMA_BALANCING,
	};
	struct bitmask *mask;
	struct set first;

	need_policies();
	first = only(machine.first);
	mask = sized(4096, machine.first);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		int raw = (int)raw_policy(modes[i], &first), before = policy_of(NULL).mode;

		raw_policy(MPOL_DEFAULT, NULL);
		before = MPOL_DEFAULT;
		if (!raw) {
			EQUAL(numa_ext_set_policy(modes[i], mask), 0);
			CHECK(is_policy(policy_of(NULL), modes[i], &first), "mode %#x", (unsigned)modes[i]);
		} else {
			FAILS(numa_ext_set_policy(modes[i], mask), -1, EOPNOTSUPP);
			SAYS("(Linux ");
			EQUAL(policy_of(NULL).mode, before);
		}
		EQUAL(numa_ext_set_policy(MPOL_DEFAULT, NULL), 0);
	}
	numa_bitmask_free(mask);
}

TEST(policies_of_ranges)
{
	struct bitmask *mask;
	struct set first;
	char *memory = fresh(4);

	need_policies();
	first = only(machine.first);
	mask = sized(4096, machine.first);
	EQUAL(numa_ext_set_range_policy(memory + page(), 2 * page(), MPOL_BIND, mask, 0), 0);
	CHECK(is_policy(policy_of(memory + page()), MPOL_BIND, &first), "in the range");
	CHECK(is_policy(policy_of(memory), MPOL_DEFAULT, &nothing), "before it");
	CHECK(is_policy(policy_of(memory + 3 * page()), MPOL_DEFAULT, &nothing), "behind it");
	EQUAL(place_of(memory + page()) < 0, 1);
	memory[0] = 1;
	EQUAL(numa_ext_set_range_policy(memory, page(), MPOL_BIND, mask, MPOL_MF_STRICT | MPOL_MF_MOVE), 0);
	EQUAL(numa_ext_set_range_policy(memory, page(), MPOL_DEFAULT, NULL, 0), 0);
	EQUAL(numa_ext_set_range_policy(memory, 0, MPOL_BIND, mask, 0), 0);
	QUIET(FAILS(numa_ext_set_range_policy(memory + 1, page(), MPOL_BIND, mask, 0), -1, EINVAL));
	SAYS("the range does not begin on a page boundary");
	FAILS(numa_ext_set_range_policy(memory, SIZE_MAX, MPOL_BIND, mask, 0), -1, EINVAL);
	SAYS("more than there are addresses");
	FAILS(numa_ext_set_range_policy(memory, page(), MPOL_BIND, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_set_range_policy(memory, page(), MPOL_BIND, mask, 8), -1, EOPNOTSUPP);
	SAYS("unknown flags 0x8");
	FAILS(numa_ext_set_range_policy(memory, page(), 77, mask, 0), -1, EOPNOTSUPP);
	munmap(memory, 4 * page());
	FAILS(numa_ext_set_range_policy(memory, page(), MPOL_BIND, mask, 0), -1, EFAULT);
	SAYS("not mapped");
	FAILS(numa_ext_set_range_policy(NULL, page(), MPOL_BIND, mask, 0), -1, EFAULT);
	numa_bitmask_free(mask);
}

TEST(memory_with_a_policy)
{
	struct bitmask *mask, *far = sized(100000, 99999);
	struct set first;
	char *memory;

	need_policies();
	first = only(machine.first);
	mask = sized(4096, machine.first);
	memory = numa_ext_alloc(4 * page() + 1, MPOL_BIND, mask, 0);
	CHECK(memory, "%s", numa_ext_reason());
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &first), "mode %d", policy_of(memory).mode);
	EQUAL(place_of(memory) < 0, 1);
	memory[4 * page()] = 1;
	EQUAL(place_of(memory + 4 * page()), machine.first);
	numa_free(memory, 4 * page() + 1);
	memory = numa_ext_alloc(4 * page(), MPOL_BIND, mask, NUMA_EXT_ALLOC_TOUCH);
	if (memory) {
		for (size_t i = 0; i < 4; i++)
			EQUAL(place_of(memory + i * page()), machine.first);
		numa_free(memory, 4 * page());
	} else {
		EQUAL(errno, EOPNOTSUPP);
		SAYS("5.14");
	}
	capture();
	FAILS((intptr_t)numa_ext_alloc(0, MPOL_BIND, mask, 0), 0, EINVAL);
	/* valgrind says EINVAL. */
	if (!under("valgrind"))
		FAILS((intptr_t)numa_ext_alloc(SIZE_MAX / 2, MPOL_BIND, mask, 0), 0, ENOMEM);
	FAILS((intptr_t)numa_ext_alloc(page(), MPOL_BIND, NULL, 0), 0, EINVAL);
	FAILS((intptr_t)numa_ext_alloc(page(), MPOL_BIND, far, 0), 0, EINVAL);
	SAYS("there is no node 99999, only ");
	FAILS((intptr_t)numa_ext_alloc(page(), 77, mask, 0), 0, EOPNOTSUPP);
	FAILS((intptr_t)numa_ext_alloc(page(), MPOL_BIND, mask, 2), 0, EOPNOTSUPP);
	EQUAL(strcmp(captured(), ""), 0);
	numa_bitmask_free(mask);
	numa_bitmask_free(far);
}

TEST(denied_policies)
{
	struct bitmask *mask = sized(64, 0);
	const char *cannot = deny(EPERM, POLICY_CALLS);

	SKIP_IF(cannot, "%s", cannot);
	capture();
	FAILS(numa_ext_set_policy(MPOL_BIND, mask), -1, EPERM);
	SAYS("set_mempolicy: Operation not permitted: ");
	FAILS((intptr_t)numa_ext_alloc(page(), MPOL_BIND, mask, 0), 0, EPERM);
	FAILS(numa_ext_set_range_policy(&cannot, 0, MPOL_BIND, mask, 0), -1, EINVAL);
	FAILS(numa_ext_set_range_policy((void *)page(), page(), MPOL_BIND, mask, 0), -1, EPERM);
	SAYS("seccomp");
	EQUAL(strcmp(captured(), ""), 0);
	numa_bitmask_free(mask);
}

TEST(running_on_nodes)
{
	unsigned long before[AFFINITY_BYTES / sizeof(unsigned long)], after[AFFINITY_BYTES / sizeof(unsigned long)];
	struct bitmask *mask, *far = sized(100000, 99999), *none = numa_bitmask_alloc(64);
	int node = -1;

	look();
	EACH(n, &machine.nodes) {
		struct set cpus = cpus_of(n);

		if (node < 0 && count(&cpus))
			node = n;
	}
	SKIP_IF(node < 0, "no node of this machine has CPUs that can be seen");
	raw_affinity(before);
	mask = sized(4096, node);
	FAILS(numa_ext_run_on(NULL), -1, EINVAL);
	SAYS("no nodes to run on");
	FAILS(numa_ext_run_on(none), -1, EINVAL);
	QUIET(FAILS(numa_ext_run_on(far), -1, EINVAL));
	SAYS("there is no node 99999, only ");
	raw_affinity(after);
	EQUAL(memcmp(before, after, sizeof(before)), 0);
	/* The node of this CPU, if the cpuset allows its CPUs. */
	if (numa_ext_run_on(mask)) {
		EQUAL(errno, EINVAL);
		SAYS("the cpuset of this process allows none of these CPUs, only ");
	} else {
		struct set cpus = cpus_of(node);

		raw_affinity(after);
		for (int cpu = 0; cpu < BITS; cpu++)
			if (after[(unsigned)cpu / LONG_BITS] >> ((unsigned)cpu % LONG_BITS) & 1)
				CHECK(has(&cpus, cpu), "CPU %d", cpu);
	}
	numa_bitmask_free(mask);
	numa_bitmask_free(far);
	numa_bitmask_free(none);
}

TEST(running_where_no_cpus_are)
{
	struct bitmask *mask = sized(64, 2);

	made_up();
	FAILS(numa_ext_run_on(mask), -1, EINVAL);
	SAYS("node 2 has no CPUs");
	numa_bitmask_free(mask);
}
