/*
 * many MAPPINGS PAGES: a process with so many mappings, in PAGES of which a page is there, on node 0.
 * Prints "ready PID"; ends on SIGTERM. vm.max_map_count has to allow it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL

int main(int argc, char **argv)
{
    unsigned long mappings = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, pages, i, node[16] = {1};
    unsigned long step;
    char *start;

    if (mappings == 0)
        return 2;
    pages = strtoul(argv[2], NULL, 10);
    start = mmap(NULL, mappings * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED || syscall(SYS_set_mempolicy, 2 /* MPOL_BIND */, node, 1025))
        return 1;
    /* Every second page may be written: each is a mapping, and so is what lies between two. */
    for (i = 0; i < mappings; i += 2) {
        if (mprotect(start + i * PAGE, PAGE, PROT_READ | PROT_WRITE)) {
            perror("many: mprotect");
            return 1;
        }
    }
    step = mappings / (pages ? pages : 1) & ~1UL;
    for (i = 0; pages > 0 && i < mappings; i += step ? step : 2, pages--)
        start[i * PAGE] = 1;
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    for (;;)
        pause();
}
