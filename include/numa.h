/*
 * numa.h: NUMA memory policy and topology on Linux, the interface of libnuma.so.1.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there or the comments in
 * src/capi, then run `make headers`.
 *
 * What holds for all functions, unless their comments or those of their group say otherwise:
 *
 * Units
 *   Sizes of memory are in bytes, sizes of masks in bits. Nodes and CPUs are the kernel's numbers,
 *   which may have gaps.
 *
 * Errors
 *   A function that returns an int returns -1 with errno on failure; one that returns a pointer
 *   returns NULL with errno; one that returns nothing calls numa_error(), with errno. What is no
 *   failure but should be known goes to numa_warn(). By default both print on stderr, and a program
 *   may replace both.
 *
 * Masks
 *   A mask that a function returns is a new one: the caller frees it with numa_bitmask_free(). A
 *   mask that is passed in is read or written during the call only, and may have any size; the
 *   kernel refuses bits for nodes that it cannot have. NULL counts as an empty mask.
 *
 * Threads
 *   Every function may be called from any thread, in a child after fork(), and without
 *   numa_available() before it. While one thread writes to a mask, no other thread may use it.
 *   Functions are async-signal-safe only where a comment says so: most allocate, read files or
 *   report failures through numa_error().
 *
 * Load
 *   When the library is loaded it reads which nodes and CPUs exist and which of them the process
 *   may use, from /sys/devices/system and /proc/self/status. "As of load" means that later changes
 *   are not seen. Loading makes no memory policy call and prints nothing.
 *
 * Kernels
 *   "Linux 5.15" means since that release.
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

/* Version 2 of the interface: masks of any size. */
#define LIBNUMA_API_VERSION 2

/* ==== Sets of nodes and CPUs ==== */

/*
 * All functions but those that allocate or free a mask are async-signal-safe. Bits of a map's last
 * long that lie beyond the mask's size are not looked at, and are not written unless it is said.
 */

/*
 * A set of nodes or CPUs of any size. Bit n is bit (n % bits per long) of maskp[n / bits per long].
 */
struct bitmask {
    /* Number of bits in the map. */
    unsigned long size;
    /* The map: size bits, rounded up to whole longs. */
    unsigned long *maskp;
};

/* Number of bits of a nodemask_t. It limits nothing else. */
#if defined(__x86_64__) || defined(__i386__)
#define NUMA_NUM_NODES 128
#else
#define NUMA_NUM_NODES 2048
#endif

/* A set of nodes of a fixed size, as libnuma 1 had it. New programs use struct bitmask. */
typedef struct {
    unsigned long n[NUMA_NUM_NODES / (8 * sizeof(unsigned long))];
} nodemask_t;

/*
 * Returns a new empty mask of n bits. The caller frees it with numa_bitmask_free().
 *
 * Returns NULL with EINVAL, after numa_error(), if n is 0, and NULL with ENOMEM if there is no
 * memory.
 */
struct bitmask *numa_bitmask_alloc(unsigned int n);

/*
 * Frees a mask from numa_bitmask_alloc() or from any other function that returns a mask. Does
 * nothing if bmp is NULL or one of the exported masks.
 */
void numa_bitmask_free(struct bitmask *bmp);

/*
 * Returns a new empty mask of numa_num_possible_nodes() bits, NULL with ENOMEM if there is no
 * memory. The caller frees it with numa_bitmask_free().
 */
struct bitmask *numa_allocate_nodemask(void);

/*
 * Returns a new empty mask of numa_num_possible_cpus() bits, NULL with ENOMEM if there is no
 * memory. The caller frees it with numa_bitmask_free().
 */
struct bitmask *numa_allocate_cpumask(void);

/* Sets all bits below the mask's size. Returns bmp. */
struct bitmask *numa_bitmask_setall(struct bitmask *bmp);

/* Clears all bits below the mask's size. Returns bmp. */
struct bitmask *numa_bitmask_clearall(struct bitmask *bmp);

/* Sets bit n; does nothing if n is at or beyond the mask's size. Returns bmp. */
struct bitmask *numa_bitmask_setbit(struct bitmask *bmp, unsigned int n);

/* Clears bit n; does nothing if n is at or beyond the mask's size. Returns bmp. */
struct bitmask *numa_bitmask_clearbit(struct bitmask *bmp, unsigned int n);

