/* A made-up /proc/self/status, which the library reads when it is loaded. */
#ifndef FAKE_STATUS_H
#define FAKE_STATUS_H

#include "fake.h"

/* /proc/self/status with other sets of CPUs and nodes than those of this process; NULL keeps them. */
static UNUSED const char *fake_status(const char *cpus, const char *nodes)
{
	static char text[1 << 16];
	char line[8192], path[] = "/tmp/status-XXXXXX";
	FILE *file = fopen("/proc/self/status", "r");
	size_t used = 0;
	int fd = mkstemp(path);
	const char *cannot = NULL;

	if (!file || fd < 0)
		return "no /proc/self/status";
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "Cpus_allowed:", 13) && cpus)
			snprintf(line, sizeof(line), "Cpus_allowed:\t%s\n", cpus);
		else if (!strncmp(line, "Mems_allowed:", 13) && nodes)
			snprintf(line, sizeof(line), "Mems_allowed:\t%s\n", nodes);
		else if (strstr(line, "_allowed_list:"))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", line);
	}
	fclose(file);
	write_file(path, text);
	if (mount(path, "/proc/self/status", "none", MS_BIND, ""))
		cannot = "cannot mount over /proc/self/status";
	close(fd);
	unlink(path);
	return cannot;
}

#endif
