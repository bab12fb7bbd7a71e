/*
 * Runs a command under a seccomp filter on memory policy calls, or opens a library there.
 *
 *	filtered CALL[,CALL...]|all kill|ERRNO COMMAND [ARGUMENT...]
 *	filtered CALL[,CALL...]|all kill|ERRNO --open LIBRARY
 *
 * Exit status: that of the command; 77 if the kernel takes no filter.
 */
#define _GNU_SOURCE
#include "../filter.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned set = 0, answer;

	if (argc < 4)
		return 2;
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ",")) {
		unsigned before = set;

		for (size_t i = 0; i < sizeof(policy_calls) / sizeof(policy_calls[0]); i++)
			if (!strcmp(name, policy_calls[i].name) || !strcmp(name, "all"))
				set |= 1u << i;
		if (set == before)
			return 2;
	}
	answer = !strcmp(argv[2], "kill") ? (unsigned)KILL : ANSWER((unsigned)atoi(argv[2]));
	if (filter(set, answer))
		return 77;
	if (!strcmp(argv[3], "--open")) {
		for (int i = 0; i < 3; i++) {
			void *library = argc > 4 ? dlopen(argv[4], RTLD_NOW) : NULL;

			if (!library || !dlsym(library, "numa_available")) {
				fprintf(stderr, "%s\n", dlerror());
				return 1;
			}
			dlclose(library);
		}
		return 0;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 127;
}
