/* Node and CPU strings, device words, bitmap lines. */
#include "machine.h"
#include "fake.h"
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

typedef struct bitmask *parser(const char *);

/* Parses in a child, since a warning is printed only once; 1 if the mask is NULL, and a reason
 * is given if one is asked for. */
static int refused(parser *parse, const char *string, int reason)
{
	struct bitmask *mask;
	int status;

	fflush(stdout);
	pid_t pid = fork();
	if (!pid) {
		capture();
		mask = parse(string);
		int said = strncmp(captured(), "libnuma: Warning: ", 18) == 0;
		numa_bitmask_free(mask);
		exit(mask || (reason && !said));
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

/* Whether a string names exactly these, and nothing is printed. */
static int names(parser *parse, const char *string, const struct set *set)
{
	struct bitmask *mask;
	const char *text;
	int good;

	capture();
	errno = UNTOUCHED;
	mask = parse(string);
	text = captured();
	good = errno == UNTOUCHED && !*text && mask && holds(mask, set);
	if (!good)
		printf("# `%s' is %s, errno %d, %s\n", string, text_of(mask), errno, text);
	numa_bitmask_free(mask);
	return good;
}

static struct set allowed_cpus(void)
{
	struct set set = {{0}};

	for (unsigned cpu = 0; cpu < BITS; cpu++)
		if (numa_bitmask_isbitset(numa_all_cpus_ptr, cpu))
			add(&set, cpu);
	return set;
}

/* What holds for any of the four functions and any set of ids with `first` in it. */
static void common(parser *parse, const struct set *all, int first)
{
	static const char *const bad[] = {
		",0", "0,", "0,,1", "!", "+", "0,!1", "0-", "0-1-2", "ALL", "0-3:2", "all,0", "all ",
		"-1", "18446744073709551616", "x", "0x", "0 ", "0 ,1", " ", "\n", "0;0",
		"0.0", "0-x", "--", "!!0", "+!0", "all-1", "0-all", "08", "1e3", "0\n",
		"99999999999999999999999999", "9999999", "!9999999", "+9999999", "0-9999999", "file",
		"disk:sda", "none",
	};
	char text[64];
	struct set one = only(first), rest = *all;

	/* differences.c has what the reference refuses without a reason, or takes modulo 2^32. */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(refused(parse, bad[i], !on_reference()), "`%s' is accepted, or refused without a reason", bad[i]);
	CHECK(names(parse, "", &nothing), "empty");
	CHECK(names(parse, "all", all), "all");
	CHECK(names(parse, "+all", all), "+all");
	CHECK(names(parse, "!all", &nothing), "!all");
	rest.words[(unsigned)first / LONG_BITS] &= ~(1UL << ((unsigned)first % LONG_BITS));
	snprintf(text, sizeof(text), "%d", first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), " %d", first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), "%#x", (unsigned)first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), "0%o", (unsigned)first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), "%d,%d", first, first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), "%d, %d", first, first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), "%d-%d", first, first);
	CHECK(names(parse, text, &one), "%s", text);
	snprintf(text, sizeof(text), "!%d", first);
	CHECK(names(parse, text, &rest), "%s", text);
	snprintf(text, sizeof(text), "%d,all", first);
	CHECK(names(parse, text, all), "%s", text);
	snprintf(text, sizeof(text), "%d-%d", first, last(all));
	CHECK(names(parse, text, all), "%s", text);
	snprintf(text, sizeof(text), "%d-%d", last(all), first);
	one = only(last(all));
	CHECK(names(parse, text, &one), "%s: a range the wrong way round is its first number", text);
	snprintf(text, sizeof(text), "%d-", first);
	CHECK(refused(parse, text, 1), "%s", text);
	snprintf(text, sizeof(text), "%d", last(all) + 1);
	CHECK(refused(parse, text, 1), "%s", text);
}

DIFFERS(null_strings_are_errors)
{
	FAILS((intptr_t)numa_parse_nodestring(NULL), 0, EINVAL);
	FAILS((intptr_t)numa_parse_nodestring_all(NULL), 0, EINVAL);
	FAILS((intptr_t)numa_parse_cpustring(NULL), 0, EINVAL);
	FAILS((intptr_t)numa_parse_cpustring_all(NULL), 0, EINVAL);
}

TEST(nodestring, ROW_WHERE(with_counts_that_are_not_allowed, complement_within_the_allowed_ids))
{
	look();
	common(numa_parse_nodestring, &machine.allowed, next(&machine.allowed, -1));
}

