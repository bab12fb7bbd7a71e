/*
 * How much stack each exported function takes: fibers have 12 KiB, some threads 16 KiB. A fiber's
 * stack is painted, the function is called on it, and what is no longer painted was used. No
 * function may take more than OWN bytes beyond what libc needs for the calls that it makes.
 *
 * STACK_FIGURES=1 in the environment has the figures printed.
 */
#include "functions.h"
#include "fake_status.h"

#include <dirent.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <ucontext.h>

#define OWN 6144

OURS_ALONE("what ours needs is limited")

/* ---- fibers --------------------------------------------------------------------------------- */

#define ROOM (128 * 1024)
#define PAINT 0xa5

static ucontext_t fiber, caller;
static void (*to_run)(void);

static void enter(void)
{
	to_run();
}

/* Below the stack is a page that nobody may touch. */
static unsigned char *new_stack(size_t size)
{
	unsigned char *area = mmap(NULL, size + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED || mprotect(area, page(), PROT_NONE))
		abort();
	return area + page();
}

static void on_fiber(void (*run)(void), unsigned char *stack, size_t size)
{
	to_run = run;
	if (getcontext(&fiber))
		abort();
	fiber.uc_stack.ss_sp = stack;
	fiber.uc_stack.ss_size = size;
	fiber.uc_link = &caller;
	makecontext(&fiber, enter, 0);
	if (swapcontext(&caller, &fiber))
		abort();
}

static size_t painted_away(void (*run)(void))
{
	static unsigned char *stack, whole[4096];
	static size_t lowest;

	if (!stack) {
		stack = new_stack(ROOM);
		memset(whole, PAINT, sizeof(whole));
	}
	/* What the last call left painted is so still; and memcmp is quick in an emulated machine, too. */
	memset(stack + lowest, PAINT, ROOM - lowest);
	on_fiber(run, stack, ROOM);
	lowest = 0;
	while (lowest < ROOM && !memcmp(stack + lowest, whole, sizeof(whole)))
		lowest += sizeof(whole);
	while (lowest < ROOM && stack[lowest] == PAINT)
		lowest++;
	return ROOM - lowest;
}

static void nothing_at_all(void)
{
}

/* Bytes of stack that a call takes, without those of the fiber itself. */
static size_t taken(void (*run)(void))
{
	size_t empty = painted_away(nothing_at_all), used = painted_away(run);

	return used > empty ? used - empty : 0;
}

struct cost {
	size_t first, later;
	int ended;
	/* Whether it wrote to stderr. */
	int printed;
};

static void more_arguments(void);

/* What a call takes in a process that has not made it yet, and what it takes there from then on. */
static struct cost cost_of(void (*run)(void))
{
	struct cost *told = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), cost;

	if (told == MAP_FAILED)
		abort();
	told->ended = IN_CHILD(dup2(memfd_create("stderr", 0), 2); more_arguments(); told->first = taken(run);
			       told->later = taken(run); told->printed = lseek(2, 0, SEEK_END) > 0; leave(0));
	cost = *told;
	munmap(told, page());
	return cost;
}

static size_t most(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* ---- what libc takes ------------------------------------------------------------------------ */

static char buffer[16 * 1024];

static void libc_heap(void)
{
	void *blocks[] = {malloc(100), calloc(1, 1024), malloc(5000), calloc(100, 100)};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		free(blocks[i]);
}

static void libc_files(void)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC), dir = open("/", O_RDONLY | O_DIRECTORY);
	int below = openat(dir, "proc", O_RDONLY | O_DIRECTORY);
	struct stat status;

	if (read(fd, buffer, sizeof(buffer)) > 0)
		buffer[0] = 0;
	close(fd);
	close(dir);
	close(below);
	if (readlink("/proc/self/exe", buffer, sizeof(buffer)) > 0)
		buffer[0] = 0;
	if (!stat("/", &status))
		buffer[0] = 0;
}

static void libc_directories(void)
{
	DIR *dir = opendir(NODE_DIR);

	if (dir) {
		while (readdir(dir))
			;
		closedir(dir);
	}
}

