/* What every program of this directory needs: print masks, print what a call
 * did, and keep each call in a child of its own, so that no call inherits a
 * policy, an affinity or a warned-about flag from the one before. */
#ifndef DIFF_COMMON_H
#define DIFF_COMMON_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <numa.h>
#include <numaif.h>

#define UNUSED __attribute__((unused))

/* A value of errno that no call sets: "left alone" can be told from "set". */
#define UNTOUCHED 4242

/* A size of mask that the kernel's own never exceeds. */
#define RAW_WORDS 64
#define RAW_BITS (RAW_WORDS * 64UL)

/* ---- printing ---------------------------------------------------------- */

static UNUSED int word_bit(const unsigned long *words, unsigned long bit)
{
	return (int)(words[bit / 64] >> (bit % 64) & 1);
}

static UNUSED void show_bits(const unsigned long *words, unsigned long bits)
{
	const char *comma = "";

	putchar('{');
	for (unsigned long i = 0; i < bits; i++) {
		unsigned long j = i;

		if (!word_bit(words, i))
			continue;
		while (j + 1 < bits && word_bit(words, j + 1))
			j++;
		if (j > i)
			printf("%s%lu-%lu", comma, i, j);
		else
			printf("%s%lu", comma, i);
		comma = ",";
		i = j;
	}
	putchar('}');
}

static UNUSED void show(const struct bitmask *mask)
{
	if (!mask) {
		printf("NULL");
		return;
	}
	printf("%lu:", mask->size);
	show_bits(mask->maskp, mask->size);
}

static UNUSED void show_nodemask(const nodemask_t *mask)
{
	show_bits(mask->n, sizeof(*mask) * 8);
}

static UNUSED void show_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			printf("\\n");
		else if (c == '\t')
			printf("\\t");
		else if (c < 32 || c > 126)
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static UNUSED const char *error_name(int error)
{
	static char number[32];

	switch (error) {
	case 0: return "0";
	case UNTOUCHED: return "untouched";
	case EPERM: return "EPERM";
	case ENOENT: return "ENOENT";
	case ESRCH: return "ESRCH";
	case EINTR: return "EINTR";
	case EIO: return "EIO";
	case E2BIG: return "E2BIG";
	case EBADF: return "EBADF";
	case EAGAIN: return "EAGAIN";
	case ENOMEM: return "ENOMEM";
	case EACCES: return "EACCES";
	case EFAULT: return "EFAULT";
	case EBUSY: return "EBUSY";
	case ENODEV: return "ENODEV";
	case EINVAL: return "EINVAL";
	case ERANGE: return "ERANGE";
	case ENOSYS: return "ENOSYS";
	default:
		snprintf(number, sizeof(number), "errno %d", error);
		return number;
	}
}

/* ---- one call in one child --------------------------------------------- */

struct child {
	int pipe[2];
	pid_t pid;
};

/* 1 in the child. Everything that it writes to stderr reaches the parent. */
static UNUSED int child_begins(struct child *child)
{
	fflush(stdout);
	if (pipe(child->pipe))
		abort();
	child->pid = fork();
	if (child->pid < 0)
		abort();
	if (child->pid)
		return 0;
	dup2(child->pipe[1], 2);
	close(child->pipe[0]);
	close(child->pipe[1]);
	errno = UNTOUCHED;
	return 1;
}

