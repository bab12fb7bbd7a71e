/*
 * The library as plugins and JVMs load it: dlopen, use, dlclose, again and again. The program is
 * not linked with it; NUMA_LIBRARY names it.
 */
#include "check.h"
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>

struct bitmask {
	unsigned long size;
	unsigned long *maskp;
};

static void *open_it(int how)
{
	const char *name = getenv("NUMA_LIBRARY");
	void *handle;

	if (!name)
		skip("NUMA_LIBRARY is not set");
	handle = dlopen(name, how);
	if (!handle) {
		CHECK(0, "%s", dlerror());
		exit(1);
	}
	return handle;
}

static void *find(void *handle, const char *name)
{
	void *found = dlsym(handle, name);

	if (!found) {
		CHECK(0, "%s", dlerror());
		exit(1);
	}
	return found;
}

/* Uses what keeps something, or could. */
static void use(void *handle)
{
	int (*available)(void) = (int (*)(void))(uintptr_t)find(handle, "numa_available");
	int (*max_node)(void) = (int (*)(void))(uintptr_t)find(handle, "numa_max_node");
	int (*distance)(int, int) = (int (*)(int, int))(uintptr_t)find(handle, "numa_distance");
	int (*node_of_cpu)(int) = (int (*)(int))(uintptr_t)find(handle, "numa_node_of_cpu");
	void (*bind_policy)(int) = (void (*)(int))(uintptr_t)find(handle, "numa_set_bind_policy");
	struct bitmask *(*cpumask)(void) = (struct bitmask *(*)(void))(uintptr_t)find(handle, "numa_allocate_cpumask");
	struct bitmask *(*parse)(const char *) =
		(struct bitmask *(*)(const char *))(uintptr_t)find(handle, "numa_parse_nodestring");
	struct bitmask *(*membind)(void) = (struct bitmask *(*)(void))(uintptr_t)find(handle, "numa_get_membind");
	int (*to_cpus)(int, struct bitmask *) =
		(int (*)(int, struct bitmask *))(uintptr_t)find(handle, "numa_node_to_cpus");
	void (*release)(struct bitmask *) = (void (*)(struct bitmask *))(uintptr_t)find(handle, "numa_bitmask_free");
	struct bitmask **all = find(handle, "numa_all_nodes_ptr");
	struct bitmask *mask = cpumask();

	available();
	distance(max_node(), max_node());
	node_of_cpu(0);
	bind_policy(0);
	EQUAL(to_cpus(max_node(), mask), 0);
	release(mask);
	release(parse("all"));
	release(membind());
	CHECK((*all)->size >= 32, "%lu", (*all)->size);
}

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int number = 0;

	while (dir && readdir(dir))
		number++;
	if (dir)
		closedir(dir);
	return number;
}

static int count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	int c, number = 0;

	while (file && (c = getc(file)) != EOF)
		number += c == '\n';
	if (file)
		fclose(file);
	return number;
}

TEST(opened_locally)
{
	void *handle = open_it(RTLD_LOCAL | RTLD_NOW);

	use(handle);
	CHECK(!dlsym(RTLD_DEFAULT, "numa_available"), "numa_available became global");
	EQUAL(dlclose(handle), 0);
}

TEST(opened_lazily_and_globally)
{
	void *handle = open_it(RTLD_GLOBAL | RTLD_LAZY);

	use(handle);
	CHECK(dlsym(RTLD_DEFAULT, "numa_available"), "numa_available is not global");
	EQUAL(dlclose(handle), 0);
}

TEST(load_prints_nothing_and_keeps_errno)
{
	void *handle;

	dlclose(open_it(RTLD_NOW));
	capture();
	errno = UNTOUCHED;
	handle = dlopen(getenv("NUMA_LIBRARY"), RTLD_LOCAL | RTLD_NOW);
	EQUAL(errno, UNTOUCHED);
	dlclose(handle);
	CHECK(!*captured(), "something is printed");
}

TEST(close_unloads_the_library)
{
	void *handle = open_it(RTLD_LOCAL | RTLD_NOW);

	use(handle);
	dlclose(handle);
	CHECK(!dlopen(getenv("NUMA_LIBRARY"), RTLD_NOLOAD | RTLD_NOW), "still there");
}

