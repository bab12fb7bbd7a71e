//! `--measure`: latency and bandwidth of reads, measured from the CPUs of each node in the memory of each.
//!
//! A target's memory is mapped, bound and written once, and counts only if move_pages(2) says that all of it is
//! there. From each initiator one thread then follows a chain of addresses in random order (latency), and all
//! CPUs read the memory in order (bandwidth). Both end by the clock, and the fastest piece counts, as it is
//! disturbed least.

use std::hint::black_box;
use std::ops::Range;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use cli::failures::strerror;
use cli::memory::placed;
use numa::memory::Mapping;
use numa::policy::Mode;
use numa::{CpuMask, Errno, Node, NodeMask, Root, affinity, topology};

use crate::filter;
use crate::machine::Machine;

/// Memory that is mapped at a time: more than most caches hold.
const MOST: u64 = 256 << 20;
/// Less would tell of caches.
const LEAST: u64 = 16 << 20;
/// Of the free memory of a node, so much at most.
const PART: u64 = 4;
/// Bytes from one address of the chain to the next by place: no prefetcher fetches its neighbour.
const STRIDE: usize = 256;
/// Bytes that are read as one.
const LINE: usize = 64;
/// What each of the two measurements of a pair takes at most, and all pairs together.
const LONGEST: Duration = Duration::from_millis(100);
const ALL: Duration = Duration::from_secs(60);
/// Addresses between two looks at the clock, and bytes.
const STEPS: u32 = 4096;
const PIECE: usize = 1 << 20;
/// More threads than that do not read faster.
const THREADS: usize = 64;

/// What a pair came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figures {
    /// In nanoseconds.
    pub(crate) latency: u32,
    /// In MB/s.
    pub(crate) bandwidth: u32,
}

/// A pair, and what it came to or why nothing was measured.
pub(crate) type Measured = ((Node, Node), Result<Figures, String>);

/// What is going to be measured.
#[derive(Debug)]
pub(crate) struct Order {
    /// Nodes with CPUs that this process may run on, and their CPUs; of others, why not.
    from: Vec<(Node, Result<CpuMask, String>)>,
    to: Vec<Node>,
    each: Duration,
}

impl Order {
    /// From all `from` to all `to`.
    pub(crate) fn new(from: &[Node], to: &[Node], machine: &Machine) -> Order {
        let from: Vec<_> = from
            .iter()
            .map(|&node| (node, cpus(node, machine)))
            .collect();
        let usable = from.iter().filter(|(_, cpus)| cpus.is_ok()).count();
        let pairs = (usable * to.len()).max(1) as u32;
        Order {
            from,
            to: to.to_vec(),
            each: (ALL / (2 * pairs)).min(LONGEST),
        }
    }

    /// What it takes, for people.
    pub(crate) fn announcement(&self) -> String {
        let usable = self.from.iter().filter(|(_, cpus)| cpus.is_ok()).count();
        let pairs = (usable * self.to.len()) as u32;
        // Writing the memory of a target takes about as long as a second.
        let seconds = (2 * self.each * pairs).as_secs_f64().ceil() as u64 + self.to.len() as u64;
        let noun = if pairs == 1 { "pair" } else { "pairs" };
        format!(
            "measuring {pairs} {noun} of nodes: about {seconds} s, {} MB of memory at most, all CPUs",
            MOST >> 20
        )
    }

    /// Measures.
    pub(crate) fn carry_out(&self, machine: &Machine) -> Vec<Measured> {
        let mut found = Vec::new();
        let killed = filter::kills_policies();
        for &to in &self.to {
            let memory = if killed {
                Err(filter::KILLS.to_owned())
            } else {
                chain_on(to, machine)
            };
            for (from, cpus) in &self.from {
                let figures = match (cpus, &memory) {
                    (Err(why), _) | (_, Err(why)) => Err(why.clone()),
                    (Ok(cpus), Ok(memory)) => pair(memory.bytes(), cpus, self.each),
                };
                found.push(((*from, to), figures));
            }
        }
        found
    }
}

/// The CPUs of a node that this process may run on.
fn cpus(node: Node, machine: &Machine) -> Result<CpuMask, String> {
    let mut cpus = machine.cpus_of(node);
    if cpus.is_empty() {
        return Err(format!("node {node} has no CPUs"));
    }
    cpus.intersect(&machine.cpus);
    if cpus.is_empty() {
        return Err(format!(
            "this process may not run on the CPUs of node {node}"
        ));
    }
    Ok(cpus)
}

