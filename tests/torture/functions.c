/* The functions of ../c/functions.h and worlds of ../c/fake.h for unwind.cc, as both are C. */
#define CHECK_OWN_MAIN
#include "../c/functions.h"
#include "../c/fake.h"
#include "functions.h"

long functions_count(void)
{
	return (long)(sizeof(functions) / sizeof(functions[0]));
}

const char *functions_name(long number)
{
	return functions[number].name;
}

void functions_call(long number)
{
	functions[number].call();
}

void functions_prepare(void)
{
	arguments();
}

const char *world_of_refusals(void)
{
	return deny(EPERM, POLICY_CALLS);
}

/* Two nodes, the second of which has no map of its CPUs. */
const char *world_without_a_map(void)
{
	const char *cannot = no_nodes_yet();

	if (!cannot) {
		put_node(0, "00000003\n", "10 20\n", 4096);
		put_node(1, "00000000\n", "20 10\n", 4096);
		unlink(NODE_DIR "/node1/cpumap");
	}
	return cannot;
}
