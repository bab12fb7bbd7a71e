/*
 * Uses what is installed: constants of both headers, a variable, a mask and a system call.
 * Prints the file that the library comes from, or "static".
 */
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct bitmask *mask = numa_allocate_nodemask();
	char line[8192], *path = NULL;
	int mode = -1;
	FILE *maps;

	if (!mask || LIBNUMA_API_VERSION != 2 || numa_max_node() < 0)
		return 1;
	if (!numa_bitmask_isbitset(numa_nodes_ptr, numa_max_node()))
		return 2;
	if (numa_available() == 0 && (get_mempolicy(&mode, NULL, 0, NULL, 0) || mode < MPOL_DEFAULT))
		return 3;
	numa_free_nodemask(mask);

	maps = fopen("/proc/self/maps", "r");
	while (maps && !path && fgets(line, sizeof(line), maps))
		if (strstr(line, "libnuma"))
			path = strchr(line, '/');
	printf("%s", path ? path : "static\n");
	return 0;
}
