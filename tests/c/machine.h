/*
 * The machine as the kernel tells it, asked without the library: which nodes there are, which
 * policy a thread or an address has, where a page is.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "check.h"

#include <sched.h>
#include <sys/syscall.h>
#include <numa.h>
#include <numaif.h>

#ifndef MPOL_WEIGHTED_INTERLEAVE
#define MPOL_WEIGHTED_INTERLEAVE 6
#endif
#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif
#ifndef MPOL_LOCAL
#define MPOL_LOCAL 4
#endif
#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif
#ifndef SYS_set_mempolicy_home_node
#define SYS_set_mempolicy_home_node 450
#endif

/* More than any kernel's masks. */
#define BITS 4096
#define LONG_BITS (8 * sizeof(unsigned long))

struct set {
	unsigned long words[BITS / LONG_BITS];
};

static UNUSED int has(const struct set *set, long n)
{
	return n >= 0 && n < BITS &&
	       (set->words[(unsigned long)n / LONG_BITS] >> ((unsigned long)n % LONG_BITS) & 1);
}

static UNUSED void add(struct set *set, long n)
{
	if (n >= 0 && n < BITS)
		set->words[(unsigned long)n / LONG_BITS] |= 1UL << ((unsigned long)n % LONG_BITS);
}

/* The map of a line of /proc/self/status; the number of its bits, or -1. */
static UNUSED int status_map(const char *key, struct set *set)
{
	char line[8192];
	FILE *file = fopen("/proc/self/status", "r");
	int bits = -1;

	memset(set, 0, sizeof(*set));
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		size_t length = strlen(key);
		char *digits, *from, *to;

		if (strncmp(line, key, length))
			continue;
		digits = line + length;
		for (from = to = digits; *from; from++)
			if (strchr("0123456789abcdef", *from))
				*to++ = *from;
		*to = 0;
		bits = (int)(to - digits) * 4;
		for (int bit = 0; bit < bits; bit++) {
			char digit = to[-1 - bit / 4];
			int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;

			if (value >> (bit % 4) & 1)
				add(set, bit);
		}
	}
	fclose(file);
	return bits;
}

static UNUSED int count(const struct set *set)
{
	int sum = 0;

	for (long n = 0; n < BITS; n++)
		sum += has(set, n);
	return sum;
}

/* The first member above `n`, or -1. */
static UNUSED int next(const struct set *set, long n)
{
	for (n++; n < BITS; n++)
		if (has(set, n))
			return (int)n;
	return -1;
}

static UNUSED int last(const struct set *set)
{
	int found = -1;

	for (long n = 0; n < BITS; n++)
		if (has(set, n))
			found = (int)n;
	return found;
}

#define EACH(n, set) for (int n = next(set, -1); n >= 0; n = next(set, n))

/* Whether a mask holds exactly these. */
static UNUSED int holds(const struct bitmask *mask, const struct set *set)
{
	if (!mask)
		return 0;
	for (long n = 0; n < BITS; n++) {
		int bit = (unsigned long)n < mask->size &&
			  (mask->maskp[(unsigned long)n / LONG_BITS] >> ((unsigned long)n % LONG_BITS) & 1);

		if (bit != has(set, n))
			return 0;
	}
	return 1;
}

/* Whether a mask holds exactly the numbers given, which end with -1. */
static UNUSED int holds_only(const struct bitmask *mask, ...)
{
	struct set set = {{0}};
	va_list args;
	int n;

	va_start(args, mask);
	while ((n = va_arg(args, int)) >= 0)
		add(&set, n);
	va_end(args);
	return holds(mask, &set);
}

/* A new mask of `bits` bits with these members, which end with -1. */
static UNUSED struct bitmask *mask_of(unsigned bits, ...)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);
	va_list args;
	int n;

	if (!mask)
		abort();
	va_start(args, bits);
	while ((n = va_arg(args, int)) >= 0)
		numa_bitmask_setbit(mask, (unsigned)n);
	va_end(args);
	return mask;
}

