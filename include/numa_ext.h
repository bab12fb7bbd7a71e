/*
 * numa_ext.h: moving a process's pages between NUMA nodes in pieces, and where pages are.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there or the comments in
 * src/capi, then run `make headers`.
 *
 * migrate_pages(2) moves a whole process with one call: on some kernels the process's own mmap and
 * munmap wait until it has ended, nothing tells how far it is, and it cannot be stopped. The
 * functions here walk the process's mappings, move what is present in pieces that follow a pause
 * limit, keep huge pages whole, and account for every page. The library starts no threads; a
 * program may let several of its own work.
 *
 * move_pages(2) tells on which nodes pages are, but wants an array with the address of each. The
 * numa_ext_locate functions take ranges.
 *
 * Masks are those of numa.h, of any size. A function that fails returns -1, or NULL, with errno,
 * and prints nothing. Each may be called from any thread.
 *
 * Link with -lnuma_ext (pkg-config numa-ext). examples/migrate.c shows the use.
 */
#ifndef _NUMA_EXT_H
#define _NUMA_EXT_H 1

#include "numa.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ==== Options of a migration ==== */

/*
 * Only pages that no other process maps. Without it all that the caller may move: with
 * CAP_SYS_NICE shared ones too.
 */
#define NUMA_EXT_MIGRATE_PRIVATE 1

/* Only count: what would be moved is reported as moved. */
#define NUMA_EXT_MIGRATE_DRY_RUN 2

/* Private memory without a file: most of what malloc and mmap give. */
#define NUMA_EXT_KIND_ANON 1

/* What brk gives. */
#define NUMA_EXT_KIND_HEAP 2

/* The stack of the first thread. */
#define NUMA_EXT_KIND_STACK 4

/* A file mapped privately: programs and their libraries, with their data. */
#define NUMA_EXT_KIND_FILE 8

/* Memory or a file mapped so that others see writes. */
#define NUMA_EXT_KIND_SHARED 16

/* A range of addresses in the process: start and the first address behind it. */
struct numa_ext_range {
    /* First address. */
    size_t start;
    /* First address behind it. */
    size_t end;
};

/* How far a migration is, in pages of the base size (numa_pagesize()). */
struct numa_ext_migrate_progress {
    /* Present pages that were looked at. */
    unsigned long examined;
    /* Those that were moved. */
    unsigned long moved;
    /* Present pages of the process when the migration began, about. */
    unsigned long present;
};

/*
 * What to move, and how. Fill it with zeros, then set size to sizeof and what differs from
 * the default, which is always zero.
 */
struct numa_ext_migrate_options {
    /*
     * sizeof(struct numa_ext_migrate_options): the structure may grow. Fields that this
     * release does not know have to be zero.
     */
    size_t size;
    /* NUMA_EXT_MIGRATE_PRIVATE, NUMA_EXT_MIGRATE_DRY_RUN. */
    unsigned int flags;
    /* Which mappings, NUMA_EXT_KIND_...; 0 for all. */
    unsigned int kinds;
    /*
     * How long, in microseconds, a thread of the process may have to wait for a page in
     * transit: a goal, no guarantee. 0 for 20000.
     */
    unsigned int max_pause_us;
    /*
     * How many threads of the caller may work at once, at most; fewer work when more are not
     * faster. 0 for 1.
     */
    unsigned int max_workers;
    /*
     * Only pages with these addresses; NULL for all. Huge pages move whole; where only a part is
     * in the ranges, Linux before 6.7 cannot tell, and just that part is counted. Read by
     * numa_ext_migrate and numa_ext_migrate_begin only.
     */
    const struct numa_ext_range *ranges;
    /* Number of ranges. 0 moves nothing, unless ranges is NULL. */
    size_t nranges;
    /*
     * Called now and then by numa_ext_migrate and numa_ext_migrate_work, in the calling
     * thread, so by several at once if several work; a result other than 0 stops the
     * migration. May be NULL.
     */
    int (*progress)(const struct numa_ext_migrate_progress *progress, void *arg);
    /* Second argument of progress. */
    void *progress_arg;
};

/* ==== Results of a migration ==== */

/* What became of the pages of one node, in pages of the base size. */
struct numa_ext_migrate_node {
    /* The node that they leave. */
    int from;
    /* The node that they go to. */
    int to;
    /* Pages on their target. */
    unsigned long moved;
    /* Left: something holds on to the page (direct I/O, a pipe, RDMA, a driver). */
    unsigned long busy;
    /* Left: other processes map it as well, and only private pages were to be moved. */
    unsigned long shared;
    /* Left: the target node has no memory, or no huge page, left. */
    unsigned long target_full;
    /* Left: the kernel does not allow the process to have pages there. */
    unsigned long not_permitted;
    /* Gone meanwhile: freed, swapped out, moved by someone else. */
    unsigned long gone;
    /* Zeros, for what may be added. */
    unsigned long reserved[4];
};

