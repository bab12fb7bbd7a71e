//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &[
        "",
        "[-cmnvz] [-s[NODE]] [-p PID|PATTERN] [--by=kind] [--tree=PID] [--cgroup=PATH] [--interval=SECONDS] \
         [--tiers] [--json] [PID|PATTERN]...",
        "[--json] --check=PID",
    ],
    operands: &["PID"],
    sections: SECTIONS,
    see_also: "numactl(8), migratepages(8), libnuma(7), cpuset(7), numa_maps in proc(5)",
};

const SECTIONS: &[(&str, &[&str])] = &[
    (
        "DESCRIPTION",
        &[
            "numastat shows on which nodes memory is. Without options it shows how much each node has allocated \
             since the system started, with -m what the memory of the system is used for, and with process ids \
             or patterns the memory of these processes.",
        ],
    ),
    (
        "COUNTERS",
        &[
            "Without options, numastat shows for each node how many pages were allocated since the system started, \
             in pages. With -n or another option the same rows are in megabytes, with a total.",
            "- numa_hit: Pages on this node for a process that wanted them here.",
            "- numa_miss: Pages on this node although the process wanted another one.",
            "- numa_foreign: Pages that were wanted here and are on another node.",
            "- interleave_hit: Pages on this node because of an interleaving policy.",
            "- local_node: Pages on this node for a process that ran here.",
            "- other_node: Pages on this node for a process that ran elsewhere.",
            "A numa_miss that grows means that a node is full: processes get memory from nodes that they did not want.",
        ],
    ),
    (
        "MEMORY OF THE SYSTEM",
        &[
            "The rows of -m are those of the kernel's meminfo of the nodes, in its order. The rows of \
             explicit huge pages are megabytes too, of all page sizes.",
        ],
    ),
    (
        "PROCESSES",
        &[
            "A word of digits is a process id. Any other word is a pattern: it stands for each process, except \
             numastat itself, whose command line contains it. For one process, the rows say what its memory is for: \
             explicit huge pages, heap, stack, and everything else (Private). Of several processes each is a row; \
             with -v each has a table of its own.",
            "A process that cannot be read or does not exist, and a pattern that no process matches, are reported on \
             standard error, and the exit status is 1. The others are shown.",
            "Memory that several processes share is counted in each. The numbers are pages that are present, not \
             what is swapped out.",
            "--by=kind divides memory into anonymous memory, heap, stack, files that are mapped privately, shared \
             memory (also files that are mapped shared), and explicit huge pages by their size. Each process has a \
             table then.",
        ],
    ),
    (
        "WHAT IS OUT OF PLACE",
        &[
            "--check compares where the pages of a process are with what its policies and its cpuset allow. It reports \
             pages outside of the cpuset; pages of a mapping with the policy bind or interleave that are on other \
             nodes than the policy names; and pages that are not on a preferred node. A page is counted once, for the \
             first of these reasons. Memory without a policy is in place wherever the cpuset allows it.",
            "Policies of a process do not govern the page cache: pages of files that are not modified count as in \
             place, and a line of its own says how many of them are elsewhere. migratepages(8) moves what is out of \
             place.",
        ],
    ),
    (
        "CONTROL GROUPS",
        &[
            "--cgroup shows memory.numa_stat of a group. In version 2 the numbers include the groups below it; in \
             version 1 only rows that begin with hierarchical_ do. PATH is a directory, or a name as in \
             /proc/PID/cgroup.",
        ],
    ),
    (
        "MEMORY TIERS",
        &[
            "--tiers has a table for each memory tier, the fastest first: how much was promoted to its nodes \
             (pgpromote_success), how much was hot enough to be (pgpromote_candidate), and how much was demoted \
             from them (pgdemote_kswapd and others), under the kernel's names. Kernels before 6.8 count demotions \
             for the whole system only. Where the kernel has no tiers (before Linux 6.1), all nodes are in one \
             table.",
            "Lines below tell whether NUMA balancing and demotion are on, and the counters of the whole system: \
             numa_hint_faults are accesses that balancing has watched, numa_hint_faults_local those that were on the \
             node of the CPU, numa_pages_migrated the pages that it has moved.",
            "With --interval this shows whether pages move up and down now. Pages that go down and come up again, \
             at the same rate, mean that the fast tier is too small for what is used.",
        ],
    ),
    (
        "CHANGES",
        &[
            "--interval shows everything once, and then, every so many seconds, by how much each number has changed. It \
             ends with Ctrl-C, when nobody reads the output any more, or when there is nothing left to show. A number \
             that was not known before is blank. With --json each line is one document.",
        ],
    ),
    (
        "OUTPUT",
        &[
            "A megabyte (MB) is 1048576 bytes here. What is not known is blank. On a terminal, tables are folded at its \
             width; elsewhere they are not. On a machine with many nodes, -c and -z make tables narrower: rows and \
             columns that are not zero but too small to be seen stay.",
            "-s sorts by the number of a node, whatever other nodes there are. A value that is no node of the machine is \
             reported, and rows are sorted by the total. As the value is optional, it has to follow -s at once, and \
             -s has to be the last letter of several: -mcs, not -msc.",
            "--json prints one document, with bytes and null for what is not known. Its schema is \
             installed: see FILES.",
        ],
    ),
    (
        "EXIT STATUS",
        &[
            "0: Success.",
            "1: Something could not be shown, or the command line is wrong.",
            "3: With --check, memory is out of place.",
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            "NUMASTAT_WIDTH: The width at which tables are folded, whether on a terminal or not; 32 at least. Anything \
             but a number means 80.",
            "COLUMNS: The same for a terminal, if NUMASTAT_WIDTH is not set.",
        ],
    ),
    (
        "FILES",
        &[
            "/sys/devices/system/node/nodeN/numastat: The counters.",
            "/sys/devices/system/node/nodeN/meminfo: The memory of the system.",
            "/sys/devices/system/node/nodeN/vmstat, /proc/vmstat: Promotions, demotions, balancing.",
            "/sys/devices/virtual/memory_tiering: The memory tiers.",
            "/proc/PID/numa_maps: The memory of a process.",
            "/sys/fs/cgroup: Control groups.",
            "share/libnuma-rs/schema/numastat.schema.json: The schema of the JSON document, below the directory of the installation, such as /usr.",
        ],
    ),
    (
        "VERSIONS",
        &[
            "Without options that are new, numastat prints what numastat of release 2.0.19 of the numactl package \
             prints. --by=kind, --cgroup, --check, --interval, --json, --tiers and --tree are new.",
        ],
    ),
    (
        "EXAMPLES",
        &[
            "numastat -czm",
            "Shows the memory of a machine with many nodes.",
            "numastat -cs postgres",
            "Shows all processes with postgres in their command lines, the largest first.",
            "numastat --by=kind --tree 4711",
            "Shows what the memory of a process and of its descendants is for.",
            "numastat --check 4711 || migratepages 4711 all 1",
            "Moves a process's memory to node 1 if some of it is out of place.",
            "numastat --interval 10 --tiers",
            "Shows what is promoted and demoted now.",
            "numastat --interval 1 -n",
            "Shows where memory is allocated now.",
        ],
    ),
];