/// How much memory of a node is taken; why none.
fn room(free: u64) -> Result<usize, String> {
    let size = (free / PART).min(MOST) & !(PIECE as u64 - 1);
    if size < LEAST {
        return Err(format!("only {} MB are free", free >> 20));
    }
    Ok(size as usize)
}

/// Memory on a node, all of it, with a chain through it.
fn chain_on(node: Node, machine: &Machine) -> Result<Mapping, String> {
    if !machine.allowed.contains(node) {
        return Err(machine.why_not_node(node.0.into()));
    }
    let text = |error: numa::Error| error.to_string();
    let free = topology::node_memory(Root::SYSTEM, node)
        .map_err(text)?
        .free;
    let size = room(free)?;
    let mut memory = Mapping::new(size).map_err(text)?;
    let mut only = NodeMask::new(machine.node_bits).map_err(text)?;
    only.insert(node).map_err(text)?;
    let refused = |error: numa::Error| {
        let errno = error.errno();
        filter::of_denied("mbind", errno).unwrap_or_else(|| format!("mbind: {}", strerror(errno)))
    };
    memory
        .place(Mode::Bind, Some(only.as_bits()))
        .map_err(refused)?;
    // Fewer translations of addresses are measured then.
    let _ = memory.advise_huge(true);
    link(memory.bytes_mut());
    let range = memory.address()..memory.address() + size;
    is_there(range, node)?;
    Ok(memory)
}

/// Whether all of a range is on a node, as the kernel tells.
fn is_there(range: Range<usize>, node: Node) -> Result<(), String> {
    let size = range.len() as u64;
    let placed = placed(range).map_err(|error| {
        let errno: Errno = error.errno();
        let why = filter::of_denied("move_pages", errno);
        why.unwrap_or_else(|| format!("where its memory is, is not told: {}", strerror(errno)))
    })?;
    let there = placed.iter().find(|on| on.node == node.0);
    match there.map_or(0, |on| on.bytes) {
        bytes if bytes == size => Ok(()),
        bytes => Err(format!(
            "{} of {} MB are elsewhere",
            size.saturating_sub(bytes).div_ceil(1 << 20),
            size >> 20
        )),
    }
}

/// Writes a chain into memory: each place names the next one, all are in it, in random order.
fn link(bytes: &mut [u8]) {
    let places = (bytes.len() / STRIDE) as u32;
    let mut order: Vec<u32> = (0..places).collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    // Sattolo's algorithm: what comes out is one cycle.
    for at in (1..order.len()).rev() {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        order.swap(at, (seed % at as u64) as usize);
    }
    for (place, next) in bytes.chunks_exact_mut(STRIDE).zip(&order) {
        place[..4].copy_from_slice(&next.to_ne_bytes());
    }
}

/// The place that a place names.
fn next(bytes: &[u8], place: u32) -> u32 {
    let at = place as usize * STRIDE;
    match bytes.get(at..at + 4).and_then(|word| word.try_into().ok()) {
        Some(word) => u32::from_ne_bytes(word),
        None => 0,
    }
}

/// Measures a pair, within twice `each`.
fn pair(bytes: &[u8], cpus: &CpuMask, each: Duration) -> Result<Figures, String> {
    let latency = on(cpus, 1, &|_, barrier| follow(bytes, each, barrier))?;
    let threads = cpus.len().clamp(1, THREADS);
    let part = bytes.len() / threads;
    let speeds = on(cpus, threads, &|thread, barrier| {
        read(&bytes[thread * part..(thread + 1) * part], each, barrier)
    })?;
    let nanoseconds = latency.iter().copied().fold(f64::MAX, f64::min);
    let bandwidth: f64 = speeds.iter().sum();
    Ok(Figures {
        // Casts saturate.
        latency: nanoseconds.round().max(1.0) as u32,
        bandwidth: (bandwidth / 1e6).round().max(1.0) as u32,
    })
}

