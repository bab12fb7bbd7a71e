/* Everything that works on a struct bitmask or a nodemask_t alone. */
#include "common.h"

static const unsigned int lengths[] = {1, 2, 10, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 200, 1000, 1024, 2048};
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static uint64_t state = 88172645463325252ULL;

static uint64_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static struct bitmask *noise(unsigned int bits)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);

	for (unsigned int i = 0; i < bits; i++)
		if (rnd() & 1)
			numa_bitmask_setbit(mask, i);
	return mask;
}

/* every word, also what is above the size */
static void show_words(const struct bitmask *mask)
{
	for (unsigned long i = 0; i < (mask->size + 63) / 64; i++)
		printf(" %lx", mask->maskp[i]);
}

static void one_length(unsigned int bits)
{
	static const unsigned int probes[] = {0, 1, 31, 32, 62, 63, 64, 65, 127, 128, 1023, 1024, 4096, 0x7fffffff, 0x80000000, 0xffffffff};
	struct bitmask *mask = numa_bitmask_alloc(bits);

	printf("length %u: size %lu nbytes %u", bits, mask->size, numa_bitmask_nbytes(mask));
	show_words(mask);
	putchar('\n');
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		struct bitmask *same = numa_bitmask_setbit(mask, probes[i]);

		printf("  set %u: %d %d weight %u", probes[i], same == mask,
		       numa_bitmask_isbitset(mask, probes[i]), numa_bitmask_weight(mask));
		show_words(mask);
		same = numa_bitmask_clearbit(mask, probes[i]);
		printf("  clear: %d %d weight %u", same == mask,
		       numa_bitmask_isbitset(mask, probes[i]), numa_bitmask_weight(mask));
		show_words(mask);
		putchar('\n');
	}
	printf("  setall: %d", numa_bitmask_setall(mask) == mask);
	show_words(mask);
	printf(" weight %u", numa_bitmask_weight(mask));
	numa_bitmask_setbit(mask, bits);
	numa_bitmask_clearbit(mask, bits - 1);
	show_words(mask);
	printf(" clearall: %d", numa_bitmask_clearall(mask) == mask);
	show_words(mask);
	/* bits above the size are not the library's */
	memset(mask->maskp, 0xff, numa_bitmask_nbytes(mask));
	printf("\n  filled: weight %u", numa_bitmask_weight(mask));
	for (unsigned int i = bits - 1; i < bits + 70; i += 7)
		printf(" %d", numa_bitmask_isbitset(mask, i));
	numa_bitmask_clearall(mask);
	show_words(mask);
	printf(" equal to empty %d\n", numa_bitmask_equal(mask, one(bits, -1)));
	memset(mask->maskp, 0, numa_bitmask_nbytes(mask));
	numa_bitmask_setall(mask);
	show_words(mask);
	putchar('\n');
	numa_bitmask_free(mask);
}

static void pair(unsigned int from, unsigned int to)
{
	struct bitmask *a = noise(from), *b = noise(to), *full = numa_bitmask_setall(numa_bitmask_alloc(from));

	printf("%u and %u: equal %d %d", from, to, numa_bitmask_equal(a, b), numa_bitmask_equal(b, a));
	/* what is in the target must go, wherever it is */
	memset(b->maskp, 0xff, numa_bitmask_nbytes(b));
	copy_bitmask_to_bitmask(a, b);
	printf(" copy");
	show_words(b);
	printf(" weight %u equal %d %d", numa_bitmask_weight(b), numa_bitmask_equal(a, b), numa_bitmask_equal(b, a));
	memset(b->maskp, 0xff, numa_bitmask_nbytes(b));
	copy_bitmask_to_bitmask(full, b);
	printf(" full");
	show_words(b);
	printf(" equal %d %d", numa_bitmask_equal(full, b), numa_bitmask_equal(b, full));
	/* one bit more in the longer one */
	numa_bitmask_clearall(b);
	numa_bitmask_clearall(a);
	printf(" empty %d", numa_bitmask_equal(a, b));
	numa_bitmask_setbit(b, to - 1);
	printf(" last bit %d %d\n", numa_bitmask_equal(a, b), numa_bitmask_equal(b, a));
	numa_bitmask_free(a);
	numa_bitmask_free(b);
	numa_bitmask_free(full);
}

