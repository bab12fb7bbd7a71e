/*
 * threads: a thread on each node that has CPUs for this process, with memory from that node.
 *
 *   cc -O2 -pthread -o threads threads.c $(pkg-config --cflags --libs numa)
 *
 * Works in containers that deny memory policies: a thread stays on the CPUs of its node, and the
 * kernel's default is the memory nearest to the CPU.
 *
 * Exit status: 0, or 1 if a thread could not be started or does not run on its node.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <numa.h>

#define SIZE (1024 * 1024)

struct worker {
    pthread_t thread;
    int node;
    int started;
    int failed;
};

/* Runs in each thread. CPUs and policies belong to threads: each sets its own. */
static void *work(void *arg)
{
    struct worker *me = arg;
    void *memory;
    int cpu;

    me->failed = 1;
    if (numa_run_on_node(me->node) < 0) {
        perror("threads: numa_run_on_node");
        return NULL;
    }
    /* Touched here, so placed near this thread; numa_alloc() touches it. */
    memory = numa_alloc(SIZE);
    if (memory == NULL) {
        perror("threads: numa_alloc");
        return NULL;
    }
    cpu = sched_getcpu();
    printf("thread of node %d runs on CPU %d, which is on node %d\n", me->node, cpu, numa_node_of_cpu(cpu));
    me->failed = numa_node_of_cpu(cpu) != me->node;
    numa_free(memory, SIZE);
    return NULL;
}

int main(void)
{
    struct bitmask *nodes = numa_get_run_node_mask();
    struct worker *workers;
    int node, status = 0;

    workers = calloc((size_t)numa_max_node() + 1, sizeof *workers);
    if (nodes == NULL || workers == NULL) {
        perror("threads");
        return 1;
    }
    for (node = 0; node <= numa_max_node(); node++) {
        workers[node].node = node;
        if (!numa_bitmask_isbitset(nodes, (unsigned int)node))
            continue;
        workers[node].started = pthread_create(&workers[node].thread, NULL, work, &workers[node]) == 0;
        status |= !workers[node].started;
    }
    for (node = 0; node <= numa_max_node(); node++)
        if (workers[node].started) {
            pthread_join(workers[node].thread, NULL);
            status |= workers[node].failed;
        }
    free(workers);
    numa_bitmask_free(nodes);
    return status;
}
