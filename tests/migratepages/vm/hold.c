/*
 * A process to be moved: sets up memory as its arguments say, tells where it is,
 * waits, and checks on request that the contents are as they were. Uses the
 * kernel's calls only, never the library under test.
 *
 *   hold [options] KIND:NODES:PAGES ...
 *
 * KIND is one of
 *   anon     private memory of 4 KiB pages
 *   thp      private memory in transparent huge pages (PAGES counts huge ones)
 *   hugetlb  explicit huge pages of 2 MiB
 *   giant    explicit huge pages of 1 GiB
 *   shmem    a memfd, mapped shared
 *   thrice   a memfd, mapped shared three times
 *   file     a file in the current directory, mapped privately and only read
 *   heap     memory from brk
 *   zero     private memory that was only read: the zero page
 *   pinned   private memory of which the first 16 pages hang in a pipe
 *   gone     private memory of which every second page was given back
 *   swapped  private memory, paged out (where there is swap)
 *   none     private memory that nobody may access any more
 *   nonethp  the same in transparent huge pages
 *   same     private memory with the same contents in all pages, for KSM to merge
 *   guarded  private memory with a guard instead of every second page (Linux 6.13)
 * NODES is a list such as 0 or 0,1: page i lies on node i modulo its length.
 *
 * -c       fork a child that shares everything and does nothing
 * -s       seccomp: none here, see deny.c
 * -b       run all the time, and look at the memory only when asked
 * -r SIZE  reserve SIZE GiB of address space in one mapping, and touch the regions inside it,
 *          which have no huge pages then
 * -e       the regions stand at the end of what is reserved
 *
 * Prints "region KIND ADDRESS PAGES PAGESIZE" for each and "ready PID"; for each
 * SIGUSR1 "intact" or "damaged N"; ends on SIGTERM.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SMALL 4096UL
#define HUGE 2097152UL
#define GIANT 1073741824UL
#ifndef MAP_HUGE_1GB
#define MAP_HUGE_1GB (30 << 26)
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define MAX_REGIONS 32

struct region {
    char kind[16];
    char *start;
    unsigned long pages, page_size;
    unsigned long seed;
};

static struct region regions[MAX_REGIONS];
static int region_count;

static void die(const char *what)
{
    fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Binds the thread to one node, or to none with -1. */
static void bind_to(int node)
{
    unsigned long mask[16] = {0};
    long done;
    if (node < 0) {
        done = syscall(SYS_set_mempolicy, 0, NULL, 0);
    } else {
        mask[node / 64] = 1UL << (node % 64);
        done = syscall(SYS_set_mempolicy, 2 /* MPOL_BIND */, mask, 1025);
    }
    if (done)
        die("set_mempolicy");
}

/* The word that belongs at offset i of a region: never 0. */
static uint64_t word(unsigned long seed, unsigned long i)
{
    uint64_t x = (seed << 40) + i + 1;
    x *= 0x9e3779b97f4a7c15UL;
    return (x ^ (x >> 29)) | 1;
}

static int is(const struct region *r, const char *kind)
{
    return strcmp(r->kind, kind) == 0;
}

/* One word of each line; of each 4 KiB where it would take too long. */
static unsigned long step(const struct region *r)
{
    return r->page_size == GIANT ? SMALL / 8 : 8;
}

static void fill(struct region *r, unsigned long page)
{
    unsigned long words = r->page_size / 8, i;
    uint64_t *p = (uint64_t *)(r->start + page * r->page_size);
    for (i = 0; i < words; i += step(r))
        p[i] = word(r->seed, is(r, "same") ? i : page * words + i);
}

/* Whether a page is there no more. */
static int is_taken(const struct region *r, unsigned long page)
{
    return (is(r, "gone") || is(r, "guarded")) && page % 2;
}

static int is_closed(const struct region *r)
{
    return is(r, "none") || is(r, "nonethp");
}

static void protect(const struct region *r, int protection)
{
    if (is_closed(r) && mprotect(r->start, r->pages * r->page_size, protection))
        die("mprotect");
}

static unsigned long damage(const struct region *r)
{
    unsigned long words = r->page_size / 8, page, i, bad = 0;
    for (page = 0; page < r->pages; page++) {
        const uint64_t *p = (const uint64_t *)(r->start + page * r->page_size);
        if (is_taken(r, page))
            continue;
        for (i = 0; i < words; i += step(r)) {
            uint64_t expected = is(r, "zero") ? 0 : word(r->seed, is(r, "same") ? i : page * words + i);
            if (p[i] != expected) {
                bad++;
                break;
            }
        }
    }
    return bad;
}

static void *map(unsigned long len, int flags, int fd)
{
    char *p = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (p == MAP_FAILED)
        die("mmap");
    return p;
}

/*
 * Maps len bytes of private memory at a multiple of 2 MiB, inside what -r reserved if given: that
 * has had its advice as a whole, as advice for a part would make three mappings of it.
 */
