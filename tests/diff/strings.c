/* Node and CPU strings: a table, and thousands made of meaningful pieces.
 *
 * This program brings its own numa_warn, which a library must call instead of
 * its own: so number, format and text of every reason are seen, without the
 * once-per-number rule (tests/c/errors.c looks at that, and at the real stderr).
 *
 * Strings on which ours is better are passed over: see avoid() and
 * avoid_device(); docs/differences.md says what ours does there. */
#include "common.h"
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static char reason[4096];

void numa_warn(int number, char *format, ...)
{
	size_t used = strlen(reason);
	va_list args;
	int error = errno;

	used += (size_t)snprintf(reason + used, sizeof(reason) - used, "[%d ", number);
	va_start(args, format);
	used += (size_t)vsnprintf(reason + used, sizeof(reason) - used, format, args);
	va_end(args);
	snprintf(reason + used, sizeof(reason) - used, "]");
	errno = error;
}

struct form {
	const char *name;
	struct bitmask *(*parse)(const char *);
	int is_cpu;
	int all;
};

static const struct form forms[] = {
	{"nodestring", numa_parse_nodestring, 0, 0},
	{"nodestring_all", numa_parse_nodestring_all, 0, 1},
	{"cpustring", numa_parse_cpustring, 1, 0},
	{"cpustring_all", numa_parse_cpustring_all, 1, 1},
};

static int known(const struct form *form, unsigned long number)
{
	if (number > 0x7fffffff)
		return 0;
	if (form->is_cpu)
		return form->all ? number < (unsigned long)numa_num_configured_cpus()
				 : numa_bitmask_isbitset(numa_all_cpus_ptr, (unsigned int)number);
	if (form->all)
		return number <= (unsigned long)numa_max_node();
	return numa_bitmask_isbitset(numa_all_nodes_ptr, (unsigned int)number);
}

/* The n-th member of the set that `+` counts in; beyond it, nothing known. */
static unsigned long relative(const struct form *form, unsigned long number)
{
	for (unsigned long i = 0; i < RAW_BITS; i++)
		if (known(form, i) && number-- == 0)
			return i;
	return 0x7fffffff;
}

/* 1: the set has gaps, so that counting and looking up differ. The reference
 * counts the nodes that have memory. */
static int gaps(const struct form *form)
{
	if (form->is_cpu)
		return !form->all && numa_bitmask_weight(numa_all_cpus_ptr) != (unsigned int)numa_num_configured_cpus();
	if (machine.top + 1 != machine.count || memcmp(machine.online, machine.memory, sizeof(machine.online)))
		return 1;
	return !form->all && memcmp(machine.online, machine.allowed, sizeof(machine.online));
}

/* 1: not every id up to the highest one exists */
static int holes(const struct form *form)
{
	return !form->is_cpu && machine.top + 1 != machine.count;
}

/* The inputs that the reference gets wrong: it answers NULL without a reason
 * to what follows a valid number, it truncates numbers to 32 bits, `!` counts
 * where the set has gaps, and ids that do not exist pass where there are holes. */
static int avoid(const struct form *form, const char *text)
{
	const char *at = text;
	int plus = 0;

	for (const char *c = text; *c;) {
		char *end;
		unsigned long number;

		errno = 0;
		number = strtoul(c, &end, 0);
		if (end != c) {
			if (errno != ERANGE && number > 0x7fffffff && (number & 0xffffffff) <= 0x7fffffff)
				return 1;
			if (form->all && holes(form) && number <= (unsigned long)machine.top &&
			    !word_bit(machine.online, number))
				return 1;
			/* a sign may be the dash of a range: look at the bare number, too */
			c = *c == '-' || *c == '+' ? c + 1 : end;
		} else {
			c++;
		}
	}
	if (gaps(form) && strchr(text, '!'))
		return 1;
	if (form->all && holes(form) && (strpbrk(text, "+-") || strstr(text, "all")))
		return 1;
	if (*at == '!')
		at++;
	if (*at == '+') {
		plus = 1;
		at++;
	}
	for (;;) {
		unsigned long number;
		char *end;

		if (!strcmp(at, "all") || !*at)
			return 0;
		number = strtoul(at, &end, 0);
		if (end == at)
			return 0;
		if (plus)
			number = relative(form, number);
		if (!known(form, number))
			return 0;
		at = end;
		if (*at == '-') {
			at++;
			number = strtoul(at, &end, 0);
			if (end == at)
				return 0;
			if (plus)
				number = relative(form, number);
			if (!known(form, number))
				return 0;
			at = end;
		}
		if (!*at)
			return 0;
		if (*at != ',')
			return 1;
		at++;
	}
}

/* Where the device words of a node string begin, or NULL. */
static const char *device(const struct form *form, const char *text)
{
	static const char *const kinds[] = {"file:", "block:", "netdev:", "ip:", "pci:"};

	if (form->is_cpu)
		return NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *at = strstr(text, kinds[i]);

		if (at)
			return at;
	}
	return NULL;
}

/* The device words on which ours differs on purpose, see docs/differences.md:
 * - what follows a name after a comma is the next part of the list in ours, and
 *   part of the name in the reference;
 * - addresses that are none (too many or too few parts, letters) do not pass;
 * - of a PCI device that sysfs does not have the reason says that it is one,
 *   where the reference prints an empty word;
 * - a file system without a block device is named by its own numbers. */
