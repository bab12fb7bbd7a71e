//! Nodes and CPUs, from /sys/devices/system and /proc/self/status.
//!
//! Every function reads its files on each call. Callers that keep results know how long these hold.
//!
//! Where no directory of a node can be seen (no /sys, or not readable), there is one node, with all
//! CPUs, for every function alike; its memory and distances are not known.

use crate::affinity;
use crate::error::{Error, Result};
use crate::mask::{Bits, BitsMut, CpuMask, Node, NodeMask, WORD_BITS, Word};
use crate::root::{self, Parser, Path, Root, number};
use crate::sys::{self, Errno, mempolicy};

pub(crate) const NODES: &str = "/sys/devices/system/node";

/// Bits of node masks where /proc does not show them: those of the largest kernel. Smaller kernels
/// take masks of this size.
const MOST_NODES: usize = 1024;

/// The path of a file of a node.
pub(crate) fn node_file(root: Root<'_>, node: Node, file: &str) -> Path {
    let mut path = Path::below(root, NODES);
    path.push(b"/node").number(node.0).push(b"/");
    path.push(file.as_bytes());
    path
}

/// The path of the file that holds a node's CPUs, for messages.
#[cfg(capi)]
pub(crate) fn cpumap_path(node: Node) -> Path {
    node_file(Root::SYSTEM, node, "cpumap")
}

/// Parses a file of a node; a missing file means that there is no such node.
fn parse_node_file(
    root: Root<'_>,
    node: Node,
    file: &'static str,
    parser: &mut impl Parser,
) -> Result<()> {
    let opened = node_file(root, node, file).open();
    let opened = opened.map_err(|errno| match errno {
        Errno::ENOENT => Error::NoSuchNode(node.0),
        errno => Error::Open { file, errno },
    })?;
    root::parse(&opened, parser).map_err(|errno| Error::File { file, errno })
}

/// Calls `each` for every node directory, in no particular order.
///
/// Nodes without memory and nodes without CPUs are included. Fails when the
/// directory cannot be read, as in a container without /sys.
///
/// ```
/// use numa::{Root, topology};
///
/// let mut count = 0;
/// topology::for_each_node(Root::SYSTEM, &mut |_| count += 1).ok();
/// println!("{count} nodes can be seen");
/// ```
pub fn for_each_node(root: Root<'_>, each: &mut dyn FnMut(Node)) -> Result<()> {
    root.list(NODES, &mut |name| {
        if let Some(node) = node_of_name(name) {
            each(node);
        }
    })
    .map_err(|errno| Error::File { file: NODES, errno })
}

/// [`Error::NoSuchNode`] if there is no such node.
pub(crate) fn check_node(root: Root<'_>, node: Node) -> Result<()> {
    let (mut found, mut seen) = (false, false);
    let listed = for_each_node(root, &mut |n| {
        seen = true;
        found |= n == node;
    });
    match listed {
        Err(error) if error.errno().is_shortage() => Err(error),
        _ if found || !seen && node == Node(0) => Ok(()),
        _ => Err(Error::NoSuchNode(node.0)),
    }
}

/// The ids of a file in the kernel's list format, `0-3,8`, in a mask of `size` bits; an empty line is none.
pub(crate) fn read_id_list(path: &Path, size: usize) -> Result<NodeMask> {
    const FILE: &str = "nodelist";
    let mut buf = [0; 1024];
    let text = path
        .read(&mut buf)
        .map_err(|errno| Error::File { file: FILE, errno })?
        .trim_ascii();
    let mut ids = NodeMask::new(size)?;
    if !text.is_empty() {
        let mut list = IdList::new(ids.bits_mut());
        list.take_all(text);
        if !list.is_good() {
            return Err(Error::Malformed { file: FILE });
        }
    }
    Ok(ids)
}

/// What a switch of the kernel is set to: `true`, `1` and the like.
pub(crate) fn read_switch(path: &Path, file: &'static str) -> Result<bool> {
    let mut buf = [0; 32];
    let text = path
        .read(&mut buf)
        .map_err(|errno| Error::File { file, errno })?;
    match text.trim_ascii() {
        b"1" | b"true" | b"Y" | b"y" => Ok(true),
        b"0" | b"false" | b"N" | b"n" => Ok(false),
        _ => Err(Error::Malformed { file }),
    }
}

/// The node whose directory has this name: `node8`.
pub(crate) fn node_of_name(name: &[u8]) -> Option<Node> {
    name.strip_prefix(b"node").and_then(number).map(Node)
}

/// Reads the nodes that exist into `nodes`: node 0 alone if none can be seen. Ids that do not fit are
/// left out. Returns whether any was seen.
///
/// ```
/// use numa::mask::BitsMut;
/// use numa::{Root, topology};
///
/// let mut words = [0; 16];
/// let seen = topology::read_nodes(Root::SYSTEM, BitsMut::new(&mut words, 1024));
/// println!("nodes {words:x?}; from /sys: {seen}");
/// ```
pub fn read_nodes(root: Root<'_>, nodes: BitsMut<'_>) -> bool {
    look_for_nodes(root, nodes).unwrap_or(false)
}

/// [`read_nodes`], which fails where nothing was learnt for lack of memory or descriptors.
fn look_for_nodes(root: Root<'_>, mut nodes: BitsMut<'_>) -> Result<bool> {
    nodes.clear();
    let mut seen = false;
    let mut add = |node: Node| seen |= nodes.insert(node.0 as usize);
    // If the directory cannot be read, no node is seen.
    let listed = for_each_node(root, &mut add);
    if !seen {
        nodes.insert(0);
    }
    match listed {
        Err(error) if error.errno().is_shortage() => Err(error),
        _ => Ok(seen),
    }
}

/// The nodes that exist, in a mask of `size` bits: node 0 alone if none can be seen. Fails without
/// memory or descriptors.
///
/// ```
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// println!("nodes {nodes}");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn nodes(root: Root<'_>, size: usize) -> Result<NodeMask> {
    let mut mask = NodeMask::new(size)?;
    look_for_nodes(root, mask.bits_mut())?;
    Ok(mask)
}

