/* The fourteen old versions, libnuma_1.1, linked with .symver.
 *
 * Ours is better, and so not asked here: nodes from 16 on in old_bind,
 * old_set_membind, old_tonodemask_memory and old_alloc_interleaved_subset (the
 * reference passes 16 bits), numa_all_nodes after old_get_membind, and
 * old_get_membind without a bind policy. Nodes with CPUs and without memory, in
 * old_bind, old_run_on_node_mask and old_get_run_node_mask. */
#include "old_versions.h"

#define PAGES 8

static void at_end(void)
{
	int error = errno;

	if (error != UNTOUCHED)
		printf(" %s", error_name(error));
}

static nodemask_t ends(long below)
{
	nodemask_t mask = old_nodes(machine.first);

	FOR_NODES(n, usable)
		if (n < below)
			mask.n[n / 64] |= 1UL << (n % 64);
	return mask;
}

static void show_run_nodes(nodemask_t mask)
{
	for (int node = 0; node < NUMA_NUM_NODES; node++)
		if (cpu_only(node))
			nodemask_clr_compat(&mask, node);
	show_nodemask(&mask);
}

static nodemask_t everything(void)
{
	nodemask_t mask;

	memset(&mask, 0xff, sizeof(mask));
	return mask;
}

static void policies(int node, int narrow)
{
	size_t size = PAGES * page_size();
	nodemask_t mask = old_nodes(node);

	errno = UNTOUCHED;
	if (narrow) {
		if (!cpu_only(node))
			RUNF("bind {%d}", node, old_bind(&mask); at_end(); show_policy(); show_affinity());
		RUNF("set_membind {%d}", node, old_set_membind(&mask); at_end(); show_policy();
		     if (word_bit(machine.usable, (unsigned long)node)) {
			     nodemask_t got = old_get_membind(); putchar(' '); show_nodemask(&got); });
		RUNF("tonodemask {%d}", node, stay_put(); char *at = fresh(PAGES); old_tonodemask_memory(at, size, &mask); at_end();
		     show_policy_at(at); show_maps_policy(at); touch(at, PAGES); show_places(0, at, PAGES, 0));
		if (same_preferred_many())
			RUNF("tonodemask {%d}, preferred", node, stay_put(); numa_set_bind_policy(0); char *at = fresh(PAGES);
			     old_tonodemask_memory(at, size, &mask); at_end();
			     show_policy_at(at); show_maps_policy(at); touch(at, PAGES); show_places(0, at, PAGES, 0));
		RUNF("alloc_interleaved_subset {%d}", node, stay_put(); errno = UNTOUCHED;
		     char *at = old_alloc_interleaved_subset(size, &mask); at_end(); show_pointer(at);
		     show_policy_at(at); show_maps_policy(at); touch(at, PAGES); show_places(0, at, PAGES, 0));
	}
	RUNF("set_interleave_mask {%d}", node, old_set_interleave_mask(&mask); at_end(); show_policy();
	     nodemask_t got = old_get_interleave_mask(); putchar(' '); show_nodemask(&got));
	RUNF("interleave_memory {%d}", node, stay_put(); char *at = fresh(PAGES); old_interleave_memory(at, size, &mask); at_end();
	     show_policy_at(at); show_maps_policy(at); touch(at, PAGES); show_places(0, at, PAGES, 0));
	if (!cpu_only(node))
		RUNF("run_on_node_mask {%d}", node, show_result(old_run_on_node_mask(&mask)); show_affinity());
}

