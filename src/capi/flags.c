/*
 * The three variables that programs set, and the C library's stderr, as the program sees them.
 *
 * A program that is not position-independent has its own copies of exported variables. To find
 * them through the global offset table costs four symbol lookups at each load, a sixth of what
 * loading costs in all, for variables that are read when something has gone wrong. So the shared
 * library looks for them then. Compiled twice: a static program has one of each.
 */
#define _GNU_SOURCE
#include <stdio.h>
#ifdef SHARED
#include <dlfcn.h>
/* The version that the other imports have: each one more costs time at load. */
#if defined(__GLIBC__) && defined(__x86_64__) && defined(__LP64__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#elif defined(__GLIBC__) && (defined(__aarch64__) || (defined(__powerpc64__) && _CALL_ELF == 2))
__asm__(".symver dlsym, dlsym@GLIBC_2.17");
#elif defined(__GLIBC__) && defined(__s390x__)
__asm__(".symver dlsym, dlsym@GLIBC_2.2");
#elif defined(__GLIBC__) && defined(__riscv) && __riscv_xlen == 64
__asm__(".symver dlsym, dlsym@GLIBC_2.27");
#endif
#endif

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN int numa_rs_exit_on_error(void);
HIDDEN int numa_rs_exit_on_warn(void);
HIDDEN int numa_rs_fail_alloc_on_error(void);
HIDDEN FILE *numa_rs_stderr(void);

#ifdef SHARED
static int value(const char *name, const volatile int *own)
{
	/* None in the global scope: this library was opened with RTLD_LOCAL. */
	const volatile int *seen = dlsym(RTLD_DEFAULT, name);

	return seen ? *seen : *own;
}

FILE *numa_rs_stderr(void)
{
	FILE *const *seen = dlsym(RTLD_DEFAULT, "stderr");

	return seen ? *seen : NULL;
}

/* The linker makes own_NAME another name of this library's NAME. */
#define FLAG(name) \
	extern int own_##name HIDDEN; \
	int numa_rs_##name(void) { return value("numa_" #name, &own_##name); }
#else
FILE *numa_rs_stderr(void)
{
	return stderr;
}

#define FLAG(name) \
	extern int numa_##name; \
	int numa_rs_##name(void) { return *(volatile int *)&numa_##name; }
#endif

FLAG(exit_on_error)
FLAG(exit_on_warn)
FLAG(fail_alloc_on_error)