TEST(nodestring_all, ROW_WHERE(with_counts_that_are_no_ids, complement_within_the_ids_that_exist))
{
	look();
	common(numa_parse_nodestring_all, &machine.nodes, next(&machine.nodes, -1));
}

TEST(cpustring)
{
	struct set cpus = allowed_cpus();

	common(numa_parse_cpustring, &cpus, next(&cpus, -1));
}

TEST(cpustring_all)
{
	struct set cpus = {{0}};

	for (int cpu = 0; cpu < numa_num_configured_cpus(); cpu++)
		add(&cpus, cpu);
	common(numa_parse_cpustring_all, &cpus, 0);
}

TEST(plus_counts_in_the_set, ROW_WHERE(with_gaps, ids_in_gaps_are_refused))
{
	struct set cpus = allowed_cpus();
	int n = 0;

	look();
	EACH(node, &machine.allowed) {
		struct set one = only(node);
		char text[32];

		snprintf(text, sizeof(text), "+%d", n++);
		CHECK(names(numa_parse_nodestring, text, &one), "%s is %d", text, node);
	}
	n = 0;
	EACH(node, &machine.nodes) {
		struct set one = only(node);
		char text[32];

		snprintf(text, sizeof(text), "+%d", n++);
		CHECK(names(numa_parse_nodestring_all, text, &one), "%s is %d", text, node);
	}
	n = 0;
	EACH(cpu, &cpus) {
		struct set one = only(cpu);
		char text[32];

		snprintf(text, sizeof(text), "+%d", n++);
		CHECK(names(numa_parse_cpustring, text, &one), "%s is %d", text, cpu);
		/* Among all CPUs, in the other function. */
		one = only(n - 1);
		CHECK(names(numa_parse_cpustring_all, text, &one), "%s is %d", text, n - 1);
	}
	CHECK(refused(numa_parse_cpustring, "+9999", 1), "beyond");
}

TEST(masks_have_the_kernels_sizes)
{
	struct bitmask *mask = numa_parse_nodestring("all");

	EQUAL(mask->size, numa_num_possible_nodes());
	numa_bitmask_free(mask);
	mask = numa_parse_nodestring_all("");
	EQUAL(mask->size, numa_num_possible_nodes());
	numa_bitmask_free(mask);
	mask = numa_parse_cpustring("all");
	EQUAL(mask->size, numa_num_possible_cpus());
	numa_bitmask_free(mask);
	mask = numa_parse_cpustring_all("all");
	EQUAL(mask->size, numa_num_possible_cpus());
	numa_bitmask_free(mask);
}

TEST(messages)
{
	PRINTS("libnuma: Warning: node argument 99999 is out of range\n\n", numa_parse_nodestring("99999"));
	QUIET(numa_parse_nodestring_all("x"));
	PRINTS("libnuma: Warning: cpu argument 99999,1 is out of range\n\n", numa_parse_cpustring("99999,1"));
	QUIET(numa_parse_cpustring_all("x"));
}

TEST(message_missing)
{
	char text[32], wanted[128];

	look();
	snprintf(text, sizeof(text), "%d-x", machine.first);
	PRINTS("libnuma: Warning: missing node argument x\n\n", numa_parse_nodestring(text));
	snprintf(text, sizeof(text), "%d-", next(&(struct set[]){allowed_cpus()}[0], -1));
	PRINTS("libnuma: Warning: missing cpu argument \n\n", numa_parse_cpustring(text));
	(void)wanted;
}

TEST(message_unparseable)
{
	PRINTS("libnuma: Warning: unparseable node description `x y'\n\n", numa_parse_nodestring("x y"));
	PRINTS("libnuma: Warning: unparseable cpu description `file:/'\n\n", numa_parse_cpustring("file:/"));
}

/* ---- device words --------------------------------------------------------------------------- */

#define DEVICES "/sys/devices/pci0000:40/0000:41:00.0"

