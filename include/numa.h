/*
 * numa.h: NUMA memory policy and topology on Linux, the interface of libnuma.so.1.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there or the comments in
 * src/capi, then run `make headers`.
 *
 * What holds for all functions, unless said otherwise:
 *
 * - Sizes are in bytes, sizes of masks in bits. Nodes and CPUs are the kernel's numbers, which may
 *   have gaps.
 * - Call numa_available() once. If it returns -1, policies have no effect.
 * - A function that returns int returns -1 with errno on failure, a pointer NULL with errno. A
 *   function that returns nothing calls numa_error.
 * - A mask that a function returns is a new one: free it with numa_bitmask_free. Masks that are
 *   passed in are only read, or written, during the call. NULL counts as an empty mask.
 * - Every function may be called from any thread, also as the first of all, and in a child after
 *   fork(). Two threads may not use one mask while one of them writes to it.
 * - "As of load" is when the library was loaded; later changes are not seen.
 *
 * Link with -lnuma.
 */
#ifndef _NUMA_H
#define _NUMA_H 1

/* Of these, stddef.h and sys/types.h are needed; programs written for libnuma count on all. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The interface that this header describes: masks of any size. */
#define LIBNUMA_API_VERSION 2

/* ==== Sets of nodes and CPUs ==== */

/*
 * A set of nodes or CPUs of any size. Bit n is bit (n % bits per long) of maskp[n / bits per long].
 */
struct bitmask {
    /* Number of bits in the map. */
    unsigned long size;
    /* The map: size bits, rounded up to whole longs. */
    unsigned long *maskp;
};

/* Nodes that fit into a nodemask_t. This is no limit of anything else. */
#if defined(__x86_64__) || defined(__i386__)
#define NUMA_NUM_NODES 128
#else
#define NUMA_NUM_NODES 2048
#endif

/* The set of nodes of libnuma 1, with a fixed size. New programs use struct bitmask. */
typedef struct {
    unsigned long n[NUMA_NUM_NODES / (8 * sizeof(unsigned long))];
} nodemask_t;

/*
 * A new empty mask of n bits; give it back with numa_bitmask_free. NULL with EINVAL, after
 * numa_error, if n is 0, and with ENOMEM if there is no memory.
 */
struct bitmask *numa_bitmask_alloc(unsigned int n);

/*
 * Gives a mask of numa_bitmask_alloc, or of any function that returns a mask, back. NULL is
 * allowed, and so are the exported masks, which stay.
 */
void numa_bitmask_free(struct bitmask *bmp);

/* A new empty mask for nodes, as large as the kernel's: numa_num_possible_nodes() bits. */
struct bitmask *numa_allocate_nodemask(void);

/* A new empty mask for CPUs, as large as the kernel's: numa_num_possible_cpus() bits. */
struct bitmask *numa_allocate_cpumask(void);

/* Sets all bits below the size. Returns the mask. */
struct bitmask *numa_bitmask_setall(struct bitmask *bmp);

/* Clears all bits below the size. Returns the mask. */
struct bitmask *numa_bitmask_clearall(struct bitmask *bmp);

/* Sets bit n. Beyond the size it does nothing. Returns the mask. */
struct bitmask *numa_bitmask_setbit(struct bitmask *bmp, unsigned int n);

/* Clears bit n. Beyond the size it does nothing. Returns the mask. */
struct bitmask *numa_bitmask_clearbit(struct bitmask *bmp, unsigned int n);

/* 1 if bit n is set, else 0; also 0 beyond the size. */
int numa_bitmask_isbitset(const struct bitmask *bmp, unsigned int n);

/* Number of set bits. */
unsigned int numa_bitmask_weight(const struct bitmask *bmp);

/* Size of the map in bytes: whole longs. */
unsigned int numa_bitmask_nbytes(struct bitmask *bmp);

/* 1 if both masks have the same bits set, else 0. The sizes may differ. */
int numa_bitmask_equal(const struct bitmask *bmp1, const struct bitmask *bmp2);

/*
 * Copies a mask; what does not fit is cut, what is missing becomes zero. Whole longs are
 * copied, so bits of the target's last long beyond its size may be set.
 */