static void libc_calls(void)
{
	syscall(SYS_getppid);
	sched_getaffinity(0, sizeof(buffer), (cpu_set_t *)(void *)buffer);
	munmap(mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1);
	memset(buffer, 0, sizeof(buffer));
#if !IS_STATIC
	dlsym(RTLD_DEFAULT, "numa_exit_on_error");
#endif
}

static void libc_counts(void)
{
	buffer[0] = (char)sysconf(_SC_NPROCESSORS_CONF);
	buffer[1] = (char)sysconf(_SC_NPROCESSORS_ONLN);
}

static void libc_warns(void)
{
	snprintf(buffer, sizeof(buffer), "%d %s %g %x", 1, "two", 3.0, 4);
	fputs(buffer, stderr);
}

/* perror(3) takes more where something was printed before. */
static void libc_errors(void)
{
	fputs("numa_warn", stderr);
	errno = EINVAL;
	perror("numa_error");
}

static void libc_resolves(void)
{
#if !IS_STATIC
	struct addrinfo *found = NULL;

	if (!getaddrinfo("127.0.0.1", NULL, NULL, &found))
		freeaddrinfo(found);
#endif
}

/* What a function needs of libc: files and memory, as nearly all; the number of CPUs; a warning;
 * a warning about an address; perror(3), which before glibc 2.37 takes more than 8 KiB. */
enum kind { FILES, COUNTS, WARNS, RESOLVES, ERRORS, KINDS };
static size_t libc_part[KINDS];

static size_t libc_takes(const char *what, void (*run)(void))
{
	struct cost cost = cost_of(run);

	if (getenv("STACK_FIGURES"))
		printf("# libc's %s: %zu, then %zu\n", what, cost.first, cost.later);
	return most(cost.first, cost.later);
}

static void measure_libc(void)
{
	size_t basic = most(most(libc_takes("heap", libc_heap), libc_takes("files", libc_files)),
			    most(libc_takes("directories", libc_directories), libc_takes("calls", libc_calls)));

	libc_part[FILES] = basic;
	libc_part[COUNTS] = most(basic, libc_takes("counts", libc_counts));
	libc_part[WARNS] = most(basic, libc_takes("warnings", libc_warns));
	libc_part[RESOLVES] = most(libc_part[WARNS], libc_takes("addresses", libc_resolves));
	libc_part[ERRORS] = most(libc_part[WARNS], libc_takes("errors", libc_errors));
}

/* ---- calls that fail ------------------------------------------------------------------------ */

static struct bitmask *one_bit, *last_node;
static char long_text[2048];

static void more_arguments(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	arguments();
	one_bit = numa_bitmask_alloc(1);
	last_node = one_node(numa_num_possible_nodes() - 1);
	memset(long_text, 'x', sizeof(long_text) - 1);
}

