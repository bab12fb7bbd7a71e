/*
 * Tests for most rows of docs/differences.md: where the library differs from the reference on
 * purpose. The program brings its own mbind, set_mempolicy, get_mempolicy and migrate_pages,
 * which record what the library passes to them and ask the kernel; so this does not need a
 * machine with many nodes.
 */
#include "machine.h"
#include "fake.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#define PAGES 16
#define SIZE (PAGES * page())

extern int numa_parse_bitmap(char *line, struct bitmask *mask);

static struct {
	int calls, mode;
	unsigned long maxnode;
	struct set nodes, to;
} seen_mbind, seen_set, seen_migrate;

/* Set by tests that want the library to see a success whatever the kernel says. */
static int pretend;

static void read_mask(struct set *set, const unsigned long *words, unsigned long maxnode)
{
	memset(set, 0, sizeof(*set));
	for (unsigned long n = 0; words && n + 1 < maxnode && n < BITS; n++)
		if (words[n / LONG_BITS] >> (n % LONG_BITS) & 1)
			add(set, (long)n);
}

long mbind(void *start, unsigned long len, int mode, const unsigned long *mask, unsigned long maxnode,
	   unsigned flags)
{
	seen_mbind.calls++;
	seen_mbind.mode = mode;
	seen_mbind.maxnode = maxnode;
	read_mask(&seen_mbind.nodes, mask, maxnode);
	return pretend ? 0 : syscall(SYS_mbind, start, len, mode, mask, maxnode, flags);
}

long set_mempolicy(int mode, const unsigned long *mask, unsigned long maxnode)
{
	seen_set.calls++;
	seen_set.mode = mode;
	seen_set.maxnode = maxnode;
	read_mask(&seen_set.nodes, mask, maxnode);
	return pretend ? 0 : syscall(SYS_set_mempolicy, mode, mask, maxnode);
}

long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from, const unsigned long *to)
{
	seen_migrate.calls++;
	seen_migrate.maxnode = maxnode;
	read_mask(&seen_migrate.nodes, from, maxnode);
	read_mask(&seen_migrate.to, to, maxnode);
	return pretend ? 0 : syscall(SYS_migrate_pages, pid, maxnode, from, to);
}

static void *old(const char *name)
{
	SKIP_WITHOUT_VERSIONS;
	void *found = dlvsym(RTLD_DEFAULT, name, "libnuma_1.1");
	if (!found) {
		CHECK(0, "no %s@libnuma_1.1", name);
		exit(1);
	}
	return found;
}

static nodemask_t old_of(int node)
{
	nodemask_t mask;

	nodemask_zero(&mask);
	nodemask_set_compat(&mask, node);
	return mask;
}

/* ---- the interface -------------------------------------------------------------------------- */

DIFFERS(home_node_call_is_exported)
{
	int known = !(syscall(SYS_set_mempolicy_home_node, 0UL, 0UL, 0UL, 0UL) && errno == ENOSYS);
	char *memory = fresh(1);

	look();
	errno = 0;
	set_mempolicy_home_node(memory, page(), 0, 0);
	CHECK(known || errno == ENOSYS, "errno %d", errno);
	if (HAS_VERSIONS)
		CHECK(dlvsym(RTLD_DEFAULT, "set_mempolicy_home_node", "libnuma_ext_1"), "not in libnuma_ext_1");
	munmap(memory, page());
}

static const char *anew(void)
{
	return NULL;
}

static const char *on_the_last_node(void)
{
	look();
	return in_cpuset(last(&machine.usable));
}

DIFFERS_IN(on_the_last_node, preferred_many_is_probed_without_node_0)
{
	SKIP_IF(!kernel_has(MPOL_PREFERRED_MANY), "the kernel has no preferred-many policy (5.15)");
	SKIP_IF(numa_bitmask_isbitset(numa_all_nodes_ptr, 0), "node 0 is the only one");
	QUIET(EQUAL(numa_has_preferred_many(), 1));
	QUIET(numa_set_preferred_many(numa_all_nodes_ptr));
	EQUAL(policy_of(NULL).mode, MPOL_PREFERRED_MANY);
}