void copy_bitmask_to_bitmask(struct bitmask *bmpfrom, struct bitmask *bmpto);

/* Copies a mask into an old one; what does not fit is cut. */
void copy_bitmask_to_nodemask(struct bitmask *bmp, nodemask_t *nodemask);

/* Copies an old mask into a mask; what does not fit is cut, what is missing becomes zero. */
void copy_nodemask_to_bitmask(nodemask_t *nodemask, struct bitmask *bmp);

/* Frees a mask of nodes, as numa_bitmask_free does. */
static __inline__ void numa_free_nodemask(struct bitmask *mask)
{
    numa_bitmask_free(mask);
}

/* Frees a mask of CPUs, as numa_bitmask_free does. */
static __inline__ void numa_free_cpumask(struct bitmask *mask)
{
    numa_bitmask_free(mask);
}

/* ==== Whether there is NUMA, and how much of it ==== */

/*
 * Whether memory policies can be used: 0, or -1 if the kernel has none or they are denied to
 * this process (seccomp). All other functions may be called all the same. Thread-safe,
 * async-signal-safe.
 */
int numa_available(void);

/* The highest node that exists, as of load; 0 without /sys. Not a count: ids may have gaps. */
int numa_max_node(void);

/* The highest node id that the kernel could have. */
int numa_max_possible_node(void);

/* Number of bits in the kernel's node masks, and in those of numa_allocate_nodemask. */
int numa_num_possible_nodes(void);

/* Number of bits in the kernel's CPU masks, and in those of numa_allocate_cpumask. */
int numa_num_possible_cpus(void);

/* Number of nodes that exist, as of load, those without memory or CPUs included. At least 1. */
int numa_num_configured_nodes(void);

/* Number of CPUs of the system, those that are offline included. */
int numa_num_configured_cpus(void);

/* Number of CPUs that the process may run on, as of load. */
int numa_num_task_cpus(void);

/* Number of nodes that the process may allocate from, as of load. */
int numa_num_task_nodes(void);

/* The same as numa_num_task_cpus. */
int numa_num_thread_cpus(void);

/* The same as numa_num_task_nodes. */
int numa_num_thread_nodes(void);

/* The page size in bytes. */
int numa_pagesize(void);

/* ==== Variables ==== */

/* The nodes that this process may allocate from, as of load. Do not free. */
extern struct bitmask *numa_all_nodes_ptr;

/* The empty set of nodes. Do not free. */
extern struct bitmask *numa_no_nodes_ptr;

/* The nodes that exist, as of load. Do not free. */
extern struct bitmask *numa_nodes_ptr;

/*
 * The CPUs that this process may run on, as of load, those that are offline included. Do not free.
 */
extern struct bitmask *numa_all_cpus_ptr;

/* The nodes that exist and fit the old mask. New programs use numa_all_nodes_ptr. */
extern nodemask_t numa_all_nodes;

/* The empty old mask. New programs use numa_no_nodes_ptr. */
extern nodemask_t numa_no_nodes;

/* Set by the program: numa_error ends the process. Default 0. */
extern int numa_exit_on_error;

/* Set by the program: numa_warn ends the process. Default 0. */
extern int numa_exit_on_warn;

/*
 * Set by the program: allocation functions return NULL when the policy of the new memory
 * cannot be set. Default 0: they return the memory all the same.
 */
extern int numa_fail_alloc_on_error;

/* ==== Distances and memory sizes ==== */

/*
 * The distance between two nodes as the firmware tells it: 10 is local, 0 is an error (no such
 * node, or nothing known). Cached.
 */
int numa_distance(int node1, int node2);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wlong-long"
/*
 * The size of a node's memory in bytes; -1 with errno if there is no such node. If freep is not
 * NULL, the free bytes go there (-1 on error). Read afresh each time.
 */
long long numa_node_size64(int node, long long *freep);
#pragma GCC diagnostic pop

/*
 * The size of a node's memory as numa_node_size64 has it, in long values, which on 32-bit
 * machines stop at LONG_MAX.
 */
long numa_node_size(int node, long *freep);

/* ==== The calling thread's memory policy ==== */

