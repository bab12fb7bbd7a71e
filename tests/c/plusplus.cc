// The headers and the library as a C++ program sees them.
#include <cstdio>
#include <cstdlib>
#include <numa.h>
#include <numaif.h>

static int number, failed;

static void check(bool good, const char *name)
{
	std::printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, name);
	failed += !good;
}

int main()
{
	bitmask *mask = numa_bitmask_alloc(100);

	check(numa_bitmask_isbitset(numa_bitmask_setbit(mask, 99), 99) == 1, "cxx_masks");
	numa_bitmask_free(mask);
	check(numa_available() == 0 || numa_available() == -1, "cxx_available");
	mask = numa_parse_nodestring("all");
	check(mask && numa_bitmask_equal(mask, numa_all_nodes_ptr), "cxx_strings");
	numa_bitmask_free(mask);
	nodemask_t old;
	nodemask_zero(&old);
	check(nodemask_equal(&old, &numa_no_nodes), "cxx_inline_functions");
	void *memory = numa_alloc(100000);
	check(memory != nullptr, "cxx_memory");
	numa_free(memory, 100000);
	int mode = -1;
	check(get_mempolicy(&mode, nullptr, 0, nullptr, 0) == -1 || mode >= 0, "cxx_system_calls");
	std::printf("1..%d\n", number);
	return failed != 0;
}
