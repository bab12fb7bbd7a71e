/*
 * where PID ADDRESS PAGES [PAGESIZE]: one line for each page, "ADDRESS NODE" or
 * "ADDRESS -ERRNO", as the kernel answers move_pages(2) without nodes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    unsigned long start, count, size, i;
    void **pages;
    int *status;

    if (argc < 4)
        return 2;
    start = strtoul(argv[2], NULL, 16);
    count = strtoul(argv[3], NULL, 10);
    size = argc > 4 ? strtoul(argv[4], NULL, 10) : 4096;
    pages = calloc(count, sizeof *pages);
    status = calloc(count, sizeof *status);
    if (!pages || !status)
        return 1;
    for (i = 0; i < count; i++)
        pages[i] = (void *)(start + i * size);
    if (syscall(SYS_move_pages, atoi(argv[1]), count, pages, NULL, status, 0) < 0) {
        fprintf(stderr, "where: move_pages: %s\n", strerror(errno));
        return 1;
    }
    for (i = 0; i < count; i++)
        printf("%lx %d\n", start + i * size, status[i]);
    return 0;
}