/* A new mask of the kernel's size with one node, or none. */
static UNUSED struct bitmask *one_node(int node)
{
	struct bitmask *mask = numa_allocate_nodemask();
	/* A child that exits with its only mask in hand has lost nothing, as valgrind shall see. */
	static UNUSED struct bitmask *volatile last;

	if (!mask)
		abort();
	last = mask;
	if (node >= 0)
		numa_bitmask_setbit(mask, (unsigned)node);
	return mask;
}

static UNUSED const char *text_of(const struct bitmask *mask)
{
	static char texts[4][1024];
	static int turn;
	char *text = texts[turn++ & 3];
	size_t used = 0;

	if (!mask)
		return "NULL";
	used += (size_t)snprintf(text, 1024, "%lu:{", mask->size);
	for (unsigned long n = 0; n < mask->size && used < 1000; n++)
		if (mask->maskp[n / LONG_BITS] >> (n % LONG_BITS) & 1)
			used += (size_t)snprintf(text + used, 1024 - used, " %lu", n);
	snprintf(text + used, 1024 - used, " }");
	return text;
}

/* 0-3,8 from a file of /sys; -1 if it cannot be read. */
static UNUSED int read_list(const char *path, struct set *set)
{
	char text[8192];
	FILE *file = fopen(path, "r");

	memset(set, 0, sizeof(*set));
	if (!file)
		return -1;
	if (!fgets(text, sizeof(text), file))
		text[0] = 0;
	fclose(file);
	for (char *at = text; *at >= '0' && *at <= '9';) {
		long first = strtol(at, &at, 10), end = first;

		if (*at == '-')
			end = strtol(at + 1, &at, 10);
		for (; first <= end; first++)
			add(set, first);
		if (*at == ',')
			at++;
	}
	return 0;
}

#define NODE_DIR "/sys/devices/system/node"

static struct {
	struct set nodes;   /* that exist */
	struct set memory;  /* with memory */
	struct set cpus;    /* with CPUs */
	struct set allowed; /* that this process may use */
	struct set usable;  /* allowed, with memory */
	int first, second;  /* of the usable ones; second is first if there is no other */
} machine;

static UNUSED void look(void)
{
	if (read_list(NODE_DIR "/online", &machine.nodes))
		add(&machine.nodes, 0);
	if (read_list(NODE_DIR "/has_memory", &machine.memory))
		machine.memory = machine.nodes;
	if (read_list(NODE_DIR "/has_cpu", &machine.cpus))
		machine.cpus = machine.nodes;
	memset(&machine.allowed, 0, sizeof(machine.allowed));
	if (syscall(SYS_get_mempolicy, NULL, machine.allowed.words, (unsigned long)BITS, NULL,
		    MPOL_F_MEMS_ALLOWED))
		machine.allowed = machine.nodes;
	machine.usable = machine.allowed;
	for (size_t i = 0; i < BITS / LONG_BITS; i++)
		machine.usable.words[i] &= machine.memory.words[i];
	machine.first = next(&machine.usable, -1);
	machine.second = next(&machine.usable, machine.first);
	if (machine.second < 0)
		machine.second = machine.first;
}

/* Machines on which a test differs from the reference: for ROW_WHERE. Whether the kernel has
 * MPOL_PREFERRED_MANY is asked by the reference with node 0. */
static UNUSED int without_node_0(void)
{
	look();
	return !has(&machine.usable, 0);
}

static UNUSED int with_gaps(void)
{
	look();
	return last(&machine.nodes) + 1 != count(&machine.nodes);
}

static UNUSED int with_memoryless_nodes(void)
{
	look();
	return memcmp(&machine.nodes, &machine.memory, sizeof(struct set)) != 0;
}

/* The reference counts nodes with memory, and takes 0 to the count - 1 for what exists. */
static UNUSED int with_counts_that_are_no_ids(void)
{
	return with_gaps() || with_memoryless_nodes();
}