DIFFERS_IN(anew, no_policy_changes_on_load)
{
	EQUAL(seen_set.calls, 0);
	EQUAL(numa_num_possible_nodes() > 0, 1);
	EQUAL(seen_set.calls, 0);
}

DIFFERS(probes_leave_the_policy_alone)
{
	numa_has_preferred_many();
	numa_has_home_node();
	numa_available();
	EQUAL(seen_set.calls, 0);
	numa_set_bind_policy(0);
	numa_free(numa_alloc_onnode(SIZE, 0), SIZE);
	EQUAL(seen_set.calls, 0);
}

DIFFERS(exported_masks_cannot_be_freed)
{
	struct bitmask *all = numa_all_nodes_ptr;
	unsigned weight = numa_bitmask_weight(all);

	numa_bitmask_free(numa_all_nodes_ptr);
	numa_bitmask_free(numa_no_nodes_ptr);
	numa_bitmask_free(numa_nodes_ptr);
	numa_bitmask_free(numa_all_cpus_ptr);
	EQUAL(numa_bitmask_weight(all), weight);
	EQUAL(numa_bitmask_weight(numa_no_nodes_ptr), 0);
	struct bitmask *mask = numa_parse_nodestring("all");
	EQUAL(numa_bitmask_equal(mask, all), 1);
	numa_bitmask_free(mask);
}

/* ---- sizes and sets ------------------------------------------------------------------------- */

static const char *nodes_0_8(void)
{
	return on_machine("0-8");
}

DIFFERS_IN(empty_sys, one_node_without_sys)
{
	EQUAL(numa_num_configured_nodes(), 1);
	EQUAL(numa_max_node(), 0);
	CHECK(holds_only(numa_nodes_ptr, 0, -1), "%s", text_of(numa_nodes_ptr));
}

DIFFERS_IN(nodes_0_8, memoryless_nodes_are_configured)
{
	EQUAL(numa_num_configured_nodes(), 2);
}

DIFFERS_BARE(no_sys_no_proc, task_counts_are_never_negative)
{
	CHECK(numa_num_task_nodes() >= 1, "%d", numa_num_task_nodes());
	CHECK(numa_num_thread_nodes() >= 1, "%d", numa_num_thread_nodes());
	CHECK(numa_num_task_cpus() >= 1, "%d", numa_num_task_cpus());
	CHECK(numa_num_thread_cpus() >= 1, "%d", numa_num_thread_cpus());
	EQUAL(numa_num_task_nodes(), numa_bitmask_weight(numa_all_nodes_ptr));
}

DIFFERS_IN(nodes_0_8, old_all_nodes_holds_the_ids)
{
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), n == 0 || n == 8);
}

static const char *nodes_up_to_200(void)
{
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	for (int node = 0; node < 200; node++)
		put_node(node, "0\n", "10\n", 1000);
	return NULL;
}

DIFFERS_IN(nodes_up_to_200, old_all_nodes_is_never_overrun)
{
	for (int n = 0; n < NUMA_NUM_NODES; n++)
		EQUAL(nodemask_isset_compat(&numa_all_nodes, n), n < 200);
	EQUAL(nodemask_equal(&numa_no_nodes, &(nodemask_t){{0}}), 1);
	EQUAL(numa_exit_on_error | numa_exit_on_warn | numa_fail_alloc_on_error, 0);
	EQUAL(numa_bitmask_weight(numa_no_nodes_ptr), 0);
}

/* ---- masks ---------------------------------------------------------------------------------- */

DIFFERS(bitmask_alloc_of_zero_returns)
{
	PRINTS("request to allocate mask for invalid number: Invalid argument\n",
	       FAILS((intptr_t)numa_bitmask_alloc(0), 0, EINVAL));
}

