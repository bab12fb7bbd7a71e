/* Allocation and the policies of ranges; where pages are is asked from the kernel. */
#include "machine.h"
#include <sys/resource.h>

#define PAGES 16
#define SIZE (PAGES * page())

/* Whether no page is there yet. */
static int untouched(char *memory, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		/* -ENOENT; older kernels say -EFAULT. */
		if (place_of(memory + i * page()) >= 0)
			return 0;
	return 1;
}

/* Pages of address space that the process has. */
static long address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	if (file && fscanf(file, "%ld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages;
}

static struct bitmask *usable_mask(void)
{
	struct bitmask *mask = numa_allocate_nodemask();

	look();
	EACH(node, &machine.usable)
		numa_bitmask_setbit(mask, (unsigned)node);
	return mask;
}

/* A mapping under which no other lies: gone after munmap. */
static int is_mapped(void *at)
{
	unsigned char there;

	return !mincore(at, page(), &there);
}

TEST(alloc_touches_every_page)
{
	static const size_t pages[] = {1, 2, 7, 64};

	look();
	for (size_t i = 0; i < 4; i++) {
		size_t size = pages[i] * page();
		char *memory;

		errno = UNTOUCHED;
		QUIET(memory = numa_alloc(size));
		EQUAL(errno, UNTOUCHED);
		CHECK(memory, "no memory");
		for (size_t n = 0; n < pages[i]; n++)
			CHECK(place_of(memory + n * page()) >= 0, "page %zu of %zu: %d", n, pages[i],
			      place_of(memory + n * page()));
		for (size_t n = 0; n < size; n++)
			if (memory[n]) {
				CHECK(0, "byte %zu is not zero", n);
				break;
			}
		memset(memory, 1, size);
		numa_free(memory, size);
		CHECK(!is_mapped(memory), "not given back");
	}
}

TEST(alloc_follows_the_threads_policy)
{
	look();
	EACH(node, &machine.usable) {
		struct set set = only(node);
		char *memory;

		raw_policy(MPOL_BIND, &set);
		memory = numa_alloc(SIZE);
		for (size_t n = 0; n < PAGES; n++)
			EQUAL(place_of(memory + n * page()), node);
		numa_free(memory, SIZE);
	}
}

TEST(alloc_of_odd_sizes_is_rounded_to_pages)
{
	char *memory = numa_alloc(page() + 1);

	CHECK(place_of(memory) >= 0 && place_of(memory + page()) >= 0, "two pages");
	memory[2 * page() - 1] = 1;
	numa_free(memory, page() + 1);
	CHECK(!is_mapped(memory + page()), "the second page stays");
	memory = numa_alloc(1);
	memory[page() - 1] = 1;
	numa_free(memory, 1);
}

TEST(alloc_of_zero_or_of_too_much)
{
	struct bitmask *mask = usable_mask();
	size_t huge = (size_t)1 << 60;

	FAILS((intptr_t)numa_alloc(0), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_local(0), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_onnode(0, machine.first), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_interleaved(0), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_interleaved_subset(0, mask), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_weighted_interleaved(0), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_weighted_interleaved_subset(0, mask), 0, EINVAL);
	if (under("valgrind")) {
		/* valgrind says EINVAL. */
		CHECK(!numa_alloc(huge) && !numa_alloc_local(huge), "memory");
		numa_bitmask_free(mask);
		return;
	}
	FAILS((intptr_t)numa_alloc(huge), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc_local(huge), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc_onnode(huge, machine.first), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc_interleaved(huge), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc_interleaved_subset(huge, mask), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc_weighted_interleaved(huge), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc_weighted_interleaved_subset(huge, mask), 0, ENOMEM);
	FAILS((intptr_t)numa_alloc(SIZE_MAX), 0, ENOMEM);
	numa_bitmask_free(mask);
}

TEST(alloc_local)
{
	char *memory;

	QUIET(memory = numa_alloc_local(SIZE));
	CHECK(untouched(memory, PAGES), "touched");
	CHECK(is_policy(policy_of(memory), MPOL_LOCAL, &nothing), "local");
	look();
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	numa_free(memory, SIZE);
}

TEST(alloc_onnode)
{
	look();
	EACH(node, &machine.usable) {
		struct set set = only(node);
		char *memory;

		QUIET(memory = numa_alloc_onnode(SIZE, node));
		CHECK(untouched(memory, PAGES), "touched");
		CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "node %d", node);
		CHECK(all_on_node(memory, PAGES, node), "node %d", node);
		EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
		numa_free(memory, SIZE);
	}
}

TEST(alloc_onnode_of_a_bad_node_returns_memory_all_the_same)
{
	static const int bad[] = {-1, -2, INT32_MIN, 100000, INT32_MAX};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *memory;

		PRINTS("mbind: Invalid argument\n", memory = numa_alloc_onnode(SIZE, bad[i]));
		CHECK(memory, "node %d", bad[i]);
		memory[0] = 1;
		numa_free(memory, SIZE);
	}
}