/// Reads the CPUs of a node into `cpus`.
///
/// [`Error::MaskTooSmall`] if a CPU of the node does not fit; the target is undefined after an error.
///
/// ```
/// use numa::{CpuMask, Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// let node = nodes.first().expect("one at least");
/// let mut cpus = CpuMask::new(topology::cpu_mask_size())?;
/// topology::read_cpus_of_node(Root::SYSTEM, node, cpus.bits_mut())?;
/// println!("node {node} has CPUs {cpus}");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn read_cpus_of_node(root: Root<'_>, node: Node, mut cpus: BitsMut<'_>) -> Result<()> {
    match read_cpumap(root, node, cpus.reborrow()) {
        // Nothing is known then of which nodes there are.
        Err(error) if error.errno().is_shortage() => Err(error),
        Err(_) if node == Node(0) && !any_node_seen(root)? => {
            read_possible_cpus(root, cpus);
            Ok(())
        }
        read => read,
    }
}

/// [`read_cpus_of_node`] for who knows that there are directories of nodes.
pub(crate) fn read_cpumap(root: Root<'_>, node: Node, mut cpus: BitsMut<'_>) -> Result<()> {
    const FILE: &str = "cpumap";
    let bits = cpus.size();
    let mut map = HexMap::new(cpus.reborrow());
    parse_node_file(root, node, FILE, &mut Line(&mut map))?;
    if map.is_empty() {
        return Err(Error::Empty { file: FILE });
    }
    map.finish().map_err(|error| match error {
        HexMapError::TooLong => Error::MaskTooSmall { bits },
        HexMapError::Malformed => Error::Malformed { file: FILE },
    })
}

fn any_node_seen(root: Root<'_>) -> Result<bool> {
    let mut words = [0; MOST_NODES / WORD_BITS];
    look_for_nodes(root, BitsMut::new(&mut words, MOST_NODES))
}

/// The CPUs of a node, in a mask of `size` bits; see [`read_cpus_of_node`].
///
/// ```
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// for node in nodes.iter() {
///     let cpus = topology::cpus_of_node(Root::SYSTEM, node, topology::cpu_mask_size())?;
///     println!("node {node} has CPUs {cpus}");
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn cpus_of_node(root: Root<'_>, node: Node, size: usize) -> Result<CpuMask> {
    let mut cpus = CpuMask::new(size)?;
    read_cpus_of_node(root, node, cpus.bits_mut())?;
    Ok(cpus)
}

/// The CPUs of several nodes together, in a mask of `size` bits. Fails as [`read_cpus_of_node`] does for the
/// first node of which they cannot be read; empty if no node has any.
///
/// ```
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// let cpus = topology::cpus_of_nodes(Root::SYSTEM, nodes.as_bits(), topology::cpu_mask_size())?;
/// println!("all nodes together have CPUs {cpus}");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn cpus_of_nodes(root: Root<'_>, nodes: Bits<'_>, size: usize) -> Result<CpuMask> {
    let mut cpus = CpuMask::new(size)?;
    let mut of_node = CpuMask::new(size)?;
    for node in nodes.iter() {
        let node = u32::try_from(node).map_err(|_| Error::Invalid("node"))?;
        read_cpus_of_node(root, Node(node), of_node.bits_mut())?;
        cpus.bits_mut().add(of_node.as_bits());
    }
    Ok(cpus)
}

/// Reads the CPUs that the kernel may ever bring online into `cpus`, by their ids, which may have gaps.
/// Where it does not say they are as many as are configured.
///
/// ```
/// use numa::{CpuMask, Root, topology};
///
/// let mut cpus = CpuMask::new(topology::cpu_mask_size())?;
/// topology::read_possible_cpus(Root::SYSTEM, cpus.bits_mut());
/// assert!(!cpus.is_empty());
/// # Ok::<(), numa::Error>(())
/// ```
pub fn read_possible_cpus(root: Root<'_>, mut cpus: BitsMut<'_>) {
    let mut list = IdList::new(cpus.reborrow());
    let read = Path::below(root, "/sys/devices/system/cpu/possible").parse(&mut list);
    if read.is_err() || !list.is_good() {
        cpus.clear();
        (0..sys::configured_cpus()).all(|cpu| cpus.insert(cpu));
    }
}

/// The CPUs that the kernel may ever bring online, in a mask of `size` bits; see
/// [`read_possible_cpus`].
///
/// ```
/// use numa::{Root, topology};
///
/// let cpus = topology::possible_cpus(Root::SYSTEM, topology::cpu_mask_size())?;
/// println!("CPUs {cpus} are there or may come");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn possible_cpus(root: Root<'_>, size: usize) -> Result<CpuMask> {
    let mut cpus = CpuMask::new(size)?;
    read_possible_cpus(root, cpus.bits_mut());
    Ok(cpus)
}

/// A parser that ends at the end of its first line.
struct Line<'p, P>(&'p mut P);

impl<P: Parser> Parser for Line<'_, P> {
    fn take(&mut self, byte: u8) -> bool {
        byte != b'\n' && self.0.take(byte)
    }
}

/// Why a hexadecimal map is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HexMapError {
    /// It is not made of groups of one to eight hexadecimal digits.
    Malformed,
    /// A set bit lies beyond the target.
    TooLong,
}

/// The kernel's map format: comma-separated 32-bit hexadecimal words, the most significant first.
///
/// The number of words is known only at the end. So they are kept in the order in which they come,
/// from the first that is not zero, and reversed at the end.
struct HexMap<'m> {
    target: BitsMut<'m>,
    /// Bits of the target's last word that are not the target's.
    beyond: Word,
    /// Words that have been kept, and the first of them.
    kept: usize,
    first: u32,
    value: u32,
    /// Digits of the current word, and of all.
    digits: u32,
    all_digits: usize,
    error: Option<HexMapError>,
}

impl<'m> HexMap<'m> {
    const GROUP_BITS: usize = 32;

