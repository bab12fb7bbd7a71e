/* The policy of a thread: set by the library, read from the kernel, and back. */
#include "common.h"
#include <pthread.h>

/* With more than one node the reference complains, about nothing and with
 * whatever is in errno: only what is returned counts. */
static void show_preferred(void)
{
	int saved = dup(2), nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, 2);
	printf(" preferred %d", numa_preferred());
	printf(" many ");
	show(numa_preferred_many());
	dup2(saved, 2);
	close(saved);
	close(nowhere);
}

static void show_getters(void)
{
	unsigned long words[RAW_WORDS] = {0};
	int mode = -1, error;

	syscall(SYS_get_mempolicy, &mode, words, RAW_BITS, NULL, 0);
	mode &= 0xff;
	printf(" membind ");
	show(numa_get_membind());
	printf(" interleave ");
	show(numa_get_interleave_mask());
	/* under interleave, and without a preferred node, ours is better */
	if (mode == MPOL_PREFERRED || mode == MPOL_PREFERRED_MANY || mode == MPOL_BIND)
		show_preferred();
	if (mode == MPOL_DEFAULT || mode == MPOL_LOCAL) {
		printf(" many ");
		show(numa_preferred_many());
	}
	errno = UNTOUCHED;
	mode = numa_get_interleave_node();
	error = errno;
	/* the kernel's own allocations move the next node on */
	if (word_bit(words, (unsigned long)mode))
		printf(" next in the mask");
	else
		printf(" next %d", mode);
	if (error != UNTOUCHED)
		printf(" %s", error_name(error));
}

#define SET(call) RUN(#call, call; int e_ = errno; show_policy(); if (e_ != UNTOUCHED) printf(" %s", error_name(e_)); show_getters())
#define SETF(format, value, call) RUNF(format, value, call; int e_ = errno; show_policy(); if (e_ != UNTOUCHED) printf(" %s", error_name(e_)); show_getters())

static struct bitmask *usable(void)
{
	struct bitmask *mask = nodes(-1);

	FOR_NODES(n, usable)
		numa_bitmask_setbit(mask, (unsigned int)n);
	errno = UNTOUCHED;
	return mask;
}

static struct bitmask *ends(void)
{
	struct bitmask *mask = nodes(machine.first);

	numa_bitmask_setbit(mask, (unsigned int)machine.last);
	errno = UNTOUCHED;
	return mask;
}

static void with_masks(const char *name, void (*set)(struct bitmask *))
{
	static const unsigned int lengths[] = {1, 2, 63, 64, 65, 128, 512, 1024, 2048, 4096, 32768, 40000};
	unsigned int possible = (unsigned int)numa_num_possible_nodes();

	for (int node = 0; node <= (int)machine.top + 2; node++)
		RUNFF("%s {%d}", name, node, set(nodes(node)); int e = errno; show_policy();
		      if (e != UNTOUCHED) printf(" %s", error_name(e)); show_getters());
	SETF("%s {}", name, set(nodes(-1)));
	SETF("%s usable", name, set(usable()));
	SETF("%s ends", name, set(ends()));
	SETF("%s all", name, set(numa_all_nodes_ptr));
	SETF("%s none", name, set(numa_no_nodes_ptr));
	SETF("%s last possible", name, set(nodes((long)possible - 1)));
	SETF("%s one too many", name, struct bitmask *mask = usable(); numa_bitmask_setbit(mask, (unsigned int)machine.top + 1);
	     errno = UNTOUCHED; set(mask));
	/* every bit of a mask counts, also the last one of a short mask */
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char label[64];

		snprintf(label, sizeof(label), "%s, mask of %u bits", name, lengths[i]);
		SETF("%s, first bit", label, set(one(lengths[i], 0)));
		SETF("%s, last bit", label, set(one(lengths[i], (long)lengths[i] - 1)));
	}
	FOR_NODES(n, usable)
		RUNFF("%s, mask that just holds %d", name, n, set(one((unsigned int)n + 1, n)); show_policy());
	SETF("%s twice", name, set(ends()); set(nodes(machine.last)));
	SETF("%s, then refused", name, set(nodes(machine.first)); set(nodes((long)possible - 1)));
	SETF("%s, exit on error", name, numa_exit_on_error = 1; set(nodes((long)possible - 1)));
}

/* ---- threads -------------------------------------------------------------- */

static char *memory;

static void *other_thread(void *unused)
{
	(void)unused;
	printf(" other");
	show_policy();
	numa_set_bind_policy(0);
	numa_set_strict(1);
	numa_set_interleave_mask(usable());
	show_policy();
	numa_tonode_memory(memory, page_size(), machine.last);
	show_policy_at(memory);
	return NULL;
}

