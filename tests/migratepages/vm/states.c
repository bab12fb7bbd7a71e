/*
 * A process in an unusual state, with memory on one node. Prints as hold does:
 *
 *   states MODE NODE PAGES
 *
 * MODE is one of
 *   nondumpable   keeps its memory to itself: prctl(PR_SET_DUMPABLE, 0)
 *   vforked       waits in vfork for a child that does nothing
 *   traced        is stopped by a tracer
 *   leaderless    its first thread has ended, another runs on
 *   thread        "ready" names its second thread
 *   exec          begins another program, sleep, at SIGUSR1
 *   deep          a file whose path has more than 16 KiB as numa_maps writes it, below the current
 *                 directory, and reserved addresses without memory
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void ready(long pid)
{
    printf("ready %ld\n", pid);
    fflush(stdout);
}

static void *second(void *mode)
{
    if (!strcmp(mode, "leaderless")) {
        /* Until the first one has ended. */
        char name[64], line[256];
        FILE *file;
        int ended = 0;

        while (!ended) {
            snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", getpid(), getpid());
            file = fopen(name, "r");
            ended = file && fgets(line, sizeof(line), file) && strstr(line, ") Z ");
            if (file)
                fclose(file);
        }
        ready(getpid());
    } else {
        ready(syscall(SYS_gettid));
    }
    for (;;)
        pause();
    return NULL;
}

/* Shared memory in a file so deep that its path needs more than one page of the kernel. */
static char *deep(unsigned long bytes)
{
    char name[256], *memory;
    int level, fd;

    mmap(NULL, 4UL << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memset(name, '=', 255);
    name[255] = 0;
    for (level = 0; level < 20; level++)
        if (mkdir(name, 0700) || chdir(name))
            return MAP_FAILED;
    fd = open("file", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)bytes))
        return MAP_FAILED;
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return memory;
}

int main(int argc, char **argv)
{
    unsigned long node = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, mask[16] = {0};
    unsigned long pages = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    const char *mode = argc == 4 ? argv[1] : "";
    pthread_t thread;
    char *memory;
    pid_t pid;

    if (!pages || node > 1023)
        return 2;
    mask[node / 64] = 1UL << (node % 64);
    syscall(SYS_set_mempolicy, 2 /* MPOL_BIND */, mask, 1025);
    memory = !strcmp(mode, "deep") ? deep(pages * 4096)
                                   : mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
                                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    madvise(memory, pages * 4096, MADV_NOHUGEPAGE);
    memset(memory, 1, pages * 4096);
    syscall(SYS_set_mempolicy, 0, NULL, 0);
    printf("region anon %lx %lu 4096\n", (unsigned long)memory, pages);
    fflush(stdout);
    if (!strcmp(mode, "nondumpable")) {
        prctl(PR_SET_DUMPABLE, 0);
        ready(getpid());
    } else if (!strcmp(mode, "vforked")) {
        pid = getpid();
        if (!vfork()) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            ready(pid);
            for (;;)
                pause();
        }
    } else if (!strcmp(mode, "traced")) {
        pid = fork();
        if (!pid) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            /* A tracer's memory is not its own. */
            memset(memory, 2, pages * 4096);
            ptrace(PTRACE_TRACEME, 0, NULL, NULL);
            raise(SIGSTOP);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
        ready(pid);
    } else if (!strcmp(mode, "leaderless") || !strcmp(mode, "thread")) {
        if (pthread_create(&thread, NULL, second, (void *)mode))
            return 1;
        if (!strcmp(mode, "leaderless"))
            syscall(SYS_exit, 0);
    } else if (!strcmp(mode, "exec")) {
        sigset_t one;
        int which;

        sigemptyset(&one);
        sigaddset(&one, SIGUSR1);
        sigprocmask(SIG_BLOCK, &one, NULL);
        ready(getpid());
        sigwait(&one, &which);
        execlp("sleep", "sleep", "1000", (char *)NULL);
        return 1;
    } else if (!strcmp(mode, "deep")) {
        ready(getpid());
    } else {
        return 2;
    }
    for (;;)
        pause();
}
