/* Masks: making, changing, comparing, copying, freeing. */
#include "machine.h"
#include <sys/resource.h>

static const unsigned sizes[] = {1,  2,  31,  32,  33,  63,  64,   65,
				 99, 100, 127, 128, 129, 200, 1024, 4096};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EACH_SIZE(n) \
	for (size_t n##_ = 0; n##_ < COUNT(sizes); n##_++) \
		for (unsigned n = sizes[n##_], n##once = 1; n##once; n##once = 0)


/* All of the bits above the size, in the last long. */
static void dirty(struct bitmask *mask)
{
	if (mask->size % LONG_BITS)
		mask->maskp[mask->size / LONG_BITS] |= ~0UL << (mask->size % LONG_BITS);
}

TEST(alloc_gives_an_empty_mask_of_any_size)
{
	EACH_SIZE(n) {
		struct bitmask *mask = numa_bitmask_alloc(n);

		CHECK(mask && mask->size == n && mask->maskp, "size %u", n);
		EQUAL(numa_bitmask_weight(mask), 0);
		EQUAL(numa_bitmask_nbytes(mask), (n + LONG_BITS - 1) / LONG_BITS * sizeof(long));
		numa_bitmask_free(mask);
	}
}

TEST(alloc_of_the_largest_size)
{
	struct bitmask *mask;
	struct rusage before, after;

	SKIP_IF(UNDER_ASAN || under("valgrind"), "512 MB are too many for %s",
		UNDER_ASAN ? "AddressSanitizer" : "valgrind");
	getrusage(RUSAGE_SELF, &before);
	mask = numa_bitmask_alloc(0xffffffffu);
	SKIP_IF(!mask, "no 512 MB of address space");
	/* It is not touched, or a small machine has no room for it. */
	getrusage(RUSAGE_SELF, &after);
	CHECK(after.ru_maxrss - before.ru_maxrss < 64 * 1024, "%ld KiB more", after.ru_maxrss - before.ru_maxrss);
	EQUAL(mask->size, 0xffffffffL);
	numa_bitmask_setbit(mask, 0xfffffffeu);
	EQUAL(numa_bitmask_isbitset(mask, 0xfffffffeu), 1);
	numa_bitmask_setbit(mask, 0xffffffffu);
	EQUAL(numa_bitmask_isbitset(mask, 0xffffffffu), 0);
	numa_bitmask_free(mask);
}

TEST(alloc_keeps_errno)
{
	errno = UNTOUCHED;
	struct bitmask *mask = numa_bitmask_alloc(100);
	EQUAL(errno, UNTOUCHED);
	numa_bitmask_free(mask);
	EQUAL(errno, UNTOUCHED);
}

TEST(free_takes_null)
{
	errno = UNTOUCHED;
	numa_bitmask_free(NULL);
	numa_free_nodemask(NULL);
	numa_free_cpumask(NULL);
	EQUAL(errno, UNTOUCHED);
}

TEST(parts_may_be_freed_by_hand)
{
	struct bitmask *mask = numa_allocate_nodemask();

	free(mask->maskp);
	mask->maskp = malloc(16);
	mask->size = 128;
	numa_bitmask_clearall(mask);
	EQUAL(numa_bitmask_weight(mask), 0);
	numa_bitmask_free(mask);
}

TEST(nodemask_and_cpumask_have_the_kernels_sizes)
{
	struct bitmask *nodes = numa_allocate_nodemask(), *cpus = numa_allocate_cpumask();

	EQUAL(nodes->size, numa_num_possible_nodes());
	EQUAL(cpus->size, numa_num_possible_cpus());
	EQUAL(numa_bitmask_weight(nodes), 0);
	EQUAL(numa_bitmask_weight(cpus), 0);
	numa_free_nodemask(nodes);
	numa_free_cpumask(cpus);
}

TEST(bits_are_set_and_cleared)
{
	EACH_SIZE(n) {
		struct bitmask *mask = numa_bitmask_alloc(n);

		for (unsigned bit = 0; bit < n; bit += n > 200 ? 37 : 1) {
			CHECK(numa_bitmask_setbit(mask, bit) == mask, "bit %u of %u", bit, n);
			EQUAL(numa_bitmask_isbitset(mask, bit), 1);
			CHECK(mask->maskp[bit / LONG_BITS] >> (bit % LONG_BITS) & 1, "bit %u", bit);
			EQUAL(numa_bitmask_weight(mask), 1);
			numa_bitmask_setbit(mask, bit);
			EQUAL(numa_bitmask_weight(mask), 1);
			CHECK(numa_bitmask_clearbit(mask, bit) == mask, "bit %u of %u", bit, n);
			EQUAL(numa_bitmask_isbitset(mask, bit), 0);
			EQUAL(numa_bitmask_weight(mask), 0);
		}
		numa_bitmask_free(mask);
	}
}

TEST(bits_out_of_range_are_ignored)
{
	static const unsigned beyond[] = {0, 1, 27, 63, 64, 1000000, 0x7fffffff};

	EACH_SIZE(n) {
		struct bitmask *mask = numa_bitmask_alloc(n);

		for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
			CHECK(numa_bitmask_setbit(mask, n + beyond[i]) == mask, "size %u", n);
			EQUAL(numa_bitmask_isbitset(mask, n + beyond[i]), 0);
		}
		numa_bitmask_setbit(mask, -1U);
		EQUAL(numa_bitmask_isbitset(mask, -1U), 0);
		for (size_t i = 0; i < numa_bitmask_nbytes(mask) / sizeof(long); i++)
			EQUAL(mask->maskp[i], 0);
		dirty(mask);
		EQUAL(numa_bitmask_isbitset(mask, n), 0);
		numa_bitmask_clearbit(mask, n);
		if (n % LONG_BITS)
			CHECK(mask->maskp[n / LONG_BITS] == ~0UL << (n % LONG_BITS), "size %u", n);
		numa_bitmask_free(mask);
	}
}

TEST(setall_and_clearall_touch_only_bits_below_the_size)
{
	EACH_SIZE(n) {
		struct bitmask *mask = numa_bitmask_alloc(n);
		unsigned long top = n % LONG_BITS ? ~0UL << (n % LONG_BITS) : 0;

		CHECK(numa_bitmask_setall(mask) == mask, "size %u", n);
		EQUAL(numa_bitmask_weight(mask), n);
		if (top)
			EQUAL(mask->maskp[n / LONG_BITS] & top, 0);
		dirty(mask);
		EQUAL(numa_bitmask_weight(mask), n);
		CHECK(numa_bitmask_clearall(mask) == mask, "size %u", n);
		EQUAL(numa_bitmask_weight(mask), 0);
		if (top)
			CHECK(mask->maskp[n / LONG_BITS] == top, "size %u", n);
		numa_bitmask_free(mask);
	}
}

TEST(nbytes_is_whole_longs)
{
	static const struct { unsigned bits, bytes; } table[] = {
		{1, 8}, {63, 8}, {64, 8}, {65, 16}, {128, 16}, {1024, 128}, {8191, 1024},
	};

	SKIP_IF(sizeof(long) != 8, "the table is for longs of 8 bytes");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bitmask *mask = numa_bitmask_alloc(table[i].bits);

		EQUAL(numa_bitmask_nbytes(mask), table[i].bytes);
		numa_bitmask_free(mask);
	}
}

TEST(equal_extends_the_shorter_mask_with_zeros)
{
	EACH_SIZE(n) EACH_SIZE(m) {
		struct bitmask *a = mask_of(n, 0, -1), *b = mask_of(m, 0, -1);

		dirty(a);
		EQUAL(numa_bitmask_equal(a, b), 1);
		EQUAL(numa_bitmask_equal(b, a), 1);
		numa_bitmask_setbit(b, m - 1);
		EQUAL(numa_bitmask_equal(a, b), m == 1);
		EQUAL(numa_bitmask_equal(b, a), m == 1);
		EQUAL(numa_bitmask_equal(b, b), 1);
		numa_bitmask_free(a);
		numa_bitmask_free(b);
	}
}

TEST(copy_cuts_or_fills_with_zeros)
{
	EACH_SIZE(n) EACH_SIZE(m) {
		struct bitmask *from = numa_bitmask_alloc(n), *to = numa_bitmask_alloc(m);
		unsigned shared = n < m ? n : m;

		numa_bitmask_setall(from);
		numa_bitmask_setall(to);
		copy_bitmask_to_bitmask(from, to);
		EQUAL(to->size, m);
		EQUAL(numa_bitmask_weight(to), shared);
		EQUAL(numa_bitmask_isbitset(to, shared - 1), 1);
		EQUAL(numa_bitmask_isbitset(to, shared), 0);
		numa_bitmask_clearall(from);
		numa_bitmask_setbit(from, 0);
		copy_bitmask_to_bitmask(from, to);
		CHECK(holds_only(to, 0, -1), "%u to %u: %s", n, m, text_of(to));
		numa_bitmask_free(from);
		numa_bitmask_free(to);
	}
}

TEST(copy_onto_itself_changes_nothing)
{
	struct bitmask *mask = mask_of(100, 0, 63, 64, 99, -1);

	copy_bitmask_to_bitmask(mask, mask);
	CHECK(holds_only(mask, 0, 63, 64, 99, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

TEST(copy_to_the_old_mask_and_back)
{
	EACH_SIZE(n) {
		struct bitmask *from = numa_bitmask_alloc(n), *to = numa_bitmask_alloc(n);
		nodemask_t old;
		unsigned fits = n < NUMA_NUM_NODES ? n : NUMA_NUM_NODES;

		memset(&old, 0xff, sizeof(old));
		numa_bitmask_setbit(from, 0);
		numa_bitmask_setbit(from, n - 1);
		dirty(from);
		copy_bitmask_to_nodemask(from, &old);
		for (unsigned bit = 0; bit < NUMA_NUM_NODES; bit++)
			EQUAL(nodemask_isset_compat(&old, (int)bit), bit == 0 || bit == n - 1);
		numa_bitmask_setall(to);
		copy_nodemask_to_bitmask(&old, to);
		EQUAL(numa_bitmask_isbitset(to, 0), 1);
		EQUAL(numa_bitmask_isbitset(to, n - 1), n == 1 || n <= NUMA_NUM_NODES);
		EQUAL(numa_bitmask_weight(to), n > 1 && n <= NUMA_NUM_NODES ? 2 : 1);
		memset(&old, 0xff, sizeof(old));
		copy_nodemask_to_bitmask(&old, to);
		EQUAL(numa_bitmask_weight(to), fits);
		if (n % LONG_BITS)
			EQUAL(to->maskp[n / LONG_BITS] >> (n % LONG_BITS), 0);
		numa_bitmask_free(from);
		numa_bitmask_free(to);
	}
}

TEST(the_old_masks_inline_functions)
{
	nodemask_t a, b;

	nodemask_zero(&a);
	nodemask_zero_compat(&b);
	EQUAL(nodemask_equal(&a, &b), 1);
	nodemask_set_compat(&a, 0);
	nodemask_set_compat(&a, NUMA_NUM_NODES - 1);
	EQUAL(nodemask_isset_compat(&a, NUMA_NUM_NODES - 1), 1);
	EQUAL(nodemask_equal_compat(&a, &b), 0);
	EQUAL(nodemask_isset_compat(&a, NUMA_NUM_NODES), 0);
	EQUAL(nodemask_isset_compat(&a, -1), 0);
	nodemask_clr_compat(&a, NUMA_NUM_NODES - 1);
	nodemask_clr_compat(&a, 0);
	EQUAL(nodemask_equal_compat(&a, &b), 1);
	EQUAL(sizeof(nodemask_t) * 8, NUMA_NUM_NODES);
}

TEST(null_masks_are_empty, ROW(null_masks_are_empty_masks))
{
	struct bitmask *mask = mask_of(64, 3, -1);

	EQUAL(numa_bitmask_isbitset(NULL, 0), 0);
	EQUAL(numa_bitmask_weight(NULL), 0);
	EQUAL(numa_bitmask_nbytes(NULL), 0);
	CHECK(!numa_bitmask_setall(NULL) && !numa_bitmask_clearall(NULL) &&
	      !numa_bitmask_setbit(NULL, 0) && !numa_bitmask_clearbit(NULL, 0), "not NULL");
	EQUAL(numa_bitmask_equal(NULL, mask), 0);
	EQUAL(numa_bitmask_equal(NULL, NULL), 1);
	numa_bitmask_clearall(mask);
	EQUAL(numa_bitmask_equal(NULL, mask), 1);
	numa_bitmask_free(mask);
}

/* The caller owns a mask and may make one of its own. */
TEST(a_mask_of_the_callers_own)
{
	unsigned long words[4] = {0, 0, 0, ~0UL};
	struct bitmask mask = {130, words};

	numa_bitmask_setbit(&mask, 129);
	EQUAL(numa_bitmask_isbitset(&mask, 129), 1);
	EQUAL(numa_bitmask_weight(&mask), 1);
	numa_bitmask_setall(&mask);
	EQUAL(numa_bitmask_weight(&mask), 130);
	EQUAL(words[3] == ~0UL, 1);
}

/* ---- against bits that are counted one by one ----------------------------------------------- */

static unsigned long noise(void)
{
	static unsigned long state = 88172645463325252UL;

	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

static struct bitmask *noisy(unsigned bits)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);

	for (size_t i = 0; i < numa_bitmask_nbytes(mask) / sizeof(long); i++)
		mask->maskp[i] = noise();
	return mask;
}

static int bit_of(const struct bitmask *mask, unsigned long bit)
{
	return bit < mask->size && (mask->maskp[bit / LONG_BITS] >> (bit % LONG_BITS) & 1);
}

/* Bits above the size are there as well, and do not count. */
TEST(masks_of_noise)
{
	EACH_SIZE(n) EACH_SIZE(m) {
		struct bitmask *a = noisy(n), *b = noisy(m);
		unsigned long most = n > m ? n : m;
		unsigned weight = 0;
		int equal = 1;

		for (unsigned long bit = 0; bit < most; bit++) {
			weight += (unsigned)bit_of(a, bit);
			equal &= bit_of(a, bit) == bit_of(b, bit);
			EQUAL(numa_bitmask_isbitset(a, (unsigned)bit), bit_of(a, bit));
		}
		EQUAL(numa_bitmask_weight(a), weight);
		EQUAL(numa_bitmask_equal(a, b), equal);
		EQUAL(numa_bitmask_equal(b, a), equal);
		/* What is above the size is copied with its word. */
		if (n % LONG_BITS)
			a->maskp[n / LONG_BITS] &= ~(~0UL << (n % LONG_BITS));
		copy_bitmask_to_bitmask(a, b);
		equal = 1;
		for (unsigned long bit = 0; bit < most; bit++) {
			equal &= bit_of(a, bit) == bit_of(b, bit);
			if (bit < m)
				EQUAL(bit_of(b, bit), bit_of(a, bit));
		}
		EQUAL(numa_bitmask_equal(a, b), equal);
		numa_bitmask_free(a);
		numa_bitmask_free(b);
	}
}

TEST(old_masks_of_noise)
{
	EACH_SIZE(n) {
		struct bitmask *mask = noisy(n), *back = noisy(n);
		nodemask_t old;

		for (size_t i = 0; i < sizeof(old.n) / sizeof(old.n[0]); i++)
			old.n[i] = noise();
		copy_bitmask_to_nodemask(mask, &old);
		for (int bit = 0; bit < NUMA_NUM_NODES; bit++)
			EQUAL(nodemask_isset_compat(&old, bit), bit_of(mask, (unsigned long)bit));
		for (size_t i = 0; i < sizeof(old.n) / sizeof(old.n[0]); i++)
			old.n[i] = noise();
		copy_nodemask_to_bitmask(&old, back);
		for (unsigned bit = 0; bit < n; bit++)
			EQUAL(bit_of(back, bit), bit < NUMA_NUM_NODES && nodemask_isset_compat(&old, (int)bit));
		numa_bitmask_free(mask);
		numa_bitmask_free(back);
	}
}

TEST(the_size_is_the_callers)
{
	struct bitmask *mask = numa_bitmask_setall(numa_bitmask_alloc(100));

	mask->size = 70;
	EQUAL(numa_bitmask_weight(mask), 70);
	EQUAL(numa_bitmask_nbytes(mask), 16);
	EQUAL(numa_bitmask_isbitset(mask, 69), 1);
	EQUAL(numa_bitmask_isbitset(mask, 70), 0);
	mask->size = 0;
	EQUAL(numa_bitmask_weight(mask), 0);
	EQUAL(numa_bitmask_nbytes(mask), 0);
	EQUAL(numa_bitmask_isbitset(mask, 0), 0);
	numa_bitmask_free(mask);
}

TEST(inline_functions_of_old_masks)
{
	nodemask_t a, b;

	memset(&a, 0xff, sizeof(a));
	nodemask_zero(&a);
	memset(&b, 0xff, sizeof(b));
	nodemask_zero_compat(&b);
	for (int i = 0; i < NUMA_NUM_NODES; i += 9)
		nodemask_set_compat(&a, i);
	EQUAL(nodemask_equal(&a, &b), 0);
	EQUAL(nodemask_equal_compat(&a, &b), 0);
	nodemask_clr_compat(&a, 9);
	nodemask_clr_compat(&a, 10);
	for (int i = -1; i <= NUMA_NUM_NODES + 1; i++)
		EQUAL(nodemask_isset_compat(&a, i), i >= 0 && i < NUMA_NUM_NODES && i % 9 == 0 && i != 9);
	b = a;
	EQUAL(nodemask_equal(&a, &b), 1);
	nodemask_set_compat(&b, NUMA_NUM_NODES - 1);
	EQUAL(nodemask_equal_compat(&a, &b), nodemask_isset_compat(&a, NUMA_NUM_NODES - 1));
}