/* Returns 1 if bit n is set, 0 if it is not or if n is at or beyond the mask's size. */
int numa_bitmask_isbitset(const struct bitmask *bmp, unsigned int n);

/* Returns the number of set bits below the mask's size. */
unsigned int numa_bitmask_weight(const struct bitmask *bmp);

/* Returns the size of the map in bytes, rounded up to whole longs. */
unsigned int numa_bitmask_nbytes(struct bitmask *bmp);

/*
 * Returns 1 if both masks have the same bits set, else 0. The sizes may differ: bits that the
 * shorter mask lacks count as clear.
 */
int numa_bitmask_equal(const struct bitmask *bmp1, const struct bitmask *bmp2);

/*
 * Copies bmpfrom to bmpto. Bits that do not fit are dropped, bits that bmpfrom lacks become 0.
 * Whole longs are copied, so bits of bmpto's last long beyond its size may be set; no function
 * here looks at them.
 */
void copy_bitmask_to_bitmask(struct bitmask *bmpfrom, struct bitmask *bmpto);

/* Copies bmp to nodemask. Bits that do not fit are dropped, bits that bmp lacks become 0. */
void copy_bitmask_to_nodemask(struct bitmask *bmp, nodemask_t *nodemask);

/* Copies nodemask to bmp. Bits that do not fit are dropped, bits that nodemask lacks become 0. */
void copy_nodemask_to_bitmask(nodemask_t *nodemask, struct bitmask *bmp);

/* Same as numa_bitmask_free(). */
static __inline__ void numa_free_nodemask(struct bitmask *mask)
{
    numa_bitmask_free(mask);
}

/* Same as numa_bitmask_free(). */
static __inline__ void numa_free_cpumask(struct bitmask *mask)
{
    numa_bitmask_free(mask);
}

/* ==== Whether there is NUMA, and how much of it ==== */

/*
 * All numbers but those of numa_num_configured_cpus() and numa_pagesize() are as of load. These
 * functions do not fail, except numa_available(), and the others leave errno alone. All but
 * numa_num_configured_cpus() are async-signal-safe.
 */

/*
 * Returns 0 if memory policies can be used, or -1 if the kernel has none (ENOSYS) or denies them
 * to this process (EPERM, as seccomp filters do), with errno. Calls get_mempolicy(2) each time.
 * All other functions may be called whatever it returns.
 */
int numa_available(void);

/*
 * Returns the highest node that exists, 0 without /sys. This is not a count: the numbers of
 * nodes may have gaps.
 */
int numa_max_node(void);

/* Returns the highest node that the masks can hold: numa_num_possible_nodes() - 1. */
int numa_max_possible_node(void);

/*
 * Returns the size of node masks in bits, a multiple of the bits of a long. It comes from the
 * digits of Mems_allowed in /proc/self/status, or from /sys/devices/system/node/possible if that
 * is more, and is 1024 if the former cannot be read.
 */
int numa_num_possible_nodes(void);

/* Returns the size of CPU masks in bits: those that sched_getaffinity(2) fills. */
int numa_num_possible_cpus(void);

/* Returns the number of nodes that exist, those without memory or CPUs included; at least 1. */
int numa_num_configured_nodes(void);

/*
 * Returns the number of CPUs of the system, those that are offline included; at least 1. It
 * comes from sysconf(_SC_NPROCESSORS_CONF) as of the first call. Not async-signal-safe.
 */
int numa_num_configured_cpus(void);

/* Returns the number of CPUs in numa_all_cpus_ptr as of load: those that the process may run on. */
int numa_num_task_cpus(void);

/*
 * Returns the number of nodes in numa_all_nodes_ptr as of load: those that the process may
 * allocate from; at least 1.
 */
int numa_num_task_nodes(void);

/* Same as numa_num_task_cpus(). */
int numa_num_thread_cpus(void);

/* Same as numa_num_task_nodes(). */
int numa_num_thread_nodes(void);

/* Returns the size of a base page in bytes, from sysconf(_SC_PAGESIZE). */
int numa_pagesize(void);

/* ==== Variables ==== */

/*
 * The masks are as of load and belong to the library: numa_bitmask_free() leaves them alone, and
 * programs should not change them. Masks of nodes have numa_num_possible_nodes() bits. Programs set
 * the integers, if at all, before they start threads.
 */

