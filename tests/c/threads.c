/*
 * Threads, forks, signals and the end of the process: each call may be the first one, from many
 * threads at once, in the child of a threaded program, and while exit handlers run.
 */
#include "machine.h"
#include <pthread.h>
#include <sys/time.h>

#define THREADS 12

static const char *anew(void)
{
	return NULL;
}

/* The answers of one thread to everything that may be asked. */
struct answers {
	int numbers[24];
	unsigned weights[16];
	int distances, sizes;
};

static void ask(struct answers *a, unsigned start)
{
	struct bitmask *mask;
	int n = 0;

	memset(a, 0, sizeof(*a));
	/* Another thread begins elsewhere, so that each call is somebody's first. */
	for (unsigned i = 0; i < 24; i++)
		switch (n = (int)((i + start) % 24)) {
		case 0: a->numbers[n] = numa_available(); break;
		case 1: a->numbers[n] = numa_max_node(); break;
		case 2: a->numbers[n] = numa_max_possible_node(); break;
		case 3: a->numbers[n] = numa_num_possible_nodes(); break;
		case 4: a->numbers[n] = numa_num_possible_cpus(); break;
		case 5: a->numbers[n] = numa_num_configured_nodes(); break;
		case 6: a->numbers[n] = numa_num_configured_cpus(); break;
		case 7: a->numbers[n] = numa_num_task_nodes(); break;
		case 8: a->numbers[n] = numa_num_task_cpus(); break;
		case 9: a->numbers[n] = numa_pagesize(); break;
		case 10: a->numbers[n] = numa_preferred(); break;
		case 11: a->numbers[n] = numa_has_preferred_many(); break;
		case 12: a->numbers[n] = numa_has_home_node(); break;
		case 13:
			mask = numa_allocate_cpumask();
			a->numbers[n] = numa_node_to_cpus(numa_max_node(), mask);
			a->weights[0] = numa_bitmask_weight(mask);
			numa_bitmask_free(mask);
			break;
		case 14: a->numbers[n] = numa_node_of_cpu(0); break;
		case 15: a->numbers[n] = numa_distance(numa_max_node(), numa_max_node()); break;
		case 16: a->numbers[n] = numa_node_size64(numa_max_node(), NULL) > 0; break;
#define OWN(slot, call) do { mask = call; a->weights[slot] = numa_bitmask_weight(mask); numa_bitmask_free(mask); } while (0)
		case 17: OWN(1, numa_parse_nodestring("all")); break;
		case 18: OWN(2, numa_parse_cpustring_all("all")); break;
		case 19: OWN(3, numa_get_membind()); break;
		case 20: OWN(4, numa_get_mems_allowed()); break;
		case 21: OWN(5, numa_get_run_node_mask()); break;
		case 22:
			a->weights[6] = numa_bitmask_weight(numa_all_nodes_ptr);
			a->weights[7] = numa_bitmask_weight(numa_all_cpus_ptr);
			a->weights[8] = numa_bitmask_weight(numa_nodes_ptr);
			a->weights[9] = numa_bitmask_weight(numa_no_nodes_ptr);
			break;
		case 23: {
			void *memory = numa_alloc_local(4096);

			a->numbers[n] = memory != NULL;
			numa_free(memory, 4096);
			break;
		}
		}
}

static pthread_barrier_t barrier;
static struct answers answers[THREADS];

static void *asks(void *number)
{
	pthread_barrier_wait(&barrier);
	ask(&answers[(uintptr_t)number], (unsigned)(uintptr_t)number * 2);
	return NULL;
}

