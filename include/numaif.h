/*
 * numaif.h: the memory policy system calls of Linux, in libnuma.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there or the comments in
 * src/capi, then run `make headers`.
 *
 * The functions here make one system call each and return what it returns: -1 with errno on
 * failure. They do not call numa_error(), touch no state of the library, and may be called from any
 * thread and from signal handlers. ENOSYS means that the kernel lacks the call, EPERM that a filter
 * denies it. numa.h has functions that are easier to use.
 *
 * Link with -lnuma.
 */
#ifndef NUMAIF_H
#define NUMAIF_H 1

#ifdef __cplusplus
extern "C" {
#endif

/* ==== Policies ==== */

/* Modes: which nodes pages come from. */

/*
 * The policy of the wider scope: for a range that of the thread, for a thread that of the system,
 * which is like MPOL_LOCAL. The mask is empty or NULL.
 */
#define MPOL_DEFAULT 0
/* One node, the lowest of the mask, and others if it is full. An empty mask means MPOL_LOCAL. */
#define MPOL_PREFERRED 1
/* The nodes of the mask only. */
#define MPOL_BIND 2
/* The nodes of the mask in turn, page by page. */
#define MPOL_INTERLEAVE 3
/* The node of the CPU that touches a page first, and others if it is full (Linux 3.8). */
#define MPOL_LOCAL 4
/* The nodes of the mask, and others if they are full (Linux 5.15). */
#define MPOL_PREFERRED_MANY 5
/*
 * The nodes of the mask in turn, from each as many pages as its weight in
 * /sys/kernel/mm/mempolicy/weighted_interleave (Linux 6.9).
 */
#define MPOL_WEIGHTED_INTERLEAVE 6
/* The highest mode that this header knows, plus one. */
#define MPOL_MAX 7

/* Mode flags, which are added to a mode. */

/* The nodes stay these when the cpuset of the process changes (Linux 2.6.26). */
#ifndef MPOL_F_STATIC_NODES
#define MPOL_F_STATIC_NODES (1 << 15)
#endif
/* The nodes are counted within those that the cpuset allows (Linux 2.6.26). */
#ifndef MPOL_F_RELATIVE_NODES
#define MPOL_F_RELATIVE_NODES (1 << 14)
#endif
/* NUMA balancing may move pages among the nodes; with MPOL_BIND (Linux 5.12). */
#define MPOL_F_NUMA_BALANCING (1 << 13)

/* Flags of get_mempolicy. */

/* Ask for a node instead of a mode. */
#define MPOL_F_NODE (1<<0)
/* Ask about the memory at an address instead of the thread. */
#define MPOL_F_ADDR (1<<1)
/* Ask for the nodes that the cpuset allows (Linux 2.6.24). */
#define MPOL_F_MEMS_ALLOWED (1<<2)

/* Flags of mbind; move_pages takes the second and the third. */

/* Fail with EIO if pages exist that do not follow the policy. */
#define MPOL_MF_STRICT (1<<0)
/* Move pages that no other process maps (Linux 2.6.16). */
#define MPOL_MF_MOVE (1<<1)
/* Move pages that other processes map too; needs CAP_SYS_NICE (Linux 2.6.16). */
#define MPOL_MF_MOVE_ALL (1<<2)

/* ==== System calls ==== */

/*
 * In node masks, bit n is bit (n % bits per long) of the long (n / bits per long). maxnode is the
 * number of bits that count, plus one. A mask that is passed in is only read; it may be shorter
 * than the kernel's masks, and longer if the bits that those lack are clear.
 *
 * All functions but set_mempolicy_home_node() are weak: a program may define its own, which the
 * functions of numa.h then call.
 */

/*
 * Stores the calling thread's policy: its mode, with mode flags, in mode, and its nodes in
 * nodemask. Either may be NULL. flags is 0, or a sum of:
 *
 *   MPOL_F_ADDR          the policy of the memory at addr
 *   MPOL_F_NODE          the node of the next interleaved page in mode, EINVAL if the thread does
 *                        not interleave; with MPOL_F_ADDR the node of the page at addr
 *   MPOL_F_MEMS_ALLOWED  the nodes that the cpuset allows in nodemask; alone (Linux 2.6.24)
 *
 * Writes all maxnode - 1 bits of nodemask, in whole longs. addr is NULL without MPOL_F_ADDR.
 *
 * Returns 0, or -1 with errno: EINVAL if nodemask is shorter than the number of nodes that the
 * kernel may have, or for flags or an addr that do not fit together; EFAULT if an address is not
 * valid.
 */
long get_mempolicy(int *mode, unsigned long *nodemask, unsigned long maxnode, void *addr,
                   unsigned int flags);

/*
 * Sets the policy of the len bytes at start, which is a page boundary. len is rounded up to whole
 * pages. Pages that exist stay, unless flags has MPOL_MF_MOVE or MPOL_MF_MOVE_ALL. The policy is
 * that of the memory, not of a thread; it ends when the memory is unmapped.
 *
 * Returns 0, or -1 with errno: EINVAL if start is not a page boundary, a flag or the mode is
 * unknown, the mask has a node that the kernel cannot have, or none of its nodes may be used;
 * EFAULT if a part of the range is not mapped; EIO with MPOL_MF_STRICT if pages do not follow the
 * policy or could not be moved; EPERM for MPOL_MF_MOVE_ALL without CAP_SYS_NICE; ENOMEM.
 */
long mbind(void *start, unsigned long len, int mode, const unsigned long *nodemask,
           unsigned long maxnode, unsigned int flags);

/*
 * Sets the calling thread's policy, for pages that are allocated from then on. Child processes and
 * new threads inherit it, and execve(2) keeps it.
 *
 * Returns 0, or -1 with errno: EINVAL if the mode is unknown, the mask has a node that the kernel
 * cannot have, or none of its nodes may be used; EFAULT; ENOMEM.
 */
long set_mempolicy(int mode, const unsigned long *nodemask, unsigned long maxnode);

/*
 * Moves the pages of a process (0: the caller) from the nodes of from to those of to: pages of the
 * n-th node go to the n-th node of to, counted from its first again if it has fewer. Since Linux
 * 2.6.16. The kernel may read as many bits of both masks as its own masks have.
 *
 * Returns the number of pages that could not be moved, or -1 with errno: ESRCH if there is no such
 * process; EPERM if the caller may not move its pages, or lacks CAP_SYS_NICE and the process may
 * not use the target nodes; EINVAL if no target node exists or is allowed; EFAULT; ENOMEM.
 */
long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from,
                   const unsigned long *to);

