/*
 * A few macros for test programs. Each test is a function that runs in a process of its own, so
 * that no test sees the policy, the affinity or the printed warnings of another:
 *
 *	TEST(masks_are_empty) { CHECK(x == 0, "x is %d", x); }
 *
 * TEST_IN(prepare, name) runs in a program that is started anew after prepare(), which may
 * change what the library sees when it is loaded (files, rights), and returns NULL or the reason
 * why it cannot. TEST_BARE(prepare, name) does the same, but not below valgrind's eyes: valgrind
 * cannot start where /proc is hidden.
 *
 * The tests run on the reference as well, and must pass there. A test of what differs on purpose
 * has to fail there, or its row in docs/differences.md is stale:
 *
 *	DIFFERS(name), DIFFERS_IN(prepare, name), DIFFERS_BARE(prepare, name)
 *					the row names this test
 *	TEST(name, ROW(other))		the row names another test
 *	TEST(name, ROW_WHERE(here, other))	where here() says so; elsewhere it has to pass
 *
 * A test that needs a function which the reference lacks is skipped there, by itself, and so are those
 * of a program that says OURS_ALONE("reason").
 *
 * A program prints TAP: "ok N - name", "not ok N - name" or "ok N - name # SKIP reason" for each
 * test, and "1..N" behind them. It exits with 1 if a test failed. Arguments are names of tests to
 * run; --list prints all names, each with its row.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* A value of errno that no call sets. */
#define UNTOUCHED 4242

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif

/* "valgrind" if tests/c/run says so. */
static UNUSED int under(const char *tool)
{
	const char *name = getenv("TESTS_UNDER");

	return name && !strcmp(name, tool);
}

/* Whether the caller may not look at the first process: in a container it may be the user's own. */
static UNUSED int is_first_process_anothers(void)
{
	struct stat first;

	return geteuid() != 0 && stat("/proc/1", &first) == 0 && first.st_uid != geteuid();
}

/* Whether the library is the reference. */
static UNUSED int on_reference(void)
{
	return getenv("TESTS_ON_REFERENCE") != NULL;
}

struct test {
	const char *name;
	void (*run)(void);
	int line;
	const char *(*prepare)(void);
	int bare;
	const char *row; /* of docs/differences.md, for which it fails on the reference */
	int (*row_where)(void); /* on which machines it does; NULL: on all */
};

static struct test check_tests[200];
static int check_count;
static int check_failures;

/* Where a child tells why it skips; kept across exec. */
#define CHECK_REASON_FD 199
#define CHECK_SKIP 77
/* The reason begins so where a test met a function that the reference lacks: missing.c. */
#define CHECK_LACKS "the reference lacks "

static UNUSED void check_add(struct test test)
{
	if (check_count == (int)(sizeof(check_tests) / sizeof(check_tests[0])))
		abort();
	check_tests[check_count++] = test;
}

/* What follows the name are assignments. */
#define CHECK_DEFINE(label, ...)                                                 \
	static void test_##label(void);                                          \
	static void __attribute__((constructor)) check_add_##label(void)         \
	{                                                                        \
		struct test added;                                               \
		memset(&added, 0, sizeof(added));                                \
		added.name = #label;                                             \
		added.run = test_##label;                                        \
		added.line = __LINE__, ##__VA_ARGS__;                            \
		check_add(added);                                                \
	}                                                                        \
	static void test_##label(void)

#define TEST(label, ...) CHECK_DEFINE(label, ##__VA_ARGS__)
#define TEST_IN(first, label, ...) CHECK_DEFINE(label, added.prepare = first, ##__VA_ARGS__)
#define TEST_BARE(first, label, ...) CHECK_DEFINE(label, added.prepare = first, added.bare = 1, ##__VA_ARGS__)
#define ROW(other) added.row = #other
#define ROW_WHERE(here, other) added.row = #other, added.row_where = here
#define DIFFERS(label) TEST(label, ROW(label))
#define DIFFERS_IN(first, label) TEST_IN(first, label, ROW(label))
#define DIFFERS_BARE(first, label) TEST_BARE(first, label, ROW(label))

static UNUSED void __attribute__((format(printf, 4, 5)))
check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
	char text[2048];
	va_list args;
	int length = snprintf(text, sizeof(text), "# %s:%d: %s%s", file, line,
			      condition ? condition : "", condition ? ": " : "");

	va_start(args, format);
	vsnprintf(text + length, sizeof(text) - (size_t)length - 1, format, args);
	va_end(args);
	strcat(text, "\n");
	/* Straight to the descriptor: the caller may be about to exit in any way. */
	if (write(1, text, strlen(text)) < 0)
		abort();
	__atomic_fetch_add(&check_failures, 1, __ATOMIC_SEQ_CST);
}

