//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &["[OPTIONS] SIZE[k|m|g] [POLICY [NODES]]"],
    operands: &["SIZE", "POLICY", "NODES"],
    sections: &[
        (
            "DESCRIPTION",
            &[
                "memhog maps SIZE bytes of memory, sets a NUMA policy for them, and writes to them. It shows what a \
                 machine does when the memory of a node is full, and how fast the memory of a node is.",
            ],
        ),
        (
            "OPERANDS",
            &[
                "SIZE is a number of bytes, or of KiB, MiB or GiB if k, m or g follows. A number that begins with 0x \
                 is hexadecimal, and one that begins with 0 is octal.",
                "POLICY says where the pages come from (see mbind(2)):",
                "- default: Where the policy of the process says. This is also so without POLICY.",
                "- local: From the node of the CPU that touches a page.",
                "- membind: From NODES only.",
                "- preferred: From the first of NODES; from others when it is full.",
                "- preferred-many: From NODES; from others when they are full (Linux 5.15).",
                "- interleave: From NODES in turn, page by page.",
                "- weighted-interleave: The same, by the weights of the nodes (Linux 6.9).",
                "NODES is a list of nodes as in numactl(8): 0, 2-5, 0,3, !1 (all but node 1), +0-1 (relative \
                 to the cpuset), all, a device: file:PATH, block:NAME, netdev:NAME, ip:ADDRESS, \
                 pci:ADDRESS, gpu:N, nvme:DEV, ib:DEV, cxl:DEV, or what nodes are: cpu, mem, fast, slow, \
                 tier:N, near:NODE.",
            ],
        ),
        (
            "OUTPUT",
            &[
                "A dot stands for 10 MiB that were written, the last one for the rest of SIZE. Each repetition is a \
                 line.",
                "If the kernel refuses the policy, as in containers with a seccomp filter, one line on \
                 standard error says so, and the memory is written all the same. With --json, refused has the \
                 reason, and placed says where the pages are.",
            ],
        ),
        (
            "HUGE PAGES",
            &[
                "Pages of the pool are reserved when the memory is mapped, but not on a node. If a node of \
                 POLICY has none left, the command says so and ends (before Linux 5.14: SIGBUS).",
            ],
        ),
        (
            "EXIT STATUS",
            &[
                "0: Success.",
                "1: The command line is wrong, a node does not exist or may not be used, or there is not so much \
                 memory.",
            ],
        ),
        (
            "EXAMPLES",
            &[
                "memhog 1g membind 1",
                "Writes 1 GiB on node 1.",
                "memhog --json 1g interleave all",
                "Shows how fast memory that is spread over all nodes is written.",
                "memhog --hold 4g preferred 0",
                "Keeps 4 GiB, on node 0 as long as that has room, until the command is ended.",
                "memhog 1g membind slow",
                "Writes 1 GiB on the nodes whose memory is not the fastest.",
                "memhog -r10 --huge=1g 2g",
                "Writes ten times to two huge pages of 1 GiB.",
            ],
        ),
        (
            "FILES",
            &[
                "/sys/kernel/mm/hugepages: Which huge pages there are.",
                "/sys/kernel/mm/mempolicy/weighted_interleave: The weights of the nodes.",
                "share/libnuma-rs/schema/memhog.schema.json: The schema of the JSON document, below the directory of the installation, such as /usr.",
            ],
        ),
        (
            "VERSIONS",
            &[
                "The operands, -r, -f and -H are those of memhog of the numactl package. Options with long names are \
                 new.",
            ],
        ),
    ],
    see_also: "numactl(8), migspeed(8), numastat(8), libnuma(7), mbind(2), numa_maps in proc(5)",
};
