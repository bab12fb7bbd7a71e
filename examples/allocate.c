/*
 * allocate: memory on each node that this process may use, and where the kernel put it.
 *
 *   cc -O2 -o allocate allocate.c $(pkg-config --cflags --libs numa)
 *
 * Exit status: 0, or 1 where policies cannot be used or the memory is elsewhere.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <numa.h>

#define SIZE (1024 * 1024)

int main(void)
{
    int node, status = 0;

    if (numa_available() < 0) {
        fprintf(stderr, "allocate: no memory policies here: %s\n",
                strerror(errno));
        return 1;
    }
    /* NULL rather than memory without the policy. */
    numa_fail_alloc_on_error = 1;
    for (node = 0; node <= numa_max_node(); node++) {
        unsigned int bit = (unsigned int)node;
        void *memory;
        int where = -1;

        if (!numa_bitmask_isbitset(numa_all_nodes_ptr, bit))
            continue;
        memory = numa_alloc_onnode(SIZE, node);
        if (memory == NULL) {
            /* numa_error() has said why. */
            status = 1;
            continue;
        }
        /* Pages are placed when they are first touched. */
        memset(memory, 1, SIZE);
        if (numa_move_pages(0, 1, &memory, NULL, &where, 0) < 0) {
            printf("node %d: 1 MiB, it is not known where: %s\n", node,
                   strerror(errno));
        } else {
            printf("node %d: 1 MiB, its first page is on node %d\n",
                   node, where);
            status |= where != node;
        }
        numa_free(memory, SIZE);
    }
    return status;
}