/*
 * The nodes that the process may allocate from: Mems_allowed of /proc/self/status, or all nodes
 * that exist if that cannot be read.
 */
extern struct bitmask *numa_all_nodes_ptr;

/* The empty set of nodes. */
extern struct bitmask *numa_no_nodes_ptr;

/*
 * The nodes that exist: the directories /sys/devices/system/node/nodeN, or node 0 alone without
 * them.
 */
extern struct bitmask *numa_nodes_ptr;

/*
 * The CPUs that the process may run on: those of Cpus_allowed in /proc/self/status that are
 * possible, offline ones included, or else what sched_getaffinity(2) reports. This mask has
 * numa_num_possible_cpus() bits.
 */
extern struct bitmask *numa_all_cpus_ptr;

/*
 * The nodes that exist, as far as they fit into a nodemask_t. New programs use
 * numa_all_nodes_ptr.
 */
extern nodemask_t numa_all_nodes;

/* The empty nodemask_t. New programs use numa_no_nodes_ptr. */
extern nodemask_t numa_no_nodes;

/* If the program sets it to non-zero, numa_error() ends the process. The default is 0. */
extern int numa_exit_on_error;

/* If the program sets it to non-zero, numa_warn() ends the process. The default is 0. */
extern int numa_exit_on_warn;

/*
 * If the program sets it to non-zero, allocation functions return NULL if they cannot set the
 * policy of the new memory. The default is 0: they return memory without that policy.
 */
extern int numa_fail_alloc_on_error;

/* ==== Distances and memory sizes ==== */

/* These functions read files of /sys, and do not call numa_error(). */

/*
 * Returns the distance from node1 to node2 as the firmware reports it: 10 is a node's distance
 * to itself, larger numbers mean slower memory. Returns 0 with errno on failure: EINVAL for a
 * negative node, ENOENT if there is no such node, EIO if the file makes no sense, else what
 * reading it fails with.
 *
 * The distances come from /sys/devices/system/node/nodeN/distance. They are read once for each
 * node; those of nodes that appear after load are read each time. A file that exists but cannot
 * be read is reported through numa_warn().
 */
int numa_distance(int node1, int node2);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wlong-long"
/*
 * Returns the size of a node's memory in bytes and, if freep is not NULL, stores there how much
 * of it is free. Both figures come from /sys/devices/system/node/nodeN/meminfo, which is read on
 * each call. A node without memory has a size of 0.
 *
 * On failure both are -1, with errno: ENOENT if there is no such node, EIO if the file has
 * neither figure, else what reading it fails with. If the file has only one of the figures, the
 * other is -1. Missing figures are reported through numa_warn().
 */
long long numa_node_size64(int node, long long *freep);
#pragma GCC diagnostic pop

/* Same as numa_node_size64(), in long: on 32-bit machines larger sizes become LONG_MAX. */
long numa_node_size(int node, long *freep);

/* ==== The calling thread's memory policy ==== */

/*
 * A thread's policy says where the kernel places pages of its memory for which no policy of a range
 * is set. It counts for pages that are allocated from then on; those that exist stay. New threads
 * and child processes inherit it, and execve(2) keeps it. The policy of a thread that sets none is
 * MPOL_DEFAULT, which is like MPOL_LOCAL.
 *
 * Functions that set the policy call set_mempolicy(2) and read the mask that they are given. A
 * failure goes to numa_error("set_mempolicy") and leaves the policy as it was. errno is EINVAL if
 * the kernel does not have the mode, cannot have one of the nodes, or may use none of them, EPERM
 * or ENOSYS where the kernel denies or lacks policies, and ENOMEM.
 *
 * Functions that return a mask or a node of the policy call get_mempolicy(2). A failure goes to
 * numa_error("get_mempolicy"), and they return what they return under another policy. A mask is a
 * new one of numa_num_possible_nodes() bits, which the caller frees with numa_bitmask_free(), or
 * NULL with ENOMEM if there is no memory.
 */

/*
 * Sets MPOL_BIND: pages come from these nodes only. EINVAL if the mask has no node that may be
 * used.
 */
void numa_set_membind(struct bitmask *nodemask);

