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
TEST(the_last_bit_of_a_mask_counts, ROW_WHERE(without_node_0, preferred_many_is_probed_without_node_0))
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
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind_balancing(mask));
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
	for (size_t i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
		int node = i < sizeof(bad) / sizeof(bad[0]) ? bad[i] : numa_num_possible_nodes();
		struct set set = only(machine.first);

		raw_policy(MPOL_BIND, &set);
		QUIET(numa_set_preferred(node));
		CHECK(is_policy(policy_of(NULL), MPOL_LOCAL, &nothing), "%d", node);
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

	/* What is said of more than one node is a row of differences.md. */
	look();
	EACH(node, &machine.usable) {
		struct set set = only(node);

		raw_policy(MPOL_BIND, &set);
		QUIET(got = numa_preferred_many());
		CHECK(holds(got, &set), "%s", text_of(got));
		numa_bitmask_free(got);
		QUIET(EQUAL(numa_preferred(), node));
	}
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
	numa_bitmask_free(mask);
}

TEST(null_masks_of_nodes, ROW(null_masks_are_empty_masks))
{
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind(NULL));
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind_balancing(NULL));
	PRINTS("numa_sched_setaffinity_v2_int() failed: Invalid argument\n"
	       "set_mempolicy: Invalid argument\n", numa_bind(NULL));
}

/* ---- as the kernel, for many masks ---------------------------------------------------------- */

static void policies_of_masks(const char *what, void (*set)(struct bitmask *), int mode)
{
	EACH_MASK(mask) {
		AS_RAW(what, set(mask),
		       COMPLAINS("set_mempolicy", syscall(SYS_set_mempolicy, mode, mask->maskp, mask->size + 1)));
		/* What is refused leaves the policy that was there. */
		AS_RAW(what, numa_set_localalloc(); set(mask),
		       raw_policy(MPOL_LOCAL, NULL);
		       COMPLAINS("set_mempolicy", syscall(SYS_set_mempolicy, mode, mask->maskp, mask->size + 1)));
	}
}

TEST(membind_of_many_masks)
{
	look();
	policies_of_masks("set_membind", numa_set_membind, MPOL_BIND);
}

TEST(membind_balancing_of_many_masks)
{
	look();
	SKIP_IF(syscall(SYS_set_mempolicy, MPOL_BIND | MPOL_F_NUMA_BALANCING, machine.usable.words, (unsigned long)BITS),
		"the kernel does not balance bound memory (5.12)");
	raw_policy(MPOL_DEFAULT, NULL);
	policies_of_masks("set_membind_balancing", numa_set_membind_balancing, MPOL_BIND | MPOL_F_NUMA_BALANCING);
}

TEST(interleave_mask_of_many_masks)
{
	look();
	EACH_MASK(mask) {
		int mode = numa_bitmask_weight(mask) ? MPOL_INTERLEAVE : MPOL_DEFAULT;

		AS_RAW("set_interleave_mask", numa_set_interleave_mask(mask),
		       COMPLAINS("set_mempolicy", syscall(SYS_set_mempolicy, mode, mode ? mask->maskp : NULL,
							  mode ? mask->size + 1 : 0)));
	}
}

TEST(preferred_many_of_many_masks, ROW_WHERE(without_node_0, preferred_many_is_probed_without_node_0))
{
	look();
	SKIP_IF(!kernel_has(MPOL_PREFERRED_MANY), "the kernel has no preferred-many policy (5.15)");
	policies_of_masks("set_preferred_many", numa_set_preferred_many, MPOL_PREFERRED_MANY);
}

TEST(preferred_of_many_nodes)
{
	look();
	for (int node = 0; node <= last(&machine.nodes) + 2; node++) {
		struct set set = only(node);

		AS_RAW("set_preferred", numa_set_preferred(node),
		       COMPLAINS("set_mempolicy", raw_policy(MPOL_PREFERRED, &set)));
	}
	AS_RAW("set_preferred -1", numa_set_preferred(-1), raw_policy(MPOL_LOCAL, NULL));
	AS_RAW("set_localalloc", numa_set_localalloc(), raw_policy(MPOL_LOCAL, NULL));
	AS_RAW("a policy after another", numa_set_membind(numa_all_nodes_ptr); numa_set_preferred(machine.second),
	       struct set set = only(machine.second); raw_policy(MPOL_PREFERRED, &set));
	/* The bind policy and the strict flag are for ranges of memory. */
	AS_RAW("bind policy 0", numa_set_bind_policy(0); numa_set_strict(1); numa_set_membind(numa_all_nodes_ptr),
	       syscall(SYS_set_mempolicy, MPOL_BIND, numa_all_nodes_ptr->maskp, numa_all_nodes_ptr->size + 1));
}