DIFFERS(bitmask_alloc_without_memory_returns)
{
	struct rlimit little = {64 << 20, 64 << 20};

	SKIP_IF(UNDER_ASAN || under("valgrind"), "the address space is not the program's alone");
	if (setrlimit(RLIMIT_AS, &little))
		SKIP("no limit");
	QUIET(FAILS((intptr_t)numa_bitmask_alloc(0xffffffffu), 0, ENOMEM));
	QUIET(FAILS((intptr_t)numa_bitmask_alloc(1u << 31), 0, ENOMEM));
}

DIFFERS(null_masks_are_empty_masks)
{
	struct bitmask *mask = mask_of(64, 3, -1);
	nodemask_t was = old_of(3);

	EQUAL(numa_bitmask_weight(NULL), 0);
	EQUAL(numa_bitmask_isbitset(NULL, 0), 0);
	copy_bitmask_to_bitmask(mask, NULL);
	copy_bitmask_to_nodemask(mask, NULL);
	copy_nodemask_to_bitmask(&was, NULL);
	copy_bitmask_to_nodemask(NULL, &was);
	EQUAL(nodemask_equal(&was, &numa_no_nodes), 1);
	copy_nodemask_to_bitmask(NULL, mask);
	EQUAL(numa_bitmask_weight(mask), 0);
	numa_bitmask_setall(mask);
	copy_bitmask_to_bitmask(NULL, mask);
	EQUAL(numa_bitmask_weight(mask), 0);
	copy_bitmask_to_bitmask(NULL, NULL);
	PRINTS("set_mempolicy: Invalid argument\n", numa_set_membind(NULL));
	EQUAL(numa_migrate_pages(0, NULL, NULL), -1);
	numa_bitmask_free(mask);
}

/* ---- strings -------------------------------------------------------------------------------- */

/* What a call prints, in a child: each reason is printed only once. */
static int says(struct bitmask *(*parse)(const char *), const char *string, const char *wanted)
{
	return IN_CHILD(
		       struct bitmask *mask;
		       capture();
		       errno = UNTOUCHED;
		       mask = parse(string);
		       const char *text = captured();
		       CHECK(!mask, "`%s' is accepted", string);
		       CHECK(wanted ? !strcmp(text, wanted) : !strncmp(text, "libnuma: Warning: ", 18),
			     "`%s': `%s'", string, text)) == 0;
}

DIFFERS(refused_strings_have_a_reason)
{
	static const char *const strings[] = {
		"0 ", "0x", "08", "0;0", "0-1-2", "0\n", "0-0:2", "0 ,0", "1e3", "0.0", "!", "+", "all ",
		"0,!0", "0-", ",0", "0,", "ALL", "x", "all,0",
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		CHECK(says(numa_parse_nodestring, strings[i], NULL), "`%s'", strings[i]);
		CHECK(says(numa_parse_nodestring_all, strings[i], NULL), "`%s'", strings[i]);
		CHECK(says(numa_parse_cpustring, strings[i], NULL), "`%s'", strings[i]);
		CHECK(says(numa_parse_cpustring_all, strings[i], NULL), "`%s'", strings[i]);
	}
}

DIFFERS(large_numbers_are_refused_and_named_in_full)
{
	CHECK(says(numa_parse_nodestring, "4294967296",
		   "libnuma: Warning: node argument 4294967296 is out of range\n\n"), "node");
	CHECK(says(numa_parse_nodestring_all, "4294967297",
		   "libnuma: Warning: node argument 4294967297 is out of range\n\n"), "node, all");
	CHECK(says(numa_parse_cpustring, "4294967296",
		   "libnuma: Warning: cpu argument 4294967296 is out of range\n\n"), "cpu");
	CHECK(says(numa_parse_cpustring_all, "4294967296",
		   "libnuma: Warning: cpu argument 4294967296 is out of range\n\n"), "cpu, all");
}

