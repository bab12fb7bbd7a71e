/* The bounds that are loops of our own, compiled with -O3 apart from their callers. */
#ifndef BOUND_H
#define BOUND_H

#include <numa.h>

void bound_setall(struct bitmask *mask);
void bound_clearall(struct bitmask *mask);
unsigned bound_weight(const struct bitmask *mask);
int bound_equal(const struct bitmask *a, const struct bitmask *b);
void bound_copy(const struct bitmask *from, struct bitmask *to);
int bound_isset(const struct bitmask *mask, unsigned n);
void bound_set(struct bitmask *mask, unsigned n);
void bound_to_nodemask(const struct bitmask *from, nodemask_t *to);
void bound_from_nodemask(const nodemask_t *from, struct bitmask *to);

int bound_flag(void);
int bound_table(int index);
void bound_copy_row(int index, struct bitmask *to);

/* A list of numbers (0-3,8) in one pass; -1 if it is none. The result is made of two blocks, as
 * numa_bitmask_free expects. */
struct bitmask *bound_parse_list(const char *text, unsigned bits);
void bound_free(struct bitmask *mask);
/* Comma-separated 32-bit hexadecimal words. */
int bound_parse_bitmap(const char *text, struct bitmask *to);

/* The number behind `name` in the text of nodeN/meminfo, in bytes. */
long long bound_meminfo(const char *text, const char *name);

/* An atomic write to each page that keeps what it holds. */
void bound_touch(char *start, size_t size);

#endif