#define FAILURES                                                                                            \
	FAILURE(mask_of_no_bits, ERRORS, numa_bitmask_alloc(0))                                             \
	FAILURE(a_warning, WARNS, numa_warn(1, "%d %s %g", 1, "two", 3.0))                                  \
	FAILURE(a_long_warning, WARNS, numa_warn(1, "%s", long_text))                                       \
	FAILURE(node_string, WARNS, numa_parse_nodestring("junk"))                                          \
	FAILURE(node_out_of_range, WARNS, numa_parse_nodestring("99999"))                                   \
	FAILURE(long_node_string, WARNS, numa_parse_nodestring(long_text))                                  \
	FAILURE(any_node_string, WARNS, numa_parse_nodestring_all("0,junk"))                                \
	FAILURE(network_device, WARNS, numa_parse_nodestring("netdev:no-such-name"))                        \
	FAILURE(block_device, WARNS, numa_parse_nodestring("block:no-such-name"))                           \
	FAILURE(missing_file, WARNS, numa_parse_nodestring("file:/no/such/file"))                           \
	FAILURE(file_on_no_device, WARNS, numa_parse_nodestring("file:/proc/self/status"))                  \
	FAILURE(pci_device, WARNS, numa_parse_nodestring("pci:ffff:ff:1f.7"))                               \
	FAILURE(cpu_string, WARNS, numa_parse_cpustring("junk"))                                            \
	FAILURE(long_cpu_string, WARNS, numa_parse_cpustring(long_text))                                    \
	FAILURE(cpu_out_of_range, WARNS, numa_parse_cpustring_all("99999"))                                 \
	FAILURE(missing_node, WARNS, numa_run_on_node(numa_num_possible_nodes() - 1))                       \
	FAILURE(missing_nodes, ERRORS, numa_run_on_node_mask(last_node))                                    \
	FAILURE(any_missing_nodes, ERRORS, numa_run_on_node_mask_all(last_node))                            \
	FAILURE(no_nodes, ERRORS, numa_run_on_node_mask(numa_no_nodes_ptr))                                 \
	FAILURE(bind_to_no_nodes, ERRORS, numa_bind(numa_no_nodes_ptr))                                     \
	FAILURE(cpus_of_a_missing_node, FILES, numa_node_to_cpus(100000, cpus))                             \
	FAILURE(cpus_into_one_bit, ERRORS, numa_node_to_cpus(0, one_bit))                                   \
	FAILURE(missing_cpu, FILES, numa_node_of_cpu(1 << 20))                                              \
	FAILURE(distance_of_a_missing_node, FILES, numa_distance(0, 100000))                                \
	FAILURE(size_of_a_missing_node, FILES, numa_node_size64(100000, NULL))                              \
	FAILURE(membind_to_no_nodes, ERRORS, numa_set_membind(numa_no_nodes_ptr))                           \
	FAILURE(preferred_missing_node, ERRORS, numa_set_preferred(100000))                                 \
	FAILURE(preferred_no_nodes, ERRORS, numa_set_preferred_many(numa_no_nodes_ptr))                     \
	FAILURE(memory_on_a_missing_node, ERRORS,                                                           \
		numa_free(numa_alloc_onnode(BYTES, numa_num_possible_nodes() - 1), BYTES))                  \
	FAILURE(memory_from_mid_page, ERRORS, numa_tonode_memory(memory + 1, BYTES, 0))                     \
	FAILURE(interleaved_from_mid_page, ERRORS, numa_interleave_memory(memory + 1, BYTES, nodes))        \
	FAILURE(migration_of_nobody, FILES, numa_migrate_pages(-1, nodes, nodes))                           \
	FAILURE(pages_of_nobody, FILES, numa_move_pages(-1, 1, pages, NULL, status, 0))                     \
	FAILURE(bitmap, FILES, numa_parse_bitmap((char[]){"junk\n"}, some))                                 \
	FAILURE_OF_DYNAMIC(address, RESOLVES, numa_parse_nodestring("ip:127.0.0.1"))

/* A static program's getaddrinfo opens libraries. */
#if IS_STATIC
#define FAILURE_OF_DYNAMIC(...)
#else
#define FAILURE_OF_DYNAMIC(...) FAILURE(__VA_ARGS__)
#endif

#define FAILURE(name, kind, ...) \
	static void fail_##name(void) { __VA_ARGS__; }
FAILURES
#undef FAILURE

static const struct {
	const char *name;
	enum kind kind;
	void (*call)(void);
} failures[] = {
#define FAILURE(name, kind, ...) {#__VA_ARGS__, kind, fail_##name},
	FAILURES
#undef FAILURE
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum kind kind_of(const char *function)
{
	if (!strcmp(function, "numa_error"))
		return ERRORS;
	if (!strcmp(function, "numa_warn"))
		return WARNS;
	return strcmp(function, "numa_num_configured_cpus") ? FILES : COUNTS;
}

/* A cpuset may have no node with CPUs, or the kernel lacks a policy: then the function complains. */
static enum kind kind_there(const char *name, void (*call)(void))
{
	enum kind kind = kind_of(name);

	return kind < WARNS && cost_of(call).printed ? ERRORS : kind;
}

static void limited(const char *name, enum kind kind, void (*call)(void))
{
	struct cost cost = cost_of(call);

	if (getenv("STACK_FIGURES"))
		printf("# %6zu %6zu  %s\n", cost.first, cost.later, name);
	CHECK(left_well(cost.ended), "%s: ended with %#x", name, (unsigned)cost.ended);
	CHECK(cost.first <= OWN + libc_part[kind], "%s: its first call takes %zu bytes, more than %d and libc's %zu", name,
	      cost.first, OWN, libc_part[kind]);
	CHECK(cost.later <= OWN + libc_part[kind], "%s: a later call takes %zu bytes, more than %d and libc's %zu", name,
	      cost.later, OWN, libc_part[kind]);
}

static void each_is_limited(void)
{
	measure_libc();
	for (size_t i = 0; i < COUNT(functions); i++)
		limited(functions[i].name, kind_there(functions[i].name, functions[i].call), functions[i].call);
	for (size_t i = 0; i < COUNT(failures); i++)
		limited(failures[i].name, failures[i].kind, failures[i].call);
}

/* ---- small stacks --------------------------------------------------------------------------- */

static void on_12_kib(void (*call)(void))
{
	on_fiber(call, new_stack(12 * 1024), 12 * 1024);
}

static void *thread_start(void *call)
{
	((void (*)(void))call)();
	return NULL;
}

static void on_a_small_thread(void (*call)(void))
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	/* A libc whose threads cannot be as small says what the smallest is. */
	if (pthread_attr_setstacksize(&attributes, 16 * 1024) &&
	    pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN)))
		abort();
	if (pthread_create(&thread, &attributes, thread_start, (void *)call))
		abort();
	pthread_join(thread, NULL);
}