TEST(fail_alloc_on_error_returns_null_instead)
{
	struct bitmask *empty = numa_allocate_nodemask(), *mask = usable_mask();
	void *memory;
	long before;

	numa_fail_alloc_on_error = 1;
	before = address_space();
	for (int i = 0; i < 100; i++)
		PRINTS("mbind: Invalid argument\n",
		       FAILS((intptr_t)numa_alloc_onnode((size_t)8 << 20, -1), 0, EINVAL));
	CHECK(address_space() < before + (100L << 20) / (long)page(), "the memory was not given back");
	PRINTS("mbind: Invalid argument\n",
	       FAILS((intptr_t)numa_alloc_interleaved_subset(SIZE, empty), 0, EINVAL));
	PRINTS("mbind: Invalid argument\n",
	       FAILS((intptr_t)numa_alloc_weighted_interleaved_subset(SIZE, empty), 0, EINVAL));
	QUIET(memory = numa_alloc_onnode(SIZE, machine.first));
	CHECK(memory, "a good node");
	numa_free(memory, SIZE);
	QUIET(memory = numa_alloc_interleaved_subset(SIZE, mask));
	CHECK(memory, "a good mask");
	numa_free(memory, SIZE);
	numa_bitmask_free(empty);
	numa_bitmask_free(mask);
}

TEST(alloc_interleaved)
{
	size_t pages;
	char *memory;

	look();
	pages = 4 * (size_t)count(&machine.usable);
	QUIET(memory = numa_alloc_interleaved(pages * page()));
	CHECK(untouched(memory, pages), "touched");
	CHECK(policy_of(memory).mode == MPOL_INTERLEAVE, "mode");
	madvise(memory, pages * page(), MADV_NOHUGEPAGE);
	CHECK(spread(memory, pages, &machine.usable), "not spread");
	numa_free(memory, pages * page());
}

TEST(alloc_interleaved_subset)
{
	struct bitmask *mask;
	struct set set;
	char *memory;

	look();
	set = only(machine.second);
	mask = one_node(machine.second);
	QUIET(memory = numa_alloc_interleaved_subset(SIZE, mask));
	CHECK(untouched(memory, PAGES), "touched");
	CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "policy");
	CHECK(all_on_node(memory, PAGES, machine.second), "pages elsewhere");
	numa_free(memory, SIZE);
	numa_bitmask_clearall(mask);
	PRINTS("mbind: Invalid argument\n", memory = numa_alloc_interleaved_subset(SIZE, mask));
	CHECK(memory && policy_of(memory).mode == MPOL_DEFAULT, "memory without a policy");
	numa_free(memory, SIZE);
	PRINTS("mbind: Invalid argument\n", memory = numa_alloc_interleaved_subset(SIZE, NULL));
	numa_free(memory, SIZE);
	numa_bitmask_free(mask);
}

TEST(alloc_weighted_interleaved)
{
	struct bitmask *mask = usable_mask();
	struct set set = only(machine.second);
	char *memory;

	if (!kernel_has(MPOL_WEIGHTED_INTERLEAVE)) {
		PRINTS("mbind: Invalid argument\n", memory = numa_alloc_weighted_interleaved(SIZE));
		CHECK(memory, "memory all the same");
		numa_free(memory, SIZE);
		SKIP("the kernel has no weighted interleave (6.9)");
	}
	QUIET(memory = numa_alloc_weighted_interleaved(SIZE));
	CHECK(untouched(memory, PAGES), "touched");
	EQUAL(policy_of(memory).mode, MPOL_WEIGHTED_INTERLEAVE);
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	numa_free(memory, SIZE);
	numa_bitmask_clearall(mask);
	numa_bitmask_setbit(mask, (unsigned)machine.second);
	QUIET(memory = numa_alloc_weighted_interleaved_subset(SIZE, mask));
	CHECK(is_policy(policy_of(memory), MPOL_WEIGHTED_INTERLEAVE, &set), "subset");
	CHECK(all_on_node(memory, PAGES, machine.second), "pages elsewhere");
	numa_free(memory, SIZE);
	memory = fresh(PAGES);
	QUIET(numa_weighted_interleave_memory(memory, SIZE, mask));
	CHECK(is_policy(policy_of(memory), MPOL_WEIGHTED_INTERLEAVE, &set), "range");
	numa_bitmask_clearall(mask);
	PRINTS("mbind: Invalid argument\n", numa_weighted_interleave_memory(memory, SIZE, mask));
	PRINTS("mbind: Invalid argument\n", numa_weighted_interleave_memory(memory, SIZE, NULL));
	munmap(memory, SIZE);
	PRINTS("mbind: Invalid argument\n",
	       memory = numa_alloc_weighted_interleaved_subset(SIZE, mask));
	numa_free(memory, SIZE);
	numa_bitmask_free(mask);
}