/* Or for what may be used. */
static UNUSED int with_counts_that_are_not_allowed(void)
{
	return with_counts_that_are_no_ids() || memcmp(&machine.usable, &machine.memory, sizeof(struct set));
}

static UNUSED int with_cpus_without_memory(void)
{
	look();
	EACH(node, &machine.cpus)
		if (!has(&machine.memory, node))
			return 1;
	return 0;
}

static UNUSED size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The node of a page, or -errno. */
static UNUSED int place_of(const void *at)
{
	void *address = (void *)((uintptr_t)at & ~(uintptr_t)(page() - 1));
	int status = -999;

	if (syscall(SYS_move_pages, 0, 1UL, &address, NULL, &status, 0))
		return -errno;
	return status;
}

/* Touches pages, and tells whether all of them are on one of these nodes. */
static UNUSED int all_on(void *start, size_t pages, const struct set *nodes)
{
	memset(start, 1, pages * page());
	for (size_t i = 0; i < pages; i++)
		if (!has(nodes, place_of((char *)start + i * page())))
			return 0;
	return 1;
}

static UNUSED int all_on_node(void *start, size_t pages, int node)
{
	struct set set = {{0}};

	add(&set, node);
	return all_on(start, pages, &set);
}

/* Touches pages, and tells whether each of these nodes has its share, give or take one. */
static UNUSED int spread(void *start, size_t pages, const struct set *nodes)
{
	size_t share = pages / (size_t)count(nodes);

	if (!all_on(start, pages, nodes))
		return 0;
	EACH(node, nodes) {
		size_t here = 0;

		for (size_t i = 0; i < pages; i++)
			here += place_of((char *)start + i * page()) == node;
		if (here + 1 < share || here > share + 1)
			return 0;
	}
	return 1;
}

struct policy {
	int mode;
	struct set nodes;
};

/* The thread's policy, or that of an address; the mode is -errno if it cannot be read. */
static UNUSED struct policy policy_of(const void *at)
{
	struct policy policy = {-1, {{0}}};

	if (syscall(SYS_get_mempolicy, &policy.mode, policy.nodes.words, (unsigned long)BITS, at,
		    at ? MPOL_F_ADDR : 0))
		policy.mode = -errno;
	return policy;
}

