/*
 * libnuma_ext.so.1 on whatever machine this is: arguments, errors, and counts of what is there.
 * Nothing has to move for these; what moves is tested in virtual machines (tests/ext/vm).
 */
#include "../c/check.h"

#include <limits.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <numa.h>
#include <numa_ext.h>

#define PAGES 1000UL
/* The reason that is kept. */
#define REASON_IS(text) \
	CHECK(!strcmp(numa_ext_reason(), text), "the reason is \"%s\"", numa_ext_reason())

typedef struct numa_ext_migrate_options options_t;
typedef struct numa_ext_migrate_node node_t;
typedef struct numa_ext_migrate_progress progress_t;

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct bitmask *nodes(const char *bits)
{
	struct bitmask *mask = numa_bitmask_alloc(64);

	for (; *bits; bits++)
		numa_bitmask_setbit(mask, (unsigned)(*bits - '0'));
	return mask;
}

static options_t zero_options(void)
{
	options_t options;

	memset(&options, 0, sizeof(options));
	options.size = sizeof(options);
	return options;
}

/* Pages that are present on node 0, which every machine has. */
static char *present(unsigned long pages)
{
	char *p = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	madvise(p, pages * page_size(), MADV_NOHUGEPAGE);
	memset(p, 1, pages * page_size());
	return p;
}

static void need_move_pages(void)
{
	long result = syscall(SYS_move_pages, 0, 0UL, NULL, NULL, NULL, 0);

	SKIP_IF(result < 0, "move_pages: %s", strerror(errno));
	SKIP_IF(access("/sys/devices/system/node/node0", F_OK), "no NUMA in this kernel");
}

/* The sum of N0= in a numa_maps, in pages of the base size. */
static unsigned long in_numa_maps(pid_t pid)
{
	char name[64], line[8192];
	unsigned long sum = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/numa_maps", (int)pid);
	file = fopen(name, "r");
	SKIP_IF(!file, "%s: %s", name, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		char *count = strstr(line, " N0="), *size = strstr(line, "kernelpagesize_kB=");

		if (count && size)
			sum += strtoul(count + 4, NULL, 10) * strtoul(size + 18, NULL, 10) * 1024 /
			       page_size();
	}
	fclose(file);
	return sum;
}

