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
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	numa_free(memory, PAGES * page());
}

TEST(migrate_pages_with_short_masks)
{
	struct bitmask *from, *to;
	char *memory;

	NEEDS_MIGRATE();
	SKIP_IF(on_reference(), "it reads beyond their end, and what is there is chance");
	look();
	SKIP_IF(machine.first == machine.second, "one node");
	memory = numa_alloc_onnode(PAGES * page(), machine.second);
	CHECK(all_on_node(memory, PAGES, machine.second), "pages elsewhere");
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
	if (is_first_process_anothers())
		FAILS(numa_migrate_pages(1, first, first), -1, EPERM);
	numa_bitmask_free(first);
	numa_bitmask_free(none);
}

TEST(migrate_null_masks, ROW(null_masks_are_empty_masks))
{
	struct bitmask *first;

	NEEDS_MIGRATE();
	look();
	first = one_node(machine.first);
	as_the_kernel(0, NULL, first, "from NULL");
	as_the_kernel(0, first, NULL, "to NULL");
	FAILS(numa_migrate_pages(0, first, NULL), -1, EINVAL);
	numa_bitmask_free(first);
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
	if (is_first_process_anothers())
		FAILS(numa_move_pages(1, 1, &address, NULL, &status, 0), -1, EPERM);
	munmap(memory, page());
}

/* ---- pages of another process --------------------------------------------------------------- */

/* A child with pages on a node: it looks at them when it is told to. */
struct victim {
	pid_t pid;
	int to, from;
	char *memory;
};

static struct victim victim_on(int node)
{
	struct victim victim;
	int up[2], down[2];

	if (pipe(up) || pipe(down))
		abort();
	fflush(stdout);
	victim.pid = fork();
	if (!victim.pid) {
		char *memory = fresh(PAGES), byte;
		int good = 1;

		close(up[0]);
		close(down[1]);
		numa_tonode_memory(memory, PAGES * page(), node);
		memset(memory, 5, PAGES * page());
		if (write(up[1], &memory, sizeof(memory)) < 0 || read(down[0], &byte, 1) != 1)
			_exit(1);
		for (size_t i = 0; i < PAGES * page(); i++)
			good &= memory[i] == 5;
		_exit(!good);
	}
	close(up[1]);
	close(down[0]);
	victim.to = down[1];
	victim.from = up[0];
	if (victim.pid < 0 || read(victim.from, &victim.memory, sizeof(victim.memory)) != sizeof(victim.memory))
		abort();
	return victim;
}

static void places_of(const struct victim *victim, int *places)
{
	void *addresses[PAGES];

	for (size_t i = 0; i < PAGES; i++)
		addresses[i] = victim->memory + i * page();
	if (syscall(SYS_move_pages, victim->pid, (unsigned long)PAGES, addresses, NULL, places, 0))
		places[0] = -errno;
}

static void let_go(struct victim *victim)
{
	int status = 0;

	EQUAL(write(victim->to, "", 1), 1);
	waitpid(victim->pid, &status, 0);
	CHECK(!status, "the contents have changed");
	close(victim->to);
	close(victim->from);
}

/* Whether the library's call does to one child what the kernel's does to another. */
static void moved_alike(int on, struct bitmask *from, struct bitmask *to, const char *what)
{
	struct victim victims[2] = {victim_on(on), victim_on(on)};
	int places[2][PAGES] = {{0}};
	long results[2];

	results[0] = numa_migrate_pages(victims[0].pid, from, to);
	results[1] = raw_migrate(victims[1].pid, from, to);
	for (int i = 0; i < 2; i++) {
		places_of(&victims[i], places[i]);
		let_go(&victims[i]);
	}
	/* How many pages were busy hangs on the moment. */
	CHECK((results[0] < 0) == (results[1] < 0) && !memcmp(places[0], places[1], sizeof(places[0])),
	      "%s: %ld and %ld, first page on %d and %d", what, results[0], results[1], places[0][0], places[1][0]);
}

