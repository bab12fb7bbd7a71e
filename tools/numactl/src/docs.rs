//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &[
        "[OPTIONS] COMMAND [ARGUMENT...]",
        "[OPTIONS] --show | --hardware",
        "--matrix[=latency|bandwidth] [--measure] | --tiers | --weights[=WEIGHTS] | --suggest",
        "[OPTIONS] --explain [COMMAND [ARGUMENT...]]",
        "[--length=SIZE] [--offset=SIZE] --shm=FILE | --file=FILE [POLICY] [--touch] [--dump]",
    ],
    operands: &["COMMAND"],
    sections: &[
        (
            "DESCRIPTION",
            &[
                "numactl sets the memory policy and the CPUs that its options name, and then becomes COMMAND: \
                 COMMAND has its process id, and inherits policy and CPUs, as do its children. The first word that \
                 is not an option begins COMMAND.",
                "numactl reads the whole command line before it does anything. If something is wrong with it, \
                 nothing is done, and one line on standard error names the option, its value and the reason.",
                "A policy decides where pages are allocated from now on. Pages that are there already, of \
                 shared libraries for example, stay where they are: see migratepages(8).",
            ],
        ),
        (
            "NODES AND CPUS",
            &[
                "NODES is a list of nodes, separated by commas, and CPUS such a list of CPUs, without devices:",
                "- 0,2-5: Node 0 and nodes 2 to 5.",
                "- all: All nodes that the cpuset allows.",
                "- !1: All of these but node 1.",
                "- +0,2-3: The first, third and fourth of these.",
                "- netdev:DEV, block:DEV, file:PATH, ip:ADDRESS, pci:ADDRESS: The node of a device: a network \
                 interface, a disk, the disk that a file is on, the interface that leads to an address, a PCI device.",
                "- cpu, mem: The nodes with CPUs, with memory.",
                "- fast, slow: The nodes whose memory is the fastest: those of the first memory tier, or, where \
                 the kernel has one tier or none, the best in latency and bandwidth. The other nodes with memory.",
                "- tier:N: The nodes of a memory tier, 0 the fastest: see --tiers.",
                "- near:NODE, near:gpu:0: The node itself, or that of the device, if it has what the option wants \
                 (memory, or CPUs for --cpunodebind); otherwise the nearest nodes that have.",
                "- gpu:N, gpu:ADDRESS: The node whose CPUs are nearest to a GPU: the N-th in the order of PCI \
                 addresses, or the one at an address. It is never the GPU's own memory. The VGA controller of a \
                 server's console does not count.",
                "- nvme:DEV, ib:DEV, cxl:DEV: The node of an NVMe controller (nvme:0), an InfiniBand adapter \
                 (ib:mlx5_0), a CXL memory device (cxl:0).",
                "- same: The list of the option before.",
                "Words that no node answers to are an error, and so are devices whose node the firmware does not \
                 report.",
                "Nodes outside of the cpuset are refused. With --all they can be named, and the kernel then uses \
                 those nodes of the policy that the cpuset allows.",
                "With --static the nodes of a policy stay the same numbers when the cpuset changes; with \
                 --relative they count within the cpuset: 0 is its first node. Without either the kernel \
                 maps the old nodes of the cpuset to the new ones.",
            ],
        ),
        (
            "WHAT --show SHOWS",
            &[
                "--show prints the policy and the CPUs of numactl itself, which are those that it was started with, \
                 changed by the options before:",
                "- policy: The policy and its flags.",
                "- preferred node: The node that the next page comes from, if the policy says so. current stands for the node of \
                 the CPU that COMMAND runs on.",
                "- interleavemask, interleaveweights, interleavenode: With interleaving only: the nodes, their weights, \
                 and the next node.",
                "- physcpubind: The CPUs.",
                "- cpubind, nodebind: The nodes of these CPUs.",
                "- membind: The nodes that memory can come from.",
                "- preferred: The nodes of the policy.",
                "A COMMAND that is given as well is not run.",
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
            "WHICH MEMORY IS WHICH",
            &[
                "--matrix prints the latency and the bandwidth of reads from each node to the memory of each. The \
                 kernel knows them for the nearest nodes of each memory only; root sees the firmware's whole \
                 table, if there is one, with a t behind each figure. A dash is what nobody tells. The figures \
                 are the firmware's.",
                "With --measure they are measured instead, with an m behind each figure. For each node with memory, \
                 numactl binds 256 MB there, or a quarter of what is free if that is less, and asks the kernel whether \
                 all of it is there. A thread on the CPUs of each node then follows a chain of addresses in random order \
                 (the latency, with the translation of addresses), and all these CPUs read the memory in order (the \
                 bandwidth). The machine should be idle. A line on standard error says before what it takes. A dash \
                 is a pair that cannot be measured, and lines below tell why: a node without CPUs, memory that the \
                 cpuset does not allow, a filter that denies policies. If that is so for all, the exit status is 1.",
                "--tiers prints the memory tiers, the fastest first, whether the kernel demotes pages of a full \
                 node to a slower tier, the caches in front of memory, and nodes of devices that access memory by themselves.",
                "--weights prints the weights of --weighted-interleave: how many pages each node gets in turn, and \
                 its share. They hold for the whole system. --weights=0:3,2:1 sets those of nodes 0 and 2; if \
                 one is refused, all are as they were. --weights=auto lets the kernel set them by bandwidth \
                 (Linux 6.16).",
                "--suggest prints the --weights command that is in proportion to the bandwidths of the nodes.",
            ],
        ),
        (
            "SHARED MEMORY",
            &[
                "--shm names a System V segment by a file and a number (see ftok(3)), and --file names a file of \
                 tmpfs or hugetlbfs. If the segment or the file does not exist, it is created, as long as \
                 --length says. An option for a policy that follows sets the policy of the --length bytes from \
                 --offset on, for every process that maps them.",
                "--touch allocates all pages. --verify compares the pages that are in memory with the policy, \
                 prints each page that is on another node, and ends with status 1 if there is one.",
                "--dump prints the policies, as START-END: MODE : NODES; it leaves out ranges without one. \
                 --dump-nodes prints the nodes of pages that are in memory, as START-END: NODE.",
            ],
        ),
        (
            "EXIT STATUS",
            &[
                "0: Success; with --explain, the command line would work.",
                "1: An error. With --explain, the command line would not work; with --verify, pages are on other nodes \
                 than the policy says.",
                "other: The exit status of COMMAND.",
            ],
        ),
        (
            "ENVIRONMENT",
            &[
                "NUMACTL_BEST_EFFORT: If it is 1, numactl behaves as if --best-effort were given.",
                "PATH: Where COMMAND is looked for.",
            ],
        ),
        (
            "FILES",
            &[
                "/sys/devices/system/node: The nodes, their CPUs, memory and distances.",
                "/proc/self/status: The nodes and CPUs that the cpuset allows.",
                "/sys/kernel/mm/mempolicy/weighted_interleave: The weights of the nodes.",
                "/sys/devices/system/node/nodeN/access0, access1, memory_side_cache: Latencies, bandwidths, caches.",
                "/sys/devices/virtual/memory_tiering: The memory tiers.",
                "/sys/firmware/acpi/tables/HMAT: The firmware's table.",
                "share/libnuma-rs/schema/numactl.schema.json: The schema of the JSON document, below the directory of the installation, such as /usr.",
            ],
        ),
        (
            "VERSIONS",
            &[
                "Options, output and exit statuses are those of numactl in release 2.0.19 of the numactl package. \
                 --explain, --dry-run, --best-effort, --json, --static, --relative, --matrix, --measure, --tiers, --weights, --suggest, --help and words for what nodes are, are new, and so is \
                 --balancing with --preferred-many. New options cannot be abbreviated.",
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
