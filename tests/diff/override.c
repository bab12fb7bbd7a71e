/* A program's own numa_error, numa_warn, mbind, get_mempolicy, set_mempolicy,
 * migrate_pages and move_pages win over the library's. So this program sees
 * exactly what the library asks of the kernel, and decides on the answer. */
#include "common.h"
#include <stdarg.h>

static int listening;
static int refuse;       /* errno of all answers, or 0 */
static int mode_answer = MPOL_BIND;

static void show_kernel_mask(const unsigned long *words, unsigned long max)
{
	if (!words || !max) {
		printf("-");
		return;
	}
	show_bits(words, max - 1);
}

void numa_error(char *where)
{
	/* the reference complains of more than one preferred node: see policy.c */
	if (listening && strcmp(where, "libnuma.c"))
		printf(" error(%s, %s)", where, error_name(errno));
}

void numa_warn(int number, char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (listening) {
		printf(" warn(%d, ", number);
		show_text(format);
		printf(", ");
		show_text(text);
		printf(")");
	}
}

static long answer(void)
{
	if (!refuse)
		return 0;
	errno = refuse;
	return -1;
}

long mbind(void *start, unsigned long len, int mode, const unsigned long *nmask, unsigned long maxnode, unsigned flags)
{
	if (!listening)
		return syscall(SYS_mbind, start, len, mode, nmask, maxnode, flags);
	printf(" mbind(%lu, %d, ", len, mode);
	show_kernel_mask(nmask, maxnode);
	printf(", %lu, %u)", maxnode, flags);
	return answer();
}

long set_mempolicy(int mode, const unsigned long *nmask, unsigned long maxnode)
{
	if (!listening)
		return syscall(SYS_set_mempolicy, mode, nmask, maxnode);
	printf(" set_mempolicy(%#x, ", (unsigned int)mode);
	show_kernel_mask(nmask, maxnode);
	printf(", %lu)", maxnode);
	return answer();
}

long get_mempolicy(int *mode, unsigned long *nmask, unsigned long maxnode, void *addr, unsigned flags)
{
	if (!listening)
		return syscall(SYS_get_mempolicy, mode, nmask, maxnode, addr, flags);
	printf(" get_mempolicy(%s, %s, %lu, %s, %u)", mode ? "mode" : "-", nmask ? "mask" : "-", maxnode, addr ? "address" : "-", flags);
	if (!refuse) {
		if (mode)
			*mode = mode_answer;
		if (nmask && maxnode > 64) {
			memset(nmask, 0, (maxnode - 1) / 8);
			nmask[0] = 0x2a;
		}
	}
	return answer();
}

long migrate_pages(int pid, unsigned long maxnode, const unsigned long *from, const unsigned long *to)
{
	if (!listening)
		return syscall(SYS_migrate_pages, pid, maxnode, from, to);
	printf(" migrate_pages(%d, %lu, ", pid, maxnode);
	show_kernel_mask(from, maxnode);
	printf(", ");
	show_kernel_mask(to, maxnode);
	printf(")");
	return refuse ? answer() : 17;
}

long move_pages(int pid, unsigned long count, void **pages, const int *nodes_, int *status, int flags)
{
	if (!listening)
		return syscall(SYS_move_pages, pid, count, pages, nodes_, status, flags);
	printf(" move_pages(%d, %lu, %s, %s, %s, %d)", pid, count, pages ? "pages" : "-", nodes_ ? "nodes" : "-", status ? "status" : "-", flags);
	return refuse ? answer() : 5;
}

#define SEE(call) RUN(#call, listening = 1; errno = UNTOUCHED; call; int e_ = errno; printf(" %s", error_name(e_)))
#define SEE_INT(call) RUN(#call, listening = 1; errno = UNTOUCHED; long r_ = (long)(call); int e_ = errno; printf(" = %ld %s", r_, error_name(e_)))
#define SEE_MASK(call) RUN(#call, listening = 1; errno = UNTOUCHED; struct bitmask *m_ = (call); int e_ = errno; printf(" = "); show(m_); printf(" %s", error_name(e_)))
#define SEE_POINTER(call) RUN(#call, listening = 1; errno = UNTOUCHED; void *p_ = (call); int e_ = errno; printf(" = %s %s", p_ ? "memory" : "NULL", error_name(e_)))

static struct bitmask *ends(unsigned int bits)
{
	struct bitmask *mask = one(bits, 0);

	numa_bitmask_setbit(mask, bits - 1);
	return mask;
}

