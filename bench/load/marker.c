/* A constructor that strace shows: one before and one behind libnuma's. */
#include <unistd.h>

static void __attribute__((constructor)) mark(void)
{
	close(-4242);
}
