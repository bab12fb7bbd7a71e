/* Allocation and memory policy: what the kernel holds, where pages land. */
#include "common.h"

#define PAGES 8

static struct bitmask *usable(void)
{
	struct bitmask *mask = nodes(-1);

	FOR_NODES(n, usable)
		numa_bitmask_setbit(mask, (unsigned int)n);
	errno = UNTOUCHED;
	return mask;
}

static struct bitmask *ends(void)
{
	struct bitmask *mask = nodes(machine.first);

	numa_bitmask_setbit(mask, (unsigned int)machine.last);
	errno = UNTOUCHED;
	return mask;
}

/* errno first: what follows may change it */
static void region(void *start, size_t pages, int spread)
{
	int error = errno;

	show_pointer(start);
	if (!start || start == MAP_FAILED)
		return;
	if (error != UNTOUCHED)
		printf(" %s", error_name(error));
	madvise(start, pages * page_size(), MADV_NOHUGEPAGE);
	show_policy_at(start);
	show_maps_policy(start);
	show_places(0, start, pages, 0);
	touch(start, pages);
	show_places(0, start, pages, spread);
}

#define REGION(label, pages, spread, ...)                                 \
	RUN(label, stay_put(); errno = UNTOUCHED;                          \
	    void *at = (__VA_ARGS__); region(at, pages, spread))
#define REGIONF(format, value, pages, spread, ...)                        \
	RUNF(format, value, stay_put(); errno = UNTOUCHED;                 \
	    void *at = (__VA_ARGS__); region(at, pages, spread))

/* pages of an interleave start anywhere, so ask for the same number on each */
static size_t shares(size_t each)
{
	return each * (size_t)machine.usables;
}

