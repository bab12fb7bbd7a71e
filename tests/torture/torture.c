/*
 * What the library is put through many times: first calls of many threads, the end of a process whose threads
 * are at work, forks, updates beside readers, signals at each instruction.
 *
 *	torture first|exit|fork|update|signals TIMES
 *
 *	torture once		calls each function once: for those who watch it
 *	torture answers		prints what they answer, and what they print of wrong arguments
 *	torture safe		the names of the functions that a handler may call
 *
 * The last line tells how often and how many of them were bad, "10,000 processes, 0 bad"; the lines before
 * it tell what was wrong with the first ones. Exit status 1 if one was bad.
 */
#define PER_THREAD __thread
#define CHECK_OWN_MAIN
#include "../c/functions.h"
#include "step.h"

#include <limits.h>
#include <pthread.h>
#include <sys/resource.h>
#include <ucontext.h>

#define FIRST_THREADS 16

/* Those of the functions that the library has: the reference lacks the ones that TORTURE_LACKS names. */
static const struct function {
	const char *name;
	void (*call)(void);
} *have;
static long count_of_functions;
#define COUNT count_of_functions

static void find_functions(void)
{
	static struct function found[sizeof(functions) / sizeof(functions[0])];
	const char *lacks = getenv("TORTURE_LACKS");
	char name[128];

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		snprintf(name, sizeof(name), " %s ", functions[i].name);
		if (lacks && strstr(lacks, name))
			continue;
		found[count_of_functions].name = functions[i].name;
		found[count_of_functions++].call = functions[i].call;
	}
	have = found;
}

/* Only a process that hangs takes so long. On the reference some do. */
static unsigned hang(void)
{
	const char *seconds = getenv("TORTURE_HANG");

	return seconds ? (unsigned)atoi(seconds) : 900;
}

/* 10,000 */
static const char *grouped(long number)
{
	static char texts[4][32];
	static int turn;
	char digits[32], *text = texts[turn++ & 3], *to = text;
	int length = snprintf(digits, sizeof(digits), "%ld", number);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = 0;
	return text;
}

static long bad;

/* Counts a process; what the first ones ended with is told. */
static void judge(long number, int wait_status)
{
	if (!wait_status)
		return;
	if (bad++ < 10)
		printf("process %ld: %s %d\n", number, WIFSIGNALED(wait_status) ? "signal" : "exit",
		       WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
	fflush(stdout);
}

static int ended(const char *what, long times)
{
	printf("%s %s, %s bad\n", grouped(times), what, grouped(bad));
	fflush(stdout);
	return bad != 0;
}

/* What a child says of its failures is shown for the first ones only, and what the library prints never. */
static void quiet(int out_too)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, 2);
	if (out_too)
		dup2(null, 1);
	close(null);
}

/* ---- processes that are started anew --------------------------------------------------------- */

/* Runs this program with `mode` and a number, `times` times, as many at once as there are CPUs. */
static int anew(const char *mode, const char *what, long times)
{
	long at_once = sysconf(_SC_NPROCESSORS_ONLN), started = 0, running = 0;
	struct {
		pid_t pid;
		long number;
	} children[64] = {{0, 0}};

	if (at_once > 64)
		at_once = 64;
	while (started < times || running) {
		int ended_with;
		pid_t pid;

		for (long i = 0; i < at_once && started < times; i++) {
			char number[32];

			if (children[i].pid)
				continue;
			snprintf(number, sizeof(number), "%ld", started);
			pid = fork();
			if (pid < 0)
				abort();
			if (!pid) {
				alarm(hang());
				if (bad >= 10)
					quiet(1);
				execl("/proc/self/exe", "torture", mode, number, (char *)NULL);
				_exit(126);
			}
			children[i].pid = pid;
			children[i].number = started++;
			running++;
		}
		pid = waitpid(-1, &ended_with, 0);
		for (long i = 0; i < at_once; i++)
			if (pid > 0 && children[i].pid == pid) {
				children[i].pid = 0;
				running--;
				judge(children[i].number, ended_with);
			}
	}
	return ended(what, times);
}

