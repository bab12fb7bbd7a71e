/*
 * What stable Rust lacks: variadic functions, weak symbols and thread-local variables without std.
 *
 * A program may define each weak function itself. The library's Rust code calls them through these
 * symbols, and so calls the definition of the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WEAK __attribute__((weak, visibility("default")))
#define EXPORT __attribute__((visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))

/* The program sets these; they are defined in variables.rs. */
extern int numa_exit_on_error;
extern int numa_exit_on_warn;

/*
 * Settings of a thread. General dynamic TLS, as a library that may be opened with dlopen has no
 * claim on static TLS space.
 */
static __thread int prefers, is_strict;

EXPORT void numa_set_bind_policy(int strict);
EXPORT void numa_set_bind_policy(int strict)
{
	prefers = !strict;
}

EXPORT void numa_set_strict(int flag);
EXPORT void numa_set_strict(int flag)
{
	is_strict = !!flag;
}

HIDDEN _Bool numa_rs_prefers(void);
HIDDEN _Bool numa_rs_prefers(void)
{
	return prefers;
}

HIDDEN _Bool numa_rs_is_strict(void);
HIDDEN _Bool numa_rs_is_strict(void)
{
	return is_strict;
}

/* Cancellation is disabled while the library prints, so that a message is printed whole. */
WEAK void numa_error(char *where)
{
	int saved = errno, state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	perror(where);
	pthread_setcancelstate(state, NULL);
	if (numa_exit_on_error)
		exit(1);
	errno = saved;
}

/* Returns 1 the first time for each number from 0 to 31, and always for other numbers. */
static int first_time(int number)
{
	static unsigned seen;
	unsigned bit;

	if (number < 0 || number > 31)
		return 1;
	bit = 1u << number;
	if (__atomic_load_n(&seen, __ATOMIC_RELAXED) & bit)
		return 0;
	return !(__atomic_fetch_or(&seen, bit, __ATOMIC_RELAXED) & bit);
}

/* Prints a line with one call, so that lines of several threads do not mix. */
static void print_warning(const char *format, va_list args)
{
	static const char prefix[] = "libnuma: Warning: ";
	const size_t start = sizeof prefix - 1;
	char near[512], *far = NULL, *line = near;
	size_t room = sizeof near, end;
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(near + start, room - start, format, args);
	end = start + (len > 0 ? (size_t)len : 0);
	if (end + 2 > room) {
		far = malloc(end + 2);
		if (far) {
			line = far;
			room = end + 2;
			vsnprintf(line + start, room - start, format, again);
		}
		end = room - 2;
	}
	va_end(again);
	memcpy(line, prefix, start);
	line[end] = '\n';
	line[end + 1] = 0;
	fputs(line, stderr);
	free(far);
}

WEAK void numa_warn(int number, char *format, ...)
{
	int saved = errno, state;

	if (first_time(number)) {
		va_list args;

		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
		va_start(args, format);
		print_warning(format, args);
		va_end(args);
		pthread_setcancelstate(state, NULL);
	}
	if (numa_exit_on_warn)
		exit(1);
	errno = saved;
}

WEAK long mbind(void *start, unsigned long len, int mode, const unsigned long *nodemask,
		unsigned long maxnode, unsigned flags)
{
	return syscall(SYS_mbind, start, len, mode, nodemask, maxnode, flags);
}

WEAK long set_mempolicy(int mode, const unsigned long *nodemask, unsigned long maxnode)
{
	return syscall(SYS_set_mempolicy, mode, nodemask, maxnode);
}

WEAK long get_mempolicy(int *mode, unsigned long *nodemask, unsigned long maxnode, void *addr,
			unsigned flags)
{
	return syscall(SYS_get_mempolicy, mode, nodemask, maxnode, addr, flags);
}

WEAK long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from,
			const unsigned long *to)
{
	return syscall(SYS_migrate_pages, pid, maxnode, from, to);
}

WEAK long move_pages(int pid, unsigned long count, void **pages, const int *nodes, int *status,
		     int flags)
{
	return syscall(SYS_move_pages, pid, count, pages, nodes, status, flags);
}
