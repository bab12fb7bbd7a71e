/* Moving pages: numa_migrate_pages, numa_move_pages, migrate_pages, move_pages. */
#include "machine.h"

#define PAGES 8

static long raw_migrate(int pid, const struct bitmask *from, const struct bitmask *to)
{
	unsigned long a[BITS / LONG_BITS] = {0}, b[BITS / LONG_BITS] = {0};

	if (from)
		memcpy(a, from->maskp, (from->size + 63) / 64 * 8);
	if (to)
		memcpy(b, to->maskp, (to->size + 63) / 64 * 8);
	return syscall(SYS_migrate_pages, pid, (unsigned long)numa_num_possible_nodes() + 1, a, b);
}

/* valgrind does not know migrate_pages. */
#define NEEDS_MIGRATE() SKIP_IF(under("valgrind"), "valgrind does not know migrate_pages(2)")

/* Whether the library answers what the kernel answers. */
static void as_the_kernel(int pid, struct bitmask *from, struct bitmask *to, const char *what)
{
	long kernel, ours;
	int kernel_error, our_error;

	errno = UNTOUCHED;
	kernel = raw_migrate(pid, from, to);
	kernel_error = errno;
	errno = UNTOUCHED;
	QUIET(ours = numa_migrate_pages(pid, from, to); our_error = errno);
	CHECK(ours == kernel && our_error == kernel_error, "%s: %ld with errno %d, the kernel %ld with %d", what,
	      ours, our_error, kernel, kernel_error);
}

TEST(migrate_pages_moves_them)
{
	struct bitmask *from, *to;
	char *memory;

	NEEDS_MIGRATE();
	look();
	SKIP_IF(machine.first == machine.second, "one node");
	memory = numa_alloc_onnode(PAGES * page(), machine.first);
	CHECK(all_on_node(memory, PAGES, machine.first), "pages elsewhere");
	/* A page with a bind policy moves, too: the call moves what lies there. */
	from = one_node(machine.first);
	to = one_node(machine.second);
	EQUAL(numa_migrate_pages(0, from, to) >= 0, 1);
	for (int i = 0; i < PAGES; i++)
		EQUAL(place_of(memory + (size_t)i * page()), machine.second);
	/* Short masks. */
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	from = mask_of((unsigned)machine.second + 1, machine.second, -1);
	to = mask_of((unsigned)machine.first + 1, machine.first, -1);
	EQUAL(numa_migrate_pages(getpid(), from, to) >= 0, 1);
	for (int i = 0; i < PAGES; i++)
		EQUAL(place_of(memory + (size_t)i * page()), machine.first);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	numa_free(memory, PAGES * page());
}