static char *reserved, *reserved_end;
static char *map_aligned(unsigned long len, int advice)
{
    char *p;
    if (reserved) {
        unsigned long room = 3 * ((len + HUGE - 1) & ~(HUGE - 1));
        if (reserved_end)
            return reserved_end -= room;
        p = reserved;
        reserved += room;
        return p;
    }
    p = map(len + 2 * HUGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    p = (char *)(((uintptr_t)p + 2 * HUGE - 1) & ~(HUGE - 1));
    madvise(p, len, advice);
    return p;
}

static void set_up(const char *spec)
{
    struct region *r = &regions[region_count];
    int nodes[64], node_count = 0, fd = -1;
    char list[256], *token, *rest;
    unsigned long page, len;
    int previous = -1;

    if (region_count == MAX_REGIONS)
        exit(2);
    if (sscanf(spec, "%15[^:]:%255[^:]:%lu", r->kind, list, &r->pages) != 3) {
        fprintf(stderr, "hold: what is %s\n", spec);
        exit(2);
    }
    for (token = strtok_r(list, ",", &rest); token && node_count < 64; token = strtok_r(NULL, ",", &rest))
        nodes[node_count++] = atoi(token);
    r->seed = ++region_count;
    r->page_size = is(r, "giant") ? GIANT : is(r, "thp") || is(r, "nonethp") || is(r, "hugetlb") ? HUGE : SMALL;
    len = r->pages * r->page_size;

    if (is(r, "thrice")) {
        int again;
        fd = memfd_create("hold", 0);
        if (fd < 0 || ftruncate(fd, len))
            die("memfd");
        for (again = 0; again < 3; again++) {
            r->start = map(len, MAP_SHARED, fd);
            for (page = 0; again < 2 && page < r->pages; page++) {
                bind_to(previous = nodes[page % node_count]);
                *(volatile char *)(r->start + page * SMALL) = 1;
            }
        }
    } else if (is(r, "hugetlb") || is(r, "giant")) {
        r->start = map(len, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (is(r, "giant") ? MAP_HUGE_1GB : 0), -1);
    } else if (is(r, "shmem")) {
        fd = memfd_create("hold", 0);
        if (fd < 0 || ftruncate(fd, len))
            die("memfd");
        r->start = map(len, MAP_SHARED, fd);
    } else if (is(r, "file")) {
        char name[64];
        snprintf(name, sizeof name, "hold.%d.%d", (int)getpid(), region_count);
        fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (fd < 0 || ftruncate(fd, len))
            die(name);
        /* Filled through a shared mapping, which places the pages in the page cache. */
        r->start = map(len, MAP_SHARED, fd);
        unlink(name);
    } else if (is(r, "heap")) {
        r->start = sbrk(0);
        r->start += -(uintptr_t)r->start % SMALL;
        if (brk(r->start + len))
            die("brk");
    } else {
        r->start = map_aligned(len, r->page_size == HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    }
    for (page = 0; page < r->pages; page++) {
        int node = nodes[page % node_count];
        if (node != previous)
            bind_to(previous = node);
        if (is(r, "zero")) {
            if (*(volatile char *)(r->start + page * SMALL))
                exit(1);
        } else {
            fill(r, page);
        }
    }
    bind_to(-1);
    if (is(r, "file")) {
        /* The same pages again, as a program's own code and data are mapped. */
        char *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            die("mmap");
        if (munmap(r->start, len))
            die("munmap");
        r->start = p;
        if (damage(r))
            die("contents");
    }
    for (page = 1; page < r->pages && is_taken(r, page); page += 2)
        if (madvise(r->start + page * SMALL, SMALL, is(r, "gone") ? MADV_DONTNEED : MADV_GUARD_INSTALL))
            die("madvise");
    if (is(r, "same") && madvise(r->start, len, MADV_MERGEABLE))
        die("madvise");
    protect(r, PROT_NONE);
    if (is(r, "swapped") && madvise(r->start, len, MADV_PAGEOUT))
        die("madvise");
    if (is(r, "pinned")) {
        struct iovec iov = {r->start, 16 * SMALL};
        int ends[2];
        if (pipe(ends) || vmsplice(ends[1], &iov, 1, 0) != (ssize_t)(16 * SMALL))
            die("vmsplice");
    }
    printf("region %s %lx %lu %lu\n", r->kind, (unsigned long)r->start, r->pages, r->page_size);
}

int main(int argc, char **argv)
{
    sigset_t set;
    int option, child = 0, at_end = 0, runs = 0, i, signal;
    const struct timespec at_once = {0, 0};

    setvbuf(stdout, NULL, _IOLBF, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while ((option = getopt(argc, argv, "bcer:")) != -1) {
        if (option == 'c') {
            child = 1;
        } else if (option == 'b') {
            runs = 1;
        } else if (option == 'e') {
            at_end = 1;
        } else if (option == 'r') {
            unsigned long len = strtoul(optarg, NULL, 10) << 30;
            char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (p == MAP_FAILED)
                die("mmap");
            madvise(p, len, MADV_NOHUGEPAGE);
            reserved = (char *)(((uintptr_t)p + HUGE - 1) & ~(HUGE - 1));
            if (at_end)
                reserved_end = (char *)((uintptr_t)(p + len) & ~(HUGE - 1));
        } else {
            return 2;
        }
    }
    for (i = optind; i < argc; i++)
        set_up(argv[i]);
    if (child) {
        pid_t pid = fork();
        if (pid < 0)
            die("fork");
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
        printf("child %d\n", (int)pid);
    }
    printf("ready %d\n", (int)getpid());
    for (;;) {
        unsigned long bad = 0;
        do
            signal = sigtimedwait(&set, NULL, runs ? &at_once : NULL);
        while (signal < 0);
        if (signal == SIGTERM)
            return 0;
        for (i = 0; i < region_count; i++) {
            protect(&regions[i], PROT_READ);
            bad += damage(&regions[i]);
            protect(&regions[i], PROT_NONE);
        }
        if (bad)
            printf("damaged %lu\n", bad);
        else
            printf("intact\n");
    }
}