    fn new(mut target: BitsMut<'m>) -> HexMap<'m> {
        let within = target.size() % WORD_BITS;
        let words = target.words_mut();
        let beyond = match words.last() {
            Some(last) if within > 0 => last & Word::MAX << within,
            _ => 0,
        };
        words.fill(0);
        HexMap {
            target,
            beyond,
            kept: 0,
            first: 0,
            value: 0,
            digits: 0,
            all_digits: 0,
            error: None,
        }
    }

    /// The word of the target and the place in it where a group is kept.
    fn place(group: usize) -> (usize, usize) {
        let at = group * Self::GROUP_BITS;
        (at / WORD_BITS, at % WORD_BITS)
    }

    fn group(&mut self, group: usize) -> u32 {
        let (word, shift) = Self::place(group);
        (self.target.words_mut()[word] >> shift) as u32
    }

    /// Keeps a group where zeros are.
    fn keep(&mut self, group: usize, value: u32) -> bool {
        let (word, shift) = Self::place(group);
        match self.target.words_mut().get_mut(word) {
            Some(word) => *word |= Word::from(value) << shift,
            None => return false,
        }
        true
    }

    /// Whether no digit has been taken yet.
    fn is_empty(&self) -> bool {
        self.all_digits == 0 && self.error.is_none()
    }

    /// Takes a whole group.
    #[inline]
    fn push(&mut self, value: u32) {
        if self.kept > 0 || value != 0 {
            if self.kept == 0 {
                self.first = value;
            }
            if !self.keep(self.kept, value) {
                self.error = Some(HexMapError::TooLong);
            }
            self.kept += 1;
        }
    }

    fn end_group(&mut self) {
        if self.digits == 0 {
            self.error = Some(HexMapError::Malformed);
        } else {
            self.push(self.value);
        }
        (self.value, self.digits) = (0, 0);
    }

    /// Reverses the groups. Zero bits that do not fit are dropped.
    fn finish(mut self) -> Result<(), HexMapError> {
        if self.error.is_none() {
            self.end_group();
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        for low in 0..self.kept / 2 {
            let high = self.kept - 1 - low;
            let both = self.group(low) ^ self.group(high);
            for group in [low, high] {
                let (word, shift) = Self::place(group);
                self.target.words_mut()[word] ^= Word::from(both) << shift;
            }
        }
        let zeros = self.first.leading_zeros() as usize;
        if self.kept * Self::GROUP_BITS > self.target.size() + zeros {
            return Err(HexMapError::TooLong);
        }
        if let Some(last) = self.target.words_mut().last_mut() {
            *last |= self.beyond;
        }
        Ok(())
    }
}

impl Parser for HexMap<'_> {
    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        match char::from(byte).to_digit(16) {
            Some(digit) if self.digits < 8 => {
                self.value = self.value << 4 | digit;
                self.digits += 1;
                self.all_digits += 1;
            }
            None if byte == b',' => self.end_group(),
            _ => self.error = Some(HexMapError::Malformed),
        }
        self.error.is_none()
    }

    fn take_all(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() && self.error.is_none() {
            // The kernel's groups have eight digits, but for the first: twice as fast as byte by byte.
            if let ([eight @ .., b','], 0) = (&rest[..rest.len().min(9)], self.digits) {
                if let Some(value) = eight.try_into().ok().and_then(eight_digits) {
                    self.push(value);
                    self.all_digits += 8;
                    rest = &rest[9..];
                    continue;
                }
            }
            self.take(rest[0]);
            rest = &rest[1..];
        }
        self.error.is_none()
    }
}

/// Parses the kernel's map format, comma-separated 32-bit hexadecimal words, the most
/// significant first, into `target`. Zero bits may be cut.
///
/// The target is undefined after an error. Does not allocate.
///
/// ```
/// use numa::mask::BitsMut;
/// use numa::topology::parse_hex_map;
///
/// let mut words = [0; 2];
/// let mut set = BitsMut::new(&mut words, 128);
/// parse_hex_map(b"1,0000000f", set.reborrow()).unwrap();
/// assert!(set.as_bits().iter().eq([0, 1, 2, 3, 32]));
/// ```
pub fn parse_hex_map(text: &[u8], target: BitsMut<'_>) -> Result<(), HexMapError> {
    let mut map = HexMap::new(target);
    // An error is kept.
    map.take_all(text);
    map.finish()
}

/// The value of eight hexadecimal digits, all at once: a long map takes 0.6 of the time that a loop does.
#[inline]
fn eight_digits(text: &[u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(*text);
    // Letters have this bit, digits do not.
    let letters = text >> 6 & ONES;
    let values = (text & (0x0f * ONES)) + 9 * letters;
    // What is not written as its value would be is no digit.
    let above_nine = (values + 6 * ONES) >> 4 & ONES;
    let written = values + b'0' as u64 * ONES + (b'a' - b'0' - 10) as u64 * above_nine;
    let beyond = text & (0x80 * ONES) | values & (0x10 * ONES);
    if beyond != 0 || written != text | letters << 5 {
        return None;
    }
    let pairs = (values | values >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    Some((fours | fours >> 16) as u32)
}

/// The kernel's list format, `0-3,8`.
struct IdList<'m> {
    target: BitsMut<'m>,
    start: Option<usize>,
    number: Option<usize>,
    /// Whether its line has ended.
    at_end: bool,
    bad: bool,
}

impl<'m> IdList<'m> {
    fn new(mut target: BitsMut<'m>) -> IdList<'m> {
        target.clear();
        IdList {
            target,
            start: None,
            number: None,
            at_end: false,
            bad: false,
        }
    }

    fn end_range(&mut self) {
        let Some(last) = self.number.take() else {
            self.bad = true;
            return;
        };
        let start = self.start.take().unwrap_or(last);
        self.bad |= start > last;
        // What does not fit is left out.
        (start..=last).all(|id| self.target.insert(id));
    }

    /// Whether the file was such a list, with something in it.
    fn is_good(&mut self) -> bool {
        if !self.at_end {
            self.end_range();
        }
        !self.bad && !self.target.as_bits().is_empty()
    }
}

impl Parser for IdList<'_> {
    fn take(&mut self, byte: u8) -> bool {
        match byte {
            b'0'..=b'9' => {
                let digit = usize::from(byte - b'0');
                let next = self.number.unwrap_or(0).saturating_mul(10);
                self.number = Some(next.saturating_add(digit));
            }
            b'-' if self.start.is_none() && self.number.is_some() => {
                self.start = self.number.take();
            }
            b',' => self.end_range(),
            b'\n' => {
                self.end_range();
                self.at_end = true;
                return false;
            }
            _ => self.bad = true,
        }
        !self.bad
    }
}

/// A word between blanks. Bytes beyond its room are only counted.
#[derive(Default)]
struct Token {
    bytes: [u8; 24],
    len: usize,
}

impl Token {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
        }
        self.len = self.len.saturating_add(1);
    }

    /// The word; too long ones are no word.
    fn take(&mut self) -> Option<Token> {
        let taken = core::mem::take(self);
        (taken.len > 0 && taken.len <= taken.bytes.len()).then_some(taken)
    }

    fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// A row of distances, one number for each node.
