/* A program that was linked with the reference and runs below LD_PRELOAD of ours. */
#include "machine.h"
#include <dlfcn.h>
#include <link.h>

static int libraries;

static int look_at(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	libraries += strstr(info->dlpi_name, "libnuma.so") != NULL;
	return 0;
}

TEST(the_preloaded_library_is_used)
{
	const char *wanted = getenv("NUMA_LIBRARY");
	Dl_info info;

	SKIP_IF(!wanted, "NUMA_LIBRARY is not set");
	CHECK(dladdr((void *)(uintptr_t)dlsym(RTLD_DEFAULT, "numa_available"), &info) &&
		      !strcmp(info.dli_fname, wanted), "numa_available is from %s", info.dli_fname);
	CHECK(dladdr(dlsym(RTLD_DEFAULT, "numa_all_nodes_ptr"), &info), "no numa_all_nodes_ptr");
	dl_iterate_phdr(look_at, NULL);
	EQUAL(libraries, 1);
	/* What only ours has. */
	CHECK(dlsym(RTLD_DEFAULT, "set_mempolicy_home_node"), "not ours");
}

TEST(the_program_works)
{
	struct bitmask *mask;
	void *memory;

	look();
	EQUAL(numa_available(), 0);
	EQUAL(numa_num_configured_nodes(), count(&machine.nodes));
	mask = numa_parse_nodestring("all");
	CHECK(holds(mask, &machine.allowed), "%s", text_of(mask));
	numa_set_membind(mask);
	EQUAL(policy_of(NULL).mode, MPOL_BIND);
	numa_bitmask_free(mask);
	memory = numa_alloc_onnode(4096, machine.first);
	CHECK(all_on_node(memory, 1, machine.first), "elsewhere");
	numa_free(memory, 4096);
	EXITS(1, numa_exit_on_error = 1; numa_set_membind(numa_no_nodes_ptr));
}