/*
 * Sets MPOL_BIND and lets NUMA balancing move pages among the nodes (MPOL_F_NUMA_BALANCING,
 * Linux 5.12). On kernels that refuse the flag it does the same as numa_set_membind().
 */
void numa_set_membind_balancing(struct bitmask *bmp);

/* Sets MPOL_INTERLEAVE: pages come from these nodes in turn. An empty mask sets MPOL_DEFAULT. */
void numa_set_interleave_mask(struct bitmask *nodemask);

/*
 * Sets MPOL_WEIGHTED_INTERLEAVE (Linux 6.9): pages come from these nodes in turn, from each as
 * many as its weight in /sys/kernel/mm/mempolicy/weighted_interleave. An empty mask sets
 * MPOL_DEFAULT. Older kernels fail with EINVAL.
 */
void numa_set_weighted_interleave_mask(struct bitmask *nodemask);

/*
 * Sets MPOL_PREFERRED: pages come from this node, and from others if it is full. -1, and any
 * other number that no node can have, sets MPOL_LOCAL. EINVAL if the node does not exist or may
 * not be used.
 */
void numa_set_preferred(int node);

/*
 * Sets MPOL_PREFERRED_MANY (Linux 5.15): pages come from these nodes, and from others if they
 * are full. On older kernels it warns through numa_warn() and sets MPOL_PREFERRED with the
 * lowest of the nodes.
 */
void numa_set_preferred_many(struct bitmask *bitmask);

/*
 * Sets MPOL_LOCAL: pages come from the node of the CPU that touches them first, and from others
 * if it is full.
 */
void numa_set_localalloc(void);

/*
 * Returns the nodes of the thread's MPOL_INTERLEAVE policy. The mask is empty under another
 * policy and under one with mode flags (numaif.h).
 */
struct bitmask *numa_get_interleave_mask(void);

/*
 * Returns the nodes of the thread's MPOL_WEIGHTED_INTERLEAVE policy. The mask is empty under
 * another policy and under one with mode flags.
 */
struct bitmask *numa_get_weighted_interleave_mask(void);

/*
 * Returns the nodes of the thread's MPOL_BIND policy. Under another policy, and under one with
 * mode flags, such as numa_set_membind_balancing() sets, it returns the nodes of
 * numa_all_nodes_ptr.
 */
struct bitmask *numa_get_membind(void);

/*
 * Returns the nodes of the thread's MPOL_PREFERRED, MPOL_PREFERRED_MANY or MPOL_BIND policy,
 * with mode flags or without. The mask is empty under another policy.
 */
struct bitmask *numa_preferred_many(void);

/*
 * Returns the lowest node of the thread's policy, or 0 if the policy has no nodes or
 * interleaves.
 */
int numa_preferred(void);

/*
 * Returns the lowest node of the thread's policy, or -1 if the policy has no nodes or
 * interleaves. errno is set only on failure.
 */
int numa_preferred_err(void);

/*
 * Returns the node of the thread's next interleaved page, 0 with errno on failure: EINVAL unless
 * the thread has an interleaving policy. Does not call numa_error(). Since node 0 may be the
 * answer, set errno to 0 before the call. Calls get_mempolicy(2) with MPOL_F_NODE.
 * Async-signal-safe.
 */
int numa_get_interleave_node(void);

/*
 * Returns the nodes that the thread may allocate from now, as its cpuset says. Calls
 * get_mempolicy(2) with MPOL_F_MEMS_ALLOWED (Linux 2.6.24). The mask is empty if that fails.
 */
struct bitmask *numa_get_mems_allowed(void);

/*
 * Returns 1 if the kernel has MPOL_PREFERRED_MANY (Linux 5.15) and does not deny mbind(2), else
 * 0. The first call asks by mbind(2) with an empty range, which changes no policy. Leaves errno
 * alone. Async-signal-safe.
 */
int numa_has_preferred_many(void);

/*
 * Returns 1 if the kernel has set_mempolicy_home_node(2) (Linux 5.17) and does not deny it, else
 * 0. The first call asks by that call with an empty range, which changes no policy. Leaves errno
 * alone. Async-signal-safe.
 */
int numa_has_home_node(void);

/*
 * Runs the thread on the CPUs of these nodes, as numa_run_on_node_mask() does, and sets
 * MPOL_BIND with them, as numa_set_membind() does. If the first fails, the second is done
 * nevertheless. Each reports its failure through numa_error().
 */
