//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &["[OPTIONS] FROM TO", "[OPTIONS] --pid=PID FROM TO"],
    operands: &["NODES"],
    sections: &[
        (
            "DESCRIPTION",
            &[
                "migspeed moves pages from some nodes to others and shows how fast they moved. They are pages of its \
                 own, or, with --pid, those of a running process.",
            ],
        ),
        (
            "OPERANDS",
            &[
                "FROM and TO are lists of nodes as in numactl(8): 0, 2-5, 0,3, !1 (all but node 1), +0-1 \
                 (relative to the cpuset), all, a device: file:PATH, block:NAME, netdev:NAME, ip:ADDRESS, \
                 pci:ADDRESS, gpu:N, nvme:DEV, ib:DEV, cxl:DEV, or what nodes are: cpu, mem, fast, slow, \
                 tier:N, near:NODE.",
            ],
        ),
        (
            "WHAT IS MEASURED",
            &[
                "The command binds memory of its own to FROM, writes to it, and binds it to TO, by mbind(2) \
                 with MPOL_MF_MOVE. It shows the memory's line of /proc/self/numa_maps before and after, and \
                 how long the last call took. Pages that are on a node of TO already do not move, and count \
                 all the same.",
                "With --pid, the pages are the first N that the process has on FROM. Pages on the n-th node of \
                 FROM move to the n-th node of TO, by move_pages(2), 512 at a time, and move back before the next \
                 ones leave. Two lines say how fast they moved there and back; only pages that did move count. \
                 Pages that other processes map as well stay. The command needs the same privileges as \
                 migratepages(8).",
                "Huge pages move as a whole.",
            ],
        ),
        (
            "EXIT STATUS",
            &[
                "0: Success.",
                "1: The command line is wrong, a node does not exist or may not be used, the kernel refuses to \
                 move, or pages of a process could not be moved back.",
                "2: There is no memory for so many pages.",
            ],
        ),
        (
            "EXAMPLES",
            &[
                "migspeed -p 100000 0 1",
                "Moves 100,000 pages from node 0 to node 1.",
                "migspeed --json --huge -p 64 0 2",
                "Moves 64 huge pages of the pool.",
                "migspeed --pid=4711 -p 5000 0 1",
                "Shows how fast pages of process 4711 would move.",
            ],
        ),
        (
            "FILES",
            &[
                "/proc/self/numa_maps: Where the memory is.",
                "/sys/kernel/mm/hugepages: Which huge pages there are.",
                "share/libnuma-rs/schema/migspeed.schema.json: The schema of the JSON document, below the directory of the installation, such as /usr.",
            ],
        ),
        (
            "VERSIONS",
            &[
                "The operands, -p and -v are those of migspeed of the numactl package. Options with long names are \
                 new.",
            ],
        ),
    ],
    see_also: "migratepages(8), numactl(8), memhog(8), libnuma(7), mbind(2), move_pages(2), numa_maps in proc(5)",
};
