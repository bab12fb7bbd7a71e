/*
 * filter ACTION CALL[,CALL...] COMMAND [ARGUMENT...]
 *
 * Runs the command under a seccomp filter that answers these system calls with EPERM or ENOSYS, as
 * containers do, or kills the process, as hardened services do. ACTION is eperm, enosys or kill; CALL is
 * the name of a memory policy call, sched_setaffinity, or policies for all of the former.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct { const char *name; unsigned number; } calls[] = {
    {"set_mempolicy", SYS_set_mempolicy}, {"get_mempolicy", SYS_get_mempolicy},
    {"mbind", SYS_mbind}, {"migrate_pages", SYS_migrate_pages}, {"move_pages", SYS_move_pages},
    {"sched_setaffinity", SYS_sched_setaffinity},
};
enum { POLICIES = 5, CALLS = 6 };

static struct sock_filter filter[2 + 2 * CALLS * 4];
static unsigned short used;

static void forbid(unsigned number, unsigned action)
{
    filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
}

int main(int argc, char **argv)
{
    struct sock_fprog program = {0, filter};
    unsigned action, i;
    char *word;

    if (argc < 4)
        return 2;
    if (!strcmp(argv[1], "eperm"))
        action = SECCOMP_RET_ERRNO | EPERM;
    else if (!strcmp(argv[1], "enosys"))
        action = SECCOMP_RET_ERRNO | ENOSYS;
    else if (!strcmp(argv[1], "kill"))
        action = SECCOMP_RET_KILL_PROCESS;
    else
        return 2;
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (word = strtok(argv[2], ","); word && used <= 2 * CALLS; word = strtok(NULL, ",")) {
        for (i = 0; i < CALLS; i++) {
            if (!strcmp(word, calls[i].name) || (i < POLICIES && !strcmp(word, "policies")))
                forbid(calls[i].number, action);
        }
    }
    filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    program.len = used;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        perror("filter");
        return 77;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 127;
}
