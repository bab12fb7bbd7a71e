/*
 * cost COMMAND ARGS...: runs the command and says on standard error what it asked of the
 * kernel, "calls N read BYTES": numbers that repeat, where times would not. It is for
 * commands with one thread; the threads of others are not counted.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    unsigned long calls = 0, bytes = 0;
    unsigned long number = 0;
    int status;
    pid_t child;

    if (argc < 2)
        return 2;
    child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execv(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status))
        return 1;
    ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACESYSGOOD);
    for (;;) {
        int signal = WSTOPSIG(status);
        struct __ptrace_syscall_info info;

        if (signal == (SIGTRAP | 0x80)) {
            if (ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof info, &info) < 0)
                return 1;
            if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
                calls++;
                number = info.entry.nr;
            } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && !info.exit.is_error
                       && (number == SYS_read || number == SYS_pread64)) {
                bytes += info.exit.rval;
            }
        }
        if (signal == (SIGTRAP | 0x80) || signal == SIGTRAP)
            signal = 0;
        if (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)signal) || waitpid(child, &status, 0) < 0)
            return 1;
        if (!WIFSTOPPED(status))
            break;
    }
    fprintf(stderr, "calls %lu read %lu\n", calls, bytes);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