static void allocation(void)
{
	size_t page = page_size();

	for (int node = -2; node <= (int)machine.top + 2; node++)
		REGIONF("alloc_onnode %d", node, PAGES, 0, numa_alloc_onnode(PAGES * page, node));
	REGION("alloc_onnode possible", PAGES, 0, numa_alloc_onnode(PAGES * page, numa_num_possible_nodes()));
	REGION("alloc_onnode max possible", PAGES, 0, numa_alloc_onnode(PAGES * page, numa_max_possible_node()));
	REGION("alloc_onnode, one byte", 1, 0, numa_alloc_onnode(1, machine.last));
	REGION("alloc_onnode, a page and a byte", 2, 0, numa_alloc_onnode(page + 1, machine.last));
	REGION("alloc_local", PAGES, 0, numa_alloc_local(PAGES * page));
	REGION("alloc_local, one byte", 1, 0, numa_alloc_local(1));
	REGION("alloc_interleaved", shares(3), 1, numa_alloc_interleaved(shares(3) * page));
	REGION("alloc_interleaved_subset, usable", shares(2), 1, numa_alloc_interleaved_subset(shares(2) * page, usable()));
	REGION("alloc_interleaved_subset, ends", PAGES, 1, numa_alloc_interleaved_subset(PAGES * page, ends()));
	FOR_NODES(n, usable)
		REGIONF("alloc_interleaved_subset {%d}", n, PAGES, 0,
			numa_alloc_interleaved_subset(PAGES * page, one((unsigned int)n + 1, n)));
	REGION("alloc_interleaved_subset {}", PAGES, 0, numa_alloc_interleaved_subset(PAGES * page, nodes(-1)));
	REGION("alloc_interleaved_subset unknown", PAGES, 0, numa_alloc_interleaved_subset(PAGES * page, nodes(machine.top + 1)));
	REGION("alloc_interleaved_subset, 64 bits, last", PAGES, 0, numa_alloc_interleaved_subset(PAGES * page, one(64, 63)));

	/* numa_alloc takes the policy of the thread, and touches */
	FOR_NODES(n, usable)
		RUNF("alloc, membind {%d}", n, numa_set_membind(nodes(n)); errno = UNTOUCHED;
		     void *at = numa_alloc(PAGES * page + 1); show_pointer(at);
		     show_policy_at(at); show_maps_policy(at); show_places(0, at, PAGES + 1, 0));
	RUN("alloc, interleave", numa_set_interleave_mask(usable());
	    void *at = numa_alloc(shares(4) * page); show_policy_at(at); show_places(0, at, shares(4), 1));
	RUN("alloc, local", stay_put(); numa_set_localalloc();
	    void *at = numa_alloc(PAGES * page); show_policy_at(at); show_places(0, at, PAGES, 0));
	RUN("alloc, default", stay_put();
	    void *at = numa_alloc(PAGES * page); show_policy_at(at); show_places(0, at, PAGES, 0));
	FOR_NODES(n, usable)
		RUNF("alloc, preferred %d", n, numa_set_preferred(n);
		     void *at = numa_alloc(PAGES * page); show_policy_at(at); show_places(0, at, PAGES, 0));

	/* sizes that cannot be had */
	POINTER(numa_alloc(0));
	POINTER(numa_alloc((size_t)-1));
	POINTER(numa_alloc((size_t)1 << 60));
	POINTER(numa_alloc_local(0));
	POINTER(numa_alloc_local((size_t)1 << 60));
	POINTER(numa_alloc_onnode(0, machine.first));
	POINTER(numa_alloc_onnode(0, -1));
	POINTER(numa_alloc_onnode((size_t)1 << 60, machine.first));
	POINTER(numa_alloc_onnode((size_t)-1, machine.first));
	POINTER(numa_alloc_interleaved(0));
	POINTER(numa_alloc_interleaved((size_t)1 << 60));
	POINTER(numa_alloc_interleaved_subset(0, usable()));
	POINTER(numa_alloc_interleaved_subset((size_t)1 << 60, usable()));
	POINTER(numa_alloc_interleaved_subset(0, nodes(-1)));

	/* the flags that change what an allocation asks for */
	if (same_preferred_many())
		REGION("alloc_onnode, preferred", PAGES, 0, (numa_set_bind_policy(0), numa_alloc_onnode(PAGES * page, machine.last)));
	REGION("alloc_onnode, preferred, unknown", PAGES, 0, (numa_set_bind_policy(0), numa_alloc_onnode(PAGES * page, (int)machine.top + 1)));
	REGION("alloc_onnode, bind again", PAGES, 0, (numa_set_bind_policy(0), numa_set_bind_policy(2), numa_alloc_onnode(PAGES * page, machine.last)));
	REGION("alloc_onnode, strict", PAGES, 0, (numa_set_strict(1), numa_alloc_onnode(PAGES * page, machine.last)));
	REGION("alloc_local, strict", PAGES, 0, (numa_set_strict(1), numa_alloc_local(PAGES * page)));
	REGION("alloc_interleaved, strict", shares(2), 1, (numa_set_strict(1), numa_alloc_interleaved(shares(2) * page)));
	REGION("alloc_local, preferred", PAGES, 0, (numa_set_bind_policy(0), numa_alloc_local(PAGES * page)));
	REGION("alloc_interleaved, preferred", shares(2), 1, (numa_set_bind_policy(0), numa_alloc_interleaved(shares(2) * page)));
	RUN("alloc_onnode, exit on error", numa_exit_on_error = 1; show_pointer(numa_alloc_onnode(page, (int)machine.top + 1)));
	RUN("alloc_interleaved_subset, exit on error", numa_exit_on_error = 1; show_pointer(numa_alloc_interleaved_subset(page, nodes(-1))));
	/* memory is writable, private, zeroed, and gone after numa_free */
	RUN("alloc and free", char *at = numa_alloc_local(PAGES * page); int zero = 1;
	    for (size_t i = 0; i < PAGES * page; i++) zero &= !at[i];
	    memset(at, 7, PAGES * page);
	    errno = UNTOUCHED;
	    numa_free(at, PAGES * page);
	    unsigned char there[PAGES];
	    printf(" %d %d %s", zero, mincore(at, PAGES * page, there), error_name(errno)));
	RUN("free half", char *at = numa_alloc_onnode(PAGES * page, machine.last); touch(at, PAGES);
	    numa_free(at, PAGES / 2 * page); show_places(0, at, PAGES, 0));
	RUN("free odd size", char *at = numa_alloc_local(2 * page); touch(at, 2);
	    numa_free(at, page + 1); show_places(0, at, 2, 0));
	VOID_FAILS(numa_free(NULL, 0));
	VOID_FAILS(numa_free((void *)123, page_size()));
	VOID_FAILS(numa_free(fresh(1), 0));
}

