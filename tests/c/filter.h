/*
 * seccomp filters that answer memory policy calls with an error, or end the process: hardened
 * services (systemd's SystemCallFilter=~@resources), sandboxes and containers have them.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stddef.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum {
	MBIND = 1,
	SET_MEMPOLICY = 2,
	GET_MEMPOLICY = 4,
	MIGRATE_PAGES = 8,
	MOVE_PAGES = 16,
	HOME_NODE = 32,
	ALL_POLICY_CALLS = 63,
	/* What systemd's group @resources holds of them. */
	RESOURCES = ALL_POLICY_CALLS & ~GET_MEMPOLICY,
};

static const struct {
	const char *name;
	int number;
} policy_calls[] = {
	{"mbind", SYS_mbind},
	{"set_mempolicy", SYS_set_mempolicy},
	{"get_mempolicy", SYS_get_mempolicy},
	{"migrate_pages", SYS_migrate_pages},
	{"move_pages", SYS_move_pages},
	{"set_mempolicy_home_node", 450},
};

#define KILL SECCOMP_RET_KILL_PROCESS
#define ANSWER(error) (SECCOMP_RET_ERRNO | ((error) & SECCOMP_RET_DATA))

/* From now on the calls of the set have this answer. 0, or -1 if the kernel takes no filter. */
static int __attribute__((unused)) filter(unsigned set, unsigned answer)
{
	struct sock_filter code[20];
	struct sock_fprog program = {0, code};
	unsigned short length = 0;

	code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(policy_calls) / sizeof(policy_calls[0]); i++) {
		if (!(set >> i & 1))
			continue;
		code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							      (unsigned)policy_calls[i].number, 0, 1);
		code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
	}
	code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#endif
