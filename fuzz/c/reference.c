/*
 * A child of the target `reference`: opens another libnuma.so.1 and answers what that says. It is a process of
 * its own, as both libraries have the same names, and as the other one may crash.
 *
 *   reference LIBRARY
 *
 * Reads requests and writes answers, in the machine's order of bytes:
 *
 *   0 u16 length, text         a string in each of the four forms: four answers
 *   1 u16 bits, length, line   numa_parse_bitmap into a mask of so many bits that are all set: one answer
 *   2 u16 words, sizes and contents of two masks and what to do with them: one answer
 *
 * An answer is i32 result, i32 errno, u16 words, these words, u16 length, what was said.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

struct bitmask {
	unsigned long size;
	unsigned long *maskp;
};

const char *fuzz_said(void);
void fuzz_forget(void);

#define MOST 4096

static void *library;

static void *function(const char *name)
{
	void *found = dlsym(library, name);

	if (!found) {
		fprintf(stderr, "%s\n", dlerror());
		exit(3);
	}
	return found;
}

static void take(void *to, size_t length)
{
	if (length && fread(to, length, 1, stdin) != 1)
		exit(0);
}

static uint16_t take_short(void)
{
	uint16_t number;

	take(&number, sizeof(number));
	return number;
}

static void answer(int result, int error, const unsigned long *words, size_t count)
{
	const char *said = fuzz_said();
	int32_t numbers[2] = {result, error};
	uint16_t length = (uint16_t)count;

	fwrite(numbers, sizeof(numbers), 1, stdout);
	fwrite(&length, sizeof(length), 1, stdout);
	fwrite(words, sizeof(*words), count, stdout);
	length = (uint16_t)strlen(said);
	fwrite(&length, sizeof(length), 1, stdout);
	fwrite(said, 1, length, stdout);
	fuzz_forget();
}

static void strings(void)
{
	static const char *const names[] = {"numa_parse_nodestring", "numa_parse_nodestring_all",
					    "numa_parse_cpustring", "numa_parse_cpustring_all"};
	void (*release)(struct bitmask *) = function("numa_bitmask_free");
	char text[MOST + 1];
	size_t length = take_short();

	if (length > MOST)
		exit(2);
	take(text, length);
	text[length] = 0;
	for (size_t i = 0; i < 4; i++) {
		struct bitmask *(*parse)(const char *) = function(names[i]);
		struct bitmask *mask;

		errno = 0;
		mask = parse(text);
		if (mask) {
			answer(0, errno, mask->maskp, (mask->size + 63) / 64);
			release(mask);
		} else {
			answer(-1, errno, NULL, 0);
		}
	}
}

static void bitmap(void)
{
	int (*parse)(char *, struct bitmask *) = function("numa_parse_bitmap");
	unsigned long words[MOST / 64];
	struct bitmask mask = {.maskp = words};
	char text[MOST + 1];
	size_t length;

	mask.size = take_short();
	length = take_short();
	if (mask.size > MOST || length > MOST)
		exit(2);
	take(text, length);
	text[length] = 0;
	memset(words, 0, sizeof(words));
	errno = 0;
	answer(parse(text, &mask), errno, words, (mask.size + 63) / 64);
}

static void masks(void)
{
	unsigned int (*weight)(const struct bitmask *) = function("numa_bitmask_weight");
	unsigned int (*bytes)(struct bitmask *) = function("numa_bitmask_nbytes");
	int (*equal)(const struct bitmask *, const struct bitmask *) = function("numa_bitmask_equal");
	int (*is_set)(const struct bitmask *, unsigned int) = function("numa_bitmask_isbitset");
	struct bitmask *(*set)(struct bitmask *, unsigned int) = function("numa_bitmask_setbit");
	struct bitmask *(*clear)(struct bitmask *, unsigned int) = function("numa_bitmask_clearbit");
	struct bitmask *(*set_all)(struct bitmask *) = function("numa_bitmask_setall");
	struct bitmask *(*clear_all)(struct bitmask *) = function("numa_bitmask_clearall");
	void (*copy)(struct bitmask *, struct bitmask *) = function("copy_bitmask_to_bitmask");
	void (*to_nodemask)(struct bitmask *, unsigned long *) = function("copy_bitmask_to_nodemask");
	void (*from_nodemask)(unsigned long *, struct bitmask *) = function("copy_nodemask_to_bitmask");
	unsigned long words[2][MOST / 64], nodemask[2];
	struct bitmask mask[2];
	unsigned int sum = 0;
	size_t count;

	for (int i = 0; i < 2; i++) {
		mask[i].size = take_short();
		mask[i].maskp = words[i];
		if (mask[i].size > MOST)
			exit(2);
		take(words[i], (mask[i].size + 63) / 64 * 8);
	}
	count = take_short();
	while (count--) {
		unsigned int what = take_short(), n = take_short();
		struct bitmask *one = &mask[what & 1], *other = &mask[!(what & 1)];

		switch (what >> 1) {
		case 0: set(one, n); break;
		case 1: clear(one, n); break;
		case 2: set_all(one); break;
		case 3: clear_all(one); break;
		case 4: copy(other, one); break;
		case 5:
			to_nodemask(other, nodemask);
			from_nodemask(nodemask, one);
			break;
		default:
			sum = sum * 31 + weight(one) + bytes(one) + (unsigned int)is_set(one, n) +
			      (unsigned int)equal(one, other);
		}
	}
	memmove(words[0] + (mask[0].size + 63) / 64, words[1], (mask[1].size + 63) / 64 * 8 < sizeof(words[1]) ?
		(mask[1].size + 63) / 64 * 8 : 0);
	answer((int)sum, 0, words[0], (mask[0].size + 63) / 64 + (mask[1].size + 63) / 64);
}

int main(int argc, char **argv)
{
	library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	if (!library) {
		fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "reference LIBRARY");
		return 3;
	}
	for (;;) {
		/* It counts from 0 to 4294967296 in minutes; a request that takes so much of a CPU ends the process. */
		const struct itimerval most = { .it_value = { .tv_sec = 1 } };
		unsigned char what;

		take(&what, 1);
		setitimer(ITIMER_VIRTUAL, &most, NULL);
		if (what == 0)
			strings();
		else if (what == 1)
			bitmap();
		else
			masks();
		fflush(stdout);
	}
}
