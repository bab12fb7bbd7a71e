/* A program below libpreloaded.so, which stands in for numa_error, numa_warn, mbind and
 * set_mempolicy. */
#include "machine.h"
#include <dlfcn.h>

struct preloaded_calls {
	int errors, warnings, mbind, set_mempolicy;
	char text[512];
};

static struct preloaded_calls *calls(void)
{
	struct preloaded_calls *found = dlsym(RTLD_DEFAULT, "preloaded_calls");

	if (!found) {
		CHECK(0, "nothing is preloaded");
		exit(1);
	}
	return found;
}

TEST(preloaded_functions_win)
{
	struct preloaded_calls *seen = calls();
	struct bitmask *mask = one_node(0);
	void *memory;

	QUIET(numa_set_membind(mask));
	EQUAL(seen->set_mempolicy, 1);
	EQUAL(seen->errors, 1);
	CHECK(!strcmp(seen->text, "set_mempolicy 33"), "%s", seen->text);
	QUIET(memory = numa_alloc_onnode(4096, 0));
	CHECK(seen->mbind >= 1, "%d", seen->mbind);
	CHECK(!strcmp(seen->text, "mbind 33"), "%s", seen->text);
	numa_free(memory, 4096);
	QUIET(numa_parse_nodestring("x"));
	EQUAL(seen->warnings, 1);
	CHECK(!strcmp(seen->text, "10 unparseable node description `x'\n"), "%s", seen->text);
	numa_bitmask_free(mask);
}

TEST(other_functions_stay)
{
	int mode = -1;

	calls();
	EQUAL(numa_available(), 0);
	EQUAL(get_mempolicy(&mode, NULL, 0, NULL, 0), 0);
	EQUAL(mode, MPOL_DEFAULT);
}
