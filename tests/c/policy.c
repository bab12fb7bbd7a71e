/* The calling thread's memory policy: set through the library, read from the kernel, and back. */
#include "machine.h"

/* Pages that the thread's policy places. */
#define PAGES 16

static void free_all(void *start)
{
	munmap(start, PAGES * page());
}

TEST(membind_binds)
{
	look();
	EACH(node, &machine.usable) {
		struct bitmask *mask = one_node(node), *got;
		struct set set = only(node);
		void *memory = fresh(PAGES);

		QUIET(numa_set_membind(mask));
		CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "node %d", node);
		CHECK(all_on_node(memory, PAGES, node), "pages are not on node %d", node);
		got = numa_get_membind();
		CHECK(holds(got, &set), "%s", text_of(got));
		EQUAL(got->size, numa_num_possible_nodes());
		numa_bitmask_free(got);
		numa_bitmask_free(mask);
		free_all(memory);
	}
}

TEST(membind_of_many_nodes)
{
	struct bitmask *mask = numa_allocate_nodemask(), *got;
	void *memory = fresh(PAGES);

	look();
	EACH(node, &machine.usable)
		numa_bitmask_setbit(mask, (unsigned)node);
	numa_set_membind(mask);
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &machine.usable), "all nodes");
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	got = numa_get_membind();
	EQUAL(numa_bitmask_equal(got, mask), 1);
	numa_bitmask_free(got);
	numa_bitmask_free(mask);
	free_all(memory);
}

/* The last bit of a mask counts, whatever its size. */
TEST(the_last_bit_of_a_mask_counts)
{
	look();
	EACH(node, &machine.usable) {
		struct set set = only(node);
		void *memory = fresh(PAGES);
		struct bitmask *mask = mask_of((unsigned)node + 1, node, -1);

		QUIET(numa_set_membind(mask));
		CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "%s", text_of(mask));
		CHECK(all_on_node(memory, PAGES, node), "%s", text_of(mask));
		free_all(memory);
		raw_policy(MPOL_DEFAULT, NULL);
		memory = fresh(PAGES);
		QUIET(numa_set_interleave_mask(mask));
		CHECK(is_policy(policy_of(NULL), MPOL_INTERLEAVE, &set), "%s", text_of(mask));
		CHECK(all_on_node(memory, PAGES, node), "%s", text_of(mask));
		if (kernel_has(MPOL_PREFERRED_MANY)) {
			QUIET(numa_set_preferred_many(mask));
			CHECK(is_policy(policy_of(NULL), MPOL_PREFERRED_MANY, &set), "%s",
			      text_of(mask));
		}
		QUIET(numa_set_membind_balancing(mask));
		CHECK((policy_of(NULL).mode & ~MPOL_F_NUMA_BALANCING) == MPOL_BIND, "%s",
		      text_of(mask));
		numa_bitmask_free(mask);
		free_all(memory);
	}
}

TEST(masks_longer_than_the_kernels)
{
	struct bitmask *mask = mask_of(2048, -1);

	look();
	numa_bitmask_setbit(mask, (unsigned)machine.first);
	struct set set = only(machine.first);
	QUIET(numa_set_membind(mask));
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "2048 bits");
	numa_bitmask_setbit(mask, 2047);
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind(mask));
	numa_bitmask_free(mask);
	mask = mask_of(1 << 20, -1);
	numa_bitmask_setbit(mask, (unsigned)machine.first);
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind(mask));
	numa_bitmask_free(mask);
}

TEST(membind_of_nothing_is_refused)
{
	struct bitmask *mask = numa_allocate_nodemask();

	PRINTS("set_mempolicy: Invalid argument\n", errno = 0; numa_set_membind(mask);
	       EQUAL(errno, EINVAL));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind(NULL));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind_balancing(mask));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind_balancing(NULL));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	numa_bitmask_free(mask);
}

