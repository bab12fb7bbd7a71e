/*
 * A program that opens the library, uses it and closes it again and again.
 *
 *	dlopen LIBRARY TIMES [THREADS]
 *
 * After each dlclose the library is gone from memory. Neither the heap nor mappings nor descriptors grow. With
 * THREADS these do it beside each other, where only the last who closes unloads it. The last line is
 * "20,000 times, 0 bad". With TIMES below 200 growth is not looked at.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *library;
static long bad, left;

static void wrong(const char *what, long number)
{
	if (__atomic_fetch_add(&bad, 1, __ATOMIC_SEQ_CST) < 10)
		printf("%s: %ld\n", what, number);
}

struct held {
	long heap, mappings, descriptors, loaded;
};

static struct held held(void)
{
	struct held now = {0, 0, 0, 0};
	char line[4096];
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps)
		abort();
	while (fgets(line, sizeof(line), maps)) {
		now.mappings++;
		now.loaded += strstr(line, "/libnuma.so") != NULL;
	}
	fclose(maps);
	for (int fd = 0; fd < 256; fd++)
		now.descriptors += fcntl(fd, F_GETFD) >= 0;
	now.heap = (long)mallinfo2().uordblks;
	return now;
}

#define FIND(type, name, ...)                                                    \
	type (*name)(__VA_ARGS__) = (type (*)(__VA_ARGS__))dlsym(handle, #name); \
	if (!name)                                                               \
		abort()

static void once(void)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		printf("%s\n", dlerror());
		abort();
	}
	FIND(int, numa_available, void);
	FIND(int, numa_max_node, void);
	FIND(int, numa_node_of_cpu, int);
	FIND(int, numa_num_configured_cpus, void);
	FIND(int, numa_distance, int, int);
	FIND(void, numa_node_to_cpu_update, void);
	FIND(void, numa_set_strict, int);
	FIND(void *, numa_get_mems_allowed, void);
	FIND(void *, numa_parse_nodestring, const char *);
	FIND(void *, numa_parse_cpustring_all, const char *);
	FIND(void *, numa_get_run_node_mask, void);
	FIND(void, numa_bitmask_free, void *);
	FIND(void *, numa_alloc_local, size_t);
	FIND(void, numa_free, void *, size_t);

	if (numa_available() || numa_max_node() < 0 || numa_node_of_cpu(0) < 0 || numa_num_configured_cpus() < 1 ||
	    numa_distance(0, 0) < 0)
		wrong("answers", 0);
	numa_node_to_cpu_update();
	/* A variable of the thread. */
	numa_set_strict(1);
	numa_bitmask_free(numa_get_mems_allowed());
	numa_bitmask_free(numa_parse_nodestring("all"));
	numa_bitmask_free(numa_parse_cpustring_all("all"));
	numa_bitmask_free(numa_get_run_node_mask());
	numa_free(numa_alloc_local(4096), 4096);
	if (dlclose(handle))
		wrong("dlclose", 0);
}

static void *many(void *unused)
{
	while (__atomic_fetch_sub(&left, 1, __ATOMIC_SEQ_CST) > 0)
		once();
	return unused;
}

int main(int argc, char **argv)
{
	long times = argc > 2 ? atol(argv[2]) : 0, threads = argc > 3 ? atol(argv[3]) : 0;
	pthread_t others[64];
	struct held before, after;

	if (times < 1 || threads > 64)
		return 2;
	library = argv[1];
	left = times;
	if (threads) {
		for (long i = 0; i < threads; i++)
			pthread_create(&others[i], NULL, many, NULL);
		for (long i = 0; i < threads; i++)
			pthread_join(others[i], NULL);
		after = held();
		if (after.loaded)
			wrong("mappings of the library that are left", after.loaded);
	} else {
		/* What libc keeps of the first ones stays. */
		for (int i = 0; i < 100 && left > 0; i++, left--) {
			once();
			held();
		}
		before = held();
		for (; left > 0; left--) {
			once();
			/* Its memory is looked at in one of 16, as that takes longer than the rest. */
			if (left % 16 == 1 && times >= 200) {
				after = held();
				if (after.loaded)
					wrong("mappings of the library that are left", after.loaded);
			}
		}
		after = held();
		if (times >= 200) {
			if (after.heap != before.heap)
				wrong("bytes of the heap that are lost", after.heap - before.heap);
			if (after.mappings != before.mappings)
				wrong("mappings that are left", after.mappings - before.mappings);
			if (after.descriptors != before.descriptors)
				wrong("descriptors that are left", after.descriptors - before.descriptors);
		}
	}
	printf("%ld times, %ld bad\n", times, bad);
	return bad != 0;
}
