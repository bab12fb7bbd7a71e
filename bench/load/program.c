/* program: nothing. program dirty: the private dirty KiB of libnuma's mappings and of the heap. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 20];

int main(int argc, char **argv)
{
	unsigned long end = 0, sum = 0;
	size_t length = 0;
	ssize_t got;
	int fd, counted = 0;

	(void)argv;
	if (argc == 1)
		return 0;
	/* Nothing here uses the heap before it was read. Anonymous pages are counted: Private_Dirty
	 * would include pages of a file that was written a moment ago. */
	fd = open("/proc/self/smaps", O_RDONLY);
	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long first, last, kib;

		if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
			/* Behind the library's file lies what it holds in zeroed memory. */
			int zeroed = counted && first == end && !strchr(line, '/') && !strchr(line, '[');

			counted = zeroed || strstr(line, "libnuma.so") || strstr(line, "[heap]");
			end = last;
		} else if (counted && sscanf(line, "Anonymous: %lu", &kib) == 1) {
			sum += kib;
		}
	}
	printf("%lu\n", sum);
	return 0;
}
