/*
 * What loading the library costs beyond instructions: the constructor's system calls, between two
 * marks that strace shows, its calls of malloc, and the memory that is no longer shared. Built
 * with and without -lnuma.
 *
 *	load         prints "mallocs N", "library BYTES", "process BYTES", and "queries BYTES": what
 *	             first queries of a node add to the library's
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "heap.h"

static unsigned long heap_before;

static void mark(const char *line)
{
	syscall(SYS_write, -1, line, strlen(line));
}

/* The program's first function, before the constructors of all libraries. */
static void before(void)
{
	heap_before = heap_calls;
	mark("begin load");
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = before;

/*
 * Bytes from first to end that are there and not the page cache's, that is: that this process
 * wrote. Private_Dirty of smaps would also count pages of a file that was installed a moment ago
 * and is not on its disk yet, and mappings of smaps may begin with somebody else's memory.
 */
static unsigned long own_bytes(uintptr_t first, uintptr_t end)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	unsigned long sum = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	for (uintptr_t at = first & -page; at < end; at += page) {
		uint64_t entry;

		if (pread(fd, &entry, sizeof(entry), (off_t)(at / page * sizeof(entry))) != sizeof(entry))
			break;
		/* Present or swapped out, and no page of a file. */
		if (entry >> 62 && !(entry >> 61 & 1))
			sum += page;
	}
	close(fd);
	return sum;
}

static int of_library(struct dl_phdr_info *info, size_t size, void *sum)
{
	(void)size;
	if (!strstr(info->dlpi_name, "/libnuma.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + part->p_vaddr;

		if (part->p_type == PT_LOAD)
			*(unsigned long *)sum += own_bytes(start, start + part->p_memsz);
	}
	return 0;
}

static char text[64 * 1024];

static const char *read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t some;

	while ((some = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += some;
	text[length] = '\0';
	close(fd);
	return text;
}

/*
 * The same of all mappings but the stack: where it begins in its page is up to chance, and with
 * it how many pages it takes.
 */
static unsigned long of_process(void)
{
	unsigned long first, end, kib = 0, stack = 0;
	const char *line;

	/* All of it is there from now on, so its pages count the same however long the files are. */
	memset(text, 1, sizeof(text));
	line = read_all("/proc/self/maps");
	while (line && *line) {
		const char *next = strchr(line, '\n');

		if (next && next - line > 7 && !strncmp(next - 7, "[stack]", 7) &&
		    sscanf(line, "%lx-%lx", &first, &end) == 2)
			stack = own_bytes(first, end);
		line = next ? next + 1 : next;
	}
	line = strstr(read_all("/proc/self/smaps_rollup"), "\nAnonymous:");
	if (!stack || !line || sscanf(line, "\nAnonymous: %lu kB", &kib) != 1)
		return 0;
	return kib * 1024 - stack;
}

/* Not there without -lnuma. */
struct bitmask;
extern struct bitmask *numa_allocate_cpumask(void) __attribute__((weak));
extern int numa_node_to_cpus(int, struct bitmask *) __attribute__((weak));
extern int numa_node_of_cpu(int) __attribute__((weak));
extern int numa_distance(int, int) __attribute__((weak));

int main(void)
{
	unsigned long taken = heap_calls - heap_before, library = 0, queried = 0, process;

	mark("end load");
	process = of_process();
	if (!process) {
		fputs("load: /proc/self/maps or smaps_rollup could not be understood\n", stderr);
		return 1;
	}
	dl_iterate_phdr(of_library, &library);
	if (library) {
		if (numa_node_to_cpus(0, numa_allocate_cpumask()) || numa_node_of_cpu(0) ||
		    !numa_distance(0, 0)) {
			fputs("load: node 0 is not as it was made\n", stderr);
			return 1;
		}
		dl_iterate_phdr(of_library, &queried);
		queried -= library;
	}
	printf("mallocs\t%lu\nlibrary\t%lu\nqueries\t%lu\nprocess\t%lu\n", taken, library, queried,
	       process);
	return 0;
}