TEST(membind_of_a_node_that_does_not_exist)
{
	struct bitmask *mask = numa_allocate_nodemask();

	look();
	SKIP_IF(has(&machine.nodes, 999), "node 999 exists");
	numa_bitmask_setbit(mask, 999);
	SKIP_IF(!numa_bitmask_isbitset(mask, 999), "the kernel knows %lu nodes", mask->size);
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind(mask));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_interleave_mask(mask));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_preferred(999));
	numa_bitmask_free(mask);
}

TEST(membind_balancing)
{
	look();
	struct bitmask *mask = one_node(machine.first);
	struct set set = only(machine.first);
	struct policy policy;
	long known = syscall(SYS_set_mempolicy, MPOL_BIND | MPOL_F_NUMA_BALANCING, mask->maskp,
			     mask->size + 1);

	raw_policy(MPOL_DEFAULT, NULL);
	QUIET(numa_set_membind_balancing(mask));
	policy = policy_of(NULL);
	CHECK(is_policy(policy, known ? MPOL_BIND : MPOL_BIND | MPOL_F_NUMA_BALANCING, &set),
	      "mode %#x", (unsigned)policy.mode);
	numa_bitmask_free(mask);
}

TEST(no_bind_policy_is_all_nodes)
{
	struct bitmask *got = numa_get_membind();

	EQUAL(numa_bitmask_equal(got, numa_all_nodes_ptr), 1);
	CHECK(got != numa_all_nodes_ptr, "the caller's own");
	numa_bitmask_free(got);
	numa_set_localalloc();
	got = numa_get_membind();
	EQUAL(numa_bitmask_equal(got, numa_all_nodes_ptr), 1);
	numa_bitmask_free(got);
}

TEST(interleave_spreads_pages)
{
	struct bitmask *mask = numa_allocate_nodemask(), *got;
	size_t pages;
	void *memory;

	look();
	EACH(node, &machine.usable)
		numa_bitmask_setbit(mask, (unsigned)node);
	pages = 4 * (size_t)count(&machine.usable);
	memory = fresh(pages);
	madvise(memory, pages * page(), MADV_NOHUGEPAGE);
	QUIET(numa_set_interleave_mask(mask));
	CHECK(is_policy(policy_of(NULL), MPOL_INTERLEAVE, &machine.usable), "all nodes");
	CHECK(spread(memory, pages, &machine.usable), "pages are not spread");
	CHECK(has(&machine.usable, numa_get_interleave_node()), "%d", numa_get_interleave_node());
	got = numa_get_interleave_mask();
	EQUAL(numa_bitmask_equal(got, mask), 1);
	numa_bitmask_free(got);
	got = numa_get_weighted_interleave_mask();
	EQUAL(numa_bitmask_weight(got), 0);
	numa_bitmask_free(got);
	numa_bitmask_clearall(mask);
	QUIET(numa_set_interleave_mask(mask));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	raw_policy(MPOL_INTERLEAVE, &machine.usable);
	QUIET(numa_set_interleave_mask(NULL));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	got = numa_get_interleave_mask();
	EQUAL(numa_bitmask_weight(got), 0);
	EQUAL(got->size, numa_num_possible_nodes());
	numa_bitmask_free(got);
	numa_bitmask_free(mask);
	munmap(memory, pages * page());
}

TEST(no_interleave_node_without_interleaving)
{
	FAILS(numa_get_interleave_node(), 0, EINVAL);
	look();
	struct bitmask *mask = one_node(machine.second);
	numa_set_interleave_mask(mask);
	errno = UNTOUCHED;
	EQUAL(numa_get_interleave_node(), machine.second);
	EQUAL(errno, UNTOUCHED);
	numa_bitmask_free(mask);
}