struct Distances<'e> {
    each: &'e mut dyn FnMut(usize, u32),
    token: Token,
    column: usize,
    bad: bool,
}

impl Distances<'_> {
    fn end_token(&mut self) {
        if self.token.len == 0 {
            return;
        }
        match self.token.take().and_then(|token| number(token.text())) {
            Some(distance) => (self.each)(self.column, distance),
            None => self.bad = true,
        }
        self.column += 1;
    }
}

impl Parser for Distances<'_> {
    fn take(&mut self, byte: u8) -> bool {
        if byte.is_ascii_whitespace() {
            self.end_token();
        } else {
            self.token.push(byte);
        }
        byte != b'\n' && !self.bad
    }
}

/// Calls `each(column, distance)` for every column of a node's distance row. Columns are the
/// existing nodes in ascending order, whatever their ids.
///
/// ```
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// let node = nodes.first().expect("one at least");
/// let ids: Vec<_> = nodes.iter().collect();
/// let shown = topology::distance_row(Root::SYSTEM, node, &mut |column, distance| {
///     println!("from node {node} to node {}: {distance}", ids[column]);
/// });
/// # let _ = shown;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn distance_row(root: Root<'_>, node: Node, each: &mut dyn FnMut(usize, u32)) -> Result<()> {
    const FILE: &str = "distance";
    let mut row = Distances {
        each,
        token: Token::default(),
        column: 0,
        bad: false,
    };
    parse_node_file(root, node, FILE, &mut row)?;
    row.end_token();
    match row.column {
        _ if row.bad => Err(Error::Malformed { file: FILE }),
        0 => Err(Error::Empty { file: FILE }),
        _ => Ok(()),
    }
}

/// The distance from one node to another as the firmware reports it; 10 is local. `size` is that of
/// the kernel's node masks.
///
/// ```
/// use numa::{Node, Root, topology};
///
/// match topology::distance(Root::SYSTEM, Node(0), Node(1), 1024) {
///     Ok(distance) => println!("node 1 is {} times as far as node 0", f64::from(distance) / 10.0),
///     Err(error) => println!("{error}"), // there is no node 1, for example
/// }
/// ```
pub fn distance(root: Root<'_>, from: Node, to: Node, size: usize) -> Result<u32> {
    let nodes = nodes(root, size)?;
    if !nodes.contains(to) {
        return Err(Error::NoSuchNode(to.0));
    }
    let wanted = nodes.iter().take_while(|&n| n != to).count();
    let mut found = None;
    distance_row(root, from, &mut |column, distance| {
        if column == wanted {
            found = Some(distance);
        }
    })?;
    found.ok_or(Error::Malformed { file: "distance" })
}

/// Memory of a node, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeMemory {
    /// Total.
    pub total: u64,
    /// Free.
    pub free: u64,
}

/// Total and free memory in a node's meminfo: `Node 0 MemTotal:       24669576 kB`.
#[derive(Default)]
struct MemInfo {
    token: Token,
    /// What the next word is the number of.
    next: Option<Figure>,
    total: Option<u64>,
    free: Option<u64>,
}

#[derive(Clone, Copy)]
enum Figure {
    Total,
    Free,
}

impl MemInfo {
    fn end_token(&mut self) {
        let Some(token) = self.token.take() else {
            return;
        };
        let figure = self.next.take();
        match (figure, token.text()) {
            (Some(Figure::Total), kib) => self.total = bytes(kib),
            (Some(Figure::Free), kib) => self.free = bytes(kib),
            (None, b"MemTotal:") => self.next = Some(Figure::Total),
            (None, b"MemFree:") => self.next = Some(Figure::Free),
            _ => {}
        }
    }
}

impl Parser for MemInfo {
    fn take(&mut self, byte: u8) -> bool {
        if byte.is_ascii_whitespace() {
            self.end_token();
        } else {
            self.token.push(byte);
        }
        self.total.is_none() || self.free.is_none()
    }
}

/// A number of KiB as bytes.
fn bytes(kib: &[u8]) -> Option<u64> {
    let digits = core::str::from_utf8(kib).ok()?;
    digits.parse::<u64>().ok()?.checked_mul(1024)
}

/// Total and free memory of a node; `None` for a figure that its file lacks.
pub(crate) fn read_node_memory(root: Root<'_>, node: Node) -> Result<(Option<u64>, Option<u64>)> {
    let mut info = MemInfo::default();
    parse_node_file(root, node, MEMINFO, &mut info)?;
    info.end_token();
    Ok((info.total, info.free))
}

const MEMINFO: &str = "meminfo";

/// The size of a node's memory. A node without memory has a total of 0.
///
/// ```
/// use numa::{Root, topology};
///
/// let nodes = topology::nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// for node in nodes.iter() {
///     let memory = topology::node_memory(Root::SYSTEM, node)?;
///     println!("node {node}: {} of {} MiB are free", memory.free >> 20, memory.total >> 20);
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn node_memory(root: Root<'_>, node: Node) -> Result<NodeMemory> {
    match read_node_memory(root, node)? {
        (Some(total), Some(free)) => Ok(NodeMemory { total, free }),
        _ => Err(Error::Malformed { file: MEMINFO }),
    }
}

