/*
 * What Rust that does not unwind and has no std cannot say: variables of a thread, and giving up what a
 * call owns when a C++ exception of the program's function passes, or the thread is cancelled in it.
 *
 * A cleanup as compilers make one ends in the unwinder's _Unwind_Resume. The library, which needs libc
 * alone, would bring a copy of it, and one unwinder does not go on with another's exception. So the
 * function that calls back has a personality of its own, which cleans up while the unwinder asks it and
 * lets it go on.
 */
#include <stddef.h>
#include <stdint.h>

#define HIDDEN __attribute__((visibility("hidden")))

struct numa_ext_migrate_progress;
typedef int progress_t(const struct numa_ext_migrate_progress *now, void *arg);

/* In migrate.rs: ends the call that owns it. */
typedef void give_up_t(void *owned);

/* What the calls that are in a callback of this thread own, the innermost first. */
struct entry {
	give_up_t *give_up;
	void *owned;
	struct entry *before;
};
static __thread struct entry *innermost;

/* Why the last call of this thread failed. As large as ROOM in reason.rs. */
static __thread char reason[512];

HIDDEN char *numa_ext_rs_reason(void);
HIDDEN int numa_ext_rs_call(progress_t *progress, const struct numa_ext_migrate_progress *now,
			    void *arg, give_up_t *give_up, void *owned);
HIDDEN int numa_ext_rs_leave(int version, int actions, uint64_t class, void *exception, void *context);

HIDDEN char *numa_ext_rs_reason(void)
{
	return reason;
}

/* The unwinder asks this of a frame of numa_ext_rs_call. */
HIDDEN int numa_ext_rs_leave(int version, int actions, uint64_t class, void *exception, void *context)
{
	enum { CLEANUP_PHASE = 2, CONTINUE_UNWIND = 8 };

	(void)version, (void)class, (void)exception, (void)context;
	if (actions & CLEANUP_PHASE) {
		struct entry *left = innermost;

		innermost = left->before;
		left->give_up(left->owned);
	}
	return CONTINUE_UNWIND;
}

HIDDEN __attribute__((noinline)) int
numa_ext_rs_call(progress_t *progress, const struct numa_ext_migrate_progress *now, void *arg,
		 give_up_t *give_up, void *owned)
{
	struct entry entry = {give_up, owned, innermost};
	int answer;

	/* 32-bit ARM has tables of another kind: there it is lost. */
#ifndef __arm__
	/* A distance of four bytes to the function. */
	__asm__ volatile(".cfi_personality 0x1b, numa_ext_rs_leave");
#endif
	innermost = &entry;
	answer = progress(now, arg);
	innermost = entry.before;
	return answer;
}
