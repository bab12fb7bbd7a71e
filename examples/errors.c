/*
 * errors NODE: memory policies in a program that is to print nothing of the library's and not to end:
 * what failed, why, and what it does instead.
 *
 *   cc -O2 -o errors errors.c $(pkg-config --cflags --libs numa)
 *
 * Exit status: 0, also where the policy is refused; 2 for a wrong command line.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <numa.h>

static int failed; /* errno of the last failure; a program with threads has one for each. */

/* The library calls these instead of its own, which print. */
void numa_error(char *place)
{
    (void)place;
    failed = errno;
}

void numa_warn(int number, char *format, ...)
{
    (void)number;
    (void)format;
}

/* What the error of a policy means. */
static const char *reason(int error)
{
    switch (error) {
    case EPERM:
        return "a filter denies it: in a container, give it CAP_SYS_NICE";
    case ENOSYS:
        return "this kernel has no memory policies";
    case EINVAL:
        return "the node has no memory that this process may use, or the kernel is too old";
    default:
        return strerror(error);
    }
}

int main(int argc, char **argv)
{
    struct bitmask *nodes = numa_allocate_nodemask();
    char *end;
    long node;

    if (argc != 2 || nodes == NULL || (node = strtol(argv[1], &end, 10)) < 0 || end == argv[1] || *end != '\0' ||
        node >= numa_num_possible_nodes()) {
        fprintf(stderr, "usage: errors NODE, from 0 to %d\n", numa_num_possible_nodes() - 1);
        return 2;
    }
    numa_bitmask_setbit(nodes, (unsigned int)node);

    failed = 0;
    numa_set_membind(nodes);
    if (failed == 0)
        printf("memory comes from node %ld only\n", node);
    else
        printf("memory cannot be bound to node %ld: %s\n", node, reason(failed));
    /* The next best: the CPUs of the node, whose memory is then the nearest. */
    if (failed != 0 && numa_run_on_node((int)node) == 0)
        printf("the program runs on the CPUs of node %ld instead\n", node);
    else if (failed != 0)
        printf("the program cannot run on its CPUs either, and goes on as it is: %s\n", strerror(errno));

    /* The program's own work, which does not depend on any of this. */
    numa_bitmask_free(nodes);
    return 0;
}