/* ---- answers ---------------------------------------------------------------------------------- */

/* What does not depend on the policy and the CPUs of a thread, which the functions change. */
struct answers {
	long numbers[16];
};

static void ask(struct answers *a)
{
	struct bitmask *mask;
	int n = 0;

	memset(a, 0, sizeof(*a));
#define NUMBER(call) a->numbers[n++] = (long)(call)
#define WEIGHT(call) do { mask = call; NUMBER(numa_bitmask_weight(mask)); numa_bitmask_free(mask); } while (0)
	NUMBER(numa_available());
	NUMBER(numa_max_node());
	NUMBER(numa_num_possible_nodes());
	NUMBER(numa_num_possible_cpus());
	NUMBER(numa_num_configured_nodes());
	NUMBER(numa_num_configured_cpus());
	NUMBER(numa_num_task_nodes());
	NUMBER(numa_num_task_cpus());
	NUMBER(numa_distance(node, node));
	NUMBER(numa_node_of_cpu(sched_getcpu()) >= 0);
	NUMBER(numa_bitmask_weight(numa_all_nodes_ptr));
	NUMBER(numa_bitmask_weight(numa_all_cpus_ptr));
	WEIGHT(numa_parse_nodestring("all"));
	WEIGHT(numa_parse_cpustring_all("all"));
	WEIGHT(numa_get_mems_allowed());
	mask = numa_allocate_cpumask();
	NUMBER(numa_node_to_cpus(node, mask) ? -1 : (long)numa_bitmask_weight(mask));
	numa_bitmask_free(mask);
}

/* The same, of the kernel, where it is easily asked. */
static void compare_with_kernel(const struct answers *a)
{
	struct set set;

	look();
	EQUAL(a->numbers[0], 0);
	EQUAL(a->numbers[1], last(&machine.nodes));
	EQUAL(a->numbers[4], count(&machine.nodes));
	EQUAL(a->numbers[8], 10);
	EQUAL(a->numbers[9], 1);
	EQUAL(a->numbers[10], count(&machine.usable));
	if (!read_list("/sys/devices/system/cpu/possible", &set))
		EQUAL(a->numbers[13], count(&set));
}

static void answers_are(const struct answers *wanted, const char *whose)
{
	struct answers got;

	ask(&got);
	for (int i = 0; i < 16; i++)
		CHECK(got.numbers[i] == wanted->numbers[i], "%s: answer %d is %ld, not %ld", whose, i,
		      got.numbers[i], wanted->numbers[i]);
}

/* ---- the first calls of 16 threads ------------------------------------------------------------ */

static int ready, go;
static struct answers answers[FIRST_THREADS];
static long process;

/* All threads call one function, or each another one. */
static long choice(long thread)
{
	return process % 2 ? (process / 2 * FIRST_THREADS + thread) % COUNT : process / 2 % COUNT;
}

static void *calls_first(void *number)
{
	long mine = choice((long)number);

	arguments();
	/* Who comes last starts at the same moment as those who run then. */
	if (__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST) == FIRST_THREADS)
		__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	for (long spins = 1; !__atomic_load_n(&go, __ATOMIC_SEQ_CST); spins++)
		if (spins % 10000 == 0)
			sched_yield();
	have[mine].call();
	ask(&answers[(long)number]);
	forget_arguments();
	return NULL;
}