/*
 * Allocates from these nodes only. Failures go to numa_error("set_mempolicy"), as in all
 * void functions here.
 */
void numa_set_membind(struct bitmask *nodemask);

/*
 * Allocates from these nodes only, and lets NUMA balancing move pages among them where the
 * kernel can (Linux 5.12).
 */
void numa_set_membind_balancing(struct bitmask *bmp);

/* Allocates page by page over these nodes. An empty mask means the default policy. */
void numa_set_interleave_mask(struct bitmask *nodemask);

/*
 * Allocates page by page over these nodes, by their weights in /sys/kernel/mm/mempolicy
 * (Linux 6.9). An empty mask means the default policy.
 */
void numa_set_weighted_interleave_mask(struct bitmask *nodemask);

/*
 * Allocates from this node first, from others when it is full. -1 means the node of the CPU
 * that the thread runs on.
 */
void numa_set_preferred(int node);

/*
 * Allocates from these nodes first, from others when they are full (Linux 5.15); on older
 * kernels from the first of them, after a warning.
 */
void numa_set_preferred_many(struct bitmask *bitmask);

/* Allocates near the CPU that the thread runs on. */
void numa_set_localalloc(void);

/* The nodes of the thread's interleave policy; empty under another. The mask is the caller's. */
struct bitmask *numa_get_interleave_mask(void);

/*
 * The nodes of the thread's weighted interleave policy; empty under another. The mask is the
 * caller's.
 */
struct bitmask *numa_get_weighted_interleave_mask(void);

/*
 * The nodes of the thread's bind policy; without one all that the process may use. The mask
 * is the caller's.
 */
struct bitmask *numa_get_membind(void);

/*
 * The nodes that the thread prefers (preferred, preferred-many and bind policies); empty under
 * another policy. The mask is the caller's.
 */
struct bitmask *numa_preferred_many(void);

/* The first node that the thread prefers, 0 if it prefers none. */
int numa_preferred(void);

/* The first node that the thread prefers, -1 if it prefers none. */
int numa_preferred_err(void);

/* The node of the thread's next interleaved page; 0, with errno, without an interleave policy. */
int numa_get_interleave_node(void);

/*
 * The nodes that the thread may allocate from now, as its cpuset says. The mask is the
 * caller's.
 */
struct bitmask *numa_get_mems_allowed(void);

/* 1 if the kernel knows the preferred-many policy (Linux 5.15), else 0. No policy changes. */
int numa_has_preferred_many(void);

/* 1 if the kernel knows home nodes (Linux 5.17), else 0. No policy changes. */
int numa_has_home_node(void);

/* Runs on the CPUs of these nodes and allocates from them only. */
void numa_bind(struct bitmask *nodes);

/*
 * How this thread's numa_alloc_onnode, numa_tonode_memory and numa_tonodemask_memory place
 * pages: 1 (the default) on the given nodes only, 0 on others too when those are full.
 */
void numa_set_bind_policy(int strict);

/*
 * Whether this thread's functions that set a range's policy report, through numa_error, pages
 * that are there already and elsewhere: 1, or 0 (the default).
 */
void numa_set_strict(int flag);

/* ==== Allocation, and the policies of address ranges ==== */

/*
 * size bytes of zeroed memory with the thread's current policy, all pages touched. Give it
 * back with numa_free. NULL with errno if there is none, or size is 0, as in all allocation
 * functions here; the size is rounded up to whole pages.
 */
void *numa_alloc(size_t size);

/*
 * size bytes that come from the node of the CPU that touches them first. Pages are not touched
 * yet, as in all functions that follow.
 */
void *numa_alloc_local(size_t size);

/*
 * size bytes on a node, by this thread's bind policy (numa_set_bind_policy). If the policy
 * cannot be set, numa_error("mbind") tells, and the memory is returned all the same unless
 * numa_fail_alloc_on_error is set, as in all functions that follow.
 */
void *numa_alloc_onnode(size_t size, int node);

/* size bytes, page by page over all nodes that the process may use. */
void *numa_alloc_interleaved(size_t size);