static void many_times(int times, int with_use)
{
	int files, maps;
	size_t memory;

	for (int i = 0; i < 10; i++) {
		void *handle = open_it(RTLD_LOCAL | RTLD_NOW);

		if (with_use)
			use(handle);
		dlclose(handle);
	}
	files = count_entries("/proc/self/fd");
	maps = count_lines("/proc/self/maps");
	memory = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < times; i++) {
		void *handle = open_it(i % 2 ? RTLD_LOCAL | RTLD_NOW : RTLD_GLOBAL | RTLD_LAZY);

		if (with_use)
			use(handle);
		dlclose(handle);
	}
	EQUAL(count_entries("/proc/self/fd"), files);
	CHECK(count_lines("/proc/self/maps") <= maps + 2, "%d mappings, %d before",
	      count_lines("/proc/self/maps"), maps);
	if (!UNDER_ASAN && !under("valgrind")) {
		size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;

		/* Less than a byte for each time. */
		CHECK(now < memory + (size_t)times, "%zu bytes in use, %zu before", now, memory);
	}
}

TEST(opened_and_closed_1000_times)
{
	many_times(under("valgrind") ? 20 : 1000, 0);
}

TEST(opened_used_and_closed_1000_times)
{
	many_times(under("valgrind") ? 20 : 1000, 1);
}

static void *opens(void *unused)
{
	for (int i = 0; i < 50; i++) {
		void *handle = dlopen(getenv("NUMA_LIBRARY"), RTLD_LOCAL | RTLD_NOW);

		if (!handle)
			abort();
		use(handle);
		dlclose(handle);
	}
	return unused;
}

TEST(opened_by_many_threads)
{
	pthread_t threads[4];

	dlclose(open_it(RTLD_NOW));
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, opens, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

TEST(opened_in_a_namespace_of_its_own)
{
	void *handle, *other;

	if (UNDER_ASAN)
		SKIP("AddressSanitizer knows one namespace only");
	handle = open_it(RTLD_LOCAL | RTLD_NOW);
	other = dlmopen(LM_ID_NEWLM, getenv("NUMA_LIBRARY"), RTLD_NOW);
	SKIP_IF(!other, "dlmopen: %s", dlerror());
	CHECK(find(other, "numa_available") != find(handle, "numa_available"), "the same copy");
	use(handle);
	int (*max_node)(void) = (int (*)(void))(uintptr_t)find(other, "numa_max_node");
	EQUAL(max_node(), ((int (*)(void))(uintptr_t)find(handle, "numa_max_node"))());
	dlclose(other);
	dlclose(handle);
}

/* As a JVM does it: both versions, by name and version. */
TEST(both_versions_are_found)
{
	static const char *const twice[] = {
		"numa_bind", "numa_set_membind", "numa_get_membind", "numa_set_interleave_mask",
		"numa_get_interleave_mask", "numa_get_run_node_mask", "numa_run_on_node_mask",
		"numa_alloc_interleaved_subset", "numa_interleave_memory", "numa_tonodemask_memory",
		"numa_node_to_cpus", "numa_parse_bitmap", "numa_sched_getaffinity", "numa_sched_setaffinity",
	};
	void *handle = open_it(RTLD_LAZY);

	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		void *old = dlvsym(handle, twice[i], "libnuma_1.1"), *new = dlvsym(handle, twice[i], "libnuma_1.2");

		CHECK(old && new && old != new, "%s: %p %p", twice[i], old, new);
		CHECK(dlsym(handle, twice[i]) == new, "%s: dlsym finds the old one", twice[i]);
	}
	CHECK(!dlvsym(handle, "numa_bind", "libnuma_1.3"), "a version that is not there");
	CHECK(dlvsym(handle, "numa_available", "libnuma_1.1"), "numa_available");
	CHECK(dlvsym(handle, "numa_num_possible_cpus", "libnuma_1.3"), "numa_num_possible_cpus");
	dlclose(handle);
}

/* Threads that have used it go on without it. */
static void *uses_and_ends(void *handle)
{
	void (*bind_policy)(int) = (void (*)(int))(uintptr_t)find(handle, "numa_set_bind_policy");

	bind_policy(0);
	return NULL;
}

TEST(threads_end_after_it_was_closed)
{
	for (int i = 0; i < 20; i++) {
		void *handle = open_it(RTLD_LOCAL | RTLD_NOW);
		pthread_t thread;

		pthread_create(&thread, NULL, uses_and_ends, handle);
		pthread_join(thread, NULL);
		dlclose(handle);
	}
}