static int begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* What numa_error() and numa_warn() print for their own calls, and that a disk's node is not known. */
static void printed_well(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		CHECK(text[length] && (begins(text, "numa_error: ") || begins(text, "libnuma: Warning: numa_warn\n") ||
				       begins(text, "libnuma: Warning: Kernel does not know node mask for device")),
		      "printed: %.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static int first(long number)
{
	pthread_t threads[FIRST_THREADS];

	process = number;
	capture();
	for (long i = 0; i < FIRST_THREADS; i++)
		if (pthread_create(&threads[i], NULL, calls_first, (void *)i))
			abort();
	for (int i = 0; i < FIRST_THREADS; i++)
		pthread_join(threads[i], NULL);
	printed_well(captured());
	compare_with_kernel(&answers[0]);
	for (int i = 1; i < FIRST_THREADS; i++)
		for (int n = 0; n < 16; n++)
			CHECK(answers[i].numbers[n] == answers[0].numbers[n],
			      "answer %d of a thread after %s is %ld, of another %ld", n, have[choice(i)].name,
			      answers[i].numbers[n], answers[0].numbers[n]);
	if (check_failures)
		printf("process %ld: first calls of %s ...\n", number, have[choice(0)].name);
	return check_failures != 0;
}

/* ---- threads at work --------------------------------------------------------------------------- */

static long calls;
static int stop;

static void *works(void *number)
{
	arguments();
	for (long i = (long)number * 29; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		have[i % COUNT].call();
		__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	}
	forget_arguments();
	return NULL;
}

static void after_calls(long many)
{
	while (__atomic_load_n(&calls, __ATOMIC_RELAXED) < many)
		sched_yield();
}

/* The handlers of exit() use the library, too. */
static void at_the_end(void)
{
	arguments();
	for (long i = 0; i < COUNT; i++)
		have[i].call();
}

static void *ends(void *many)
{
	after_calls((long)many);
	exit(0);
}

static int end(long number)
{
	pthread_t thread;

	quiet(0);
	if (number % 4 == 1)
		atexit(at_the_end);
	for (long i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, works, (void *)(number + i)))
			abort();
	if (number % 4 == 2) {
		if (pthread_create(&thread, NULL, ends, (void *)(number % 500)))
			abort();
		pause();
	}
	after_calls(number % 500);
	exit(0);
}

/* ---- forks of threads -------------------------------------------------------------------------- */

static long forks_left, forked;
static struct answers before_forks;
static pthread_mutex_t judging = PTHREAD_MUTEX_INITIALIZER;

static void *forks(void *unused)
{
	arguments();
	while (__atomic_fetch_sub(&forks_left, 1, __ATOMIC_SEQ_CST) > 0) {
		int ended_with = 0;
		long number = __atomic_fetch_add(&forked, 1, __ATOMIC_SEQ_CST);
		pid_t pid = fork();

		if (pid < 0)
			abort();
		if (!pid) {
			alarm(hang());
			/* Each function is the first call of a child in its turn. */
			for (long i = 0; i < COUNT; i++)
				have[(number + i) % COUNT].call();
			answers_are(&before_forks, "a child");
			_exit(check_failures ? 1 : 0);
		}
		while (waitpid(pid, &ended_with, 0) < 0 && errno == EINTR)
			;
		pthread_mutex_lock(&judging);
		judge(number, ended_with);
		pthread_mutex_unlock(&judging);
	}
	forget_arguments();
	return unused;
}

static int fork_many(long times)
{
	pthread_t threads[5];

	quiet(0);
	forks_left = times;
	arguments();
	ask(&before_forks);
	compare_with_kernel(&before_forks);
	bad = check_failures;
	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, works, (void *)i);
	after_calls(1);
	for (int i = 3; i < 5; i++)
		pthread_create(&threads[i], NULL, forks, NULL);
	for (int i = 3; i < 5; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	forget_arguments();
	return ended("children", times);
}

/* ---- updates beside readers -------------------------------------------------------------------- */

static long reads;

#if defined(__SANITIZE_THREAD__)
/* rustc calls these, which gcc's runtime lacks. */
void *__tsan_memcpy(void *to, const void *from, size_t size);
void *__tsan_memmove(void *to, const void *from, size_t size);
void *__tsan_memset(void *to, int value, size_t size);

void *__tsan_memcpy(void *to, const void *from, size_t size)
{
	return memcpy(to, from, size);
}

void *__tsan_memmove(void *to, const void *from, size_t size)
{
	return memmove(to, from, size);
}

void *__tsan_memset(void *to, int value, size_t size)
{
	return memset(to, value, size);
}
#endif

static void *reads_maps(void *unused)
{
	struct bitmask *mask = numa_allocate_cpumask(), *run;
	struct set wanted;
	char path[100];

	arguments();
	snprintf(path, sizeof(path), NODE_DIR "/node%d/cpulist", node);
	if (read_list(path, &wanted))
		abort();
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		EQUAL(numa_node_to_cpus(node, mask), 0);
		CHECK(holds(mask, &wanted), "%s", text_of(mask));
		EACH(cpu, &wanted)
			EQUAL(numa_node_of_cpu(cpu), node);
		run = numa_get_run_node_mask();
		CHECK(numa_bitmask_weight(run) > 0, "no node to run on");
		numa_bitmask_free(run);
		EQUAL(numa_run_on_node_mask_all(numa_all_nodes_ptr), 0);
		__atomic_fetch_add(&reads, 1, __ATOMIC_RELAXED);
	}
	numa_bitmask_free(mask);
	forget_arguments();
	return unused;
}

