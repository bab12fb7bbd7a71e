/*
 * Uses libnuma_ext beside libnuma: looks at what a migration of this process from its nodes to
 * themselves would do, and hands in what is refused. Prints the file that the library comes
 * from, or "static".
 */
#include <errno.h>
#include <numa_ext.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct numa_ext_migrate_options options;
	char line[8192], *path = NULL;
	FILE *maps;

	memset(&options, 0, sizeof(options));
	options.size = sizeof(options);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	if (numa_ext_migrate(-1, numa_nodes_ptr, numa_nodes_ptr, &options, NULL, 0) != -1 || errno != EINVAL)
		return 1;
	options.size = 1;
	if (numa_ext_migrate_begin(0, numa_nodes_ptr, numa_nodes_ptr, &options) || errno != EINVAL)
		return 2;
	numa_ext_migrate_end(NULL);

	maps = fopen("/proc/self/maps", "r");
	while (maps && !path && fgets(line, sizeof(line), maps))
		if (strstr(line, "libnuma_ext"))
			path = strchr(line, '/');
	printf("%s", path ? path : "static\n");
	return 0;
}
