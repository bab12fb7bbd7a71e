/* kernelmove PID FROM TO: migrate_pages(2) itself; FROM and TO are lists such as 0,1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void set(unsigned long *mask, char *list)
{
    char *word;
    for (word = strtok(list, ","); word; word = strtok(NULL, ","))
        mask[atoi(word) / 64] |= 1UL << atoi(word) % 64;
}

int main(int argc, char **argv)
{
    unsigned long from[16] = {0}, to[16] = {0};
    long left;
    if (argc != 4)
        return 2;
    set(from, argv[2]);
    set(to, argv[3]);
    left = syscall(SYS_migrate_pages, atoi(argv[1]), 1025, from, to);
    if (left < 0)
        fprintf(stderr, "kernelmove: %s\n", strerror(errno));
    else
        printf("%ld\n", left);
    return left < 0;
}
