//! Shared memory: its policy, its pages, and what `--dump`, `--dump-nodes` and `--verify` say of them.

use std::ffi::CString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use cli::failures::strerror;
use cli::terminal::Terminal;
use cli::text;
use numa::memory::{Segment, Shared};
use numa::policy::{self, Mode, Policy};
use numa::{Errno, Node, topology};
use serde::Serialize;

use crate::machine::ids;
use crate::plan::{Memory, Placement};
use crate::reasons::mode_name;
use crate::refusal::Refusal;
use crate::show::flags_text;

/// Shared memory that is open.
#[derive(Debug)]
pub(crate) struct Opened {
    memory: Memory,
    shared: Shared,
}

/// A range with one policy.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PolicyRange {
    start: u64,
    end: u64,
    mode: String,
    nodes: Vec<u32>,
}

/// A range on one node.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodeRange {
    start: u64,
    end: u64,
    node: u32,
}

/// The memory as messages name it.
fn refused(memory: &Memory, reason: impl Into<String>) -> Refusal {
    Refusal::of(&memory.given, reason)
}

fn io_reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => strerror(Errno(errno)),
        None => error.to_string(),
    }
}

impl Opened {
    /// Opens it, and makes what is not there. Whatever is wrong is found before something is made.
    pub(crate) fn open(memory: &Memory, terminal: &Terminal) -> Result<Opened, Refusal> {
        let page = topology::page_size() as u64;
        if memory.length % page != 0 {
            let detail = format!("--length is {} bytes, a page has {page}", memory.length);
            return Err(Refusal::saying(
                "policy region not page aligned",
                memory.given.name(),
                detail,
            ));
        }
        if memory.length.checked_add(memory.offset).is_none() {
            return Err(refused(memory, "--offset and --length are beyond any file"));
        }
        let shared = if memory.segment {
            segment(memory, terminal)?
        } else {
            file(memory)?
        };
        Ok(Opened {
            memory: memory.clone(),
            shared,
        })
    }

    /// Sets the policy of all of it.
    pub(crate) fn place(&self, placement: &Placement, strict: bool) -> numa::Result<()> {
        if strict {
            // The kernel looks only at pages that this process has mapped: this maps what is there.
            let _ = self.for_each_page(&mut |_, _| {});
        }
        let nodes = (!placement.nodes.is_empty()).then(|| placement.nodes.as_bits());
        let (start, len) = (self.shared.address(), self.shared.len());
        policy::set_range_policy_with(start, len, placement.mode, placement.flags, nodes, strict)
    }

    /// Allocates all pages.
    pub(crate) fn touch(&self) -> Result<(), Refusal> {
        self.shared.populate().map_err(|error| {
            let reason = match error.errno() {
                Errno::ENOMEM | Errno::EFAULT => {
                    "not all pages can be allocated: the nodes, the file system or the pool of huge pages is full"
                        .to_owned()
                }
                errno => strerror(errno),
            };
            Refusal::saying(format!("--touch: {reason}"), "--touch", "")
        })
    }

    fn offset(&self, at: usize) -> u64 {
        let begin = if self.memory.segment {
            0
        } else {
            self.memory.offset
        };
        begin + at as u64
    }

    /// The policies of its ranges; those without one are left out.
    pub(crate) fn policies(&self, bits: usize) -> Result<(Vec<PolicyRange>, String), Refusal> {
        let page = topology::page_size();
        let mut ranges: Vec<(PolicyRange, Policy)> = Vec::new();
        for at in (0..self.shared.len()).step_by(page) {
            let now = policy::policy_at(self.shared.address() + at, bits)
                .map_err(|error| refused(&self.memory, error.to_string()))?;
            if now.mode == Mode::Default {
                continue;
            }
            let (start, end) = (
                self.offset(at),
                self.offset((at + page).min(self.shared.len())),
            );
            match ranges.last_mut() {
                Some((range, before))
                    if range.end == start
                        && (before.mode, before.flags) == (now.mode, now.flags)
                        && before.nodes == now.nodes =>
                {
                    range.end = end;
                }
                _ => {
                    let range = PolicyRange {
                        start,
                        end,
                        mode: mode_name(now.mode),
                        nodes: ids(&now.nodes),
                    };
                    ranges.push((range, now));
                }
            }
        }
        let mut text = String::new();
        for (range, now) in &ranges {
            let (mode, flags) = (&range.mode, flags_text(now.flags));
            let _ = write!(
                text,
                "{:016x}-{:016x}: {mode}{flags} : ",
                range.start, range.end
            );
            for node in &range.nodes {
                let _ = write!(text, "{node} ");
            }
            text.push('\n');
        }
        Ok((ranges.into_iter().map(|(range, _)| range).collect(), text))
    }