static const char *devices(void)
{
	const char *cannot = own_mounts();
	struct stat here;
	char text[128];

	if (stat("/tmp", &here))
		return "no /tmp";
	if (!cannot)
		cannot = cover("/sys");
	if (cannot)
		return cannot;
	put_node(0, "3\n", "10 20 30\n", 1000);
	put_node(8, "0\n", "20 10 30\n", 1000);
	put_node(100, "0\n", "30 30 10\n", 1000);
	put(DEVICES "/numa_node", "8\n");
	put(DEVICES "/nvme/nvme0/nvme0n1/nvme0n1p1/size", "1\n");
	put("/sys/devices/pci0000:00/0000:00:02.0/numa_node", "-1\n");
	put("/sys/devices/pci0000:00/0000:00:02.0/net/eth0/mtu", "1500\n");
	put("/sys/devices/pci0000:00/0000:00:03.0/numa_node", "0\n");
	put("/sys/devices/pci0000:00/0000:00:03.0/net/eth1/mtu", "1500\n");
	put("/sys/devices/pci0000:00/0000:00:04.0/numa_node", "9\n");
	put("/sys/devices/pci0000:00/0000:00:04.0/net/eth2/mtu", "1500\n");
	put("/sys/devices/virtual/net/lo/mtu", "65536\n");
	put_link("/sys/class/block/nvme0n1p1", "../../devices/pci0000:40/0000:41:00.0/nvme/nvme0/nvme0n1/nvme0n1p1");
	put_link("/sys/class/net/eth0", "../../devices/pci0000:00/0000:00:02.0/net/eth0");
	put_link("/sys/class/net/eth1", "../../devices/pci0000:00/0000:00:03.0/net/eth1");
	put_link("/sys/class/net/eth2", "../../devices/pci0000:00/0000:00:04.0/net/eth2");
	put_link("/sys/class/net/lo", "../../devices/virtual/net/lo");
	put_link("/sys/bus/pci/devices/0000:41:00.0", "../../../devices/pci0000:40/0000:41:00.0");
	put_link("/sys/bus/pci/devices/0000:00:02.0", "../../../devices/pci0000:00/0000:00:02.0");
	put_link("/sys/bus/pci/devices/0000:00:03.0", "../../../devices/pci0000:00/0000:00:03.0");
	put_link("/sys/bus/pci/devices/0001:41:00.7", "../../../devices/pci0000:00/0000:00:03.0");
	/* The disk that /tmp lies on, whatever it is. */
	snprintf(text, sizeof(text), "/sys/dev/block/%u:%u", major(here.st_dev), minor(here.st_dev));
	put_link(text, "../../devices/pci0000:40/0000:41:00.0/nvme/nvme0/nvme0n1/nvme0n1p1");
	return NULL;
}

TEST_IN(devices, words_for_devices, ROW(device_nodes_are_checked_against_the_set))
{
	struct set zero = only(0), eight = only(8), both = only(0), all = only(0);
	parser *parse = numa_parse_nodestring_all;

	add(&both, 8);
	add(&all, 8);
	add(&all, 100);
	CHECK(names(parse, "block:nvme0n1p1", &eight), "block");
	CHECK(names(parse, "netdev:eth1", &zero), "netdev");
	CHECK(names(parse, "pci:0000:41:00.0", &eight), "pci in full");
	CHECK(names(parse, "pci:41:00.0", &eight), "pci without segment");
	CHECK(names(parse, "pci:41:0", &eight), "pci without function");
	CHECK(names(parse, "pci:0:41:0", &eight), "pci short");
	CHECK(names(parse, "pci:1:41:0.7", &zero), "another segment and function");
	CHECK(names(parse, "pci:0:3", &zero), "bus 0");
	CHECK(names(parse, "file:/tmp", &eight), "file");
	CHECK(names(parse, "0,block:nvme0n1p1", &both), "after a number");
	CHECK(names(parse, "block:nvme0n1p1,0", &both), "before a number");
	CHECK(names(parse, "block:nvme0n1p1,pci:0:3,file:/tmp", &both), "three words");
	CHECK(names(parse, "block:nvme0n1p1,all", &all), "before all");
	all.words[0] &= ~(1UL << 8);
	CHECK(names(parse, "!block:nvme0n1p1", &all), "complement");
	CHECK(refused(parse, "netdev:eth2", 1), "a device on a node that does not exist");
	CHECK(refused(parse, "netdev:eth0", 1), "unknown node");
	CHECK(refused(parse, "block:nvme0n1p1-8", 1), "no ranges of devices");
	CHECK(refused(parse, "block:nvme0n1p1 ", 1), "a blank at the end");
	/* Allowed is only what the kernel says. */
	if (!numa_bitmask_isbitset(numa_all_nodes_ptr, 8))
		CHECK(refused(numa_parse_nodestring, "block:nvme0n1p1", 1), "not allowed");
	if (numa_bitmask_isbitset(numa_all_nodes_ptr, 0))
		CHECK(names(numa_parse_nodestring, "netdev:eth1", &zero), "allowed");
}