TEST(weighted_interleave)
{
	struct bitmask *mask = numa_allocate_nodemask(), *got;
	void *memory = fresh(PAGES);

	look();
	EACH(node, &machine.usable)
		numa_bitmask_setbit(mask, (unsigned)node);
	SKIP_IF(!kernel_has(MPOL_WEIGHTED_INTERLEAVE), "the kernel has no weighted interleave (6.9)");
	QUIET(numa_set_weighted_interleave_mask(mask));
	CHECK(is_policy(policy_of(NULL), MPOL_WEIGHTED_INTERLEAVE, &machine.usable), "all nodes");
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	got = numa_get_weighted_interleave_mask();
	EQUAL(numa_bitmask_equal(got, mask), 1);
	EQUAL(got->size, numa_num_possible_nodes());
	numa_bitmask_free(got);
	got = numa_get_interleave_mask();
	EQUAL(numa_bitmask_weight(got), 0);
	numa_bitmask_free(got);
	EQUAL(numa_preferred(), 0);
	EQUAL(numa_preferred_err(), -1);
	numa_bitmask_clearall(mask);
	QUIET(numa_set_weighted_interleave_mask(mask));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	numa_bitmask_free(mask);
	free_all(memory);
}

TEST(weighted_interleave_on_a_kernel_without_it)
{
	SKIP_IF(kernel_has(MPOL_WEIGHTED_INTERLEAVE), "the kernel has weighted interleave");
	struct bitmask *mask = one_node(machine.first);
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_weighted_interleave_mask(mask));
	QUIET(numa_set_weighted_interleave_mask(NULL));
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
	numa_bitmask_free(mask);
}

/* By the kernel's weights: one node gets three pages for each of the other's. */
TEST(weights_are_respected)
{
	char path[128];
	struct set both;
	struct bitmask *mask;
	size_t on[2] = {0};
	char *memory;

	SKIP_IF(!kernel_has(MPOL_WEIGHTED_INTERLEAVE), "the kernel has no weighted interleave (6.9)");
	SKIP_IF(machine.first == machine.second, "one node");
	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(path, sizeof(path), "/sys/kernel/mm/mempolicy/weighted_interleave/node%d",
			 i ? machine.second : machine.first);
		fd = open(path, O_WRONLY);
		SKIP_IF(fd < 0, "%s: %s", path, strerror(errno));
		SKIP_IF(write(fd, i ? "1" : "3", 1) != 1, "%s: %s", path, strerror(errno));
		close(fd);
	}
	both = only(machine.first);
	add(&both, machine.second);
	mask = one_node(machine.first);
	numa_bitmask_setbit(mask, (unsigned)machine.second);
	memory = numa_alloc_weighted_interleaved_subset(64 * page(), mask);
	madvise(memory, 64 * page(), MADV_NOHUGEPAGE);
	CHECK(all_on(memory, 64, &both), "pages elsewhere");
	for (size_t i = 0; i < 64; i++)
		on[place_of(memory + i * page()) == machine.second]++;
	CHECK(on[0] == 48 && on[1] == 16, "%zu and %zu pages", on[0], on[1]);
	numa_free(memory, 64 * page());
	numa_bitmask_free(mask);
	for (int i = 0; i < 2; i++) {
		int fd;

		snprintf(path, sizeof(path), "/sys/kernel/mm/mempolicy/weighted_interleave/node%d",
			 i ? machine.second : machine.first);
		fd = open(path, O_WRONLY);
		if (write(fd, "1", 1) != 1)
			CHECK(0, "cannot reset %s", path);
		close(fd);
	}
}

TEST(preferred_node)
{
	look();
	EACH(node, &machine.usable) {
		struct set set = only(node);
		struct bitmask *got;
		void *memory = fresh(PAGES);

		QUIET(numa_set_preferred(node));
		CHECK(is_policy(policy_of(NULL), MPOL_PREFERRED, &set), "node %d", node);
		CHECK(all_on_node(memory, PAGES, node), "node %d", node);
		QUIET(EQUAL(numa_preferred(), node));
		QUIET(EQUAL(numa_preferred_err(), node));
		got = numa_preferred_many();
		CHECK(holds(got, &set), "%s", text_of(got));
		numa_bitmask_free(got);
		free_all(memory);
	}
	QUIET(numa_set_preferred(-1));
	CHECK(is_policy(policy_of(NULL), MPOL_LOCAL, &nothing), "-1 is local");
}