/// The maps of /proc/self/status.
struct Status<'m> {
    cpus: HexMap<'m>,
    nodes: HexMap<'m>,
    key: Token,
    now: Field,
}

#[derive(Clone, Copy, PartialEq)]
enum Field {
    Key,
    Cpus,
    Nodes,
    Other,
}

impl Parser for Status<'_> {
    fn take(&mut self, byte: u8) -> bool {
        match (self.now, byte) {
            (Field::Nodes, b'\n') => return false,
            (_, b'\n') => {
                self.key = Token::default();
                self.now = Field::Key;
            }
            (Field::Key, b':') => {
                self.now = match self.key.take().as_ref().map(Token::text) {
                    Some(b"Cpus_allowed") => Field::Cpus,
                    Some(b"Mems_allowed") => Field::Nodes,
                    _ => Field::Other,
                };
            }
            (Field::Key, byte) => self.key.push(byte),
            (Field::Other, _) | (_, b'\t' | b' ') => {}
            // The map keeps its error for `finish`.
            (Field::Cpus, byte) => drop(self.cpus.take(byte)),
            (Field::Nodes, byte) => drop(self.nodes.take(byte)),
        }
        true
    }

    fn take_all(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            // Other lines are skipped, and maps are taken whole: a third of the instructions.
            let begins = self.now == Field::Key && self.key.len == 0;
            if begins && rest.get(KEY_LEN).is_some_and(|&b| b != b':') {
                self.now = Field::Other;
            }
            if self.now == Field::Key || byte.is_ascii_whitespace() {
                if !self.take(byte) {
                    return false;
                }
                rest = &rest[1..];
                continue;
            }
            let line = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            let (text, after) = rest.split_at(line);
            match self.now {
                Field::Cpus => drop(self.cpus.take_all(text)),
                Field::Nodes => drop(self.nodes.take_all(text)),
                Field::Key | Field::Other => {}
            }
            rest = after;
        }
        true
    }
}

/// Both keys have this length.
const KEY_LEN: usize = b"Cpus_allowed".len();

/// What was read from /proc/self/status, which describes the first thread of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowed {
    /// Bits that the map of nodes shows. Linux before 7.3 shows all that its masks have.
    pub(crate) node_bits: Option<usize>,
    /// Whether the CPUs that the affinity allows were read: unlike from sched_getaffinity(2), with those
    /// that are offline.
    pub(crate) cpus: bool,
    /// Whether the nodes that the cpuset allows were read.
    pub(crate) nodes: bool,
}

/// Reads the CPUs and the nodes that the process may use from /proc/self/status. A map that is not
/// there, or is not read, is undefined.
pub(crate) fn read_allowed(root: Root<'_>, cpus: BitsMut<'_>, nodes: BitsMut<'_>) -> Allowed {
    let mut status = Status {
        cpus: HexMap::new(cpus),
        nodes: HexMap::new(nodes),
        key: Token::default(),
        now: Field::Key,
    };
    if Path::below(root, "/proc/self/status")
        .parse(&mut status)
        .is_err()
    {
        return Allowed {
            node_bits: None,
            cpus: false,
            nodes: false,
        };
    }
    let digits = status.nodes.all_digits;
    Allowed {
        node_bits: (digits > 0).then_some(digits * 4),
        cpus: status.cpus.finish().is_ok(),
        nodes: status.nodes.finish().is_ok(),
    }
}

/// Number of bits in masks of nodes, whole words: those that the kernel's own masks have.
///
/// `shown` is what `Mems_allowed` of /proc/self/status shows. Up to Linux 7.2 that is all that the
/// kernel's masks have; later kernels show the nodes that are possible, or fewer.
pub(crate) fn node_mask_bits(root: Root<'_>, shown: Option<usize>) -> usize {
    let Some(shown) = shown else {
        return MOST_NODES;
    };
    let mut words = [0; MOST_NODES / WORD_BITS];
    let mut possible = BitsMut::new(&mut words, MOST_NODES);
    let mut list = IdList::new(possible.reborrow());
    // No kernel has more nodes than that, so the file is not read.
    if shown < MOST_NODES {
        let read = Path::below(root, "/sys/devices/system/node/possible").parse(&mut list);
        if read.is_err() || !list.is_good() {
            possible.clear();
        }
    }
    let highest = possible.as_bits().last().map_or(0, |node| node + 1);
    shown.max(highest).next_multiple_of(WORD_BITS)
}

/// Number of bits in the kernel's node masks, rounded up to whole words; 1024 where
/// /proc/self/status cannot be read. Makes no memory policy call.
///
/// ```
/// use numa::{NodeMask, Root, topology};
///
/// let size = topology::node_mask_size(Root::SYSTEM);
/// assert!(size > 0);
/// let every_node_fits = NodeMask::new(size)?;
/// # let _ = every_node_fits;
/// # Ok::<(), numa::Error>(())
/// ```
pub fn node_mask_size(root: Root<'_>) -> usize {
    let mut nodes = [0; MOST_NODES / WORD_BITS];
    let nodes = BitsMut::new(&mut nodes, MOST_NODES);
    let allowed = read_allowed(root, BitsMut::new(&mut [], 0), nodes);
    node_mask_bits(root, allowed.node_bits)
}

/// What /proc/self/status says of the process, read once.
#[derive(Debug, Clone)]
pub struct Permitted {
    /// Number of bits of node masks; see [`node_mask_size`].
    pub node_bits: usize,
    /// As [`allowed_nodes`], or why they are not known.
    pub nodes: Result<NodeMask>,
    /// As [`allowed_cpus`], or why they are not known.
    pub cpus: Result<CpuMask>,
}

