// Each function is left by an exception or by cancellation wherever it can be, and a destructor of the caller
// counts it. What the library owns is not lost on the way: memory of the heap, mappings, descriptors.
//
//	unwind throw|cancel|before|step WORLD TIMES
//
// throw   the program's numa_error and numa_warn throw, in each function, TIMES times
// cancel  the thread is cancelled in them
// before  the thread is cancelled before each function, so that its first cancellation point is the end
// step    the thread is cancelled behind TIMES instructions of each function, which are spread over it
// WORLD   0: this machine; 1: all policy calls are refused; 2: a node has no map of its CPUs
//
// The last line is "10,000 calls, 0 bad".
#define CHECK_OWN_MAIN
#include "../c/check.h"
#include "../c/unwind/held.h"
#include "functions.h"
#include "step.h"

#include <execinfo.h>
#include <limits.h>
#include <malloc.h>
#include <numa.h>
#include <pthread.h>
#include <sys/resource.h>
#include <ucontext.h>

enum Act { NOTHING, THROW, CANCEL, BEFORE, STEP };

struct Thrown {};

static Act act;
static int called;

static void call_back()
{
	called++;
	if (act == THROW)
		throw Thrown();
	if (act == CANCEL) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
}

extern "C" void numa_error(char *)
{
	call_back();
}

extern "C" void numa_warn(int, char *, ...)
{
	call_back();
}

// ---- what may be lost --------------------------------------------------------------------------

static long number;

static void __attribute__((noinline)) outermost()
{
	Guard guard;

	functions_call(number);
}

// ---- exceptions --------------------------------------------------------------------------------

static long unwound;

static void throw_once()
{
	bool caught = false;

	called = destroyed = 0;
	try {
		outermost();
	} catch (const Thrown &) {
		caught = true;
	}
	unwound += caught;
	CHECK(caught == (called > 0) && called <= 1, "called back %d times, caught %d", called, caught);
	CHECK(destroyed == 1, "%d destructors ran", destroyed);
}

// ---- cancellation ------------------------------------------------------------------------------

static volatile long instructions, cancel_at;

// Behind one instruction the thread is cancelled, and goes on at full speed.
static void interrupted(int, siginfo_t *, void *context)
{
	if (++instructions != cancel_at)
		return;
	pthread_cancel(pthread_self());
#if defined(__x86_64__)
	static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_EFL] &= ~0x100LL;
#else
	static_cast<void>(context);
#endif
}

static bool came_back;

static void *thread(void *)
{
	numa_node_to_cpu_update();
	instructions = 0;
	if (act == BEFORE)
		pthread_cancel(pthread_self());
	if (act == STEP && cancel_at)
		step(true);
	outermost();
	step(false);
	came_back = true;
	// Not each function has a cancellation point.
	pthread_testcancel();
	return nullptr;
}

static void cancel_once()
{
	pthread_t other;
	void *result = nullptr;

	called = destroyed = 0;
	came_back = false;
	if (pthread_create(&other, nullptr, thread, nullptr))
		abort();
	pthread_join(other, &result);
	unwound += !came_back;
	CHECK(destroyed == 1, "%d destructors ran", destroyed);
	CHECK(result == PTHREAD_CANCELED || (act == CANCEL ? !called : act == STEP && (!cancel_at || instructions < cancel_at)),
	      "the thread was not cancelled");
}

// ---- all of them -------------------------------------------------------------------------------

static void compare(const Held &before, long times)
{
	Held after = held();

	CHECK(after.heap == before.heap, "%ld bytes of the heap are lost in %ld calls", after.heap - before.heap, times);
	CHECK(after.pages == before.pages, "%ld pages stay mapped in %ld calls", after.pages - before.pages, times);
	CHECK(after.descriptors == before.descriptors, "%ld descriptors stay open in %ld calls",
	      after.descriptors - before.descriptors, times);
}

static void one_function(long times)
{
	Held before;
	long length = 0;

	// What is made once stays: caches, the unwinder's and the threads' own things, and the seven freed blocks of
	// a size that malloc keeps aside.
	for (int i = 0; i < 10; i++)
		act == THROW ? throw_once() : cancel_once();
	if (act == STEP) {
		// Nothing is cancelled behind the last instruction, which tells how many there are.
		cancel_at = LONG_MAX;
		cancel_once();
		length = instructions;
	}
	unwound = 0;
	before = held();
	for (long i = 0; i < times && !check_failures; i++) {
		if (act == STEP)
			cancel_at = length * i / times + 1;
		act == THROW ? throw_once() : cancel_once();
		// So that a loss is told with its place.
		if (act == STEP && i % 16 == 0)
			compare(before, i + 1);
	}
	if (!check_failures)
		compare(before, times);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 3 ? argv[1] : "", *cannot = nullptr;
	int world = argc > 3 ? atoi(argv[2]) : 0;
	long times = argc > 3 ? atol(argv[3]) : 0, calls = 0, bad = 0, left = 0;
	struct rlimit none = {0, 0};
	struct sigaction action;
	void *frame[1];

	act = !strcmp(mode, "throw") ? THROW : !strcmp(mode, "cancel") ? CANCEL :
	      !strcmp(mode, "before") ? BEFORE : !strcmp(mode, "step") ? STEP : NOTHING;
	if (act == NOTHING || times < 1) {
		fprintf(stderr, "usage: unwind throw|cancel|before|step WORLD TIMES\n");
		return 2;
	}
#if !defined(__x86_64__)
	if (act == STEP) {
		printf("no trap behind each instruction on this processor\n");
		return CHECK_SKIP;
	}
#endif
	setrlimit(RLIMIT_CORE, &none);
	// The library looks at the machine when it is loaded.
	if (world == 2 && !getenv("UNWIND_PREPARED")) {
		dup2(1, CHECK_REASON_FD);
		cannot = a_node_without_cpumap();
		if (cannot) {
			printf("%s\n", cannot);
			return CHECK_SKIP;
		}
		setenv("UNWIND_PREPARED", "1", 1);
		execv("/proc/self/exe", argv);
		return 126;
	}
	memset(&action, 0, sizeof(action));
	action.sa_sigaction = interrupted;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGTRAP, &action, nullptr);
	for (number = 0; number < functions_count(); number++) {
		int channel[2], status;
		pid_t pid;

		if (pipe(channel))
			abort();
		fflush(stdout);
		pid = fork();
		if (!pid) {
			alarm(900);
			// backtrace(3) opens libgcc_s at its first call, which no filter may see.
			backtrace(frame, 1);
			functions_prepare();
			cannot = world == 1 ? policies_refused() : nullptr;
			if (cannot)
				_exit(CHECK_SKIP);
			one_function(times);
			if (write(channel[1], &unwound, sizeof(unwound)) < 0)
				abort();
			_exit(check_failures ? 1 : 0);
		}
		close(channel[1]);
		if (read(channel[0], &unwound, sizeof(unwound)) == static_cast<ssize_t>(sizeof(unwound)))
			left += unwound;
		close(channel[0]);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIP) {
			printf("the kernel takes no seccomp filter\n");
			return CHECK_SKIP;
		}
		calls += times;
		if (status) {
			bad++;
			printf("%s: %s %d\n", functions_name(number), WIFSIGNALED(status) ? "signal" : "exit",
			       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		}
	}
	printf("%ld functions\n%ld calls, %ld of them left by unwinding, %ld bad\n", functions_count(), calls, left, bad);
	return bad != 0;
}
