// Exceptions, cancellation and backtraces that pass through the library: the program's own
// numa_error and numa_warn throw, are cancelled in or look at the stack. Nothing that the library
// owns may be lost on the way: memory of the heap, mappings, file descriptors.
//
// Each call that can call back is made in a process of its own.
#include "../check.h"
#include "held.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <malloc.h>
#include <numa.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unwind.h>

// Symbols of later releases, so that the tests also run on an earlier one.
#pragma weak numa_alloc_weighted_interleaved
#pragma weak numa_alloc_weighted_interleaved_subset
#pragma weak numa_get_weighted_interleave_mask
#pragma weak numa_preferred_err
#pragma weak numa_set_weighted_interleave_mask
#pragma weak numa_weighted_interleave_memory

// worlds.c
extern "C" const char *policies_refused(void);
extern "C" const char *a_node_without_cpumap(void);

// ---- the callbacks -----------------------------------------------------------------------------

enum Callback { ERROR, WARNING };
enum Act { NOTHING, THROW, CANCEL, BACKTRACE, CANCEL_BEFORE, CANCEL_IN_READ };

struct Thrown {
	int errno_then;
};

static Act act;
static Callback acting;
static int called;
static int frames_of_ours, frames_of_main;

int main(int argc, char **argv);
static void outermost(void (*run)());

static void call_back(Callback callback)
{
	void *frames[100];
	int count;

	if (callback != acting)
		return;
	called++;
	switch (act) {
	case THROW:
		throw Thrown{errno};
	case CANCEL:
		pthread_cancel(pthread_self());
		pthread_testcancel();
		break;
	case BACKTRACE:
		count = backtrace(frames, 100);
		for (int i = 0; i < count; i++) {
			void *function = _Unwind_FindEnclosingFunction(frames[i]);

			frames_of_ours += function == reinterpret_cast<void *>(outermost);
			frames_of_main += function == reinterpret_cast<void *>(main);
		}
		break;
	default:
		break;
	}
}

extern "C" void numa_error(char *)
{
	call_back(ERROR);
}

extern "C" void numa_warn(int, char *, ...)
{
	call_back(WARNING);
}

// A thread that is cancelled while it reads a file.
extern "C" ssize_t read(int fd, void *buffer, size_t size)
{
	if (act == CANCEL_IN_READ && fd > 2) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
	return syscall(SYS_read, fd, buffer, size);
}

// ---- the calls ---------------------------------------------------------------------------------

static struct bitmask *first, *none, *missing, *cpus, *bit;
static nodemask_t old_first, old_missing;
static char *memory;
static size_t bytes;

// What the calls take, made before anything is counted.
static void arguments()
{
	bytes = 2 * static_cast<size_t>(sysconf(_SC_PAGESIZE));
	memory = static_cast<char *>(numa_alloc(bytes));
	first = numa_bitmask_setbit(numa_allocate_nodemask(), 0);
	none = numa_allocate_nodemask();
	missing = numa_bitmask_setbit(numa_allocate_nodemask(), static_cast<unsigned>(numa_num_possible_nodes()) - 1);
	cpus = numa_allocate_cpumask();
	bit = numa_bitmask_alloc(1);
	nodemask_zero(&old_first);
	nodemask_set_compat(&old_first, 0);
	nodemask_zero(&old_missing);
	nodemask_set_compat(&old_missing, 100);
}

template <typename Function> static Function old(const char *name)
{
	void *found = dlvsym(RTLD_DEFAULT, name, "libnuma_1.1");

	if (!found) {
		CHECK(0, "no %s@libnuma_1.1", name);
		exit(1);
	}
	return reinterpret_cast<Function>(found);
}

struct Call {
	const char *name;
	Callback callback;
	void (*run)();
	bool there;
};