static void all_at_once(void)
{
	pthread_t threads[THREADS];
	struct answers wanted;

	capture();
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, asks, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK(!*captured(), "something is printed");
	ask(&wanted, 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(!memcmp(&answers[i], &wanted, sizeof(wanted)), "thread %d differs", i);
}

TEST_IN(anew, the_first_calls_of_many_threads)
{
	all_at_once();
}

TEST_IN(anew, the_first_calls_of_many_threads_again)
{
	all_at_once();
	all_at_once();
}

/* ---- settings of a thread ------------------------------------------------------------------- */

static void *other_thread(void *memory)
{
	struct set set = only(machine.first);

	/* The creator's settings are not mine. */
	numa_tonode_memory(memory, page(), machine.first);
	CHECK(is_policy(policy_of(memory), MPOL_BIND, &set), "another thread's bind policy");
	numa_set_bind_policy(0);
	numa_set_strict(1);
	return NULL;
}

TEST(settings_belong_to_a_thread)
{
	pthread_t thread;
	struct set set;
	char *memory = fresh(2);

	look();
	set = only(machine.first);
	numa_set_bind_policy(0);
	pthread_create(&thread, NULL, other_thread, memory);
	pthread_join(thread, NULL);
	numa_tonode_memory(memory + page(), page(), machine.first);
	CHECK(policy_of(memory + page()).mode != MPOL_BIND, "lost");
	numa_set_bind_policy(1);
	pthread_create(&thread, NULL, other_thread, memory);
	pthread_join(thread, NULL);
	numa_tonode_memory(memory + page(), page(), machine.first);
	CHECK(is_policy(policy_of(memory + page()), MPOL_BIND, &set), "changed by another thread");
	munmap(memory, 2 * page());
}

static void *sets_policy(void *node)
{
	struct set set = only((int)(intptr_t)node);
	struct bitmask *got;

	for (int i = 0; i < 50; i++) {
		numa_set_preferred((int)(intptr_t)node);
		CHECK(is_policy(policy_of(NULL), MPOL_PREFERRED, &set), "node %d", (int)(intptr_t)node);
		EQUAL(numa_preferred(), (intptr_t)node);
		numa_set_localalloc();
		got = numa_preferred_many();
		EQUAL(numa_bitmask_weight(got), 0);
		numa_bitmask_free(got);
	}
	return NULL;
}

TEST(policies_belong_to_a_thread)
{
	pthread_t threads[4];

	look();
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, sets_policy,
			       (void *)(intptr_t)(i % 2 ? machine.first : machine.second));
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	EQUAL(policy_of(NULL).mode, MPOL_DEFAULT);
}

/* ---- threads that never rest ---------------------------------------------------------------- */

static int stop;

static void *busy(void *number)
{
	struct answers mine;
	unsigned turn = (unsigned)(uintptr_t)number;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		ask(&mine, turn++);
		if (turn % 3 == 0)
			numa_node_to_cpu_update();
	}
	return NULL;
}

TEST(updates_while_others_read)
{
	pthread_t threads[4];
	struct bitmask *mask = numa_allocate_cpumask();
	struct set cpus;

	look();
	cpus = cpus_of(machine.first);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, busy, (void *)i);
	for (int i = 0; i < (under("valgrind") ? 200 : 3000); i++) {
		numa_node_to_cpu_update();
		EQUAL(numa_node_to_cpus(machine.first, mask), 0);
		CHECK(holds(mask, &cpus), "%s", text_of(mask));
		EACH(cpu, &cpus)
			EQUAL(numa_node_of_cpu(cpu), machine.first);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	numa_bitmask_free(mask);
}

