/*
 * bench COMMAND ROUNDS: how long moving 200 MiB takes, and how long a thread of
 * the process that maps and unmaps memory has to wait meanwhile, for the
 * kernel's migrate_pages(2), for COMMAND (migratepages) and for two threads that
 * do nothing but call move_pages(2), by turns.
 *
 * Prints lines "figure NAME VALUE UNIT"; the ratios are what counts.
 *
 * To be linked statically: root moves shared pages too, and an emulator translates code anew that
 * has moved. With a libc in common, who runs next would pay for that, and only COMMAND runs anew.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE (200UL << 20)
#define MAX_ROUNDS 25

struct shared {
    volatile int ready, map, loops;
    volatile double worst;
    char *memory;
};
static struct shared *shared;

static void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * The process that is moved: its second thread is a vfork-like clone that shares memory. While it
 * has nothing to map it sleeps: one that looks every few milliseconds whether it should costs two
 * workers a tenth, but nothing the kernel's call, which leaves a CPU free.
 */
static int __attribute__((noreturn)) mapper(void *unused)
{
    (void)unused;
    for (;;) {
        double start;
        char *p;
        if (!shared->map) {
            syscall(SYS_futex, &shared->map, FUTEX_WAIT, 0, NULL, NULL, 0);
            continue;
        }
        start = now();
        p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            die("mmap");
        *p = 1;
        munmap(p, 65536);
        start = now() - start;
        if (start > shared->worst)
            shared->worst = start;
        shared->loops++;
        usleep(300);
    }
}

