//! Writes the manual page and the completions, from the definition of the options.
//!
//! `migratepages-docs DIRECTORY` writes migratepages.8 and the completions for bash, zsh and
//! fish into that directory.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use cli::manual::{self, Prose};
use migratepages::options::Cli;

/// The parts of the manual page that do not come from the options.
const PROSE: Prose = Prose {
    section: "8",
    synopsis: &[
        "[OPTIONS] PID... FROM TO",
        "[OPTIONS] --cgroup PATH FROM TO",
        "[OPTIONS] --show PID...",
    ],
    operands: &["PID", "NODES"],
    sections: SECTIONS,
    see_also: "migrate_pages(2), move_pages(2), numactl(8), libnuma(7), cpuset(7), capabilities(7), \
               numa_maps in proc(5)",
};

const SECTIONS: &[(&str, &[&str])] = &[
    (
        "OPERANDS",
        &[
            "PID is a process id in decimal. Several ids are separated by blanks or commas; blanks \
             around one, as ps(1) prints them, do not count. The id of a thread stands for its \
             process. If a process ends, another one that gets its id is not touched.",
            "FROM and TO are node lists as in numactl(8): 0, 2-5, 0,3, !1 (all but node 1), +0-1 \
             (relative to the cpuset of the command), all, a device: file:PATH, block:NAME, \
             netdev:NAME, ip:ADDRESS, pci:ADDRESS, gpu:N, nvme:DEV, ib:DEV, cxl:DEV, or what nodes \
             are: cpu, mem, fast, slow, tier:N, near:NODE. In TO, all, ! and what nodes are mean \
             the nodes that can be used. If FROM is empty, nothing moves.",
        ],
    ),
    (
        "WHICH PAGE GOES WHERE",
        &[
            "Pages on the n-th node of FROM go to the n-th node of TO. If TO has fewer nodes, \
             counting starts again at its first node. This is the rule of migrate_pages(2), \
             including its special case: if FROM and TO have different numbers of nodes, pages on \
             a node that is in both stay where they are.",
            "FROM may name any node that exists, even if the cpuset of the command hides it. Each \
             node of TO must have memory and be allowed by that cpuset. If one is not, no page \
             moves and the message names the node.",
        ],
    ),
    (
        "PAGES THAT STAY",
        &[
            "Each page found on a node of FROM either moves or is counted with the reason why it \
             does not: it is busy or pinned (direct I/O, a pipe, RDMA), other processes share it, \
             the target has no room, or the move is not permitted. If pages stay, one line on \
             standard error reports how many. They change the exit status only with --strict.",
            "Before Linux 6.5 the kernel hides pages that nobody may access (PROT_NONE) and pages \
             that NUMA balancing watches: move_pages(2) says that they are not there. They move \
             last, by migrate_pages(2), which moves everything on a node. With --private, --only or \
             --range that would move too much, so these pages stay, and are counted as hidden by the \
             kernel.",
            "If the process runs another program meanwhile (exec), its old memory is gone, and the pages \
             of the new program are not looked at. One line on standard error says so.",
            "Pages of the kernel itself, such as [vdso], are not counted.",
        ],
    ),
    (
        "PRIVILEGES",
        &[
            "To move the pages of another user's process, the command needs CAP_SYS_PTRACE and \
             CAP_SYS_NICE. Containers usually deny both system calls with a seccomp filter unless \
             they have CAP_SYS_NICE. If only one of move_pages(2) and migrate_pages(2) is denied, \
             the command uses the other and reports this on standard error.",
        ],
    ),
    (
        "CPUSETS",
        &[
            "move_pages(2) moves pages only to nodes that the cpuset of the process allows. If a \
             node of TO is outside that cpuset and the command has CAP_SYS_NICE, it uses \
             migrate_pages(2) instead, which moves everything at once.",
        ],
    ),
    (
        "SHARED PAGES",
        &[
            "With CAP_SYS_NICE shared pages move too: libraries, shared memory, and pages that a \
             parent and its children have in common. --private leaves them. Without CAP_SYS_NICE, \
             only pages that no other process maps move.",
        ],
    ),
    (
        "HUGE PAGES",
        &[
            "Huge pages, transparent or explicit, move as a whole and stay huge. Explicit pages of \
             1 GiB need free pages of that size on the target. Smaller ones are allocated there if \
             memory is not too fragmented. The process may wait for a page of 1 GiB longer than \
             --max-pause. All counts are in pages of the base size.",
        ],
    ),
    (
        "EXIT STATUS",
        &[
            "0: Success. Pages that stay are no error without --strict.",
            "1: An error, even if for one of several processes only: it does not exist, it has no \
             memory of its own (a kernel thread), the move is not permitted, a node of TO cannot be \
             used, or the report could not be written.",
            "2: The command line is wrong. Nothing was moved.",
            "3: With --strict, a page stayed behind, or a process ran another program meanwhile.",
            "130: Interrupted by Ctrl-C or SIGTERM, after the current piece. What was moved until \
             then is reported.",
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            "COLUMNS: The width of reports and of the progress bar. Without it, it is the terminal's.",
            "NO_COLOR, TERM: Colours are left out if NO_COLOR is set to anything, or if TERM is dumb.",
            "LC_ALL, LC_CTYPE, LANG: The first of these that is set says whether bars may be drawn with characters \
             beyond ASCII.",
        ],
    ),
    (
        "FILES",
        &[
            "/proc/PID/maps, /proc/PID/pagemap: Which pages there are.",
            "/proc/PID/numa_maps: Where they are, and huge pages.",
            "/proc/PID/status: What the cpuset of the process allows.",
            "/sys/devices/system/node: The nodes, and how much memory is free there.",
            "share/libnuma-rs/schema/migratepages.schema.json: The schema of the JSON document, below the directory of the installation, such as /usr.",
        ],
    ),
    (
        "VERSIONS",
        &[
            "With the three operands PID FROM TO, the command does what migratepages of the numactl package \
             does. All options are new, and so are several processes.",
        ],
    ),
    (
        "EXAMPLES",
        &[
            "migratepages 4711 0 1",
            "Moves the pages of process 4711 from node 0 to node 1.",
            "migratepages --dry-run 4711 0-1 2-3",
            "Shows what would move from 0 to 2 and from 1 to 3, and whether it fits.",
            "migratepages --private --only heap,anon --max-pause 5ms 4711 all 2",
            "Gathers the process's own memory on node 2, with short pauses.",
            "migratepages --cgroup /system.slice/db.service --json 0 1",
            "Moves a whole service, and reports as JSON.",
            "migratepages --show 4711",
            "Shows where the pages are.",
        ],
    ),
];

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else {
        eprintln!("usage: migratepages-docs DIRECTORY");
        return ExitCode::from(2);
    };
    match manual::write(Path::new(&directory), &Cli::command(), &PROSE) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("migratepages-docs: {error}");
            ExitCode::FAILURE
        }
    }
}
