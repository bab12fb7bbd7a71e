//! Memory of the command itself, bound to FROM, touched, and bound to TO.

use std::fs;
use std::time::Instant;

use cli::failures::{FAILED, Failed, perror};
use cli::memory::{Huge, placed};
use cli::terminal::Terminal;
use numa::memory::Mapping;
use numa::policy::{self, Mode};
use numa::{Error, migrate, topology};

use crate::order::{Order, listed};
use crate::report::{Leg, Measured};

/// Exit status: there is no memory.
const OUT_OF_MEMORY: u8 = 2;

/// From so many bytes on, malloc(3) maps memory. Less is of the heap, which the kernel's line says.
const MAPPED_FROM: usize = 128 << 10;

/// Where the pages are: in a piece of the heap, begun on a page boundary, or in a mapping.
enum Memory {
    Heap(Vec<u8>),
    Mapped(Mapping),
}

/// What went wrong, with the exit status. What is to be said of it has been said.
type Told = (u8, Failed);

/// Moves it. `json`: the report alone stands on standard output.
pub(crate) fn run(order: &Order, json: bool, terminal: &Terminal) -> Result<Measured, Told> {
    let say = |text: &str| {
        if !json {
            terminal.print(text);
        }
    };
    let tell = |text: &str| {
        if order.verbose {
            say(text);
        }
    };
    let refused = |what: &str, error: Error| (FAILED, Failed::other(perror(what, error.errno())));
    let page = match order.huge {
        Some(Huge::Pool(page)) => page,
        _ => topology::page_size(),
    };
    tell(&(listed("From", &order.from) + &listed("To", &order.to)));
    let pages = order.pages;
    tell(&format!(
        "Allocating {pages} pages of {page} bytes of memory\n"
    ));
    let Some((mut memory, start, len)) = allocate(order, page, terminal)? else {
        const TEXT: &str = "Out of Memory";
        say(&format!("{TEXT}\n"));
        return Err((OUT_OF_MEMORY, Failed::other(TEXT)));
    };
    policy::set_range_policy(start, len, Mode::Bind, Some(order.from.as_bits()), false)
        .map_err(|error| refused("mbind", error))?;
    tell("Dirtying memory....\n");
    memory.touch(order.huge).map_err(|failed| {
        terminal.complain(format_args!("{}", failed.message));
        (FAILED, failed)
    })?;
    tell("Starting test\n");
    let range = start..start + len;
    let (before, nodes_before) = match json {
        true => (placed(range.clone()).ok(), nodes_of(start, len, page)),
        false => (None, None),
    };
    say(&line_of(start));
    let began = Instant::now();
    policy::move_range(start, len, Mode::Bind, Some(order.to.as_bits()))
        .map_err(|error| refused("memory move", error))?;
    let mut there = Leg::new(len as u64, began.elapsed().as_secs_f64());
    say(&line_of(start));
    say(&there.line());
    if let Some((before, after)) = nodes_before.zip(nodes_of(start, len, page).filter(|_| json)) {
        let moved = before.iter().zip(&after).filter(|(old, new)| old != new);
        there.pages_moved = Some(moved.count() as u64);
    }
    Ok(Measured {
        pid: None,
        pages,
        page_size: page as u64,
        from: order.from.iter().map(|node| node.0).collect(),
        to: order.to.iter().map(|node| node.0).collect(),
        there,
        back: None,
        before,
        after: json.then(|| placed(range).ok()).flatten(),
    })
}

/// Memory for the pages, not touched yet, with the address of the first and the bytes of all of them;
/// `None` if there is none.
fn allocate(
    order: &Order,
    page: usize,
    terminal: &Terminal,
) -> Result<Option<(Memory, usize, usize)>, Told> {
    let pages = usize::try_from(order.pages).ok();
    let Some(len) = pages.and_then(|pages| pages.checked_mul(page)) else {
        return Ok(None);
    };
    // With room for the boundary and for malloc's own words.
    let is_mapped = len.saturating_add(page + 32) >= MAPPED_FROM;
    if len > 0 && (order.huge.is_some() || is_mapped) {
        let mapping = match Huge::map(order.huge, len) {
            Ok(mapping) => mapping,
            Err(_) if order.huge.is_none() => return Ok(None),
            Err(failed) => {
                terminal.complain(format_args!("{}", failed.message));
                return Err((FAILED, failed));
            }
        };
        let start = mapping.address();
        return Ok(Some((Memory::Mapped(mapping), start, len)));
    }
    let mut heap = Vec::new();
    if heap.try_reserve_exact(len + page).is_err() {
        return Ok(None);
    }
    let start = (heap.as_ptr() as usize).next_multiple_of(page);
    Ok(Some((Memory::Heap(heap), start, len)))
}

impl Memory {
    /// Writes to every page.
    fn touch(&mut self, huge: Option<Huge>) -> Result<(), Failed> {
        const BYTE: u8 = 0xff;
        match self {
            // The address stays: there is room for all of it.
            Memory::Heap(heap) => heap.resize(heap.capacity(), BYTE),
            Memory::Mapped(mapping) => {
                Huge::fault_in(huge, mapping.address(), mapping.bytes().len())?;
                mapping.bytes_mut().fill(BYTE);
            }
        }
        Ok(())
    }
}

/// The node of each page, or what the kernel says instead.
fn nodes_of(start: usize, len: usize, page: usize) -> Option<Vec<i32>> {
    let mut nodes = vec![0; len / page];
    migrate::locate_range(0, start..start + len, page, &mut nodes).ok()?;
    Some(nodes)
}

/// What the kernel says of the memory: its line of numa_maps.
fn line_of(start: usize) -> String {
    let text = fs::read_to_string("/proc/self/numa_maps").unwrap_or_default();
    let address = format!("{start:x} ");
    let mut lines = text.split_inclusive('\n');
    lines
        .find(|line| line.trim_start_matches('0').starts_with(&address))
        .unwrap_or_default()
        .to_owned()
}
