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
 * A program prints "ok N - name", "not ok N - name" or "ok N - name # SKIP reason" for each
 * test, at last "N passed, N failed, N skipped", and exits with 1 if one failed. Arguments are
 * names of tests to run.
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

struct test {
	const char *name;
	void (*run)(void);
	const char *(*prepare)(void);
	int bare;
	int line;
};

static struct test check_tests[200];
static int check_count;
static int check_failures;
static char check_self[4096];

/* Where a child tells why it skips; kept across exec. */
#define CHECK_REASON_FD 199
#define CHECK_SKIP 77

static UNUSED void check_add(const char *name, void (*run)(void), const char *(*prepare)(void),
			     int bare, int line)
{
	struct test *test = &check_tests[check_count++];

	if (check_count == (int)(sizeof(check_tests) / sizeof(check_tests[0])))
		abort();
	test->name = name;
	test->run = run;
	test->prepare = prepare;
	test->bare = bare;
	test->line = line;
}

#define CHECK_DEFINE(prepare, name, bare)                                        \
	static void test_##name(void);                                           \
	static void __attribute__((constructor)) check_add_##name(void)          \
	{                                                                        \
		check_add(#name, test_##name, prepare, bare, __LINE__);          \
	}                                                                        \
	static void test_##name(void)

#define TEST(name) CHECK_DEFINE(NULL, name, 0)
#define TEST_IN(prepare, name) CHECK_DEFINE(prepare, name, 0)
#define TEST_BARE(prepare, name) CHECK_DEFINE(prepare, name, 1)

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
#define SKIP_IF(condition, ...) do { if (condition) skip(__VA_ARGS__); } while (0)

/* ---- what a call writes to stderr ----------------------------------------------------------- */

static int check_saved_stderr = -1;
static int check_captured = -1;
static char check_text[1 << 16];

static UNUSED void capture(void)
{
	fflush(stderr);
	check_captured = memfd_create("stderr", MFD_CLOEXEC);
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

static void check_run(const struct test *test)
{
	test->run();
	fflush(stdout);
	/* Not _exit: what runs at exit is part of the test. */
	exit(check_failures ? 1 : 0);
}

/* 0 passed, 1 failed, 2 skipped. */
static int check_one(const struct test *test, int number)
{
	char reason[512];
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
		alarm(170);
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
	got = read(reason_pipe[0], reason, sizeof(reason) - 1);
	reason[got < 0 ? 0 : got] = 0;
	close(reason_pipe[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %d - %s\n", number, test->name);
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIP) {
		printf("ok %d - %s # SKIP %s\n", number, test->name, reason);
		return 2;
	}
	printf("not ok %d - %s", number, test->name);
	if (WIFSIGNALED(status))
		printf(" (signal %d: %s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 1)
		printf(" (exit %d)", WEXITSTATUS(status));
	putchar('\n');
	return 1;
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

#ifndef CHECK_OWN_MAIN
int main(int argc, char **argv)
{
	int counts[3] = {0}, number = 0;
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
	for (int i = 0; i < check_count; i++)
		if (check_wanted(check_tests[i].name, argc, argv))
			counts[check_one(&check_tests[i], ++number)]++;
	printf("%d passed, %d failed, %d skipped\n", counts[0], counts[1], counts[2]);
	return counts[1] || !number;
}
#endif

#endif