static void reallocation(void)
{
	size_t page = page_size();

	FOR_NODES(n, usable)
		RUNF("realloc on %d", n,
		     char *at = numa_alloc_onnode(PAGES * page, n); int same = 1;
		     memset(at, 42, PAGES * page);
		     errno = UNTOUCHED;
		     at = numa_realloc(at, PAGES * page, 4 * PAGES * page);
		     show_pointer(at);
		     for (size_t i = 0; i < 4 * PAGES * page; i++) same &= at[i] == (i < PAGES * page ? 42 : 0);
		     printf(" %s", same ? "kept" : "lost"); show_policy_at(at); show_policy_at(at + (4 * PAGES - 1) * page);
		     show_places(0, at, 4 * PAGES, 0);
		     at = numa_realloc(at, 4 * PAGES * page, 2 * page);
		     show_pointer(at); show_places(0, at, 3, 0));
	RUN("realloc, same size", char *at = numa_alloc_local(page); errno = UNTOUCHED; printf(" %d", at == numa_realloc(at, page, page)));
	RUN("realloc, same pages", char *at = numa_alloc_local(page); errno = UNTOUCHED; printf(" %d", at == numa_realloc(at, 1, page)));
	RUN("realloc in the way", char *at = fresh(2 * PAGES);
	    memset(at, 9, PAGES * page);
	    errno = UNTOUCHED;
	    char *to = numa_realloc(at, PAGES * page, 2 * PAGES * page);
	    show_pointer(to); printf(" %d %d", to == at, to[PAGES * page - 1]));
	POINTER(numa_realloc(NULL, 0, 0));
	POINTER(numa_realloc(NULL, 0, 4096));
	POINTER(numa_realloc(NULL, 4096, 8192));
	POINTER(numa_realloc(numa_alloc_local(page_size()), page_size(), 0));
	POINTER(numa_realloc(numa_alloc_local(page_size()), 0, page_size()));
	POINTER(numa_realloc((void *)123, 4096, 8192));
	POINTER(numa_realloc(numa_alloc_local(page_size()), page_size(), (size_t)1 << 60));
}

#define APPLY(label, pages, spread, ...)                                   \
	RUN(label, stay_put(); char *at = fresh(pages); __VA_ARGS__;       \
	    int e_ = errno; if (e_ != UNTOUCHED) printf(" %s", error_name(e_)); \
	    show_policy_at(at); show_maps_policy(at);                       \
	    touch(at, pages); show_places(0, at, pages, spread))
#define APPLYF(format, value, pages, spread, ...)                          \
	do { char label__[256]; snprintf(label__, sizeof(label__), format, value); \
	     APPLY(label__, pages, spread, __VA_ARGS__); } while (0)

