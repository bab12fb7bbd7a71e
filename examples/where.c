/*
 * where: on which nodes the pages of a piece of memory are, and which of them are not there yet.
 *
 *   cc -O2 -o where where.c $(pkg-config --cflags --libs numa-ext)
 *
 * Exit status: 0, or 1 if the kernel does not say.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <numa_ext.h>

#define SIZE (4 * 1024 * 1024)

/* Called for each run of pages that are on one node, or on none for the same reason. */
static int show(const struct numa_ext_run *run, void *arg)
{
    size_t pages = (run->end - run->start) / (size_t)numa_pagesize();

    (void)arg;
    if (run->node >= 0)
        printf("  %5zu pages on node %d\n", pages, run->node);
    else if (run->node == -ENOENT || run->node == -EFAULT)
        printf("  %5zu pages that were not touched yet\n", pages);
    else
        printf("  %5zu pages: %s\n", pages, strerror(-run->node));
    return 0; /* Any other value ends it. */
}

int main(void)
{
    char *memory = calloc(1, SIZE);

    if (memory == NULL) {
        perror("where");
        return 1;
    }
    printf("after calloc:\n");
    if (numa_ext_locate_runs(0, memory, SIZE, 0, show, NULL) < 0) {
        /* EPERM: a filter, as those of containers, denies move_pages(2). */
        fprintf(stderr, "where: the kernel does not say: %s\n", strerror(errno));
        free(memory);
        return 1;
    }
    memset(memory, 1, SIZE / 2);
    printf("after its first half was written:\n");
    numa_ext_locate_runs(0, memory, SIZE, 0, show, NULL);
    free(memory);
    return 0;
}
