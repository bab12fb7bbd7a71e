/* The old versions as a JVM finds them: dlopen, then dlvsym by version. This
 * program does not link the library in any other way. */
#include "common.h"
#include <dlfcn.h>

static const char *const old_names[] = {
	"numa_alloc_interleaved_subset", "numa_bind", "numa_get_interleave_mask", "numa_get_membind", "numa_get_run_node_mask",
	"numa_interleave_memory", "numa_node_to_cpus", "numa_parse_bitmap", "numa_run_on_node_mask", "numa_sched_getaffinity",
	"numa_sched_setaffinity", "numa_set_interleave_mask", "numa_set_membind", "numa_tonodemask_memory",
};

/* Every name that the reference exports, with the version of its default. */
static const char *const names[][2] = {
	{"copy_bitmask_to_bitmask", "1.2"}, {"copy_bitmask_to_nodemask", "1.2"}, {"copy_nodemask_to_bitmask", "1.2"},
	{"get_mempolicy", "1.1"}, {"mbind", "1.1"}, {"migrate_pages", "1.2"}, {"move_pages", "1.2"}, {"numa_all_cpus_ptr", "1.2"},
	{"numa_all_nodes", "1.1"}, {"numa_all_nodes_ptr", "1.2"}, {"numa_alloc", "1.1"}, {"numa_alloc_interleaved", "1.1"},
	{"numa_alloc_interleaved_subset", "1.2"}, {"numa_alloc_local", "1.1"}, {"numa_alloc_onnode", "1.1"},
	{"numa_allocate_cpumask", "1.2"}, {"numa_allocate_nodemask", "1.2"}, {"numa_available", "1.1"}, {"numa_bind", "1.2"},
	{"numa_bitmask_alloc", "1.2"}, {"numa_bitmask_clearall", "1.2"}, {"numa_bitmask_clearbit", "1.2"}, {"numa_bitmask_equal", "1.2"},
	{"numa_bitmask_free", "1.2"}, {"numa_bitmask_isbitset", "1.2"}, {"numa_bitmask_nbytes", "1.2"}, {"numa_bitmask_setall", "1.2"},
	{"numa_bitmask_setbit", "1.2"}, {"numa_bitmask_weight", "1.2"}, {"numa_distance", "1.1"}, {"numa_error", "1.1"},
	{"numa_exit_on_error", "1.1"}, {"numa_exit_on_warn", "1.1"}, {"numa_free", "1.1"}, {"numa_get_interleave_mask", "1.2"},
	{"numa_get_interleave_node", "1.1"}, {"numa_get_membind", "1.2"}, {"numa_get_mems_allowed", "1.2"},
	{"numa_get_run_node_mask", "1.2"}, {"numa_has_preferred_many", "1.6"}, {"numa_interleave_memory", "1.2"}, {"numa_max_node", "1.1"},
	{"numa_max_possible_node", "1.2"}, {"numa_migrate_pages", "1.1"}, {"numa_move_pages", "1.2"}, {"numa_no_nodes", "1.1"},
	{"numa_no_nodes_ptr", "1.2"}, {"numa_node_of_cpu", "1.2"}, {"numa_node_size", "1.1"}, {"numa_node_size64", "1.1"},
	{"numa_node_to_cpu_update", "1.1"}, {"numa_node_to_cpus", "1.2"}, {"numa_nodes_ptr", "1.2"}, {"numa_num_configured_cpus", "1.2"},
	{"numa_num_configured_nodes", "1.2"}, {"numa_num_possible_cpus", "1.3"}, {"numa_num_possible_nodes", "1.2"},
	{"numa_num_task_cpus", "1.2"}, {"numa_num_task_nodes", "1.2"}, {"numa_num_thread_cpus", "1.2"}, {"numa_num_thread_nodes", "1.2"},
	{"numa_pagesize", "1.1"}, {"numa_parse_bitmap", "1.2"}, {"numa_parse_cpustring", "1.2"}, {"numa_parse_cpustring_all", "1.3"},
	{"numa_parse_nodestring", "1.2"}, {"numa_parse_nodestring_all", "1.3"}, {"numa_police_memory", "1.1"}, {"numa_preferred", "1.1"},
	{"numa_preferred_many", "1.6"}, {"numa_realloc", "1.2"}, {"numa_run_on_node", "1.1"}, {"numa_run_on_node_mask", "1.2"},
	{"numa_run_on_node_mask_all", "1.4"}, {"numa_sched_getaffinity", "1.2"}, {"numa_sched_setaffinity", "1.2"},
	{"numa_set_bind_policy", "1.1"}, {"numa_set_interleave_mask", "1.2"}, {"numa_set_localalloc", "1.1"}, {"numa_set_membind", "1.2"},
	{"numa_set_membind_balancing", "1.5"}, {"numa_set_preferred", "1.1"}, {"numa_set_preferred_many", "1.6"}, {"numa_set_strict", "1.1"},
	{"numa_setlocal_memory", "1.1"}, {"numa_tonode_memory", "1.1"}, {"numa_tonodemask_memory", "1.2"}, {"numa_warn", "1.1"},
	{"set_mempolicy", "1.1"},
};