static void with_nodemask(unsigned int bits)
{
	struct bitmask *a = noise(bits);
	nodemask_t old;

	for (size_t i = 0; i < sizeof(old) / sizeof(old.n[0]); i++)
		old.n[i] = rnd();
	printf("nodemask and %u: ", bits);
	memset(a->maskp, 0xff, numa_bitmask_nbytes(a));
	copy_nodemask_to_bitmask(&old, a);
	show_bits(a->maskp, a->size);
	show_words(a);
	memset(&old, 0xff, sizeof(old));
	copy_bitmask_to_nodemask(a, &old);
	printf(" back ");
	show_nodemask(&old);
	memset(&old, 0, sizeof(old));
	memset(a->maskp, 0xff, numa_bitmask_nbytes(a));
	copy_bitmask_to_nodemask(a, &old);
	printf(" full ");
	show_nodemask(&old);
	memset(&old, 0xff, sizeof(old));
	numa_bitmask_clearall(a);
	copy_nodemask_to_bitmask(&old, a);
	show_words(a);
	putchar('\n');
	numa_bitmask_free(a);
}

static void inline_functions(void)
{
	nodemask_t a, b;

	memset(&a, 0xff, sizeof(a));
	nodemask_zero(&a);
	show_nodemask(&a);
	memset(&a, 0xff, sizeof(a));
	nodemask_zero_compat(&a);
	show_nodemask(&a);
	memcpy(&b, &a, sizeof(b));
	for (int i = 0; i < NUMA_NUM_NODES; i += 9)
		nodemask_set_compat(&a, i);
	show_nodemask(&a);
	printf(" %d %d", nodemask_equal(&a, &b), nodemask_equal_compat(&a, &b));
	nodemask_clr_compat(&a, 9);
	nodemask_clr_compat(&a, 10);
	show_nodemask(&a);
	for (int i = -1; i <= NUMA_NUM_NODES + 1; i++)
		printf("%d", nodemask_isset_compat(&a, i));
	memcpy(&b, &a, sizeof(b));
	printf(" %d %d", nodemask_equal(&a, &b), nodemask_equal_compat(&a, &b));
	nodemask_set_compat(&b, NUMA_NUM_NODES - 1);
	printf(" %d %d\n", nodemask_equal(&a, &b), nodemask_equal_compat(&a, &b));
	numa_free_nodemask(NULL);
	numa_free_cpumask(NULL);
	numa_free_nodemask(numa_allocate_nodemask());
	numa_free_cpumask(numa_allocate_cpumask());
	numa_bitmask_free(NULL);
}

int main(void)
{
	struct bitmask *mask;

	look_at_machine();
	for (size_t i = 0; i < LENGTHS; i++)
		one_length(lengths[i]);
	for (size_t i = 0; i < LENGTHS; i++)
		for (size_t j = 0; j < LENGTHS; j++)
			pair(lengths[i], lengths[j]);
	for (size_t i = 0; i < LENGTHS; i++)
		with_nodemask(lengths[i]);
	inline_functions();

	/* the two fields belong to the caller */
	mask = numa_bitmask_setall(numa_bitmask_alloc(100));
	mask->size = 70;
	printf("shortened: %u %u %d %d\n", numa_bitmask_weight(mask), numa_bitmask_nbytes(mask),
	       numa_bitmask_isbitset(mask, 69), numa_bitmask_isbitset(mask, 70));
	mask->size = 0;
	printf("nothing: %u %u %d\n", numa_bitmask_weight(mask), numa_bitmask_nbytes(mask), numa_bitmask_isbitset(mask, 0));
	numa_bitmask_free(mask);

	/* masks are the caller's malloc memory */
	mask = numa_allocate_nodemask();
	free(mask->maskp);
	free(mask);
	mask = malloc(sizeof(*mask));
	mask->size = 64;
	mask->maskp = calloc(1, 8);
	numa_bitmask_free(mask);

	RUN("huge", struct bitmask *m = numa_bitmask_alloc(0x80000000U);
	    if (m) { numa_bitmask_setbit(m, 0x7fffffff);
		     printf(" %lu %u %d %d", m->size, numa_bitmask_nbytes(m),
			    numa_bitmask_isbitset(m, 0x7fffffff), numa_bitmask_isbitset(m, 0x7ffffffe)); });
	RUN("nodemask size", printf(" %d", numa_allocate_nodemask()->size == (unsigned long)numa_num_possible_nodes()));
	RUN("cpumask size", printf(" %d", numa_allocate_cpumask()->size == (unsigned long)numa_num_possible_cpus()));
	return 0;
}