static UNUSED int same_set(const struct set *a, const struct set *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static UNUSED int is_policy(struct policy policy, int mode, const struct set *nodes)
{
	return policy.mode == mode && same_set(&policy.nodes, nodes);
}

/* Sets the thread's policy without the library. */
static UNUSED long raw_policy(int mode, const struct set *nodes)
{
	return syscall(SYS_set_mempolicy, mode, nodes ? nodes->words : NULL,
		       nodes ? (unsigned long)numa_num_possible_nodes() + 1 : 0UL);
}

static UNUSED struct set only(int node)
{
	struct set set = {{0}};

	add(&set, node);
	return set;
}

static const struct set nothing UNUSED;

/* Whether the kernel has a mode: MPOL_PREFERRED_MANY since 5.15, MPOL_WEIGHTED_INTERLEAVE 6.9. */
static UNUSED int kernel_has(int mode)
{
	struct set set;
	void *memory;
	long result;

	look();
	set = only(machine.first);
	memory = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	result = syscall(SYS_mbind, memory, page(), mode, set.words, (unsigned long)BITS, 0);
	if (result)
		result = syscall(SYS_mbind, memory, page(), mode, set.words,
				 (unsigned long)numa_num_possible_nodes() + 1, 0);
	munmap(memory, page());
	return !result;
}

/* New memory that nobody has touched. */
static UNUSED void *fresh(size_t pages)
{
	void *memory = mmap(NULL, pages * page(), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

/* ---- the library and the kernel side by side ------------------------------------------------ */

#define SOME_PAGES 8

/* What a process and some memory of it are like after a call. */
struct outcome {
	struct policy thread, range;
	int places[SOME_PAGES];
	unsigned long cpus[BITS / LONG_BITS];
	int error;
	char text[256];
};

/* On one CPU, so that what is local is the same for all. */
static UNUSED void stay_put(void)
{
	unsigned long words[BITS / LONG_BITS] = {0};
	int cpu;

	syscall(SYS_sched_getaffinity, 0, sizeof(words), words);
	for (cpu = 0; !(words[(unsigned)cpu / LONG_BITS] >> ((unsigned)cpu % LONG_BITS) & 1); cpu++)
		;
	memset(words, 0, sizeof(words));
	words[(unsigned)cpu / LONG_BITS] = 1UL << ((unsigned)cpu % LONG_BITS);
	syscall(SYS_sched_setaffinity, 0, sizeof(words), words);
}

static UNUSED void look_at_outcome(struct outcome *out, int error, char *memory)
{
	out->error = error;
	snprintf(out->text, sizeof(out->text), "%.*s", (int)sizeof(out->text) - 1, captured());
	out->thread = policy_of(NULL);
	syscall(SYS_sched_getaffinity, 0, sizeof(out->cpus), out->cpus);
	if (!memory)
		return;
	out->range = policy_of(memory);
	/* An interleave starts anywhere. */
	if (out->range.mode == MPOL_INTERLEAVE || out->thread.mode == MPOL_INTERLEAVE)
		return;
	madvise(memory, SOME_PAGES * page(), MADV_NOHUGEPAGE);
	for (size_t i = 0; i < SOME_PAGES; i++) {
		memory[i * page()] = 1;
		out->places[i] = place_of(memory + i * page());
	}
}

/* Two outcomes, in memory that children share. */
static UNUSED struct outcome *two_outcomes(void)
{
	static struct outcome *two;

	if (!two)
		two = mmap(NULL, 2 * sizeof(*two), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(two, 0, 2 * sizeof(*two));
	return two;
}

static UNUSED void same_outcome(const struct outcome *two, const char *file, int line, const char *what)
{
	struct set cpus[2];

	memcpy(cpus[0].words, two[0].cpus, sizeof(cpus[0]));
	memcpy(cpus[1].words, two[1].cpus, sizeof(cpus[1]));
	if (memcmp(&two[0], &two[1], sizeof(two[0])))
		check_failed(file, line, NULL,
			     "%s: mode %#x and %#x, %#x and %#x at the memory, CPUs %d and %d, errno %d and %d, first "
			     "page on %d and %d, `%s' and `%s'", what, two[0].thread.mode, two[1].thread.mode,
			     two[0].range.mode, two[1].range.mode, count(&cpus[0]), count(&cpus[1]), two[0].error,
			     two[1].error, two[0].places[0], two[1].places[0], two[0].text, two[1].text);
}

/* Of many such pairs only some are tried where a process is expensive. */
static UNUSED int tried(void)
{
	static int turn;

	return !under("valgrind") || turn++ % 16 == 0;
}

/* Whether a call of the library has the outcome of the raw call, each in a process of its own with
 * new `memory`, on one CPU. The raw statements complain with perror(3) as the library has to. */
#define AS_RAW(what, library, raw)                                               \
	do {                                                                     \
		struct outcome *two_ = two_outcomes();                           \
		if (!tried())                                                    \
			break;                                                   \
		IN_CHILD(char *memory = fresh(SOME_PAGES); stay_put(); capture(); errno = UNTOUCHED; \
			 library; look_at_outcome(&two_[0], errno, memory); leave(0));               \
		IN_CHILD(char *memory = fresh(SOME_PAGES); stay_put(); capture(); errno = UNTOUCHED; \
			 raw; look_at_outcome(&two_[1], errno, memory); leave(0));                   \
		same_outcome(two_, __FILE__, __LINE__, what);                    \
	} while (0)

/* A raw call, which complains if it fails and keeps errno. */
#define COMPLAINS(name, call)                                                    \
	do {                                                                     \
		if (call) {                                                      \
			int error_ = errno;                                      \
			perror(name);                                            \
			errno = error_;                                          \
		}                                                                \
	} while (0)

/* A mask for each case that may matter: `turn` counts up from 0 until it is NULL. Each node and two
 * beyond, none, all, the first and the last, one that does not exist among them, and the first and the
 * last bit of masks of many sizes. */
static UNUSED struct bitmask *mask_for(int turn)
{
	static const unsigned lengths[] = {1, 2, 63, 64, 65, 128, 512, 1024, 2048, 4096};
	int nodes = last(&machine.nodes) + 3;
	struct bitmask *mask;

	if (turn < nodes)
		return one_node(turn);
	turn -= nodes;
	if (turn >= 6) {
		turn -= 6;
		if (turn >= 2 * (int)(sizeof(lengths) / sizeof(lengths[0])))
			return NULL;
		mask = numa_bitmask_alloc(lengths[turn / 2]);
		return numa_bitmask_setbit(mask, turn % 2 ? lengths[turn / 2] - 1 : 0);
	}
	mask = numa_allocate_nodemask();
	switch (turn) {
	case 0: break;
	case 1:
	case 2:
		EACH(node, &machine.usable)
			numa_bitmask_setbit(mask, (unsigned)node);
		if (turn == 2)
			numa_bitmask_setbit(mask, (unsigned)last(&machine.nodes) + 1);
		break;
	case 3:
		EACH(node, &machine.nodes)
			numa_bitmask_setbit(mask, (unsigned)node);
		break;
	case 4:
		numa_bitmask_setbit(mask, (unsigned)machine.first);
		numa_bitmask_setbit(mask, (unsigned)last(&machine.usable));
		break;
	default: numa_bitmask_setbit(mask, (unsigned)mask->size - 1);
	}
	return mask;
}
#define EACH_MASK(mask)                                                          \
	for (int turn_ = 0; turn_ >= 0; turn_ = -1)                              \
		for (struct bitmask *mask; (mask = mask_for(turn_)) != NULL; turn_++, numa_bitmask_free(mask))

#define AFFINITY_BYTES 8192

/* The calling thread's CPUs, without the library; the number of bytes of the kernel's mask. */
static UNUSED long raw_affinity(unsigned long *words)
{
	memset(words, 0, AFFINITY_BYTES);
	return syscall(SYS_sched_getaffinity, 0, (size_t)AFFINITY_BYTES, words);
}

/* The CPUs of a node as /sys lists them. */
static UNUSED struct set cpus_of(int node)
{
	struct set set;
	char path[128];

	snprintf(path, sizeof(path), NODE_DIR "/node%d/cpulist", node);
	read_list(path, &set);
	return set;
}

/* Whether the process runs in the C library of a static program. */
#if defined(LINKED_STATICALLY)
#define IS_STATIC 1
#else
#define IS_STATIC 0
#endif

/* Whether old versions of functions can be looked up: an archive has none, and dlvsym(3) is glibc's. */
#if defined(__GLIBC__) && !IS_STATIC
#define HAS_VERSIONS 1
#else
#define HAS_VERSIONS 0
#endif
#if !defined(__GLIBC__)
#include <stddef.h>

static inline void *dlvsym(void *library, const char *name, const char *version)
{
	(void)library, (void)name, (void)version;
	return NULL;
}
#endif
#define SKIP_WITHOUT_VERSIONS SKIP_IF(!HAS_VERSIONS, "an archive has no versions, and musl cannot look them up")

/* What perror(3) says where musl's words are others, as they stand within texts. */
#if defined(__GLIBC__)
#define WORDS_EIO "Input/output error"
#define WORDS_EMFILE "Too many open files"
#else
#define WORDS_EIO "I/O error"
#define WORDS_EMFILE "No file descriptors available"
#endif

#endif