static int update(long times)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, reads_maps, NULL))
			abort();
	while (!__atomic_load_n(&reads, __ATOMIC_RELAXED))
		sched_yield();
	for (long i = 0; i < times; i++) {
		numa_node_to_cpu_update();
		if (i % 16 == 0)
			sched_yield();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	printf("%s rounds of 4 readers\n", grouped(reads));
	bad = check_failures;
	return ended("updates", times);
}

/* ---- signals at each instruction ---------------------------------------------------------------- */

/* What a handler works on, which is not what it interrupts works on. */
static struct bitmask *mine, *other;
static nodemask_t mine_old;
static char *my_memory;
static void *my_pages[1];
static int my_status[1], home_node;
static unsigned long my_words[1024];

/*
 * The functions that numa.h and numaif.h call async-signal-safe: SAFE(name, the value of an expression that
 * calls it, the value that is right).
 */
#define SAFE_FUNCTIONS                                                                                   \
	SAFE(copy_bitmask_to_bitmask, (copy_bitmask_to_bitmask(numa_all_cpus_ptr, mine),                     \
				       numa_bitmask_equal(mine, numa_all_cpus_ptr)), 1)                  \
	SAFE(copy_bitmask_to_nodemask, (copy_bitmask_to_nodemask(other, &mine_old), mine_old.n[0]), 32)     \
	SAFE(copy_nodemask_to_bitmask, (copy_nodemask_to_bitmask(&mine_old, mine), mine->maskp[0]), 32)      \
	SAFE(numa_bitmask_clearall, numa_bitmask_clearall(mine)->maskp[0], 0)                                \
	SAFE(numa_bitmask_setbit, numa_bitmask_setbit(mine, 3)->maskp[0] & 8, 8)                             \
	SAFE(numa_bitmask_clearbit, numa_bitmask_clearbit(mine, 3)->maskp[0] & 8, 0)                         \
	SAFE(numa_bitmask_setall, numa_bitmask_setall(mine)->maskp[0] & 255, 255)                            \
	SAFE(numa_bitmask_equal, numa_bitmask_equal(other, other), 1)                                        \
	SAFE(numa_bitmask_isbitset, numa_bitmask_isbitset(other, 5), 1)                                      \
	SAFE(numa_bitmask_nbytes, numa_bitmask_nbytes(other), 128)                                           \
	SAFE(numa_bitmask_weight, numa_bitmask_weight(other), 1)                                             \
	SAFE(numa_available, numa_available(), 0)                                                            \
	SAFE(numa_max_node, numa_max_node(), last(&machine.nodes))                                           \
	SAFE(numa_max_possible_node, numa_max_possible_node() > 0, 1)                                        \
	SAFE(numa_num_configured_nodes, numa_num_configured_nodes(), count(&machine.nodes))                  \
	SAFE(numa_num_possible_cpus, numa_num_possible_cpus() > 0, 1)                                        \
	SAFE(numa_num_possible_nodes, numa_num_possible_nodes() > 0, 1)                                      \
	SAFE(numa_num_task_cpus, numa_num_task_cpus() > 0, 1)                                                \
	SAFE(numa_num_task_nodes, numa_num_task_nodes() > 0, 1)                                              \
	SAFE(numa_num_thread_cpus, numa_num_thread_cpus() > 0, 1)                                            \
	SAFE(numa_num_thread_nodes, numa_num_thread_nodes() > 0, 1)                                          \
	SAFE(numa_pagesize, numa_pagesize(), page())                                                         \
	SAFE(numa_get_interleave_node, numa_get_interleave_node() >= 0, 1)                                   \
	SAFE(numa_has_preferred_many, numa_has_preferred_many(), has_many)                                   \
	SAFE(numa_has_home_node, numa_has_home_node(), has_home)                                             \
	SAFE(numa_police_memory, (numa_police_memory(my_memory, 1), *my_memory), 7)                          \
	SAFE(numa_sched_getaffinity, numa_sched_getaffinity(0, mine) > 0, 1)                                 \
	SAFE(numa_sched_setaffinity, numa_sched_setaffinity(0, numa_all_cpus_ptr), 0)                        \
	SAFE(numa_set_mempolicy_home_node, numa_set_mempolicy_home_node(my_memory, 1, -1, 0), -1)            \
	SAFE(numa_move_pages, numa_move_pages(0, 1, my_pages, NULL, my_status, 0), 0)                        \
	SAFE(get_mempolicy, get_mempolicy(NULL, my_words, BITS, NULL, MPOL_F_MEMS_ALLOWED), 0)               \
	SAFE(set_mempolicy, set_mempolicy(MPOL_DEFAULT, NULL, 0), 0)                                         \
	SAFE(mbind, mbind(my_memory, page(), MPOL_DEFAULT, NULL, 0, 0), 0)                                   \
	SAFE(migrate_pages, migrate_pages(0, BITS, my_words, my_words) >= -1, 1)                             \
	SAFE(move_pages, move_pages(0, 1, my_pages, NULL, my_status, 0), 0)                                  \
	SAFE(set_mempolicy_home_node, set_mempolicy_home_node(my_memory, page(), (unsigned long)home_node, 1), -1)

