//! Writes the manual page and the completions, from the definition of the options.
//!
//! `migratepages-docs DIRECTORY` writes migratepages.8 and the completions for bash, zsh and
//! fish there.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use migratepages::options::Cli;

/// The parts of the manual page that the options do not tell.
const PROSE: [(&str, &[&str]); 9] = [
    (
        "OPERANDS",
        &[
            "PID is a process id in decimal; several are joined by blanks or commas. The id of a \
             thread stands for its process.",
            "FROM and TO are written as in numactl(8): 0, 2-5, 0,3, !1 (all but), +0-1 (counted \
             in the cpuset of the command), all, or a device: file:PATH, block:NAME, \
             netdev:NAME, ip:ADDRESS, pci:ADDRESS. In TO, all and ! mean the nodes that can be \
             used.",
        ],
    ),
    (
        "WHICH PAGE GOES WHERE",
        &[
            "The n-th node of FROM goes to the n-th node of TO; if TO has fewer nodes, counting \
             begins again with its first. This is the rule of migrate_pages(2), with its special \
             case: if FROM and TO have different numbers of nodes, pages on a node that is in \
             both stay where they are.",
            "FROM may name any node that exists, also one that the cpuset of the command hides. \
             Each node of TO must have memory and be allowed by that cpuset; if one is not, \
             nothing is moved and the message names it.",
        ],
    ),
    (
        "PAGES THAT STAY",
        &[
            "Every page found on a node of FROM is moved or counted with the reason why it was \
             not: something holds on to it (direct I/O, a pipe, RDMA), it is shared with other \
             processes, there is no room on the target, or it is not permitted. If pages stayed, one line on \
             standard error says how many; the exit status tells of it with --strict only.",
            "Pages of the kernel itself, such as [vdso], are not counted.",
        ],
    ),
    (
        "PRIVILEGES",
        &[
            "The process must belong to the same user, or CAP_SYS_PTRACE and CAP_SYS_NICE are \
             needed. Containers usually deny both system calls with a seccomp filter unless they \
             have CAP_SYS_NICE. If only one of move_pages(2) and migrate_pages(2) is denied, the \
             other is used, and a line on standard error says so.",
        ],
    ),
    (
        "CPUSETS",
        &[
            "move_pages(2) puts pages only where the cpuset of the process allows it. With \
             CAP_SYS_NICE and a node of TO outside of that cpuset, migrate_pages(2) is used \
             instead, which moves everything in one go.",
        ],
    ),
    (
        "SHARED PAGES",
        &[
            "With CAP_SYS_NICE shared pages move too: libraries, shared memory and pages that a \
             parent and its children have in common. Use --private to leave them. Without the \
             capability only pages that no other process maps move.",
        ],
    ),
    (
        "HUGE PAGES",
        &[
            "Huge pages, transparent or explicit, move whole and stay huge. Explicit ones of \
             1 GiB need free ones on the target; smaller ones are made there if there is \
             memory in one piece. A page is moved in one go, so that the process may wait for a \
             page of 1 GiB longer than --max-pause. All counts are in pages of the base size.",
        ],
    ),
    (
        "EXIT STATUS",
        &[
            "0: done; pages that stayed are no error without --strict.",
            "1: something could not be done, be it for one process of several: there is none with \
             this number, it has no memory of its own (a kernel thread), it is not permitted, a \
             node of TO cannot be used, or the report could not be written.",
            "2: the command line is wrong. Nothing was moved.",
            "3: with --strict, a page stayed behind.",
            "130: ended by Ctrl-C or SIGTERM, after the piece in hand; what was done until then is \
             reported.",
        ],
    ),
    (
        "EXAMPLES",
        &[
            "migratepages 4711 0 1",
            "Moves what process 4711 has on node 0 to node 1.",
            "migratepages --dry-run 4711 0-1 2-3",
            "Says what would go from 0 to 2 and from 1 to 3, and whether it fits.",
            "migratepages --private --only heap,anon --max-pause 5ms 4711 all 2",
            "Gathers the process's own memory on node 2, with short pauses.",
            "migratepages --cgroup /system.slice/db.service --json 0 1",
            "Moves a whole service, and reports as JSON.",
            "migratepages --show 4711",
            "Shows where the pages are.",
        ],
    ),
];

fn manual() -> io::Result<Vec<u8>> {
    let command = Cli::command();
    let man = Man::new(command)
        .section("8")
        .title("MIGRATEPAGES")
        .date("")
        .manual("");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    let mut roff = Roff::default();
    roff.control("SH", ["SYNOPSIS"]);
    for (number, rest) in [
        " [OPTIONS] PID... FROM TO",
        " [OPTIONS] --cgroup PATH FROM TO",
        " [OPTIONS] --show PID...",
    ]
    .iter()
    .enumerate()
    {
        if number > 0 {
            roff.control("br", []);
        }
        roff.text([bold("migratepages"), roman(*rest)]);
    }
    roff.to_writer(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut roff = Roff::default();
    for (title, paragraphs) in PROSE {
        roff.control("SH", [title]);
        for text in paragraphs {
            if title == "EXAMPLES" && text.starts_with("migratepages ") {
                roff.control("TP", []);
                roff.text([bold(*text)]);
            } else if title == "EXAMPLES" {
                roff.text([roman(*text)]);
            } else if let Some((status, meaning)) =
                text.split_once(": ").filter(|_| title == "EXIT STATUS")
            {
                roff.control("TP", []);
                roff.text([bold(status)]);
                roff.text([roman(meaning)]);
            } else {
                roff.control("PP", []);
                roff.text([roman(*text)]);
            }
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(
        "migrate_pages(2), move_pages(2), numactl(8), numa(7), cpuset(7), capabilities(7), \
         numa_maps in proc(5)",
    )]);
    roff.to_writer(&mut page)?;
    Ok(page)
}

fn write(directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join("migratepages.8"), manual()?)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut Cli::command(), "migratepages", directory)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else {
        eprintln!("usage: migratepages-docs DIRECTORY");
        return ExitCode::from(2);
    };
    match write(Path::new(&directory)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("migratepages-docs: {error}");
            ExitCode::FAILURE
        }
    }
}