/// Runs so many threads on CPUs, which begin together.
fn on(
    cpus: &CpuMask,
    threads: usize,
    work: &(dyn Fn(usize, &Barrier) -> f64 + Sync),
) -> Result<Vec<f64>, String> {
    let barrier = &Barrier::new(threads);
    thread::scope(|scope| {
        let mut running = Vec::new();
        for thread in 0..threads {
            running.push(scope.spawn(move || {
                let bound = affinity::set_thread_cpus(0, cpus.as_bits());
                // Also where that was refused, as the others wait.
                let result = work(thread, barrier);
                bound.map(|()| result).map_err(|error| error.to_string())
            }));
        }
        let results = running.into_iter().map(|thread| {
            let result = thread.join();
            result.unwrap_or_else(|_| Err("a thread has ended early".to_owned()))
        });
        results.collect()
    })
}

/// Follows the chain; nanoseconds for one step, of the fastest piece.
fn follow(bytes: &[u8], each: Duration, barrier: &Barrier) -> f64 {
    barrier.wait();
    let start = Instant::now();
    let (mut place, mut best, mut before) = (0, f64::MAX, start);
    loop {
        for _ in 0..STEPS {
            place = next(bytes, place);
        }
        black_box(place);
        let now = Instant::now();
        let nanoseconds = (now - before).as_nanos() as f64 / f64::from(STEPS);
        best = best.min(nanoseconds);
        if now - start >= each {
            return best;
        }
        before = now;
    }
}

/// Reads memory again and again; bytes in a second.
fn read(bytes: &[u8], each: Duration, barrier: &Barrier) -> f64 {
    barrier.wait();
    let start = Instant::now();
    let (mut sum, mut done) = (0u64, 0u64);
    loop {
        for piece in bytes.chunks(PIECE) {
            for line in piece.chunks(LINE) {
                sum = sum.wrapping_add(u64::from(line[0]));
            }
            black_box(sum);
            done += piece.len() as u64;
            let passed = start.elapsed();
            if passed >= each {
                return done as f64 / passed.as_secs_f64().max(1e-9);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_goes_through_all_places_and_back() {
        for places in [1usize, 2, 3, 1000] {
            let mut bytes = vec![0; places * STRIDE + 7];
            link(&mut bytes);
            let (mut place, mut steps) = (0, 0);
            loop {
                place = next(&bytes, place);
                steps += 1;
                if place == 0 || steps > places {
                    break;
                }
            }
            assert_eq!((place, steps), (0, places));
        }
        // What lies outside of the memory leads back.
        assert_eq!(next(&[0; STRIDE], 7), 0);
    }

    #[test]
    fn memory_is_bounded() {
        assert_eq!(room(u64::MAX), Ok(MOST as usize));
        assert_eq!(room(100 << 20), Ok(25 << 20));
        assert_eq!(room(63 << 20), Err("only 63 MB are free".into()));
        assert_eq!(room(0), Err("only 0 MB are free".into()));
    }

    #[test]
    fn time_is_bounded() {
        let Ok(machine) = Machine::read() else { return };
        let nodes: Vec<Node> = machine.nodes.iter().collect();
        let one = Order::new(&nodes[..1], &nodes[..1], &machine);
        assert_eq!(one.each, LONGEST);
        let many: Vec<Node> = (0..5000).map(|_| nodes[0]).collect();
        let many = Order::new(&many, &many[..1], &machine);
        assert!(many.each * 10_000 <= ALL, "{many:?}");
        let told = one.announcement();
        assert!(
            told.starts_with("measuring 1 pair of nodes: about 2 s, 256 MB"),
            "{told}"
        );
    }

    #[test]
    fn a_pair_comes_to_something() {
        let Ok(machine) = Machine::read() else { return };
        let mut bytes = vec![0; 4 << 20];
        link(&mut bytes);
        let figures = pair(&bytes, &machine.cpus, Duration::from_millis(1)).unwrap();
        assert!(figures.latency > 0 && figures.bandwidth > 0);
    }

    #[test]
    fn memory_elsewhere_does_not_count() {
        let mut memory = Mapping::new(PIECE).unwrap();
        memory.bytes_mut().fill(1);
        let range = memory.address()..memory.address() + PIECE;
        // Where the call is denied, that is told.
        let why = is_there(range, Node(1023)).unwrap_err();
        assert!(
            why == "1 of 1 MB are elsewhere" || why.contains("move_pages") || why.contains("told"),
            "{why}"
        );
    }
}