TEST(preferred_numbers_that_cannot_be_nodes)
{
	static const int bad[] = {-2, -100, INT32_MIN, 100000, INT32_MAX};

	look();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct set set = only(machine.first);

		raw_policy(MPOL_BIND, &set);
		QUIET(numa_set_preferred(bad[i]));
		CHECK(is_policy(policy_of(NULL), MPOL_LOCAL, &nothing), "%d", bad[i]);
	}
}

TEST(no_preferred_node)
{
	struct bitmask *got;

	QUIET(EQUAL(numa_preferred(), 0));
	QUIET(EQUAL(numa_preferred_err(), -1));
	QUIET(got = numa_preferred_many());
	EQUAL(numa_bitmask_weight(got), 0);
	EQUAL(got->size, numa_num_possible_nodes());
	numa_bitmask_free(got);
	QUIET(numa_set_localalloc());
	CHECK(is_policy(policy_of(NULL), MPOL_LOCAL, &nothing), "local");
	QUIET(EQUAL(numa_preferred(), 0));
	QUIET(EQUAL(numa_preferred_err(), -1));
}

TEST(preferred_many_nodes)
{
	struct bitmask *mask = numa_allocate_nodemask(), *got;

	look();
	EACH(node, &machine.usable)
		numa_bitmask_setbit(mask, (unsigned)node);
	SKIP_IF(!kernel_has(MPOL_PREFERRED_MANY), "the kernel has no preferred-many policy (5.15)");
	EQUAL(numa_has_preferred_many(), 1);
	QUIET(numa_set_preferred_many(mask));
	CHECK(is_policy(policy_of(NULL), MPOL_PREFERRED_MANY, &machine.usable), "all nodes");
	QUIET(got = numa_preferred_many());
	EQUAL(numa_bitmask_equal(got, mask), 1);
	numa_bitmask_free(got);
	QUIET(EQUAL(numa_preferred(), machine.first));
	QUIET(EQUAL(numa_preferred_err(), machine.first));
	numa_bitmask_clearall(mask);
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_preferred_many(mask));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_preferred_many(NULL));
	numa_bitmask_free(mask);
}

TEST(preferred_many_under_bind)
{
	struct bitmask *got;

	look();
	raw_policy(MPOL_BIND, &machine.usable);
	QUIET(got = numa_preferred_many());
	CHECK(holds(got, &machine.usable), "%s", text_of(got));
	numa_bitmask_free(got);
	QUIET(EQUAL(numa_preferred(), machine.first));
}

TEST(localalloc_is_near)
{
	void *memory = fresh(PAGES);

	QUIET(numa_set_localalloc());
	CHECK(is_policy(policy_of(NULL), MPOL_LOCAL, &nothing), "local");
	look();
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	free_all(memory);
}

TEST(mems_allowed_are_the_kernels)
{
	struct bitmask *got;

	look();
	errno = UNTOUCHED;
	got = numa_get_mems_allowed();
	EQUAL(errno, UNTOUCHED);
	CHECK(holds(got, &machine.allowed), "%s", text_of(got));
	EQUAL(got->size, numa_num_possible_nodes());
	numa_bitmask_free(got);
}

TEST(the_kernels_abilities)
{
	int many = kernel_has(MPOL_PREFERRED_MANY);
	int home = !(syscall(SYS_set_mempolicy_home_node, 0UL, 0UL, 0UL, 0UL) && errno == ENOSYS);

	for (int i = 0; i < 3; i++) {
		errno = UNTOUCHED;
		EQUAL(numa_has_preferred_many(), many);
		EQUAL(numa_has_home_node(), home);
		EQUAL(errno, UNTOUCHED);
	}
}

