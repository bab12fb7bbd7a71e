/*
 * The few things that stable Rust cannot say: variadic functions, weak symbols and
 * thread-local variables without std.
 *
 * Each weak function gives way to a definition of the same name in the program. The
 * library's Rust code calls them through these symbols, so the program's own definition
 * sees its calls too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WEAK __attribute__((weak, visibility("default")))
#define HIDDEN __attribute__((visibility("hidden")))

/*
 * Rust's own libraries are compiled to call these through addresses that are filled in when the
 * library is loaded, which costs about 700 instructions each. The linker is told (--wrap) to
 * call them through these jumps instead, which like all other calls are bound at the first use.
 */
#define LAZY(type, name, parameters, arguments) \
	extern type __real_##name parameters; \
	HIDDEN type __wrap_##name parameters; \
	HIDDEN type __wrap_##name parameters { return __real_##name arguments; }

LAZY(void *, memmove, (void *to, const void *from, size_t size), (to, from, size))
LAZY(void *, memset, (void *to, int byte, size_t size), (to, byte, size))
LAZY(int, memcmp, (const void *a, const void *b, size_t size), (a, b, size))
LAZY(int, bcmp, (const void *a, const void *b, size_t size), (a, b, size))
LAZY(size_t, strlen, (const char *string), (string))
LAZY(char *, strchr, (const char *string, int byte), (string, byte))
LAZY(void *, malloc, (size_t size), (size))
LAZY(void *, calloc, (size_t count, size_t size), (count, size))

/* Both are the same today; memcpy's version would be one more that the linker has to look for. */
HIDDEN void *__wrap_memcpy(void *to, const void *from, size_t size);
HIDDEN void *__wrap_memcpy(void *to, const void *from, size_t size)
{
	return __real_memmove(to, from, size);
}

extern void __real_abort(void) __attribute__((noreturn));
HIDDEN void __wrap_abort(void) __attribute__((noreturn));
HIDDEN void __wrap_abort(void) { __real_abort(); }

extern void __real_free(void *block);
HIDDEN void __wrap_free(void *block);
HIDDEN void __wrap_free(void *block) { __real_free(block); }

/* flags.c */
HIDDEN int numa_rs_exit_on_error(void);
HIDDEN int numa_rs_exit_on_warn(void);
HIDDEN FILE *numa_rs_stderr(void);

/*
 * Per-thread settings: the mode of the bind policy and the strict flag. General dynamic
 * TLS, as a library that may be opened with dlopen has no claim on static TLS space.
 */
static __thread int settings[2];

HIDDEN int *numa_rs_thread_settings(void)
{
	return settings;
}

WEAK void numa_error(char *where)
{
	int saved = errno;

	perror(where);
	if (numa_rs_exit_on_error())
		exit(1);
	errno = saved;
}

/* 1 the first time that a number from 0 to 31 is seen; always for other numbers. */
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

/* One call for the line, so that it stays one when several threads warn. */
static void print_warning(const char *format, va_list args)
{
	static const char prefix[] = "libnuma: Warning: ";
	const size_t start = sizeof prefix - 1;
	char near[512], *far = NULL, *line = near;
	size_t room = sizeof near, end;
	va_list again;
	FILE *out;
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
	memmove(line, prefix, start);
	line[end] = '\n';
	line[end + 1] = 0;
	out = numa_rs_stderr();
	if (out)
		fputs(line, out);
	else /* a static program that has opened this library */
		syscall(SYS_write, STDERR_FILENO, line, end + 1);
	free(far);
}

WEAK void numa_warn(int number, char *format, ...)
{
	int saved = errno;

	if (first_time(number)) {
		va_list args;

		va_start(args, format);
		print_warning(format, args);
		va_end(args);
	}
	if (numa_rs_exit_on_warn())
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
