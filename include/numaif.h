/*
 * numaif.h: the memory policy system calls of Linux, in libnuma.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there or the comments in
 * src/capi, then run `make headers`.
 *
 * These are the calls as the kernel has them. They return -1 with errno on failure, touch no
 * state of the library, and may be called from any thread and from signal handlers. numa.h has
 * what is easier to use.
 */
#ifndef NUMAIF_H
#define NUMAIF_H 1

#ifdef __cplusplus
extern "C" {
#endif

/* ==== Policies ==== */

/* The policy of the wider scope: of the thread for a range, of the system for a thread. */
#define MPOL_DEFAULT 0
/* One node first, others when it is full. */
#define MPOL_PREFERRED 1
/* These nodes only. */
#define MPOL_BIND 2
/* Page by page over the nodes. */
#define MPOL_INTERLEAVE 3
/* The node of the CPU that touches the page first. */
#define MPOL_LOCAL 4
/* Several nodes first, others when they are full (Linux 5.15). */
#define MPOL_PREFERRED_MANY 5
/* Page by page over the nodes, by the weights in /sys/kernel/mm/mempolicy (Linux 6.9). */
#define MPOL_WEIGHTED_INTERLEAVE 6
/* One more than the highest policy. */
#define MPOL_MAX 7

/* Flags that are added to a policy. */

/* Keep to these very nodes when a cpuset moves the process (Linux 2.6.26). */
#ifndef MPOL_F_STATIC_NODES
#define MPOL_F_STATIC_NODES (1 << 15)
#endif
/* The nodes are numbered within what the cpuset allows (Linux 2.6.26). */
#ifndef MPOL_F_RELATIVE_NODES
#define MPOL_F_RELATIVE_NODES (1 << 14)
#endif
/* With MPOL_BIND: NUMA balancing may move pages among the nodes (Linux 5.12). */
#define MPOL_F_NUMA_BALANCING (1 << 13)

/* Flags of get_mempolicy. */

/* Ask for a node instead of a policy. */
#define MPOL_F_NODE (1<<0)
/* Ask about the page at an address instead of the thread. */
#define MPOL_F_ADDR (1<<1)
/* Ask for the nodes that the thread may use. */
#define MPOL_F_MEMS_ALLOWED (1<<2)

/* Flags of mbind, and the second and third of move_pages. */

/* Fail with EIO if pages are elsewhere already. */
#define MPOL_MF_STRICT (1<<0)
/* Move pages that only this process uses. */
#define MPOL_MF_MOVE (1<<1)
/* Move shared pages too; needs CAP_SYS_NICE. */
#define MPOL_MF_MOVE_ALL (1<<2)

/* ==== System calls ==== */

/*
 * In node masks, bit n is bit (n % bits per long) of the long (n / bits per long). maxnode is one
 * more than the number of bits that count. All functions here are weak: a program may define its
 * own.
 */

/*
 * Asks for the calling thread's policy, or with flags for that of the page at addr, for a node, or
 * for the nodes that are allowed. mode and nodemask may be NULL. 0, or -1 with errno.
 */
long get_mempolicy(int *mode, unsigned long *nodemask, unsigned long maxnode, void *addr,
                   unsigned int flags);

/*
 * Sets the policy of a range of memory, which starts at a page boundary. len is in bytes. 0, or -1
 * with errno.
 */
long mbind(void *start, unsigned long len, int mode, const unsigned long *nodemask,
           unsigned long maxnode, unsigned int flags);

/* Sets the calling thread's policy. 0, or -1 with errno. */
long set_mempolicy(int mode, const unsigned long *nodemask, unsigned long maxnode);

/*
 * Moves the pages of a process (0: the caller) from some nodes to others. The number of pages that
 * could not be moved, or -1 with errno.
 */
long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from,
                   const unsigned long *to);

/*
 * Moves count pages of a process (0: the caller), each to a node of its own; or asks where they
 * are if nodes is NULL. status takes each page's node, or a negative errno. 0, the number of
 * pages that were not moved (Linux 4.17), or -1 with errno.
 */
long move_pages(int pid, unsigned long count, void **pages, const int *nodes, int *status,
                int flags);

/*
 * set_mempolicy_home_node(2): sets the node that is tried first for a range with a bind or
 * preferred-many policy (Linux 5.17). len is in bytes; flags is 0. 0, or -1 with errno.
 */
int set_mempolicy_home_node(void *start, unsigned long len, int home_node, int flags);

#ifdef __cplusplus
}
#endif

#endif
