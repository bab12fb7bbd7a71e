/*
 * costs: what the memory of each node costs, and a piece of memory on the fast ones alone.
 *
 *   cc -O2 -o costs costs.c $(pkg-config --cflags --libs numa-ext)
 *
 * Exit status: 0, or 1 if no such memory can be had.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include <numa_ext.h>
#include <numaif.h>

#define SIZE (4 * 1024 * 1024)

/* A figure, or a dash where neither kernel nor firmware tell. */
static void show(const char *what, int figure)
{
    if (figure < 0)
        printf("  %s -", what);
    else
        printf("  %s %d", what, figure);
}

int main(void)
{
    struct bitmask *nodes = numa_ext_parse_nodes("mem", 0);
    const char *which = "fast";
    struct bitmask *fast;
    char *memory;
    unsigned int node;

    for (node = 0; nodes != NULL && node < nodes->size; node++) {
        if (!numa_bitmask_isbitset(nodes, node))
            continue;
        printf("node %u:", node);
        show("tier", numa_ext_tier((int)node));
        show("ns", numa_ext_best_attribute((int)node, NUMA_EXT_ACCESS_CPUS, NUMA_EXT_READ_LATENCY));
        show("MB/s", numa_ext_best_attribute((int)node, NUMA_EXT_ACCESS_CPUS, NUMA_EXT_READ_BANDWIDTH));
        show("weight", numa_ext_get_weight((int)node));
        printf("\n");
    }

    /* Where the machine does not say what is fast, whatever there is. */
    fast = numa_ext_parse_nodes(which, 0);
    if (fast == NULL) {
        printf("fast memory is not known: %s\n", numa_ext_reason());
        which = "any";
        fast = numa_ext_parse_nodes("mem", 0);
    }
    /* NULL if the policy was refused: never memory from elsewhere. */
    memory = numa_ext_alloc(SIZE, MPOL_BIND, fast, 0);
    if (memory == NULL)
        fprintf(stderr, "costs: no memory: %s\n", numa_ext_reason());
    if (nodes != NULL)
        numa_bitmask_free(nodes);
    if (fast != NULL)
        numa_bitmask_free(fast);
    if (memory == NULL)
        return 1;
    memset(memory, 1, SIZE);
    printf("%d MiB are on %s nodes\n", SIZE >> 20, which);
    numa_free(memory, SIZE);
    return 0;
}
