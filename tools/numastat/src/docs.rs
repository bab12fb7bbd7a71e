//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &[
        "",
        "[-cmnvz] [-s[NODE]] [-p PID|PATTERN] [--by=kind] [--tree=PID] [--cgroup=PATH] [--interval=SECONDS] \
         [--json] [PID|PATTERN]...",
        "[--json] --check=PID",
    ],
    sections: SECTIONS,
    see_also: "numactl(8), migratepages(8), libnuma(7), cpuset(7), numa_maps in proc(5)",
};

const SECTIONS: &[(&str, &[&str])] = &[
    (
        "DESCRIPTION",
        &[
            "numastat shows on which nodes the memory of the system and of processes is: without options the \
             counters of the nodes, with -m the memory of the system, and with process ids or patterns the memory \
             of these processes.",
        ],
    ),
    (
        "COUNTERS",
        &[
            "Without options, numastat shows for each node how many pages were allocated since the system started, \
             in pages. With -n or another option the same rows are in megabytes, with a total.",
            "numa_hit: pages on this node for a process that wanted them here. numa_miss: pages on this node \
             although the process wanted another one. numa_foreign: pages that were wanted here and are on another \
             node. interleave_hit: pages on this node because of an interleaving policy. local_node: pages on \
             this node for a process that ran here. other_node: pages on this node for a process that ran elsewhere.",
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
            "A word of digits is a process id; another one is a pattern, which means each process that has this \
             text in its command line, but for numastat itself. One process is shown by what its memory is for: \
             explicit huge pages, heap, stack, and everything else (Private). Several are a row each; with -v each \
             has a table of its own.",
            "A process that cannot be read or does not exist, and a pattern that no process matches, are reported on \
             standard error, and the exit status is 1. The others are shown. There is no row for a process that could not \
             be read.",
            "Memory that several processes share is counted in each. The numbers are pages that are present, not \
             what is swapped out.",
            "--by=kind tells anonymous memory, heap, stack, files that are mapped privately, and shared memory (files \
             as well) apart, and explicit huge pages by their size. Each process has a table then.",
        ],
    ),
    (
        "WHAT IS OUT OF PLACE",
        &[
            "--check compares where the pages of a process are with what its policies and its cpuset allow: pages \
             outside of the cpuset, pages of a mapping with the policy bind or interleave on other nodes than that \
             policy has, and pages that are not on a preferred node. A page has one reason, the first of these. \
             Memory without a policy is in place wherever the cpuset allows it.",
            "No policy of a process governs the page cache: pages of files that are not modified count as in place, \
             and how many lie elsewhere is said in a line of its own. migratepages(8) moves what is out of place.",
        ],
    ),
    (
        "CONTROL GROUPS",
        &[
            "--cgroup shows memory.numa_stat of a group: in version 2 what is charged to the group and those below \
             it; in version 1 rows that begin with hierarchical_ include those below. PATH is a directory, or a \
             name as in /proc/PID/cgroup.",
        ],
    ),
    (
        "CHANGES",
        &[
            "--interval shows everything once, and then every so many seconds by how much each number has changed, \
             until Ctrl-C, until nobody reads the output any more, or until there is nothing left to show. A number that \
             was not known before is blank. With --json there is one document in each line.",
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
            "--json prints one document, with bytes and null for what is not known. Its shape is in \
             numastat.schema.json.",
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
            "NUMASTAT_WIDTH: The width at which tables are folded, whether on a terminal or not; 32 at least. What is no \
             number means 80.",
        ],
    ),
    (
        "FILES",
        &[
            "/sys/devices/system/node/nodeN/numastat: The counters.",
            "/sys/devices/system/node/nodeN/meminfo: The memory of the system.",
            "/proc/PID/numa_maps: The memory of a process.",
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
            "numastat --interval 1 -n",
            "Shows where memory is allocated now.",
        ],
    ),
];
