/* numa_error and numa_warn, and the variables that make them end the program. */
#include "machine.h"
#include <pthread.h>

/* A text with words of the C library: those of musl are others than those of glibc. */
__attribute__((format(printf, 1, 2))) static const char *in_words(const char *format, ...)
{
	static char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

TEST(error_is_perror)
{
	PRINTS("here: Invalid argument\n", errno = EINVAL; numa_error((char *)"here"); EQUAL(errno, EINVAL));
	PRINTS(in_words("there: %s\n", strerror(0)), errno = 0; numa_error((char *)"there"); EQUAL(errno, 0));
	PRINTS("Permission denied\n", errno = EACCES; numa_error((char *)""));
	PRINTS("Permission denied\n", errno = EACCES; numa_error(NULL));
	PRINTS("a: Invalid argument\na: Invalid argument\n", errno = EINVAL; numa_error((char *)"a");
	       numa_error((char *)"a"));
}

TEST(error_exits_if_asked)
{
	EXITS(1, numa_exit_on_error = 1; errno = EINVAL; numa_error((char *)"x"));
	EXITS(111, numa_exit_on_error = 0; errno = EINVAL; numa_error((char *)"x"));
	EXITS(1, numa_exit_on_error = -5; errno = EINVAL; numa_error((char *)"x"));
}

TEST(the_librarys_errors_exit_if_asked)
{
	EXITS(1, numa_exit_on_error = 1; numa_set_membind(numa_no_nodes_ptr));
	EXITS(1, numa_exit_on_error = 1; numa_alloc_onnode(4096, -1));
	EXITS(1, numa_exit_on_error = 1; numa_bitmask_alloc(0));
	EXITS(1, numa_exit_on_error = 1; numa_run_on_node_mask(numa_no_nodes_ptr));
	EXITS(111, numa_exit_on_error = 1; numa_node_to_cpus(numa_max_node() + 1, numa_allocate_cpumask()));
	EXITS(111, numa_exit_on_error = 1; numa_parse_nodestring("x"));
}

TEST(warn_formats_like_printf)
{
	PRINTS("libnuma: Warning: plain\n", numa_warn(0, (char *)"plain"));
	PRINTS("libnuma: Warning: 1 -2 3000000000 4000000000000 -5000000000000 6 7 8\n",
	       numa_warn(1, (char *)"%d %ld %u %lld %lld %d %d %d", 1, -2L, 3000000000u, 4000000000000LL,
			 -5000000000000LL, 6, 7, 8));
	PRINTS("libnuma: Warning: 1.5 2.25 3e+10 a -4.75 5 6 7 8 9 10 11\n",
	       numa_warn(2, (char *)"%.1f %.2f %g %s %.2f %g %g %g %g %g %g %g", 1.5, 2.25, 3e10, "a", -4.75,
			 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0));
	PRINTS("libnuma: Warning: one two three four five six seven 8 9.5\n",
	       numa_warn(3, (char *)"%s %s %s %s %s %s %s %d %.1f", "one", "two", "three", "four", "five",
			 "six", "seven", 8, 9.5));
	PRINTS("libnuma: Warning: 100% c x 0xff 00007 |ab  |\n",
	       numa_warn(4, (char *)"100%% %c x %#x %05d |%-4s|", 'c', 255, 7, "ab"));
	PRINTS("libnuma: Warning: 1.25 2\n", numa_warn(5, (char *)"%.2Lf %zu", 1.25L, (size_t)2));
	PRINTS(in_words("libnuma: Warning: 1099511627776 3.250      7 %p\n", NULL),
	       numa_warn(9, (char *)"%lld %.3Lf %*d %p", 1LL << 40, 3.25L, 6, 7, NULL));
	PRINTS("libnuma: Warning: \n", numa_warn(6, (char *)""));
	PRINTS("libnuma: Warning: line\n\n", numa_warn(7, (char *)"line\n"));
	PRINTS("libnuma: Warning: No such file or directory\n", errno = ENOENT; numa_warn(8, (char *)"%m");
	       EQUAL(errno, ENOENT));
}

TEST(warn_prints_each_number_once)
{
	for (int number = 0; number < 32; number++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "libnuma: Warning: first %d\n", number);
		PRINTS(wanted, numa_warn(number, (char *)"first %d", number);
		       numa_warn(number, (char *)"second %d", number));
	}
	for (int number = 0; number < 32; number++)
		QUIET(numa_warn(number, (char *)"third"));
}

TEST(warn_takes_any_number, ROW(warnings_of_other_numbers_always_print))
{
	static const int numbers[] = {32, 33, 63, 64, 1000, INT32_MAX, -1, -31, INT32_MIN};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		PRINTS("libnuma: Warning: a\nlibnuma: Warning: b\n", numa_warn(numbers[i], (char *)"a");
		       numa_warn(numbers[i], (char *)"b"));
	PRINTS("libnuma: Warning: 0 is still free\n", numa_warn(0, (char *)"0 is still free"));
}

TEST(warn_keeps_errno)
{
	capture();
	for (int number = 0; number < 40; number++) {
		errno = UNTOUCHED;
		numa_warn(number, (char *)"x");
		EQUAL(errno, UNTOUCHED);
	}
	captured();
}