DIFFERS_IN(nodes_0_8, complement_within_the_ids_that_exist)
{
	struct bitmask *mask = numa_parse_nodestring_all("!8");

	CHECK(holds_only(mask, 0, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	mask = numa_parse_nodestring_all("!0");
	CHECK(holds_only(mask, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

/* The variable says what is allowed, here as in a cpuset. */
DIFFERS(complement_within_the_allowed_ids)
{
	struct bitmask *before = numa_all_nodes_ptr, *own = mask_of(1024, 3, 5, -1), *mask;

	numa_all_nodes_ptr = own;
	mask = numa_parse_nodestring("!3");
	CHECK(holds_only(mask, 5, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	mask = numa_parse_nodestring("!all");
	EQUAL(numa_bitmask_weight(mask), 0);
	numa_bitmask_free(mask);
	numa_all_nodes_ptr = before;
	numa_bitmask_free(own);
}

TEST_IN(on_the_last_node, complement_in_a_cpuset, ROW(complement_within_the_allowed_ids))
{
	struct bitmask *mask;
	struct set rest;
	char text[32];

	look();
	snprintf(text, sizeof(text), "!%d", next(&machine.allowed, -1));
	rest = machine.allowed;
	rest.words[next(&machine.allowed, -1) / 64] &= ~(1UL << (next(&machine.allowed, -1) % 64));
	mask = numa_parse_nodestring(text);
	CHECK(holds(mask, &rest), "%s: %s", text, text_of(mask));
	numa_bitmask_free(mask);
}

DIFFERS_IN(nodes_0_8, ids_in_gaps_are_refused)
{
	struct bitmask *mask = numa_parse_nodestring_all("all");

	CHECK(holds_only(mask, 0, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	CHECK(says(numa_parse_nodestring_all, "1", "libnuma: Warning: node argument 1 is out of range\n\n"), "1");
	CHECK(says(numa_parse_nodestring_all, "0-7", "libnuma: Warning: node argument 7 out of range\n\n"), "0-7");
	mask = numa_parse_nodestring_all("0-8");
	CHECK(holds_only(mask, 0, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

static const char *devices(void)
{
	const char *cannot;
	struct stat here;
	char text[128];

	if (stat("/tmp", &here))
		return "no /tmp";
	cannot = empty_sys();
	if (cannot)
		return cannot;
	put_node(0, "3\n", "10 20\n", 1000);
	put_node(8, "0\n", "20 10\n", 1000);
	put("/sys/devices/pci0000:00/0000:00:03.0/numa_node", "8\n");
	put("/sys/devices/pci0000:00/0000:00:03.0/net/eth1/mtu", "1500\n");
	put("/sys/devices/pci0000:00/0000:00:03.0/block/disk/size", "1\n");
	put("/sys/devices/pci0000:00/0000:00:04.0/numa_node", "1\n");
	put("/sys/devices/pci0000:00/0000:00:04.0/net/eth2/mtu", "1500\n");
	put_link("/sys/class/net/eth1", "../../devices/pci0000:00/0000:00:03.0/net/eth1");
	put_link("/sys/class/net/eth2", "../../devices/pci0000:00/0000:00:04.0/net/eth2");
	put_link("/sys/bus/pci/devices/0000:00:03.0", "../../../devices/pci0000:00/0000:00:03.0");
	put("/sys/devices/pci0000:00/0000:00:05.0/0000:05:00.0/numa_node", "0\n");
	put_link("/sys/bus/pci/devices/0000:05:00.0", "../../../devices/pci0000:00/0000:00:05.0/0000:05:00.0");
	snprintf(text, sizeof(text), "/sys/dev/block/%u:%u", major(here.st_dev), minor(here.st_dev));
	put_link(text, "../../devices/pci0000:00/0000:00:03.0/block/disk");
	return NULL;
}

DIFFERS_IN(devices, device_nodes_are_checked_against_the_set)
{
	struct bitmask *mask = numa_parse_nodestring_all("netdev:eth1");

	/* Node 8 is beyond the count of nodes, and exists; node 1 is below it, and does not. */
	CHECK(holds_only(mask, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	CHECK(says(numa_parse_nodestring_all, "netdev:eth2", NULL), "node 1");
}

DIFFERS_IN(devices, device_words_end_at_a_comma)
{
	struct bitmask *mask = numa_parse_nodestring_all("netdev:eth1,0");

	CHECK(holds_only(mask, 0, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	mask = numa_parse_nodestring_all("pci:0:3,0");
	CHECK(holds_only(mask, 0, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

DIFFERS_IN(devices, device_errors_leave_the_errno_of_the_failing_call)
{
	capture();
	FAILS((intptr_t)numa_parse_nodestring_all("netdev:nope"), 0, ENOENT);
	FAILS((intptr_t)numa_parse_nodestring_all("block:nope"), 0, ENOENT);
	FAILS((intptr_t)numa_parse_nodestring_all("file:/nonexistent"), 0, ENOENT);
	captured();
}

DIFFERS_IN(devices, pci_devices_behind_a_bridge_are_found)
{
	struct bitmask *mask = numa_parse_nodestring_all("pci:5:0");

	CHECK(mask && numa_bitmask_weight(mask) == 1 && numa_bitmask_isbitset(mask, 0), "%s", mask ? text_of(mask) : "NULL");
	numa_bitmask_free(mask);
}

DIFFERS_IN(devices, malformed_pci_addresses_are_refused)
{
	static const char *const words[] = {"pci:0:3x", "pci:0:3.0.0", "pci:0:3.8", "pci:0:20", "pci:100:3",
					    "pci:0:0:0:3", "pci: 0:3", "pci:0:-3", "pci::3"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char wanted[128];

		snprintf(wanted, sizeof(wanted), "libnuma: Warning: Cannot parse PCI device `%s'\n", words[i] + 4);
		CHECK(says(numa_parse_nodestring_all, words[i], wanted), "%s", words[i]);
	}
}

DIFFERS_IN(devices, files_are_found_by_their_own_device_numbers)
{
	struct bitmask *mask = numa_parse_nodestring_all("file:/tmp");
	struct stat here;
	char wanted[128];

	CHECK(holds_only(mask, 8, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	stat("/proc/self/status", &here);
	snprintf(wanted, sizeof(wanted),
		 "libnuma: Warning: Cannot find block device %x:%x in sysfs for `/proc/self/status'\n",
		 major(here.st_dev), minor(here.st_dev));
	CHECK(says(numa_parse_nodestring_all, "file:/proc/self/status", wanted), "%s", wanted);
}

DIFFERS(parse_bitmap_keeps_the_line)
{
	char line[] = "80000000,00000001\n";
	struct bitmask *mask = numa_bitmask_alloc(64);

	EQUAL(numa_parse_bitmap(line, mask), 0);
	CHECK(!strcmp(line, "80000000,00000001\n"), "%s", line);
	CHECK(holds_only(mask, 0, 63, -1), "%s", text_of(mask));
	EQUAL(numa_parse_bitmap((char *)"1\n", mask), 0);
	numa_bitmask_free(mask);
}

DIFFERS(parse_bitmap_is_strict)
{
	static const char *const lines[] = {"1,\n", ",1\n", "1,,1\n", "123456789\n", "0x1\n", " 1\n"};
	struct bitmask *mask = numa_bitmask_alloc(256);
	char line[64];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		strcpy(line, lines[i]);
		CHECK(numa_parse_bitmap(line, mask) == -1, "%s", line);
	}
	strcpy(line, "1,0\n");
	EQUAL(numa_parse_bitmap(line, mask), 0);
	CHECK(holds_only(mask, 32, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

DIFFERS(parse_bitmap_clears_the_rest)
{
	struct bitmask *mask = numa_bitmask_alloc(256);
	char line[] = "1\n", zeros[] = "0,0,0,1\n";

	numa_bitmask_setall(mask);
	EQUAL(numa_parse_bitmap(line, mask), 0);
	CHECK(holds_only(mask, 0, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
	/* Groups of zeros may be cut. */
	mask = numa_bitmask_alloc(1);
	EQUAL(numa_parse_bitmap(zeros, mask), 0);
	CHECK(holds_only(mask, 0, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

/* ---- policy and memory ---------------------------------------------------------------------- */

DIFFERS(old_masks_have_128_bits)
{
	void (*bind)(const nodemask_t *) = (void (*)(const nodemask_t *))(uintptr_t)old("numa_bind");
	void (*membind)(const nodemask_t *) = (void (*)(const nodemask_t *))(uintptr_t)old("numa_set_membind");
	void (*tonodemask)(void *, size_t, const nodemask_t *) =
		(void (*)(void *, size_t, const nodemask_t *))(uintptr_t)old("numa_tonodemask_memory");
	void *(*subset)(size_t, const nodemask_t *) =
		(void *(*)(size_t, const nodemask_t *))(uintptr_t)old("numa_alloc_interleaved_subset");
	int bits[] = {0, 15, 16, 63, 64, 127};

	pretend = 1;
	capture();
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		nodemask_t mask = old_of(bits[i]);
		struct set set = only(bits[i]);

		membind(&mask);
		CHECK(same_set(&seen_set.nodes, &set) && seen_set.maxnode == NUMA_NUM_NODES + 1, "set_membind %d", bits[i]);
		seen_set.nodes = nothing;
		bind(&mask);
		CHECK(same_set(&seen_set.nodes, &set) && seen_set.maxnode == NUMA_NUM_NODES + 1, "bind %d", bits[i]);
		tonodemask(NULL, 0, &mask);
		CHECK(same_set(&seen_mbind.nodes, &set) && seen_mbind.maxnode == NUMA_NUM_NODES + 1, "tonodemask %d", bits[i]);
		seen_mbind.nodes = nothing;
		numa_free(subset(SIZE, &mask), SIZE);
		CHECK(same_set(&seen_mbind.nodes, &set) && seen_mbind.maxnode == NUMA_NUM_NODES + 1, "subset %d", bits[i]);
	}
	captured();
}

DIFFERS(old_get_membind_leaves_all_nodes_alone)
{
	nodemask_t (*get)(void) = (nodemask_t(*)(void))(uintptr_t)old("numa_get_membind");
	nodemask_t all = numa_all_nodes, got;
	struct set set;

	look();
	set = only(machine.second);
	got = get();
	CHECK(nodemask_equal(&got, &all), "not all nodes without a bind policy");
	raw_policy(MPOL_PREFERRED, &set);
	got = get();
	CHECK(nodemask_equal(&got, &all), "not all nodes under MPOL_PREFERRED");
	raw_policy(MPOL_BIND, &set);
	get();
	CHECK(nodemask_equal(&numa_all_nodes, &all), "numa_all_nodes has changed");
}

DIFFERS(migrate_takes_masks_of_any_size)
{
	struct bitmask *from = mask_of(1, 0, -1), *to = mask_of(3, 2, -1);
	struct set zero = only(0), two = only(2);

	/* What lies behind them must not be read. */
	from->maskp[0] |= ~1UL;
	to->maskp[0] |= ~7UL;
	pretend = 1;
	EQUAL(numa_migrate_pages(0, from, to), 0);
	CHECK(same_set(&seen_migrate.nodes, &zero), "from");
	CHECK(same_set(&seen_migrate.to, &two), "to");
	CHECK(seen_migrate.maxnode == (unsigned long)numa_num_possible_nodes() + 1, "maxnode %lu",
	      seen_migrate.maxnode);
	numa_bitmask_free(from);
	numa_bitmask_free(to);
	from = mask_of(100000, 0, -1);
	to = mask_of(100000, 2, -1);
	EQUAL(numa_migrate_pages(0, from, to), 0);
	CHECK(same_set(&seen_migrate.nodes, &zero), "from");
	CHECK(same_set(&seen_migrate.to, &two), "to");
	numa_bitmask_free(from);
	numa_bitmask_free(to);
}

DIFFERS(police_memory_from_mid_page)
{
	char *memory = fresh(3);

	/* From the third quarter of the first page to the first byte of the third. */
	numa_police_memory(memory + page() * 3 / 4, page() + page() / 4 + 1);
	for (size_t i = 0; i < 3; i++)
		CHECK(place_of(memory + i * page()) >= 0, "page %zu: %d", i, place_of(memory + i * page()));
	munmap(memory, 3 * page());
}

DIFFERS(preferred_many_is_empty_under_interleave)
{
	struct bitmask *got;

	look();
	raw_policy(MPOL_INTERLEAVE, &machine.usable);
	QUIET(got = numa_preferred_many());
	EQUAL(numa_bitmask_weight(got), 0);
	numa_bitmask_free(got);
	raw_policy(MPOL_BIND, &machine.usable);
	QUIET(got = numa_preferred_many());
	CHECK(holds(got, &machine.usable), "%s", text_of(got));
	numa_bitmask_free(got);
}

DIFFERS(preferred_is_0_without_a_preferred_node)
{
	QUIET(EQUAL(numa_preferred(), 0));
	QUIET(EQUAL(numa_preferred_err(), -1));
	raw_policy(MPOL_LOCAL, NULL);
	QUIET(EQUAL(numa_preferred(), 0));
	QUIET(EQUAL(numa_preferred_err(), -1));
}

/* A policy with two nodes, whatever this machine has. */
static int two_nodes;

long get_mempolicy(int *mode, unsigned long *mask, unsigned long maxnode, void *at, unsigned flags)
{
	if (two_nodes && !flags) {
		*mode = two_nodes;
		mask[0] = 6;
		return 0;
	}
	return syscall(SYS_get_mempolicy, mode, mask, maxnode, at, flags);
}

DIFFERS(preferred_says_nothing_about_many_nodes)
{
	struct bitmask *got;

	numa_exit_on_error = 1;
	for (int i = 0; i < 2; i++) {
		two_nodes = i ? MPOL_BIND : MPOL_PREFERRED_MANY;
		QUIET(EQUAL(numa_preferred(), 1));
		QUIET(got = numa_preferred_many());
		CHECK(holds_only(got, 1, 2, -1), "%s", text_of(got));
		numa_bitmask_free(got);
	}
}

/* ---- CPUs ----------------------------------------------------------------------------------- */

DIFFERS(negative_nodes_are_out_of_range)
{
	struct bitmask *mask = numa_allocate_cpumask();

	QUIET(FAILS(numa_node_to_cpus(-1, mask), -1, ERANGE));
	QUIET(FAILS(numa_node_to_cpus(INT32_MIN, mask), -1, ERANGE));
	numa_bitmask_free(mask);
}

DIFFERS(run_on_negative_nodes_is_an_error)
{
	PRINTS("libnuma: Warning: Cannot read node cpumask from sysfs\n", FAILS(numa_run_on_node(-2), -1, ENOENT));
	QUIET(FAILS(numa_run_on_node(INT32_MIN), -1, ENOENT));
}

static const char *cpus_0_and_40(void)
{
	const char *cannot = no_nodes_yet();

	if (cannot)
		return cannot;
	put_node(0, "00000100,00000001\n", "10 20\n", 1000);
	put_node(1, "00000000,00000002\n", "20 10\n", 1000);
	return NULL;
}

DIFFERS_IN(cpus_0_and_40, short_cpu_masks_have_the_same_answer_each_time)
{
	struct bitmask *mask = numa_bitmask_alloc(32), *full = numa_allocate_cpumask();

	for (int i = 0; i < 4; i++) {
		PRINTS("map size mismatch: Invalid argument\n", FAILS(numa_node_to_cpus(0, mask), -1, EINVAL));
		/* Only zeros are cut. */
		QUIET(EQUAL(numa_node_to_cpus(1, mask), 0));
		CHECK(holds_only(mask, 1, -1), "%s", text_of(mask));
		if (i == 1)
			QUIET(EQUAL(numa_node_to_cpus(0, full), 0));
	}
	numa_bitmask_free(mask);
	numa_bitmask_free(full);
}

DIFFERS_IN(cpus_0_and_40, cpu_update_reaches_all_nodes)
{
	struct bitmask *mask = numa_allocate_cpumask();

	for (int node = 0; node < 2; node++)
		numa_node_to_cpus(node, mask);
	put_node(0, "4\n", "10 20\n", 1000);
	put_node(1, "8\n", "20 10\n", 1000);
	numa_node_to_cpu_update();
	EQUAL(numa_node_to_cpus(0, mask), 0);
	CHECK(holds_only(mask, 2, -1), "%s", text_of(mask));
	EQUAL(numa_node_to_cpus(1, mask), 0);
	CHECK(holds_only(mask, 3, -1), "%s", text_of(mask));
	numa_bitmask_free(mask);
}

/* Node 1 has the CPUs of this process and no memory; the real node 0 stays without CPUs. */
static const char *cpus_without_memory(void)
{
	static char map[8192];
	unsigned long words[AFFINITY_BYTES / sizeof(long)];
	long bytes = raw_affinity(words);
	const char *cannot = no_nodes_yet();
	char *at = map;

	if (cannot)
		return cannot;
	for (long i = bytes / 4 - 1; i >= 0; i--)
		at += sprintf(at, "%08x%c", ((unsigned *)words)[i], i ? ',' : '\n');
	look();
	put_node(0, "0\n", "10 20\n", 1000);
	put_node(1000, map, "20 10\n", 0);
	return NULL;
}

DIFFERS_IN(cpus_without_memory, run_on_a_node_without_memory)
{
	struct bitmask *mask;

	SKIP_IF(numa_num_possible_nodes() <= 1000, "the kernel has masks of %d nodes", numa_num_possible_nodes());
	mask = one_node(1000);
	QUIET(EQUAL(numa_run_on_node_mask(mask), 0));
	numa_bitmask_free(mask);
}

DIFFERS_IN(cpus_without_memory, run_node_mask_holds_nodes_without_memory)
{
	struct bitmask *got;

	SKIP_IF(numa_num_possible_nodes() <= 1000, "the kernel has masks of %d nodes", numa_num_possible_nodes());
	got = numa_get_run_node_mask();
	CHECK(holds_only(got, 1000, -1), "%s", text_of(got));
	numa_bitmask_free(got);
}

DIFFERS(run_node_mask_is_a_mask_of_nodes)
{
	struct bitmask *got = numa_get_run_node_mask();

	EQUAL(got->size, numa_num_possible_nodes());
	numa_bitmask_free(got);
}

/* ---- messages ------------------------------------------------------------------------------- */

DIFFERS(exit_on_warn_works)
{
	EXITS(1, numa_exit_on_warn = 1; numa_warn(3, (char *)"x"));
	EXITS(1, numa_exit_on_warn = 1; numa_parse_nodestring("x"));
}

DIFFERS(warnings_of_other_numbers_always_print)
{
	PRINTS("libnuma: Warning: 32\nlibnuma: Warning: 32\nlibnuma: Warning: 0\nlibnuma: Warning: -1\n"
	       "libnuma: Warning: 31\n",
	       numa_warn(32, (char *)"32"); numa_warn(32, (char *)"32"); numa_warn(0, (char *)"0");
	       numa_warn(-1, (char *)"-1"); numa_warn(31, (char *)"31"));
}

DIFFERS(numa_debug_tells_what_fails)
{
	setenv("NUMA_DEBUG", "1", 1);
	PRINTS("libnuma: numa_distance: invalid node\n", EQUAL(numa_distance(-1, 0), 0));
}
