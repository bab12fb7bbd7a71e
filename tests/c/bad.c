/*
 * A deliberately bad program: tests/c/run proves with it that memory errors are noticed where
 * it says so. The arguments name the error.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <numa.h>

int main(int argc, char **argv)
{
	struct bitmask *mask = numa_bitmask_alloc(64);
	volatile int one = 1;

	if (argc < 2 || !mask)
		return 2;
	if (!strcmp(argv[1], "leak"))
		mask = NULL;
	else if (!strcmp(argv[1], "overrun"))
		printf("%lu\n", mask->maskp[one]);
	else if (!strcmp(argv[1], "freed")) {
		numa_bitmask_free(mask);
		numa_bitmask_setbit(mask, 0);
		mask = NULL;
	} else if (!strcmp(argv[1], "undefined"))
		printf("%d\n", INT_MAX - (int)mask->size + 64 + one);
	else if (strcmp(argv[1], "nothing"))
		return 2;
	numa_bitmask_free(mask);
	return 0;
}