TEST(interleave_memory)
{
	struct bitmask *mask = usable_mask();
	size_t pages = 4 * (size_t)count(&machine.usable);
	char *memory = fresh(pages);

	madvise(memory, pages * page(), MADV_NOHUGEPAGE);
	QUIET(numa_interleave_memory(memory, pages * page(), mask));
	CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &machine.usable), "policy");
	CHECK(spread(memory, pages, &machine.usable), "not spread");
	numa_bitmask_clearall(mask);
	PRINTS("mbind: Invalid argument\n", numa_interleave_memory(memory, page(), mask));
	PRINTS("mbind: Invalid argument\n", numa_interleave_memory(memory, page(), NULL));
	PRINTS("mbind: Invalid argument\n", numa_interleave_memory(memory + 1, page(), mask));
	munmap(memory, pages * page());
	numa_bitmask_setbit(mask, (unsigned)machine.first);
	PRINTS("mbind: Bad address\n", numa_interleave_memory(memory, page(), mask));
	numa_bitmask_free(mask);
}

TEST(tonode_memory)
{
	look();
	EACH(node, &machine.usable) {
		struct set set = only(node);
		char *memory = fresh(PAGES);

		QUIET(numa_tonode_memory(memory, SIZE, node));
		CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "node %d", node);
		CHECK(all_on_node(memory, PAGES, node), "node %d", node);
		munmap(memory, SIZE);
		PRINTS("mbind: Bad address\n", numa_tonode_memory(memory, SIZE, node));
	}
	char *memory = fresh(1);
	PRINTS("mbind: Invalid argument\n", numa_tonode_memory(memory, page(), -1));
	PRINTS("mbind: Invalid argument\n", numa_tonode_memory(memory, page(), 100000));
	PRINTS("mbind: Invalid argument\n", numa_tonode_memory(memory + 1, page(), machine.first));
	EQUAL(policy_of(memory).mode, MPOL_DEFAULT);
	QUIET(numa_tonode_memory(memory, 0, machine.first));
	munmap(memory, page());
}

TEST(tonodemask_memory)
{
	struct bitmask *mask = usable_mask();
	char *memory = fresh(PAGES);

	QUIET(numa_tonodemask_memory(memory, SIZE, mask));
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &machine.usable), "policy");
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	numa_bitmask_clearall(mask);
	PRINTS("mbind: Invalid argument\n", numa_tonodemask_memory(memory, SIZE, mask));
	PRINTS("mbind: Invalid argument\n", numa_tonodemask_memory(memory, SIZE, NULL));
	numa_bitmask_free(mask);
	munmap(memory, SIZE);
}

/* A mask of 1, 2 or 64 bits with its last bit set works. */
TEST(the_last_bit_of_a_mask_counts_for_ranges)
{
	look();
	EACH(node, &machine.usable) {
		struct bitmask *mask = mask_of((unsigned)node + 1, node, -1);
		struct set set = only(node);
		char *memory = fresh(PAGES);

		QUIET(numa_tonodemask_memory(memory, SIZE, mask));
		CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "%s", text_of(mask));
		CHECK(all_on_node(memory, PAGES, node), "%s", text_of(mask));
		QUIET(numa_interleave_memory(memory, SIZE, mask));
		CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "%s", text_of(mask));
		munmap(memory, SIZE);
		QUIET(memory = numa_alloc_interleaved_subset(SIZE, mask));
		CHECK(is_policy(policy_of(memory), MPOL_INTERLEAVE, &set), "%s", text_of(mask));
		CHECK(all_on_node(memory, PAGES, node), "%s", text_of(mask));
		numa_free(memory, SIZE);
		numa_bitmask_free(mask);
	}
}

TEST(setlocal_memory)
{
	char *memory = fresh(PAGES);

	look();
	QUIET(numa_setlocal_memory(memory, SIZE));
	CHECK(is_policy(policy_of(memory), MPOL_LOCAL, &nothing), "local");
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	PRINTS("mbind: Invalid argument\n", numa_setlocal_memory(memory + 1, page()));
	munmap(memory, SIZE);
	PRINTS("mbind: Bad address\n", numa_setlocal_memory(memory, SIZE));
}

TEST(bind_policy_prefers, ROW_WHERE(without_node_0, preferred_many_is_probed_without_node_0))
{
	struct bitmask *mask = usable_mask();
	struct set set = only(machine.second);
	int wanted = kernel_has(MPOL_PREFERRED_MANY) ? MPOL_PREFERRED_MANY : MPOL_PREFERRED;
	char *memory = fresh(PAGES);

	numa_set_bind_policy(0);
	QUIET(numa_tonode_memory(memory, SIZE, machine.second));
	CHECK(is_policy(policy_of(memory), wanted, &set), "tonode: mode %d", policy_of(memory).mode);
	CHECK(all_on_node(memory, PAGES, machine.second), "pages elsewhere");
	QUIET(numa_tonodemask_memory(memory, SIZE, mask));
	EQUAL(policy_of(memory).mode, wanted);
	munmap(memory, SIZE);
	QUIET(memory = numa_alloc_onnode(SIZE, machine.second));
	CHECK(is_policy(policy_of(memory), wanted, &set), "alloc_onnode");
	numa_free(memory, SIZE);
	/* The thread's own policy stays strict. */
	QUIET(numa_set_membind(mask));
	EQUAL(policy_of(NULL).mode, MPOL_BIND);
	numa_set_bind_policy(7);
	QUIET(memory = numa_alloc_onnode(SIZE, machine.second));
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "strict again");
	numa_free(memory, SIZE);
	numa_bitmask_free(mask);
}

