/*
 * Measures one libnuma.so.1 in one process; bench/run starts many of them and gives what they
 * print to `report`.
 *
 *   bench time  SIDE LIBRARY MICROSECONDS SAMPLES FILTER all|light|fine
 *   bench cold  SIDE LIBRARY ROW call|bound
 *   bench count SIDE LIBRARY FILTER
 *   bench rows  FILTER [cold]
 *   bench unmeasured           functions that no row calls
 *
 * "all" are all rows, "light" those but the ones that take a tenth of a second for a call, "fine" those
 * with that flag.
 * SIDE is a word for the library (reference, ours). FILTER is a part of "group/name", or empty.
 * A line of output is "time SIDE ROW CALL BOUND", in nanoseconds for a call (BOUND is 0 where there
 * is none); "cold SIDE ROW call|bound NANOSECONDS"; "row ROW" before each count.
 */
#define _GNU_SOURCE
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int wanted(const struct row *row, const char *filter)
{
	char full[128];

	snprintf(full, sizeof(full), "%s/%s", row->group, row->name);
	return strstr(full, filter) != NULL;
}

/* Not inlined, and called through a pointer: the compiler cannot see what is measured. */
static void __attribute__((noinline)) nothing(long times)
{
	for (long i = 0; i < times; i++)
		__asm__ volatile("");
}

static double timed(void (*loop)(long), long times)
{
	double start = now();

	loop(times);
	return now() - start;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* How often a call fits into a sample; at least once. */
static long calibrate(void (*loop)(long), double sample)
{
	for (long times = 1;; times *= 2) {
		double took = timed(loop, times);

		/* Whoever was interrupted took too long. */
		for (int i = 0; i < 3 && took > sample / 2 && took < 100 * sample; i++)
			took = least(took, timed(loop, times));
		if (took > sample / 2)
			return (long)((double)times * sample / took) + 1;
	}
}

/*
 * The least of many short samples: the time that nobody else took. Call and bound by turns, so that
 * both see the same machine.
 */
static void measure(const char *side, int index, double sample, int samples)
{
	const struct row *row = &rows[index];
	double call = 1e18, bound = 1e18;
	long call_times, bound_times = 0;

	if (row->prepare)
		row->prepare(row->arg);
	call_times = calibrate(row->call, sample);
	if (row->bound)
		bound_times = calibrate(row->bound, sample);
	if (row->flags & HEAVY)
		samples = 2;
	for (int i = 0; i < samples; i++) {
		call = least(call, timed(row->call, call_times) / (double)call_times);
		if (row->bound)
			bound = least(bound, timed(row->bound, bound_times) / (double)bound_times);
	}
	printf("time\t%s\t%d\t%.3f\t%.3f\n", side, index, call, row->bound ? bound : 0.0);
	if (row->done)
		row->done();
}

static int measured_warm(const struct row *row)
{
	return row->call && !(row->flags & COLD);
}

/* Callgrind begins and ends its counting at these two; see bench/run. */
void __attribute__((noinline)) count_start(void)
{
	__asm__ volatile("");
}
void __attribute__((noinline)) count_end(void)
{
	__asm__ volatile("");
}

#define COUNTED 10

static void count(void (*loop)(long))
{
	loop(2);
	count_start();
	loop(COUNTED);
	count_end();
}

static int usage(void)
{
	fprintf(stderr, "bench: wrong call; see the head of bench/bench.c\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (argc == 2 && !strcmp(argv[1], "unmeasured")) {
		print_unmeasured();
		return 0;
	}
	if (!strcmp(what, "rows")) {
		const char *only = argc > 3 ? argv[3] : "";

		for (int i = 0; i < row_count; i++)
			if (wanted(&rows[i], argv[2]) &&
			    (strcmp(only, "cold") || rows[i].flags & COLD))
				printf("%d\t%s\t%s\n", i, rows[i].group, rows[i].name);
		return 0;
	}
	if (!strcmp(what, "time") && (argc == 8)) {
		open_library(argv[3]);
		for (int i = 0; i < row_count; i++)
			if (measured_warm(&rows[i]) && wanted(&rows[i], argv[6]) &&
			    (strcmp(argv[7], "fine") || rows[i].flags & FINE) &&
			    (strcmp(argv[7], "light") || !(rows[i].flags & HEAVY)) &&
			    can_run(&rows[i]))
				measure(argv[2], i, atof(argv[4]) * 1000, atoi(argv[5]));
		return 0;
	}
	if (!strcmp(what, "cold") && argc == 6) {
		const struct row *row = &rows[atoi(argv[4])];
		void (*volatile empty)(long) = nothing;
		double base, took;

		open_library(argv[3]);
		if (!can_run(row))
			return 0;
		if (row->prepare)
			row->prepare(row->arg);
		timed(empty, 1);
		base = timed(empty, 1);
		if (!strcmp(argv[5], "bound") && !row->bound)
			return 0;
		took = timed(strcmp(argv[5], "bound") ? row->call : row->bound, 1);
		printf("cold\t%s\t%s\t%s\t%.0f\n", argv[2], argv[4], argv[5], took - base);
		return 0;
	}
	if (!strcmp(what, "count") && argc == 5) {
		open_library(argv[3]);
		/* First what the loop itself costs. */
		printf("row\t-1\n");
		count(nothing);
		for (int i = 0; i < row_count; i++) {
			const struct row *row = &rows[i];

			if (!measured_warm(row) || row->flags & NOT_COUNTED ||
			    !wanted(row, argv[4]) || !can_run(row))
				continue;
			if (row->prepare)
				row->prepare(row->arg);
			printf("row\t%d\n", i);
			fflush(stdout);
			count(row->call);
			if (row->done)
				row->done();
		}
		return 0;
	}
	return usage();
}