    /// Calls `each` with the offset and the node of every page that is in memory.
    fn for_each_page(&self, each: &mut dyn FnMut(usize, Node)) -> Result<(), Refusal> {
        let page = topology::page_size();
        let failed = |error: numa::Error| refused(&self.memory, error.to_string());
        let mut resident = [0; 1024];
        let mut at = 0;
        while at < self.shared.len() {
            let count = self
                .shared
                .read_resident(at, &mut resident)
                .map_err(failed)?;
            for (number, _) in resident[..count]
                .iter()
                .enumerate()
                .filter(|page| page.1 & 1 != 0)
            {
                let at = at + number * page;
                each(
                    at,
                    policy::node_at(self.shared.address() + at).map_err(failed)?,
                );
            }
            at += count.max(1) * page;
        }
        Ok(())
    }

    /// The nodes of its pages; those that are not in memory are left out.
    pub(crate) fn nodes(&self) -> Result<(Vec<NodeRange>, String), Refusal> {
        let page = topology::page_size();
        let mut ranges: Vec<NodeRange> = Vec::new();
        self.for_each_page(&mut |at, node| {
            let (start, end) = (
                self.offset(at),
                self.offset((at + page).min(self.shared.len())),
            );
            match ranges.last_mut() {
                Some(range) if range.end == start && range.node == node.0 => range.end = end,
                _ => ranges.push(NodeRange {
                    start,
                    end,
                    node: node.0,
                }),
            }
        })?;
        let mut text = String::new();
        for range in &ranges {
            let _ = writeln!(
                text,
                "{:016x}-{:016x}: {}",
                range.start, range.end, range.node
            );
        }
        Ok((ranges, text))
    }

    /// Pages that are not where a policy says, as text; how many there are.
    pub(crate) fn verify(&self, placement: &Placement) -> Result<(u64, String), Refusal> {
        let (mut text, mut wrong) = (String::new(), 0);
        if placement.nodes.is_empty() {
            return Ok((0, text));
        }
        self.for_each_page(&mut |at, node| {
            if !placement.nodes.contains(node) {
                wrong += 1;
                let address = self.shared.address() + at;
                let _ = write!(
                    text,
                    "numactl verify {address:x}({at:x}): unexpected node {node}\nexpected: "
                );
                for node in placement.nodes.iter() {
                    let _ = write!(text, "{node} ");
                }
                text.push('\n');
            }
        })?;
        Ok((wrong, text))
    }
}