#define CALL(callback, ...) {#__VA_ARGS__, callback, [] { __VA_ARGS__; }, true}
// The results are the caller's.
#define MASK(callback, ...) {#__VA_ARGS__, callback, [] { numa_bitmask_free(__VA_ARGS__); }, true}
#define MEMORY(callback, ...) {#__VA_ARGS__, callback, [] { numa_free(__VA_ARGS__, bytes); }, true}
#define OLD(callback, name, type, ...) \
	{#name "@libnuma_1.1(" #__VA_ARGS__ ")", callback, [] { old<type>(#name)(__VA_ARGS__); }, true}
#define LATER(name, callback, ...) {#name, callback, [] { __VA_ARGS__; }, name != nullptr}

static const Call plain[] = {
	CALL(ERROR, numa_bitmask_alloc(0)),
	CALL(ERROR, numa_run_on_node_mask(none)),
	CALL(ERROR, numa_run_on_node_mask_all(none)),
	CALL(ERROR, numa_bind(none)),
	CALL(ERROR, numa_run_on_node_mask(missing)),
	CALL(WARNING, numa_run_on_node_mask(missing)),
	CALL(WARNING, numa_run_on_node_mask_all(missing)),
	CALL(WARNING, numa_bind(missing)),
	CALL(WARNING, numa_run_on_node(numa_num_possible_nodes() - 1)),
	CALL(WARNING, numa_run_on_node(-2)),
	MASK(WARNING, numa_parse_nodestring("junk")),
	MASK(WARNING, numa_parse_nodestring("0,99999")),
	MASK(WARNING, numa_parse_nodestring("0,0-99999")),
	MASK(WARNING, numa_parse_nodestring("0,0-")),
	MASK(WARNING, numa_parse_nodestring("!18446744073709551616")),
	MASK(WARNING, numa_parse_nodestring("netdev:no-such-name")),
	MASK(WARNING, numa_parse_nodestring("0,netdev:no-such-name")),
	MASK(WARNING, numa_parse_nodestring("netdev:a/b")),
	MASK(WARNING, numa_parse_nodestring("block:no-such-name")),
	MASK(WARNING, numa_parse_nodestring("file:/no/such/file")),
	MASK(WARNING, numa_parse_nodestring("file:/proc/self/status")),
	MASK(WARNING, numa_parse_nodestring("pci:junk")),
	MASK(WARNING, numa_parse_nodestring("pci:ffff:ff:1f.7")),
	MASK(WARNING, numa_parse_nodestring_all("0,junk")),
	MASK(WARNING, numa_parse_nodestring_all("0,99999")),
	MASK(WARNING, numa_parse_nodestring_all("netdev:no-such-name")),
	MASK(WARNING, numa_parse_cpustring("0,junk")),
	MASK(WARNING, numa_parse_cpustring("0,999999")),
	MASK(WARNING, numa_parse_cpustring("0-")),
	MASK(WARNING, numa_parse_cpustring_all("0,junk")),
	MASK(WARNING, numa_parse_cpustring_all("0-999999")),
#ifndef LINKED_STATICALLY
	// A static program's getaddrinfo opens libraries.
	MASK(WARNING, numa_parse_nodestring("ip:127.0.0.1")),
	OLD(WARNING, numa_run_on_node_mask, int (*)(const nodemask_t *), &old_missing),
#endif
};

// With all policy calls refused.
static const Call refused[] = {
	CALL(ERROR, numa_set_membind(first)),
	CALL(ERROR, numa_set_membind_balancing(first)),
	CALL(ERROR, numa_set_interleave_mask(first)),
	CALL(ERROR, numa_set_interleave_mask(none)),
	LATER(numa_set_weighted_interleave_mask, ERROR, numa_set_weighted_interleave_mask(first)),
	CALL(ERROR, numa_set_preferred(0)),
	CALL(ERROR, numa_set_preferred(-1)),
	CALL(ERROR, numa_set_preferred_many(first)),
	CALL(WARNING, numa_set_preferred_many(first)),
	CALL(ERROR, numa_set_localalloc()),
	CALL(ERROR, numa_bind(first)),
	MASK(ERROR, numa_get_membind()),
	MASK(ERROR, numa_get_interleave_mask()),
	LATER(numa_get_weighted_interleave_mask, ERROR, numa_bitmask_free(numa_get_weighted_interleave_mask())),
	MASK(ERROR, numa_get_mems_allowed()),
	MASK(ERROR, numa_preferred_many()),
	CALL(ERROR, numa_preferred()),
	LATER(numa_preferred_err, ERROR, numa_preferred_err()),
	MEMORY(ERROR, numa_alloc_onnode(bytes, 0)),
	MEMORY(ERROR, numa_alloc_local(bytes)),
	MEMORY(ERROR, numa_alloc_interleaved(bytes)),
	MEMORY(ERROR, numa_alloc_interleaved_subset(bytes, first)),
	LATER(numa_alloc_weighted_interleaved, ERROR, numa_free(numa_alloc_weighted_interleaved(bytes), bytes)),
	LATER(numa_alloc_weighted_interleaved_subset, ERROR,
	      numa_free(numa_alloc_weighted_interleaved_subset(bytes, first), bytes)),
	CALL(ERROR, numa_tonode_memory(memory, bytes, 0)),
	CALL(ERROR, numa_tonodemask_memory(memory, bytes, first)),
	CALL(ERROR, numa_setlocal_memory(memory, bytes)),
	CALL(ERROR, numa_interleave_memory(memory, bytes, first)),
	LATER(numa_weighted_interleave_memory, ERROR, numa_weighted_interleave_memory(memory, bytes, first)),
#ifndef LINKED_STATICALLY
	OLD(ERROR, numa_bind, void (*)(const nodemask_t *), &old_first),
	OLD(ERROR, numa_set_membind, void (*)(const nodemask_t *), &old_first),
	OLD(ERROR, numa_set_interleave_mask, void (*)(nodemask_t *), &old_first),
	OLD(ERROR, numa_get_membind, nodemask_t (*)(void)),
	OLD(ERROR, numa_get_interleave_mask, nodemask_t (*)(void)),
	OLD(ERROR, numa_interleave_memory, void (*)(void *, size_t, const nodemask_t *), memory, bytes, &old_first),
	OLD(ERROR, numa_tonodemask_memory, void (*)(void *, size_t, const nodemask_t *), memory, bytes, &old_first),
	{"numa_alloc_interleaved_subset@libnuma_1.1", ERROR, [] {
		 numa_free(old<void *(*)(size_t, const nodemask_t *)>("numa_alloc_interleaved_subset")(bytes, &old_first),
			   bytes);
	 }, true},
#endif
};

// On two nodes, the second of which has no map of its CPUs.
static const Call unreadable[] = {
	CALL(ERROR, numa_node_to_cpus(0, bit)),
	CALL(WARNING, numa_node_to_cpus(1, cpus)),
	CALL(WARNING, numa_run_on_node(1)),
	CALL(WARNING, numa_node_of_cpu(7)),
	MASK(WARNING, numa_get_run_node_mask()),
	CALL(WARNING, numa_run_on_node_mask_all(numa_nodes_ptr)),
#ifndef LINKED_STATICALLY
	{"numa_node_to_cpus@libnuma_1.1", WARNING, [] {
		 static unsigned long words[1024];

		 old<int (*)(int, unsigned long *, int)>("numa_node_to_cpus")(1, words, sizeof(words));
	 }, true},
	OLD(WARNING, numa_get_run_node_mask, nodemask_t (*)(void)),
#endif
};

// Calls that read files, each time or after numa_node_to_cpu_update().
static const Call reading[] = {
	CALL(WARNING, numa_node_to_cpu_update(); numa_node_to_cpus(0, cpus)),
	CALL(WARNING, numa_node_to_cpu_update(); numa_node_of_cpu(0)),
	CALL(WARNING, numa_node_to_cpu_update(); numa_run_on_node(0)),
	CALL(WARNING, numa_node_to_cpu_update(); numa_run_on_node_mask(first)),
	CALL(WARNING, numa_node_to_cpu_update(); numa_bitmask_free(numa_get_run_node_mask())),
	CALL(WARNING, numa_distance(0, 0)),
	CALL(WARNING, numa_node_size64(0, nullptr)),
	CALL(WARNING, numa_num_configured_cpus()),
	MASK(WARNING, numa_parse_nodestring("netdev:lo")),
	MASK(WARNING, numa_parse_nodestring("file:/")),
	MASK(WARNING, numa_parse_nodestring_all("all")),
	MASK(WARNING, numa_parse_cpustring("all")),
	MASK(WARNING, numa_parse_cpustring_all("all")),
};

static void __attribute__((noinline)) outermost(void (*run)())
{
	Guard guard;

	run();
}

// ---- one call ----------------------------------------------------------------------------------

#define ROUNDS 20

static const Call *now;

static void throw_once()
{
	bool caught = false;

	called = destroyed = 0;
	try {
		outermost(now->run);
	} catch (const Thrown &) {
		caught = true;
	}
	CHECK(called == 1, "called back %d times", called);
	CHECK(caught, "nothing was caught");
	CHECK(destroyed == 1, "%d destructors ran", destroyed);
}

static void *cancelled_thread(void *)
{
	if (act == CANCEL_BEFORE)
		pthread_cancel(pthread_self());
	outermost(now->run);
	// Not all that the library does is a cancellation point.
	if (act != CANCEL) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
	return nullptr;
}

static void cancel_once()
{
	pthread_t thread;
	void *result = nullptr;

	called = destroyed = 0;
	if (pthread_create(&thread, nullptr, cancelled_thread, nullptr))
		abort();
	pthread_join(thread, &result);
	CHECK(act != CANCEL || called == 1, "called back %d times", called);
	CHECK(result == PTHREAD_CANCELED, "the thread was not cancelled");
	CHECK(destroyed == 1, "%d destructors ran", destroyed);
}

static void lose_nothing(void (*once)())
{
	Held before, after;

	// What is made once stays: caches, the unwinder's and the threads' own things, and the seven freed
	// blocks of a size that malloc keeps aside.
	for (int i = 0; i < 10 && !check_failures; i++)
		once();
	before = held();
	for (int i = 0; i < ROUNDS && !check_failures; i++)
		once();
	after = held();
	if (check_failures)
		return;
	CHECK(after.heap == before.heap, "%ld bytes of the heap are lost in %d calls",
	      after.heap - before.heap, ROUNDS);
	CHECK(after.pages == before.pages, "%ld pages stay mapped in %d calls", after.pages - before.pages, ROUNDS);
	CHECK(after.descriptors == before.descriptors, "%ld descriptors stay open in %d calls",
	      after.descriptors - before.descriptors, ROUNDS);
}

static void look_once()
{
	called = frames_of_ours = frames_of_main = 0;
	outermost(now->run);
	CHECK(called >= 1, "not called back");
	CHECK(frames_of_ours >= 1, "the caller of the library is not in the backtrace");
	CHECK(frames_of_main >= 1, "main is not in the backtrace");
}

// ---- all of them -------------------------------------------------------------------------------

template <size_t count> static void each(const Call (&calls)[count], const char *(*prepare)(), Act what)
{
	for (const Call &call : calls) {
		if (!call.there)
			continue;
		int status = IN_CHILD(
			const char *cannot = prepare ? prepare() : nullptr;
			// backtrace(3) opens libgcc_s at its first call, which no filter may see.
			void *frame[1];
			backtrace(frame, 1);
			if (cannot)
				exit(CHECK_SKIP);
			arguments();
			now = &call;
			act = what;
			acting = call.callback;
			if (what == THROW)
				lose_nothing(throw_once);
			else if (what == BACKTRACE)
				look_once();
			else
				lose_nothing(cancel_once););

		SKIP_IF(WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIP, "the kernel takes no seccomp filter");
		CHECK(status == 0, "%s of %s: %s %d",
		      what > BACKTRACE ? "reading" : call.callback == ERROR ? "numa_error" : "numa_warn", call.name,
		      WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
}

TEST(exceptions_pass_through)
{
	each(plain, nullptr, THROW);
}

TEST(exceptions_pass_through_refused_calls)
{
	each(refused, policies_refused, THROW);
}

TEST_IN(a_node_without_cpumap, exceptions_pass_through_unreadable_files)
{
	each(unreadable, nullptr, THROW);
}

TEST(cancelled_threads_run_destructors)
{
	each(plain, nullptr, CANCEL);
}

TEST(cancelled_threads_run_destructors_in_refused_calls)
{
	each(refused, policies_refused, CANCEL);
}

TEST_IN(a_node_without_cpumap, cancelled_threads_run_destructors_with_unreadable_files)
{
	each(unreadable, nullptr, CANCEL);
}

TEST(backtraces_reach_main)
{
	each(plain, nullptr, BACKTRACE);
}

TEST(backtraces_reach_main_from_refused_calls)
{
	each(refused, policies_refused, BACKTRACE);
}

TEST_IN(a_node_without_cpumap, backtraces_reach_main_with_unreadable_files)
{
	each(unreadable, nullptr, BACKTRACE);
}

// No callback here: the library's own calls of libc are cancellation points.
TEST(cancellation_before_files_are_read_loses_nothing)
{
	each(reading, nullptr, CANCEL_BEFORE);
}

TEST(cancellation_while_files_are_read_loses_nothing)
{
	each(reading, nullptr, CANCEL_IN_READ);
}