static void *late_thread(void *unused)
{
	(void)unused;
	printf(" late");
	show_policy();
	numa_tonode_memory(memory, page_size(), machine.last);
	show_policy_at(memory);
	return NULL;
}

static void run_thread(void *(*start)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, start, NULL))
		abort();
	pthread_join(thread, NULL);
}

static void threads(void)
{
	RUN("a thread of its own",
	    memory = fresh(1);
	    show_policy();
	    run_thread(other_thread);
	    printf(" main"); show_policy();
	    numa_tonode_memory(memory, page_size(), machine.last);
	    show_policy_at(memory);
	    run_thread(late_thread));
	RUN("bind policy is not inherited",
	    memory = fresh(1);
	    numa_set_bind_policy(0);
	    numa_set_preferred(machine.first);
	    run_thread(late_thread);
	    printf(" main"); show_policy();
	    numa_tonode_memory(memory, page_size(), machine.last);
	    show_policy_at(memory));
}

int main(void)
{
	int many[] = {-1, -2, -5, INT32_MIN, INT32_MAX, 1 << 20};

	look_at_machine();
	SET((void)0);
	with_masks("set_membind", numa_set_membind);
	with_masks("set_membind_balancing", numa_set_membind_balancing);
	with_masks("set_interleave_mask", numa_set_interleave_mask);
	if (same_preferred_many())
		with_masks("set_preferred_many", numa_set_preferred_many);
	for (int node = 0; node <= (int)machine.top + 2; node++)
		SETF("set_preferred %d", node, numa_set_preferred(node));
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		SETF("set_preferred %d", many[i], numa_set_preferred(many[i]));
	SET(numa_set_preferred(numa_num_possible_nodes()));
	SET(numa_set_preferred(numa_max_possible_node()));
	SET(numa_set_localalloc());
	SET(numa_set_membind(usable()); numa_set_localalloc());
	SET(numa_set_interleave_mask(usable()); numa_set_localalloc());
	SET(numa_set_interleave_mask(usable()); numa_set_interleave_mask(numa_no_nodes_ptr));
	SET(numa_set_membind(usable()); numa_set_preferred(-1));
	SET(numa_exit_on_error = 1; numa_set_preferred(numa_max_possible_node()));

	if (same_preferred_many()) {
		INT(numa_has_preferred_many());
		RUN("has_preferred_many leaves the policy alone", numa_set_membind(nodes(machine.first));
		    printf(" %d", numa_has_preferred_many()); printf(" %d", numa_has_preferred_many()); show_policy());
	}

	/* the bind policy is for memory, not for the thread */
	SET(numa_set_bind_policy(0); numa_set_membind(ends()));
	SET(numa_set_bind_policy(0); numa_set_membind_balancing(ends()));
	SET(numa_set_bind_policy(0); numa_set_preferred(machine.last));
	SET(numa_set_bind_policy(1); numa_set_preferred(machine.last));
	SET(numa_set_bind_policy(17); numa_set_membind(ends()));
	SET(numa_set_strict(1); numa_set_membind(ends()));

	/* numa_bind does both */
	FOR_NODES(n, usable)
		RUNF("bind {%d}", n, numa_bind(nodes(n)); int e = errno; show_policy(); show_affinity();
		     if (!word_bit(machine.cpu, (unsigned long)n)) printf(" %s", error_name(e)));
	RUN("bind {}", numa_bind(nodes(-1)); int e = errno; show_policy(); show_affinity(); printf(" %s", error_name(e)));
	RUN("bind unknown", numa_bind(nodes(machine.top + 1)); int e = errno; show_policy(); show_affinity(); printf(" %s", error_name(e)));
	RUN("bind usable", numa_bind(usable()); show_policy(); show_affinity());
	RUN("bind short", numa_bind(one((unsigned int)machine.first + 1, machine.first)); show_policy(); show_affinity());
	RUN("bind, exit on error", numa_exit_on_error = 1; numa_bind(nodes(machine.top + 1)));

	/* what a policy flag of somebody else's does to the getters */
	for (int flag = 0; flag < 3; flag++)
		for (int mode = MPOL_DEFAULT; mode < MPOL_MAX; mode++) {
			static const int flags[] = {0, 1 << 15, 1 << 14};

			RUNFF("raw mode %d flag %#x", mode, (unsigned int)flags[flag],
			      struct bitmask *mask = mode == MPOL_DEFAULT || mode == MPOL_LOCAL ? nodes(-1) : ends();
			      long result = syscall(SYS_set_mempolicy, mode | flags[flag], mask->maskp, mask->size + 1);
			      printf(" %ld", result);
			      show_policy();
			      if (!result) show_getters());
		}
	if (same_preferred_many())
		threads();
	return 0;
}