TEST(strict_reports_pages_that_are_elsewhere)
{
	char *memory = fresh(PAGES);

	look();
	SKIP_IF(machine.first == machine.second, "one node");
	CHECK(all_on(memory, PAGES, &machine.usable), "pages elsewhere");
	EQUAL(place_of(memory) >= 0, 1);
	int other = place_of(memory) == machine.first ? machine.second : machine.first;
	QUIET(numa_tonode_memory(memory, SIZE, other));
	CHECK(place_of(memory) != other, "the page moved");
	numa_set_strict(1);
	PRINTS("mbind: " WORDS_EIO "\n", numa_tonode_memory(memory, SIZE, other));
	numa_set_strict(0);
	QUIET(numa_tonode_memory(memory, SIZE, other));
	numa_set_strict(-5);
	PRINTS("mbind: " WORDS_EIO "\n", numa_tonode_memory(memory, SIZE, other));
	munmap(memory, SIZE);
}

TEST(strict_reports_nothing_where_all_is_well)
{
	look();
	numa_set_strict(1);
	char *memory;
	QUIET(memory = numa_alloc_onnode(SIZE, machine.first));
	CHECK(all_on_node(memory, PAGES, machine.first), "pages elsewhere");
	QUIET(numa_tonode_memory(memory, SIZE, machine.first));
	numa_free(memory, SIZE);
}

TEST(realloc_grows_and_shrinks)
{
	struct set set;
	char *memory, *grown;

	look();
	set = only(machine.second);
	memory = numa_alloc_onnode(SIZE, machine.second);
	memset(memory, 0x5a, SIZE);
	grown = numa_realloc(memory, SIZE, 4 * SIZE);
	CHECK(grown, "errno %d", errno);
	for (size_t i = 0; i < 4 * SIZE; i++)
		if (grown[i] != (i < SIZE ? 0x5a : 0)) {
			CHECK(0, "byte %zu is %d", i, grown[i]);
			break;
		}
	CHECK(is_policy(policy_of(grown + 3 * SIZE), MPOL_BIND, &set), "the policy is lost");
	CHECK(all_on_node(grown, 4 * PAGES, machine.second), "pages elsewhere");
	memory = numa_realloc(grown, 4 * SIZE, SIZE);
	CHECK(memory == grown, "shrinking moves");
	CHECK(!is_mapped(memory + SIZE), "the rest stays");
	numa_free(memory, SIZE);
}

TEST(realloc_errors)
{
	char *memory = numa_alloc_local(SIZE);

	SKIP_IF(under("valgrind"), "valgrind has an mremap(2) of its own");

	FAILS((intptr_t)numa_realloc(memory, SIZE, 0), 0, EINVAL);
	FAILS((intptr_t)numa_realloc(memory + 1, SIZE, 2 * SIZE), 0, EINVAL);
	/* ENOMEM, or EINVAL on newer kernels. */
	CHECK(!numa_realloc(memory, SIZE, (size_t)1 << 60), "2^60 bytes");
	memory[0] = 1;
	numa_free(memory, SIZE);
	FAILS((intptr_t)numa_realloc(memory, SIZE, 2 * SIZE), 0, EFAULT);
}

TEST(free_gives_memory_back)
{
	char *memory = numa_alloc_local(SIZE);

	errno = UNTOUCHED;
	QUIET(numa_free(memory, SIZE));
	EQUAL(errno, UNTOUCHED);
	CHECK(!is_mapped(memory), "still there");
	QUIET(numa_free(memory, SIZE));
	errno = UNTOUCHED;
	QUIET(numa_free(memory + 1, SIZE));
	EQUAL(errno, EINVAL);
	errno = UNTOUCHED;
	QUIET(numa_free(NULL, 0));
	EQUAL(errno, EINVAL);
}

TEST(police_touches_every_page_and_keeps_contents)
{
	char *memory = fresh(PAGES);

	look();
	struct set set = only(machine.second);
	memory[3 * page() + 5] = 77;
	raw_policy(MPOL_BIND, &set);
	errno = UNTOUCHED;
	QUIET(numa_police_memory(memory, SIZE));
	EQUAL(errno, UNTOUCHED);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(i == 3 || place_of(memory + i * page()) == machine.second, "page %zu: %d", i,
		      place_of(memory + i * page()));
	EQUAL(memory[3 * page() + 5], 77);
	EQUAL(memory[0], 0);
	munmap(memory, SIZE);
}