/* size bytes, page by page over these nodes. */
void *numa_alloc_interleaved_subset(size_t size, struct bitmask *nodemask);

/*
 * size bytes, page by page over all nodes that the process may use, by their weights
 * (Linux 6.9).
 */
void *numa_alloc_weighted_interleaved(size_t size);

/* size bytes, page by page over these nodes, by their weights (Linux 6.9). */
void *numa_alloc_weighted_interleaved_subset(size_t size, struct bitmask *nodemask);

/*
 * Changes the size of memory from the functions above, which keeps its policy and may move.
 * NULL with errno if that fails; the old memory then stays.
 */
void *numa_realloc(void *old_addr, size_t old_size, size_t new_size);

/* Gives memory from the functions above back. */
void numa_free(void *mem, size_t size);

/*
 * Touches every page that the range spans, so that the current policy places it. Contents stay,
 * also while other threads write.
 */
void numa_police_memory(void *start, size_t size);

/*
 * Sets the range's policy to page by page over these nodes. Pages that are there already stay,
 * as in all functions here; failures go to numa_error("mbind"). The start is a page boundary.
 */
void numa_interleave_memory(void *mem, size_t size, struct bitmask *mask);

/* Sets the range's policy to page by page over these nodes, by their weights (Linux 6.9). */
void numa_weighted_interleave_memory(void *mem, size_t size, struct bitmask *mask);

/* Places the range on a node, by this thread's bind policy. */
void numa_tonode_memory(void *start, size_t size, int node);

/* Places the range on these nodes, by this thread's bind policy. */
void numa_tonodemask_memory(void *mem, size_t size, struct bitmask *mask);

/* Places the range near the CPU that touches a page first. */
void numa_setlocal_memory(void *start, size_t size);

/*
 * Sets the home node of a range with a bind or preferred-many policy: the node that is tried
 * first. 0, or -1 with errno: ENOSYS before Linux 5.17, EINVAL for a bad node or range.
 */
int numa_set_mempolicy_home_node(void *start, unsigned long len, int home_node, int flags);

/* ==== CPUs ==== */

/*
 * The CPUs of a node, into a mask. 0, or -1 with errno: ERANGE if the node is negative or
 * beyond numa_max_node(), ENOENT if there is no such node, EINVAL after numa_error if a CPU of
 * the node does not fit. If the CPUs cannot be read, all that are possible are in the mask. Cached;
 * see numa_node_to_cpu_update.
 */
int numa_node_to_cpus(int node, struct bitmask *mask);

/* Makes the next queries of all nodes' CPUs read /sys again, after CPUs came or went. */
void numa_node_to_cpu_update(void);

/* The node of a CPU, or -1 with EINVAL if it belongs to none. */
int numa_node_of_cpu(int cpu);

/*
 * Runs the calling thread on the CPUs of a node; -1 means all CPUs. 0, or -1 with errno:
 * EINVAL if the node is impossible, ERANGE or ENOENT after a warning if it does not exist.
 */
int numa_run_on_node(int node);

/*
 * Runs the calling thread on the CPUs of these nodes. Nodes that the process may not use are
 * warned about and left out, but a node without memory is used for its CPUs. 0, or -1 with
 * errno, after numa_error, if no CPU is left.
 */
int numa_run_on_node_mask(struct bitmask *mask);

/*
 * Runs the calling thread on the CPUs of these nodes, whether the process may use their memory
 * or not. Those that do not exist are warned about and left out. 0, or -1 with errno, after
 * numa_error, if no CPU is left.
 */
int numa_run_on_node_mask_all(struct bitmask *mask);

/* The nodes on whose CPUs the calling thread may run. The mask is the caller's. */
struct bitmask *numa_get_run_node_mask(void);

/*
 * The CPUs that a thread (0: the caller) may run on, into a mask. The number of bytes that the
 * kernel filled, or -1 with errno: EINVAL if the mask is too small, ESRCH if there is no thread.
 */
int numa_sched_getaffinity(pid_t pid, struct bitmask *mask);

/* Sets the CPUs that a thread (0: the caller) may run on. 0, or -1 with errno. */
int numa_sched_setaffinity(pid_t pid, struct bitmask *mask);

