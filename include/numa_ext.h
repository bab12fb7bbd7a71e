/*
 * numa_ext.h: what libnuma lacks: moving a process's pages in pieces, where pages are, what memory
 * costs, nodes by words, and policies that return their errors.
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
 * The policy functions of numa.h report failures to numa_error(), which prints or ends the program,
 * and some do less where the kernel lacks something. Those here return each failure, with a reason
 * in words, and replace nothing. Modes and flags are those of numaif.h, which is to be included for
 * them.
 *
 * What holds for all functions, unless a comment says otherwise:
 *
 * - Sizes and addresses are in bytes. Counts of pages are in pages of numa_pagesize() bytes.
 * - Masks are those of numa.h, of any size. They are read during the call only; NULL counts as an
 *   empty mask. The caller keeps them.
 * - A function that fails returns -1 or NULL, with errno, and numa_ext_reason() says why. It prints
 *   nothing, and does not call numa_error() or numa_warn().
 * - A function may be called from any thread. None but numa_ext_migrate_stop() is
 *   async-signal-safe.
 * - What is known of nodes comes from /sys and is read on each call; nothing is kept.
 * - Pages are moved with move_pages(2) and found in /proc/PID/maps, numa_maps and pagemap (Linux
 * 6.7).
 *
 * Link with -lnuma_ext (pkg-config numa-ext); programs that free masks or memory with libnuma's
 * functions link with -lnuma too. examples/migrate.c, where.c and costs.c show the use.
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
 * Returns -1 with errno on failure: ESRCH if there is no such process or it has no memory (a
 * kernel thread, or a process that has ended), EPERM or EACCES if the caller may not look at it or
 * move its pages (CAP_SYS_NICE, CAP_SYS_PTRACE), EINVAL if tonodes is empty or an argument or an
 * option is unknown, ENOMEM. Pages that were moved before stay moved.
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
 * argument is wrong, ESRCH if there is no such process or it has no memory (a kernel thread, or a
 * process that has ended), EPERM if the caller may not look at it, as with move_pages(2). The
 * process runs on meanwhile, so that the answers are of different moments.
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

/* ==== What memory costs ==== */

/* Latency of a read, in nanoseconds. */
#define NUMA_EXT_READ_LATENCY 1

/* Latency of a write, in nanoseconds. */
#define NUMA_EXT_WRITE_LATENCY 2

/* Bandwidth of reads, in MB/s (1,000,000 bytes). */
#define NUMA_EXT_READ_BANDWIDTH 3

/* Bandwidth of writes, in MB/s. */
#define NUMA_EXT_WRITE_BANDWIDTH 4

/* From the best initiators of all, devices included: the kernel's access class 0. */
#define NUMA_EXT_ACCESS_ANY 0

/* From the best initiators with CPUs: the kernel's access class 1. */
#define NUMA_EXT_ACCESS_CPUS 1

/*
 * Returns what the memory of a node costs from an initiator, a node whose CPUs or devices access
 * it: the attribute kind, one of NUMA_EXT_READ_LATENCY and the like, in nanoseconds or MB/s.
 *
 * The kernel shows it if the initiator is among the best ones of that node, so for a node and its
 * own memory, and for memory without CPUs and the sockets next to it. The figures are the
 * firmware's (ACPI's HMAT, or what CXL devices report), rated and not measured. Where both access
 * classes have the pair, it is that of NUMA_EXT_ACCESS_ANY.
 *
 * Returns -1 with errno: ENODATA if it is not known, which is so on most machines; EINVAL if there
 * is no such node or kind; EIO if a file makes no sense; else what reading it fails with. From
 * /sys/devices/system/node/nodeN/access0 (Linux 5.2) and access1 (5.10), read on each call.
 */
int numa_ext_attribute(int initiator, int node, int kind);

/*
 * Returns what the memory of a node costs from its best initiators of an access class,
 * NUMA_EXT_ACCESS_ANY or NUMA_EXT_ACCESS_CPUS; numa_ext_best_initiators() names them.
 *
 * Returns -1 with errno as numa_ext_attribute(), and EINVAL if there is no such class.
 */
int numa_ext_best_attribute(int node, int access, int kind);

/*
 * Returns a new mask with the best initiators of a node's memory, those from which it costs least.
 * The caller frees it with numa_bitmask_free().
 *
 * Returns NULL with errno as numa_ext_best_attribute(), and ENOMEM.
 */
struct bitmask *numa_ext_best_initiators(int node, int access);

/*
 * Returns the rank of the memory tier that a node's memory is in: 0 for the fastest. Tiers are the
 * kernel's groups of nodes whose memory is about as fast. Nodes that are alike to a person may be
 * in two.
 *
 * Returns -1 with errno: ENODATA if the kernel has no tiers (before Linux 6.1) or the node has no
 * memory, EINVAL if there is no such node, else as numa_ext_attribute(). From
 * /sys/devices/virtual/memory_tiering, read on each call.
 */