static int has_many, has_home;

#define SAFE(name, call, right)                                                  \
	static int safe_##name(void) { return (long)(call) == (long)(right); }
SAFE_FUNCTIONS
#undef SAFE

static const struct {
	const char *name;
	int (*right)(void);
} safe[] = {
#define SAFE(name, call, right) {#name, safe_##name},
	SAFE_FUNCTIONS
#undef SAFE
};
#define SAFE_COUNT ((long)(sizeof(safe) / sizeof(safe[0])))

#if defined(__x86_64__)
static volatile long interrupts, wrong, turn;
static volatile const char *wrong_name;

static void interrupted(int signal)
{
	int saved = errno;
	long now = turn++ % SAFE_COUNT;

	(void)signal;
	interrupts++;
	if (!safe[now].right()) {
		wrong++;
		wrong_name = safe[now].name;
	}
	errno = saved;
}

static int each_instruction(long number, long start, long *interrupts_in)
{
	struct sigaction action = {.sa_handler = interrupted};
	struct answers wanted;
	int channel[2], ended_with;
	pid_t pid;

	if (pipe(channel))
		abort();
	pid = fork();
	if (!pid) {
		alarm(hang());
		quiet(0);
		arguments();
		mine = by_hand((unsigned long)(cpus->size > 1024 ? cpus->size : 1024));
		other = by_hand(1024);
		other->maskp[0] = 32;
		mine_old.n[0] = 32;
		my_memory = fresh(1);
		my_memory[0] = 7;
		my_pages[0] = my_memory;
		home_node = node;
		turn = start;
		sigaction(SIGTRAP, &action, NULL);
		step(1);
		have[number].call();
		step(0);
		CHECK(!wrong, "%s in a handler that interrupts %s", wrong_name, have[number].name);
		CHECK(interrupts > 10, "%ld signals in %s", interrupts, have[number].name);
		if (write(channel[1], (void *)&interrupts, sizeof(interrupts)) < 0)
			abort();
		ask(&wanted);
		compare_with_kernel(&wanted);
		_exit(check_failures ? 1 : 0);
	}
	close(channel[1]);
	if (read(channel[0], interrupts_in, sizeof(*interrupts_in)) < (ssize_t)sizeof(*interrupts_in))
		*interrupts_in = 0;
	close(channel[0]);
	while (waitpid(pid, &ended_with, 0) < 0 && errno == EINTR)
		;
	return ended_with;
}