TEST(warn_exits_if_asked, ROW(exit_on_warn_works))
{
	EXITS(1, numa_exit_on_warn = 1; numa_warn(1, (char *)"x"));
	EXITS(111, numa_exit_on_warn = 0; numa_warn(1, (char *)"x"));
	EXITS(1, numa_warn(1, (char *)"x"); numa_exit_on_warn = 1; numa_warn(1, (char *)"again"));
	EXITS(1, numa_exit_on_warn = 1; numa_parse_nodestring("x"));
	EXITS(111, numa_exit_on_warn = 1; numa_set_membind(numa_no_nodes_ptr));
}

static void *warns(void *unused)
{
	for (int number = 0; number < 32; number++)
		numa_warn(number, (char *)"number %d", number);
	return unused;
}

TEST(warnings_of_many_threads)
{
	pthread_t threads[8];
	const char *text;
	int seen[32] = {0};

	SKIP_IF(on_reference(), "its lines may be torn, by chance");
	capture();
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, warns, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	text = captured();
	while (*text) {
		int number = -1, length = 0;

		/* Whole lines, each of them once. */
		if (sscanf(text, "libnuma: Warning: number %d%n", &number, &length) != 1 || number < 0 ||
		    number > 31 || text[length] != '\n') {
			CHECK(0, "torn: %.60s", text);
			break;
		}
		seen[number]++;
		text += length + 1;
	}
	for (int number = 0; number < 32; number++)
		EQUAL(seen[number], 1);
}

/* What the library says of itself, how often, and in which order. */
TEST(the_librarys_own_warnings)
{
	/* Where children that exit can still reach it, for valgrind. */
	static struct bitmask *beyond;
	char not_allowed[64];

	beyond = numa_allocate_nodemask();
	numa_bitmask_setbit(beyond, (unsigned)numa_max_node() + 1);
	snprintf(not_allowed, sizeof(not_allowed), "libnuma: Warning: node %d not allowed\n", numa_max_node() + 1);
#define ONCE(text, ...)                                                          \
	do {                                                                     \
		int status_ = IN_CHILD(PRINTS(text, __VA_ARGS__); QUIET(__VA_ARGS__)); \
		CHECK(!status_, "%s", #__VA_ARGS__);                             \
	} while (0)
	/* Whatever is wrong with node strings has one number, and with CPU strings another. */
	ONCE("libnuma: Warning: node argument 99999 is out of range\n\n",
	     numa_parse_nodestring("99999"); numa_parse_nodestring("x"); numa_parse_nodestring_all("0-99999"));
	ONCE("libnuma: Warning: unparseable node description `x'\n\n", numa_parse_nodestring("x"); numa_parse_nodestring("99999"));
	ONCE("libnuma: Warning: cpu argument 99999 is out of range\n\n",
	     numa_parse_cpustring("99999"); numa_parse_cpustring("x"); numa_parse_cpustring_all("0-99999"));
	ONCE("libnuma: Warning: unparseable node description `x'\n\nlibnuma: Warning: unparseable cpu description `y'\n\n",
	     numa_parse_nodestring("x"); numa_parse_cpustring("y"); numa_parse_nodestring_all("z"));
	ONCE("libnuma: Warning: missing node argument \n\nlibnuma: Warning: missing cpu argument \n\n",
	     numa_parse_nodestring_all("0-"); numa_parse_cpustring_all("0-"));
	ONCE("libnuma: Warning: Cannot read node cpumask from sysfs\n", numa_run_on_node(numa_max_node() + 1));
	ONCE("libnuma: Warning: Cannot stat file /nonexistent\nlibnuma: Warning: unparseable node description `x'\n\n",
	     numa_parse_nodestring("file:/nonexistent"); numa_parse_nodestring("x"));
	/* What is an error of the kernel's is said each time. */
	PRINTS("set_mempolicy: Invalid argument\nset_mempolicy: Invalid argument\n",
	       numa_set_membind(numa_no_nodes_ptr); numa_set_membind(numa_no_nodes_ptr));
	PRINTS("set_mempolicy: Invalid argument\nset_mempolicy: Invalid argument\n",
	       numa_set_preferred(numa_max_node() + 1); numa_set_preferred(numa_max_node() + 1));
	EQUAL(IN_CHILD(capture(); numa_run_on_node_mask(beyond); const char *got = captured();
		       CHECK(strstr(got, not_allowed) == got, "%s", got)), 0);
	numa_bitmask_free(beyond);
}

TEST(odd_errors)
{
	PRINTS(in_words("where: %s\n", strerror(100000)), errno = 100000; numa_error((char *)"where"); EQUAL(errno, 100000));
	PRINTS("100%s: " WORDS_EIO "\n", errno = EIO; numa_error((char *)"100%s"));
	EQUAL(IN_CHILD(close(2); errno = EIO; numa_error((char *)"lost"); numa_warn(1, (char *)"lost"); EQUAL(errno, EIO)), 0);
	/* Long texts are printed in full, and standard output is none of its business. */
	EQUAL(IN_CHILD(static char text[3000], wanted[3100]; memset(text, 'x', sizeof(text) - 1);
		       snprintf(wanted, sizeof(wanted), "libnuma: Warning: %s\n", text);
		       PRINTS(wanted, numa_warn(1, (char *)"%s", text))), 0);
	PRINTS("<libnuma: Warning: in between\n>last: " WORDS_EIO "\n",
	       setvbuf(stderr, NULL, _IONBF, 0); fprintf(stderr, "<"); numa_warn(1, (char *)"in between");
	       fprintf(stderr, ">"); errno = EIO; numa_error((char *)"last"));
}
