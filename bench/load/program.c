/* program: nothing. program dirty: the private KiB of libnuma's mappings and of the heap. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char text[1 << 20];
static unsigned long first_page, end_page;

static int find(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	if (!strstr(info->dlpi_name, "libnuma.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD)
			continue;
		if (!first_page)
			first_page = (info->dlpi_addr + part->p_vaddr) & -4096UL;
		end_page = (info->dlpi_addr + part->p_vaddr + part->p_memsz + 4095) & -4096UL;
	}
	/* Parts the library's zeroed memory from what the kernel has merged with it. */
	madvise((void *)first_page, end_page - first_page, MADV_DONTDUMP);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long sum = 0;
	size_t length = 0;
	ssize_t got;
	int fd, counted = 0;

	(void)argv;
	if (argc == 1)
		return 0;
	dl_iterate_phdr(find, NULL);
	/* Nothing here has used the heap yet. Anonymous pages are counted: Private_Dirty would include
	 * pages of a file that was written a moment ago. */
	fd = open("/proc/self/smaps", O_RDONLY);
	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long start, end, kib;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			counted = (start >= first_page && end <= end_page) || strstr(line, "[heap]");
		else if (counted && sscanf(line, "Anonymous: %lu", &kib) == 1)
			sum += kib;
	}
	printf("%lu\n", sum);
	return 0;
}
