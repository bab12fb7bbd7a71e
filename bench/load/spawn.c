/*
 * spawn ROUNDS BLOCK EMPTY NAME=PROGRAM...: starts the programs by turns and prints for each block of
 * rounds and each program "load NAME time added per spawn NS": the median of how much longer it took
 * than EMPTY in the same round, from the call until its end was seen.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run(char *program)
{
	char *argv[] = {program, NULL};
	double start = now();
	int status;
	pid_t pid;

	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) || waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "spawn: %s failed\n", program);
		exit(2);
	}
	return now() - start;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double added[16][1024];
	int rounds = argc > 4 ? atoi(argv[1]) : 0, block = argc > 4 ? atoi(argv[2]) : 0, n = argc - 3;
	char *programs[17];

	if (n < 2 || n > 16 || block < 1 || block > 1024)
		return 2;
	programs[0] = argv[3];
	for (int i = 1; i < n; i++) {
		programs[i] = strchr(argv[3 + i], '=');
		if (!programs[i])
			return 2;
		*programs[i]++ = 0;
	}
	for (int i = 0; i < n; i++)
		run(programs[i]);
	for (int round = 0; round < rounds; round++) {
		double took[16];
		int order[16];

		/* In an order that chance has made: who comes before whom must not matter. */
		for (int i = 0; i < n; i++) {
			int k = rand() % (i + 1);

			order[i] = order[k];
			order[k] = i;
		}
		for (int i = 0; i < n; i++)
			took[order[i]] = run(programs[order[i]]);
		for (int i = 1; i < n; i++)
			added[i][round % block] = took[i] - took[0];
		if ((round + 1) % block)
			continue;
		for (int i = 1; i < n; i++) {
			qsort(added[i], (size_t)block, sizeof(double), by_value);
			printf("load\t%s\ttime added per spawn\t%.0f\n", argv[3 + i], added[i][block / 2]);
		}
	}
	return 0;
}
