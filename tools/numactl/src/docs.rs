//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &[
        "[OPTIONS] COMMAND [ARGUMENT...]",
        "[OPTIONS] --show | --hardware",
        "[OPTIONS] --explain [COMMAND [ARGUMENT...]]",
        "[--length=SIZE] [--offset=SIZE] --shm=FILE | --file=FILE [POLICY] [--touch] [--dump]",
    ],
    sections: &[
        (
            "DESCRIPTION",
            &[
                "numactl sets the memory policy and the CPUs that its options say, and becomes COMMAND, which \
                 inherits both, as do its children. The first word that is no option begins COMMAND.",
                "The command line is read to its end before anything is done. If something is wrong with it, \
                 one line on standard error names the option, its value and the reason, and nothing was done.",
                "A policy decides where pages are allocated from now on. Pages that are there already, of \
                 shared libraries for example, stay where they are: see migratepages(8).",
            ],
        ),
        (
            "NODES AND CPUS",
            &[
                "NODES is a list of numbers and ranges, such as 0, 0-3 or 0,2. all stands for all nodes that \
                 the cpuset allows, !1 for all but node 1, +0 for the first of them. netdev:DEV, block:DEV, \
                 file:PATH, ip:ADDRESS and pci:ADDRESS stand for the node of a device. same repeats the list \
                 of the option before. CPUS is such a list of CPU numbers, without devices.",
                "Nodes outside of the cpuset are refused. With --all they can be named; of a policy the \
                 kernel uses those that the cpuset allows.",
                "With --static the nodes of a policy stay the same numbers when the cpuset changes; with \
                 --relative they count within the cpuset: 0 is its first node. Without either the kernel \
                 maps the old nodes of the cpuset to the new ones.",
            ],
        ),
        (
            "WHAT --show SHOWS",
            &[
                "The policy; preferred node, where the next page goes if the policy says so; under \
                 interleaving the nodes, their weights and the next node; physcpubind, the CPUs; cpubind and \
                 nodebind, the nodes of these CPUs; membind, the nodes that memory can come from; preferred, \
                 the nodes of the policy. With a COMMAND nothing is run.",
            ],
        ),
        (
            "WHERE SOMETHING IS REFUSED",
            &[
                "A policy or CPUs may be refused by the cpuset, by the seccomp filter of a container or a \
                 service, or by a kernel that is too old. --explain shows what numactl would set and each \
                 reason why it would not work, in the words of the error. The kernel is asked in a thread \
                 of its own; nothing else changes.",
                "With --best-effort, or NUMACTL_BEST_EFFORT=1 in the environment, numactl does the nearest \
                 thing that is permitted instead, and says so in one line on standard error: the nodes that \
                 are allowed; preferred instead of bound; only the CPUs of the nodes, so that their memory \
                 is the nearest. A node or CPU that does not exist stays an error.",
                "-H, -N and -C make no memory policy call: they work where filters deny these calls.",
            ],
        ),
        (
            "SHARED MEMORY",
            &[
                "--shm names a System V segment by a file and a number (see ftok(3)), --file a file of tmpfs \
                 or hugetlbfs. Either is made if it is not there and --length says how long. POLICY, behind \
                 it, becomes the policy of the --length bytes from --offset on, for every process that maps \
                 them. --touch allocates all pages. --verify compares the pages that are there with the \
                 policy, prints each that is elsewhere, and then ends with status 1.",
                "--dump prints the policies, as START-END: MODE : NODES; ranges without one are left out. \
                 --dump-nodes prints the nodes of pages that are in memory, as START-END: NODE.",
            ],
        ),
        (
            "EXIT STATUS",
            &[
                "0: What was to be shown or set was; or, with --explain, would be.",
                "1: An error; with --explain, that it would not work; with --verify, that pages are elsewhere.",
                "other: That of COMMAND.",
            ],
        ),
        (
            "ENVIRONMENT",
            &["NUMACTL_BEST_EFFORT: If it is 1, --best-effort is always given."],
        ),
        (
            "FILES",
            &[
                "/sys/devices/system/node: The nodes, their CPUs, memory and distances.",
                "/proc/self/status: The nodes and CPUs that the cpuset allows.",
            ],
        ),
        (
            "EXAMPLES",
            &[
                "numactl --cpunodebind=0 --membind=0 db",
                "Runs db on the CPUs and the memory of node 0.",
                "numactl --interleave=all db",
                "Spreads its memory over all nodes.",
                "numactl --preferred=netdev:eth0 daemon",
                "Prefers the memory near a network interface.",
                "numactl --explain --membind=0 db",
                "Says whether that would work here, and why not.",
                "numactl --length=1g --file=/dev/shm/cache --interleave=all --touch",
                "Makes a file of shared memory whose pages are spread over all nodes.",
            ],
        ),
    ],
    see_also: "numastat(8), memhog(8), migspeed(8), migratepages(8), set_mempolicy(2), sched_setaffinity(2), \
               numa(3), libnuma(7), cpuset(7)",
};
