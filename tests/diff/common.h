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

static UNUSED struct machine {
	unsigned long online[RAW_WORDS];  /* nodes that exist */
	unsigned long memory[RAW_WORDS];  /* nodes with memory */
	unsigned long cpu[RAW_WORDS];     /* nodes with CPUs */
	unsigned long allowed[RAW_WORDS]; /* nodes that this process may use */
	long top;                         /* highest node that exists */
	long count;                       /* how many exist */
	int first;                        /* first node with memory that may be used */
} machine;

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
	m->first = -1;
	for (long i = 0; i < (long)RAW_BITS; i++) {
		if (word_bit(m->online, (unsigned long)i))
			m->top = i;
		if (m->first < 0 && word_bit(m->allowed, (unsigned long)i) && word_bit(m->memory, (unsigned long)i))
			m->first = (int)i;
	}
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

static UNUSED size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
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

#endif
