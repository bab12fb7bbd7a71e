/*
 * nodes: what this machine has, and what this process may use of it: the nodes, their CPUs, memory and
 * distances.
 *
 *   cc -O2 -o nodes nodes.c $(pkg-config --cflags --libs numa)
 *
 * Exit status: 0, or 1 if there is no memory for a mask.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <stdio.h>

#include <numa.h>

#define MIB (1024 * 1024)

/* Prints the numbers in a mask, as "0-3,8". */
static void print_mask(const struct bitmask *mask)
{
    unsigned int i, first;
    const char *comma = "";

    for (i = 0; i < mask->size; i++) {
        if (!numa_bitmask_isbitset(mask, i))
            continue;
        for (first = i; numa_bitmask_isbitset(mask, i + 1); i++)
            ;
        printf(first == i ? "%s%u" : "%s%u-%u", comma, first, i);
        comma = ",";
    }
    if (*comma == '\0')
        printf("none");
}

int main(void)
{
    struct bitmask *cpus = numa_allocate_cpumask();
    int node, other;

    if (cpus == NULL) {
        perror("nodes");
        return 1;
    }
    /* The numbers of nodes may have gaps: the highest one is no count. */
    for (node = 0; node <= numa_max_node(); node++) {
        long long size, left;

        if (!numa_bitmask_isbitset(numa_nodes_ptr, (unsigned int)node))
            continue;
        printf("node %d: CPUs ", node);
        if (numa_node_to_cpus(node, cpus) == 0)
            print_mask(cpus);
        else
            printf("unknown");
        size = numa_node_size64(node, &left);
        if (size >= 0 && left >= 0)
            printf(", %lld MiB, %lld MiB free", size / MIB, left / MIB);
        if (!numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned int)node))
            printf(", not for this process");
        printf("\n  distances:");
        for (other = 0; other <= numa_max_node(); other++)
            if (numa_bitmask_isbitset(numa_nodes_ptr, (unsigned int)other))
                printf(" %d", numa_distance(node, other));
        printf("\n");
    }
    printf("this process may use memory of nodes ");
    print_mask(numa_all_nodes_ptr);
    printf(" and run on CPUs ");
    print_mask(numa_all_cpus_ptr);
    printf("\n");
    numa_bitmask_free(cpus);
    return 0;
}