static void everything(void)
{
	size_t page = page_size();
	char *at = fresh(4);
	unsigned int possible = (unsigned int)numa_num_possible_nodes();
	static const unsigned int lengths[] = {1, 2, 63, 64, 65, 100, 128, 1024, 4096};

	printf("## answers: %s, mode %d\n", refuse ? error_name(refuse) : "success", mode_answer);
	/* under EPERM ours says -1 on purpose, where the reference says 0: see
	 * docs/differences.md */
	if (refuse != EPERM)
		SEE_INT(numa_available());
	for (int node = 0; node < 4; node++)
		RUNF("set_preferred %d", node, listening = 1; numa_set_preferred(node));
	SEE(numa_set_preferred(-1));
	SEE(numa_set_localalloc());
	SEE(numa_set_membind(ends(possible)));
	SEE(numa_set_membind(nodes(-1)));
	SEE(numa_set_interleave_mask(ends(possible)));
	SEE(numa_set_interleave_mask(nodes(-1)));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		RUNF("set_membind, %u bits", lengths[i], listening = 1; numa_set_membind(ends(lengths[i])));
		RUNF("set_interleave_mask, %u bits", lengths[i], listening = 1; numa_set_interleave_mask(ends(lengths[i])));
		RUNF("tonodemask_memory, %u bits", lengths[i], listening = 1; numa_tonodemask_memory(at, page, ends(lengths[i])));
		RUNF("interleave_memory, %u bits", lengths[i], listening = 1; numa_interleave_memory(at, page, ends(lengths[i])));
		RUNF("alloc_interleaved_subset, %u bits", lengths[i], listening = 1; printf(" %d", !!numa_alloc_interleaved_subset(page, ends(lengths[i]))));
		/* shorter masks than the kernel's are better in ours */
		if (lengths[i] >= possible)
			RUNF("migrate_pages, %u bits", lengths[i], listening = 1;
			     printf(" %d", numa_migrate_pages(77, one(lengths[i], 3), one(lengths[i], 4))));
	}
	SEE_INT(numa_preferred_many() == NULL);
	SEE_MASK(numa_get_membind());
	SEE_MASK(numa_get_interleave_mask());
	SEE_MASK(numa_get_mems_allowed());
	SEE_INT(numa_get_interleave_node());
	SEE_POINTER(numa_alloc(page));
	SEE_POINTER(numa_alloc_local(page));
	SEE_POINTER(numa_alloc_onnode(page, 0));
	SEE_POINTER(numa_alloc_onnode(3, 5));
	SEE_POINTER(numa_alloc_onnode(page, -1));
	SEE_POINTER(numa_alloc_interleaved(page));
	SEE(numa_tonode_memory(at, page + 5, 2));
	SEE(numa_tonode_memory(at, page, -1));
	SEE(numa_setlocal_memory(at, page));
	SEE(numa_police_memory(at, page));
	SEE(numa_set_strict(1); numa_tonode_memory(at, page, 2));
	SEE(numa_set_strict(1); numa_tonodemask_memory(at, page, nodes(2)));
	SEE(numa_set_strict(1); numa_interleave_memory(at, page, nodes(2)));
	SEE(numa_set_strict(1); numa_setlocal_memory(at, page));
	SEE(numa_set_strict(1); numa_alloc_onnode(page, 2));
	SEE(numa_set_strict(1); numa_set_strict(0); numa_alloc_onnode(page, 2));
	SEE_INT(numa_migrate_pages(77, nodes(1), nodes(2)));
	SEE_INT(numa_migrate_pages(0, nodes(-1), nodes(-1)));
	SEE_INT(numa_move_pages(77, 3, NULL, NULL, NULL, 2));
	SEE_INT(numa_move_pages(0, 0, (void **)&at, &refuse, &mode_answer, 4));
}

int main(void)
{
	static const int answers[] = {0, EPERM, EINVAL, ENOSYS, EFAULT, ENOMEM};

	look_at_machine();
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		refuse = answers[i];
		everything();
	}
	refuse = 0;
	for (mode_answer = MPOL_DEFAULT; mode_answer < MPOL_MAX; mode_answer++) {
		RUNF("membind under mode %d", mode_answer, listening = 1; putchar(' '); show(numa_get_membind()));
		RUNF("interleave mask under mode %d", mode_answer, listening = 1; putchar(' '); show(numa_get_interleave_mask()));
		if (mode_answer != MPOL_INTERLEAVE)
			RUNF("preferred under mode %d", mode_answer, listening = 1; printf(" %d", numa_preferred()));
	}
	/* EINVAL: a kernel that does not know the flag */
	refuse = EINVAL;
	SEE(numa_set_membind_balancing(ends(128)));
	refuse = EPERM;
	SEE(numa_set_membind_balancing(ends(128)));
	refuse = 0;
	SEE(numa_set_membind_balancing(ends(128)));
	SEE(numa_bind(nodes(machine.first)));
	/* warnings, by number */
	SEE(numa_run_on_node((int)machine.top + 1));
	SEE(numa_run_on_node_mask(nodes(machine.top + 1)));
	SEE(numa_run_on_node_mask_all(nodes(machine.top + 1)));
	SEE(numa_run_on_node_mask(nodes(-1)));
	return 0;
}