/* ==== Moving pages ==== */

/*
 * Moves the pages of a process (0: the caller) that are on the nodes of one mask to those of
 * another, keeping a node's place in the sets. The number of pages that could not be moved, or
 * -1 with errno: ESRCH no such process, EPERM not permitted (CAP_SYS_NICE, the process's
 * cpuset), EINVAL no usable target. The masks may have any size.
 */
int numa_migrate_pages(int pid, struct bitmask *fromnodes, struct bitmask *tonodes);

/*
 * move_pages(2): moves single pages of a process (0: the caller), or asks where they are if
 * nodes is NULL. Returns what the kernel returns.
 */
int numa_move_pages(int pid,
                    unsigned long count,
                    void **pages,
                    const int *nodes,
                    int *status,
                    int flags);

/* ==== Node and CPU strings ==== */

/*
 * The nodes that a string such as "0-3,8", "!1", "+0" or "all" names, among those that the
 * process may use. The new mask is the caller's. NULL, after numa_warn, if the string is wrong.
 */
struct bitmask *numa_parse_nodestring(const char *string);

/*
 * The nodes that a string as for numa_parse_nodestring names, among all that exist, whether the
 * process may use them or not. The new mask is the caller's. NULL, after numa_warn, if the string
 * is wrong.
 */
struct bitmask *numa_parse_nodestring_all(const char *string);

/*
 * The CPUs that a string such as "0-3,8", "!1", "+0" or "all" names, among those that the
 * process may use. The new mask is the caller's. NULL, after numa_warn, if the string is wrong.
 */
struct bitmask *numa_parse_cpustring(const char *string);

/*
 * The CPUs that a string as for numa_parse_cpustring names, among all that are possible,
 * whether the process may use them or not. The new mask is the caller's. NULL, after numa_warn,
 * if the string is wrong.
 */
struct bitmask *numa_parse_cpustring_all(const char *string);

/* ==== Errors and warnings ==== */

/*
 * Called by functions that have no other way to report a failure. Prints place and the text for
 * errno on stderr, and ends the process with status 1 if numa_exit_on_error is set. A program may
 * define its own. Leaves errno as it is.
 */
void numa_error(char *place);

/*
 * Called with warnings. Prints the message on stderr, each number from 0 to 31 only the first
 * time, and ends the process with status 1 if numa_exit_on_warn is set. A program may define its
 * own. Leaves errno as it is.
 */
void numa_warn(int number, char *format, ...);

/* ==== Old masks ==== */

/* Clears all bits. */
static __inline__ void nodemask_zero_compat(nodemask_t *mask)
{
    const nodemask_t empty = {{0}};

    *mask = empty;
}

/* Clears all bits. */
static __inline__ void nodemask_zero(nodemask_t *mask)
{
    nodemask_zero_compat(mask);
}

/* Sets the bit of a node. Does nothing if the node does not fit. */
static __inline__ void nodemask_set_compat(nodemask_t *mask, int node)
{
    const int bits = 8 * sizeof(unsigned long);

    if (node >= 0 && node < NUMA_NUM_NODES)
        mask->n[node / bits] |= 1UL << (node % bits);
}

/* Clears the bit of a node. Does nothing if the node does not fit. */
static __inline__ void nodemask_clr_compat(nodemask_t *mask, int node)
{
    const int bits = 8 * sizeof(unsigned long);

    if (node >= 0 && node < NUMA_NUM_NODES)
        mask->n[node / bits] &= ~(1UL << (node % bits));
}

/* 1 if the bit of a node is set, else 0; also 0 if the node does not fit. */
static __inline__ int nodemask_isset_compat(const nodemask_t *mask, int node)
{
    const int bits = 8 * sizeof(unsigned long);

    return node >= 0 && node < NUMA_NUM_NODES && (mask->n[node / bits] >> (node % bits) & 1) != 0;
}

/* 1 if both masks have the same bits set, else 0. */
static __inline__ int nodemask_equal_compat(const nodemask_t *a, const nodemask_t *b)
{
    size_t i;

    for (i = 0; i < sizeof(a->n) / sizeof(a->n[0]); i++)
        if (a->n[i] != b->n[i])
            return 0;
    return 1;
}