/* Each call twice, in a process of its own, where libc does not need most of the stack. */
static void each_survives(void (*there)(void (*call)(void)))
{
	for (size_t i = 0; i < COUNT(functions) + COUNT(failures); i++) {
		int is_failure = i >= COUNT(functions);
		const char *name = is_failure ? failures[i - COUNT(functions)].name : functions[i].name;
		void (*call)(void) = is_failure ? failures[i - COUNT(functions)].call : functions[i].call;
		int ended;

		if ((is_failure ? failures[i - COUNT(functions)].kind : kind_there(name, call)) > WARNS)
			continue;
		ended = IN_CHILD(more_arguments(); there(call); there(call); leave(0));
		CHECK(left_well(ended), "%s: %s", name, WIFSIGNALED(ended) ? strsignal(WTERMSIG(ended)) : "bad exit status");
	}
}

/* ---- machines ------------------------------------------------------------------------------- */

static const char *measurable(void)
{
	return under("valgrind") || UNDER_ASAN ? "other tools take stack of their own" : NULL;
}

static const char *bound_at_load(void)
{
	setenv("LD_BIND_NOW", "1", 1);
	return measurable();
}

/* A machine of 1024 nodes with eight CPUs each. */
#define NODES 1024
#define CPUS 8192

/* The kernel's answer to sched_getaffinity(2), which has 8192 bits there: another process gives it. */
static const char *many_cpus(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_getaffinity, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {COUNT(code), code};
	pid_t parent = getpid();
	int listener;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return "the kernel takes no seccomp filter";
	listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0)
		return "the kernel takes no seccomp filter with a listener";
	if (fork()) {
		close(listener);
		return NULL;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	for (int fd = 0; fd < 256; fd++)
		if (fd != listener)
			close(fd);
	for (;;) {
		struct seccomp_notif question = {0};
		struct seccomp_notif_resp answer = {0};
		static unsigned char ones[CPUS / 8];
		struct iovec from = {ones, sizeof(ones)}, to;

		memset(ones, 0xff, sizeof(ones));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question)) {
			if (errno == EINTR || errno == ENOENT)
				continue;
			_exit(1);
		}
		to = (struct iovec){(void *)(uintptr_t)question.data.args[2], sizeof(ones)};
		answer.id = question.id;
		if (question.data.args[1] < sizeof(ones))
			answer.error = -EINVAL;
		else if (process_vm_writev((pid_t)question.pid, &from, 1, &to, 1, 0) == (ssize_t)sizeof(ones))
			answer.val = sizeof(ones);
		else
			answer.error = -EFAULT;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static void repeat(char *text, const char *part, const char *between, int times)
{
	*text = 0;
	for (int i = 0; i < times; i++)
		text += sprintf(text, "%s%s", i ? between : "", part);
}

static void put_big_node(int node, const char *cpumap, const char *distances)
{
	char path[128], text[128];

	snprintf(path, sizeof(path), NODE_DIR "/node%d/cpumap", node);
	put(path, cpumap);
	snprintf(path, sizeof(path), NODE_DIR "/node%d/distance", node);
	put(path, distances);
	snprintf(path, sizeof(path), NODE_DIR "/node%d/meminfo", node);
	snprintf(text, sizeof(text), "Node %d MemTotal:       1000 kB\nNode %d MemFree:        500 kB\n", node, node);
	put(path, text);
}