TEST(children_of_a_threaded_program)
{
	pthread_t threads[4];
	struct answers wanted, got;
	int status, forks = under("valgrind") ? 10 : 60;

	ask(&wanted, 0);
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, busy, (void *)i);
	for (int i = 0; i < forks; i++) {
		fflush(stdout);
		pid_t pid = fork();

		if (!pid) {
			alarm(60);
			for (unsigned n = 0; n < 3; n++) {
				ask(&got, n * 7);
				numa_node_to_cpu_update();
				if (memcmp(&got, &wanted, sizeof(got)))
					_exit(3);
			}
			capture();
			numa_warn(5, (char *)"in the child");
			leave(strcmp(captured(), "libnuma: Warning: in the child\n") ? 4 : 0);
		}
		waitpid(pid, &status, 0);
		CHECK(left_well(status), "child %d: %#x", i, (unsigned)status);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* ---- writes beside numa_police_memory ------------------------------------------------------ */

struct race {
	unsigned *counter;
	int stop;
};

static void *counts(void *argument)
{
	struct race *race = argument;

	for (int i = 0; i < 2000000; i++)
		__atomic_fetch_add(race->counter, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&race->stop, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

TEST(police_memory_loses_no_writes)
{
	struct race race = {fresh(1), 0};
	pthread_t thread;

	pthread_create(&thread, NULL, counts, &race);
	while (!__atomic_load_n(&race.stop, __ATOMIC_SEQ_CST))
		numa_police_memory(race.counter, page());
	pthread_join(thread, NULL);
	EQUAL(*race.counter, 2000000);
	munmap(race.counter, page());
}

/* ---- signals -------------------------------------------------------------------------------- */

static volatile sig_atomic_t handled, wrong;
static struct bitmask *in_handler, *other_in_handler;

/* Masks and plain system calls only, as the documentation promises. */
static void handler(int signal)
{
	int saved = errno, mode = -1;
	unsigned long words[BITS / LONG_BITS];
	nodemask_t old;

	(void)signal;
	numa_bitmask_clearall(in_handler);
	numa_bitmask_setbit(in_handler, 5);
	copy_bitmask_to_bitmask(in_handler, other_in_handler);
	copy_bitmask_to_nodemask(in_handler, &old);
	copy_nodemask_to_bitmask(&old, other_in_handler);
	if (!numa_bitmask_equal(in_handler, other_in_handler) || numa_bitmask_weight(in_handler) != 1 ||
	    !numa_bitmask_isbitset(other_in_handler, 5) || numa_bitmask_nbytes(in_handler) != 128)
		wrong = 1;
	numa_bitmask_clearbit(in_handler, 5);
	numa_bitmask_setall(other_in_handler);
	if (numa_max_node() < 0 || numa_num_possible_nodes() < 1)
		wrong = 2;
	if (get_mempolicy(&mode, words, BITS, NULL, 0) || mode != MPOL_DEFAULT)
		wrong = 3;
	if (set_mempolicy(MPOL_DEFAULT, NULL, 0))
		wrong = 4;
	numa_available();
	if (numa_sched_getaffinity(0, in_handler) < 0)
		wrong = errno == EINVAL ? wrong : 5;
	handled++;
	errno = saved;
}

TEST(calls_from_signal_handlers)
{
	struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct answers wanted, got;

	in_handler = numa_bitmask_alloc(1024);
	other_in_handler = numa_bitmask_alloc(1024);
	ask(&wanted, 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 2000 && (handled < 200 || i < 20); i++) {
		/* Where a handler that takes a lock would hang. */
		for (int n = 0; n < 50; n++)
			free(malloc((size_t)n * 100));
		numa_node_to_cpu_update();
		ask(&got, (unsigned)i);
		CHECK(!memcmp(&got, &wanted, sizeof(got)), "round %d differs", i);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	CHECK(handled > 0, "no signal came");
	EQUAL(wrong, 0);
	numa_bitmask_free(in_handler);
	numa_bitmask_free(other_in_handler);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void *uses_masks(void *unused)
{
	for (;;) {
		struct bitmask *mask;
		struct answers mine;

		if (numa_bitmask_weight(numa_all_nodes_ptr) < 1 || numa_bitmask_weight(numa_no_nodes_ptr) ||
		    numa_all_cpus_ptr->size != (unsigned long)numa_num_possible_cpus())
			abort();
		ask(&mine, 3);
		mask = numa_parse_nodestring("all");
		if (!numa_bitmask_equal(mask, numa_all_nodes_ptr))
			abort();
		numa_bitmask_free(mask);
	}
	return unused;
}

TEST(threads_still_run_at_exit)
{
	int times = 20;

	SKIP_IF(UNDER_ASAN || under("valgrind"), "the threads' own memory would be reported as leaked");
	for (int i = 0; i < times; i++) {
		int status = IN_CHILD(
			pthread_t thread;
			for (int n = 0; n < 4; n++)
				pthread_create(&thread, NULL, uses_masks, NULL);
			usleep(2000));
		EQUAL(status, 0);
	}
}

static void at_the_end(void)
{
	struct answers got;
	struct bitmask *mask;

	ask(&got, 5);
	mask = numa_get_membind();
	if (!numa_bitmask_equal(mask, numa_all_nodes_ptr) || numa_bitmask_weight(numa_nodes_ptr) < 1 ||
	    got.numbers[3] != numa_num_possible_nodes())
		_exit(44);
	numa_bitmask_free(mask);
	/* So that the caller sees that this ran. */
	_exit(43);
}

TEST(use_in_an_atexit_handler)
{
	int status = IN_CHILD(atexit(at_the_end));

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 43, "status %#x", (unsigned)status);
}

static int destructor_wanted;

static void __attribute__((destructor)) destructor(void)
{
	if (destructor_wanted)
		at_the_end();
}

TEST(use_in_a_destructor)
{
	int status = IN_CHILD(destructor_wanted = 1);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 43, "status %#x", (unsigned)status);
}

static void *thread_local_end(void *unused)
{
	numa_set_bind_policy(0);
	return unused;
}

TEST(many_short_threads)
{
	for (int i = 0; i < 200; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, thread_local_end, NULL);
		pthread_join(thread, NULL);
	}
}