/* Whatever policy somebody has set, with the kernel's flags. */
TEST(getters_under_every_policy)
{
	static const int flags[] = {0, 1 << 15 /* static nodes */, 1 << 14 /* relative nodes */};

	look();
	for (int mode = MPOL_DEFAULT; mode <= MPOL_PREFERRED_MANY; mode++)
		for (size_t f = 0; f < 3; f++) {
			int empty = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
			const struct set *set = empty ? &nothing : &machine.usable;
			struct bitmask *got;

			if (raw_policy(mode | flags[f], set))
				continue;
			got = numa_get_membind();
			CHECK(holds(got, mode == MPOL_BIND && !flags[f] ? set : &machine.allowed), "mode %d, flags %#x: %s",
			      mode, flags[f], text_of(got));
			numa_bitmask_free(got);
			got = numa_get_interleave_mask();
			CHECK(holds(got, mode == MPOL_INTERLEAVE && !flags[f] ? set : &nothing), "mode %d, flags %#x: %s",
			      mode, flags[f], text_of(got));
			numa_bitmask_free(got);
		}
}

/* Neither a second call nor one that is refused takes away what the first has set. */
TEST(policies_one_after_the_other)
{
	struct bitmask *first, *second, *beyond;
	struct set set;

	look();
	first = one_node(machine.first);
	second = one_node(machine.second);
	beyond = one_node(last(&machine.nodes) + 1);
	set = only(machine.second);
#define AFTER_ANOTHER(call, mode)                                                \
	do {                                                                     \
		call(first);                                                     \
		call(second);                                                    \
		CHECK(is_policy(policy_of(NULL), mode, &set), "%s twice", #call); \
		PRINTS("set_mempolicy: Invalid argument\n", call(beyond));       \
		CHECK(is_policy(policy_of(NULL), mode, &set), "%s refused", #call); \
	} while (0)
	AFTER_ANOTHER(numa_set_membind, MPOL_BIND);
	AFTER_ANOTHER(numa_set_interleave_mask, MPOL_INTERLEAVE);
	numa_set_membind(second);
	for (int i = 0; i < 3; i++)
		numa_has_preferred_many();
	CHECK(is_policy(policy_of(NULL), MPOL_BIND, &set), "the question has changed the policy");
	numa_bitmask_free(first);
	numa_bitmask_free(second);
	numa_bitmask_free(beyond);
}

TEST(bind_to_any_mask)
{
	look();
	EACH_MASK(mask) {
		int left_out = 0;

		/* A node without memory is a row of differences.md, and ids in gaps are in incomplete.c. */
		for (int node = 0; node <= last(&machine.nodes); node++)
			left_out |= numa_bitmask_isbitset(mask, (unsigned)node) && !has(&machine.memory, node);
		if (!left_out)
			AS_RAW("bind", numa_bind(mask), numa_run_on_node_mask(mask); numa_set_membind(mask));
	}
}

TEST(bind_is_both)
{
	look();
	EACH(node, &machine.usable) {
		struct bitmask *mask = one_node(node);
		struct set cpus = cpus_of(node);

		/* A node without memory is a row of differences.md, one without CPUs an error. */
		if (count(&cpus))
			AS_RAW("bind", numa_bind(mask), numa_run_on_node_mask(mask); numa_set_membind(mask));
		numa_bitmask_free(mask);
	}
	EXITS(1, numa_exit_on_error = 1; numa_bind(one_node(last(&machine.nodes) + 1)));
	EXITS(1, numa_exit_on_error = 1; numa_set_membind(one_node(numa_max_possible_node())));
	EXITS(1, numa_exit_on_error = 1; numa_set_interleave_mask(one_node(numa_max_possible_node())));
	EXITS(1, numa_exit_on_error = 1; numa_set_preferred(numa_max_possible_node()));
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

/* The five calls are nothing but the system call, whatever they are asked. */
TEST(exported_calls_with_any_arguments)
{
	unsigned long words[BITS / LONG_BITS] = {0}, none[BITS / LONG_BITS] = {0}, far[BITS / LONG_BITS] = {0};
	unsigned long got[2][BITS / LONG_BITS];
	int modes[2];

	SKIP_IF(under("valgrind"), "valgrind looks at the arguments itself");
	look();
	words[(unsigned)machine.first / LONG_BITS] = 1UL << ((unsigned)machine.first % LONG_BITS);
	far[(unsigned)(last(&machine.nodes) + 1) / LONG_BITS] = 1UL << ((unsigned)(last(&machine.nodes) + 1) % LONG_BITS);
	for (int mode = -1; mode <= 9; mode++) {
		AS_RAW("mbind mode", mbind(memory, page(), mode, words, BITS, 0),
		       syscall(SYS_mbind, memory, page(), mode, words, (unsigned long)BITS, 0));
		AS_RAW("set_mempolicy mode", set_mempolicy(mode, words, BITS),
		       syscall(SYS_set_mempolicy, mode, words, (unsigned long)BITS));
		AS_RAW("set_mempolicy without a mask", set_mempolicy(mode, NULL, 0),
		       syscall(SYS_set_mempolicy, mode, NULL, 0UL));
	}
	for (unsigned long max = 0; max < 70; max += max < 4 || max > 60 ? 1 : 10)
		AS_RAW("set_mempolicy maxnode", set_mempolicy(MPOL_BIND, words, max),
		       syscall(SYS_set_mempolicy, MPOL_BIND, words, max));
	for (unsigned flags = 0; flags < 32; flags++)
		AS_RAW("mbind flags", mbind(memory, page(), MPOL_BIND, words, BITS, flags),
		       syscall(SYS_mbind, memory, page(), MPOL_BIND, words, (unsigned long)BITS, flags));
#define BOTH(name, ...) AS_RAW(#name, name(__VA_ARGS__), syscall(SYS_##name, __VA_ARGS__))
	BOTH(mbind, memory, page(), MPOL_BIND, far, (unsigned long)BITS, 0);
	BOTH(mbind, memory, page(), MPOL_BIND, none, (unsigned long)BITS, 0);
	BOTH(mbind, memory + 1, page(), MPOL_BIND, words, (unsigned long)BITS, 0);
	BOTH(mbind, NULL, page(), MPOL_BIND, words, (unsigned long)BITS, 0);
	BOTH(mbind, memory, 0UL, MPOL_BIND, words, (unsigned long)BITS, 0);
	BOTH(mbind, memory, page(), MPOL_BIND, (unsigned long *)8, (unsigned long)BITS, 0);
	BOTH(set_mempolicy, MPOL_BIND, (unsigned long *)8, (unsigned long)BITS);
	BOTH(set_mempolicy, MPOL_BIND, far, (unsigned long)BITS);
	BOTH(set_mempolicy, MPOL_BIND, words, 1UL << 40);
	BOTH(get_mempolicy, &modes[0], words, 2UL, NULL, 0);
	BOTH(get_mempolicy, &modes[0], NULL, 0UL, (void *)8, MPOL_F_ADDR);
	BOTH(get_mempolicy, (int *)8, NULL, 0UL, NULL, 0);
	BOTH(get_mempolicy, NULL, NULL, 0UL, NULL, 0);
	BOTH(migrate_pages, 0x3fffffff, (unsigned long)BITS, words, words);
	BOTH(migrate_pages, 0, (unsigned long)BITS, words, far);
	BOTH(migrate_pages, 0, (unsigned long)BITS, none, words);
	BOTH(migrate_pages, 0, (unsigned long)BITS, (unsigned long *)8, words);
	BOTH(migrate_pages, 0, 0UL, words, words);
	BOTH(move_pages, 0x3fffffff, 1UL, (void **)got[0], NULL, modes, 0);
	BOTH(move_pages, 0, 1UL, (void **)got[0], NULL, modes, 77);
	BOTH(move_pages, 0, 0UL, NULL, NULL, NULL, 0);
	BOTH(move_pages, 0, 1UL, NULL, NULL, modes, 0);
	BOTH(move_pages, 0, 1UL, (void **)got[0], NULL, NULL, 0);
	/* What they return, and where. */
	for (int flags = 0; flags < 16; flags++) {
		long results[2];

		for (int raw = 0; raw < 2; raw++) {
			int *mode = flags & MPOL_F_MEMS_ALLOWED ? NULL : &modes[raw];
			unsigned long *mask = flags & MPOL_F_NODE ? NULL : got[raw], bits = flags & MPOL_F_NODE ? 0 : BITS;
			void *at = flags & MPOL_F_ADDR ? words : NULL;

			memset(got[raw], 0, sizeof(got[raw]));
			modes[raw] = -1;
			results[raw] = raw ? syscall(SYS_get_mempolicy, mode, mask, bits, at, flags)
					   : get_mempolicy(mode, mask, bits, at, (unsigned)flags);
		}
		CHECK(results[0] == results[1] && modes[0] == modes[1] && !memcmp(got[0], got[1], sizeof(got[0])),
		      "get_mempolicy, flags %#x: %ld and %ld, mode %d and %d", (unsigned)flags, results[0], results[1],
		      modes[0], modes[1]);
	}
}
