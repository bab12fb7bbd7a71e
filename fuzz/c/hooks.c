/*
 * What the library says through numa_warn and numa_error, kept instead of printed. A program may define
 * both; the library, and the reference, call the program's then.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char said[65536];

/* Returns what was said since the last time. */
const char *fuzz_said(void);
const char *fuzz_said(void)
{
	return said;
}

void fuzz_forget(void);
void fuzz_forget(void)
{
	said[0] = 0;
}

void numa_warn(int number, char *format, ...);
void numa_warn(int number, char *format, ...)
{
	size_t used = strlen(said);
	int error = errno;
	va_list args;

	if (used < sizeof(said) - 64)
		used += (size_t)snprintf(said + used, sizeof(said) - used, "[%d ", number);
	va_start(args, format);
	vsnprintf(said + used, sizeof(said) - used, format, args);
	va_end(args);
	used = strlen(said);
	if (used < sizeof(said) - 2)
		strcpy(said + used, "]");
	errno = error;
}

void numa_error(char *where);
void numa_error(char *where)
{
	size_t used = strlen(said);
	int error = errno;

	snprintf(said + used, sizeof(said) - used, "[error %s: %d]", where, error);
	errno = error;
}
