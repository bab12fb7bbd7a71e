/* The five system calls that the library exports under their plain names:
 * they must be nothing but the system call. Each is made both ways. */
#include "common.h"

#define BOTH(label, wrapped, raw)                                         \
	do {                                                              \
		RUN(label, show_result(wrapped));                         \
		RUN(label " raw", show_result(raw));                      \
	} while (0)

int main(void)
{
	static unsigned long words[RAW_WORDS], none[RAW_WORDS], far[RAW_WORDS];
	size_t page = page_size();
	char *at;
	int mode, status[4] = {0}, target[4];
	void *pages[4];

	look_at_machine();
	words[machine.first / 64] |= 1UL << (machine.first % 64);
	far[(machine.top + 1) / 64] |= 1UL << ((machine.top + 1) % 64);
	stay_put();
	at = fresh(4);
	touch(at, 4);
	for (int i = 0; i < 4; i++) {
		pages[i] = at + (size_t)i * page;
		target[i] = machine.first;
	}
	errno = UNTOUCHED;

	for (int m = -1; m <= MPOL_MAX + 2; m++)
		RUNF("mbind mode %d", m, show_result(mbind(at, page, m, words, RAW_BITS, 0)); show_policy_at(at));
	for (int m = -1; m <= MPOL_MAX + 2; m++)
		RUNF("set_mempolicy mode %d", m, show_result(set_mempolicy(m, words, RAW_BITS)); show_policy());
	for (int m = 0; m <= MPOL_MAX; m++)
		RUNF("set_mempolicy mode %d, no mask", m, show_result(set_mempolicy(m, NULL, 0)); show_policy());
	for (unsigned long max = 0; max < 70; max += max < 4 || max > 60 ? 1 : 10)
		RUNF("set_mempolicy maxnode %lu", max, show_result(set_mempolicy(MPOL_BIND, words, max)); show_policy());
	for (unsigned int flags = 0; flags < 32; flags++)
		RUNF("mbind flags %u", flags, show_result(mbind(at, page, MPOL_BIND, words, RAW_BITS, flags)); show_policy_at(at));
	for (unsigned int flags = 0; flags < 16; flags++)
		RUNF("get_mempolicy flags %u", flags, unsigned long got[RAW_WORDS] = {0}; mode = -1;
		     show_result(get_mempolicy(flags & MPOL_F_MEMS_ALLOWED ? NULL : &mode, flags & MPOL_F_NODE ? NULL : got, flags & MPOL_F_NODE ? 0 : RAW_BITS, flags & MPOL_F_ADDR ? at : NULL, flags));
		     printf(" %d ", mode); show_bits(got, RAW_BITS));
	BOTH("mbind far", mbind(at, page, MPOL_BIND, far, RAW_BITS, 0), syscall(SYS_mbind, at, page, MPOL_BIND, far, RAW_BITS, 0));
	BOTH("mbind none", mbind(at, page, MPOL_BIND, none, RAW_BITS, 0), syscall(SYS_mbind, at, page, MPOL_BIND, none, RAW_BITS, 0));
	BOTH("mbind mid-page", mbind(at + 1, page, MPOL_BIND, words, RAW_BITS, 0), syscall(SYS_mbind, at + 1, page, MPOL_BIND, words, RAW_BITS, 0));
	BOTH("mbind nowhere", mbind(NULL, page, MPOL_BIND, words, RAW_BITS, 0), syscall(SYS_mbind, NULL, page, MPOL_BIND, words, RAW_BITS, 0));
	BOTH("mbind nothing", mbind(at, 0, MPOL_BIND, words, RAW_BITS, 0), syscall(SYS_mbind, at, 0, MPOL_BIND, words, RAW_BITS, 0));
	BOTH("mbind bad mask", mbind(at, page, MPOL_BIND, (unsigned long *)8, RAW_BITS, 0), syscall(SYS_mbind, at, page, MPOL_BIND, 8UL, RAW_BITS, 0));
	BOTH("set_mempolicy bad mask", set_mempolicy(MPOL_BIND, (unsigned long *)8, RAW_BITS), syscall(SYS_set_mempolicy, MPOL_BIND, 8UL, RAW_BITS));
	BOTH("set_mempolicy far", set_mempolicy(MPOL_BIND, far, RAW_BITS), syscall(SYS_set_mempolicy, MPOL_BIND, far, RAW_BITS));
	BOTH("set_mempolicy huge", set_mempolicy(MPOL_BIND, words, 1UL << 40), syscall(SYS_set_mempolicy, MPOL_BIND, words, 1UL << 40));
	BOTH("get_mempolicy small", get_mempolicy(&mode, words, 2, NULL, 0), syscall(SYS_get_mempolicy, &mode, words, 2UL, NULL, 0));
	BOTH("get_mempolicy bad address", get_mempolicy(&mode, NULL, 0, (void *)8, MPOL_F_ADDR), syscall(SYS_get_mempolicy, &mode, NULL, 0UL, 8UL, MPOL_F_ADDR));
	BOTH("get_mempolicy bad mode", get_mempolicy((int *)8, NULL, 0, NULL, 0), syscall(SYS_get_mempolicy, 8UL, NULL, 0UL, NULL, 0));
	BOTH("get_mempolicy nothing", get_mempolicy(NULL, NULL, 0, NULL, 0), syscall(SYS_get_mempolicy, NULL, NULL, 0UL, NULL, 0));
	RUN("get_mempolicy node", show_result(get_mempolicy(&mode, NULL, 0, at, MPOL_F_NODE | MPOL_F_ADDR)); printf(" %d", mode));
	BOTH("migrate_pages nobody", migrate_pages(0x3fffffff, RAW_BITS, words, words), syscall(SYS_migrate_pages, 0x3fffffff, RAW_BITS, words, words));
	BOTH("migrate_pages far", migrate_pages(0, RAW_BITS, words, far), syscall(SYS_migrate_pages, 0, RAW_BITS, words, far));
	BOTH("migrate_pages none", migrate_pages(0, RAW_BITS, none, words), syscall(SYS_migrate_pages, 0, RAW_BITS, none, words));
	BOTH("migrate_pages bad mask", migrate_pages(0, RAW_BITS, (unsigned long *)8, words), syscall(SYS_migrate_pages, 0, RAW_BITS, 8UL, words));
	BOTH("migrate_pages no maxnode", migrate_pages(0, 0, words, words), syscall(SYS_migrate_pages, 0, 0UL, words, words));
	BOTH("migrate_pages same", migrate_pages(0, RAW_BITS, words, words), syscall(SYS_migrate_pages, 0, RAW_BITS, words, words));
	BOTH("move_pages nobody", move_pages(0x3fffffff, 4, pages, NULL, status, 0), syscall(SYS_move_pages, 0x3fffffff, 4UL, pages, NULL, status, 0));
	BOTH("move_pages flags", move_pages(0, 4, pages, NULL, status, 77), syscall(SYS_move_pages, 0, 4UL, pages, NULL, status, 77));
	BOTH("move_pages nothing", move_pages(0, 0, NULL, NULL, NULL, 0), syscall(SYS_move_pages, 0, 0UL, NULL, NULL, NULL, 0));
	BOTH("move_pages no pages", move_pages(0, 4, NULL, NULL, status, 0), syscall(SYS_move_pages, 0, 4UL, NULL, NULL, status, 0));
	BOTH("move_pages no status", move_pages(0, 4, pages, NULL, NULL, 0), syscall(SYS_move_pages, 0, 4UL, pages, NULL, NULL, 0));
	RUN("move_pages", char *mine = fresh(4); mbind(mine, 4 * page, MPOL_BIND, words, RAW_BITS, 0); touch(mine, 3);
	    for (int i = 0; i < 4; i++) pages[i] = mine + (size_t)i * page;
	    show_result(move_pages(0, 4, pages, target, status, MPOL_MF_MOVE));
	    for (int i = 0; i < 4; i++) printf(" %d", status[i]);
	    show_result(move_pages(0, 4, pages, NULL, status, 0));
	    for (int i = 0; i < 4; i++) printf(" %d", status[i]));
	return 0;
}