/*
 * Moves count pages of a process (0: the caller), each to the node with the same place in nodes, or
 * asks where they are if nodes is NULL. All arrays have count elements. flags is MPOL_MF_MOVE or
 * MPOL_MF_MOVE_ALL. Since Linux 2.6.18.
 *
 * status receives the node of each page, or a negative errno: -ENOENT if the page is not there,
 * -EFAULT if nothing is mapped or it is the zero page, -EBUSY if it is in use, -EACCES if other
 * processes map it and flags lacks MPOL_MF_MOVE_ALL, -ENOMEM if the node is full.
 *
 * Returns 0, the number of pages that were not moved (Linux 4.17), or -1 with errno: ESRCH if there
 * is no such process; EPERM if the caller may not move its pages, or lacks CAP_SYS_NICE for
 * MPOL_MF_MOVE_ALL; EACCES if a target node is not allowed; ENODEV if it is not online; EINVAL for
 * other flags; EFAULT; ENOMEM.
 */
long move_pages(int pid, unsigned long count, void **pages, const int *nodes, int *status,
                int flags);

/*
 * Sets the home node of a range of memory whose policy is MPOL_BIND or MPOL_PREFERRED_MANY: its
 * pages come from that node, or from the one of the policy's nodes that is nearest to it. start
 * is a page boundary, len is in bytes, flags must be 0. Since Linux 5.17.
 *
 * Returns 0, or -1 with errno: EINVAL if the node is not online or another argument is wrong,
 * ENOENT if no mapping of the range has a policy, EOPNOTSUPP if one has a policy of another
 * mode, ENOSYS on older kernels.
 */
int set_mempolicy_home_node(void *start, unsigned long len, int home_node, int flags);

#ifdef __cplusplus
}
#endif

#endif