static int avoid_device(const struct form *form, const char *text)
{
	const char *at = device(form, text);
	unsigned int part[4];
	struct stat status;
	char path[64], rest;

	if (!at)
		return 0;
	if (strchr(at, ','))
		return 1;
	if (!strncmp(at, "file:", 5))
		return !stat(at + 5, &status) && major(status.st_dev) == 0;
	if (strncmp(at, "pci:", 4))
		return 0;
	at += 4;
	part[0] = part[3] = 0;
	if (sscanf(at, "%x:%x:%x.%u%c", &part[0], &part[1], &part[2], &part[3], &rest) != 4 &&
	    sscanf(at, "%x:%x:%x%c", &part[0], &part[1], &part[2], &rest) != 3) {
		part[0] = 0;
		if (sscanf(at, "%x:%x.%u%c", &part[1], &part[2], &part[3], &rest) != 3 &&
		    sscanf(at, "%x:%x%c", &part[1], &part[2], &rest) != 2)
			/* both reject what does not even begin like an address */
			return sscanf(at, "%x:%x", &part[1], &part[2]) == 2;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.%x", part[0], part[1], part[2], part[3]);
	return access(path, R_OK) != 0;
}

static void parse(const struct form *form, const char *text)
{
	struct bitmask *mask;
	int error;

	if (avoid(form, text) || avoid_device(form, text))
		return;
	reason[0] = 0;
	errno = UNTOUCHED;
	mask = form->parse(text);
	error = errno;
	show_text(text);
	printf(" = ");
	show(mask);
	if (reason[0]) {
		putchar(' ');
		show_text(reason);
	}
	/* after a device word, ours says why in errno, and the reference leaves what
	 * its clean-up left there: see docs/differences.md */
	if (!mask && !device(form, text))
		printf(" %s", error_name(error));
	putchar('\n');
	numa_bitmask_free(mask);
}

static const char *const table[] = {
	"", "0", "1", "2", "3", "4", "7", "8", "9", "15", "63", "64", "99", "1023", "1024", "8191", "8192",
	"0-", ",0", "0,", "0,,1", "!", "+", "0,!1", "1 ", "0 ,1", "0-1-2", "ALL", "0-3:2", "all,0", "all ", "-1",
	"18446744073709551616", "4294967295", "2147483647", "2147483648", "18446744073709551615",
	"0,all", "+all", "!all", "!+all", "3-1", "1-0", " 1", "0, 1", "0,+1", "0,+0", "0-0", "0-1", "0-7", "1-3",
	"0,1", "0,2", "0,1,2,3", "0-1,2-3", "!0", "!1", "!0-1", "!+0", "+0", "+1", "+2", "+0-1", "+1-3", "+99",
	"+-1", "+-0", "-0", "0--1", "0-+1", "++0", "!!0", "+!0", "+!", "!+", "0,!0", "0;1", "x", "0x", "0x0", "0x1",
	"0xg", "00", "01", "010", "08", "  0", "\t0", "\n0", "\n", " ", "  ", "0\n", "0-0x", "0.0", "all,all", "allx",
	"al", "a", "0,al", "same", "none", "local", "nodes", "-", "--", "- 0", "0 - 0", "0- 0", "0, all", "0,all,0",
	"file", "block", "netdev", "ip", "pci", "files:/", "File:/", "filee:", ":", "0:", "file ", "f", "i", "p",
};

/* Words that ask sysfs; the CPU forms do not know them. */
static const char *const devices[] = {
	"file:", "file:/nonexistent/file", "file:/proc/self/status", "file:/proc", "file:relative", "file:/",
	"block:", "block:nonexistent", "block:../etc", "netdev:", "netdev:nonexistent", "netdev:lo",
	"ip:127.0.0.1", "ip:::1", "pci:", "pci:junk", "pci:0", "pci:0:", "pci:0:0", "pci:00:00.0", "pci:0000:00:00.0",
	"pci:ff:1f.7", "pci:0:0:0:0", "pci:0.0", "pci:00:00.x", "pci:ffff:ff:1f.7", "0,file:/nonexistent/file",
	"0,netdev:nonexistent", "!netdev:nonexistent", "+netdev:nonexistent", "!+netdev:nonexistent",
	"netdev:nonexistent,0", "block:nonexistent ", "file:/nonexistent/file,0",
};

static const char *const pieces[] = {
	"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "1", "2", "3", "0", "1", ",", ",", ",", ",", "-", "-", "-",
	"!", "+", "all", "same", "x", " ", "0x1", "0X2", "010", "07", "08", "10", "63", "64", "127", "1024",
	"4294967295", "18446744073709551616", "99999999999999999999999", "\t", ":", "A", "all,", ",all", "0-1", "0,1", "-1",
};

static uint64_t state = 0x9e3779b97f4a7c15ULL;

static unsigned int rnd(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 33) % below;
}

/* half of them a jumble, half of them nearly well formed */
static void invent(char *text)
{
	unsigned int parts = 1 + rnd(6);

	text[0] = 0;
	if (rnd(2)) {
		while (parts--)
			strcat(text, pieces[rnd(sizeof(pieces) / sizeof(pieces[0]))]);
		return;
	}
	if (!rnd(5))
		strcat(text, "!");
	if (!rnd(4))
		strcat(text, "+");
	while (parts--) {
		unsigned int limit = rnd(4) ? 4 : 70;

		sprintf(text + strlen(text), rnd(8) ? "%u" : rnd(2) ? "%#x" : "0%o", rnd(limit));
		if (!rnd(3))
			sprintf(text + strlen(text), "-%u", rnd(limit));
		if (parts)
			strcat(text, ",");
		if (!rnd(15))
			strcat(text, pieces[rnd(sizeof(pieces) / sizeof(pieces[0]))]);
	}
}

int main(void)
{
	look_at_machine();
	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		printf("## %s\n", forms[f].name);
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
			parse(&forms[f], table[i]);
		for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
			parse(&forms[f], devices[i]);
	}
	for (int i = 0; i < 6000; i++) {
		char text[512];

		invent(text);
		for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++)
			parse(&forms[f], text);
	}
	return 0;
}