/* 1 if both masks have the same bits set, else 0. */
static __inline__ int nodemask_equal(const nodemask_t *a, const nodemask_t *b)
{
    return nodemask_equal_compat(a, b);
}

/* ==== Functions with the arguments of libnuma 1 ==== */

/*
 * Each calls the function of the same name without _compat. NUMA_VERSION1_COMPATIBILITY gives
 * them those names: see numacompat1.h.
 */

static __inline__ void numa_bind_compat(nodemask_t *nodemask)
{
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = nodemask->n;
    numa_bind(&mask);
}

static __inline__ void numa_set_membind_compat(nodemask_t *nodemask)
{
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = nodemask->n;
    numa_set_membind(&mask);
}

static __inline__ nodemask_t numa_get_membind_compat(void)
{
    struct bitmask *mask = numa_get_membind();
    nodemask_t nodemask;

    nodemask_zero_compat(&nodemask);
    copy_bitmask_to_nodemask(mask, &nodemask);
    numa_bitmask_free(mask);
    return nodemask;
}

static __inline__ void numa_set_interleave_mask_compat(nodemask_t *nodemask)
{
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = nodemask->n;
    numa_set_interleave_mask(&mask);
}

static __inline__ nodemask_t numa_get_interleave_mask_compat(void)
{
    struct bitmask *mask = numa_get_interleave_mask();
    nodemask_t nodemask;

    nodemask_zero_compat(&nodemask);
    copy_bitmask_to_nodemask(mask, &nodemask);
    numa_bitmask_free(mask);
    return nodemask;
}

static __inline__ void *numa_alloc_interleaved_subset_compat(size_t size,
                                                             const nodemask_t *nodemask)
{
    nodemask_t copy = *nodemask;
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = copy.n;
    return numa_alloc_interleaved_subset(size, &mask);
}

static __inline__ void numa_interleave_memory_compat(void *start, size_t size,
                                                     const nodemask_t *nodemask)
{
    nodemask_t copy = *nodemask;
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = copy.n;
    numa_interleave_memory(start, size, &mask);
}

static __inline__ void numa_tonodemask_memory_compat(void *start, size_t size,
                                                     const nodemask_t *nodemask)
{
    nodemask_t copy = *nodemask;
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = copy.n;
    numa_tonodemask_memory(start, size, &mask);
}

static __inline__ int numa_run_on_node_mask_compat(const nodemask_t *nodemask)
{
    nodemask_t copy = *nodemask;
    struct bitmask mask;

    mask.size = NUMA_NUM_NODES;
    mask.maskp = copy.n;
    return numa_run_on_node_mask(&mask);
}

static __inline__ nodemask_t numa_get_run_node_mask_compat(void)
{
    struct bitmask *mask = numa_get_run_node_mask();
    nodemask_t nodemask;

    nodemask_zero_compat(&nodemask);
    copy_bitmask_to_nodemask(mask, &nodemask);
    numa_bitmask_free(mask);
    return nodemask;
}

/* The length of the buffer is in bytes, here and below. */
static __inline__ int numa_node_to_cpus_compat(int node, unsigned long *buffer, int length)
{
    struct bitmask mask;

    mask.size = length > 0 ? 8UL * (unsigned int)length : 0;
    mask.maskp = buffer;
    return numa_node_to_cpus(node, &mask);
}

static __inline__ int numa_sched_getaffinity_compat(pid_t pid, unsigned int length,
                                                    unsigned long *buffer)
{
    struct bitmask mask;

    mask.size = 8UL * length;
    mask.maskp = buffer;
    return numa_sched_getaffinity(pid, &mask);
}

static __inline__ int numa_sched_setaffinity_compat(pid_t pid, unsigned int length,
                                                    unsigned long *buffer)
{
    struct bitmask mask;

    mask.size = 8UL * length;
    mask.maskp = buffer;
    return numa_sched_setaffinity(pid, &mask);
}

#ifdef __cplusplus
}
#endif

#ifdef NUMA_VERSION1_COMPATIBILITY
#include "numacompat1.h"
#endif

#endif