static void policies(void)
{
	static const unsigned int lengths[] = {1, 2, 63, 64, 65, 1024, 4096};
	size_t page = page_size(), all = PAGES * page;

	for (int node = -2; node <= (int)machine.top + 2; node++)
		APPLYF("tonode %d", node, PAGES, 0, numa_tonode_memory(at, all, node));
	APPLY("tonode possible", PAGES, 0, numa_tonode_memory(at, all, numa_num_possible_nodes()));
	for (int node = 0; node <= (int)machine.top + 1; node++) {
		APPLYF("tonodemask {%d}", node, PAGES, 0, numa_tonodemask_memory(at, all, nodes(node)));
		APPLYF("interleave {%d}", node, PAGES, 0, numa_interleave_memory(at, all, nodes(node)));
		APPLYF("tonodemask {%d}, just", node, PAGES, 0, numa_tonodemask_memory(at, all, one((unsigned int)node + 1, node)));
		APPLYF("interleave {%d}, just", node, PAGES, 0, numa_interleave_memory(at, all, one((unsigned int)node + 1, node)));
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		APPLYF("tonodemask, %u bits, first", lengths[i], PAGES, 0, numa_tonodemask_memory(at, all, one(lengths[i], machine.first < (int)lengths[i] ? machine.first : 0)));
		APPLYF("tonodemask, %u bits, last", lengths[i], PAGES, 0, numa_tonodemask_memory(at, all, one(lengths[i], (long)lengths[i] - 1)));
		APPLYF("interleave, %u bits, last", lengths[i], PAGES, 0, numa_interleave_memory(at, all, one(lengths[i], (long)lengths[i] - 1)));
	}
	APPLY("tonodemask {}", PAGES, 0, numa_tonodemask_memory(at, all, nodes(-1)));
	APPLY("interleave {}", PAGES, 0, numa_interleave_memory(at, all, nodes(-1)));
	APPLY("tonodemask usable", PAGES, 0, numa_tonodemask_memory(at, all, usable()));
	APPLY("tonodemask ends", PAGES, 0, numa_tonodemask_memory(at, all, ends()));
	APPLY("interleave usable", shares(3), 1, numa_interleave_memory(at, shares(3) * page, usable()));
	APPLY("interleave ends", PAGES, 1, numa_interleave_memory(at, all, ends()));
	APPLY("interleave none", PAGES, 0, numa_interleave_memory(at, all, numa_no_nodes_ptr));
	APPLY("setlocal", PAGES, 0, numa_setlocal_memory(at, all));
	APPLY("tonode, then setlocal", PAGES, 0, numa_tonode_memory(at, all, machine.last); numa_setlocal_memory(at, all));
	APPLY("tonode, a part", PAGES, 0, numa_tonode_memory(at + 2 * page, 2 * page, machine.last); show_policy_at(at + 2 * page));
	APPLY("tonode, part of a page", PAGES, 0, numa_tonode_memory(at, 1, machine.last); show_policy_at(at + page));
	APPLY("tonode, nothing", PAGES, 0, numa_tonode_memory(at, 0, machine.last));
	APPLY("interleave, nothing", PAGES, 0, numa_interleave_memory(at, 0, usable()));
	APPLY("tonode, mid-page", PAGES, 0, numa_tonode_memory(at + 1, page, machine.last));
	APPLY("tonodemask, mid-page", PAGES, 0, numa_tonodemask_memory(at + 1, page, usable()));
	APPLY("interleave, mid-page", PAGES, 0, numa_interleave_memory(at + 1, page, usable()));
	APPLY("setlocal, mid-page", PAGES, 0, numa_setlocal_memory(at + 1, page));
	APPLY("tonode, unmapped", PAGES, 0, munmap(at + all / 2, all / 2); numa_tonode_memory(at, all, machine.first); at = fresh(PAGES));
	APPLY("setlocal, nowhere", PAGES, 0, numa_setlocal_memory(NULL, page));

	/* bind policy 0: preferred */
	if (same_preferred_many()) {
		APPLY("tonode, preferred", PAGES, 0, numa_set_bind_policy(0); numa_tonode_memory(at, all, machine.last));
		APPLY("tonodemask, preferred", PAGES, 0, numa_set_bind_policy(0); numa_tonodemask_memory(at, all, ends()));
	}
	APPLY("interleave, preferred", PAGES, 1, numa_set_bind_policy(0); numa_interleave_memory(at, all, ends()));
	APPLY("setlocal, preferred", PAGES, 0, numa_set_bind_policy(0); numa_setlocal_memory(at, all));
	APPLY("tonode, negative bind policy", PAGES, 0, numa_set_bind_policy(-1); numa_tonode_memory(at, all, machine.last));

	/* strict: pages that are there already, in the wrong place */
	for (int strict = -1; strict < 3; strict++) {
		APPLYF("strict %d, tonode", strict, PAGES, 0, numa_set_strict(strict);
		       numa_tonode_memory(at, all, machine.first); touch(at, PAGES); errno = UNTOUCHED;
		       numa_tonode_memory(at, all, machine.last));
		APPLYF("strict %d, tonodemask", strict, PAGES, 0, numa_set_strict(strict);
		       numa_tonode_memory(at, all, machine.first); touch(at, PAGES); errno = UNTOUCHED;
		       numa_tonodemask_memory(at, all, nodes(machine.second)));
		APPLYF("strict %d, interleave", strict, PAGES, 0, numa_set_strict(strict);
		       numa_tonode_memory(at, all, machine.first); touch(at, PAGES); errno = UNTOUCHED;
		       numa_interleave_memory(at, all, nodes(machine.last)));
		APPLYF("strict %d, setlocal", strict, PAGES, 0, numa_set_strict(strict);
		       numa_tonode_memory(at, all, machine.last); touch(at, PAGES); errno = UNTOUCHED;
		       numa_setlocal_memory(at, all));
		APPLYF("strict %d, same node", strict, PAGES, 0, numa_set_strict(strict);
		       numa_tonode_memory(at, all, machine.last); touch(at, PAGES); errno = UNTOUCHED;
		       numa_tonode_memory(at, all, machine.last));
	}
	APPLY("exit on error", PAGES, 0, numa_exit_on_error = 1; numa_tonode_memory(at, all, -1));
	APPLY("exit on error, interleave", PAGES, 0, numa_exit_on_error = 1; numa_interleave_memory(at, all, nodes(-1)));
	APPLY("exit on error, setlocal", PAGES, 0, numa_exit_on_error = 1; numa_setlocal_memory(at + 1, page));
}

static void police(void)
{
	size_t page = page_size();

	/* starts on a page: mid-page starts are better in ours */
	for (size_t size = 0; size <= 3 * 4096; size += 1024)
		RUNF("police %zu", size, char *at = fresh(PAGES); at += 0; numa_tonode_memory(at, PAGES * page, machine.last);
		     numa_police_memory(at, size); show_places(0, at, PAGES, 0));
	RUN("police keeps contents", char *at = fresh(PAGES); int same = 1;
	    for (size_t i = 0; i < PAGES * page; i++) at[i] = (char)(i * 7);
	    numa_police_memory(at, PAGES * page);
	    for (size_t i = 0; i < PAGES * page; i++) same &= at[i] == (char)(i * 7);
	    printf(" %d", same));
	FOR_NODES(n, usable)
		RUNF("police with membind {%d}", n, char *at = fresh(PAGES); numa_set_membind(nodes(n));
		     numa_police_memory(at, PAGES * page); show_policy_at(at); show_places(0, at, PAGES, 0));
}

int main(void)
{
	look_at_machine();
	allocation();
	reallocation();
	policies();
	police();
	return 0;
}