/* Devices of node 0, which the reference finds on every machine. */
static const char *devices_of_node_0(void)
{
	const char *cannot = empty_sys();

	if (cannot)
		return cannot;
	put_node(0, "1\n", "10 20\n", 1000);
	put_node(1, "2\n", "20 10\n", 1000);
	put("/sys/devices/pci0000:00/0000:00:03.0/numa_node", "0\n");
	put("/sys/devices/pci0000:00/0000:00:03.0/net/eth1/mtu", "1500\n");
	put("/sys/devices/pci0000:00/0000:00:04.0/numa_node", "0\n");
	put("/sys/devices/pci0000:00/0000:00:04.0/block/sdb/size", "1\n");
	put_link("/sys/class/net/eth1", "../../devices/pci0000:00/0000:00:03.0/net/eth1");
	put_link("/sys/class/block/sdb", "../../devices/pci0000:00/0000:00:04.0/block/sdb");
	put_link("/sys/bus/pci/devices/0000:00:03.0", "../../../devices/pci0000:00/0000:00:03.0");
	return NULL;
}

TEST_IN(devices_of_node_0, words_for_devices_of_node_0)
{
	struct set zero = only(0), one = only(1), both = only(0);
	parser *parse = numa_parse_nodestring_all;

	add(&both, 1);
	CHECK(names(parse, "netdev:eth1", &zero), "netdev");
	CHECK(names(parse, "block:sdb", &zero), "block");
	CHECK(names(parse, "pci:0000:00:03.0", &zero), "pci in full");
	CHECK(names(parse, "pci:0:3", &zero), "pci short");
	CHECK(names(parse, "1,netdev:eth1", &both), "after a number");
	CHECK(names(parse, "!netdev:eth1", &one), "complement");
	CHECK(refused(parse, "netdev:eth9", 1), "no such device");
	CHECK(refused(parse, "block:../sdb", 1), "a path");
}

TEST_IN(devices, device_word_errors, ROW(device_errors_leave_the_errno_of_the_failing_call))
{
	static const struct { const char *word, *says; int error; } table[] = {
		{"netdev:nope", "Cannot read node mask for net device `nope'", ENOENT},
		{"netdev:", "Cannot read node mask for net device `'", ENOENT},
		{"netdev:lo", "Cannot read node mask for net device `lo'", ENOENT},
		{"block:nope", "Cannot read node mask for block device `nope'", ENOENT},
		{"netdev:eth0", "Kernel does not know node mask for device `/devices/pci0000:00/0000:00:02.0/'", UNTOUCHED},
		{"pci:0:2.0", "Kernel does not know node mask for device `0:2.0'", UNTOUCHED},
		{"pci:99:0", NULL, ENOENT},
		{"pci:", "Cannot parse PCI device `'", UNTOUCHED},
		{"pci:junk", "Cannot parse PCI device `junk'", UNTOUCHED},
		{"pci:1", "Cannot parse PCI device `1'", UNTOUCHED},
		{"pci:100:0", "Cannot parse PCI device `100:0'", UNTOUCHED},
		{"pci:0:20", "Cannot parse PCI device `0:20'", UNTOUCHED},
		{"pci:0:0.8", "Cannot parse PCI device `0:0.8'", UNTOUCHED},
		{"pci:41:00.0x", "Cannot parse PCI device `41:00.0x'", UNTOUCHED},
		{"file:/nonexistent", "Cannot stat file /nonexistent", ENOENT},
		{"file:", "Cannot stat file ", ENOENT},
		{"file:/proc/self/status", NULL, UNTOUCHED},
		{"block:../x", "Illegal characters in `../x' specification", UNTOUCHED},
		{"netdev:..", "Illegal characters in `..' specification", UNTOUCHED},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int status = IN_CHILD(
			char wanted[256];
			struct bitmask *mask;
			capture();
			errno = UNTOUCHED;
			mask = numa_parse_nodestring_all(table[i].word);
			int error = errno;
			const char *text = captured();
			CHECK(!mask, "%s is accepted", table[i].word);
			CHECK(error == table[i].error, "%s: errno %d", table[i].word, error);
			snprintf(wanted, sizeof(wanted), "libnuma: Warning: %s\n", table[i].says);
			CHECK(table[i].says ? !strcmp(text, wanted) : !strncmp(text, wanted, 18), "%s: %s",
			      table[i].word, text));
		CHECK(status == 0, "%s", table[i].word);
	}
}

