/*
 * interleave [NODES]: memory whose pages are spread over nodes in turn, all that this process may use or
 * those of a list such as 0-1,3, and how many pages came from each.
 *
 *   cc -O2 -o interleave interleave.c $(pkg-config --cflags --libs numa)
 *
 * Exit status: 0, 1 where policies cannot be used, 2 for a wrong command line.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <numa.h>

#define PAGES 64

/* Counts the pages that begin at memory by nodes. Returns 0, or -1 with errno. */
static int count(char *memory, unsigned long *counts)
{
    void *pages[PAGES];
    int where[PAGES], i;

    for (i = 0; i < PAGES; i++)
        pages[i] = memory + (size_t)i * (size_t)numa_pagesize();
    if (numa_move_pages(0, PAGES, pages, NULL, where, 0) < 0)
        return -1;
    for (i = 0; i < PAGES; i++)
        if (where[i] >= 0 && where[i] <= numa_max_node())
            counts[where[i]]++;
    return 0;
}

int main(int argc, char **argv)
{
    size_t size = (size_t)PAGES * (size_t)numa_pagesize();
    unsigned long *counts;
    struct bitmask *nodes;
    char *memory;
    int node;

    if (argc > 2) {
        fprintf(stderr, "usage: interleave [NODES]\n");
        return 2;
    }
    if (numa_available() < 0) {
        fprintf(stderr, "interleave: no memory policies here: %s\n", strerror(errno));
        return 1;
    }
    /* Says on stderr what is wrong with the list. */
    nodes = numa_parse_nodestring(argc > 1 ? argv[1] : "all");
    if (nodes == NULL)
        return 2;
    numa_fail_alloc_on_error = 1;
    memory = numa_alloc_interleaved_subset(size, nodes);
    numa_bitmask_free(nodes);
    counts = calloc((size_t)numa_max_node() + 1, sizeof *counts);
    if (memory == NULL || counts == NULL)
        return 1;
    memset(memory, 1, size);
    if (count(memory, counts) < 0)
        printf("%d pages; the kernel does not say where: %s\n", PAGES, strerror(errno));
    else
        for (node = 0; node <= numa_max_node(); node++)
            if (counts[node] > 0)
                printf("node %d: %lu of %d pages\n", node, counts[node], PAGES);
    free(counts);
    numa_free(memory, size);
    return 0;
}
