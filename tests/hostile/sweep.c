/*
 * Calls each exported function of a library with sane and insane arguments, each call in a process of
 * its own, and prints a line for each:
 *
 *	name(arguments): value errno [what else changed] [stderr "text"] [killed by signal N]
 *
 *	sweep [OPTION...] LIBRARY
 *
 *	--machine DIR         with /sys and /proc of this machine
 *	--damage KIND:PATH    and this done to a file of it (repeatable); --damages lists the kinds
 *	--changing NODE       the node goes and node 6 comes between two calls
 *	--load                prints only what loading makes of it
 *	--refuse ERROR:CALL,...     system calls that fail, in the call; ERROR is a number, or kill
 *	--refuse-load ERROR:CALL,...  the same while the library is loaded; `!CALL,...`: all but these
 *	--exhaust WHAT        malloc, malloc+, mmap, mmap+: the n-th call fails, for each n (and all later
 *	                      ones); as, nofile: a limit
 *	--exhaust-load N      the N-th malloc of loading fails
 *	--stack KIB           with so much stack
 *	--marks               system calls that strace shows before and after each call
 *	--brief               few arguments
 *	--only NAME,...       these functions
 *	--seconds N           what takes longer hangs (300)
 *
 * The lists functions.h and calls.h are made of abi/symbols.tsv and system-calls.tsv. A function without
 * a call here is an error. Exit status 77: this machine or user cannot do it.
 */
#include "../diff/common.h"
#include "world.h"

#include <dlfcn.h>
#include <limits.h>
#include <stddef.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* ---- the functions --------------------------------------------------------------------------- */

#include "../c/old_versions.h"

static struct {
#define F(name, symbol, version) __typeof__(name) *name;
#include "functions.h"
#undef F
} lib;

enum {
#define F(name, symbol, version) I_##name,
#include "functions.h"
#undef F
	FUNCTIONS
};

static struct {
	const char *name, *symbol, *version;
	size_t at;
	unsigned calls;
} functions[] = {
#define F(name, symbol, version) {#name, symbol, version, offsetof(__typeof__(lib), name), 0},
#include "functions.h"
#undef F
};

static const struct {
	const char *name;
	int number;
} system_calls[] = {
#define CALL(name) {#name, SYS_##name},
#include "calls.h"
#undef CALL
};

/* ---- what the command line says -------------------------------------------------------------- */

static int brief, marks, changing, changing_node, load_only;
static const char *only, *exhausting, *refused;
static unsigned seconds = 300;

/* Shared by all processes: what the child prints, so that it needs no system call for that, and what
 * it reached. */
static struct {
	char text[1 << 18]; /* the buffer of stdout */
	char line[1 << 18]; /* what the round that counts printed */
	unsigned long reached;
	long leaked;
	off_t said; /* bytes of stderr until then */
	int changed;
} *shared;

/* stderr of the library, and the real output. */
static int said = -1;
static FILE *output;

