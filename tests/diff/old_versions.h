/* The fourteen functions that exist a second time, as libnuma_1.1. */
#ifndef DIFF_OLD_VERSIONS_H
#define DIFF_OLD_VERSIONS_H

#include "common.h"

#define OLD(name) __asm__(".symver old_" #name ", numa_" #name "@libnuma_1.1")

extern void old_bind(const nodemask_t *mask);
OLD(bind);
extern void old_set_membind(const nodemask_t *mask);
OLD(set_membind);
extern nodemask_t old_get_membind(void);
OLD(get_membind);
extern void old_set_interleave_mask(nodemask_t *mask);
OLD(set_interleave_mask);
extern nodemask_t old_get_interleave_mask(void);
OLD(get_interleave_mask);
extern nodemask_t old_get_run_node_mask(void);
OLD(get_run_node_mask);
extern int old_run_on_node_mask(const nodemask_t *mask);
OLD(run_on_node_mask);
extern void *old_alloc_interleaved_subset(size_t size, const nodemask_t *mask);
OLD(alloc_interleaved_subset);
extern void old_interleave_memory(void *start, size_t size, const nodemask_t *mask);
OLD(interleave_memory);
extern void old_tonodemask_memory(void *start, size_t size, const nodemask_t *mask);
OLD(tonodemask_memory);
extern int old_node_to_cpus(int node, unsigned long *buffer, int bytes);
OLD(node_to_cpus);
extern int old_parse_bitmap(char *line, unsigned long *mask, int cpus);
OLD(parse_bitmap);
extern int old_sched_getaffinity(pid_t pid, unsigned int bytes, unsigned long *mask);
OLD(sched_getaffinity);
extern int old_sched_setaffinity(pid_t pid, unsigned int bytes, const unsigned long *mask);
OLD(sched_setaffinity);

#endif
