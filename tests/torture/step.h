/* Single steps: on x86-64 the processor traps behind each instruction while they are on. */
#pragma once

static void __attribute__((noinline, unused)) step(int on)
{
#if defined(__x86_64__)
	/* The stack below the pointer may be in use. */
	if (on)
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp"
				 ::: "memory", "cc");
	else
		__asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp"
				 ::: "memory", "cc");
#else
	(void)on;
#endif
}
