/*
 * numacompat1.h: the old names of libnuma 1 for programs that define NUMA_VERSION1_COMPATIBILITY.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Part of libnuma-rs. Written by tools/headers: change the template there, then run
 * `make headers`.
 *
 * After it, functions that take or return a struct bitmask take or return a nodemask_t, or take a
 * buffer and its length. numa.h includes it if that macro is defined. Each macro below names a
 * function of numa.h, and its comment there says what it does.
 */
#ifndef NUMACOMPAT1_H
#define NUMACOMPAT1_H 1

/* First, since the macros below would change the declarations there. */
#include "numa.h"

/* ==== Old masks ==== */

#define nodemask_zero(mask) nodemask_zero_compat(mask)
#define nodemask_set(mask, node) nodemask_set_compat(mask, node)
#define nodemask_clr(mask, node) nodemask_clr_compat(mask, node)
#define nodemask_isset(mask, node) nodemask_isset_compat(mask, node)
#define nodemask_equal(a, b) nodemask_equal_compat(a, b)

/* ==== The calling thread's memory policy ==== */

#define numa_bind(mask) numa_bind_compat(mask)
#define numa_set_membind(mask) numa_set_membind_compat(mask)
#define numa_get_membind() numa_get_membind_compat()
#define numa_set_interleave_mask(mask) numa_set_interleave_mask_compat(mask)
#define numa_get_interleave_mask() numa_get_interleave_mask_compat()

/* ==== Memory ==== */

#define numa_alloc_interleaved_subset(size, mask) numa_alloc_interleaved_subset_compat(size, mask)
#define numa_interleave_memory(start, size, mask) numa_interleave_memory_compat(start, size, mask)
#define numa_tonodemask_memory(start, size, mask) numa_tonodemask_memory_compat(start, size, mask)

/* ==== CPUs ==== */

#define numa_run_on_node_mask(mask) numa_run_on_node_mask_compat(mask)
#define numa_get_run_node_mask() numa_get_run_node_mask_compat()
#define numa_node_to_cpus(node, buffer, length) numa_node_to_cpus_compat(node, buffer, length)
#define numa_sched_getaffinity(pid, length, mask) numa_sched_getaffinity_compat(pid, length, mask)
#define numa_sched_setaffinity(pid, length, mask) numa_sched_setaffinity_compat(pid, length, mask)

#endif