static void *library;

static void *old(const char *name)
{
	void *symbol = dlvsym(library, name, "libnuma_1.1");

	if (!symbol) {
		printf("%s@libnuma_1.1 is missing\n", name);
		exit(1);
	}
	return symbol;
}

static void use(void)
{
	nodemask_t mask, got;
	nodemask_t (*get_membind)(void) = old("numa_get_membind");
	nodemask_t (*get_interleave)(void) = old("numa_get_interleave_mask");
	nodemask_t (*get_run)(void) = old("numa_get_run_node_mask");
	void (*set_interleave)(nodemask_t *) = old("numa_set_interleave_mask");
	void (*set_membind)(const nodemask_t *) = old("numa_set_membind");
	int (*to_cpus)(int, unsigned long *, int) = old("numa_node_to_cpus");
	void (*tonodemask)(void *, size_t, const nodemask_t *) = old("numa_tonodemask_memory");
	void (*interleave)(void *, size_t, const nodemask_t *) = old("numa_interleave_memory");
	int (*run_on)(const nodemask_t *) = old("numa_run_on_node_mask");
	unsigned long words[512] = {0};

	memset(&mask, 0, sizeof(mask));
	mask.n[machine.first / 64] = 1UL << (machine.first % 64);
	if (machine.first < 16) {
		RUN("membind", set_membind(&mask); show_policy(); got = get_membind(); show_nodemask(&got));
		RUN("tonodemask", char *at = fresh(1); tonodemask(at, page_size(), &mask); show_policy_at(at));
	}
	RUN("interleave", set_interleave(&mask); show_policy(); got = get_interleave(); show_nodemask(&got));
	RUN("interleave_memory", char *at = fresh(1); interleave(at, page_size(), &mask); show_policy_at(at));
	RUN("run node mask", got = get_run(); show_nodemask(&got));
	RUN("node_to_cpus", printf(" %d ", to_cpus(machine.first, words, sizeof(words))); show_bits(words, sizeof(words) * 8));
	if (word_bit(machine.cpu, (unsigned long)machine.first))
		RUN("run on", printf(" %d", run_on(&mask)); show_affinity());
}

int main(void)
{
	look_at_machine();
	library = dlopen("libnuma.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		printf("%s\n", dlerror());
		return 1;
	}
	for (size_t i = 0; i < sizeof(old_names) / sizeof(old_names[0]); i++) {
		void *first = dlvsym(library, old_names[i], "libnuma_1.1");
		void *second = dlvsym(library, old_names[i], "libnuma_1.2");

		/* dlsym may choose either: it is whatever glibc calls the default */
		printf("%s: %d %d %d default %d\n", old_names[i], !!first, !!second, first != second, dlsym(library, old_names[i]) == second);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		printf("%s:", names[i][0]);
		for (int version = 1; version <= 7; version++) {
			char text[32];

			snprintf(text, sizeof(text), "libnuma_1.%d", version);
			printf(" %d", !!dlvsym(library, names[i][0], text));
		}
		printf(" %d\n", !!dlsym(library, names[i][0]));
	}
	use();
	printf("close %d\n", dlclose(library));
	return 0;
}