/* The pages of a file, whose first bytes are not 0, become the process's own by a write alone. */
TEST(police_writes_whatever_a_page_holds)
{
	int fd = memfd_create("police", 0);
	char old[2] = {7, 0}, new[2] = {9, 9};
	char *memory;

	CHECK(fd >= 0 && !ftruncate(fd, (off_t)SIZE), "memfd");
	for (size_t i = 0; i < PAGES; i++)
		EQUAL(pwrite(fd, &old[i % 2], 1, (off_t)(i * page())), 1);
	memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(memory != MAP_FAILED, "mmap");
	/* One of them is there for reading. */
	EQUAL(*(volatile char *)(memory + 2 * page()), 7);
	QUIET(numa_police_memory(memory, SIZE));
	for (size_t i = 0; i < PAGES; i++)
		EQUAL(pwrite(fd, new, 1, (off_t)(i * page())), 1);
	for (size_t i = 0; i < PAGES; i++)
		CHECK(memory[i * page()] == old[i % 2], "page %zu: %d", i, memory[i * page()]);
	munmap(memory, SIZE);
	close(fd);
}

TEST(police_from_and_to_the_middle_of_pages, ROW(police_memory_from_mid_page))
{
	static const struct { size_t from, size; unsigned touched; } table[] = {
		{0, 0, 0}, {5, 0, 0}, {0, 1, 1}, {4095, 1, 1}, {4095, 2, 3}, {1365, 3073, 3},
		{100, 4096, 3}, {1, 8192, 7}, {4096, 4096, 2}, {4097, 8191, 6}, {0, 12288, 7},
	};

	SKIP_IF(page() != 4096, "the table is for pages of 4096 bytes");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *memory = fresh(4);
		unsigned touched = 0;

		madvise(memory, 4 * page(), MADV_NOHUGEPAGE);
		numa_police_memory(memory + table[i].from, table[i].size);
		for (unsigned n = 0; n < 4; n++)
			if (place_of(memory + n * page()) >= 0)
				touched |= 1U << n;
		CHECK(touched == table[i].touched, "from %zu, %zu bytes: pages %#x, not %#x",
		      table[i].from, table[i].size, touched, table[i].touched);
		munmap(memory, 4 * page());
	}
}

TEST(home_node)
{
	struct set set;
	char *memory = fresh(PAGES);
	int known;

	look();
	set = machine.usable;
	known = !(syscall(SYS_set_mempolicy_home_node, 0UL, 0UL, 0UL, 0UL) && errno == ENOSYS);
	if (!known) {
		FAILS(numa_set_mempolicy_home_node(memory, SIZE, machine.first, 0), -1, ENOSYS);
		FAILS(set_mempolicy_home_node(memory, SIZE, (unsigned long)machine.first, 0), -1, ENOSYS);
		SKIP("the kernel has no home nodes (5.17)");
	}
	EQUAL(syscall(SYS_mbind, memory, SIZE, MPOL_BIND, set.words,
		      (unsigned long)numa_num_possible_nodes() + 1, 0), 0);
	EQUAL(numa_set_mempolicy_home_node(memory, SIZE, machine.second, 0), 0);
	CHECK(all_on_node(memory, PAGES, machine.second), "pages are not on the home node");
	EQUAL(set_mempolicy_home_node(memory, SIZE, (unsigned long)machine.first, 0), 0);
	FAILS(numa_set_mempolicy_home_node(memory, SIZE, machine.first, 1), -1, EINVAL);
	FAILS(numa_set_mempolicy_home_node(memory, SIZE, -1, 0), -1, EINVAL);
	FAILS(numa_set_mempolicy_home_node(memory, SIZE, 100000, 0), -1, EINVAL);
	FAILS(numa_set_mempolicy_home_node(memory + 1, SIZE, machine.first, 0), -1, EINVAL);
	FAILS(set_mempolicy_home_node(memory, SIZE, 100000, 0), -1, EINVAL);
	munmap(memory, SIZE);
}

/* The thread's settings are the thread's. */
TEST(numa_maps_shows_the_policy)
{
	char line[4096], *memory;
	int found = 0;
	FILE *file;

	look();
	QUIET(memory = numa_alloc_onnode(SIZE, machine.second));
	memset(memory, 1, SIZE);
	file = fopen("/proc/self/numa_maps", "r");
	SKIP_IF(!file, "no numa_maps");
	while (fgets(line, sizeof(line), file)) {
		char wanted[64];

		if (strtoul(line, NULL, 16) != (unsigned long)memory)
			continue;
		snprintf(wanted, sizeof(wanted), " bind:%d ", machine.second);
		CHECK(strstr(line, wanted), "%s", line);
		snprintf(wanted, sizeof(wanted), " N%d=%d", machine.second, PAGES);
		CHECK(strstr(line, wanted), "%s", line);
		found = 1;
	}
	fclose(file);
	CHECK(found, "the mapping is not in numa_maps");
	numa_free(memory, SIZE);
}