/* A migration of one process. It has no threads of its own. */
struct numa_ext_migration;

/* ==== Migrations ==== */

/*
 * Moves the pages of a process (0: the caller) that are on the nodes of one mask to those of
 * another, in pieces, so that the process never waits long. A node's place in the sets decides
 * where its pages go, as with migrate_pages(2). options may be NULL.
 *
 * Returns the number of nodes that pages leave, at most as many as there are in fromnodes, and
 * writes what became of their pages to nodes, an array with room for nnodes (NULL and 0 for
 * none). -1 with errno: ESRCH no such process, EPERM or EACCES not permitted (CAP_SYS_NICE,
 * CAP_SYS_PTRACE), EINVAL no target or unknown options, ENOMEM. Nothing is lost by an error:
 * every page is on one node or another.
 */
int numa_ext_migrate(pid_t pid,
                     const struct bitmask *fromnodes,
                     const struct bitmask *tonodes,
                     const struct numa_ext_migrate_options *options,
                     struct numa_ext_migrate_node *nodes,
                     size_t nnodes);

/*
 * Prepares the same for threads of the caller, which call numa_ext_migrate_work. NULL with
 * errno as above. Give it back with numa_ext_migrate_end.
 */
struct numa_ext_migration *numa_ext_migrate_begin(pid_t pid,
                                                  const struct bitmask *fromnodes,
                                                  const struct bitmask *tonodes,
                                                  const struct numa_ext_migrate_options *options);

/*
 * Works on a migration until nothing is left for the calling thread. Several threads may do so
 * at once, up to max_workers of the options; more wait. 0 also when the migration was stopped
 * or the process has ended, or -1 with errno, and then the other threads stop as well. A thread
 * must not be cancelled here.
 */
int numa_ext_migrate_work(struct numa_ext_migration *migration);

/* Stops a migration after the current piece of each thread. Async-signal-safe. */
void numa_ext_migrate_stop(struct numa_ext_migration *migration);

/* How far a migration is. From any thread. */
void numa_ext_migrate_query(const struct numa_ext_migration *migration,
                            struct numa_ext_migrate_progress *progress);

/*
 * What became of the pages so far, as from numa_ext_migrate: the number of nodes, or -1 with
 * errno. From any thread. Pages that a stopped migration did not come to are in no count.
 */
int numa_ext_migrate_counts(const struct numa_ext_migration *migration,
                            struct numa_ext_migrate_node *nodes,
                            size_t nnodes);

/* Gives a migration back, when no thread works on it any more. NULL is allowed. */
void numa_ext_migrate_end(struct numa_ext_migration *migration);

/* ==== Where the pages of a range are ==== */

/* Pages next to each other of which the kernel says the same. */
struct numa_ext_run {
    /* Address of the first page. */
    size_t start;
    /* First address behind the last page. */
    size_t end;
    /*
     * The node where they are, or a negative errno: -ENOENT (older kernels: -EFAULT) if they are
     * not there, never touched or swapped out, -EFAULT if nothing is mapped or was only ever read.
     */
    int node;
};

/*
 * Asks on which node each page is of the length bytes at start in a process (0: the caller), as
 * move_pages(2) does, but without an array of addresses. The pages are those that the range
 * spans: the first one may begin before start. nodes receives for each the node, or a negative
 * errno as in numa_ext_run.
 *
 * page_size is the distance of the addresses that are asked about: 0 for numa_pagesize(), or a
 * multiple of it. With the size of huge pages, each of those is asked about once.
 *
 * Returns the number of pages, or -1 with errno: EINVAL if that is more than nnodes or for a bad
 * argument, ESRCH no such process, EPERM not permitted (as for move_pages). The process runs on:
 * what is told about one page may be past when the next one is asked about. Nothing is allocated.
 */
long numa_ext_locate(pid_t pid,
                     const void *start,
                     size_t length,
                     size_t page_size,
                     int *nodes,
                     size_t nnodes);

/*
 * The same for ranges of any size, without any array: calls each with every run of pages, in the
 * order of their addresses, until it returns another value than 0. Returns that value, 0 at the
 * end, or -1 with errno as above.
 */
int numa_ext_locate_runs(pid_t pid,
                         const void *start,
                         size_t length,
                         size_t page_size,
                         int (*each)(const struct numa_ext_run *run, void *arg),
                         void *arg);

/*
 * Counts the same pages by nodes: counts[n] becomes the number of pages on node n, for n below
 * ncounts; numa_num_possible_nodes() is enough for all. Returns the number of pages that are
 * there, on any node, or -1 with errno as above.
 */
long numa_ext_locate_counts(pid_t pid,
                            const void *start,
                            size_t length,
                            size_t page_size,
                            unsigned long *counts,
                            size_t ncounts);

#ifdef __cplusplus
}
#endif

#endif
