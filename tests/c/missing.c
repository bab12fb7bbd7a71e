/*
 * Stands in for what the reference lacks, so that programs link and start there. A test that calls
 * one of these functions is skipped. tests/c/run writes the list.
 */
#define CHECK_OWN_MAIN
#include "check.h"

static void missing(const char *name)
{
	dprintf(CHECK_REASON_FD, CHECK_LACKS "%s\n", name);
	_exit(CHECK_SKIP);
}

#define FUNC(name) void name(void); void name(void) { missing(#name); }
#define OBJECT(name) extern int name; int name;
#include "missing.list"