/* A child that does nothing; the caller kills it. */
static pid_t sleeper(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		abort();
	pid = fork();
	if (!pid) {
		if (write(ends[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (pid < 0 || read(ends[0], &byte, 1) != 1)
		abort();
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* ---- options -------------------------------------------------------------------------------- */

TEST(size_of_the_options)
{
	struct {
		options_t options;
		char more[4096];
	} large;
	struct bitmask *from = nodes("0"), *to = nodes("0");
	size_t size;

	need_move_pages();
	/* From 0 to 0 nothing has to be done, so that 0 is the result where the options are good. */
	for (size = 0; size <= 4200; size++) {
		int good = size >= sizeof(size_t) && size <= 4096 && size % sizeof(void *) == 0;

		memset(&large, 0, sizeof(large));
		large.options.size = size;
		if (good)
			EQUAL(numa_ext_migrate(0, from, to, &large.options, NULL, 0), 0);
		else
			FAILS(numa_ext_migrate(0, from, to, &large.options, NULL, 0), -1, EINVAL);
	}
	memset(&large, 0, sizeof(large));
	large.options.size = (size_t)-1;
	FAILS(numa_ext_migrate(0, from, to, &large.options, NULL, 0), -1, EINVAL);
	FAILS((intptr_t)numa_ext_migrate_begin(0, from, to, &large.options), 0, EINVAL);
	EQUAL(numa_ext_migrate(0, from, to, NULL, NULL, 0), 0);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(a_larger_structure_must_end_in_zeros)
{
	struct {
		options_t options;
		unsigned char more[64];
	} large;
	struct bitmask *from = nodes("0"), *to = nodes("0");

	need_move_pages();
	for (size_t at = 0; at < sizeof(large.more); at++) {
		memset(&large, 0, sizeof(large));
		large.options.size = sizeof(large);
		large.more[at] = 1;
		FAILS(numa_ext_migrate(0, from, to, &large.options, NULL, 0), -1, EINVAL);
		/* Behind the structure is the caller's own. */
		large.options.size = sizeof(options_t) + at / 8 * 8;
		EQUAL(numa_ext_migrate(0, from, to, &large.options, NULL, 0), 0);
	}
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

static int must_not_be_called(const progress_t *progress, void *arg)
{
	(void)progress, (void)arg;
	abort();
}

TEST(a_smaller_structure_has_the_defaults_for_the_rest)
{
	options_t options = zero_options();
	struct bitmask *from = nodes("0"), *to = nodes("1");
	struct numa_ext_range none = {0, 0};
	node_t node;
	char *p;

	need_move_pages();
	p = present(PAGES);
	/* What is behind size is not looked at. */
	options.size = offsetof(options_t, ranges);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.ranges = &none;
	options.nranges = 1;
	options.progress = must_not_be_called;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	CHECK(node.moved >= PAGES, "%lu moved", node.moved);
	/* And with all of it, it is. */
	options.size = sizeof(options);
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 0);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	munmap(p, PAGES * page_size());
}

TEST(flags_and_kinds)
{
	struct bitmask *from = nodes("0"), *to = nodes("0");
	unsigned bit;

	need_move_pages();
	for (bit = 0; bit < 32; bit++) {
		options_t options = zero_options();

		options.flags = 1u << bit;
		if (options.flags & (NUMA_EXT_MIGRATE_PRIVATE | NUMA_EXT_MIGRATE_DRY_RUN))
			EQUAL(numa_ext_migrate(0, from, to, &options, NULL, 0), 0);
		else
			FAILS(numa_ext_migrate(0, from, to, &options, NULL, 0), -1, EINVAL);
		options.flags = 0;
		options.kinds = 1u << bit;
		if (bit < 5)
			EQUAL(numa_ext_migrate(0, from, to, &options, NULL, 0), 0);
		else
			FAILS(numa_ext_migrate(0, from, to, &options, NULL, 0), -1, EINVAL);
	}
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(bad_ranges)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	struct numa_ext_range ranges[] = {{4096, 8192}, {8192, 4096}};
	options_t options = zero_options();

	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.ranges = ranges;
	options.nranges = 2;
	FAILS(numa_ext_migrate(0, from, to, &options, NULL, 0), -1, EINVAL);
	/* More than there can be. */
	options.nranges = (size_t)-1;
	FAILS(numa_ext_migrate(0, from, to, &options, NULL, 0), -1, ENOMEM);
	options.ranges = NULL;
	options.nranges = 1;
	FAILS(numa_ext_migrate(0, from, to, &options, NULL, 0), -1, EINVAL);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

/* ---- masks and processes -------------------------------------------------------------------- */

TEST(masks)
{
	struct bitmask *zero = nodes("0"), *empty = nodes(""), *none = numa_bitmask_alloc(1);
	struct bitmask *large = numa_bitmask_alloc(100000);
	options_t options = zero_options();
	node_t node;

	need_move_pages();
	FAILS(numa_ext_migrate(0, zero, empty, NULL, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_migrate(0, zero, none, NULL, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_migrate(0, zero, NULL, NULL, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_migrate(0, NULL, NULL, NULL, NULL, 0), -1, EINVAL);
	FAILS((intptr_t)numa_ext_migrate_begin(0, NULL, NULL, NULL), 0, EINVAL);
	EQUAL(numa_ext_migrate(0, NULL, zero, NULL, NULL, 0), 0);
	EQUAL(numa_ext_migrate(0, empty, zero, NULL, NULL, 0), 0);
	EQUAL(numa_ext_migrate(0, zero, zero, NULL, NULL, 0), 0);
	/* Nodes far beyond what the kernel has. */
	numa_bitmask_setbit(large, 99999);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	EQUAL(numa_ext_migrate(0, large, zero, &options, &node, 1), 1);
	EQUAL(node.from, 99999);
	EQUAL(node.moved, 0);
	numa_bitmask_free(zero);
	numa_bitmask_free(empty);
	numa_bitmask_free(none);
	numa_bitmask_free(large);
}

TEST(processes)
{
	struct bitmask *from, *to;
	int status;
	pid_t pid;

	need_move_pages();
	/* One that was there, and now is not. */
	pid = fork();
	if (!pid)
		_exit(0);
	waitpid(pid, &status, 0);
	from = nodes("0");
	to = nodes("1");
	FAILS(numa_ext_migrate(INT_MAX, from, to, NULL, NULL, 0), -1, ESRCH);
	REASON_IS("there is no such process");
	FAILS((intptr_t)numa_ext_migrate_begin(INT_MAX, from, to, NULL), 0, ESRCH);
	FAILS(numa_ext_migrate(-1, from, to, NULL, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_migrate(INT_MIN, from, to, NULL, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_migrate(-getpid(), from, to, NULL, NULL, 0), -1, EINVAL);
	FAILS(numa_ext_migrate(pid, from, to, NULL, NULL, 0), -1, ESRCH);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(the_process_of_another_user)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	pid_t other = getppid();
	int result;

	need_move_pages();
	if (geteuid() == 0) {
		if (setgid(65534) || setuid(65534))
			SKIP("setuid: %s", strerror(errno));
	} else if (is_first_process_anothers()) {
		other = 1;
	} else {
		SKIP("no process of another user is known");
	}
	errno = UNTOUCHED;
	result = numa_ext_migrate(other, from, to, NULL, NULL, 0);
	/* ESRCH where /proc hides others. */
	CHECK(result == -1 && (errno == EPERM || errno == EACCES || errno == ESRCH), "%d, errno %d",
	      result, errno);
	if (errno != ESRCH)
		CHECK(strstr(numa_ext_reason(), ": CAP_SYS_NICE is needed") || strstr(numa_ext_reason(), "seccomp"),
		      "the reason is \"%s\"", numa_ext_reason());
	errno = UNTOUCHED;
	CHECK(!numa_ext_migrate_begin(other, from, to, NULL) &&
	      (errno == EPERM || errno == EACCES || errno == ESRCH), "errno %d", errno);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

/* ---- counts --------------------------------------------------------------------------------- */

static unsigned long sum(const node_t *node)
{
	return node->moved + node->busy + node->shared + node->target_full + node->not_permitted +
	       node->gone + node->hidden;
}

TEST(a_dry_run_counts_what_numa_maps_shows)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	unsigned long wanted;
	node_t node;
	pid_t pid;
	char *p;

	need_move_pages();
	p = present(PAGES);
	pid = sleeper();
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	wanted = in_numa_maps(pid);
	CHECK(wanted > PAGES, "%lu pages", wanted);
	memset(&node, 0xff, sizeof(node));
	EQUAL(numa_ext_migrate(pid, from, to, &options, &node, 1), 1);
	EQUAL(node.from, 0);
	EQUAL(node.to, 1);
	EQUAL(node.moved, wanted);
	EQUAL(sum(&node), wanted);
	EQUAL(node.replaced, 0);
	for (int i = 0; i < 2; i++)
		EQUAL(node.reserved[i], 0);
	end(pid);
	munmap(p, PAGES * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(a_dry_run_of_oneself)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	unsigned long before, after;
	node_t node, same;
	char *p;

	need_move_pages();
	p = present(PAGES);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	/* Once, so that all of the library is present. */
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	before = in_numa_maps(getpid());
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(numa_ext_migrate(getpid(), from, to, &options, &same, 1), 1);
	after = in_numa_maps(getpid());
	/* The call's own memory comes and goes. */
	CHECK(node.moved + 64 >= before && node.moved <= after + 64, "%lu in %lu..%lu", node.moved,
	      before, after);
	CHECK(same.moved + 64 >= node.moved && same.moved <= node.moved + 64, "%lu, %lu",
	      same.moved, node.moved);
	munmap(p, PAGES * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(ranges)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct numa_ext_range some[4];
	node_t node;
	char *p;
	size_t start;

	need_move_pages();
	p = present(PAGES);
	start = (size_t)p;
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.ranges = some;
	some[0].start = start;
	some[0].end = start + PAGES * page_size();
	options.nranges = 1;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, PAGES);
	/* None of them, and an empty one. */
	options.nranges = 0;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 0);
	options.nranges = 1;
	some[0].end = start;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 0);
	/* Parts of pages are pages. */
	some[0].start = start + 5;
	some[0].end = start + 6;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 1);
	/* In any order, an empty one among them. */
	some[0].start = start + 500 * page_size();
	some[0].end = start + 520 * page_size();
	some[1].start = some[1].end = start + 3 * page_size();
	some[2].start = start + 10 * page_size();
	some[2].end = start + 13 * page_size();
	options.nranges = 3;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 23);
	/* A page that is in two of them is one page. */
	some[1].start = start + 510 * page_size();
	some[1].end = start + 530 * page_size();
	some[3].start = start + 12 * page_size() + 1;
	some[3].end = start + 12 * page_size() + 2;
	options.nranges = 4;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 33);
	/* What is not mapped has no pages. */
	munmap(p, PAGES * page_size());
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 0);
	some[0].start = 0;
	some[0].end = (size_t)-1;
	options.nranges = 1;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	CHECK(node.moved > 10, "%lu moved", node.moved);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(kinds)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct numa_ext_range range;
	unsigned long total = 0;
	unsigned kind;
	node_t node;
	pid_t pid;
	char *p;
	int fd;

	need_move_pages();
	/* The heap is what brk gives. */
	p = sbrk(100 * (intptr_t)page_size());
	CHECK(p != (char *)-1, "no memory");
	memset(p, 1, 100 * page_size());
	fd = memfd_create("kinds", 0);
	CHECK(fd >= 0 && !ftruncate(fd, 1 << 20), "memfd");
	p = mmap(NULL, 50 * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memset(p, 1, 50 * page_size());
	pid = sleeper();
	memset(p, 2, 50 * page_size());
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	for (kind = 1; kind <= NUMA_EXT_KIND_SHARED; kind <<= 1) {
		options.kinds = kind;
		EQUAL(numa_ext_migrate(pid, from, to, &options, &node, 1), 1);
		/* Below valgrind, brk gives memory that the kernel does not call the heap. */
		CHECK(kind != NUMA_EXT_KIND_HEAP || node.moved >= 100 || under("valgrind"),
		      "heap: %lu", node.moved);
		CHECK(kind != NUMA_EXT_KIND_STACK || (node.moved > 0 && node.moved < 100),
		      "stack: %lu", node.moved);
		CHECK(kind != NUMA_EXT_KIND_FILE || node.moved > 0, "file: %lu", node.moved);
		total += node.moved;
	}
	options.kinds = 0;
	EQUAL(numa_ext_migrate(pid, from, to, &options, &node, 1), 1);
	EQUAL(total, node.moved);
	options.kinds = NUMA_EXT_KIND_ANON | NUMA_EXT_KIND_HEAP | NUMA_EXT_KIND_STACK |
			NUMA_EXT_KIND_FILE | NUMA_EXT_KIND_SHARED;
	EQUAL(numa_ext_migrate(pid, from, to, &options, &node, 1), 1);
	EQUAL(total, node.moved);
	end(pid);
	/* With ranges, both hold. */
	range.start = (size_t)p;
	range.end = range.start + 50 * page_size();
	options.ranges = &range;
	options.nranges = 1;
	options.kinds = NUMA_EXT_KIND_SHARED;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 50);
	options.kinds = NUMA_EXT_KIND_ANON;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 0);
	close(fd);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(room_for_less_nodes_than_there_are)
{
	struct bitmask *from = nodes("013"), *to = nodes("457");
	options_t options = zero_options();
	struct numa_ext_migration *migration;
	node_t room[4];
	const unsigned char *bytes = (const unsigned char *)room;

	need_move_pages();
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	EQUAL(numa_ext_migrate(0, from, to, &options, NULL, 0), 3);
	EQUAL(numa_ext_migrate(0, from, to, &options, NULL, 4), 3);
	for (size_t fit = 0; fit <= 4; fit++) {
		size_t written = fit < 3 ? fit : 3;

		memset(room, 0xa5, sizeof(room));
		EQUAL(numa_ext_migrate(0, from, to, &options, room, fit), 3);
		for (size_t i = written * sizeof(node_t); i < sizeof(room); i++)
			CHECK(bytes[i] == 0xa5, "room for %zu: byte %zu was written", fit, i);
		for (size_t i = 0; i < written; i++) {
			EQUAL(room[i].from, "\0\1\3"[i]);
			EQUAL(room[i].to, "\4\5\7"[i]);
		}
	}
	CHECK(room[0].moved > 0 && room[1].moved == 0 && room[2].moved == 0, "%lu %lu %lu",
	      room[0].moved, room[1].moved, room[2].moved);
	migration = numa_ext_migrate_begin(0, from, to, &options);
	CHECK(migration, "begin");
	memset(room, 0xa5, sizeof(room));
	EQUAL(numa_ext_migrate_counts(migration, room, 1), 3);
	EQUAL(room[0].moved, 0);
	EQUAL(bytes[sizeof(node_t)], 0xa5);
	EQUAL(numa_ext_migrate_counts(migration, NULL, 100), 3);
	numa_ext_migrate_end(migration);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(a_node_that_does_not_exist_gets_nothing)
{
	struct bitmask *from = nodes("0"), *to = numa_bitmask_alloc(1024);
	options_t options = zero_options();
	struct numa_ext_range range;
	node_t node;
	char *p;

	need_move_pages();
	p = present(PAGES);
	SKIP_IF(access("/sys/devices/system/node/node1000", F_OK) == 0, "a large machine");
	numa_bitmask_setbit(to, 1000);
	range.start = (size_t)p;
	range.end = range.start + PAGES * page_size();
	options.ranges = &range;
	options.nranges = 1;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(node.moved, 0);
	EQUAL(node.not_permitted, PAGES);
	EQUAL(sum(&node), PAGES);
	munmap(p, PAGES * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

/* ---- progress, stop, threads ---------------------------------------------------------------- */

struct seen {
	int calls, stop_at;
	progress_t last;
	pthread_t thread;
	int bad;
};

static int watch(const progress_t *progress, void *arg)
{
	struct seen *seen = arg;

	seen->bad |= progress->examined < seen->last.examined ||
		     progress->moved < seen->last.moved || progress->moved > progress->examined ||
		     progress->present < progress->examined;
	seen->last = *progress;
	seen->thread = pthread_self();
	return ++seen->calls == seen->stop_at;
}

TEST(progress_is_told)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct seen seen = {0};
	node_t node;
	char *p;

	need_move_pages();
	p = present(20 * PAGES);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.progress = watch;
	options.progress_arg = &seen;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	CHECK(seen.calls >= 5, "%d calls", seen.calls);
	CHECK(pthread_equal(seen.thread, pthread_self()), "another thread");
	CHECK(!seen.bad, "progress went back");
	EQUAL(seen.last.moved, node.moved);
	CHECK(seen.last.examined >= node.moved, "%lu, %lu", seen.last.examined, node.moved);
	munmap(p, 20 * PAGES * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(progress_can_stop)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct numa_ext_migration *migration;
	struct seen seen = {0};
	progress_t progress;
	node_t node;
	char *p;

	need_move_pages();
	p = present(20 * PAGES);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.progress = watch;
	options.progress_arg = &seen;
	seen.stop_at = 2;
	EQUAL(numa_ext_migrate(0, from, to, &options, &node, 1), 1);
	EQUAL(seen.calls, 2);
	CHECK(node.moved < 20 * PAGES, "%lu", node.moved);
	EQUAL(seen.last.moved, node.moved);

	memset(&seen, 0, sizeof(seen));
	seen.stop_at = 3;
	migration = numa_ext_migrate_begin(0, from, to, &options);
	EQUAL(numa_ext_migrate_work(migration), 0);
	EQUAL(seen.calls, 3);
	numa_ext_migrate_query(migration, &progress);
	EQUAL(progress.moved, seen.last.moved);
	/* It stays stopped. */
	EQUAL(numa_ext_migrate_work(migration), 0);
	EQUAL(seen.calls, 3);
	EQUAL(numa_ext_migrate_counts(migration, &node, 1), 1);
	EQUAL(node.moved, progress.moved);
	numa_ext_migrate_end(migration);
	munmap(p, 20 * PAGES * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(begin_work_query_counts_end)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct numa_ext_migration *migration;
	struct numa_ext_range range;
	progress_t progress;
	node_t node;
	char *p;

	need_move_pages();
	p = present(PAGES);
	range.start = (size_t)p;
	range.end = range.start + PAGES * page_size();
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.ranges = &range;
	options.nranges = 1;
	migration = numa_ext_migrate_begin(0, from, to, &options);
	CHECK(migration, "begin");
	/* All that was given is the caller's again. */
	numa_bitmask_clearall(from);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	memset(&range, 0xff, sizeof(range));
	memset(&options, 0xff, sizeof(options));
	numa_ext_migrate_query(migration, &progress);
	EQUAL(progress.examined, 0);
	EQUAL(progress.moved, 0);
	CHECK(progress.present >= PAGES, "%lu present", progress.present);
	EQUAL(numa_ext_migrate_work(migration), 0);
	EQUAL(numa_ext_migrate_counts(migration, &node, 1), 1);
	EQUAL(node.moved, PAGES);
	numa_ext_migrate_query(migration, &progress);
	EQUAL(progress.examined, PAGES);
	EQUAL(progress.moved, PAGES);
	/* It is done only once. */
	EQUAL(numa_ext_migrate_work(migration), 0);
	EQUAL(numa_ext_migrate_counts(migration, &node, 1), 1);
	EQUAL(node.moved, PAGES);
	numa_ext_migrate_query(migration, NULL);
	numa_ext_migrate_end(migration);
	munmap(p, PAGES * page_size());
}

TEST(stop_before_it_begins)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct numa_ext_migration *migration;
	node_t node;

	need_move_pages();
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.progress = must_not_be_called;
	migration = numa_ext_migrate_begin(0, from, to, &options);
	numa_ext_migrate_stop(migration);
	numa_ext_migrate_stop(migration);
	EQUAL(numa_ext_migrate_work(migration), 0);
	EQUAL(numa_ext_migrate_counts(migration, &node, 1), 1);
	EQUAL(sum(&node), 0);
	numa_ext_migrate_end(migration);
	/* And one that never worked. */
	numa_ext_migrate_end(numa_ext_migrate_begin(0, from, to, NULL));
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(no_migration)
{
	progress_t progress, before;
	node_t node;

	memset(&progress, 0x5a, sizeof(progress));
	before = progress;
	FAILS(numa_ext_migrate_work(NULL), -1, EINVAL);
	FAILS(numa_ext_migrate_counts(NULL, &node, 1), -1, EINVAL);
	FAILS(numa_ext_migrate_counts(NULL, NULL, 0), -1, EINVAL);
	errno = UNTOUCHED;
	numa_ext_migrate_query(NULL, &progress);
	numa_ext_migrate_query(NULL, NULL);
	CHECK(!memcmp(&progress, &before, sizeof(before)), "written");
	numa_ext_migrate_stop(NULL);
	numa_ext_migrate_end(NULL);
	EQUAL(errno, UNTOUCHED);
}

static int count_calls(const progress_t *progress, void *arg)
{
	(void)progress;
	__atomic_fetch_add((int *)arg, 1, __ATOMIC_RELAXED);
	return 0;
}

static void *worker(void *migration)
{
	return (void *)(intptr_t)numa_ext_migrate_work(migration);
}

TEST(several_threads)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	struct numa_ext_range range;
	unsigned long pages = 20 * PAGES;
	char *p;

	need_move_pages();
	p = present(pages);
	range.start = (size_t)p;
	range.end = range.start + pages * page_size();
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.ranges = &range;
	options.nranges = 1;
	for (unsigned limit = 0; limit < 12; limit += 3) {
		struct numa_ext_migration *migration;
		pthread_t threads[8];
		progress_t progress;
		node_t node;
		int calls = 0;

		options.max_workers = limit;
		options.progress = count_calls;
		options.progress_arg = &calls;
		migration = numa_ext_migrate_begin(0, from, to, &options);
		for (int i = 0; i < 8; i++)
			EQUAL(pthread_create(&threads[i], NULL, worker, migration), 0);
		numa_ext_migrate_query(migration, &progress);
		EQUAL(numa_ext_migrate_counts(migration, &node, 1), 1);
		for (int i = 0; i < 8; i++) {
			void *result = NULL;

			pthread_join(threads[i], &result);
			EQUAL((intptr_t)result, 0);
		}
		EQUAL(numa_ext_migrate_counts(migration, &node, 1), 1);
		EQUAL(node.moved, pages);
		numa_ext_migrate_query(migration, &progress);
		EQUAL(progress.moved, pages);
		CHECK(calls > 5, "%d calls", calls);
		numa_ext_migrate_end(migration);
	}
	munmap(p, pages * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

static struct numa_ext_migration *of_handler;

static void stop_it(int signal)
{
	(void)signal;
	numa_ext_migrate_stop(of_handler);
}

static int raise_signal(const progress_t *progress, void *arg)
{
	(void)progress, (void)arg;
	raise(SIGUSR1);
	return 0;
}

TEST(stop_in_a_signal_handler)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	options_t options = zero_options();
	node_t node;
	char *p;

	need_move_pages();
	p = present(20 * PAGES);
	signal(SIGUSR1, stop_it);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.progress = raise_signal;
	of_handler = numa_ext_migrate_begin(0, from, to, &options);
	EQUAL(numa_ext_migrate_work(of_handler), 0);
	EQUAL(numa_ext_migrate_counts(of_handler, &node, 1), 1);
	CHECK(node.moved < 20 * PAGES, "%lu", node.moved);
	numa_ext_migrate_end(of_handler);
	munmap(p, 20 * PAGES * page_size());
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(a_child_may_use_it)
{
	need_move_pages();
	EXITS(0, struct bitmask *from = nodes("0"); struct bitmask *to = nodes("1");
	      options_t options = zero_options(); node_t node;
	      options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	      exit(numa_ext_migrate(0, from, to, &options, &node, 1) != 1 || node.moved == 0));
}

TEST(nothing_is_printed)
{
	struct bitmask *from = nodes("0"), *empty = nodes("");

	QUIET(numa_ext_migrate(0, from, empty, NULL, NULL, 0));
	QUIET(numa_ext_migrate(INT_MAX, from, from, NULL, NULL, 0));
	numa_bitmask_free(from);
	numa_bitmask_free(empty);
}

TEST(both_libraries_in_one_program)
{
	/* Masks of the one go to the other. */
	struct bitmask *all = numa_get_mems_allowed();

	need_move_pages();
	EQUAL(numa_ext_migrate(0, all, all, NULL, NULL, 0), 0);
	EQUAL(numa_ext_migrate(0, numa_all_nodes_ptr, numa_all_nodes_ptr, NULL, NULL, 0), 0);
	EQUAL(numa_ext_migrate(0, numa_no_nodes_ptr, numa_all_nodes_ptr, NULL, NULL, 0), 0);
	FAILS(numa_ext_migrate(0, numa_all_nodes_ptr, numa_no_nodes_ptr, NULL, NULL, 0), -1, EINVAL);
	numa_bitmask_free(all);
}

/* ---- where the pages of a range are --------------------------------------------------------- */

/* Three pages in five are there, and a block of them; more than is asked about in one go. */
static char *some_present(unsigned long pages)
{
	char *p = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	madvise(p, pages * page_size(), MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < pages; i++)
		if (i % 5 < 3 || (i > 500 && i < 900))
			p[i * page_size()] = 1;
	return p;
}

/* What move_pages says of each page, with an array of all addresses. */
static int *asked_at_once(pid_t pid, char *p, unsigned long pages)
{
	void **addresses = calloc(pages, sizeof(*addresses));
	int *status = calloc(pages, sizeof(*status));

	for (unsigned long i = 0; i < pages; i++)
		addresses[i] = p + i * page_size();
	EQUAL(syscall(SYS_move_pages, pid, pages, addresses, NULL, status, 0), 0);
	free(addresses);
	return status;
}

struct runs {
	char *start;
	const int *status;
	unsigned long pages, bad;
	int calls, stop_at, last;
};

static int see_run(const struct numa_ext_run *run, void *arg)
{
	struct runs *runs = arg;

	/* One follows the other, and all of one place are in one. */
	runs->bad += run->start != (size_t)runs->start + runs->pages * page_size();
	runs->bad += run->end <= run->start || (run->end - run->start) % page_size() != 0;
	runs->bad += runs->calls > 0 && run->node == runs->last;
	for (size_t at = run->start; at < run->end; at += page_size())
		runs->bad += runs->status[runs->pages++] != run->node;
	runs->last = run->node;
	return ++runs->calls == runs->stop_at ? 33 : 0;
}

TEST(locate_says_what_move_pages_says)
{
	static const unsigned long sizes[] = {1, 2, 511, 512, 513, 1024, 3 * PAGES};
	size_t page = page_size();

	need_move_pages();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned long pages = sizes[i], present = 0, *counts = calloc(1024, sizeof(*counts));
		char *p = some_present(pages);
		int *wanted = asked_at_once(0, p, pages), *found = calloc(pages + 1, sizeof(*found));
		struct runs runs = {.start = p, .status = wanted};

		found[pages] = 77;
		for (unsigned long n = 0; n < pages; n++)
			present += wanted[n] >= 0;
		CHECK(present > 0 && (pages < 10 || present < pages), "%lu present", present);
		EQUAL(numa_ext_locate(0, p, pages * page, 0, found, pages), (long)pages);
		CHECK(!memcmp(found, wanted, pages * sizeof(*found)), "%lu pages", pages);
		EQUAL(found[pages], 77);
		EQUAL(numa_ext_locate_runs(0, p, pages * page, 0, see_run, &runs), 0);
		EQUAL(runs.pages, pages);
		EQUAL(runs.bad, 0);
		counts[5] = counts[1023] = 9;
		EQUAL(numa_ext_locate_counts(0, p, pages * page, 0, counts, 1024), (long)present);
		for (int n = 0; n < 1023; n++)
			counts[1023] += counts[n];
		EQUAL(counts[1023], present);
		counts[1] = 9;
		EQUAL(numa_ext_locate_counts(0, p, pages * page, 0, counts, 1), (long)present);
		EQUAL(counts[1], 9);
		EQUAL(numa_ext_locate_counts(0, p, pages * page, 0, NULL, 0), (long)present);
		free(counts);
		free(wanted);
		free(found);
		munmap(p, pages * page);
	}
}

TEST(locate_in_another_process)
{
	unsigned long pages = 2 * PAGES, counts[1024];
	char *p;
	int *wanted, *found;
	long present = 0;
	pid_t pid;

	need_move_pages();
	p = some_present(pages);
	pid = sleeper();
	munmap(p, pages * page_size());
	wanted = asked_at_once(pid, p, pages);
	found = calloc(pages, sizeof(*found));
	for (unsigned long n = 0; n < pages; n++)
		present += wanted[n] >= 0;
	CHECK(present > (long)pages / 2, "%ld present", present);
	EQUAL(numa_ext_locate(pid, p, pages * page_size(), 0, found, pages), (long)pages);
	CHECK(!memcmp(found, wanted, pages * sizeof(*found)), "not the same");
	EQUAL(numa_ext_locate_counts(pid, p, pages * page_size(), 0, counts, 1024), present);
	end(pid);
	FAILS(numa_ext_locate(pid, p, page_size(), 0, found, 1), -1, ESRCH);
	FAILS(numa_ext_locate_counts(pid, p, page_size(), 0, counts, 1024), -1, ESRCH);
	free(wanted);
	free(found);
}

TEST(locate_takes_the_pages_that_a_range_spans)
{
	size_t page = page_size();
	unsigned long counts[1024];
	struct runs runs = {0};
	int nodes[4], huge[2];
	char *p;

	need_move_pages();
	p = present(4);
	EQUAL(numa_ext_locate(0, p, 0, 0, NULL, 0), 0);
	EQUAL(numa_ext_locate(0, p + 5, 0, 0, nodes, 4), 0);
	EQUAL(numa_ext_locate(0, p + 5, 1, 0, nodes, 4), 1);
	EQUAL(numa_ext_locate(0, p + page - 1, 2, 0, nodes, 4), 2);
	EQUAL(numa_ext_locate(0, p + page - 1, page + 1, page, nodes, 4), 2);
	EQUAL(numa_ext_locate(0, p + page - 1, page + 2, 0, nodes, 4), 3);
	EQUAL(numa_ext_locate_runs(0, p, 0, 0, see_run, &runs), 0);
	EQUAL(runs.calls, 0);
	EQUAL(numa_ext_locate_counts(0, p + 1, 1, 0, counts, 1024), 1);
	/* Larger pages begin at their own boundaries. */
	EQUAL(numa_ext_locate(0, p, 4 * page, 4 * page, huge, 2), 1 + ((size_t)p % (4 * page) != 0));
	/* What is not mapped. */
	munmap(p + page, page);
	EQUAL(numa_ext_locate(0, p, 4 * page, 0, nodes, 4), 4);
	EQUAL(nodes[0], nodes[2]);
	EQUAL(nodes[1], -EFAULT);
	EQUAL(numa_ext_locate_counts(0, p, 4 * page, 0, counts, 1024), 3);
	munmap(p, 4 * page);
}

TEST(locate_stops_when_it_is_told)
{
	struct runs runs = {.stop_at = 3};
	char *p;

	need_move_pages();
	p = some_present(3 * PAGES);
	runs.start = p;
	runs.status = asked_at_once(0, p, 3 * PAGES);
	EQUAL(numa_ext_locate_runs(0, p, 3 * PAGES * page_size(), 0, see_run, &runs), 33);
	EQUAL(runs.calls, 3);
	EQUAL(runs.bad, 0);
	free((void *)(intptr_t)runs.status);
	munmap(p, 3 * PAGES * page_size());
}

TEST(locate_refuses)
{
	unsigned long counts[2];
	struct runs runs = {0};
	int nodes[4];
	char *p;

	need_move_pages();
	p = present(4);
	FAILS(numa_ext_locate(0, p, 4 * page_size(), 0, nodes, 3), -1, EINVAL);
	FAILS(numa_ext_locate(0, p, 4 * page_size(), 0, NULL, 4), -1, EINVAL);
	FAILS(numa_ext_locate(0, p, 4 * page_size(), 1, nodes, 4), -1, EINVAL);
	FAILS(numa_ext_locate(0, p, 4 * page_size(), page_size() + 1, nodes, 4), -1, EINVAL);
	FAILS(numa_ext_locate(0, p, (size_t)-1, 0, nodes, 4), -1, EINVAL);
	FAILS(numa_ext_locate(-1, p, 4 * page_size(), 0, nodes, 4), -1, EINVAL);
	FAILS(numa_ext_locate(INT_MAX, p, 4 * page_size(), 0, nodes, 4), -1, ESRCH);
	REASON_IS("there is no such process");
	FAILS(numa_ext_locate_runs(0, p, 4 * page_size(), 0, NULL, NULL), -1, EINVAL);
	FAILS(numa_ext_locate_runs(0, p, 4 * page_size(), 1, see_run, &runs), -1, EINVAL);
	FAILS(numa_ext_locate_runs(INT_MAX, p, 4 * page_size(), 0, see_run, &runs), -1, ESRCH);
	EQUAL(runs.calls, 0);
	FAILS(numa_ext_locate_counts(0, p, 4 * page_size(), 1, counts, 2), -1, EINVAL);
	FAILS(numa_ext_locate_counts(INT_MAX, p, 4 * page_size(), 0, counts, 2), -1, ESRCH);
	munmap(p, 4 * page_size());
}

/* For the kernel's own calls it is a wrong argument, and in the eyes of /proc it is root's. */
static void has_no_memory(pid_t pid, const char *why)
{
	struct bitmask *from = nodes("0"), *to = nodes("1");
	struct runs runs = {0};
	unsigned long counts[2];
	int found[1];

	FAILS(numa_ext_migrate(pid, from, to, NULL, NULL, 0), -1, ESRCH);
	REASON_IS(why);
	FAILS((intptr_t)numa_ext_migrate_begin(pid, from, to, NULL), 0, ESRCH);
	FAILS(numa_ext_locate(pid, &runs, 1, 0, found, 1), -1, ESRCH);
	REASON_IS(why);
	FAILS(numa_ext_locate_runs(pid, &runs, 1, 0, see_run, &runs), -1, ESRCH);
	EQUAL(runs.calls, 0);
	FAILS(numa_ext_locate_counts(pid, &runs, 1, 0, counts, 2), -1, ESRCH);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

TEST(a_process_that_has_ended_and_is_not_waited_for)
{
	siginfo_t info;
	pid_t pid;

	need_move_pages();
	pid = fork();
	if (!pid)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	has_no_memory(pid, "a process or thread that has ended has no memory");
	waitpid(pid, NULL, 0);
}

TEST(a_kernel_thread)
{
	char name[16] = "";
	FILE *file = fopen("/proc/2/comm", "r");

	need_move_pages();
	if (!file || !fgets(name, sizeof(name), file) || strcmp(name, "kthreadd\n"))
		SKIP("none is seen here");
	fclose(file);
	if (geteuid())
		SKIP("its memory is root's to look at");
	has_no_memory(2, "a kernel thread has no memory");
}