TEST(bind_runs_and_allocates_there)
{
	look();
	EACH(node, &machine.usable) {
		struct bitmask *mask;
		struct set cpus = cpus_of(node), set = only(node);
		unsigned long mine[AFFINITY_BYTES / sizeof(long)];
		int status;

		if (!count(&cpus))
			continue;
		mask = one_node(node);
		status = IN_CHILD(
			numa_bind(mask);
			CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "node %d", node);
			raw_affinity(mine);
			for (int cpu = 0; cpu < BITS; cpu++)
				CHECK(!(mine[cpu / 64] >> (cpu % 64) & 1) || has(&cpus, cpu),
				      "CPU %d is not of node %d", cpu, node);
			leave(check_failures != 0));
		/* In a cpuset the node's CPUs may be out of reach. */
		CHECK(left_well(status), "node %d: %#x", node, (unsigned)status);
		numa_bitmask_free(mask);
	}
}

TEST(bind_to_nothing_fails_twice)
{
	struct bitmask *mask = numa_allocate_nodemask();

	PRINTS("numa_sched_setaffinity_v2_int() failed: Invalid argument\n"
	       "set_mempolicy: Invalid argument\n", numa_bind(mask));
	PRINTS("numa_sched_setaffinity_v2_int() failed: Invalid argument\n"
	       "set_mempolicy: Invalid argument\n", numa_bind(NULL));
	numa_bitmask_free(mask);
}

/* ---- the exported system calls -------------------------------------------------------------- */

TEST(set_mempolicy_and_get_mempolicy_are_the_kernels)
{
	unsigned long words[BITS / LONG_BITS] = {0};
	struct set set;
	int mode = -1;

	look();
	set = only(machine.second);
	errno = UNTOUCHED;
	EQUAL(set_mempolicy(MPOL_BIND, set.words, (unsigned long)numa_num_possible_nodes() + 1), 0);
	EQUAL(get_mempolicy(&mode, words, BITS, NULL, 0), 0);
	EQUAL(errno, UNTOUCHED);
	EQUAL(mode, MPOL_BIND);
	CHECK(!memcmp(words, set.words, sizeof(words)), "nodes");
	FAILS(set_mempolicy(77, NULL, 0), -1, EINVAL);
	FAILS(set_mempolicy(MPOL_BIND, NULL, 0), -1, EINVAL);
	if (!under("valgrind"))
		FAILS(set_mempolicy(MPOL_BIND, (unsigned long *)1, 1025), -1, EFAULT);
	FAILS(get_mempolicy(&mode, words, BITS, NULL, 0xff), -1, EINVAL);
	if (!under("valgrind"))
		FAILS(get_mempolicy((int *)1, NULL, 0, NULL, 0), -1, EFAULT);
	EQUAL(set_mempolicy(MPOL_DEFAULT, NULL, 0), 0);
}

TEST(mbind_is_the_kernels)
{
	struct set set;
	char *memory = fresh(2);

	look();
	set = only(machine.second);
	EQUAL(mbind(memory, page(), MPOL_BIND, set.words, (unsigned long)numa_num_possible_nodes() + 1, 0), 0);
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "first page");
	EQUAL(policy_of(memory + page()).mode, MPOL_DEFAULT);
	FAILS(mbind(memory + 1, page(), MPOL_DEFAULT, NULL, 0, 0), -1, EINVAL);
	FAILS(mbind(memory, page(), 77, NULL, 0, 0), -1, EINVAL);
	FAILS(mbind(memory, page(), MPOL_DEFAULT, NULL, 0, 0x1000), -1, EINVAL);
	munmap(memory, 2 * page());
	FAILS(mbind(memory, page(), MPOL_DEFAULT, NULL, 0, 0), -1, EFAULT);
}