static const char *many_nodes(void)
{
	static char distances[NODES * 4], cpumap[CPUS / 32 * 9 + 2], nodes[NODES / 32 * 9], all_cpus[CPUS / 32 * 9];
	const char *cannot = measurable();
	int kernel_bits;
	struct set set;

	if (cannot || (cannot = no_nodes_yet()))
		return cannot;
	kernel_bits = status_map("Mems_allowed:", &set);
	if (kernel_bits < NODES)
		return "this kernel has room for fewer than 1024 nodes";
	repeat(distances, "10", " ", NODES);
	strcat(distances, "\n");
	for (int node = 0; node < NODES; node++) {
		/* Eight CPUs are two digits; the first word is the last one of the text. */
		repeat(cpumap, "00000000", ",", CPUS / 32);
		cpumap[(CPUS / 32 - 1 - node / 4) * 9 + 6 - 2 * (node % 4)] = 'f';
		cpumap[(CPUS / 32 - 1 - node / 4) * 9 + 7 - 2 * (node % 4)] = 'f';
		strcat(cpumap, "\n");
		put_big_node(node, cpumap, distances);
	}
	put(NODE_DIR "/possible", "0-1023\n");
	put(NODE_DIR "/online", "0-1023\n");
	cannot = cover("/sys/devices/system/cpu");
	if (cannot)
		return cannot;
	put("/sys/devices/system/cpu/possible", "0-8191\n");
	put("/sys/devices/system/cpu/present", "0-8191\n");
	put("/sys/devices/system/cpu/online", "0-8191\n");
	repeat(nodes, "ffffffff", ",", NODES / 32);
	repeat(all_cpus, "ffffffff", ",", CPUS / 32);
	cannot = fake_status(all_cpus, nodes);
	return cannot ? cannot : many_cpus();
}

static const char *many_nodes_bound_at_load(void)
{
	const char *cannot = bound_at_load();

	return cannot ? cannot : many_nodes();
}

/* ---- the tests ------------------------------------------------------------------------------ */

/* Whether calls of other libraries are bound at load, in this program: then libc's part does not
 * hold what it takes to bind one. */
static int bound_now(void)
{
#if !IS_STATIC
	extern ElfW(Dyn) _DYNAMIC[];

	for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++)
		if ((entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_BIND_NOW) ||
		    (entry->d_tag == DT_FLAGS_1 && entry->d_un.d_val & DF_1_NOW))
			return 1;
#endif
	return 0;
}

TEST_IN(bound_at_load, stack_of_each_function)
{
	each_is_limited();
}

TEST_IN(measurable, stack_of_each_function_bound_lazily)
{
	SKIP_IF(bound_now(), "programs are bound at load here");
	each_is_limited();
}

TEST_IN(measurable, fibers_of_12_kib)
{
	each_survives(on_12_kib);
}

TEST_IN(measurable, threads_of_16_kib)
{
	each_survives(on_a_small_thread);
}

TEST_IN(many_nodes_bound_at_load, stack_of_each_function_on_1024_nodes)
{
	int seen = IN_CHILD(EQUAL(numa_num_configured_nodes(), NODES); EQUAL(numa_num_possible_cpus(), CPUS);
			    EQUAL(numa_node_of_cpu(CPUS - 1), NODES - 1));

	CHECK(seen == 0, "another machine is seen");
	each_is_limited();
}

TEST_IN(many_nodes, fibers_of_12_kib_on_1024_nodes)
{
	each_survives(on_12_kib);
}

TEST_IN(many_nodes, threads_of_16_kib_on_1024_nodes)
{
	each_survives(on_a_small_thread);
}

/* The measure sees what is taken. */
static void takes_5000(void)
{
	volatile char taken[5000];

	taken[0] = 1;
	(void)taken[0];
}

TEST_IN(measurable, the_measure_is_right)
{
	size_t bytes = taken(takes_5000);

	CHECK(bytes >= 5000 && bytes < 5400, "%zu", bytes);
}