TEST_IN(devices, words_of_addresses)
{
	CHECK(refused(numa_parse_nodestring_all, "ip:127.0.0.1", 1), "the loopback device has no node");
	CHECK(refused(numa_parse_nodestring_all, "ip:::1", 1), "nor by its other address");
	SKIP_IF(IS_STATIC, "a static program cannot look names up");
	CHECK(refused(numa_parse_nodestring_all, "ip:no.such.host.invalid", 1), "no such host");
	CHECK(refused(numa_parse_nodestring_all, "ip:", 1), "no address");
}

/* A new network namespace has a loopback device that leads nowhere yet. */
static int loopback_is_up(void)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int up = any >= 0 && !ioctl(any, SIOCGIFFLAGS, &lo) && lo.ifr_flags & IFF_UP;

	close(any);
	return up;
}

/* A loopback device that hangs on a node. */
static const char *loopback_on_node_8(void)
{
	const char *cannot = devices();

	if (cannot)
		return cannot;
	if (!loopback_is_up())
		return "the loopback device is down";
	put("/sys/devices/virtual/net/lo/numa_node", "8\n");
	return NULL;
}

TEST_IN(loopback_on_node_8, the_route_to_an_address, ROW(device_nodes_are_checked_against_the_set))
{
	struct set eight = only(8), both = only(0);

	add(&both, 8);
	CHECK(names(numa_parse_nodestring_all, "ip:127.0.0.1", &eight), "IPv4");
	CHECK(names(numa_parse_nodestring_all, "ip:127.0.0.1,0", &both), "a word ends at a comma");
	CHECK(names(numa_parse_nodestring_all, "netdev:lo", &eight), "the device itself");
}

TEST_IN(devices, sparse_nodes_in_strings, ROW(ids_in_gaps_are_refused))
{
	struct set all = only(0), zero = only(0), some = only(0);
	parser *parse = numa_parse_nodestring_all;

	add(&all, 8);
	add(&all, 100);
	add(&some, 100);
	common(parse, &all, 0);
	CHECK(names(parse, "0-100", &all), "a range over gaps");
	CHECK(names(parse, "!8", &some), "complement");
	CHECK(names(parse, "!8,100", &zero), "complement of two");
	CHECK(refused(parse, "1", 1), "in a gap");
	CHECK(refused(parse, "0-99", 1), "ends in a gap");
	CHECK(refused(parse, "101", 1), "beyond");
}

/* ---- lines of bitmaps ----------------------------------------------------------------------- */

/* Exported, but not in the header of every release. */
extern int numa_parse_bitmap(char *line, struct bitmask *mask);

TEST(bitmap_lines, ROW(parse_bitmap_is_strict))
{
	static const struct { const char *line; unsigned size; int bits[4]; } table[] = {
		{"0\n", 64, {-1}},
		{"1\n", 64, {0, -1}},
		{"80000001\n", 64, {0, 31, -1}},
		{"00000001,00000000\n", 64, {32, -1}},
		{"1,00000000,00000000\n", 128, {64, -1}},
		{"80000000,00000000,00000000,00000001\n", 128, {0, 127, -1}},
		{"F,a\n", 64, {1, 3, 32, 33}},
		{"0,0,0,00000001\n", 1, {0, -1}},
		{"1\n", 8192, {0, -1}},
		{"2\njunk", 64, {1, -1}},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bitmask *mask = numa_bitmask_alloc(table[i].size);
		struct set set = {{0}};
		char line[128];

		if (i == 6) {
			add(&set, 34);
			add(&set, 35);
		}
		for (int n = 0; n < 4 && table[i].bits[n] >= 0; n++)
			add(&set, table[i].bits[n]);
		strcpy(line, table[i].line);
		numa_bitmask_setall(mask);
		EQUAL(numa_parse_bitmap(line, mask), 0);
		CHECK(holds(mask, &set), "%s %s", table[i].line, text_of(mask));
		CHECK(!strcmp(line, table[i].line), "the line has changed to %s", line);
		numa_bitmask_free(mask);
	}
}