/// Finds or makes a System V segment.
fn segment(memory: &Memory, terminal: &Terminal) -> Result<Shared, Refusal> {
    let shown = text::safe(&memory.path.to_string_lossy());
    let path = CString::new(memory.path.as_bytes())
        .map_err(|_| refused(memory, "a file name has no zero byte"))?;
    if memory.offset != 0 {
        return Err(refused(memory, "--offset is for --file"));
    }
    let size = |segment: Segment| {
        segment
            .map()
            .map_err(|error| refused(memory, error.to_string()))
    };
    let found = Segment::find(&path, memory.number, memory.huge);
    if let Ok(segment) = found {
        let shared = size(segment)?;
        if (shared.len() as u64) < memory.length {
            let reason = format!(
                "the segment has {} bytes, fewer than --length",
                shared.len()
            );
            return Err(refused(memory, reason));
        }
        return Ok(shared);
    }
    if let Err(error) = found {
        if !matches!(error.errno(), Errno::ENOENT) {
            return Err(refused(
                memory,
                format!("shmget: {}", strerror(error.errno())),
            ));
        }
    }
    let length = usize::try_from(memory.length)
        .map_err(|_| refused(memory, "--length is beyond the address space"))?;
    if length == 0 {
        return Err(refused(
            memory,
            "there is no such segment, and it needs a --length to be made",
        ));
    }
    let mode = memory.mode;
    if !Path::new(&memory.path).exists() {
        terminal.complain(format_args!(
            "Creating shm key file {shown} mode {mode:04o}"
        ));
        File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(mode)
            .open(&memory.path)
            .map_err(|error| {
                let message = format!("cannot create key for shm {shown}");
                Refusal::saying(message, memory.given.name(), io_reason(&error))
            })?;
    }
    let megabytes = length as f64 / f64::from(1 << 20);
    terminal.complain(format_args!(
        "Creating shared memory segment {shown} id {} mode {mode:04o} length {megabytes:.0}MB",
        memory.number
    ));
    let made = Segment::create(&path, memory.number, length, mode, memory.huge);
    size(made.map_err(|error| {
        let reason = match error.errno() {
            Errno::ENOMEM if memory.huge => {
                "too few free huge pages (see /proc/meminfo)".to_owned()
            }
            errno => strerror(errno),
        };
        Refusal::saying(
            "cannot create shared memory segment",
            memory.given.name(),
            reason,
        )
    })?)
}

/// Opens or makes a file.
fn file(memory: &Memory) -> Result<Shared, Refusal> {
    let shown = text::safe(&memory.path.to_string_lossy());
    let found = fs::metadata(&memory.path);
    if memory.length == 0 {
        let message = match found {
            Ok(_) => "policy region length not specified before --file",
            Err(_) => "need a --length to create a shared file",
        };
        return Err(Refusal::saying(message, memory.given.name(), ""));
    }
    let length = usize::try_from(memory.length)
        .map_err(|_| refused(memory, "--length is beyond the address space"))?;
    let (end, page) = (memory.offset + memory.length, topology::page_size() as u64);
    if memory.offset % page != 0 {
        let reason = format!("--offset is {} bytes, a page has {page}", memory.offset);
        return Err(refused(memory, reason));
    }
    let cannot = |error: &io::Error| {
        let message = format!("cannot create file {shown}");
        Refusal::saying(message, memory.given.name(), io_reason(error))
    };
    let mut made = false;
    if let Ok(found) = &found {
        let kind = found.file_type();
        if !kind.is_file() {
            let what = match () {
                () if kind.is_dir() => "Is a directory",
                () if kind.is_fifo() => "Is a pipe",
                () if kind.is_socket() => "Is a socket",
                () => "Is a device",
            };
            let message = format!("cannot create file {shown}");
            return Err(Refusal::saying(message, memory.given.name(), what));
        }
        if found.len() < end {
            let size = found.len();
            return Err(refused(
                memory,
                format!("the file has {size} bytes, --offset and --length end at {end}"),
            ));
        }
    } else {
        made = true;
    }
    let file = File::options()
        .read(true)
        .write(true)
        .create(made)
        .truncate(false)
        .mode(memory.mode)
        .open(&memory.path)
        .map_err(|error| cannot(&error))?;
    let map = || {
        if made {
            file.set_len(end).map_err(|error| {
                Refusal::saying(
                    format!("ftruncate: {}", io_reason(&error)),
                    memory.given.name(),
                    "",
                )
            })?;
        }
        Shared::file(file.as_raw_fd(), length, memory.offset).map_err(|error| {
            let mut reason = format!("mmap: {}", strerror(error.errno()));
            match error.errno() {
                Errno::EINVAL => {
                    reason.push_str("; on hugetlbfs --offset and --length count in huge pages")
                }
                Errno::ENOMEM => reason.push_str("; too few free huge pages, or no address space"),
                _ => {}
            }
            refused(memory, reason)
        })
    };
    map().inspect_err(|_| {
        // What was made for nothing goes.
        if made && fs::metadata(&memory.path).is_ok_and(|file| file.is_file()) {
            let _ = fs::remove_file(&memory.path).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            });
        }
    })
}