/* ---- as the kernel, for many masks ---------------------------------------------------------- */

#define ALL (SOME_PAGES * page())

static long raw_mbind(void *memory, size_t size, int mode, const struct bitmask *mask, int strict)
{
	return syscall(SYS_mbind, memory, size, mode, mask ? mask->maskp : NULL, mask ? mask->size + 1 : 0UL,
		       strict ? MPOL_MF_STRICT : 0);
}

static int preferred_mode(void)
{
	return kernel_has(MPOL_PREFERRED_MANY) ? MPOL_PREFERRED_MANY : MPOL_PREFERRED;
}

TEST(ranges_of_many_masks)
{
	look();
	EACH_MASK(mask) {
		AS_RAW("tonodemask_memory", numa_tonodemask_memory(memory, ALL, mask),
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, mask, 0)));
		AS_RAW("interleave_memory", numa_interleave_memory(memory, ALL, mask),
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_INTERLEAVE, mask, 0)));
	}
}

TEST(ranges_of_many_nodes)
{
	look();
	for (int node = 0; node <= last(&machine.nodes) + 2; node++) {
		struct bitmask *mask = one_node(node);

		AS_RAW("tonode_memory", numa_tonode_memory(memory, ALL, node),
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, mask, 0)));
		AS_RAW("a part", numa_tonode_memory(memory + page(), 2 * page(), node),
		       COMPLAINS("mbind", raw_mbind(memory + page(), 2 * page(), MPOL_BIND, mask, 0)));
		AS_RAW("part of a page", numa_tonode_memory(memory, 1, node),
		       COMPLAINS("mbind", raw_mbind(memory, 1, MPOL_BIND, mask, 0)));
		AS_RAW("mid-page", numa_tonode_memory(memory + 1, page(), node),
		       COMPLAINS("mbind", raw_mbind(memory + 1, page(), MPOL_BIND, mask, 0)));
		AS_RAW("nothing", numa_tonode_memory(memory, 0, node),
		       COMPLAINS("mbind", raw_mbind(memory, 0, MPOL_BIND, mask, 0)));
		AS_RAW("interleave nothing", numa_interleave_memory(memory, 0, mask),
		       COMPLAINS("mbind", raw_mbind(memory, 0, MPOL_INTERLEAVE, mask, 0)));
		AS_RAW("setlocal after it", numa_tonode_memory(memory, ALL, node); numa_setlocal_memory(memory, ALL),
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, mask, 0));
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_LOCAL, NULL, 0)));
		numa_bitmask_free(mask);
	}
	AS_RAW("setlocal", numa_setlocal_memory(memory, ALL), raw_mbind(memory, ALL, MPOL_LOCAL, NULL, 0));
	AS_RAW("setlocal mid-page", numa_setlocal_memory(memory + 1, page()),
	       COMPLAINS("mbind", raw_mbind(memory + 1, page(), MPOL_LOCAL, NULL, 0)));
	AS_RAW("setlocal nowhere", numa_setlocal_memory(NULL, page()),
	       COMPLAINS("mbind", raw_mbind(NULL, page(), MPOL_LOCAL, NULL, 0)));
	EXITS(1, numa_exit_on_error = 1; numa_tonode_memory(fresh(1), page(), -1));
	EXITS(1, numa_exit_on_error = 1; numa_interleave_memory(fresh(1), page(), numa_no_nodes_ptr));
	EXITS(1, numa_exit_on_error = 1; numa_setlocal_memory((char *)fresh(2) + 1, page()));
}

/* The bind policy of the thread, and the strict flag where pages are there already. */
TEST(ranges_under_the_threads_settings, ROW_WHERE(without_node_0, preferred_many_is_probed_without_node_0))
{
	struct bitmask *all, *one;
	int preferred = preferred_mode();

	look();
	all = usable_mask();
	for (int strict = -1; strict < 3; strict++)
		EACH(node, &machine.usable) {
			one = one_node(node);
			AS_RAW("strict, tonode", numa_set_strict(strict); memset(memory, 1, ALL);
			       numa_tonode_memory(memory, ALL, node),
			       memset(memory, 1, ALL); COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, one, strict)));
			AS_RAW("strict, tonodemask", numa_set_strict(strict); memset(memory, 1, ALL);
			       numa_tonodemask_memory(memory, ALL, one),
			       memset(memory, 1, ALL); COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, one, strict)));
			AS_RAW("strict, interleave", numa_set_strict(strict); memset(memory, 1, ALL);
			       numa_interleave_memory(memory, ALL, one),
			       memset(memory, 1, ALL); COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_INTERLEAVE, one, strict)));
			AS_RAW("strict, setlocal", numa_tonode_memory(memory, ALL, node); memset(memory, 1, ALL);
			       numa_set_strict(strict); numa_setlocal_memory(memory, ALL),
			       raw_mbind(memory, ALL, MPOL_BIND, one, 0); memset(memory, 1, ALL);
			       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_LOCAL, NULL, strict)));
			AS_RAW("preferred, tonode", numa_set_bind_policy(0); numa_tonode_memory(memory, ALL, node),
			       COMPLAINS("mbind", raw_mbind(memory, ALL, preferred, one, 0)));
			numa_bitmask_free(one);
		}
	AS_RAW("preferred, tonodemask", numa_set_bind_policy(0); numa_tonodemask_memory(memory, ALL, all),
	       COMPLAINS("mbind", raw_mbind(memory, ALL, preferred, all, 0)));
	AS_RAW("preferred, interleave", numa_set_bind_policy(0); numa_interleave_memory(memory, ALL, all),
	       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_INTERLEAVE, all, 0)));
	AS_RAW("preferred, setlocal", numa_set_bind_policy(0); numa_setlocal_memory(memory, ALL),
	       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_LOCAL, NULL, 0)));
	AS_RAW("any other number binds", numa_set_bind_policy(-1); numa_tonode_memory(memory, ALL, machine.first),
	       one = one_node(machine.first); COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, one, 0)));
	numa_bitmask_free(all);
}