void numa_bind(struct bitmask *nodes);

/*
 * Chooses with which mode numa_alloc_onnode(), numa_tonode_memory() and numa_tonodemask_memory()
 * place pages when this thread calls them: 1 (the default in each thread) for MPOL_BIND, 0 for
 * MPOL_PREFERRED_MANY, or MPOL_PREFERRED on kernels without it (before Linux 5.15). Makes no system
 * call and does not fail.
 */
void numa_set_bind_policy(int strict);

/*
 * If flag is not 0, functions that set the policy of a range add MPOL_MF_STRICT to mbind(2) when
 * this thread calls them: they fail with EIO if the range has pages that do not follow the policy.
 * The default in each thread is 0. Makes no system call and does not fail.
 */
void numa_set_strict(int flag);

/* ==== Allocation, and the policies of address ranges ==== */

/*
 * Allocation functions map private memory with mmap(2), filled with zeros. size is rounded up to
 * whole pages; each call costs a system call or two and at least a page, so they are no malloc().
 * The caller frees the memory with numa_free(). They return NULL with errno on failure: EINVAL if
 * size is 0, ENOMEM if there is no room.
 *
 * All but numa_alloc() and numa_realloc() set the policy of the new memory with mbind(2) and touch
 * no page: pages are placed as they are first touched. If the policy cannot be set they call
 * numa_error("mbind") and return memory without it, or NULL with errno if numa_fail_alloc_on_error
 * is set.
 *
 * Functions that set the policy of a range that is mapped already call mbind(2) as well. The range
 * starts at a page boundary; its size is rounded up to whole pages. Pages that exist stay where
 * they are. A failure goes to numa_error("mbind").
 *
 * errno of mbind(2) is EINVAL if the kernel does not have the mode, cannot have one of the nodes,
 * or may use none of them, or if the start is not a page boundary; EFAULT if a part of the range is
 * not mapped; EIO with numa_set_strict(); ENOMEM; EPERM or ENOSYS where the kernel denies or lacks
 * policies. A policy of a range is shared by all threads. A mask is read.
 */

/*
 * Allocates memory with the thread's policy and touches all its pages, so that they are placed
 * at once. Uses MADV_POPULATE_WRITE of madvise(2) (Linux 5.14), and writes to each page on older
 * kernels. Makes no policy call.
 */
void *numa_alloc(size_t size);

/* Allocates memory with MPOL_LOCAL: pages come from the node of the CPU that touches them first. */
void *numa_alloc_local(size_t size);

/*
 * Allocates memory on a node, with the mode that numa_set_bind_policy() chooses for the thread.
 * With MPOL_BIND a number that no node can have fails with EINVAL.
 */
void *numa_alloc_onnode(size_t size, int node);

/* Allocates memory with MPOL_INTERLEAVE over the nodes of numa_all_nodes_ptr. */
void *numa_alloc_interleaved(size_t size);

/* Allocates memory with MPOL_INTERLEAVE over these nodes. */
void *numa_alloc_interleaved_subset(size_t size, struct bitmask *nodemask);

/*
 * Allocates memory with MPOL_WEIGHTED_INTERLEAVE (Linux 6.9) over the nodes of
 * numa_all_nodes_ptr.
 */
void *numa_alloc_weighted_interleaved(size_t size);

/* Allocates memory with MPOL_WEIGHTED_INTERLEAVE (Linux 6.9) over these nodes. */
void *numa_alloc_weighted_interleaved_subset(size_t size, struct bitmask *nodemask);

/*
 * Changes the size of memory from the functions above with mremap(2), and returns its address,
 * which may be another one. Contents and policy stay; new pages are not touched. old_size is the
 * size that was allocated.
 *
 * Returns NULL with errno on failure, and the old memory stays as it is: EINVAL if new_size is
 * 0, ENOMEM if there is no room, EFAULT if the old range is not mapped.
 */
void *numa_realloc(void *old_addr, size_t old_size, size_t new_size);

/*
 * Frees memory from the functions above with munmap(2). size is the size that was allocated.
 * Sets errno on failure, and does not call numa_error(): EINVAL if mem is not a page boundary or
 * size is 0.
 */