int numa_ext_tier(int node);

/* Returns the number of memory tiers with nodes, or -1 with errno as numa_ext_tier(). */
int numa_ext_num_tiers(void);

/*
 * Returns a new mask with the nodes of a memory tier, by its rank. The caller frees it with
 * numa_bitmask_free().
 *
 * Returns NULL with errno: EINVAL if there is no such tier, ENOMEM, else as numa_ext_tier().
 */
struct bitmask *numa_ext_tier_nodes(int tier);

/* ==== Weights of interleaving ==== */

/* How many pages in a row a node gets when memory is interleaved by weights. */
struct numa_ext_weight {
    /* The node. */
    int node;
    /* Its pages in each turn: 1 to 255. */
    int weight;
};

/*
 * Returns the weight of a node, 1 to 255: how many pages in a row it gets under
 * MPOL_WEIGHTED_INTERLEAVE. Weights hold for the whole system.
 *
 * Returns -1 with errno: ENODATA if the kernel has no weights (before Linux 6.9) or the node no
 * memory, EINVAL if there is no such node, EIO if a file makes no sense, else what reading it
 * fails with. From /sys/kernel/mm/mempolicy/weighted_interleave, read on each call.
 */
int numa_ext_get_weight(int node);

/*
 * Stores the weights of all nodes that have one, in ascending order of nodes, in weights, an array
 * with room for nweights elements (NULL and 0 for none).
 *
 * Returns how many nodes have one, which may be more than nweights, or -1 with errno as
 * numa_ext_get_weight(), and ENOMEM.
 */
int numa_ext_get_weights(struct numa_ext_weight *weights, size_t nweights);

/*
 * Sets the weights of the nodes that an array names, all or none: where one is refused, those that
 * were set before it are put back. Other nodes keep theirs. Needs root, and holds for the whole
 * system until the next boot. Weights that the kernel has set itself become fixed.
 *
 * Returns 0, or -1 with errno: EOPNOTSUPP if the kernel has no weights (before Linux 6.9); EINVAL
 * for a node that does not exist, has no memory or is named twice, and for a weight that is not
 * from 1 to 255; EACCES, EPERM or EROFS if the caller may not set them; ENOMEM. What fails in
 * putting back is said by numa_ext_reason(). Two callers at once may mix their weights.
 */
int numa_ext_set_weights(const struct numa_ext_weight *weights, size_t nweights);

/*
 * Returns 1 if the kernel sets the weights itself, by the bandwidth of nodes, and 0 if not. Before
 * Linux 6.16 it never does.
 *
 * Returns -1 with errno as numa_ext_get_weights().
 */
int numa_ext_get_auto_weights(void);

/*
 * Lets the kernel set the weights itself, or with 0 leaves them as they are from now on. Needs
 * root, and Linux 6.16.
 *
 * Returns 0, or -1 with errno: EOPNOTSUPP if the kernel cannot, EACCES, EPERM or EROFS if the
 * caller may not.
 */
int numa_ext_set_auto_weights(int automatic);

/* ==== Nodes by words ==== */

/*
 * Flag: the nodes are wanted for their CPUs, not for their memory. near: looks for CPUs, and nodes
 * without memory may be named.
 */
#define NUMA_EXT_NODES_FOR_CPUS 1

/* Flag: all nodes that exist may be named, not only those that the cpuset of the process allows. */
#define NUMA_EXT_NODES_ALL 2

/*
 * Parses a node string into a new mask of numa_num_possible_nodes() bits, which the caller frees
 * with numa_bitmask_free(). flags is 0, or a sum of NUMA_EXT_NODES_....
 *
 * It takes what numa_parse_nodestring() takes (0, 0-3, 0,2, !1, +0, all, netdev:eth0 and the
 * like), and words for what nodes are, wherever a number may stand:
 *
 *   cpu, mem       nodes with CPUs, with memory
 *   fast, slow     with the fastest memory; with any other
 *   tier:N         of the memory tier with this rank, as numa_ext_tier() has it
 *   near:NODE      the node itself if it has what is wanted, or the nearest ones that have; also
 *                  near:gpu:0 and the like
 *   gpu:N, gpu:ADDRESS
 *                  at the N-th GPU in the order of PCI addresses, or at the one with an address:
 *                  the node of the CPUs next to it, never the GPU's own memory
 *   nvme:DEV, ib:DEV, cxl:DEV
 *                  at an NVMe controller, an InfiniBand adapter, a CXL memory device
 *
 * An empty string is an empty mask. A word that no node answers to is an error, never all nodes or
 * none.
 *
 * Returns NULL with errno: EINVAL if the string is NULL or cannot be read, or names a node that
 * does not exist or may not be used; ENODEV, or what /sys says (ENOENT), if there is no such
 * device; ENODATA if no node is what a word says, or neither kernel nor firmware tell; ENOMEM.
 * From /sys and /proc/self/status, read on each call.
 */
