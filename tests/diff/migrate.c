/* Pages that move: numa_migrate_pages and numa_move_pages, and the plain
 * system calls, on a child that holds memory on a known node. */
#include "common.h"

#define PAGES 16

struct victim {
	pid_t pid;
	int to, from;
	char *start;
};

/* A child with pages of its own on one node. */
static struct victim victim_on(int node)
{
	struct victim victim;
	int up[2], down[2];

	if (pipe(up) || pipe(down))
		abort();
	fflush(stdout);
	victim.pid = fork();
	if (!victim.pid) {
		char *start = fresh(PAGES);
		char byte;
		ssize_t got;

		close(up[0]);
		close(down[1]);
		numa_tonode_memory(start, PAGES * page_size(), node);
		touch(start, PAGES);
		memset(start, 5, PAGES * page_size());
		got = write(up[1], &start, sizeof(start));
		while ((got = read(down[0], &byte, 1)) > 0) {
			int good = 1;

			for (size_t i = 0; i < PAGES * page_size(); i++)
				good &= start[i] == 5;
			got = write(up[1], &good, sizeof(good));
		}
		_exit(0);
	}
	close(up[1]);
	close(down[0]);
	victim.to = down[1];
	victim.from = up[0];
	if (read(victim.from, &victim.start, sizeof(victim.start)) != sizeof(victim.start))
		abort();
	errno = UNTOUCHED;
	return victim;
}

static void victim_done(struct victim *victim)
{
	int good = 0, status;

	if (write(victim->to, "", 1) != 1 || read(victim->from, &good, sizeof(good)) != sizeof(good))
		good = -1;
	printf(" contents %d", good);
	close(victim->to);
	close(victim->from);
	waitpid(victim->pid, &status, 0);
}

#define ON_VICTIM(label, node, ...)                                        \
	RUN(label, struct victim v = victim_on(node); __VA_ARGS__;         \
	    show_places(v.pid, v.start, PAGES, 0); victim_done(&v))

static struct bitmask *usable(void)
{
	struct bitmask *mask = nodes(-1);

	FOR_NODES(n, usable)
		numa_bitmask_setbit(mask, (unsigned int)n);
	errno = UNTOUCHED;
	return mask;
}

/* Above zero the count is the kernel's: how many pages it could not move,
 * which hangs on the moment. */
static void show_moved(long result)
{
	if (result > 0)
		printf(" some left");
	else
		show_result(result);
}

static void migrate(void)
{
	char label[128];
	unsigned int possible = (unsigned int)numa_num_possible_nodes();

	FOR_NODES(from, usable)
		FOR_NODES(to, usable) {
			if (machine.usables > 5 && from != machine.first && to != machine.last)
				continue;
			snprintf(label, sizeof(label), "migrate_pages %d to %d", from, to);
			ON_VICTIM(label, from, show_moved(numa_migrate_pages(v.pid, nodes(from), nodes(to))));
		}
	ON_VICTIM("migrate_pages, others", machine.first, show_moved(numa_migrate_pages(v.pid, nodes(machine.last), nodes(machine.first))));
	ON_VICTIM("migrate_pages, all to last", machine.first, show_moved(numa_migrate_pages(v.pid, usable(), nodes(machine.last))));
	ON_VICTIM("migrate_pages, all to all", machine.last, show_moved(numa_migrate_pages(v.pid, usable(), usable())));
	ON_VICTIM("migrate_pages, from nothing", machine.first, show_moved(numa_migrate_pages(v.pid, nodes(-1), nodes(machine.last))));
	ON_VICTIM("migrate_pages, to nothing", machine.first, show_moved(numa_migrate_pages(v.pid, nodes(machine.first), nodes(-1))));
	ON_VICTIM("migrate_pages, to unknown", machine.first, show_moved(numa_migrate_pages(v.pid, nodes(machine.first), nodes(machine.top + 1))));
	ON_VICTIM("migrate_pages, from unknown", machine.first, show_moved(numa_migrate_pages(v.pid, nodes(machine.top + 1), nodes(machine.last))));
	ON_VICTIM("migrate_pages, to last possible", machine.first, show_moved(numa_migrate_pages(v.pid, nodes(machine.first), nodes((long)possible - 1))));
	ON_VICTIM("migrate_pages, all_nodes", machine.first, show_moved(numa_migrate_pages(v.pid, numa_all_nodes_ptr, numa_all_nodes_ptr)));
	/* shorter masks than the kernel's are better in ours; longer ones are the same */
	ON_VICTIM("migrate_pages, long masks", machine.first,
		  show_moved(numa_migrate_pages(v.pid, one(possible * 2, machine.first), one(possible * 2, machine.last))));
	RUN("migrate_pages, nobody", show_moved(numa_migrate_pages(0x3fffffff, usable(), usable())));
	RUN("migrate_pages, -1", show_moved(numa_migrate_pages(-1, usable(), usable())));
	RUN("migrate_pages, myself", char *at = fresh(PAGES); numa_tonode_memory(at, PAGES * page_size(), machine.first); touch(at, PAGES);
	    errno = UNTOUCHED;
	    show_moved(numa_migrate_pages(0, nodes(machine.first), nodes(machine.last))); show_places(0, at, PAGES, 0));
	RUN("migrate_pages, init", show_moved(numa_migrate_pages(1, nodes(-1), usable())));
}

