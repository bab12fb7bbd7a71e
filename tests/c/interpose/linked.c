/* Old versions bound by the linker, as in programs that were linked long ago. */
#include "machine.h"

void bind_old(const nodemask_t *mask);
void membind_old(const nodemask_t *mask);
nodemask_t get_membind_old(void);
int to_cpus_old(int node, unsigned long *buffer, int bytes);
__asm__(".symver bind_old, numa_bind@libnuma_1.1");
__asm__(".symver membind_old, numa_set_membind@libnuma_1.1");
__asm__(".symver get_membind_old, numa_get_membind@libnuma_1.1");
__asm__(".symver to_cpus_old, numa_node_to_cpus@libnuma_1.1");

TEST(old_versions_by_link)
{
	unsigned long words[AFFINITY_BYTES / sizeof(long)] = {0};
	nodemask_t mask, got;

	look();
	SKIP_IF(machine.first >= NUMA_NUM_NODES, "node %d does not fit an old mask", machine.first);
	nodemask_zero(&mask);
	nodemask_set_compat(&mask, machine.first);
	struct set set = only(machine.first);
	membind_old(&mask);
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "membind");
	got = get_membind_old();
	EQUAL(nodemask_equal(&got, &mask), 1);
	EQUAL(to_cpus_old(machine.first, words, sizeof(words)), 0);
	capture();
	bind_old(&mask);
	captured();
	/* The new ones are there, too. */
	struct bitmask *now = numa_get_membind();
	CHECK(holds(now, &set), "%s", text_of(now));
	numa_bitmask_free(now);
}