static void die(const char *what)
{
	fprintf(stderr, "sweep: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- memory that runs out -------------------------------------------------------------------- */

enum { HEAP = 1, MAPS = 2 };
static volatile int watched; /* HEAP, MAPS or 0 */
static unsigned long fail_at; /* 0: none */
static int and_later;
static unsigned long asked_for; /* how often since */
static long outstanding;

static int fails(int kind)
{
	if (!(watched & kind))
		return 0;
	asked_for++;
	if (fail_at && (asked_for == fail_at || (and_later && asked_for > fail_at))) {
		shared->reached++;
		errno = ENOMEM;
		return 1;
	}
	return 0;
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static void *counted(void *memory)
{
	outstanding += memory != NULL;
	return memory;
}

void *malloc(size_t size)
{
	return fails(HEAP) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
	return fails(HEAP) ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
	if (fails(HEAP))
		return NULL;
	void *memory = __libc_realloc(old, size);

	outstanding += !old && memory;
	return memory;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(HEAP) ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	if (fails(HEAP))
		return ENOMEM;
	*memory = counted(__libc_memalign(alignment, size));
	return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
	outstanding -= memory != NULL;
	__libc_free(memory);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return fails(MAPS) ? MAP_FAILED : (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
	return mmap(address, length, protection, flags, fd, offset);
}

void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
	return fails(MAPS) ? MAP_FAILED : (void *)syscall(SYS_mremap, old, old_length, length, flags, NULL);
}

/* ---- system calls that are refused ----------------------------------------------------------- */

static int number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(system_calls) / sizeof(system_calls[0]); i++)
		if (!strcmp(system_calls[i].name, name))
			return system_calls[i].number;
	fprintf(stderr, "sweep: no system call %s in the list\n", name);
	exit(2);
}

/* ERROR:CALL,... or ERROR:!CALL,... */
static struct sock_fprog filter_of(const char *what)
{
	static struct sock_filter code[512];
	struct sock_fprog program = {0, code};
	char *copy = strdup(what), *calls = strchr(copy, ':');
	unsigned short length = 0;
	unsigned answer, otherwise = SECCOMP_RET_ALLOW;

	if (!calls)
		die(what);
	*calls++ = 0;
	answer = strcmp(copy, "kill") ? SECCOMP_RET_ERRNO | (unsigned)atoi(copy) : SECCOMP_RET_KILL_PROCESS;
	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	if (*calls == '!') {
		calls++;
		otherwise = answer;
		answer = SECCOMP_RET_ALLOW;
		/* How this program ends. */
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	for (char *call = strtok(calls, ","); call; call = strtok(NULL, ",")) {
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number_of(call), 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, otherwise);
	program.len = length;
	free(copy);
	return program;
}

static struct sock_fprog filter;

static void refuse(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		_exit(77);
}

/* ---- one call in one child ------------------------------------------------------------------- */

/* Rounds of a call under exhaustion: what is lost between two of the later ones is a leak. */
enum { ROUNDS = 6, WARM = 3 };
static int round_, rounds;
static long lost_before;
static int error;
static unsigned long affinity_before[128];
static char arguments[256], label[320];
static char *memory, *spare; /* the spare is freed */
static size_t page;
static int status[4];

/* Masks that calls are given, by hand, so that neither heap nor library is needed. */
static struct made {
	struct bitmask mask;
	unsigned long words[640], before[640];
} pool[4];
static size_t made;

static void mark(const char *what)
{
	char line[600];
	int length;

	if (!marks)
		return;
	length = snprintf(line, sizeof(line), "%s %s", what, label);
	syscall(SYS_write, -1, line, (size_t)length);
}

static int round_begins(void)
{
	if (round_ == WARM)
		lost_before = outstanding;
	if (round_ == rounds) {
		shared->leaked = rounds > WARM ? outstanding - lost_before : 0;
		return 0;
	}
	if (changing && round_ == 1) {
		change_nodes(1);
		shared->changed = 1;
	}
	made = 0;
	asked_for = 0;
	mark("begin");
	errno = UNTOUCHED;
	if (exhausting)
		watched = !strncmp(exhausting, "malloc", 6) ? HEAP : !strncmp(exhausting, "mmap", 4) ? MAPS : 0;
	return 1;
}

static void call_ended(void)
{
	error = errno;
	watched = 0;
	mark("end");
}

/* What a call has changed besides its value. */
static void effects(void)
{
	unsigned long now[128] = {0};
	int mode = 0;

	for (size_t i = 0; i < made; i++)
		if (memcmp(pool[i].words, pool[i].before, sizeof(pool[i].words))) {
			printf(" mask %zu ", i + 1);
			show_bits(pool[i].words, pool[i].mask.size);
		}
	if (!syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) && mode)
		show_policy();
	if (!syscall(SYS_get_mempolicy, &mode, NULL, 0, memory, MPOL_F_ADDR) && mode) {
		printf(" memory's");
		show_policy_at(memory);
	}
	if (syscall(SYS_sched_getaffinity, 0, sizeof(now), now) > 0 && memcmp(now, affinity_before, sizeof(now)))
		show_affinity();
}

static void round_ends(void)
{
	printf(" %s", error_name(error));
	effects();
	if (round_ == changing) {
		size_t length = __fpending(stdout);

		memcpy(shared->line, shared->text, length);
		shared->line[length] = 0;
		shared->said = lseek(said, 0, SEEK_CUR);
	}
	__fpurge(stdout);
	round_++;
}

static void __attribute__((format(printf, 1, 2))) format(const char *text, ...)
{
	va_list list;

	va_start(list, text);
	vsnprintf(arguments, sizeof(arguments), text, list);
	va_end(list);
}

static void limit(void)
{
	struct rlimit none = {0, 0};

	if (!exhausting)
		return;
	if (!strcmp(exhausting, "as") && setrlimit(RLIMIT_AS, &none))
		_exit(77);
	if (!strcmp(exhausting, "nofile") && setrlimit(RLIMIT_NOFILE, &none))
		_exit(77);
}

static void in_child(void)
{
	dup2(said, 2);
	alarm(seconds);
	round_ = 0;
	rounds = changing ? 2 : exhausting ? ROUNDS : 1;
	limit();
	if (refused)
		refuse();
}

/* What was written to stderr until the round that counts ended. */
static void print_said(void)
{
	static char text[1 << 16];
	ssize_t got = pread(said, text, sizeof(text) - 1, 0);

	if (shared->said >= 0 && got > shared->said)
		got = shared->said;
	if (got <= 0)
		return;
	text[got] = 0;
	fputs(" stderr \"", output);
	for (char *at = text; *at; at++)
		if (*at == '\n')
			fputs("\\n", output);
		else if ((unsigned char)*at < 32 || (unsigned char)*at > 126 || *at == '\\' || *at == '"')
			fprintf(output, "\\x%02x", (unsigned char)*at);
		else
			putc(*at, output);
	putc('"', output);
}

static void ended(pid_t child)
{
	int how = 0;

	while (waitpid(child, &how, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(how) && WEXITSTATUS(how) == 77)
		exit(77);
	if (shared->changed)
		change_nodes(0);
	shared->changed = 0;
	fprintf(output, "%s", label);
	if (fail_at)
		fprintf(output, " at %lu", fail_at);
	fprintf(output, ":%s", shared->line);
	print_said();
	if (shared->leaked)
		fprintf(output, " leaks %ld", shared->leaked);
	if (WIFSIGNALED(how) && WTERMSIG(how) == SIGALRM)
		fputs(" hangs", output);
	else if (WIFSIGNALED(how))
		fprintf(output, " killed by signal %d", WTERMSIG(how));
	else if (how)
		fprintf(output, " exit %d", WEXITSTATUS(how));
	putc('\n', output);
}

/* Whether a word is in a list with commas. */
static int is_named(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
		if (!strncmp(list, word, length) && (!list[length] || list[length] == ','))
			return 1;
	return 0;
}

/* Whether the caller is the child that makes the call; the parent prints what came of it. */
static int begins(size_t index)
{
	unsigned long n = exhausting && (!strncmp(exhausting, "m", 1)) ? 1 : 0;

	functions[index].calls++;
	if (only && !is_named(only, functions[index].symbol))
		return 0;
	snprintf(label, sizeof(label), "%s%s%s(%s)", functions[index].symbol, functions[index].version ? "@" : "",
		 functions[index].version ? functions[index].version : "", arguments);
	if (!*(void **)((char *)&lib + functions[index].at))
		return 0;
	do {
		pid_t child;

		fail_at = n;
		shared->line[0] = 0;
		shared->reached = 0;
		shared->leaked = 0;
		shared->said = -1;
		if (lseek(said, 0, SEEK_SET) || ftruncate(said, 0))
			die("memfd");
		fflush(output);
		child = fork();
		if (child < 0)
			die("fork");
		if (!child) {
			in_child();
			return 1;
		}
		/* One that reaches no failure is the call as it is. */
		ended(child);
		if (++n > 1000)
			break;
	} while (shared->reached);
	return 0;
}

/* CASE(how its value is shown, function, ("its arguments", ...), arguments) */
#define CASE(show, function, text, ...)                               \
	do {                                                          \
		format text;                                          \
		if (begins(I_##function)) {                           \
			while (round_begins()) {                      \
				show(lib.function(__VA_ARGS__));      \
				round_ends();                         \
			}                                             \
			_exit(0);                                     \
		}                                                     \
	} while (0)

#define INT(call)                                                     \
	do {                                                          \
		long long value = (long long)(call);                  \
		call_ended();                                         \
		printf(" %lld", value);                               \
	} while (0)
#define VOID(call)                                                    \
	do {                                                          \
		call;                                                 \
		call_ended();                                         \
	} while (0)
#define NEW(call)                                                     \
	do {                                                          \
		struct bitmask *value = call;                         \
		call_ended();                                         \
		if (value && value->size > 1 << 20)                   \
			printf(" %lu bits", value->size);             \
		else {                                                \
			putchar(' ');                                 \
			show(value);                                  \
		}                                                     \
		lib.numa_bitmask_free(value);                         \
	} while (0)
#define SAME(call)                                                    \
	do {                                                          \
		struct bitmask *value = call;                         \
		call_ended();                                         \
		printf(value == &pool[0].mask ? " it" : value ? " another" : " NULL"); \
	} while (0)
#define OLD(call)                                                     \
	do {                                                          \
		nodemask_t value = call;                              \
		call_ended();                                         \
		putchar(' ');                                         \
		show_nodemask(&value);                                \
	} while (0)
#define MEMORY(call)                                                  \
	do {                                                          \
		char *value = call;                                   \
		call_ended();                                         \
		printf(value ? " memory" : " NULL");                  \
		if (value) {                                          \
			show_policy_at(value);                        \
			*value = 1;                                   \
			syscall(SYS_munmap, value, last_size);        \
		}                                                     \
	} while (0)

/* ---- sane and insane arguments: of a brief sweep the first three ------------------------------ */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define EACH(at, array) \
	for (__typeof__(&(array)[0]) at = (array); at < (array) + (brief && COUNT(array) > 3 ? 3 : COUNT(array)); at++)

static const int nodes[] = {0, 1, -1, 3, 6, INT_MAX, INT_MIN, -2, 2, 4, 63, 64, 127, 128, 1023, 1024, 65536};
static const int cpus[] = {0, 5, INT_MAX, -1, 1, 7, 8, 9, 63, 8191, 8192, INT_MIN};
static const unsigned bits[] = {1, 64, UINT_MAX, 0, 63, 65, 1023, 1024, 39999};
static const size_t sizes[] = {8192, 0, SIZE_MAX, 1, 4097, 1 << 20, SIZE_MAX / 2, SIZE_MAX - 4095};
static const int numbers[] = {1, 0, INT_MIN, -1, INT_MAX};

enum { FIRST, MASK_NULL, ALL, NONE, BEYOND, GONE, SHORT, ODD, NO_SIZE, LONG };
static const int masks[] = {FIRST, MASK_NULL, ALL, NONE, BEYOND, GONE, SHORT, ODD, NO_SIZE, LONG};
static const char *const mask_names[] = {"first", "NULL", "all", "none", "beyond", "second", "short", "odd", "no size", "long"};

static struct bitmask *mask(int kind)
{
	struct made *new = &pool[made++];

	memset(new, 0, sizeof(*new));
	new->mask.maskp = new->words;
	new->mask.size = 1024;
	switch (kind) {
	case MASK_NULL: return NULL;
	case FIRST: new->words[0] = 1; break;
	case ALL: memset(new->words, 0xff, 128); break;
	case BEYOND: new->words[0] = 1UL << 62; new->words[15] = 1UL << 63; break;
	case GONE: new->words[0] = 2; break;
	case SHORT: new->words[0] = new->mask.size = 1; break;
	case ODD: new->words[0] = 1; new->words[1] = 1; new->mask.size = 65; break;
	case NO_SIZE: new->mask.size = 0; new->mask.maskp = NULL; break;
	case LONG: new->words[0] = 1; new->words[624] = 1UL << 63; new->mask.size = 40000; break;
	default: break;
	}
	memcpy(new->before, new->words, sizeof(new->words));
	return &new->mask;
}

static const int old_masks[] = {FIRST, MASK_NULL, ALL, NONE, BEYOND, GONE};

static nodemask_t *old_mask(int kind)
{
	struct made *new = &pool[made++];

	memset(new, 0, sizeof(*new));
	new->mask.size = 8 * sizeof(nodemask_t);
	switch (kind) {
	case MASK_NULL: return NULL;
	case FIRST: new->words[0] = 1; break;
	case ALL: memset(new->words, 0xff, sizeof(nodemask_t)); break;
	case BEYOND: new->words[1] = 1UL << 63; break;
	case GONE: new->words[0] = 2; break;
	default: break;
	}
	memcpy(new->before, new->words, sizeof(new->words));
	return (nodemask_t *)(void *)new->words;
}

/* Words for the old functions, 128 bits. */
static unsigned long *words(void)
{
	return old_mask(NONE)->n;
}

static size_t last_size;

static size_t sized(size_t size)
{
	return last_size = size;
}

/* Ranges that the kernel is asked about; the first two may be touched. */
enum { TWO_PAGES, MID_PAGE, NOWHERE, UNMAPPED, WRAPPING, EMPTY };
static const int ranges[] = {TWO_PAGES, NOWHERE, WRAPPING, MID_PAGE, UNMAPPED, EMPTY};
static const int touched[] = {TWO_PAGES, MID_PAGE, EMPTY};
static const char *const range_names[] = {"two pages", "mid-page", "NULL, 0", "unmapped", "wrapping", "empty"};

static void *start(int range)
{
	switch (range) {
	case MID_PAGE: return memory + page / 2;
	case NOWHERE: return NULL;
	case UNMAPPED: return (void *)(16 * page);
	default: return memory;
	}
}

static size_t length(int range)
{
	switch (range) {
	case MID_PAGE: return page;
	case NOWHERE: case EMPTY: return 0;
	case WRAPPING: return SIZE_MAX - page;
	default: return 2 * page;
	}
}

#define RANGE(r) start(*r), length(*r)

static const int pids[] = {0, -1, INT_MAX, 1 << 29, INT_MIN};

static const char *const node_strings[] = {"0", NULL, "0-3,!", "all", "!0", "+0", "!+1", "+all", "1", "0-1", "3-1", "6", "0,6",
	"1024", "-1", "", "0-", ",", "0x1", "010", " 0", "0 ", "same", "0,all", "4294967296", "18446744073709551616",
	"file:/", "file:/nowhere", "file:", "block:made0n1", "block:../../..", "block:", "netdev:made0", "netdev:none",
	"netdev:..", "ip:127.0.0.1", "ip:::1", "ip:", "pci:41:00.0", "pci:0:41:0", "pci:99:1f.7", "pci:", "pci:zz",
	"netdev:made0,0", "nonsense:1",
	"0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"};
static const char *const cpu_strings[] = {"0", NULL, "0,,1", "all", "!0", "+0", "!+1", "+all", "1", "0-1", "7", "8", "0-8191",
	"-1", "", "0-", ",", "4294967296", "file:/"};
static const char *const lines[] = {"00000001\n", "", "zz\n", "1\n", "ffffffff,00000000\n", "00000001,00000000,00000003\n",
	"1", ",\n", "00000001,\n", "123456789\n", "0,0,0,0,0,0,0,0,1\n"};

static char *line(const char *text)
{
	static char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	return copy;
}

static const char *quoted(const char *text)
{
	static char copy[200];
	size_t at = 0;

	if (!text)
		return "NULL";
	copy[at++] = '"';
	for (; *text && at < sizeof(copy) - 4; text++) {
		if (*text == '\n')
			copy[at++] = '\\';
		copy[at++] = *text == '\n' ? 'n' : *text;
	}
	copy[at++] = '"';
	copy[at] = 0;
	return copy;
}

static void **pages(void)
{
	static void *list[4];

	list[0] = memory;
	list[1] = NULL;
	list[2] = (void *)(16 * page);
	list[3] = memory + 3;
	return list;
}

/* ---- the calls ------------------------------------------------------------------------------- */

static void sweep_masks(void)
{
	EACH(b, bits)
		CASE(NEW, numa_bitmask_alloc, ("%u", *b), *b);
	CASE(NEW, numa_allocate_nodemask, (" "));
	CASE(NEW, numa_allocate_cpumask, (" "));
	CASE(VOID, numa_bitmask_free, ("NULL"), NULL);
	CASE(VOID, numa_bitmask_free, ("new"), lib.numa_bitmask_alloc(1000));
	EACH(m, masks) {
		CASE(INT, numa_bitmask_weight, ("%s", mask_names[*m]), mask(*m));
		CASE(INT, numa_bitmask_nbytes, ("%s", mask_names[*m]), mask(*m));
		CASE(SAME, numa_bitmask_setall, ("%s", mask_names[*m]), mask(*m));
		CASE(SAME, numa_bitmask_clearall, ("%s", mask_names[*m]), mask(*m));
		EACH(b, bits) {
			CASE(SAME, numa_bitmask_setbit, ("%s, %u", mask_names[*m], *b), mask(*m), *b);
			CASE(SAME, numa_bitmask_clearbit, ("%s, %u", mask_names[*m], *b), mask(*m), *b);
			CASE(INT, numa_bitmask_isbitset, ("%s, %u", mask_names[*m], *b), mask(*m), *b);
		}
		EACH(other, masks) {
			CASE(INT, numa_bitmask_equal, ("%s, %s", mask_names[*m], mask_names[*other]), mask(*m), mask(*other));
			CASE(VOID, copy_bitmask_to_bitmask, ("%s, %s", mask_names[*m], mask_names[*other]), mask(*m), mask(*other));
		}
		EACH(old, old_masks) {
			CASE(VOID, copy_bitmask_to_nodemask, ("%s, %s", mask_names[*m], mask_names[*old]), mask(*m), old_mask(*old));
			CASE(VOID, copy_nodemask_to_bitmask, ("%s, %s", mask_names[*old], mask_names[*m]), old_mask(*old), mask(*m));
		}
	}
}

static void sweep_sizes(void)
{
	CASE(INT, numa_max_node, (" "));
	CASE(INT, numa_max_possible_node, (" "));
	CASE(INT, numa_num_configured_cpus, (" "));
	CASE(INT, numa_num_configured_nodes, (" "));
	CASE(INT, numa_num_possible_cpus, (" "));
	CASE(INT, numa_num_possible_nodes, (" "));
	CASE(INT, numa_num_task_cpus, (" "));
	CASE(INT, numa_num_task_nodes, (" "));
	CASE(INT, numa_num_thread_cpus, (" "));
	CASE(INT, numa_num_thread_nodes, (" "));
	CASE(INT, numa_pagesize, (" "));
	CASE(INT, numa_available, (" "));
}

static void sweep_topology(void)
{
	static long rest;
	static long long rest64;

	EACH(a, nodes) {
		EACH(b, nodes)
			CASE(INT, numa_distance, ("%d, %d", *a, *b), *a, *b);
		rest = rest64 = -7;
		CASE(INT, numa_node_size, ("%d, NULL", *a), *a, NULL);
		CASE(INT, numa_node_size, ("%d, &rest", *a), *a, &rest);
		CASE(INT, numa_node_size64, ("%d, &rest", *a), *a, &rest64);
		EACH(m, masks)
			CASE(INT, numa_node_to_cpus, ("%d, %s", *a, mask_names[*m]), *a, mask(*m));
		CASE(INT, numa_node_to_cpus_v1, ("%d, words, 16", *a), *a, words(), 16);
		CASE(INT, numa_node_to_cpus_v1, ("%d, words, 8", *a), *a, words(), 8);
		CASE(INT, numa_node_to_cpus_v1, ("%d, words, -1", *a), *a, words(), -1);
		CASE(INT, numa_run_on_node, ("%d", *a), *a);
	}
	EACH(cpu, cpus)
		CASE(INT, numa_node_of_cpu, ("%d", *cpu), *cpu);
	CASE(VOID, numa_node_to_cpu_update, (" "));
	EACH(m, masks) {
		CASE(INT, numa_run_on_node_mask, ("%s", mask_names[*m]), mask(*m));
		CASE(INT, numa_run_on_node_mask_all, ("%s", mask_names[*m]), mask(*m));
		EACH(pid, pids) {
			CASE(INT, numa_sched_getaffinity, ("%d, %s", *pid, mask_names[*m]), *pid, mask(*m));
			CASE(INT, numa_sched_setaffinity, ("%d, %s", *pid, mask_names[*m]), *pid, mask(*m));
		}
	}
	EACH(m, old_masks)
		CASE(INT, numa_run_on_node_mask_v1, ("%s", mask_names[*m]), old_mask(*m));
	EACH(pid, pids) {
		CASE(INT, numa_sched_getaffinity_v1, ("%d, 16, words", *pid), *pid, 16, words());
		CASE(INT, numa_sched_getaffinity_v1, ("%d, 0, words", *pid), *pid, 0, words());
		CASE(INT, numa_sched_setaffinity_v1, ("%d, 8, none", *pid), *pid, 8, words());
		CASE(INT, numa_sched_setaffinity_v1, ("%d, 0, NULL", *pid), *pid, 0, NULL);
	}
	CASE(NEW, numa_get_run_node_mask, (" "));
	CASE(OLD, numa_get_run_node_mask_v1, (" "));
}

static void sweep_strings(void)
{
	EACH(text, node_strings) {
		CASE(NEW, numa_parse_nodestring, ("%s", quoted(*text)), *text);
		CASE(NEW, numa_parse_nodestring_all, ("%s", quoted(*text)), *text);
	}
	EACH(text, cpu_strings) {
		CASE(NEW, numa_parse_cpustring, ("%s", quoted(*text)), *text);
		CASE(NEW, numa_parse_cpustring_all, ("%s", quoted(*text)), *text);
	}
	EACH(text, lines) {
		EACH(m, masks)
			CASE(INT, numa_parse_bitmap, ("%s, %s", quoted(*text), mask_names[*m]), line(*text), mask(*m));
		CASE(INT, numa_parse_bitmap_v1, ("%s, words, 128", quoted(*text)), line(*text), words(), 128);
		CASE(INT, numa_parse_bitmap_v1, ("%s, words, 32", quoted(*text)), line(*text), words(), 32);
		CASE(INT, numa_parse_bitmap_v1, ("%s, words, -1", quoted(*text)), line(*text), words(), -1);
	}
}

static void sweep_policies(void)
{
	CASE(INT, get_mempolicy, ("NULL, NULL, 0, NULL, 0"), NULL, NULL, 0, NULL, 0);
	CASE(INT, get_mempolicy, ("status, words, 129, NULL, 0"), status, words(), 129, NULL, 0);
	CASE(INT, get_mempolicy, ("status, NULL, 0, unmapped, MPOL_F_ADDR"), status, NULL, 0, (void *)16, MPOL_F_ADDR);
	CASE(INT, get_mempolicy, ("-1, -1, max, NULL, -1"), (int *)-1, (unsigned long *)-1, ULONG_MAX, NULL, UINT_MAX);
	CASE(INT, set_mempolicy, ("0, NULL, 0"), 0, NULL, 0);
	CASE(INT, set_mempolicy, ("MPOL_BIND, first, 65"), MPOL_BIND, old_mask(FIRST)->n, 65);
	CASE(INT, set_mempolicy, ("-1, -1, max"), -1, (unsigned long *)-1, ULONG_MAX);
	CASE(NEW, numa_get_interleave_mask, (" "));
	CASE(OLD, numa_get_interleave_mask_v1, (" "));
	CASE(NEW, numa_get_weighted_interleave_mask, (" "));
	CASE(INT, numa_get_interleave_node, (" "));
	CASE(NEW, numa_get_membind, (" "));
	CASE(OLD, numa_get_membind_v1, (" "));
	CASE(NEW, numa_get_mems_allowed, (" "));
	CASE(INT, numa_preferred, (" "));
	CASE(INT, numa_preferred_err, (" "));
	CASE(NEW, numa_preferred_many, (" "));
	CASE(INT, numa_has_preferred_many, (" "));
	CASE(INT, numa_has_home_node, (" "));
	CASE(VOID, numa_set_localalloc, (" "));
	EACH(node, nodes)
		CASE(VOID, numa_set_preferred, ("%d", *node), *node);
	EACH(m, masks) {
		CASE(VOID, numa_bind, ("%s", mask_names[*m]), mask(*m));
		CASE(VOID, numa_set_interleave_mask, ("%s", mask_names[*m]), mask(*m));
		CASE(VOID, numa_set_weighted_interleave_mask, ("%s", mask_names[*m]), mask(*m));
		CASE(VOID, numa_set_membind, ("%s", mask_names[*m]), mask(*m));
		CASE(VOID, numa_set_membind_balancing, ("%s", mask_names[*m]), mask(*m));
		CASE(VOID, numa_set_preferred_many, ("%s", mask_names[*m]), mask(*m));
	}
	EACH(m, old_masks) {
		CASE(VOID, numa_bind_v1, ("%s", mask_names[*m]), old_mask(*m));
		CASE(VOID, numa_set_interleave_mask_v1, ("%s", mask_names[*m]), old_mask(*m));
		CASE(VOID, numa_set_membind_v1, ("%s", mask_names[*m]), old_mask(*m));
	}
	EACH(n, numbers) {
		CASE(VOID, numa_set_bind_policy, ("%d", *n), *n);
		CASE(VOID, numa_set_strict, ("%d", *n), *n);
	}
}

static void sweep_memory(void)
{
	EACH(size, sizes) {
		CASE(MEMORY, numa_alloc, ("%zu", *size), sized(*size));
		CASE(MEMORY, numa_alloc_local, ("%zu", *size), sized(*size));
		CASE(MEMORY, numa_alloc_interleaved, ("%zu", *size), sized(*size));
		CASE(MEMORY, numa_alloc_weighted_interleaved, ("%zu", *size), sized(*size));
		EACH(node, nodes)
			CASE(MEMORY, numa_alloc_onnode, ("%zu, %d", *size, *node), sized(*size), *node);
		EACH(m, masks) {
			CASE(MEMORY, numa_alloc_interleaved_subset, ("%zu, %s", *size, mask_names[*m]), sized(*size), mask(*m));
			CASE(MEMORY, numa_alloc_weighted_interleaved_subset, ("%zu, %s", *size, mask_names[*m]), sized(*size), mask(*m));
		}
		EACH(m, old_masks)
			CASE(MEMORY, numa_alloc_interleaved_subset_v1, ("%zu, %s", *size, mask_names[*m]), sized(*size), old_mask(*m));
		CASE(MEMORY, numa_realloc, ("spare, 8192, %zu", *size), spare, 2 * page, sized(*size));
		CASE(MEMORY, numa_realloc, ("NULL, 0, %zu", *size), NULL, 0, sized(*size));
		CASE(MEMORY, numa_realloc, ("unmapped, %zu, 4096", *size), (void *)(16 * page), *size, sized(4096));
	}
	EACH(r, ranges) {
		CASE(VOID, numa_free, ("%s", range_names[*r]), *r == TWO_PAGES ? spare : start(*r), length(*r));
		CASE(VOID, numa_setlocal_memory, ("%s", range_names[*r]), RANGE(r));
		CASE(INT, mbind, ("%s, 0, NULL, 0, 0", range_names[*r]), RANGE(r), 0, NULL, 0, 0);
		CASE(INT, mbind, ("%s, -1, -1, max, -1", range_names[*r]), RANGE(r), -1, (unsigned long *)-1, ULONG_MAX, UINT_MAX);
		EACH(node, nodes) {
			CASE(VOID, numa_tonode_memory, ("%s, %d", range_names[*r], *node), RANGE(r), *node);
			CASE(INT, set_mempolicy_home_node, ("%s, %d, 0", range_names[*r], *node), RANGE(r), (unsigned)*node, 0);
			CASE(INT, numa_set_mempolicy_home_node, ("%s, %d, 0", range_names[*r], *node), RANGE(r), *node, 0);
		}
		EACH(m, masks) {
			CASE(VOID, numa_interleave_memory, ("%s, %s", range_names[*r], mask_names[*m]), RANGE(r), mask(*m));
			CASE(VOID, numa_weighted_interleave_memory, ("%s, %s", range_names[*r], mask_names[*m]), RANGE(r), mask(*m));
			CASE(VOID, numa_tonodemask_memory, ("%s, %s", range_names[*r], mask_names[*m]), RANGE(r), mask(*m));
		}
		EACH(m, old_masks) {
			CASE(VOID, numa_interleave_memory_v1, ("%s, %s", range_names[*r], mask_names[*m]), RANGE(r), old_mask(*m));
			CASE(VOID, numa_tonodemask_memory_v1, ("%s, %s", range_names[*r], mask_names[*m]), RANGE(r), old_mask(*m));
		}
	}
	EACH(r, touched)
		CASE(VOID, numa_police_memory, ("%s", range_names[*r]), RANGE(r));
}

static void sweep_processes(void)
{
	EACH(pid, pids) {
		CASE(INT, migrate_pages, ("%d, 65, first, first", *pid), *pid, 65, old_mask(FIRST)->n, old_mask(FIRST)->n);
		CASE(INT, migrate_pages, ("%d, max, NULL, NULL", *pid), *pid, ULONG_MAX, NULL, NULL);
		CASE(INT, move_pages, ("%d, 4, pages, NULL, status, 0", *pid), *pid, 4, pages(), NULL, status, 0);
		CASE(INT, move_pages, ("%d, max, NULL, NULL, NULL, -1", *pid), *pid, ULONG_MAX, NULL, NULL, NULL, -1);
		CASE(INT, numa_move_pages, ("%d, 4, pages, NULL, status, 0", *pid), *pid, 4, pages(), NULL, status, 0);
		CASE(INT, numa_move_pages, ("%d, 4, pages, status, status, 0", *pid), *pid, 4, pages(), status, status, 0);
		CASE(INT, numa_move_pages, ("%d, max, NULL, NULL, NULL, -1", *pid), *pid, ULONG_MAX, NULL, NULL, NULL, -1);
		EACH(from, masks)
			EACH(to, masks)
				CASE(INT, numa_migrate_pages, ("%d, %s, %s", *pid, mask_names[*from], mask_names[*to]), *pid,
				     mask(*from), mask(*to));
	}
	CASE(VOID, numa_error, ("\"place\""), (char[]){"place"});
	CASE(VOID, numa_error, ("NULL"), NULL);
	EACH(n, numbers)
		CASE(VOID, numa_warn, ("%d, ...", *n), *n, (char[]){"%d %s %lld %f %c %d %d %d"}, 1, "two", 3LL, 4.0, '5', 6, 7, 8);
}

/* ---- what loading makes of it ---------------------------------------------------------------- */

static void show_variable(const char *name)
{
	struct bitmask **variable = dlsym(RTLD_DEFAULT, name);

	printf(" %s ", name);
	show(variable ? *variable : NULL);
}

/* In this very process, which may be under a filter. */
static void show_load(void)
{
	printf(" numbers %d %d %d %d %d %d %d %d", lib.numa_max_node(), lib.numa_max_possible_node(), lib.numa_num_possible_nodes(),
	       lib.numa_num_possible_cpus(), lib.numa_num_configured_nodes(), lib.numa_num_task_nodes(), lib.numa_num_task_cpus(),
	       lib.numa_num_thread_nodes());
	show_variable("numa_nodes_ptr");
	show_variable("numa_all_nodes_ptr");
	show_variable("numa_all_cpus_ptr");
	show_variable("numa_no_nodes_ptr");
}

/* ---- the program ----------------------------------------------------------------------------- */

/* What the second program is told: it has the library, which is loaded between first() and main(). */
static struct {
	int shared, said, loading;
	unsigned long fail_at;
	const char *refused;
} inside;

/* So early, getenv knows no variable. */
static const char *variable(char **environment, const char *name)
{
	for (; *environment; environment++)
		if (!strncmp(*environment, name, strlen(name)) && (*environment)[strlen(name)] == '=')
			return *environment + strlen(name) + 1;
	return NULL;
}

static void first(int argc, char **argv, char **environment)
{
	const char *text = variable(environment, "SWEEP");

	(void)argc, (void)argv;
	if (!text)
		return;
	sscanf(text, "%d %d %d %lu", &inside.shared, &inside.said, &inside.loading, &inside.fail_at);
	shared = (void *)syscall(SYS_mmap, NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, inside.shared, 0);
	if (shared == MAP_FAILED)
		_exit(3);
	said = inside.said;
	inside.refused = variable(environment, "SWEEP_REFUSE");
	if (inside.refused)
		filter = filter_of(inside.refused);
	page = (size_t)sysconf(_SC_PAGESIZE);
	setvbuf(stdout, shared->text, _IOFBF, sizeof(shared->text));
	if (dup2(said, 2) != 2)
		_exit(3);
	if (inside.refused)
		refuse();
	marks = variable(environment, "SWEEP_MARKS") != NULL;
	strcpy(label, "load");
	mark("begin");
	fail_at = inside.fail_at;
	errno = UNTOUCHED;
	watched = fail_at ? HEAP : 0;
}

__attribute__((section(".preinit_array"), used)) static void (*const at_first)(int, char **, char **) = first;

static void find_functions(void)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		const char *symbol = functions[i].symbol, *version = functions[i].version;
		void *found = version ? dlvsym(RTLD_DEFAULT, symbol, version) : dlsym(RTLD_DEFAULT, symbol);

		*(void **)((char *)&lib + functions[i].at) = found;
	}
}

static int sweep(int real_stderr, int real_stdout)
{
	int forgotten = 0;

	output = fdopen(real_stdout, "w");
	memory = fresh(4);
	spare = fresh(2);
	memory[0] = memory[page] = 1;
	if (syscall(SYS_sched_getaffinity, 0, sizeof(affinity_before), affinity_before) < 0)
		die("sched_getaffinity");
	sweep_sizes();
	sweep_masks();
	sweep_topology();
	sweep_strings();
	sweep_policies();
	sweep_memory();
	sweep_processes();
	fflush(output);
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (!functions[i].calls) {
			dprintf(real_stderr, "sweep: no call of %s\n", functions[i].name);
			forgotten = 1;
		}
	return forgotten;
}

/* The program again, below the library. */
static int run_inside(char **arguments_, const char *library, unsigned long load_fails_at, const char *load_refused)
{
	char text[128];
	int how = 0;
	pid_t child;
	int fd = memfd_create("shared", 0);

	said = memfd_create("said", 0);
	output = stdout;
	if (fd < 0 || said < 0 || ftruncate(fd, sizeof(*shared)))
		die("memfd");
	shared = (void *)syscall(SYS_mmap, NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	shared->said = -1;
	snprintf(text, sizeof(text), "%d %d %d %lu", fd, said, load_only, load_fails_at);
	child = fork();
	if (!child) {
		setenv("SWEEP", text, 1);
		setenv("LD_PRELOAD", library, 1);
		if (load_refused)
			setenv("SWEEP_REFUSE", load_refused, 1);
		if (marks)
			setenv("SWEEP_MARKS", "1", 1);
		/* Kept across exec: what loading is not done with by then. */
		dup2(1, 190);
		dup2(2, 191);
		alarm(seconds);
		execv(arguments_[0], arguments_);
		_exit(126);
	}
	while (waitpid(child, &how, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(how) && WEXITSTATUS(how) == 77)
		return 77;
	if (!load_only && !how)
		return 0;
	snprintf(label, sizeof(label), "load%s", "");
	fprintf(output, "load:%s", shared->line);
	print_said();
	if (WIFSIGNALED(how))
		fprintf(output, WTERMSIG(how) == SIGALRM ? " hangs" : " killed by signal %d", WTERMSIG(how));
	else if (how)
		fprintf(output, " exit %d", WEXITSTATUS(how));
	if (load_fails_at)
		fprintf(output, shared->reached ? " reached" : " not reached");
	putc('\n', output);
	return 0;
}

int main(int argc, char **argv)
{
	const char *library = NULL, *machine = NULL, *load_refused = NULL, *damages[16];
	unsigned long load_fails_at = 0, stack = 0;
	size_t damage_count = 0;
	int inner = getenv("SWEEP") != NULL;

	watched = 0;
	if (inner) {
		error = errno;
		mark("end");
	}
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

#define OPTION(name) (!strcmp(argv[i], "--" name))
#define VALUE(name) (OPTION(name) && ++i)
		if (OPTION("brief"))
			brief = 1;
		else if (OPTION("marks"))
			marks = 1;
		else if (OPTION("load"))
			load_only = 1;
		else if (OPTION("damages"))
			return list_damages(), 0;
		else if (VALUE("machine"))
			machine = value;
		else if (VALUE("damage") && damage_count < COUNT(damages))
			damages[damage_count++] = value;
		else if (VALUE("changing")) {
			changing = 1;
			changing_node = atoi(value);
		} else if (VALUE("refuse"))
			refused = value;
		else if (VALUE("refuse-load"))
			load_refused = value;
		else if (VALUE("exhaust"))
			exhausting = value;
		else if (VALUE("exhaust-load"))
			load_fails_at = strtoul(value, NULL, 10);
		else if (VALUE("stack"))
			stack = strtoul(value, NULL, 10) * 1024;
		else if (VALUE("only"))
			only = value;
		else if (VALUE("seconds"))
			seconds = (unsigned)atoi(value);
		else if (argv[i][0] != '-')
			library = argv[i];
		else {
			fprintf(stderr, "sweep: what is %s?\n", argv[i]);
			return 2;
		}
	}
	if (inner) {
		if (load_only) {
			find_functions();
			show_load();
			printf(" %s", error_name(error));
			memcpy(shared->line, shared->text, __fpending(stdout));
			_exit(0);
		}
		alarm(0);
		find_functions();
		if (refused)
			filter = filter_of(refused);
		and_later = exhausting && strchr(exhausting, '+');
		if (changing)
			prepare_changes(changing_node);
		/* What loading printed is not the first call's. */
		if (lseek(said, 0, SEEK_END)) {
			output = fdopen(190, "w");
			fputs("load:", output);
			print_said();
			putc('\n', output);
			fflush(output);
		}
		return sweep(191, 190);
	}
	if (!library) {
		fprintf(stderr, "usage: sweep [OPTION...] LIBRARY\n");
		return 2;
	}
	if (machine) {
		int cannot = enter_machine(machine);

		if (cannot)
			return cannot;
	}
	for (size_t i = 0; i < damage_count; i++) {
		char kind[64];
		const char *colon = strchr(damages[i], ':');

		snprintf(kind, sizeof(kind), "%.*s", (int)(colon ? colon - damages[i] : 0), damages[i]);
		if (damage(kind, colon ? colon + 1 : ""))
			return 2;
	}
	if (stack) {
		struct rlimit limits = {stack, stack};

		if (setrlimit(RLIMIT_STACK, &limits))
			die("setrlimit");
	}
	return run_inside(argv, library, load_fails_at, load_refused);
}
