// Exceptions and cancellation that pass through libnuma_ext out of the progress function: nothing that
// it owns may be lost, no other thread may wait for ever, and what was begun can be ended.
#include "../c/check.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <numa_ext.h>

enum Act { THROW, CANCEL };

struct Thrown {};

struct Guard {
	int *destroyed;
	~Guard() { ++*destroyed; }
};

static Act act;
static int called, destroyed;
static unsigned long zero = 1, one = 2;
static struct bitmask from = {8 * sizeof(zero), &zero}, to = {8 * sizeof(one), &one};

static int leave(const struct numa_ext_migrate_progress *, void *arg)
{
	if (called++ < *static_cast<int *>(arg))
		return 0;
	if (act == THROW)
		throw Thrown();
	pthread_cancel(pthread_self());
	pthread_testcancel();
	return 0;
}

// Leaves at the call of this number, counted from 0.
static int number;

static struct numa_ext_migrate_options dry()
{
	struct numa_ext_migrate_options options;

	memset(&options, 0, sizeof(options));
	options.size = sizeof(options);
	options.flags = NUMA_EXT_MIGRATE_DRY_RUN;
	options.max_workers = 2;
	options.progress = leave;
	options.progress_arg = &number;
	return options;
}

static void whole()
{
	Guard guard = {&destroyed};
	struct numa_ext_migrate_options options = dry();

	numa_ext_migrate(0, &from, &to, &options, nullptr, 0);
}

static struct numa_ext_migration *migration;

static void work()
{
	Guard guard = {&destroyed};

	numa_ext_migrate_work(migration);
}

static void *cancelled(void *call)
{
	reinterpret_cast<void (*)()>(call)();
	return nullptr;
}

static void leave_once(void (*call)())
{
	called = destroyed = 0;
	if (act == THROW) {
		bool caught = false;

		try {
			call();
		} catch (const Thrown &) {
			caught = true;
		}
		CHECK(caught, "nothing was caught");
	} else {
		pthread_t thread;
		void *result = nullptr;

		if (pthread_create(&thread, nullptr, cancelled, reinterpret_cast<void *>(call)))
			abort();
		pthread_join(thread, &result);
		CHECK(result == PTHREAD_CANCELED, "the thread was not cancelled");
	}
	EQUAL(called, number + 1);
	EQUAL(destroyed, 1);
}

static void leave_work()
{
	struct numa_ext_migrate_options options = dry();
	struct numa_ext_migrate_progress progress;

	migration = numa_ext_migrate_begin(0, &from, &to, &options);
	if (!migration)
		abort();
	leave_once(work);
	// It has stopped, so that others do not wait for what this one had in hand.
	EQUAL(numa_ext_migrate_work(migration), 0);
	EQUAL(called, number + 1);
	numa_ext_migrate_query(migration, &progress);
	CHECK(progress.moved <= progress.examined, "%lu of %lu", progress.moved, progress.examined);
	EQUAL(numa_ext_migrate_counts(migration, nullptr, 0), 1);
	numa_ext_migrate_end(migration);
}

static void leave_whole()
{
	leave_once(whole);
}

static long descriptors()
{
	long open = 0;

	for (int fd = 0; fd < 256; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	return open;
}

static void lose_nothing(void (*once)())
{
	const size_t bytes = 64 << 20;
	void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	SKIP_IF(syscall(SYS_move_pages, 0, 0UL, nullptr, nullptr, nullptr, 0) < 0, "move_pages: %s", strerror(errno));
	SKIP_IF(access("/sys/devices/system/node/node0", F_OK), "no NUMA in this kernel");
	// Several pieces of work.
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 1, bytes);
	for (number = 0; number < 3; number++) {
		// Caches of malloc and of the unwinder.
		for (int i = 0; i < 10 && !check_failures; i++)
			once();
		long heap = static_cast<long>(mallinfo2().uordblks), open = descriptors();

		for (int i = 0; i < 20 && !check_failures; i++)
			once();
		EQUAL(static_cast<long>(mallinfo2().uordblks), heap);
		EQUAL(descriptors(), open);
	}
	munmap(memory, bytes);
}

TEST(exceptions_out_of_one_call)
{
	act = THROW;
	lose_nothing(leave_whole);
}

TEST(exceptions_out_of_a_worker)
{
	act = THROW;
	lose_nothing(leave_work);
}

TEST(cancellation_in_one_call)
{
	act = CANCEL;
	lose_nothing(leave_whole);
}

TEST(cancellation_in_a_worker)
{
	act = CANCEL;
	lose_nothing(leave_work);
}