void numa_free(void *mem, size_t size);

/*
 * Writes to each page that the range touches, without changing its contents, so that the policy
 * places it. Other threads may write to the range meanwhile. The range must be mapped for
 * writing, else the program gets SIGSEGV. Reports nothing. Async-signal-safe.
 */
void numa_police_memory(void *start, size_t size);

/* Sets MPOL_INTERLEAVE over these nodes. */
void numa_interleave_memory(void *mem, size_t size, struct bitmask *mask);

/* Sets MPOL_WEIGHTED_INTERLEAVE (Linux 6.9) over these nodes. */
void numa_weighted_interleave_memory(void *mem, size_t size, struct bitmask *mask);

/* Places the range on a node, with the mode that numa_set_bind_policy() chooses for the thread. */
void numa_tonode_memory(void *start, size_t size, int node);

/*
 * Places the range on these nodes, with the mode that numa_set_bind_policy() chooses for the
 * thread.
 */
void numa_tonodemask_memory(void *mem, size_t size, struct bitmask *mask);

/* Sets MPOL_LOCAL: pages come from the node of the CPU that touches them first. */
void numa_setlocal_memory(void *start, size_t size);

/*
 * Sets the home node of a range whose policy is MPOL_BIND or MPOL_PREFERRED_MANY: its pages come
 * from that node, or from the one of the policy's nodes that is nearest to it (Linux 5.17). len
 * is in bytes. flags must be 0. Calls set_mempolicy_home_node(2).
 *
 * Returns 0, or -1 with errno: EINVAL if the node is not online, start is not a page boundary or
 * flags is not 0, ENOENT if no mapping of the range has a policy, EOPNOTSUPP if one has a policy
 * of another mode, ENOSYS on older kernels. Does not call numa_error(). Async-signal-safe.
 */
int numa_set_mempolicy_home_node(void *start, unsigned long len, int home_node, int flags);

/* ==== CPUs ==== */

/*
 * The CPUs of a node are read once and kept until numa_node_to_cpu_update(). Functions that set on
 * which CPUs a thread runs call sched_setaffinity(2) and replace what was set before; new threads
 * and child processes inherit it. They set no memory policy.
 */

/*
 * Writes the CPUs of a node to mask, which should have numa_num_possible_cpus() bits. They come
 * from /sys/devices/system/node/nodeN/cpumap. All longs of the map are written.
 *
 * Returns 0, or -1 with errno. ERANGE if node is negative or beyond numa_max_node(), and EINVAL,
 * after numa_error(), if a CPU of the node does not fit; both leave the mask alone. ENOENT if
 * there is no such node, EIO if the file makes no sense, else what reading it fails with; the
 * reason goes to numa_warn(), and all bits below numa_num_possible_cpus() are set.
 */
int numa_node_to_cpus(int node, struct bitmask *mask);

/*
 * Forgets the CPUs of all nodes, so that the next query of each reads its file again. Call it
 * after CPUs have come or gone.
 */
void numa_node_to_cpu_update(void);

/*
 * Returns the node of a CPU, -1 with EINVAL if no node has that CPU. Nodes whose CPUs cannot be
 * read have none; that is reported through numa_warn().
 */
int numa_node_of_cpu(int cpu);

/*
 * Runs the calling thread on the CPUs of a node, or on all CPUs if node is -1.
 *
 * Returns 0, or -1 with errno: EINVAL if node is numa_num_possible_nodes() or more, or if the
 * thread may use none of the CPUs. ERANGE if it is beyond numa_max_node(), ENOENT if there is no
 * such node, both after numa_warn(), as is any failure to read the node's CPUs. Does not call
 * numa_error().
 */
int numa_run_on_node(int node);

/*
 * Runs the calling thread on the CPUs of these nodes. Nodes that are not in numa_all_nodes_ptr
 * are left out, after numa_warn(), except those without memory; so are nodes whose CPUs cannot
 * be read.
 *
 * Returns 0, or -1 with errno, after numa_error(): EINVAL if the thread may use none of the CPUs
 * that remain.
 */
int numa_run_on_node_mask(struct bitmask *mask);

/*
 * Runs the calling thread on the CPUs of these nodes, whether the process may use their memory
 * or not. Nodes that do not exist and nodes whose CPUs cannot be read are left out, after
 * numa_warn().
 *
 * Returns 0, or -1 with errno, after numa_error(): EINVAL if the thread may use none of the CPUs
 * that remain.
 */