static UNUSED void child_ended(struct child *child)
{
	static char text[1 << 16];
	size_t length = 0;
	ssize_t got;
	int status;

	close(child->pipe[1]);
	while (length < sizeof(text) - 1 &&
	       (got = read(child->pipe[0], text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = 0;
	close(child->pipe[0]);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		printf(" killed by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		printf(" exit %d", WEXITSTATUS(status));
	if (length) {
		printf(" stderr ");
		show_text(text);
	}
	putchar('\n');
}

/* Runs the statements in a child; they print what they saw. */
#define RUN(label, ...)                                  \
	do {                                             \
		struct child child_;                     \
		printf("%s:", label);                    \
		if (child_begins(&child_)) {             \
			__VA_ARGS__;                     \
			fflush(stdout);                  \
			_exit(0);                        \
		}                                        \
		child_ended(&child_);                    \
	} while (0)

/* The same with a label like that of printf. */
#define RUNF(format, value, ...)                                           \
	do {                                                               \
		char label_[256];                                          \
		snprintf(label_, sizeof(label_), format, value);           \
		RUN(label_, __VA_ARGS__);                                  \
	} while (0)

#define RUNFF(format, first, second, ...)                                  \
	do {                                                               \
		char label_[256];                                          \
		snprintf(label_, sizeof(label_), format, first, second);   \
		RUN(label_, __VA_ARGS__);                                  \
	} while (0)

/* errno counts when a call reports failure: print it only then. */
static UNUSED void show_result(long result)
{
	int error = errno;

	printf(" %ld", result);
	if (result < 0)
		printf(" %s", error_name(error));
}

#define INT(call) RUN(#call, show_result((long)(call)))

/* A void function: errno counts when it complained. errno is printed if it
 * was touched at all AND the kernel refused; the caller says which. */
#define VOID_FAILS(call) RUN(#call, call; int e_ = errno; printf(" %s", error_name(e_)))
#define VOID(call) RUN(#call, call; printf(" done"))

#define MASK(call)                                                         \
	RUN(#call, errno = UNTOUCHED; struct bitmask *m_ = (call);         \
	    int e_ = errno; putchar(' '); show(m_);                        \
	    if (!m_) printf(" %s", error_name(e_)))

static UNUSED void show_pointer(const void *pointer)
{
	int error = errno;

	if (!pointer)
		printf(" NULL %s", error_name(error));
	else if (pointer == MAP_FAILED)
		printf(" MAP_FAILED %s", error_name(error));
	else
		printf(" memory");
}

#define POINTER(call) RUN(#call, show_pointer(call))

/* ---- masks to pass in --------------------------------------------------- */

/* A mask of `bits` bits with one bit set, or none if `bit` is negative. */
static UNUSED struct bitmask *one(unsigned int bits, long bit)
{
	struct bitmask *mask = numa_bitmask_alloc(bits);

	if (!mask)
		abort();
	if (bit >= 0)
		numa_bitmask_setbit(mask, (unsigned int)bit);
	errno = UNTOUCHED;
	return mask;
}

static UNUSED struct bitmask *nodes(long node)
{
	return one((unsigned int)numa_num_possible_nodes(), node);
}

static UNUSED nodemask_t old_nodes(long node)
{
	nodemask_t mask;

	memset(&mask, 0, sizeof(mask));
	if (node >= 0)
		mask.n[node / 64] |= 1UL << (node % 64);
	return mask;
}

/* ---- the machine, asked without the library ----------------------------- */

static UNUSED long read_list(const char *path, unsigned long *words)
{
	char text[8192];
	char *at = text;
	long count = 0;
	ssize_t got;
	int fd = open(path, O_RDONLY);

	memset(words, 0, RAW_WORDS * 8);
	if (fd < 0)
		return -1;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got < 0)
		return -1;
	text[got] = 0;
	while (*at >= '0' && *at <= '9') {
		unsigned long first = strtoul(at, &at, 10), last = first;

		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		for (; first <= last && first < RAW_BITS; first++) {
			words[first / 64] |= 1UL << (first % 64);
			count++;
		}
		if (*at == ',')
			at++;
	}
	return count;
}

struct machine {
	unsigned long online[RAW_WORDS];   /* nodes that exist */
	unsigned long memory[RAW_WORDS];   /* nodes with memory */
	unsigned long cpu[RAW_WORDS];      /* nodes with CPUs */
	unsigned long allowed[RAW_WORDS];  /* nodes that this process may use */
	unsigned long usable[RAW_WORDS];   /* allowed, with memory */
	long top;                          /* highest node that exists */
	long count;                        /* how many exist */
	int first;                         /* first usable node */
	int second;                        /* second usable node, or first */
	int last;                          /* last usable node */
	int usables;
	int dense;                         /* ids are 0..n-1, and all are allowed */
};

static UNUSED struct machine machine;

#define NODE "/sys/devices/system/node/"

static UNUSED void look_at_machine(void)
{
	struct machine *m = &machine;

	m->count = read_list(NODE "online", m->online);
	if (m->count < 0) {
		m->online[0] = 1;
		m->count = 1;
	}
	if (read_list(NODE "has_memory", m->memory) < 0)
		memcpy(m->memory, m->online, sizeof(m->memory));
	if (read_list(NODE "has_cpu", m->cpu) < 0)
		memcpy(m->cpu, m->online, sizeof(m->cpu));
	memset(m->allowed, 0, sizeof(m->allowed));
	if (syscall(SYS_get_mempolicy, NULL, m->allowed, RAW_BITS, NULL, MPOL_F_MEMS_ALLOWED))
		memcpy(m->allowed, m->online, sizeof(m->allowed));
	m->first = m->last = m->second = -1;
	m->dense = 1;
	for (long i = 0; i < (long)RAW_BITS; i++) {
		int here = word_bit(m->online, (unsigned long)i);

		if (here)
			m->top = i;
		if (i < m->count ? !here : here)
			m->dense = 0;
		if (here && !word_bit(m->allowed, (unsigned long)i))
			m->dense = 0;
	}
	for (int i = 0; i < RAW_WORDS; i++)
		m->usable[i] = m->allowed[i] & m->memory[i];
	for (long i = 0; i < (long)RAW_BITS; i++)
		if (word_bit(m->usable, (unsigned long)i)) {
			m->usables++;
			m->last = (int)i;
			if (m->first < 0)
				m->first = (int)i;
			else if (m->second < 0)
				m->second = (int)i;
		}
	if (m->second < 0)
		m->second = m->first;
}

/* Whether the kernel knows MPOL_PREFERRED_MANY is asked by the reference with
 * node 0: where this process may not use that node, it answers no, and does
 * without. Ours looks better, on purpose: see docs/differences.md. */
static UNUSED int same_preferred_many(void)
{
	return word_bit(machine.usable, 0);
}

/* A node with CPUs and without memory: ours runs there where the reference
 * refuses, and counts it among the nodes that one runs on, on purpose. */
static UNUSED int cpu_only(int node)
{
	return word_bit(machine.online, (unsigned long)node) && !word_bit(machine.memory, (unsigned long)node);
}

#define FOR_NODES(n, set) \
	for (int n = 0; n < (int)RAW_BITS; n++) if (word_bit(machine.set, (unsigned long)(n)))

/* Stay on one CPU, so that "local" is always the same node. */
static UNUSED void stay_put(void)
{
	cpu_set_t *set = CPU_ALLOC(8192);
	size_t size = CPU_ALLOC_SIZE(8192);

	if (!sched_getaffinity(0, size, set))
		for (int cpu = 0; cpu < 8192; cpu++)
			if (CPU_ISSET_S(cpu, size, set)) {
				CPU_ZERO_S(size, set);
				CPU_SET_S(cpu, size, set);
				sched_setaffinity(0, size, set);
				break;
			}
	CPU_FREE(set);
}

static UNUSED void show_affinity(void)
{
	unsigned long words[128] = {0};
	long got = syscall(SYS_sched_getaffinity, 0, sizeof(words), words);

	if (got < 0)
		printf(" affinity %s", error_name(errno));
	else {
		printf(" cpus ");
		show_bits(words, (unsigned long)got * 8);
	}
}

/* The policy of this thread, straight from the kernel. */
static UNUSED void show_policy(void)
{
	unsigned long words[RAW_WORDS] = {0};
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, words, RAW_BITS, NULL, 0)) {
		printf(" policy %s", error_name(errno));
		return;
	}
	printf(" policy %#x ", (unsigned int)mode);
	show_bits(words, RAW_BITS);
}

/* The policy of one address. */
static UNUSED void show_policy_at(void *at)
{
	unsigned long words[RAW_WORDS] = {0};
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, words, RAW_BITS, at, MPOL_F_ADDR)) {
		printf(" policy %s", error_name(errno));
		return;
	}
	printf(" policy %#x ", (unsigned int)mode);
	show_bits(words, RAW_BITS);
}