/* Sizes that are no whole pages, and the flags of the thread. */
TEST(allocations_of_all_kinds)
{
	struct bitmask *mask, *none = numa_allocate_nodemask(), *both;
	size_t pages;
	char *memory;

	mask = usable_mask();
	pages = 3 * (size_t)count(&machine.usable);
	memory = numa_alloc_onnode(page() + 1, machine.second);
	CHECK(all_on_node(memory, 2, machine.second), "a page and a byte");
	numa_free(memory, page() + 1);
	CHECK(!is_mapped(memory + page()), "the second page stays");
	FAILS((intptr_t)numa_alloc_onnode(0, -1), 0, EINVAL);
	FAILS((intptr_t)numa_alloc_interleaved_subset(0, none), 0, EINVAL);
	QUIET(memory = numa_alloc_interleaved_subset(pages * page(), mask));
	madvise(memory, pages * page(), MADV_NOHUGEPAGE);
	CHECK(spread(memory, pages, &machine.usable), "not spread over all");
	numa_free(memory, pages * page());
	if (machine.first != machine.second) {
		struct set ends = only(machine.first);

		add(&ends, machine.second);
		both = mask_of((unsigned)machine.second + 1, machine.first, machine.second, -1);
		QUIET(memory = numa_alloc_interleaved_subset(SIZE, both));
		madvise(memory, SIZE, MADV_NOHUGEPAGE);
		CHECK(spread(memory, PAGES, &ends), "not spread over two");
		numa_free(memory, SIZE);
		numa_bitmask_free(both);
	}
	numa_set_interleave_mask(mask);
	memory = numa_alloc(pages * page());
	CHECK(spread(memory, pages, &machine.usable), "not spread under an interleave");
	numa_free(memory, pages * page());
	numa_set_localalloc();
	AS_RAW("strict, alloc_local", numa_set_strict(1); memory = numa_alloc_local(ALL),
	       raw_mbind(memory, ALL, MPOL_LOCAL, NULL, 0));
	AS_RAW("strict, alloc_interleaved", numa_set_strict(1); memory = numa_alloc_interleaved(ALL),
	       raw_mbind(memory, ALL, MPOL_INTERLEAVE, mask, 0));
	AS_RAW("preferred, alloc_local", numa_set_bind_policy(0); memory = numa_alloc_local(ALL),
	       raw_mbind(memory, ALL, MPOL_LOCAL, NULL, 0));
	AS_RAW("preferred, alloc_interleaved", numa_set_bind_policy(0); memory = numa_alloc_interleaved(ALL),
	       raw_mbind(memory, ALL, MPOL_INTERLEAVE, mask, 0));
	AS_RAW("preferred, a node that does not exist",
	       numa_set_bind_policy(0); memory = numa_alloc_onnode(ALL, last(&machine.nodes) + 1),
	       struct bitmask *beyond = one_node(last(&machine.nodes) + 1);
	       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_PREFERRED, beyond, 0)));
	EXITS(1, numa_exit_on_error = 1; numa_alloc_interleaved_subset(page(), none));
	numa_bitmask_free(mask);
	numa_bitmask_free(none);
}

TEST(parts_of_memory_are_freed)
{
	char *memory = numa_alloc_local(SIZE);

	memset(memory, 1, SIZE);
	numa_free(memory, SIZE / 2);
	CHECK(!is_mapped(memory) && !is_mapped(memory + SIZE / 2 - page()), "the first half stays");
	CHECK(is_mapped(memory + SIZE / 2) && memory[SIZE - 1] == 1, "the second half is gone");
	errno = UNTOUCHED;
	QUIET(numa_free(memory + SIZE / 2, 0));
	EQUAL(errno, EINVAL);
	errno = UNTOUCHED;
	QUIET(numa_free((void *)123, page()));
	EQUAL(errno, EINVAL);
	numa_free(memory + SIZE / 2, SIZE / 2);
}