int numa_run_on_node_mask_all(struct bitmask *mask);

/*
 * Returns the nodes on whose CPUs the calling thread may run, as a new mask of
 * numa_num_possible_nodes() bits, which the caller frees with numa_bitmask_free(). Nodes that
 * are not in numa_all_nodes_ptr are left out, except those without memory; so are nodes whose
 * CPUs cannot be read, after numa_warn(). The mask is empty if sched_getaffinity(2) fails.
 *
 * Returns NULL with ENOMEM if there is no memory.
 */
struct bitmask *numa_get_run_node_mask(void);

/*
 * Writes the CPUs that a thread (0: the caller) may run on and that are online to mask, which
 * has at least numa_num_possible_cpus() bits. Bits beyond those that the kernel writes stay as
 * they are.
 *
 * Returns the number of bytes that the kernel wrote, or -1 with errno: EINVAL if the mask is too
 * small, ESRCH if there is no such thread. Async-signal-safe.
 */
int numa_sched_getaffinity(pid_t pid, struct bitmask *mask);

/*
 * Sets the CPUs that a thread (0: the caller) may run on. The mask may have any size; whole
 * longs of it are read, and CPUs that it lacks are not set.
 *
 * Returns 0, or -1 with errno: EINVAL if the thread may use none of the CPUs, EPERM if the
 * caller lacks the permission, ESRCH if there is no such thread. Async-signal-safe.
 */
int numa_sched_setaffinity(pid_t pid, struct bitmask *mask);

/* ==== Moving pages ==== */

/*
 * Pages of another process need the permission that ptrace(2) calls PTRACE_MODE_READ_REALCREDS;
 * before Linux 4.13 the same user or CAP_SYS_NICE. Pages that other processes map too need
 * CAP_SYS_NICE. These functions do not call numa_error().
 */

/*
 * Moves the pages of a process (0: the caller) from fromnodes to tonodes with migrate_pages(2).
 * Pages of the n-th node of fromnodes go to the n-th node of tonodes, counted from its first
 * again if it has fewer. The masks may have any size; bits beyond the kernel's masks are
 * dropped.
 *
 * Returns the number of pages that could not be moved, or -1 with errno: ESRCH if there is no
 * such process, EPERM if the caller may not move its pages, or lacks CAP_SYS_NICE and the
 * process may not use the target nodes, EINVAL if no target node exists or is allowed, ENOMEM.
 */
int numa_migrate_pages(int pid, struct bitmask *fromnodes, struct bitmask *tonodes);

/*
 * Moves count single pages of a process (0: the caller) with move_pages(2), each to the node
 * with the same place in nodes, or asks where they are if nodes is NULL. status receives the
 * node of each page or a negative errno. numaif.h has the flags and errors. Async-signal-safe.
 *
 * Returns what the call returns: 0, the number of pages that were not moved (Linux 4.17), or -1
 * with errno.
 */
int numa_move_pages(int pid,
                    unsigned long count,
                    void **pages,
                    const int *nodes,
                    int *status,
                    int flags);

/* ==== Node and CPU strings ==== */

/*
 * A string is a list such as "0-3,8": numbers and ranges with commas between them, or "all".
 * Numbers are decimal, with 0x in front hexadecimal, with 0 octal. "!" in front of the list means
 * all that it does not name, and "+" in front (after "!") counts within what may be named: "+0" is
 * the first of these. A range skips gaps, but does not begin or end in one. "all" may stand only at
 * the end of a list. The empty string names nothing.
 *
 * In strings of nodes a word may stand in place of a number, for the node of a device as /sys has
 * it:
 *
 *   file:PATH                the disk that the file lies on
 *   block:DEVICE             /sys/class/block/DEVICE
 *   netdev:INTERFACE         /sys/class/net/INTERFACE
 *   ip:ADDRESS               the interface of the route to an address or a host; a host's name is
 *                            resolved, which may take time
 *   pci:[SEG:]BUS:DEV[.FUNC] the PCI device; numbers are hexadecimal
 *
 * The functions return a new mask, which the caller frees with numa_bitmask_free(). They return
 * NULL if the string is wrong or names something that may not be named, after numa_warn() has said
 * why; errno is then set only if a number does not fit (ERANGE) or a call failed for a device. NULL
 * without a warning: EINVAL if string is NULL, ENOMEM if there is no memory.
 */