struct bitmask *numa_ext_parse_nodes(const char *string, unsigned int flags);

/* ==== Policies ==== */

/* Flag: all pages are touched, so that they are where the policy says when the call returns. */
#define NUMA_EXT_ALLOC_TOUCH 1

/*
 * Sets the calling thread's policy, which holds for pages that it touches from now on, and for
 * threads and processes that it makes. mode is one of numaif.h, MPOL_DEFAULT to
 * MPOL_WEIGHTED_INTERLEAVE, with mode flags added to it. nodes is NULL for MPOL_DEFAULT and
 * MPOL_LOCAL. The call is set_mempolicy(2).
 *
 * Nothing is replaced by something else: a mode or a flag that the kernel lacks is an error, and
 * the policy stays as it was. The kernel itself leaves out nodes that do not exist or that the
 * cpuset forbids, as long as one remains.
 *
 * Returns 0, or -1 with errno: EOPNOTSUPP if the kernel does not know the mode or a flag with it
 * (MPOL_PREFERRED_MANY: Linux 5.15, MPOL_WEIGHTED_INTERLEAVE: 6.9, MPOL_F_NUMA_BALANCING: 5.12
 * with MPOL_BIND and 6.12 with MPOL_PREFERRED_MANY); EINVAL if none of the nodes can be used, the
 * mode needs nodes or takes none, or flags exclude each other; EPERM if a filter denies the call,
 * ENOSYS if the kernel lacks it; ENOMEM.
 */
int numa_ext_set_policy(int mode, const struct bitmask *nodes);

/*
 * Sets the policy of the pages of a range of the caller's memory, as numa_ext_set_policy() does
 * for a thread. The range begins on a page boundary, has length bytes, and counts in whole pages.
 * flags is 0, or a sum of MPOL_MF_STRICT, MPOL_MF_MOVE and MPOL_MF_MOVE_ALL of numaif.h, which say
 * what becomes of pages that are there already; without a flag they stay. No page is touched. The
 * call is mbind(2).
 *
 * Returns 0, or -1 with errno as numa_ext_set_policy(), and: EOPNOTSUPP for any other flag; EINVAL
 * if the range begins within a page; EFAULT if a part of it is not mapped; EPERM if MPOL_MF_MOVE_ALL
 * needs CAP_SYS_NICE. With MPOL_MF_STRICT also EIO: alone if pages are elsewhere, and the policy
 * stays as it was; with a flag that moves if some could not be moved, and the policy is set.
 */
int numa_ext_set_range_policy(void *start,
                              size_t length,
                              int mode,
                              const struct bitmask *nodes,
                              unsigned int flags);

/*
 * Returns size bytes of new, zeroed memory with a policy, mode and nodes as for
 * numa_ext_set_policy(). The caller frees it with numa_free(), which is munmap(2), and the same
 * size.
 *
 * Memory whose policy was refused is never returned. Pages are not touched, so each is placed, or
 * not found, when the program touches it. With the flag NUMA_EXT_ALLOC_TOUCH all are touched
 * before the function returns (MADV_POPULATE_WRITE, Linux 5.14). Where MPOL_BIND finds too little
 * memory on its nodes, the kernel may end a process at a touch, here too, rather than refuse it.
 *
 * Returns NULL with errno as numa_ext_set_policy(), and: ENOMEM if there is no room, or with the
 * flag no page; EINVAL if size is 0; EOPNOTSUPP if the kernel cannot touch pages so, or the flag
 * is unknown.
 */
void *numa_ext_alloc(size_t size, int mode, const struct bitmask *nodes, unsigned int flags);

/*
 * Lets the calling thread run on the CPUs of these nodes only, of those that its cpuset allows.
 * Memory policies stay as they are. The call is sched_setaffinity(2), with what
 * /sys/devices/system/node/nodeN/cpumap says, read on each call.
 *
 * Returns 0, or -1 with errno: EINVAL if there are no nodes in the mask, one does not exist, they
 * have no CPUs, or the cpuset allows none of these; EPERM if a filter denies the call; EIO if a
 * file makes no sense; ENOMEM.
 */
int numa_ext_run_on(const struct bitmask *nodes);

/* ==== Reasons ==== */

/*
 * Returns why the last function of this header that failed in the calling thread did so: a line of
 * English without a newline, such as "there is no node 7, only 0-3". "" if none has failed yet. A
 * call that succeeds leaves it alone, as it does with errno.
 *
 * The text is valid until the next function of this header fails in the thread, or the thread
 * ends; it is not to be freed or changed. It is for people: its words may change, errno is what a
 * program decides by.
 */
const char *numa_ext_reason(void);

#ifdef __cplusplus
}
#endif

#endif