TEST(migrate_pages_of_all_kinds)
{
	struct bitmask *none = numa_allocate_nodemask(), *all, *beyond, *from, *to;

	NEEDS_MIGRATE();
	look();
	all = numa_get_mems_allowed();
	beyond = one_node(last(&machine.nodes) + 1);
	EACH(a, &machine.usable)
		EACH(b, &machine.usable) {
			if (a != machine.first && b != last(&machine.usable))
				continue;
			from = one_node(a);
			to = one_node(b);
			moved_alike(a, from, to, "from one to another");
			moved_alike(a, to, from, "the other way round");
			numa_bitmask_free(from);
			numa_bitmask_free(to);
		}
	from = one_node(machine.first);
	to = one_node(last(&machine.usable));
	moved_alike(machine.first, all, to, "all to the last");
	moved_alike(machine.second, all, all, "all to all");
	moved_alike(machine.first, none, to, "from nothing");
	moved_alike(machine.first, from, none, "to nothing");
	moved_alike(machine.first, from, beyond, "to a node that does not exist");
	moved_alike(machine.first, beyond, to, "from a node that does not exist");
	numa_bitmask_free(from);
	from = mask_of(2 * (unsigned)numa_num_possible_nodes(), machine.first, -1);
	moved_alike(machine.first, from, to, "a long mask");
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	numa_bitmask_free(none);
	numa_bitmask_free(all);
	numa_bitmask_free(beyond);
}

TEST(move_pages_of_all_kinds)
{
	static const int flags[] = {0, MPOL_MF_MOVE, MPOL_MF_MOVE_ALL, MPOL_MF_MOVE | MPOL_MF_MOVE_ALL, MPOL_MF_STRICT, 99, -1};

	SKIP_IF(under("valgrind"), "valgrind looks at the arguments itself");
	look();
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++)
		for (int kind = 0; kind < 4; kind++) {
			struct victim victims[2] = {victim_on(machine.first), victim_on(machine.first)};
			int places[2][PAGES] = {{0}}, status[2][PAGES], errors[2];
			long results[2];

			for (int raw = 0; raw < 2; raw++) {
				void *addresses[PAGES];
				int nodes[PAGES], *where = kind == 0 ? NULL : nodes;

				for (int i = 0; i < PAGES; i++) {
					addresses[i] = victims[raw].memory + (size_t)i * page();
					/* To another node, to two in turn, and to one that cannot be. */
					nodes[i] = kind == 3 ? last(&machine.nodes) + 1
						 : kind == 2 && i % 3 ? machine.first : last(&machine.usable);
					status[raw][i] = -999;
				}
				errno = UNTOUCHED;
				results[raw] = raw ? syscall(SYS_move_pages, victims[raw].pid, (unsigned long)PAGES, addresses,
							     where, status[raw], flags[f])
						   : numa_move_pages(victims[raw].pid, PAGES, addresses, where, status[raw],
								     flags[f]);
				errors[raw] = errno;
				places_of(&victims[raw], places[raw]);
				let_go(&victims[raw]);
			}
			CHECK(results[0] == results[1] && errors[0] == errors[1] && !memcmp(places[0], places[1], sizeof(places[0])) &&
			      !memcmp(status[0], status[1], sizeof(status[0])), "flags %d, kind %d: %ld and %ld, errno %d and %d",
			      flags[f], kind, results[0], results[1], errors[0], errors[1]);
		}
}

/* To each id, also those in gaps and of nodes without memory, and pages that are not there. */
TEST(move_pages_to_every_node)
{
	look();
	for (int node = -2; node <= last(&machine.nodes) + 2; node++) {
		int status[2][4], errors[2];
		long results[2];

		for (int raw = 0; raw < 2; raw++) {
			char *memory = fresh(4);
			void *addresses[4];
			int nodes[4] = {node, node, node, node};

			madvise(memory, 4 * page(), MADV_NOHUGEPAGE);
			numa_tonode_memory(memory, 4 * page(), machine.first);
			memory[0] = memory[page()] = 1;
			munmap(memory + 3 * page(), page());
			for (int i = 0; i < 4; i++) {
				addresses[i] = memory + (size_t)i * page();
				status[raw][i] = -999;
			}
			errno = UNTOUCHED;
			results[raw] = raw ? syscall(SYS_move_pages, 0, 4UL, addresses, nodes, status[raw], MPOL_MF_MOVE)
					   : numa_move_pages(0, 4, addresses, nodes, status[raw], MPOL_MF_MOVE);
			errors[raw] = errno;
			munmap(memory, 3 * page());
		}
		CHECK(results[0] == results[1] && errors[0] == errors[1] && !memcmp(status[0], status[1], sizeof(status[0])),
		      "node %d: %ld and %ld, errno %d and %d, status %d and %d", node, results[0], results[1], errors[0],
		      errors[1], status[0][0], status[1][0]);
	}
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