/* numa_realloc is mremap(2), whatever it is asked. */
TEST(realloc_is_the_kernels)
{
	const struct { void *at; size_t old, new; } table[] = {
		{NULL, 0, 0}, {NULL, 0, page()}, {NULL, page(), 2 * page()}, {(void *)123, page(), 2 * page()},
	};
	char *memory, *moved;

	SKIP_IF(under("valgrind"), "valgrind has an mremap(2) of its own");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		void *raw = mremap(table[i].at, table[i].old, table[i].new, MREMAP_MAYMOVE);
		int error = errno;

		CHECK(raw == MAP_FAILED, "case %zu", i);
		FAILS((intptr_t)numa_realloc(table[i].at, table[i].old, table[i].new), 0, error);
	}
	memory = numa_alloc_local(page());
	CHECK(numa_realloc(memory, page(), page()) == memory, "the same size");
	CHECK(numa_realloc(memory, 1, page()) == memory, "the same pages");
	numa_free(memory, page());
	/* Where there is no room behind it. */
	memory = fresh(2 * PAGES);
	memset(memory, 9, SIZE);
	moved = numa_realloc(memory, SIZE, 2 * SIZE);
	CHECK(moved && moved != memory && moved[SIZE - 1] == 9 && moved[SIZE] == 0, "%p and %p", (void *)memory, (void *)moved);
	numa_free(moved, 2 * SIZE);
	munmap(memory + SIZE, SIZE);
}

/* From the start of a page: what it does elsewhere is a row of differences.md. */
TEST(police_of_many_sizes)
{
	for (size_t size = 0; size <= 3 * page(); size += page() / 4) {
		char *memory = fresh(4);

		madvise(memory, 4 * page(), MADV_NOHUGEPAGE);
		numa_police_memory(memory, size);
		for (size_t i = 0; i < 4; i++)
			CHECK((place_of(memory + i * page()) >= 0) == (i * page() < size), "%zu bytes, page %zu", size, i);
		munmap(memory, 4 * page());
	}
}

TEST(ranges_with_holes)
{
	struct bitmask *mask = usable_mask();

	AS_RAW("tonodemask_memory", munmap(memory + ALL / 2, ALL / 2); numa_tonodemask_memory(memory, ALL, mask);
	       memory = fresh(SOME_PAGES),
	       munmap(memory + ALL / 2, ALL / 2); COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, mask, 0));
	       memory = fresh(SOME_PAGES));
	AS_RAW("tonodemask_memory mid-page", numa_tonodemask_memory(memory + 1, page(), mask),
	       COMPLAINS("mbind", raw_mbind(memory + 1, page(), MPOL_BIND, mask, 0)));
	AS_RAW("interleave_memory mid-page", numa_interleave_memory(memory + 1, page(), mask),
	       COMPLAINS("mbind", raw_mbind(memory + 1, page(), MPOL_INTERLEAVE, mask, 0)));
	numa_bitmask_free(mask);
}

/* An allocation is memory and a policy for it. */
TEST(allocations_of_many_nodes)
{
	look();
	for (int node = 0; node <= last(&machine.nodes) + 2; node++) {
		struct bitmask *mask = one_node(node);
		struct set set = only(node);

		AS_RAW("alloc_onnode", memory = numa_alloc_onnode(ALL, node),
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_BIND, mask, 0)));
		AS_RAW("alloc_interleaved_subset", memory = numa_alloc_interleaved_subset(ALL, mask),
		       COMPLAINS("mbind", raw_mbind(memory, ALL, MPOL_INTERLEAVE, mask, 0)));
		AS_RAW("alloc under membind", numa_set_membind(mask); memory = numa_alloc(ALL),
		       COMPLAINS("set_mempolicy", raw_policy(MPOL_BIND, &set)));
		AS_RAW("alloc under preferred", numa_set_preferred(node); memory = numa_alloc(ALL),
		       COMPLAINS("set_mempolicy", raw_policy(MPOL_PREFERRED, &set)));
		numa_bitmask_free(mask);
	}
	AS_RAW("alloc_local", memory = numa_alloc_local(ALL), raw_mbind(memory, ALL, MPOL_LOCAL, NULL, 0));
	AS_RAW("alloc", memory = numa_alloc(ALL), (void)0);
	AS_RAW("alloc_interleaved", memory = numa_alloc_interleaved(ALL),
	       raw_mbind(memory, ALL, MPOL_INTERLEAVE, numa_all_nodes_ptr, 0));
	AS_RAW("beyond all nodes", memory = numa_alloc_onnode(ALL, numa_num_possible_nodes()),
	       errno = EINVAL; perror("mbind"); errno = EINVAL);
	EXITS(1, numa_exit_on_error = 1; numa_alloc_onnode(page(), numa_max_possible_node()));
}