/* The policy of one address in the words of /proc/self/numa_maps. */
static UNUSED void show_maps_policy(const void *at)
{
	FILE *file = fopen("/proc/self/numa_maps", "r");
	char line[4096], found[300] = "?";

	if (!file) {
		printf(" numa_maps unreadable");
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		char word[256];
		unsigned long start;
		int used = 0;

		if (sscanf(line, "%lx %n", &start, &used) != 1)
			continue;
		if (start > (unsigned long)at)
			break;
		if (sscanf(line + used, "%255s", word) != 1)
			continue;
		snprintf(found, sizeof(found), "%s", word);
		/* "prefer (many):0-1" has a blank inside */
		if (!strcmp(word, "prefer") && sscanf(line + used, "prefer %200s", word) == 1)
			snprintf(found, sizeof(found), "prefer %s", word);
	}
	fclose(file);
	printf(" maps %s", found);
}

static UNUSED size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Where each page is, or what move_pages(2) says instead. Same answers in a
 * row are counted, and with `spread` only the count for each node is shown. */
static UNUSED void show_places(pid_t pid, void *start, size_t pages, int spread)
{
	void **address = calloc(pages, sizeof(*address));
	int *status = calloc(pages, sizeof(*status));

	for (size_t i = 0; i < pages; i++) {
		address[i] = (char *)start + i * page_size();
		status[i] = -999;
	}
	if (syscall(SYS_move_pages, pid, pages, address, NULL, status, 0)) {
		printf(" places %s", error_name(errno));
	} else if (spread) {
		printf(" spread");
		for (int value = -200; value < (int)RAW_BITS; value++) {
			size_t count = 0;

			for (size_t i = 0; i < pages; i++)
				count += status[i] == value;
			if (count)
				printf(" %d=%zu", value, count);
		}
	} else {
		printf(" places");
		for (size_t i = 0; i < pages;) {
			size_t run = 1;

			while (i + run < pages && status[i + run] == status[i])
				run++;
			printf(" %dx%zu", status[i], run);
			i += run;
		}
	}
	free(address);
	free(status);
}

static UNUSED char *fresh(size_t pages)
{
	char *start = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		abort();
	madvise(start, pages * page_size(), MADV_NOHUGEPAGE);
	errno = UNTOUCHED;
	return start;
}

static UNUSED void touch(void *start, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		((volatile char *)start)[i * page_size()] = 1;
}

#endif
