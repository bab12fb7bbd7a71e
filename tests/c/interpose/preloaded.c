/* A library that is preloaded and stands in for some of the library's functions. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct preloaded_calls {
	int errors, warnings, mbind, set_mempolicy;
	char text[512];
} preloaded_calls;

void numa_error(char *where)
{
	preloaded_calls.errors++;
	snprintf(preloaded_calls.text, sizeof(preloaded_calls.text), "%s %d", where, errno);
}

void numa_warn(int number, char *format, ...)
{
	va_list args;
	int used = snprintf(preloaded_calls.text, sizeof(preloaded_calls.text), "%d ", number);

	preloaded_calls.warnings++;
	va_start(args, format);
	vsnprintf(preloaded_calls.text + used, sizeof(preloaded_calls.text) - (size_t)used, format, args);
	va_end(args);
}

long mbind(void *start, unsigned long len, int mode, const unsigned long *mask, unsigned long maxnode,
	   unsigned flags)
{
	(void)start, (void)len, (void)mode, (void)mask, (void)maxnode, (void)flags;
	preloaded_calls.mbind++;
	errno = EDOM;
	return -1;
}

long set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	(void)mode, (void)mask, (void)maxnode;
	preloaded_calls.set_mempolicy++;
	errno = EDOM;
	return -1;
}
