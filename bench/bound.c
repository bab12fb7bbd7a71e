/*
 * The least work for what the library does without the kernel. Plain loops on words, except that
 * memset and memcmp are libc's where they are faster than a loop for the baseline x86-64. The
 * weight counts with the popcnt instruction, which a library for the baseline cannot take for
 * granted: it is the limit of the machine, not of the library's target.
 */
#include "bound.h"

#include <stdlib.h>
#include <string.h>

#define NODEMASK_WORDS (sizeof(nodemask_t) / sizeof(long))
#define BYTES(byte) (~0UL / 255 * (byte))
#define BITS (8 * sizeof(unsigned long))

static size_t words(unsigned long bits)
{
	return (bits + BITS - 1) / BITS;
}

void bound_setall(struct bitmask *mask)
{
	size_t whole = mask->size / BITS;

	memset(mask->maskp, 0xff, whole * sizeof(long));
	if (mask->size % BITS)
		mask->maskp[whole] |= (1UL << mask->size % BITS) - 1;
}

void bound_clearall(struct bitmask *mask)
{
	memset(mask->maskp, 0, words(mask->size) * sizeof(long));
}

#if defined(__x86_64__)
__attribute__((target("popcnt"), optimize("unroll-loops")))
#endif
unsigned bound_weight(const struct bitmask *mask)
{
	size_t n = words(mask->size);
	unsigned long weight = 0;

	for (size_t i = 0; i < n; i++)
		weight += (unsigned long)__builtin_popcountl(mask->maskp[i]);
	return (unsigned)weight;
}

int bound_equal(const struct bitmask *a, const struct bitmask *b)
{
	return a->size == b->size && memcmp(a->maskp, b->maskp, words(a->size) * sizeof(long)) == 0;
}

void bound_copy(const struct bitmask *from, struct bitmask *to)
{
	memcpy(to->maskp, from->maskp, words(to->size) * sizeof(long));
}

int bound_isset(const struct bitmask *mask, unsigned n)
{
	return n < mask->size && (mask->maskp[n / BITS] >> n % BITS & 1);
}

void bound_set(struct bitmask *mask, unsigned n)
{
	if (n < mask->size)
		mask->maskp[n / BITS] |= 1UL << n % BITS;
}

void bound_to_nodemask(const struct bitmask *from, nodemask_t *to)
{
	size_t n = words(from->size);

	for (size_t i = 0; i < NODEMASK_WORDS; i++)
		to->n[i] = i < n ? from->maskp[i] : 0;
}

void bound_from_nodemask(const nodemask_t *from, struct bitmask *to)
{
	size_t n = words(to->size);

	for (size_t i = 0; i < NODEMASK_WORDS && i < n; i++)
		to->maskp[i] = from->n[i];
	if (n > NODEMASK_WORDS)
		memset(to->maskp + NODEMASK_WORDS, 0, (n - NODEMASK_WORDS) * sizeof(long));
}

/* Volatile: what the library reads may be changed by another thread too. */
static volatile int flag = 1;
static volatile short table[8192];
static unsigned long row[8192 / BITS];

int bound_flag(void)
{
	return flag;
}

int bound_table(int index)
{
	return (unsigned)index < sizeof(table) / sizeof(*table) ? table[index] : -1;
}

void bound_copy_row(int index, struct bitmask *to)
{
	if ((unsigned)index < 1)
		memcpy(to->maskp, row, words(to->size) * sizeof(long));
}

static int number(const char **at)
{
	const char *start = *at;
	int n = 0;

	while (**at >= '0' && **at <= '9' && n < 1000000)
		n = n * 10 + *(*at)++ - '0';
	return *at == start ? -1 : n;
}

struct bitmask *bound_parse_list(const char *text, unsigned bits)
{
	struct bitmask *mask = malloc(sizeof(*mask));

	if (!mask)
		return NULL;
	mask->size = bits;
	mask->maskp = calloc(words(bits), sizeof(long));
	if (!mask->maskp)
		goto bad;
	while (*text) {
		int first = number(&text), last = first;

		if (*text == '-') {
			text++;
			last = number(&text);
		}
		if (first < 0 || last < first || (unsigned)last >= bits)
			goto bad;
		for (int i = first; i <= last; i++)
			mask->maskp[i / BITS] |= 1UL << i % BITS;
		if (*text && *text++ != ',')
			goto bad;
	}
	return mask;
bad:
	bound_free(mask);
	return NULL;
}

void bound_free(struct bitmask *mask)
{
	free(mask->maskp);
	free(mask);
}

int bound_parse_bitmap(const char *text, struct bitmask *to)
{
	size_t length = strcspn(text, "\n");
	unsigned long bad = 0;

	/* From the end, where the lowest word stands; eight digits at a time, a byte for each. */
	for (size_t i = 0; i < words(to->size); i++) {
		unsigned long word = 0;

		for (unsigned half = 0; half < BITS / 32 && length >= 8; half++) {
			unsigned long digits, letters;

			length -= 8;
			memcpy(&digits, text + length, 8);
			if (length > 0 && text[--length] != ',')
				return -1;
			/* Digits are 0x30 to 0x39, letters 0x61 to 0x66. */
			letters = digits >> 6 & BYTES(0x01);
			bad |= (digits & BYTES(0xd0)) ^ BYTES(0x10) ^ letters * 0x50;
			digits = (digits & BYTES(0x0f)) + 9 * letters;
			digits = __builtin_bswap64(digits);
			digits = (digits | digits >> 4) & 0x00ff00ff00ff00ff;
			digits = (digits | digits >> 8) & 0x0000ffff0000ffff;
			word |= ((digits | digits >> 16) & 0xffffffff) << 32 * half;
		}
		to->maskp[i] = word;
	}
	return bad || length ? -1 : 0;
}

long long bound_meminfo(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	long long value = 0;

	if (!at)
		return -1;
	at += strlen(name);
	at += strspn(at, " ");
	while (*at >= '0' && *at <= '9')
		value = value * 10 + (*at++ - '0');
	return value << 10;
}

void bound_touch(char *start, size_t size)
{
	unsigned long at = (unsigned long)start, end = at + size;

	/* Adds nothing, but writes: a plain read would be served by the page of zeros. Loops that differ
	 * little here differ by two in time, so this one is not simplified. */
	while (at < end) {
		char *byte = (char *)at, seen = __atomic_load_n(byte, __ATOMIC_RELAXED);

		if (!__atomic_compare_exchange_n(byte, &seen, seen, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
			continue;
		if (__builtin_add_overflow(at & -4096UL, 4096, &at))
			break;
	}
}