/*
 * Returns the nodes that a string names, of those in numa_all_nodes_ptr, as a mask of
 * numa_num_possible_nodes() bits.
 */
struct bitmask *numa_parse_nodestring(const char *string);

/*
 * Returns the nodes that a string names, of all that exist (numa_nodes_ptr), as a mask of
 * numa_num_possible_nodes() bits.
 */
struct bitmask *numa_parse_nodestring_all(const char *string);

/*
 * Returns the CPUs that a string names, of those in numa_all_cpus_ptr, as a mask of
 * numa_num_possible_cpus() bits.
 */
struct bitmask *numa_parse_cpustring(const char *string);

/*
 * Returns the CPUs that a string names, of all that are possible
 * (/sys/devices/system/cpu/possible, read once), as a mask of numa_num_possible_cpus() bits.
 */
struct bitmask *numa_parse_cpustring_all(const char *string);

/* ==== Errors and warnings ==== */

/*
 * The library calls these in the thread that called it, and so may the program. Both are weak: a
 * program may define its own, which the library then calls. Such a function may throw a C++
 * exception, call longjmp() or end the thread: the library holds no lock and no memory while it
 * runs. Those of the library leave errno alone, and are not async-signal-safe.
 */

/*
 * Reports a failure; errno says which. place names the call that failed, such as "mbind". Prints
 * place and the text for errno on stderr, as perror(3) does, and calls exit(1) if
 * numa_exit_on_error is set.
 */
void numa_error(char *place);

/*
 * Reports a warning. format and what follows are those of printf(3). Prints "libnuma: Warning: ",
 * the message and a newline on stderr: for each number from 0 to 31 the first time only, for other
 * numbers each time. Calls exit(1) if numa_exit_on_warn is set, also if nothing was printed.
 */
void numa_warn(int number, char *format, ...);

/* ==== Old masks ==== */

/*
 * These functions make no call of the library and are async-signal-safe. A mask may not be NULL.
 * Nodes that are negative or do not fit are ignored: they are in no mask.
 */

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

/* Adds a node to the mask. */
static __inline__ void nodemask_set_compat(nodemask_t *mask, int node)
{
    const int bits = 8 * sizeof(unsigned long);

    if (node >= 0 && node < NUMA_NUM_NODES)
        mask->n[node / bits] |= 1UL << (node % bits);
}

/* Removes a node from the mask. */
static __inline__ void nodemask_clr_compat(nodemask_t *mask, int node)
{
    const int bits = 8 * sizeof(unsigned long);

    if (node >= 0 && node < NUMA_NUM_NODES)
        mask->n[node / bits] &= ~(1UL << (node % bits));
}

/* Returns 1 if a node is in the mask, else 0. */
static __inline__ int nodemask_isset_compat(const nodemask_t *mask, int node)
{
    const int bits = 8 * sizeof(unsigned long);

    return node >= 0 && node < NUMA_NUM_NODES && (mask->n[node / bits] >> (node % bits) & 1) != 0;
}

/* Returns 1 if both masks have the same nodes, else 0. */
static __inline__ int nodemask_equal_compat(const nodemask_t *a, const nodemask_t *b)
{
    size_t i;

    for (i = 0; i < sizeof(a->n) / sizeof(a->n[0]); i++)
        if (a->n[i] != b->n[i])
            return 0;
    return 1;
}

/* Returns 1 if both masks have the same nodes, else 0. */
static __inline__ int nodemask_equal(const nodemask_t *a, const nodemask_t *b)
{
    return nodemask_equal_compat(a, b);
}

/* ==== Functions with the arguments of libnuma 1 ==== */

/*
 * Each calls the function of the same name without _compat, and what is said of that holds here too.
 * Masks may not be NULL; a mask that is returned is a value, and nothing is to be freed. Nodes that
 * do not fit into a nodemask_t are dropped. NUMA_VERSION1_COMPATIBILITY gives the functions the
 * names without _compat: see numacompat1.h.
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

/*
 * These functions take a buffer and its length in bytes, which is a multiple of that of a long.
 */
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
