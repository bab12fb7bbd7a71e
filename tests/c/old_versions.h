/* What libnuma.so.1 exports and no header declares, for programs that call every function. After numa.h. */
#pragma once

/* Exported, but in no header. */
int numa_parse_bitmap(char *line, struct bitmask *mask);

/* Old versions. */
void numa_bind_v1(const nodemask_t *nodes);
void numa_set_membind_v1(const nodemask_t *nodes);
nodemask_t numa_get_membind_v1(void);
void numa_set_interleave_mask_v1(nodemask_t *nodes);
nodemask_t numa_get_interleave_mask_v1(void);
nodemask_t numa_get_run_node_mask_v1(void);
int numa_run_on_node_mask_v1(const nodemask_t *nodes);
void *numa_alloc_interleaved_subset_v1(size_t size, const nodemask_t *nodes);
void numa_interleave_memory_v1(void *start, size_t size, const nodemask_t *nodes);
void numa_tonodemask_memory_v1(void *start, size_t size, const nodemask_t *nodes);
int numa_node_to_cpus_v1(int node, unsigned long *buffer, int bytes);
int numa_parse_bitmap_v1(char *line, unsigned long *mask, int bits);
int numa_sched_getaffinity_v1(pid_t pid, unsigned bytes, unsigned long *mask);
int numa_sched_setaffinity_v1(pid_t pid, unsigned bytes, const unsigned long *mask);