static void target(int huge)
{
    unsigned long mask[16] = {1}, at;
    char *p = mmap(NULL, SIZE + (4UL << 20), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        die("mmap");
    p += -(unsigned long)p % (2UL << 20);
    if (syscall(SYS_set_mempolicy, 2, mask, 1025))
        die("set_mempolicy");
    madvise(p, SIZE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    for (at = 0; at < SIZE; at += 4096)
        *(unsigned long *)(p + at) = at;
    syscall(SYS_set_mempolicy, 0, NULL, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    {
        static char stack[65536];
        /* CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD */
        extern int clone(int (*)(void *), void *, int, void *, ...);
        if (clone(mapper, stack + sizeof stack, 0x10f00, NULL) < 0)
            die("clone");
    }
    shared->memory = p;
    shared->ready = 1;
    for (;;)
        pause();
}

/* Lets the mapper finish what it waits for, and returns its longest wait. */
static double worst_wait(void)
{
    int loops = shared->loops;
    while (shared->map && shared->loops - loops < 3)
        usleep(1000);
    return shared->worst;
}

static double run_command(const char *command, pid_t pid, int to, const char *option)
{
    char number[16];
    double start = now();
    int status;
    pid_t child;
    snprintf(number, sizeof number, "%d", (int)pid);
    child = fork();
    if (child == 0) {
        /* Emulation translates code anew wherever it has another address, processors do not. */
        personality(ADDR_NO_RANDOMIZE);
        if (option)
            execl(command, command, option, number, to ? "0" : "1", to ? "1" : "0", (char *)NULL);
        else
            execl(command, command, number, to ? "0" : "1", to ? "1" : "0", (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        die("fork");
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        fprintf(stderr, "bench: %s failed: %x\n", command, status);
        exit(1);
    }
    return now() - start;
}

static double run_kernel(pid_t pid, int to)
{
    unsigned long zero[16] = {1}, one[16] = {2};
    double start = now();
    if (syscall(SYS_migrate_pages, pid, 1025, to ? zero : one, to ? one : zero) < 0)
        die("migrate_pages");
    return now() - start;
}

/*
 * The bound: what two threads reach that do nothing but call move_pages for pages that
 * are known beforehand. No program that uses this call can be faster.
 */
#define BOUND_CHUNK (25UL << 20)
struct bound {
    pid_t pid;
    int to;
    unsigned long unit;
    atomic_ulong next;
};

static void *bound_thread(void *argument)
{
    struct bound *bound = argument;
    static _Thread_local void *pages[BOUND_CHUNK / 4096];
    static _Thread_local int nodes[BOUND_CHUNK / 4096], status[BOUND_CHUNK / 4096];
    unsigned long at, end, count;
    while ((at = atomic_fetch_add(&bound->next, BOUND_CHUNK)) < SIZE) {
        end = at + BOUND_CHUNK < SIZE ? at + BOUND_CHUNK : SIZE;
        for (count = 0; at < end; at += bound->unit, count++) {
            pages[count] = shared->memory + at;
            nodes[count] = bound->to;
        }
        if (syscall(SYS_move_pages, bound->pid, count, pages, nodes, status, 4) < 0)
            die("move_pages");
    }
    return NULL;
}

static double run_bound(pid_t pid, int huge, int to)
{
    struct bound bound = {pid, to, huge ? 2UL << 20 : 4096, 0};
    double start = now();
    pthread_t thread;
    if (pthread_create(&thread, NULL, bound_thread, &bound))
        die("pthread_create");
    bound_thread(&bound);
    pthread_join(thread, NULL);
    return now() - start;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 5, huge, map, i, to;
    if (argc < 2 || rounds < 1 || rounds > MAX_ROUNDS)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("mmap");
    for (huge = 0; huge < 2; huge++) {
        const char *name = huge ? "huge" : "4k";
        const char *only = getenv("BENCH_ONLY");
        pid_t pid;
        if (only && strcmp(only, name))
            continue;
        shared->ready = 0;
        pid = fork();
        if (pid == 0)
            target(huge);
        while (!shared->ready)
            usleep(1000);
        to = 1;
        for (map = 0; map < 2; map++) {
            double kernel[MAX_ROUNDS], ours[MAX_ROUNDS], kernel_wait[MAX_ROUNDS], our_wait[MAX_ROUNDS];
            double bound[MAX_ROUNDS], bound_wait[MAX_ROUNDS], a, b, best;
            shared->map = map;
            syscall(SYS_futex, &shared->map, FUTEX_WAKE, 1, NULL, NULL, 0);
            /* One of each that does not count. */
            for (i = -1; i < rounds; i++) {
                int at = i < 0 ? 0 : i;
                int k;
                /* The order changes from round to round, and so does who moves there and who back. */
                for (k = 0; k < 3; k++, to = !to) {
                    shared->worst = 0;
                    switch ((k + i + 1) % 3) {
                    case 0:
                        kernel[at] = run_kernel(pid, to);
                        kernel_wait[at] = worst_wait();
                        break;
                    case 1:
                        ours[at] = run_command(argv[1], pid, to, argc > 3 ? argv[3] : NULL);
                        our_wait[at] = worst_wait();
                        break;
                    default:
                        bound[at] = run_bound(pid, huge, to);
                        bound_wait[at] = worst_wait();
                    }
                }
                if (getenv("BENCH_EACH"))
                    printf("# %s map=%d kernel %.3f s wait %.1f ms, ours %.3f s wait %.1f ms, "
                           "bound %.3f s wait %.1f ms\n", name, map,
                           kernel[at], kernel_wait[at] * 1e3, ours[at], our_wait[at] * 1e3,
                           bound[at], bound_wait[at] * 1e3);
            }
            a = median(kernel, rounds);
            b = median(ours, rounds);
            best = median(bound, rounds);
            if (!map) {
                printf("figure %s.migrate_pages.rate %.1f MiB/s\n", name, SIZE / 1048576.0 / a);
                printf("figure %s.migratepages.rate %.1f MiB/s\n", name, SIZE / 1048576.0 / b);
                printf("figure %s.speed %.2f times\n", name, a / b);
                printf("figure %s.bound %.2f times\n", name, a / best);
            } else {
                double x = median(kernel_wait, rounds), y = median(our_wait, rounds);
                printf("figure %s.mapping.time %.2f times\n", name, b / a);
                printf("figure %s.mapping.bound %.2f times\n", name, best / a);
                printf("figure %s.migrate_pages.wait %.1f ms\n", name, x * 1e3);
                printf("figure %s.migratepages.wait %.1f ms\n", name, y * 1e3);
                printf("figure %s.wait %.1f times shorter\n", name, x / y);
            }
        }
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return 0;
}