TEST(migrate_pages_of_another_process)
{
	struct bitmask *from, *to;
	int ready[2], go[2];
	char *memory, byte = 0;
	pid_t pid;
	int status;

	NEEDS_MIGRATE();
	look();
	SKIP_IF(machine.first == machine.second, "one node");
	CHECK(!pipe(ready) && !pipe(go), "pipes");
	from = one_node(machine.first);
	to = one_node(machine.second);
	pid = fork();
	if (!pid) {
		memory = numa_alloc_onnode(PAGES * page(), machine.first);
		memset(memory, 1, PAGES * page());
		if (write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(2);
		for (int i = 0; i < PAGES; i++)
			if (place_of(memory + (size_t)i * page()) != machine.second)
				_exit(1);
		_exit(0);
	}
	EQUAL(read(ready[0], &byte, 1), 1);
	EQUAL(numa_migrate_pages(pid, from, to) >= 0, 1);
	EQUAL(write(go[1], "x", 1), 1);
	waitpid(pid, &status, 0);
	EQUAL(status, 0);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(migrate_pages_answers_as_the_kernel)
{
	struct bitmask *none = numa_allocate_nodemask(), *first, *all, *bad = numa_allocate_nodemask();

	NEEDS_MIGRATE();
	look();
	first = one_node(machine.first);
	all = numa_get_mems_allowed();
	numa_bitmask_setbit(bad, bad->size - 1);
	as_the_kernel(0, first, first, "onto itself");
	as_the_kernel(0, none, first, "from nothing");
	as_the_kernel(0, first, none, "to nothing");
	as_the_kernel(0, none, none, "nothing");
	as_the_kernel(0, NULL, first, "from NULL");
	as_the_kernel(0, first, NULL, "to NULL");
	as_the_kernel(0, all, first, "from all");
	as_the_kernel(0, first, all, "to all");
	if (!has(&machine.nodes, (long)bad->size - 1)) {
		as_the_kernel(0, first, bad, "to a node that does not exist");
		as_the_kernel(0, bad, first, "from a node that does not exist");
	}
	as_the_kernel(INT32_MAX, first, first, "no such process");
	as_the_kernel(-1, first, first, "a negative process id");
	as_the_kernel(1, first, first, "init");
	numa_bitmask_free(none);
	numa_bitmask_free(first);
	numa_bitmask_free(all);
	numa_bitmask_free(bad);
}

TEST(migrate_errors)
{
	struct bitmask *first, *none = numa_allocate_nodemask();

	NEEDS_MIGRATE();
	look();
	first = one_node(machine.first);
	FAILS(numa_migrate_pages(INT32_MAX, first, first), -1, ESRCH);
	FAILS(numa_migrate_pages(0, first, none), -1, EINVAL);
	FAILS(numa_migrate_pages(0, first, NULL), -1, EINVAL);
	if (geteuid() != 0)
		FAILS(numa_migrate_pages(1, first, first), -1, EPERM);
	numa_bitmask_free(first);
	numa_bitmask_free(none);
}

TEST(move_pages_tells_where_they_are)
{
	char *memory = fresh(3);
	void *addresses[4] = {memory, memory + page(), memory + 2 * page(), (void *)page()};
	int status[4] = {-999, -999, -999, -999};

	look();
	memory[0] = 1;
	memory[2 * page()] = 1;
	errno = UNTOUCHED;
	EQUAL(numa_move_pages(0, 4, addresses, NULL, status, 0), 0);
	EQUAL(errno, UNTOUCHED);
	CHECK(has(&machine.usable, status[0]), "%d", status[0]);
	CHECK(status[1] == -ENOENT || status[1] == -EFAULT, "%d", status[1]);
	CHECK(has(&machine.usable, status[2]), "%d", status[2]);
	CHECK(status[3] < 0, "%d", status[3]);
	EQUAL(numa_move_pages(getpid(), 1, addresses, NULL, status, MPOL_MF_MOVE), 0);
	munmap(memory, 3 * page());
}

TEST(move_pages_moves_them)
{
	char *memory = fresh(PAGES);
	void *addresses[PAGES];
	int nodes[PAGES], status[PAGES];

	look();
	SKIP_IF(machine.first == machine.second, "one node");
	memset(memory, 7, PAGES * page());
	for (int i = 0; i < PAGES; i++) {
		addresses[i] = memory + (size_t)i * page();
		nodes[i] = i % 2 ? machine.first : machine.second;
	}
	EQUAL(numa_move_pages(0, PAGES, addresses, nodes, status, MPOL_MF_MOVE), 0);
	for (int i = 0; i < PAGES; i++) {
		EQUAL(status[i], nodes[i]);
		EQUAL(place_of(addresses[i]), nodes[i]);
		EQUAL(memory[(size_t)i * page()], 7);
	}
	munmap(memory, PAGES * page());
}

TEST(move_pages_errors)
{
	char *memory = fresh(1);
	void *address = memory;
	int node = 0, status = -999;

	look();
	memory[0] = 1;
	node = machine.first;
	FAILS(numa_move_pages(INT32_MAX, 1, &address, NULL, &status, 0), -1, ESRCH);
	FAILS(numa_move_pages(0, 1, &address, &node, &status, 0x1000), -1, EINVAL);
	if (!under("valgrind")) {
		FAILS(numa_move_pages(0, 1, (void **)1, &node, &status, MPOL_MF_MOVE), -1, EFAULT);
		FAILS(numa_move_pages(0, 1, &address, NULL, (int *)1, 0), -1, EFAULT);
	}
	node = 100000;
	FAILS(numa_move_pages(0, 1, &address, &node, &status, MPOL_MF_MOVE), -1, ENODEV);
	node = -1;
	FAILS(numa_move_pages(0, 1, &address, &node, &status, MPOL_MF_MOVE), -1, ENODEV);
	EQUAL(numa_move_pages(0, 0, NULL, NULL, NULL, 0), 0);
	if (geteuid() != 0)
		FAILS(numa_move_pages(1, 1, &address, NULL, &status, 0), -1, EPERM);
	munmap(memory, page());
}

TEST(the_exported_system_calls)
{
	char *memory = fresh(1);
	void *address = memory;
	unsigned long words[BITS / LONG_BITS] = {0};
	int status = -999;

	NEEDS_MIGRATE();
	look();
	memory[0] = 1;
	EQUAL(move_pages(0, 1, &address, NULL, &status, 0), 0);
	CHECK(has(&machine.usable, status), "%d", status);
	FAILS(move_pages(INT32_MAX, 1, &address, NULL, &status, 0), -1, ESRCH);
	words[machine.first / 64] = 1UL << (machine.first % 64);
	EQUAL(migrate_pages(0, (unsigned long)numa_num_possible_nodes() + 1, words, words), 0);
	FAILS(migrate_pages(INT32_MAX, (unsigned long)numa_num_possible_nodes() + 1, words, words), -1, ESRCH);
	FAILS(migrate_pages(0, 65, (unsigned long *)1, words), -1, EFAULT);
	munmap(memory, page());
}