TEST(bitmap_lines_that_are_wrong, ROW(parse_bitmap_is_strict))
{
	static const char *const table[] = {
		"1", "", ",\n", "1,\n", ",1\n", "1,,1\n", "0x1\n", "g\n", " 1\n", "1 \n", "-1\n",
		"100000000\n", "1,100000000\n",
	};
	struct bitmask *mask = numa_bitmask_alloc(64);
	char line[32];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		strcpy(line, table[i]);
		CHECK(numa_parse_bitmap(line, mask) == -1, "`%s'", table[i]);
	}
	strcpy(line, "1,00000000\n");
	numa_bitmask_free(mask);
	mask = numa_bitmask_alloc(32);
	EQUAL(numa_parse_bitmap(line, mask), -1);
	numa_bitmask_free(mask);
	mask = numa_bitmask_alloc(33);
	EQUAL(numa_parse_bitmap(line, mask), 0);
	CHECK(holds_only(mask, 32, -1), "%s", text_of(mask));
	EQUAL(numa_parse_bitmap(NULL, mask), -1);
	EQUAL(numa_parse_bitmap(line, NULL), -1);
	numa_bitmask_free(mask);
}

/* As the kernel writes them: whole words, of which the first may be short. */
TEST(bitmap_lines_of_the_kernel)
{
	static const unsigned sizes[] = {32, 64, 96, 128, 256, 1024};
	unsigned state = 1;

	for (int i = 0; i < 600; i++) {
		unsigned size = sizes[i % 6], groups = size / 32;
		struct bitmask *mask = numa_bitmask_alloc(size);
		struct set set = {{0}};
		char line[512] = "";

		for (unsigned group = groups; group-- > 0;) {
			state = state * 1664525 + 1013904223;
			unsigned word = state % 3 ? state ^ state >> 9 : 0;
			for (unsigned bit = 0; bit < 32; bit++)
				if (word >> bit & 1)
					add(&set, 32 * group + bit);
			sprintf(line + strlen(line), group + 1 == groups && i % 2 ? "%x" : i % 4 ? "%08x" : "%08X", word);
			strcat(line, group ? "," : "\n");
		}
		EQUAL(numa_parse_bitmap(line, mask), 0);
		CHECK(holds(mask, &set), "%s %s", line, text_of(mask));
		numa_bitmask_free(mask);
	}
}

TEST(bitmap_lines_that_are_junk)
{
	static const char *const junk[] = {"g\n", "x\n", "1 \n", "1", "ff", "00000000,00000001", "", "1,0000000g\n",
					   "g,00000001\n", "1;00000002\n", "1, 00000001\n", "00000001,x\n"};
	static const unsigned sizes[] = {32, 64, 128, 1024};

	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			struct bitmask *mask = numa_bitmask_alloc(sizes[s]);
			char line[64];

			strcpy(line, junk[i]);
			CHECK(numa_parse_bitmap(line, mask) == -1, "%u bits: `%s'", sizes[s], junk[i]);
			numa_bitmask_free(mask);
		}
}

/* Whatever stands in a string, the answer is a mask within the set, or NULL. Names of hosts are left out:
 * a resolver takes its time for them. */
TEST(invented_strings, ROW_WHERE(with_counts_that_are_not_allowed, complement_within_the_allowed_ids))
{
	static const char *const parts[] = {
		"0", "1", "2", "7", "-", ",", "!", "+", "all", " ", "0x1", "08", "-1", "x", "file:/",
		"pci:", "block:", "netdev:lo", "4294967296", "\xff", "",
	};
	unsigned state = 1;

	capture();
	for (int i = 0; i < 3000; i++) {
		char text[256] = "";
		struct bitmask *mask;

		for (unsigned n = 0; n < 1 + state % 6; n++) {
			state = state * 1664525 + 1013904223;
			strcat(text, parts[(state >> 16) % (sizeof(parts) / sizeof(parts[0]))]);
		}
		state = state * 1664525 + 1013904223;
		/* The reference counts up to it, for seconds: large_numbers_are_refused_and_named_in_full. */
		if (on_reference() && strstr(text, "-4294967296"))
			continue;
		mask = numa_parse_nodestring(text);
		for (unsigned n = 0; mask && n < mask->size; n++)
			CHECK(!numa_bitmask_isbitset(mask, n) ||
			      numa_bitmask_isbitset(numa_all_nodes_ptr, n), "%s", text);
		numa_bitmask_free(mask);
		numa_bitmask_free(numa_parse_nodestring_all(text));
		numa_bitmask_free(numa_parse_cpustring(text));
		numa_bitmask_free(numa_parse_cpustring_all(text));
	}
	captured();
}
