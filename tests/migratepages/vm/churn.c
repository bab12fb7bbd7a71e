/*
 * churn SECONDS: a process that maps, touches, checks, unmaps and forks all the
 * time, with memory on node 0 that stays. Prints "ready PID", and "intact" or
 * "damaged" at its end, when it exits by itself.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGES 4096UL
#define SLOTS 16

static unsigned char *take(unsigned long pages, unsigned char seed)
{
    unsigned char *p = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned long i;
    if (p == MAP_FAILED)
        exit(1);
    for (i = 0; i < pages; i++)
        memset(p + i * 4096, (unsigned char)(seed + i), 4096);
    return p;
}

static int good(const unsigned char *p, unsigned long pages, unsigned char seed)
{
    unsigned long i;
    for (i = 0; i < pages; i++)
        if (p[i * 4096] != (unsigned char)(seed + i) || p[i * 4096 + 4095] != (unsigned char)(seed + i))
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    unsigned long mask[16] = {1}, round = 0, pages[SLOTS] = {0};
    unsigned char *still, *slot[SLOTS] = {0};
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3);
    int bad = 0;

    if (syscall(SYS_set_mempolicy, 2, mask, 1025))
        return 1;
    still = take(PAGES, 7);
    syscall(SYS_set_mempolicy, 1 /* MPOL_PREFERRED */, mask, 1025);
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    while (time(NULL) < end) {
        unsigned s = round++ % SLOTS;
        if (slot[s]) {
            bad += !good(slot[s], pages[s], s);
            /* Half of it first, then the rest. */
            munmap(slot[s], (pages[s] / 2) * 4096);
            munmap(slot[s] + (pages[s] / 2) * 4096, (pages[s] - pages[s] / 2) * 4096);
        }
        pages[s] = 16 + round % 200;
        slot[s] = take(pages[s], s);
        if (round % 20 == 0) {
            pid_t pid = fork();
            if (pid == 0) {
                int ok = good(still, PAGES, 7);
                still[0] = 1;
                _exit(!ok);
            }
            int status = 0;
            waitpid(pid, &status, 0);
            bad += status != 0;
        }
    }
    bad += !good(still, PAGES, 7);
    puts(bad ? "damaged" : "intact");
    return 0;
}