/// Reads all of it, with CPUs in a mask of `cpu_bits` bits.
///
/// ```
/// use numa::{Root, topology};
///
/// let permitted = topology::permitted(Root::SYSTEM, topology::cpu_mask_size())?;
/// if let (Ok(nodes), Ok(cpus)) = (&permitted.nodes, &permitted.cpus) {
///     println!("memory of nodes {nodes}, CPUs {cpus}");
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn permitted(root: Root<'_>, cpu_bits: usize) -> Result<Permitted> {
    let mut nodes = NodeMask::new(MOST_NODES)?;
    let mut cpus = CpuMask::new(cpu_bits)?;
    let allowed = read_allowed(root, cpus.bits_mut(), nodes.bits_mut());
    let node_bits = node_mask_bits(root, allowed.node_bits);
    Ok(Permitted {
        node_bits,
        nodes: in_status(allowed.nodes, nodes)
            .and_then(|nodes| NodeMask::from_bits(node_bits, nodes.as_bits())),
        cpus: in_status(allowed.cpus, cpus),
    })
}

/// The nodes that the process may allocate from, as /proc/self/status has them, in a mask of `size`
/// bits.
///
/// ```
/// use numa::{Root, topology};
///
/// let nodes = topology::allowed_nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
/// println!("memory may come from nodes {nodes}");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn allowed_nodes(root: Root<'_>, size: usize) -> Result<NodeMask> {
    let mut mask = NodeMask::new(size)?;
    let allowed = read_allowed(root, BitsMut::new(&mut [], 0), mask.bits_mut());
    in_status(allowed.nodes, mask)
}

/// The CPUs that the affinity of the process's first thread allows, those that are offline included,
/// as /proc/self/status has them, in a mask of `size` bits.
///
/// ```
/// use numa::{Root, topology};
///
/// let cpus = topology::allowed_cpus(Root::SYSTEM, topology::cpu_mask_size())?;
/// println!("CPUs {cpus} may be used");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn allowed_cpus(root: Root<'_>, size: usize) -> Result<CpuMask> {
    let mut mask = CpuMask::new(size)?;
    let mut nodes = [0; MOST_NODES / WORD_BITS];
    let nodes = BitsMut::new(&mut nodes, MOST_NODES);
    let allowed = read_allowed(root, mask.bits_mut(), nodes);
    in_status(allowed.cpus, mask)
}

fn in_status<T>(read: bool, mask: T) -> Result<T> {
    const FILE: &str = "/proc/self/status";
    if read {
        Ok(mask)
    } else {
        Err(Error::Malformed { file: FILE })
    }
}

/// The CPUs that the calling thread may run on and that are online, and the number of bits in the
/// kernel's CPU masks: eight for each byte that sched_getaffinity(2) fills.
pub(crate) fn thread_cpus() -> Result<(CpuMask, usize)> {
    // Large enough for any kernel of today; the loop is for larger ones.
    let mut size = 8192;
    loop {
        let mut cpus = CpuMask::new(size)?;
        match affinity::read_thread_cpus(0, &mut cpus.bits_mut()) {
            Ok(bytes) => return Ok((cpus, bytes * 8)),
            Err(error) if error.errno() == Errno::EINVAL && size < 1 << 20 => size *= 2,
            Err(error) => return Err(error),
        }
    }
}

/// Number of bits in the kernel's CPU masks; those of a word where the kernel does not say.
///
/// ```
/// assert!(numa::topology::cpu_mask_size() > 0);
/// ```
pub fn cpu_mask_size() -> usize {
    thread_cpus().map_or(WORD_BITS, |(_, bits)| bits)
}

/// Bits of a CPU mask for the machine of any root, which may be larger than this one: as many as kernels of
/// today have at most.
pub(crate) fn any_cpu_mask_size() -> usize {
    const MOST: usize = 8192;
    cpu_mask_size().max(MOST)
}

/// Number of CPUs that the system is configured with, online or not.
///
/// ```
/// println!("{} CPUs, online or not", numa::topology::configured_cpus());
/// ```
pub fn configured_cpus() -> usize {
    sys::configured_cpus()
}

/// The system's page size in bytes.
///
/// ```
/// assert!(numa::topology::page_size().is_power_of_two());
/// ```
pub fn page_size() -> usize {
    sys::page_size()
}

/// Asks for nothing by get_mempolicy(2): an error where the kernel has no memory policies or does not
/// let this process use them.
///
/// ```
/// if let Err(error) = numa::topology::ask_for_policies() {
///     println!("no memory policies here: {error}");
/// }
/// ```
pub fn ask_for_policies() -> Result<()> {
    mempolicy::probe().map_err(Error::kernel("get_mempolicy"))
}

