/*
 * Counts what is taken from the heap: the program's own malloc and its relatives, which the
 * library then calls, hand on to those of libc.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

static unsigned long heap_calls;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
	heap_calls++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	heap_calls++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	heap_calls++;
	return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	heap_calls++;
	return __libc_memalign(alignment, size);
}

#endif
