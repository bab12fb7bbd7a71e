/* The worlds of callbacks.cc, as fake.h is C. */
#define CHECK_OWN_MAIN
#include "../fake.h"

const char *policies_refused(void);
const char *a_node_without_cpumap(void);

const char *policies_refused(void)
{
	return deny(EPERM, POLICY_CALLS);
}

/* Two nodes, the second of which has no map of its CPUs. */
const char *a_node_without_cpumap(void)
{
	const char *cannot = no_nodes_yet();

	if (!cannot) {
		put_node(0, "00000003\n", "10 20\n", 4096);
		put_node(1, "00000000\n", "20 10\n", 4096);
		unlink(NODE_DIR "/node1/cpumap");
	}
	return cannot;
}