/* Keeps errno, so that a failure may print it and a success does not change it. */
#define CHECK(condition, ...)                                                    \
	do {                                                                     \
		int check_errno_ = errno;                                        \
		if (!(condition)) {                                              \
			errno = check_errno_;                                    \
			check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__); \
		}                                                                \
		errno = check_errno_;                                            \
	} while (0)

/* Whether a number is what it should be; prints both. */
#define EQUAL(call, wanted)                                                      \
	do {                                                                     \
		long long got_ = (long long)(call);                              \
		int check_errno_ = errno;                                        \
		long long wanted_ = (long long)(wanted);                         \
		if (got_ != wanted_)                                             \
			check_failed(__FILE__, __LINE__, NULL, "%s is %lld, not %lld", \
				     #call, got_, wanted_);                      \
		errno = check_errno_;                                            \
	} while (0)

/* Whether a call returns `wanted` and leaves `error` in errno. */
#define FAILS(call, wanted, error)                                               \
	do {                                                                     \
		errno = UNTOUCHED;                                               \
		long long got_ = (long long)(call);                              \
		int errno_ = errno;                                              \
		if (got_ != (long long)(wanted) || errno_ != (error))            \
			check_failed(__FILE__, __LINE__, NULL,                   \
				     "%s is %lld with errno %d, not %lld with %s", \
				     #call, got_, errno_, (long long)(wanted), #error); \
	} while (0)

static UNUSED void __attribute__((format(printf, 1, 2), noreturn)) skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(CHECK_REASON_FD, format, args);
	va_end(args);
	fflush(stdout);
	exit(check_failures ? 1 : CHECK_SKIP);
}

#define SKIP(...) skip(__VA_ARGS__)
/* For a variable that the reference does not have; its functions are in missing.c. */
#define NEEDS(variable) do { if (on_reference()) skip(CHECK_LACKS "%s", #variable); } while (0)
#define SKIP_IF(condition, ...) do { if (condition) skip(__VA_ARGS__); } while (0)

/* ---- what a call writes to stderr ----------------------------------------------------------- */

static int check_saved_stderr = -1;
static int check_captured = -1;
static char check_text[1 << 16];

static UNUSED void capture(void)
{
	fflush(stderr);
	check_captured = memfd_create("stderr", MFD_CLOEXEC);
	/* Two threads that write to a memfd may write to the same place. */
	fcntl(check_captured, F_SETFL, O_APPEND);
	check_saved_stderr = fcntl(2, F_DUPFD_CLOEXEC, 100);
	if (check_captured < 0 || check_saved_stderr < 0 || dup2(check_captured, 2) < 0)
		abort();
}

/* The text since capture(), which ends. */
static UNUSED const char *captured(void)
{
	int saved = errno;
	ssize_t got;

	fflush(stderr);
	got = pread(check_captured, check_text, sizeof(check_text) - 1, 0);
	check_text[got < 0 ? 0 : got] = 0;
	dup2(check_saved_stderr, 2);
	close(check_saved_stderr);
	close(check_captured);
	errno = saved;
	return check_text;
}

/* Whether the statements write exactly this to stderr. */
#define PRINTS(text, ...)                                                        \
	do {                                                                     \
		capture();                                                       \
		__VA_ARGS__;                                                     \
		const char *got_ = captured();                                   \
		if (strcmp(got_, text))                                          \
			check_failed(__FILE__, __LINE__, NULL, "%s printed `%s' instead of `%s'", \
				     #__VA_ARGS__, got_, text);                  \
	} while (0)

#define QUIET(...) PRINTS("", __VA_ARGS__)

/* ---- statements in a child ------------------------------------------------------------------ */

/* The wait status of a child that runs the statements and exits with 0, or 1 after a failed
 * CHECK; stderr of the child is not shown. */
#define IN_CHILD(...)                                                            \
	({                                                                       \
		int status_ = -1;                                                \
		fflush(stdout);                                                  \
		fflush(stderr);                                                  \
		pid_t pid_ = fork();                                             \
		if (!pid_) {                                                     \
			int null_ = open("/dev/null", O_WRONLY);                 \
			check_failures = 0;                                      \
			if (null_ >= 0)                                          \
				dup2(null_, 2);                                  \
			__VA_ARGS__;                                             \
			fflush(stdout);                                          \
			exit(check_failures ? 1 : 0);                            \
		}                                                                \
		while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR)         \
			;                                                        \
		status_;                                                         \
	})

/* How a child leaves that holds memory which nobody frees: valgrind counts what is lost in each
 * process, but a process that is killed has no exit status to spoil. */
static UNUSED void __attribute__((noreturn)) leave(int bad)
{
	fflush(stdout);
	if (!bad && under("valgrind"))
		kill(getpid(), SIGKILL);
	_exit(bad);
}

static UNUSED int left_well(int status)
{
	return status == 0 || (under("valgrind") && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Whether the statements end the process with this status. */
#define EXITS(code, ...)                                                         \
	do {                                                                     \
		int ended_ = IN_CHILD(__VA_ARGS__; exit(111));                   \
		if (!WIFEXITED(ended_) || WEXITSTATUS(ended_) != (code))         \
			check_failed(__FILE__, __LINE__, NULL, "%s: ended with %#x, not with exit(%d)", \
				     #__VA_ARGS__, (unsigned)ended_, code);      \
	} while (0)

/* ---- the program ---------------------------------------------------------------------------- */

#ifndef CHECK_OWN_MAIN
static char check_self[4096];


static void check_run(const struct test *test)
{
	test->run();
	fflush(stdout);
	/* Not _exit: what runs at exit is part of the test. */
	exit(check_failures ? 1 : 0);
}

/* Why no test of this program runs on the reference, or NULL. */
static const char *check_ours_alone;
#define OURS_ALONE(reason)                                                       \
	static void __attribute__((constructor)) check_set_ours_alone(void)      \
	{                                                                        \
		check_ours_alone = reason;                                       \
	}

/* Whether the test has to fail on this library and this machine. */
static int check_differs(const struct test *test)
{
	return on_reference() && test->row && (!test->row_where || test->row_where());
}

/* Runs a test in a child; returns its wait status, with what it said of a skip in `reason`. */
static int check_child(const struct test *test, int differs, char *reason, size_t size)
{
	int reason_pipe[2], status = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(reason_pipe))
		abort();
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (!pid) {
		dup2(reason_pipe[1], CHECK_REASON_FD);
		close(reason_pipe[0]);
		close(reason_pipe[1]);
		/* What fails as it should needs no words. */
		if (differs && !freopen("/dev/null", "w", stdout))
			abort();
		/* Nothing takes so long but a call that hangs. */
		alarm(900);
		if (on_reference() && check_ours_alone)
			skip("%s", check_ours_alone);
		if (test->prepare) {
			const char *cannot = test->prepare();

			if (cannot)
				skip("%s", cannot);
			execl(check_self, check_self, test->bare ? "--bare" : "--in", test->name,
			      (char *)NULL);
			skip("cannot start the program again: %s", strerror(errno));
		}
		check_run(test);
	}
	close(reason_pipe[1]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	fcntl(reason_pipe[0], F_SETFL, O_NONBLOCK);
	got = read(reason_pipe[0], reason, size - 1);
	reason[got < 0 ? 0 : got] = 0;
	reason[strcspn(reason, "\n")] = 0;
	close(reason_pipe[0]);
	return status;
}

/* Whether the test passed. */
static int check_one(const struct test *test, int number)
{
	char reason[512];
	int differs = check_differs(test);
	int status = check_child(test, differs, reason, sizeof(reason));
	int lacks = !strncmp(reason, CHECK_LACKS, strlen(CHECK_LACKS));
	int skipped = lacks || (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIP);

	if (differs && (lacks || (status && !skipped)))
		printf("ok %d - %s (fails on the reference)\n", number, test->name);
	else if (skipped)
		printf("ok %d - %s # SKIP %s\n", number, test->name, reason);
	else if (differs)
		printf("not ok %d - %s (passes on the reference: row %s of docs/differences.md is stale)\n",
		       number, test->name, test->row);
	else if (!status)
		printf("ok %d - %s\n", number, test->name);
	else if (WIFSIGNALED(status))
		printf("not ok %d - %s (signal %d: %s)\n", number, test->name, WTERMSIG(status),
		       strsignal(WTERMSIG(status)));
	else
		printf("not ok %d - %s (exit %d)\n", number, test->name, WEXITSTATUS(status));
	return skipped || (differs ? status != 0 : status == 0);
}

static int check_by_line(const void *a, const void *b)
{
	return ((const struct test *)a)->line - ((const struct test *)b)->line;
}

static int check_wanted(const char *name, int argc, char **argv)
{
	if (argc < 2)
		return 1;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int good = 1, number = 0;
	ssize_t length = readlink("/proc/self/exe", check_self, sizeof(check_self) - 1);

	if (length <= 0)
		snprintf(check_self, sizeof(check_self), "%s", argv[0]);
	if (argc == 3 && (!strcmp(argv[1], "--in") || !strcmp(argv[1], "--bare"))) {
		for (int i = 0; i < check_count; i++)
			if (!strcmp(check_tests[i].name, argv[2]))
				check_run(&check_tests[i]);
		return 2;
	}
	qsort(check_tests, (size_t)check_count, sizeof(check_tests[0]), check_by_line);
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (int i = 0; i < check_count; i++)
			printf("%s\t%s\n", check_tests[i].name, check_tests[i].row ? check_tests[i].row : "");
		return 0;
	}
	for (int i = 0; i < check_count; i++)
		if (check_wanted(check_tests[i].name, argc, argv))
			good &= check_one(&check_tests[i], ++number);
	printf("1..%d\n", number);
	return !good || !number;
}
#endif

#endif
