/*
 * migrate PID FROM TO [WORKERS]: moves the pages of a process from one set of nodes to another,
 * for example `migrate 4711 0-1 2-3 2`. Ctrl-C stops it; pages that have moved stay moved.
 *
 *   cc -O2 -pthread -o migrate migrate.c $(pkg-config --cflags --libs numa-ext)
 *
 * The process must belong to the same user, or the caller needs CAP_SYS_PTRACE. Pages that the process
 * shares with others move only with CAP_SYS_NICE.
 *
 * Exit status: 0 if every page is on its target, 1 if some are not or an error occurred, 2 for a
 * wrong command line, 130 after Ctrl-C.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <numa.h>
#include <numa_ext.h>

#define MAX_WORKERS 64

static struct numa_ext_migration *migration;
static volatile sig_atomic_t interrupted;

/* numa_ext_migrate_stop is async-signal-safe: it only sets a flag. */
static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
    numa_ext_migrate_stop(migration);
}

/* Each worker calls this in its own thread. One of them writes to the terminal at a time. */
static int show_progress(const struct numa_ext_migrate_progress *now, void *arg)
{
    static pthread_mutex_t screen = PTHREAD_MUTEX_INITIALIZER;
    unsigned long *shown = arg, percent;

    if (pthread_mutex_trylock(&screen) != 0)
        return 0;
    percent = now->present ? now->examined * 100 / now->present : 100;
    if (percent != *shown) {
        *shown = percent;
        fprintf(stderr, "\r%3lu %%, %lu pages moved", percent, now->moved);
    }
    pthread_mutex_unlock(&screen);
    return 0; /* Any other value stops the migration. */
}

/* Runs in each thread. Stores errno on failure. */
static void *work(void *error)
{
    if (numa_ext_migrate_work(migration) != 0)
        *(int *)error = errno;
    return NULL;
}

/* Lets threads work until nothing is left; the main thread is one of them. Returns 0 or an errno. */
static int work_together(int workers)
{
    pthread_t threads[MAX_WORKERS];
    int errors[MAX_WORKERS] = {0}, started = 1, i;

    /* If a thread cannot be started, the others do its work. */
    while (started < workers &&
           pthread_create(&threads[started], NULL, work, &errors[started]) == 0)
        started++;
    work(&errors[0]);
    for (i = 1; i < started; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < started; i++)
        if (errors[i] != 0)
            return errors[i];
    return 0;
}

/* Prints the counts of each node. Returns the number of pages that are not on their target. */
static unsigned long report(void)
{
    struct numa_ext_migrate_node *nodes = NULL;
    unsigned long left = 0;
    int count = numa_ext_migrate_counts(migration, NULL, 0), i;

    if (count > 0)
        nodes = calloc((size_t)count, sizeof *nodes);
    if (count < 0 || (count > 0 && nodes == NULL) ||
        numa_ext_migrate_counts(migration, nodes, (size_t)count) != count) {
        perror("migrate");
        free(nodes);
        return 1;
    }
    for (i = 0; i < count; i++) {
        struct numa_ext_migrate_node node = nodes[i];

        printf("node %d to %d: %lu moved", node.from, node.to, node.moved);
        if (node.busy)
            printf(", %lu left: in use by something", node.busy);
        if (node.shared)
            printf(", %lu left: shared with other processes", node.shared);
        if (node.target_full)
            printf(", %lu left: no memory on node %d", node.target_full, node.to);
        if (node.not_permitted)
            printf(", %lu left: not permitted on node %d", node.not_permitted, node.to);
        if (node.hidden)
            printf(", %lu left: hidden by the kernel", node.hidden);
        if (node.gone)
            printf(", %lu gone meanwhile", node.gone);
        if (node.replaced)
            printf("; it began another program meanwhile, which was not looked at");
        putchar('\n');
        left += node.busy + node.shared + node.target_full + node.not_permitted + node.hidden;
    }
    free(nodes);
    return left;
}

int main(int argc, char **argv)
{
    struct numa_ext_migrate_options options;
    struct sigaction action;
    struct bitmask *from, *to;
    unsigned long shown = (unsigned long)-1, left;
    int workers = 1, error;
    char *end;
    long pid;

    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: migrate PID FROM TO [WORKERS]\n");
        return 2;
    }
    pid = strtol(argv[1], &end, 10);
    if (end == argv[1] || *end != '\0' || pid <= 0 || pid != (long)(pid_t)pid) {
        fprintf(stderr, "migrate: %s is no process id\n", argv[1]);
        return 2;
    }
    if (argc == 5) {
        workers = atoi(argv[4]);
        if (workers < 1 || workers > MAX_WORKERS) {
            fprintf(stderr, "migrate: from 1 to %d workers\n", MAX_WORKERS);
            return 2;
        }
    }
    if (numa_available() < 0) {
        fprintf(stderr, "migrate: this system knows no NUMA nodes\n");
        return 1;
    }
    /* _all: all nodes of the machine, as the other process may use more of them than this one. These
       functions print a warning if a string is invalid. */
    from = numa_parse_nodestring_all(argv[2]);
    to = numa_parse_nodestring_all(argv[3]);
    if (from == NULL || to == NULL)
        return 2;

    /* Zero is the default of each field; size says which fields this program knows. */
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.max_pause_us = 10000;
    options.max_workers = (unsigned int)workers;
    options.progress = show_progress;
    options.progress_arg = &shown;

    migration = numa_ext_migrate_begin((pid_t)pid, from, to, &options);
    numa_bitmask_free(from);
    numa_bitmask_free(to);
    if (migration == NULL) {
        fprintf(stderr, "migrate: process %ld: %s\n", pid, strerror(errno));
        return 1;
    }
    /* After begin, as the handler uses the migration. */
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, NULL);

    error = work_together(workers);
    if (shown != (unsigned long)-1)
        fputc('\n', stderr);
    if (error != 0)
        fprintf(stderr, "migrate: process %ld: %s\n", pid, strerror(error));
    else if (interrupted)
        fprintf(stderr, "migrate: interrupted; the other pages are where they were\n");
    left = report();

    /* The handler must not run once the migration has ended. */
    action.sa_handler = SIG_DFL;
    sigaction(SIGINT, &action, NULL);
    numa_ext_migrate_end(migration);
    if (interrupted)
        return 130;
    return error != 0 || left != 0;
}
