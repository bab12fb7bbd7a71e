/*
 * numa_ext.h: moving a process's pages between NUMA nodes in pieces, and where pages are.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there or the comments in
 * src/capi, then run `make headers`.
 *
 * migrate_pages(2) moves a whole process with one call: on some kernels the process's own mmap and
 * munmap wait until it has ended, the call does not report how far it is, and cannot be stopped.
 * The functions here walk the process's mappings, move the pages that are present in pieces that
 * keep to a pause limit, keep huge pages whole, and account for every page. The library starts no
 * threads; a program may let several of its own work.
 *
 * move_pages(2) reports on which nodes pages are, but takes an array with the address of each. The
 * numa_ext_locate functions take ranges.
 *
 * What holds for all functions, unless a comment says otherwise:
 *
 * - Sizes and addresses are in bytes. Counts of pages are in pages of numa_pagesize() bytes.
 * - Masks are those of numa.h, of any size. They are read during the call only; NULL counts as an
 *   empty mask. The caller keeps them.
 * - A function that fails returns -1 or NULL, with errno. It prints nothing, and does not call
 *   numa_error() or numa_warn().
 * - A function may be called from any thread. None but numa_ext_migrate_stop() is
 *   async-signal-safe.
 * - Pages are moved with move_pages(2) and found in /proc/PID/maps, numa_maps and pagemap (Linux
 * 6.7).
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
 * Flag: moves only pages that no other process maps. Without it, pages that other processes map
 * are moved too if the caller has CAP_SYS_NICE.
 */
#define NUMA_EXT_MIGRATE_PRIVATE 1

/* Flag: moves nothing, and counts pages that would be moved as moved. */
#define NUMA_EXT_MIGRATE_DRY_RUN 2

/* Private memory without a file: most of what malloc() and mmap() return. */
#define NUMA_EXT_KIND_ANON 1

/* The heap that brk(2) grows. */
#define NUMA_EXT_KIND_HEAP 2

/* The stack of the first thread. */
#define NUMA_EXT_KIND_STACK 4

/* A file mapped privately: programs and their libraries, with their data. */
#define NUMA_EXT_KIND_FILE 8

/* Memory or a file mapped so that others see writes. */
#define NUMA_EXT_KIND_SHARED 16

/* A range of addresses in the process. */
struct numa_ext_range {
    /* First address. */
    size_t start;
    /* First address behind it. */
    size_t end;
};

/* How far a migration is, in pages of the base size (numa_pagesize()). */
struct numa_ext_migrate_progress {
    /* Present pages that were examined. */
    unsigned long examined;
    /* Pages that were moved. */
    unsigned long moved;
    /* Present pages of the process when the migration began; an estimate. */
    unsigned long present;
};

/*
 * What to move, and how. The caller fills it with zeros, sets size, and sets the fields that
 * differ from the default, which is zero for each. The structure and the array of ranges are
 * read during the call only.
 */
struct numa_ext_migrate_options {
    /*
     * sizeof(struct numa_ext_migrate_options). Later releases may add fields; EINVAL if one that
     * this release does not know is not zero.
     */
    size_t size;
    /* A sum of NUMA_EXT_MIGRATE_PRIVATE and NUMA_EXT_MIGRATE_DRY_RUN. */
    unsigned int flags;
    /* Which mappings: a sum of NUMA_EXT_KIND_..., or 0 for all. */
    unsigned int kinds;
    /*
     * How long, in microseconds, a thread of the process may have to wait for a page in
     * transit: a goal, no guarantee. 0 for 20000.
     */
    unsigned int max_pause_us;
    /*
     * The number of threads of the caller that may work at once; fewer work when more are not
     * faster. 0 for 1.
     */
    unsigned int max_workers;
    /*
     * Only pages with these addresses; NULL for all. Huge pages move whole. Before Linux 6.7, of
     * a huge page that is in the ranges in part only that part is counted. Read by
     * numa_ext_migrate() and numa_ext_migrate_begin() only.
     */
    const struct numa_ext_range *ranges;
    /* Number of ranges. 0 moves nothing, unless ranges is NULL. */
    size_t nranges;
    /*
     * Called now and then by numa_ext_migrate() and numa_ext_migrate_work(), in the calling
     * thread, so by several at once if several work. A result other than 0 stops the migration.
     * May be NULL.
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
    /* Not moved: something holds the page (direct I/O, a pipe, RDMA, a driver). */
    unsigned long busy;
    /* Not moved: other processes map the page too, and only private pages were to be moved. */
    unsigned long shared;
    /* Not moved: the target node has no free memory, or no free huge page. */
    unsigned long target_full;
    /* Not moved: the kernel does not allow the process to have pages there. */
    unsigned long not_permitted;
    /* Gone in the meantime: freed, swapped out, or moved by other means. */
    unsigned long gone;
    /*
     * Not moved: the kernel does not say where the page is, as nobody may access it (PROT_NONE) or
     * NUMA balancing watches it (before Linux 6.5). Such pages are moved only with all pages of
     * the process, so not with kinds, ranges or NUMA_EXT_MIGRATE_PRIVATE.
     */
    unsigned long hidden;
    /*
     * Not a count: 1 if the process began another program (exec) before all of its pages were
     * examined, whose pages were not. 0 otherwise.
     */
    unsigned long replaced;
    /* Zeros; later releases may use them. */
    unsigned long reserved[2];
};

/* A migration of one process. It has no threads of its own. Opaque. */
struct numa_ext_migration;