static void move(void)
{
	static const int flags[] = {0, MPOL_MF_MOVE, MPOL_MF_MOVE_ALL, MPOL_MF_MOVE | MPOL_MF_MOVE_ALL, MPOL_MF_STRICT, 99, -1};
	void *pages[PAGES + 2];
	int where[PAGES + 2], status[PAGES + 2];

#define PREPARE(first, target)                                            \
	for (int i = 0; i < PAGES + 2; i++) {                             \
		pages[i] = (void *)((uintptr_t)(first) + (size_t)i * page_size()); \
		where[i] = (target);                                      \
		status[i] = -999;                                         \
	}
#define SHOW_STATUS(count)                                                \
	for (int i = 0; i < (count); i++)                                 \
		printf("%s%d", i ? "," : " [", status[i]);                \
	printf("]")

	FOR_NODES(to, usable)
		RUNF("move_pages to %d", to, struct victim v = victim_on(machine.first); PREPARE(v.start, to); errno = UNTOUCHED;
		     show_result(numa_move_pages(v.pid, PAGES, pages, where, status, MPOL_MF_MOVE)); SHOW_STATUS(PAGES);
		     show_places(v.pid, v.start, PAGES, 0); victim_done(&v));
	for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
		RUNF("move_pages, flags %d", flags[f], struct victim v = victim_on(machine.first); PREPARE(v.start, machine.last); errno = UNTOUCHED;
		     show_result(numa_move_pages(v.pid, PAGES, pages, where, status, flags[f])); SHOW_STATUS(PAGES);
		     show_places(v.pid, v.start, PAGES, 0); victim_done(&v));
		RUNF("move_pages, query, flags %d", flags[f], struct victim v = victim_on(machine.last); PREPARE(v.start, 0); errno = UNTOUCHED;
		     show_result(numa_move_pages(v.pid, PAGES, pages, NULL, status, flags[f])); SHOW_STATUS(PAGES); victim_done(&v));
	}
	RUN("move_pages, one by one", struct victim v = victim_on(machine.first); PREPARE(v.start, machine.first);
	    for (int i = 0; i < PAGES; i += 3) where[i] = machine.last;
	    errno = UNTOUCHED;
	    show_result(numa_move_pages(v.pid, PAGES, pages, where, status, MPOL_MF_MOVE)); SHOW_STATUS(PAGES);
	    show_places(v.pid, v.start, PAGES, 0); victim_done(&v));
	RUN("move_pages, unmapped", char *at = fresh(4); touch(at, 2); munmap(at + 3 * page_size(), page_size()); PREPARE(at, machine.last);
	    errno = UNTOUCHED;
	    show_result(numa_move_pages(0, 4, pages, where, status, MPOL_MF_MOVE)); SHOW_STATUS(4));
	RUN("move_pages, query unmapped", char *at = fresh(4); touch(at, 1); munmap(at + 3 * page_size(), page_size()); PREPARE(at, machine.last);
	    errno = UNTOUCHED;
	    numa_tonode_memory(at, page_size(), machine.first);
	    show_result(numa_move_pages(0, 4, pages, NULL, status, 0)); for (int i = 1; i < 4; i++) printf(" %d", status[i]));
	for (int node = -2; node <= (int)machine.top + 2; node++)
		if (node < 0 || !word_bit(machine.usable, (unsigned long)node))
			RUNF("move_pages to bad %d", node, char *at = fresh(2); numa_tonode_memory(at, 2 * page_size(), machine.first); touch(at, 2);
			     PREPARE(at, node); errno = UNTOUCHED;
			     show_result(numa_move_pages(0, 2, pages, where, status, MPOL_MF_MOVE)); SHOW_STATUS(2));
	RUN("move_pages, nothing", show_result(numa_move_pages(0, 0, NULL, NULL, NULL, 0)));
	RUN("move_pages, nothing to move", PREPARE(0, 0); show_result(numa_move_pages(0, 0, pages, where, status, MPOL_MF_MOVE)));
	RUN("move_pages, nobody", PREPARE(0, 0); show_result(numa_move_pages(0x3fffffff, 1, pages, NULL, status, 0)));
	RUN("move_pages, -1", PREPARE(0, 0); show_result(numa_move_pages(-1, 1, pages, NULL, status, 0)));
	RUN("move_pages, no pages", show_result(numa_move_pages(0, 1, NULL, NULL, status, 0)));
	RUN("move_pages, no status", char *at = fresh(1); PREPARE(at, 0); show_result(numa_move_pages(0, 1, pages, NULL, NULL, 0)));
	RUN("move_pages, init", PREPARE(0, 0); show_result(numa_move_pages(1, 1, pages, NULL, status, 0)));
}

int main(void)
{
	look_at_machine();
	migrate();
	move();
	return 0;
}