static int signals(long times)
{
	long sum = 0;

	look();
	has_many = kernel_has(MPOL_PREFERRED_MANY);
	has_home = !syscall(SYS_set_mempolicy_home_node, 0UL, 0UL, 0UL, 0UL);
	for (long round = 0; round < times; round++)
		for (long i = 0; i < COUNT; i++) {
			long some;

			/* Each round another function is at an instruction. */
			judge(i, each_instruction(i, round, &some));
			sum += some;
		}
	printf("%s functions, %s of them safe\n", grouped(COUNT), grouped(SAFE_COUNT));
	return ended("signals", sum);
}
#else
static int signals(long times)
{
	(void)times;
	printf("no trap behind each instruction on this processor\n");
	return CHECK_SKIP;
}
#endif

static int once(void)
{
	quiet(0);
	arguments();
	/* Who watches sees what the program itself has read before this. */
	access("/torture/once", F_OK);
	for (long i = 0; i < COUNT; i++)
		have[i].call();
	return 0;
}

static int print_answers(void)
{
	static const char *const wrong_words[] = {"junk", "0-99999", "netdev:../x", "netdev:no-such", "block:no-such",
						  "pci:junk", "file:/no/such", "ip:256.256.256.256", "0,,1", "!!"};
	struct answers got;

	dup2(1, 2);
	arguments();
	printf("rights %d\n", (int)geteuid());
	ask(&got);
	for (int i = 0; i < 16; i++)
		printf("answer %d: %ld\n", i, got.numbers[i]);
	fflush(stdout);
	for (size_t i = 0; i < sizeof(wrong_words) / sizeof(wrong_words[0]); i++) {
		numa_bitmask_free(numa_parse_nodestring(wrong_words[i]));
		numa_bitmask_free(numa_parse_cpustring(wrong_words[i]));
	}
	errno = 0;
	numa_run_on_node_mask(some);
	numa_error("numa_error");
	return 0;
}

static int names(void)
{
	for (long i = 0; i < SAFE_COUNT; i++)
		puts(safe[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};
	const char *mode = argc > 1 ? argv[1] : "";
	long times = argc > 2 ? atol(argv[2]) : 0;

	setrlimit(RLIMIT_CORE, &none);
	find_functions();
	/* Before there are threads. */
	find_old_functions();
	if (!strcmp(mode, "safe"))
		return names();
	if (!strcmp(mode, "answers"))
		return print_answers();
	if (!strcmp(mode, "once"))
		return once();
	if (!strcmp(mode, "first"))
		return anew("--first", "processes", times);
	if (!strcmp(mode, "--first"))
		return first(times);
	if (!strcmp(mode, "exit"))
		return anew("--exit", "processes", times);
	if (!strcmp(mode, "--exit"))
		return end(times);
	if (!strcmp(mode, "fork"))
		return fork_many(times);
	if (!strcmp(mode, "update"))
		return update(times);
	if (!strcmp(mode, "signals"))
		return signals(times);
	fprintf(stderr, "usage: torture first|exit|fork|update|signals TIMES\n");
	return 2;
}