static void several(void)
{
	nodemask_t narrow = ends(16), wide = ends(NUMA_NUM_NODES), none = old_nodes(-1), full = everything();
	size_t page = page_size(), each = 3;
	size_t count = 0, narrow_count = 0;

	for (int i = 0; i < NUMA_NUM_NODES; i++) {
		count += (size_t)nodemask_isset_compat(&wide, i);
		narrow_count += (size_t)nodemask_isset_compat(&narrow, i);
	}
	errno = UNTOUCHED;
	RUN("set_membind usable", old_set_membind(&narrow); at_end(); show_policy(); nodemask_t got = old_get_membind(); show_nodemask(&got));
	RUN("bind usable", old_bind(&narrow); at_end(); show_policy(); show_affinity());
	RUN("set_interleave_mask usable", old_set_interleave_mask(&wide); at_end(); show_policy();
	    nodemask_t got = old_get_interleave_mask(); show_nodemask(&got));
	RUN("set_interleave_mask {}", old_set_interleave_mask(&wide); old_set_interleave_mask(&none); at_end(); show_policy();
	    nodemask_t got = old_get_interleave_mask(); show_nodemask(&got));
	RUN("set_interleave_mask everything", old_set_interleave_mask(&full); at_end(); show_policy());
	RUN("get_interleave_mask, default", nodemask_t got = old_get_interleave_mask(); at_end(); show_nodemask(&got));
	RUN("get_interleave_mask, bind", old_set_membind(&narrow); nodemask_t got = old_get_interleave_mask(); at_end(); show_nodemask(&got));
	RUN("alloc_interleaved_subset usable", errno = UNTOUCHED;
	    char *at = old_alloc_interleaved_subset(narrow_count * each * page, &narrow); show_pointer(at); show_policy_at(at);
	    touch(at, narrow_count * each); show_places(0, at, narrow_count * each, 1));
	RUN("interleave_memory usable", char *at = fresh(count * each); old_interleave_memory(at, count * each * page, &wide); at_end();
	    show_policy_at(at); touch(at, count * each); show_places(0, at, count * each, 1));
	RUN("tonodemask usable", char *at = fresh(PAGES); old_tonodemask_memory(at, PAGES * page, &narrow); at_end(); show_policy_at(at));
	RUN("tonodemask, strict", char *at = fresh(PAGES); numa_set_strict(1);
	    numa_tonode_memory(at, PAGES * page, machine.first); touch(at, PAGES); errno = UNTOUCHED;
	    old_tonodemask_memory(at, PAGES * page, &narrow); at_end(); show_policy_at(at));
	RUN("alloc_interleaved_subset {}", show_pointer(old_alloc_interleaved_subset(page, &none)));
	RUN("alloc_interleaved_subset, nothing", show_pointer(old_alloc_interleaved_subset(0, &narrow)));
	RUN("interleave_memory {}", char *at = fresh(1); old_interleave_memory(at, page, &none); at_end());
	RUN("interleave_memory mid-page", char *at = fresh(2); old_interleave_memory(at + 1, page, &wide); at_end());
	RUN("tonodemask {}", char *at = fresh(1); old_tonodemask_memory(at, page, &none); at_end());
	RUN("tonodemask mid-page", char *at = fresh(2); old_tonodemask_memory(at + 1, page, &narrow); at_end());
	RUN("set_membind {}", old_set_membind(&none); at_end(); show_policy());
	RUN("bind {}", old_bind(&none); at_end(); show_policy(); show_affinity());
	RUN("run_on_node_mask {}", show_result(old_run_on_node_mask(&none)); show_affinity());
	RUN("exit on error, set_membind", numa_exit_on_error = 1; old_set_membind(&none));
	RUN("exit on error, bind", numa_exit_on_error = 1; old_bind(&none));
	RUN("exit on error, interleave", numa_exit_on_error = 1; char *at = fresh(1); old_interleave_memory(at, page, &none));
	RUN("get_run_node_mask", show_run_nodes(old_get_run_node_mask()));
	RUN("get_run_node_mask, one CPU", stay_put(); show_run_nodes(old_get_run_node_mask()));
	FOR_NODES(n, usable)
		if (word_bit(machine.cpu, (unsigned long)n) && n < NUMA_NUM_NODES)
			RUNF("get_run_node_mask on %d", n, numa_run_on_node(n); show_run_nodes(old_get_run_node_mask()));
}

