/*
 * mover PID FROM TO [WORD...]: numa_ext.h from the command line, for guest.sh.
 *
 *   dry, private         flags
 *   kinds=NUMBER         NUMA_EXT_KIND_... added up
 *   range=START:PAGES    (START in hexadecimal) once for each range
 *   pause=MICROSECONDS   max_pause_us
 *   threads=N            begins, lets N threads work, ends; otherwise one call does it all
 *   workers=N            max_workers, N threads if not given
 *   stop=PAGES           the callback stops when that many have moved
 *   kill=PAGES           the callback kills the process then
 *   exec=PAGES           the callback makes it begin another program then (SIGUSR1)
 *   locate=START:PAGES   moves nothing, and prints "located STATUS PAGES" for each run of pages, then
 *                        "array N": in how many pages numa_ext_locate() says something else
 *
 * PID 0 is the program itself, with 2000 pages on node 0. Prints "node FROM TO MOVED BUSY SHARED
 * FULL DENIED GONE HIDDEN REPLACED" for each node, "progress EXAMINED MOVED PRESENT" of the last callback, and
 * for PID 0 "self N" (pages of the 2000 on the first node of TO). Status: 0, or errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <numa.h>
#include <numa_ext.h>

#define OWN 2000
#define MAX_NODES 64

static struct numa_ext_migrate_progress last;
static unsigned long stop_at, kill_at, exec_at;
static pid_t pid;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int watch(const struct numa_ext_migrate_progress *now, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    if (now->moved >= last.moved)
        last = *now;
    pthread_mutex_unlock(&lock);
    if (kill_at && now->moved >= kill_at) {
        kill_at = 0;
        kill(pid, SIGKILL);
        usleep(200000);
    }
    if (exec_at && now->moved >= exec_at) {
        char name[64], comm[32] = "";
        FILE *file;

        exec_at = 0;
        kill(pid, SIGUSR1);
        snprintf(name, sizeof name, "/proc/%d/comm", (int)pid);
        while (strcmp(comm, "sleep\n")) {
            file = fopen(name, "r");
            if (!file || !fgets(comm, sizeof comm, file))
                exit(1);
            fclose(file);
        }
    }
    return stop_at && now->moved >= stop_at;
}

static void *work(void *migration)
{
    return (void *)(size_t)(numa_ext_migrate_work(migration) ? errno : 0);
}

static int print_run(const struct numa_ext_run *run, void *statuses)
{
    int **next = statuses;
    size_t i, pages = (run->end - run->start) / 4096;

    printf("located %d %zu\n", run->node, pages);
    for (i = 0; i < pages; i++)
        *(*next)++ = run->node;
    return 0;
}

static int locate(const char *range)
{
    char *rest;
    const void *start = (const void *)strtoul(range, &rest, 16);
    size_t i, other = 0, pages = strtoul(rest + 1, NULL, 10);
    int *by_run = calloc(pages, sizeof *by_run), *next = by_run;
    int *nodes = calloc(pages, sizeof *nodes);

    if (!by_run || !nodes || numa_ext_locate_runs(pid, start, pages * 4096, 0, print_run, &next) ||
        numa_ext_locate(pid, start, pages * 4096, 0, nodes, pages) != (long)pages)
        return errno;
    for (i = 0; i < pages; i++)
        other += by_run[i] != nodes[i];
    printf("array %zu\n", other);
    return 0;
}

static char *own_pages(void)
{
    unsigned long first[16] = {1};
    char *p = mmap(NULL, OWN * 4096UL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int i;

    if (p == MAP_FAILED || syscall(SYS_set_mempolicy, 2, first, 1025))
        exit(1);
    for (i = 0; i < OWN; i++)
        memset(p + i * 4096L, i, 4096);
    syscall(SYS_set_mempolicy, 0, NULL, 0);
    return p;
}

static int own_on(const char *p, int node)
{
    static const void *pages[OWN];
    static int status[OWN];
    int i, found = 0;

    for (i = 0; i < OWN; i++)
        pages[i] = p + i * 4096L;
    if (syscall(SYS_move_pages, 0, (unsigned long)OWN, pages, NULL, status, 0))
        exit(1);
    for (i = 0; i < OWN; i++)
        found += status[i] == node && p[i * 4096L] == (char)i && p[i * 4096L + 4095] == (char)i;
    return found;
}

int main(int argc, char **argv)
{
    struct numa_ext_migrate_options options;
    struct numa_ext_migrate_node nodes[MAX_NODES];
    struct numa_ext_range ranges[16];
    struct bitmask *from, *to;
    char *own = NULL;
    int threads = 0, count, error = 0, i;

    if (argc < 4)
        return 2;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.progress = watch;
    pid = atoi(argv[1]);
    from = numa_parse_nodestring_all(argv[2]);
    to = numa_parse_nodestring_all(argv[3]);
    if (!from || !to)
        return 2;
    for (i = 4; i < argc; i++) {
        const char *word = argv[i], *value = strchr(word, '=');

        value = value ? value + 1 : "";
        if (!strcmp(word, "dry")) {
            options.flags |= NUMA_EXT_MIGRATE_DRY_RUN;
        } else if (!strcmp(word, "private")) {
            options.flags |= NUMA_EXT_MIGRATE_PRIVATE;
        } else if (!strncmp(word, "kinds=", 6)) {
            options.kinds = (unsigned)atoi(value);
        } else if (!strncmp(word, "pause=", 6)) {
            options.max_pause_us = (unsigned)atoi(value);
        } else if (!strncmp(word, "threads=", 8)) {
            threads = atoi(value);
        } else if (!strncmp(word, "workers=", 8)) {
            options.max_workers = (unsigned)atoi(value);
        } else if (!strncmp(word, "stop=", 5)) {
            stop_at = strtoul(value, NULL, 10);
        } else if (!strncmp(word, "kill=", 5)) {
            kill_at = strtoul(value, NULL, 10);
        } else if (!strncmp(word, "exec=", 5)) {
            exec_at = strtoul(value, NULL, 10);
        } else if (!strncmp(word, "locate=", 7)) {
            return locate(value);
        } else if (!strncmp(word, "range=", 6) && options.nranges < 16) {
            char *rest;
            ranges[options.nranges].start = strtoul(value, &rest, 16);
            ranges[options.nranges].end =
                ranges[options.nranges].start + strtoul(rest + 1, NULL, 10) * 4096;
            options.nranges++;
            options.ranges = ranges;
        } else {
            fprintf(stderr, "mover: what is %s\n", word);
            return 2;
        }
    }
    if (pid == 0)
        own = own_pages();
    if (threads) {
        struct numa_ext_migration *migration;
        pthread_t thread[16];

        if (!options.max_workers)
            options.max_workers = (unsigned)threads;
        migration = numa_ext_migrate_begin(pid, from, to, &options);
        if (!migration)
            goto failed;
        for (i = 0; i < threads && i < 16; i++)
            if (pthread_create(&thread[i], NULL, work, migration))
                return 1;
        while (i-- > 0) {
            void *result;
            pthread_join(thread[i], &result);
            if (result)
                error = (int)(size_t)result;
        }
        count = numa_ext_migrate_counts(migration, nodes, MAX_NODES);
        numa_ext_migrate_query(migration, &last);
        numa_ext_migrate_end(migration);
    } else {
        count = numa_ext_migrate(pid, from, to, &options, nodes, MAX_NODES);
    }
    if (count < 0)
        goto failed;
    for (i = 0; i < count; i++)
        printf("node %d %d %lu %lu %lu %lu %lu %lu %lu %lu\n", nodes[i].from, nodes[i].to, nodes[i].moved,
               nodes[i].busy, nodes[i].shared, nodes[i].target_full, nodes[i].not_permitted,
               nodes[i].gone, nodes[i].hidden, nodes[i].replaced);
    printf("progress %lu %lu %lu\n", last.examined, last.moved, last.present);
    if (own)
        printf("self %d\n", own_on(own, atoi(argv[3])));
    numa_bitmask_free(from);
    numa_bitmask_free(to);
    return error;
failed:
    error = errno;
    fprintf(stderr, "mover: %s\n", strerror(error));
    return error;
}