/// Whether the kernel lets this process use memory policies: not without NUMA support
/// (ENOSYS), and not where seccomp denies it (EPERM).
///
/// ```
/// if !numa::topology::is_available() {
///     println!("memory is placed by the kernel alone");
/// }
/// ```
pub fn is_available() -> bool {
    let denied = |error: Error| matches!(error.errno(), Errno::ENOSYS | Errno::EPERM);
    !ask_for_policies().is_err_and(denied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::words_for;
    use crate::testing::MadeUp;
    use std::fs;
    use std::string::{String, ToString};
    use std::vec::Vec;

    #[test]
    fn sparse_nodes_and_their_columns() {
        let made = MadeUp::new();
        made.node(0, "00000003", "10 20 40", 1000, 500);
        made.node(8, "00000000", "20 10 30", 2000, 20);
        made.node(1000, "00000001,00000000", "40 30 10", 0, 0);
        let root = made.root();
        let nodes = nodes(root, 1024).unwrap();
        assert_eq!(nodes.to_string(), "0,8,1000");
        assert_eq!(cpus_of_node(root, Node(0), 64).unwrap().to_string(), "0-1");
        assert!(cpus_of_node(root, Node(8), 64).unwrap().is_empty());
        assert_eq!(
            cpus_of_node(root, Node(1000), 64).unwrap().to_string(),
            "32"
        );
        assert_eq!(
            cpus_of_node(root, Node(1000), 32),
            Err(Error::MaskTooSmall { bits: 32 })
        );
        assert_eq!(cpus_of_node(root, Node(1), 64), Err(Error::NoSuchNode(1)));
        assert_eq!(distance(root, Node(0), Node(8), 1024), Ok(20));
        assert_eq!(distance(root, Node(8), Node(1000), 1024), Ok(30));
        assert_eq!(distance(root, Node(1000), Node(0), 1024), Ok(40));
        assert_eq!(
            distance(root, Node(0), Node(1), 1024),
            Err(Error::NoSuchNode(1))
        );
        assert_eq!(
            distance(root, Node(1), Node(0), 1024),
            Err(Error::NoSuchNode(1))
        );
        assert_eq!(
            node_memory(root, Node(8)),
            Ok(NodeMemory {
                total: 2000 << 10,
                free: 20 << 10
            })
        );
        assert_eq!(
            node_memory(root, Node(1000)),
            Ok(NodeMemory { total: 0, free: 0 })
        );
        assert_eq!(node_memory(root, Node(3)), Err(Error::NoSuchNode(3)));
    }

    #[test]
    fn odd_files_are_errors_and_never_more() {
        let made = MadeUp::new();
        let odd = [
            "",
            "\n",
            ",",
            "1,,1\n",
            "g\n",
            "-1\n",
            "Node",
            "Node 0 MemTotal: x kB\n",
            "12x\n",
            "Node 0 MemTotal: 99999999999999999999 kB\nNode 0 MemFree: 1 kB\n",
            "\0\0\0\0",
        ];
        for text in odd {
            for file in ["cpumap", "distance", "meminfo"] {
                made.write(
                    &format!("sys/devices/system/node/node0/{file}"),
                    text.as_bytes(),
                );
            }
            let _ = cpus_of_node(made.root(), Node(0), 64);
            assert!(
                distance(made.root(), Node(0), Node(0), 64).is_err(),
                "{text:?}"
            );
            assert!(node_memory(made.root(), Node(0)).is_err(), "{text:?}");
        }
        made.write(
            "sys/devices/system/node/node0/meminfo",
            &vec![b'x'; 2 << 20],
        );
        assert_eq!(
            node_memory(made.root(), Node(0)),
            Err(Error::File {
                file: "meminfo",
                errno: Errno::EFBIG
            })
        );
        for name in [
            "nodeX",
            "node",
            "node4294967296",
            "node-1",
            "xnode1",
            "node1x",
        ] {
            made.write(&format!("sys/devices/system/node/{name}/cpumap"), b"1\n");
        }
        assert_eq!(nodes(made.root(), 64).unwrap().to_string(), "0");
    }

    #[test]
    fn where_no_node_is_seen_there_is_one_with_all_cpus() {
        let made = MadeUp::new();
        made.write("sys/devices/system/cpu/possible", b"0-1,8-9\n");
        let long = vec![b'/'; 10_000];
        let empty = MadeUp::new();
        fs::create_dir_all(empty.path("sys/devices/system/node")).unwrap();
        for root in [
            made.root(),
            empty.root(),
            Root::at(b"/nonexistent"),
            Root::at(&long),
        ] {
            assert_eq!(nodes(root, 64).unwrap().to_string(), "0");
            let cpus = cpus_of_node(root, Node(0), 64).unwrap();
            assert_eq!(cpus, possible_cpus(root, 64).unwrap());
            assert!(!cpus.is_empty());
            assert!(node_memory(root, Node(0)).is_err());
            assert!(distance(root, Node(0), Node(0), 64).is_err());
            assert!(cpus_of_node(root, Node(1), 64).is_err());
        }
        assert_eq!(
            possible_cpus(made.root(), 64).unwrap().to_string(),
            "0-1,8-9"
        );
        assert!(for_each_node(Root::at(b"/nonexistent"), &mut |_| ()).is_err());
        // A node that is seen has the CPUs that its own file names, or none.
        made.write("sys/devices/system/node/node1/cpumap", b"2\n");
        made.write("sys/devices/system/node/node0/meminfo", b"");
        assert_eq!(
            cpus_of_node(made.root(), Node(0), 64),
            Err(Error::NoSuchNode(0))
        );
    }

    #[test]
    fn lists_of_ids() {
        let made = MadeUp::new();
        let read = |text: &str| {
            made.write("sys/devices/system/cpu/possible", text.as_bytes());
            possible_cpus(made.root(), 64).unwrap().to_string()
        };
        let configured = match configured_cpus() {
            1 => "0".to_string(),
            n => format!("0-{}", n.min(64) - 1),
        };
        assert_eq!(read("0\n"), "0");
        assert_eq!(read("0-63\n"), "0-63");
        assert_eq!(read("0-1,8,60-99\n"), "0-1,8,60-63");
        assert_eq!(read("3"), "3");
        for bad in [
            "", "\n", "-1\n", "0-\n", "0,,1\n", "2-1\n", "0-1-2\n", "x\n", "0 1\n", "0,", "0,2-",
        ] {
            assert_eq!(read(bad), configured, "{bad:?}");
        }
        assert_eq!(read("0,99999999999999999999999\n"), "0");
    }

    #[test]
    fn hex_maps() {
        let parse = |text: &str, size: usize| -> Result<Vec<usize>, HexMapError> {
            let mut words = vec![Word::MAX; words_for(size)];
            let mut target = BitsMut::new(&mut words, size);
            parse_hex_map(text.as_bytes(), target.reborrow())?;
            let found = target.as_bits().iter().collect();
            // Bits that are not the target's stay.
            let beyond = words.len() * WORD_BITS - size;
            let ones = words.last().map_or(0, |word| word.leading_ones() as usize);
            assert!(ones >= beyond, "{text} {size}");
            Ok(found)
        };
        assert_eq!(parse("80000001,00000001", 128), Ok(vec![0, 32, 63]));
        assert_eq!(parse("0", 1), Ok(vec![]));
        assert_eq!(parse("f", 4), Ok(vec![0, 1, 2, 3]));
        assert_eq!(parse("f", 3), Err(HexMapError::TooLong));
        assert_eq!(parse("0,0,0,00000001", 1), Ok(vec![0]));
        assert_eq!(parse("1,0", 32), Err(HexMapError::TooLong));
        assert_eq!(parse("0,1", 32), Ok(vec![0]));
        assert_eq!(parse("3,2,1", 70), Ok(vec![0, 33, 64, 65]));
        assert_eq!(parse("3,2,1", 65), Err(HexMapError::TooLong));
        assert_eq!(parse("4,3,2,1", 128), Ok(vec![0, 33, 64, 65, 98]));
        assert_eq!(parse("4,3,2,1", 96), Err(HexMapError::TooLong));
        for bad in [
            "",
            ",",
            "1,",
            ",1",
            "0x1",
            " 1",
            "1 ",
            "100000000",
            "g",
            "-1",
        ] {
            assert_eq!(parse(bad, 64), Err(HexMapError::Malformed), "{bad:?}");
        }
        // Every byte, at every place of a group.
        for place in 0..8 {
            for byte in 0..=127u8 {
                let mut text = *b"01234567";
                text[place] = byte;
                let expected = match byte {
                    b',' if place == 0 || place == 7 => None,
                    b',' => Some(()),
                    byte => char::from(byte).to_digit(16).map(drop),
                };
                let mut words = [0; 2];
                let parsed = parse_hex_map(&text, BitsMut::new(&mut words, 128));
                assert_eq!(parsed.ok(), expected, "{byte} at {place}");
                if let (Some(()), true) = (expected, byte != b',') {
                    let text = core::str::from_utf8(&text).unwrap();
                    assert_eq!(words[0], Word::from_str_radix(text, 16).unwrap());
                }
            }
        }
        let long: String = vec!["ffffffff"; 256].join(",");
        assert_eq!(parse(&long, 8192).unwrap().len(), 8192);
    }

    /// What is allowed on a machine whose status holds these lines.
    fn allowed(made: &MadeUp, status: &str) -> (Allowed, String, String, usize) {
        made.write("proc/self/status", status.as_bytes());
        let mut cpus = CpuMask::new(64).unwrap();
        let mut nodes = NodeMask::new(1024).unwrap();
        let allowed = read_allowed(made.root(), cpus.bits_mut(), nodes.bits_mut());
        let size = node_mask_size(made.root());
        (allowed, cpus.to_string(), nodes.to_string(), size)
    }

    #[test]
    fn sizes_and_sets_come_from_the_status_file() {
        let made = MadeUp::new();
        let good = |node_bits| Allowed {
            node_bits: Some(node_bits),
            cpus: true,
            nodes: true,
        };
        let (found, cpus, nodes, size) = allowed(
            &made,
            "Name:\tMems_allowed:\nGroups:\t0 1 2 \nCpus_allowed:\tff,0000000f\n\
             Cpus_allowed_list:\t0-3,32-39\nMems_allowed:\t00000000,00000005\n\
             Mems_allowed_list:\t0,2\n",
        );
        assert_eq!(found, good(64));
        assert_eq!((&*cpus, &*nodes, size), ("0-3,32-39", "0,2", 64));
        assert_eq!(allowed_nodes(made.root(), 64).unwrap().to_string(), "0,2");
        assert_eq!(allowed_cpus(made.root(), 64).unwrap().to_string(), cpus);

        // As of Linux 7.3: no more bits than there are nodes.
        let (found, _, nodes, size) = allowed(&made, "Cpus_allowed:\t3\nMems_allowed:\tf\n");
        assert_eq!((found, &*nodes, size), (good(4), "0-3", WORD_BITS));
        made.write("sys/devices/system/node/possible", b"0-3,100\n");
        let (.., size) = allowed(&made, "Cpus_allowed:\t3\nMems_allowed:\tf\n");
        assert_eq!(size, 128);
        let wide = format!("Mems_allowed:\t{}1\n", "0,".repeat(255));
        assert_eq!(allowed(&made, &wide).3, 1024);

        let missing = Allowed {
            node_bits: None,
            cpus: false,
            nodes: false,
        };
        assert_eq!(allowed(&made, "Name:\tx\n").0, missing);
        assert_eq!(node_mask_size(Root::at(b"/nonexistent")), 1024);
        assert!(allowed_nodes(Root::at(b"/nonexistent"), 64).is_err());
        let (found, ..) = allowed(&made, "Cpus_allowed:\tzz\nMems_allowed:\t1\n");
        assert_eq!(
            found,
            Allowed {
                cpus: false,
                ..good(4)
            }
        );
        // A line that the file is cut in counts as far as it goes.
        let (found, ..) = allowed(&made, "Cpus_allowed:\t3\nMems_allowed:\t1");
        assert_eq!(found, good(4));
    }

    #[test]
    fn files_of_any_length_are_read() {
        let made = MadeUp::new();
        // As many groups as a process can have.
        let groups = "4294967294 ".repeat(65_536);
        let status = format!("Groups:\t{groups}\nCpus_allowed:\t3\nMems_allowed:\t1\n");
        assert_eq!(allowed(&made, &status).0.node_bits, Some(4));
        let row: Vec<String> = (0..1024).map(|n| (10 + n).to_string()).collect();
        for node in 0..1024 {
            fs::create_dir_all(made.path(&format!("sys/devices/system/node/node{node}"))).unwrap();
        }
        let row = row.join(" ");
        made.write("sys/devices/system/node/node7/distance", row.as_bytes());
        assert_eq!(distance(made.root(), Node(7), Node(1023), 1024), Ok(1033));
        let map = vec!["ffffffff"; 256].join(",");
        made.write("sys/devices/system/node/node7/cpumap", map.as_bytes());
        assert_eq!(
            cpus_of_node(made.root(), Node(7), 8192).unwrap().len(),
            8192
        );
    }

    #[test]
    fn this_machine() {
        let size = node_mask_size(Root::SYSTEM);
        assert!(size >= 4 && size % WORD_BITS == 0);
        assert!(cpu_mask_size() >= configured_cpus());
        let possible = possible_cpus(Root::SYSTEM, 8192).unwrap();
        assert_eq!(possible.len(), configured_cpus());
    }
}