static void cpus(void)
{
	static const int lengths[] = {0, 1, 4, 7, 8, 12, 16, 24, 32, 40, 64, 128, 256, 512, 1000, 1024, 2048};

	/* negative nodes are better in ours */
	for (int node = 0; node <= (int)machine.top + 2; node++)
		for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
			/* lengths that are not whole words, and yet enough: undefined */
			if (lengths[i] % 8 == 0 || lengths[i] < 8)
				RUNFF("node_to_cpus %d, %d bytes", node, lengths[i],
				      unsigned long words[512]; memset(words, 0x55, sizeof(words));
				      int result = old_node_to_cpus(node, words, lengths[i]);
				      show_result(result);
				      putchar(' ');
				      if (result >= 0) show_bits(words, (unsigned long)lengths[i] * 8);
				      printf(" after %lx", words[(lengths[i] + 7) / 8]));
	RUN("node_to_cpus, far", unsigned long words[512]; show_result(old_node_to_cpus(100000, words, sizeof(words))));
	RUN("node_to_cpus, both versions", unsigned long words[512] = {0}; struct bitmask *mask = numa_allocate_cpumask();
	    FOR_NODES(node, online) {
		    printf(" %d ", old_node_to_cpus(node, words, sizeof(words))); show_bits(words, sizeof(words) * 8);
		    printf(" %d ", numa_node_to_cpus(node, mask)); show(mask);
	    });
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		RUNF("sched_getaffinity, %d bytes", lengths[i], unsigned long words[512]; memset(words, 0x55, sizeof(words));
		     long got = old_sched_getaffinity(0, (unsigned int)lengths[i], words); show_result(got);
		     if (got > 0) { putchar(' '); show_bits(words, (unsigned long)got * 8); printf(" after %lx", words[got / 8]); });
		RUNF("sched_setaffinity, %d bytes", lengths[i], unsigned long words[512] = {0};
		     old_sched_getaffinity(0, sizeof(words), words);
		     show_result(old_sched_setaffinity(0, (unsigned int)lengths[i], words)); show_affinity());
	}
	RUN("sched_setaffinity {}", unsigned long words[16] = {0}; show_result(old_sched_setaffinity(0, sizeof(words), words)); show_affinity());
	RUN("sched_setaffinity, nobody", unsigned long words[16] = {1}; show_result(old_sched_setaffinity(0x3fffffff, sizeof(words), words)));
	RUN("sched_getaffinity, nobody", unsigned long words[64] = {1}; show_result(old_sched_getaffinity(0x3fffffff, sizeof(words), words)));
	RUN("sched_getaffinity, parent", unsigned long words[64] = {1}; long got = old_sched_getaffinity(getppid(), sizeof(words), words);
	    show_result(got); show_bits(words, (unsigned long)got * 8));
	RUN("sched_setaffinity, one CPU", unsigned long words[64] = {0}; stay_put(); old_sched_getaffinity(0, sizeof(words), words);
	    numa_run_on_node(-1); show_result(old_sched_setaffinity(0, sizeof(words), words)); show_affinity());
}

/* The header's own wrappers, as a program of the first interface calls them. */
static void wrappers(void)
{
	nodemask_t mask = old_nodes(machine.first);
	size_t page = page_size();

	errno = UNTOUCHED;
	RUN("bind_compat", numa_bind_compat(&mask); at_end(); show_policy(); show_affinity());
	RUN("set_membind_compat", numa_set_membind_compat(&mask); at_end(); show_policy(); nodemask_t got = numa_get_membind_compat(); show_nodemask(&got));
	RUN("get_membind_compat", nodemask_t got = numa_get_membind_compat(); show_nodemask(&got));
	RUN("set_interleave_mask_compat", numa_set_interleave_mask_compat(&mask); at_end(); show_policy();
	    nodemask_t got = numa_get_interleave_mask_compat(); show_nodemask(&got));
	RUN("alloc_interleaved_subset_compat", char *at = numa_alloc_interleaved_subset_compat(page, &mask); at_end(); show_policy_at(at));
	RUN("interleave_memory_compat", char *at = fresh(1); numa_interleave_memory_compat(at, page, &mask); at_end(); show_policy_at(at));
	RUN("tonodemask_memory_compat", char *at = fresh(1); numa_tonodemask_memory_compat(at, page, &mask); at_end(); show_policy_at(at));
	if (word_bit(machine.cpu, (unsigned long)machine.first))
		RUN("run_on_node_mask_compat", show_result(numa_run_on_node_mask_compat(&mask)); show_affinity());
	RUN("get_run_node_mask_compat", show_run_nodes(numa_get_run_node_mask_compat()));
	RUN("sched_affinity_compat", unsigned long words[64] = {0}; show_result(numa_sched_getaffinity_compat(0, sizeof(words), words));
	    show_result(numa_sched_setaffinity_compat(0, sizeof(words), words)); show_affinity());
	RUN("node_to_cpus_compat", unsigned long words[512] = {0}; show_result(numa_node_to_cpus_compat(machine.first, words, sizeof(words)));
	    putchar(' '); show_bits(words, sizeof(words) * 8));
}

int main(void)
{
	look_at_machine();
	for (int node = 0; node <= (int)machine.top + 2 && node < NUMA_NUM_NODES; node++)
		policies(node, node < 16);
	policies(NUMA_NUM_NODES - 1, 0);
	several();
	cpus();
	wrappers();
	return 0;
}