/* ==== Migrations ==== */

/*
 * Moves the pages of a process (0: the caller) from fromnodes to tonodes in pieces, so that the
 * process does not wait long. Which node's pages go where is as with migrate_pages(2). options
 * may be NULL. Returns when all pages have been examined or progress has stopped the migration.
 *
 * Writes what became of the pages of each node to nodes, an array with room for nnodes elements
 * (NULL and 0 for none). Returns the number of nodes that pages leave, which may be more than
 * nnodes and is at most that of fromnodes.
 *
 * Returns -1 with errno on failure: ESRCH if there is no such process, EPERM or EACCES if the
 * caller may not look at it or move its pages (CAP_SYS_NICE, CAP_SYS_PTRACE), EINVAL if tonodes
 * is empty or an argument or an option is unknown, ENOMEM. Pages that were moved before stay
 * moved.
 */
int numa_ext_migrate(pid_t pid,
                     const struct bitmask *fromnodes,
                     const struct bitmask *tonodes,
                     const struct numa_ext_migrate_options *options,
                     struct numa_ext_migrate_node *nodes,
                     size_t nnodes);

/*
 * Prepares a migration on which threads of the caller work with numa_ext_migrate_work(). The
 * arguments are those of numa_ext_migrate().
 *
 * Returns the migration, or NULL with errno as above. The caller frees it with
 * numa_ext_migrate_end().
 */
struct numa_ext_migration *numa_ext_migrate_begin(pid_t pid,
                                                  const struct bitmask *fromnodes,
                                                  const struct bitmask *tonodes,
                                                  const struct numa_ext_migrate_options *options);

/*
 * Works on a migration until nothing is left for the calling thread. Several threads may do so
 * at once, up to max_workers of the options; others wait.
 *
 * If progress throws a C++ exception, or the thread is cancelled in it, the migration stops, and
 * nothing is lost that numa_ext_migrate_end() does not free. The same holds for numa_ext_migrate(),
 * which frees everything itself.
 *
 * Returns 0, also if the migration was stopped, or the process has ended or runs another program,
 * or -1 with errno; the other threads then stop too.
 */
int numa_ext_migrate_work(struct numa_ext_migration *migration);

/*
 * Stops a migration: each thread ends with its current piece. Does nothing if migration is NULL.
 * Async-signal-safe.
 */
void numa_ext_migrate_stop(struct numa_ext_migration *migration);

/*
 * Stores how far a migration is in progress. Any thread may call it while others work. Does
 * nothing if an argument is NULL.
 */
void numa_ext_migrate_query(const struct numa_ext_migration *migration,
                            struct numa_ext_migrate_progress *progress);

/*
 * Writes what became of the pages so far to nodes, as numa_ext_migrate() does. Any thread may
 * call it while others work. Pages that a stopped migration has not reached are in no count.
 *
 * Returns the number of nodes that pages leave, or -1 with errno: EINVAL if migration is NULL,
 * ENOMEM.
 */
int numa_ext_migrate_counts(const struct numa_ext_migration *migration,
                            struct numa_ext_migrate_node *nodes,
                            size_t nnodes);

/* Frees a migration, which no thread may use any more. Does nothing if migration is NULL. */
void numa_ext_migrate_end(struct numa_ext_migration *migration);

/* ==== Where the pages of a range are ==== */

/* Adjacent pages with the same node or error. */
struct numa_ext_run {
    /* Address of the first page. */
    size_t start;
    /* First address behind the last page. */
    size_t end;
    /*
     * The node where they are, or a negative errno: -ENOENT (on older kernels -EFAULT) if they
     * were never touched or are swapped out, -EFAULT if nothing is mapped or they were only read
     * so far. -ENODATA if they are there and the kernel does not say where: before Linux 6.5
     * those that nobody may access (PROT_NONE) or that NUMA balancing watches.
     */
    int node;
};

/*
 * Stores in nodes on which node each page of a range of a process (0: the caller) is, or a
 * negative errno as in numa_ext_run. The range has length bytes from start; the first page may
 * begin before start. Calls move_pages(2) in pieces, and allocates nothing.
 *
 * page_size is the distance of the addresses that are asked about: 0 for numa_pagesize(), or a
 * multiple of it. With the size of huge pages, each of those is asked about once.
 *
 * Returns the number of pages, or -1 with errno: EINVAL if there are more than nnodes or an
 * argument is wrong, ESRCH if there is no such process, EPERM if the caller may not look at it,
 * as with move_pages(2). The process runs on meanwhile, so that the answers are of different
 * moments.
 */
long numa_ext_locate(pid_t pid,
                     const void *start,
                     size_t length,
                     size_t page_size,
                     int *nodes,
                     size_t nnodes);

/*
 * Calls each with every run of such pages, in the order of their addresses, until it returns
 * another value than 0. No array is needed. The run is valid during the call only.
 *
 * Returns the last value that each returned, 0 if there are no pages, or -1 with errno as above,
 * and EINVAL if each is NULL.
 */
int numa_ext_locate_runs(pid_t pid,
                         const void *start,
                         size_t length,
                         size_t page_size,
                         int (*each)(const struct numa_ext_run *run, void *arg),
                         void *arg);

/*
 * Counts such pages by nodes: counts[n] becomes the number of pages on node n, for n below
 * ncounts; numa_num_possible_nodes() elements are enough for all nodes.
 *
 * Returns the number of pages that are on any node, or -1 with errno as above.
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
