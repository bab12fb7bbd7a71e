/*
 * The rows of the benchmark: for each a call of the library, and the least that the kernel or the
 * memory behind it would cost (the bound), measured in the same process.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>

/* What a row is held to. */
enum goal_kind {
	NO_GOAL,
	OVER_BOUND,	/* ours / bound */
	OVER_REFERENCE, /* ours / reference */
	ABSOLUTE	/* ours, in the row's unit */
};

enum {
	COLD = 1,     /* the first call of a fresh process: one sample for each process */
	NOT_COUNTED = 2, /* too large for callgrind, or the instructions are the kernel's */
	/* The cost of mappings depends on where the process lies: the libraries are compared through
	 * the bounds that were measured in the same processes. */
	BY_BOUND = 4,
	HEAVY = 8,   /* a tenth of a second for a call: fewer processes */
	FINE = 16     /* a goal of a few percent: more processes */
};

struct row {
	const char *group, *name;
	const char *text; /* the call as written; the row is left out where the library lacks its functions */
	enum goal_kind kind;
	double goal;
	unsigned flags;
	long arg;
	void (*prepare)(long arg); /* for both; may be NULL */
	void (*call)(long times);  /* the library */
	void (*bound)(long times); /* NULL: no bound */
	void (*done)(void);
	const char *unit; /* NULL: nanoseconds. Rows without a call are measured by other programs */
};

extern const struct row rows[];
extern const int row_count;

/* Opens the library at `path` and finds its functions; exits if that is not possible. */
void open_library(const char *path);
int can_run(const struct row *row);
/* Prints the library's functions that no row calls. */
void print_unmeasured(void);

#endif
