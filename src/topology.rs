//! What the kernel says about nodes and CPUs: /sys/devices/system/node and the sizes of its masks.
//!
//! Every function here reads afresh. Caches belong to the callers, which know
//! how long their answers may live.

use core::cell::Cell;
use core::ffi::CStr;

use crate::error::{Error, Result};
use crate::mask::{Bits, CpuMask, Node, NodeMask, WORD_BITS, Word, bits, words_for};
use crate::root::{Buffer, Path, Root, number};
use crate::sys::{self, Errno, mempolicy, sched};

const NODE_DIR: &CStr = c"/sys/devices/system/node";

/// Room for one file of a node. The kernel limits most to a page; a cpumap of 8192 CPUs is
/// 2304 bytes, a distance row of 1024 nodes about 4 KiB.
type FileBuffer = Buffer<8192>;

/// Reads a file of a node, up to its end or until that is `enough`; a missing file means that
/// there is no such node.
fn read_node_file<'b>(
    root: Root<'_>,
    node: Node,
    file: &'static str,
    buf: &'b mut FileBuffer,
    enough: &dyn Fn(&[u8]) -> bool,
) -> Result<&'b [u8]> {
    let mut path = Path::new();
    path.below(root, "/sys/devices/system/node/node")
        .number(node.0)
        .push(b"/")
        .push(file.as_bytes())
        .read_until(buf, enough)
        .map_err(|errno| match errno {
            Errno::ENOENT | Errno::ENOTDIR => Error::NoSuchNode(node.0),
            errno => Error::File { file, errno },
        })
}

/// Whether a file that is one line has been read.
fn is_line(text: &[u8]) -> bool {
    text.last() == Some(&b'\n')
}

/// Calls `each` for every node directory, in no particular order.
///
/// Nodes without memory and nodes without CPUs are included. Fails when the
/// directory cannot be read, as in a container without /sys.
pub fn for_each_node(root: Root<'_>, each: &mut dyn FnMut(Node)) -> Result<()> {
    root.list(NODE_DIR, b"node", &mut |digits| {
        if let Some(n) = number(digits) {
            each(Node(n));
        }
    })
    .map_err(|errno| Error::File {
        file: "/sys/devices/system/node",
        errno,
    })
}

/// Reads the nodes that exist into the first `size` bits of `words`. Ids that do not fit are
/// left out.
pub fn read_nodes(root: Root<'_>, words: &mut [Word], size: usize) -> Result<()> {
    bits::fill(words, size, false);
    add_nodes(root, words, size).map(drop)
}

/// Adds the nodes that exist to the first `size` bits of `words`. Returns the highest one and
/// how many there are.
pub(crate) fn add_nodes(root: Root<'_>, words: &mut [Word], size: usize) -> Result<(usize, usize)> {
    let (mut highest, mut count) = (0, 0);
    for_each_node(root, &mut |node| {
        let n = node.0 as usize;
        if n < size {
            bits::put(words, size, n, true);
            highest = n.max(highest);
            count += 1;
        }
    })?;
    Ok((highest, count))
}

/// The nodes that exist, in a mask of `size` bits.
pub fn nodes(root: Root<'_>, size: usize) -> Result<NodeMask> {
    let mut mask = NodeMask::new(size)?;
    read_nodes(root, mask.words_mut(), size)?;
    Ok(mask)
}

/// Reads the CPUs of a node into the first `size` bits of `words`.
///
/// [`Error::MaskTooSmall`] if a CPU of the node does not fit; the target is undefined then.
pub fn read_cpus_of_node(
    root: Root<'_>,
    node: Node,
    words: &mut [Word],
    size: usize,
) -> Result<()> {
    let mut buf = FileBuffer::new();
    let text = read_node_file(root, node, "cpumap", &mut buf, &is_line)?;
    let end = text.iter().position(|&b| b == b'\n').unwrap_or(text.len());
    parse_hex_map(&text[..end], words, size).map_err(|error| match error {
        HexMapError::TooLong => Error::MaskTooSmall { bits: size },
        HexMapError::Malformed => Error::Malformed { file: "cpumap" },
    })
}

/// The CPUs of a node, in a mask of `size` bits; see [`read_cpus_of_node`].
pub fn cpus_of_node(root: Root<'_>, node: Node, size: usize) -> Result<CpuMask> {
    let mut cpus = CpuMask::new(size)?;
    read_cpus_of_node(root, node, cpus.words_mut(), size)?;
    Ok(cpus)
}

/// What is wrong with a hexadecimal map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HexMapError {
    /// Something else than groups of up to eight hexadecimal digits.
    Malformed,
    /// A set bit lies beyond the target.
    TooLong,
}

/// Parses the kernel's map format, comma-separated 32-bit hexadecimal words, the most
/// significant first, into the first `size` bits of `words`. Zero bits may be cut.
///
/// The target is undefined after an error. Does not allocate.
pub fn parse_hex_map(text: &[u8], words: &mut [Word], size: usize) -> Result<(), HexMapError> {
    const GROUP_BITS: usize = 32;
    bits::fill(words, size, false);
    let (mut rest, mut at) = (text, 0);
    // From the end, where the place of a group does not depend on how many there are.
    loop {
        let start = match rest {
            // The kernel's groups have eight digits, but for the first.
            [.., b',', _, _, _, _, _, _, _, _] => rest.len() - 8,
            _ => rest.iter().rposition(|&b| b == b',').map_or(0, |c| c + 1),
        };
        let value = hex_group(&rest[start..]).ok_or(HexMapError::Malformed)?;
        if value != 0 {
            if at + (GROUP_BITS - value.leading_zeros() as usize) > size {
                return Err(HexMapError::TooLong);
            }
            match words.get_mut(at / WORD_BITS) {
                Some(word) => *word |= Word::from(value) << (at % WORD_BITS),
                None => return Err(HexMapError::TooLong),
            }
        }
        if start == 0 {
            return Ok(());
        }
        rest = &rest[..start - 1];
        at += GROUP_BITS;
    }
}

/// One to eight hexadecimal digits.
#[inline(always)]
fn hex_group(text: &[u8]) -> Option<u32> {
    if let Ok(digits) = <[u8; 8]>::try_from(text) {
        return hex_digits(u64::from_be_bytes(digits));
    }
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    let mut digits = [b'0'; 8];
    digits[8 - text.len()..].copy_from_slice(text);
    hex_digits(u64::from_be_bytes(digits))
}

/// Eight hexadecimal digits at once, the first one in the highest byte.
#[inline(always)]
fn hex_digits(text: u64) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
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

/// Calls `each(column, distance)` for every column of a node's distance row. Columns are the
/// existing nodes in ascending order, whatever their ids.
pub fn distance_row(root: Root<'_>, node: Node, each: &mut dyn FnMut(usize, u32)) -> Result<()> {
    let mut buf = FileBuffer::new();
    let text = read_node_file(root, node, "distance", &mut buf, &is_line)?;
    let fields = text
        .split(|b| b.is_ascii_whitespace())
        .filter(|f| !f.is_empty());
    for (column, field) in fields.enumerate() {
        each(
            column,
            number(field).ok_or(Error::Malformed { file: "distance" })?,
        );
    }
    Ok(())
}

/// The distance from one node to another as the firmware tells it; 10 is local.
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
    /// All of it.
    pub total: u64,
    /// What is free.
    pub free: u64,
}

/// The size of a node's memory. A node without memory has a total of 0.
pub fn node_memory(root: Root<'_>, node: Node) -> Result<NodeMemory> {
    const FILE: &str = "meminfo";
    let mut buf = FileBuffer::new();
    let found = Cell::new(None);
    // The two lines come first; what follows them is not waited for.
    let enough = |text: &[u8]| {
        found.set(memory_in(text, false));
        found.get().is_some()
    };
    let text = read_node_file(root, node, FILE, &mut buf, &enough)?;
    found
        .get()
        .or_else(|| memory_in(text, true))
        .ok_or(Error::Malformed { file: FILE })
}

/// Total and free memory, if both lines are there: "Node 0 MemTotal:       24669576 kB". The
/// last line counts without its end only if the text is the `whole` file.
fn memory_in(text: &[u8], whole: bool) -> Option<NodeMemory> {
    let (mut total, mut free) = (None, None);
    let mut rest = text;
    while !rest.is_empty() {
        let end = match rest.iter().position(|&b| b == b'\n') {
            Some(end) => end,
            None if whole => rest.len(),
            None => return None,
        };
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or(b"");
        // Behind the node's number.
        let name = line.iter().position(|&b| b == b'M').unwrap_or(0);
        if let Some(value) = line[name..].strip_prefix(b"MemTotal:") {
            total = kibibytes(value);
        } else if let Some(value) = line[name..].strip_prefix(b"MemFree:") {
            free = kibibytes(value);
        }
        if let (Some(total), Some(free)) = (total, free) {
            return Some(NodeMemory { total, free });
        }
    }
    None
}

/// A number between blanks, times 1024.
fn kibibytes(text: &[u8]) -> Option<u64> {
    let mut digits = 0;
    let mut kib = 0u64;
    for &b in text.trim_ascii_start() {
        let digit = b.wrapping_sub(b'0');
        match digit {
            0..=9 => kib = kib.checked_mul(10)?.checked_add(u64::from(digit))?,
            _ if b.is_ascii_whitespace() => break,
            _ => return None,
        }
        digits += 1;
    }
    if digits == 0 {
        return None;
    }
    kib.checked_mul(1024)
}

/// Number of bits in the kernel's node masks, as `Mems_allowed` of /proc/self/status shows
/// them: the kernel's MAX_NUMNODES, rounded up to four.
///
/// Asks the kernel by a call without effect; only where that is denied (seccomp, a kernel
/// without NUMA) the file is read, and where that is missing too, the answer is what
/// get_mempolicy accepts, at least 32.
pub fn node_mask_size(root: Root<'_>) -> usize {
    match probe_node_limit() {
        Some(limit) => limit.next_multiple_of(4),
        None => status_map_digits(root, b"Mems_allowed:")
            .map(|digits| digits * 4)
            .unwrap_or_else(smallest_accepted),
    }
}

/// Largest node mask that is tried: far beyond any kernel's.
const PROBE_BITS: usize = 1 << 15;

/// Whether the kernel could have node `n`, the last one of `mask`.
///
/// mbind on an empty range reads and checks the mask, and then has nothing to do (measured on
/// Linux 6.1 to 6.18).
fn probe_node(mask: Bits<'_>) -> Result<bool, Errno> {
    match mempolicy::probe_mode(mempolicy::mode::BIND, Some(mask)) {
        Ok(()) => Ok(true),
        Err(Errno::EINVAL) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// The first node id that the kernel does not know.
fn probe_node_limit() -> Option<usize> {
    // The common answers first: two calls, with masks that are data.
    const COMMON: usize = 1024;
    const WORDS: usize = words_for(COMMON + 1);
    const fn only(n: usize) -> [Word; WORDS] {
        let mut mask = [0; WORDS];
        mask[n / WORD_BITS] = 1 << (n % WORD_BITS);
        mask
    }
    static LAST: [Word; WORDS] = only(COMMON - 1);
    static BEYOND: [Word; WORDS] = only(COMMON);
    if probe_node(Bits::new(&LAST, COMMON)).ok()?
        && !probe_node(Bits::new(&BEYOND, COMMON + 1)).ok()?
    {
        return Some(COMMON);
    }
    search_node_limit()
}

#[cold]
fn search_node_limit() -> Option<usize> {
    let mut mask = [0 as Word; words_for(PROBE_BITS)];
    let mut probe = |n: usize| {
        // Whole words only: of a mask that ends within one, a kernel for less nodes than a word
        // has bits (arm64's usual 16) fails to check some.
        let size = words_for(n + 1) * WORD_BITS;
        bits::put(&mut mask, size, n, true);
        let answer = probe_node(Bits::new(&mask, size));
        bits::put(&mut mask, size, n, false);
        answer
    };
    if !probe(0).ok()? {
        return None;
    }
    // Small limits are the likely ones: those that double come first.
    let (mut known, mut unknown) = (0, 1);
    while unknown < PROBE_BITS && probe(unknown).ok()? {
        (known, unknown) = (unknown, unknown * 2);
    }
    while unknown - known > 1 {
        let middle = known + (unknown - known) / 2;
        if probe(middle).ok()? {
            known = middle;
        } else {
            unknown = middle;
        }
    }
    Some(known + 1)
}

#[cold]
fn smallest_accepted() -> usize {
    let mut mask = [0 as Word; PROBE_BITS / WORD_BITS];
    let mut size = 32;
    while size < PROBE_BITS {
        match mempolicy::probe_nodes(&mut mask, size, false) {
            Err(Errno::EINVAL) => size *= 2,
            _ => return size,
        }
    }
    PROBE_BITS
}

/// Runs `use_map` on the map after `key` in /proc/self/status.
fn with_status_map<T>(
    root: Root<'_>,
    key: &[u8],
    use_map: &mut dyn FnMut(&[u8]) -> T,
) -> Option<T> {
    let mut buf = FileBuffer::new();
    let text = Path::new()
        .below(root, "/proc/self/status")
        .read(&mut buf)
        .ok()?;
    let line = text
        .split(|&b| b == b'\n')
        .find_map(|line| line.strip_prefix(key))?;
    Some(use_map(line.trim_ascii()))
}

fn status_map_digits(root: Root<'_>, key: &[u8]) -> Option<usize> {
    let digits = with_status_map(root, key, &mut |map| {
        map.iter().filter(|b| b.is_ascii_hexdigit()).count()
    })?;
    (digits > 0).then_some(digits)
}

/// Reads the nodes that the calling thread may allocate from into the first `size` bits of
/// `words`. Asks the kernel, and reads /proc/self/status only where policy calls are denied.
pub fn read_allowed_nodes(root: Root<'_>, words: &mut [Word], size: usize) -> Result<()> {
    match mempolicy::probe_nodes(words, size, true) {
        Ok(()) => Ok(()),
        Err(_) => read_status_map(root, b"Mems_allowed:", words, size),
    }
}

/// The nodes that the calling thread may allocate from, in a mask of `size` bits; see
/// [`read_allowed_nodes`].
pub fn allowed_nodes(root: Root<'_>, size: usize) -> Result<NodeMask> {
    let mut mask = NodeMask::new(size)?;
    read_allowed_nodes(root, mask.words_mut(), size)?;
    Ok(mask)
}

fn read_status_map(root: Root<'_>, key: &[u8], words: &mut [Word], size: usize) -> Result<()> {
    const FILE: &str = "/proc/self/status";
    with_status_map(root, key, &mut |map| {
        parse_hex_map(map, words, size).map_err(|_| Error::Malformed { file: FILE })
    })
    .unwrap_or(Err(Error::File {
        file: FILE,
        errno: Errno::ENOENT,
    }))
}

/// Number of bits in the kernel's CPU masks: eight for each byte that sched_getaffinity fills.
pub fn cpu_mask_size() -> usize {
    // Large enough for any kernel of today; the loop is for those of tomorrow.
    let mut size = 8192;
    while size <= 1 << 20 {
        let Ok(mut cpus) = CpuMask::new(size) else {
            break;
        };
        match sched::get_affinity(0, cpus.words_mut()) {
            Ok(bytes) => return bytes * 8,
            Err(Errno::EINVAL) => size *= 2,
            Err(_) => break,
        }
    }
    WORD_BITS
}

/// Reads the CPUs that the calling thread's affinity allows, as `Cpus_allowed` of
/// /proc/self/status tells it: unlike sched_getaffinity, with those that are offline.
pub fn read_allowed_cpus(root: Root<'_>, words: &mut [Word], size: usize) -> Result<()> {
    read_status_map(root, b"Cpus_allowed:", words, size)
}

/// Number of CPUs that the system is configured with, online or not.
pub fn configured_cpus() -> usize {
    sys::configured_cpus()
}

/// Number of CPUs that are online.
#[cfg(capi)]
pub(crate) fn online_cpus() -> usize {
    sys::online_cpus()
}

/// The system's page size in bytes.
pub fn page_size() -> usize {
    sys::page_size()
}

/// Whether the kernel lets this process use memory policies: not without NUMA support
/// (ENOSYS), and not where seccomp denies it (EPERM).
pub fn is_available() -> bool {
    !matches!(mempolicy::probe(), Err(Errno::ENOSYS | Errno::EPERM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
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
            &vec![b'x'; 100_000],
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
    fn without_sys_there_is_an_error_not_a_guess() {
        let root = Root::at(b"/nonexistent");
        assert!(matches!(
            nodes(root, 64),
            Err(Error::File {
                errno: Errno::ENOENT,
                ..
            })
        ));
        let long = vec![b'/'; 10_000];
        assert!(matches!(
            nodes(Root::at(&long), 64),
            Err(Error::File {
                errno: Errno::ENAMETOOLONG,
                ..
            })
        ));
    }

    #[test]
    fn hex_maps() {
        let parse = |text: &str, size: usize| -> Result<Vec<usize>, HexMapError> {
            let mut words = vec![0; size.div_ceil(WORD_BITS)];
            parse_hex_map(text.as_bytes(), &mut words, size)?;
            Ok(bits::iter(&words, size).collect())
        };
        assert_eq!(parse("80000001,00000001", 128), Ok(vec![0, 32, 63]));
        assert_eq!(parse("0", 1), Ok(vec![]));
        assert_eq!(parse("f", 4), Ok(vec![0, 1, 2, 3]));
        assert_eq!(parse("f", 3), Err(HexMapError::TooLong));
        assert_eq!(parse("0,0,0,00000001", 1), Ok(vec![0]));
        assert_eq!(parse("1,0", 32), Err(HexMapError::TooLong));
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
                let parsed = parse_hex_map(&text, &mut words, 128);
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

    #[test]
    fn mask_sizes_without_the_policy_calls_come_from_the_file() {
        let made = MadeUp::new();
        made.write(
            "proc/self/status",
            b"Name:\tx\nCpus_allowed:\tff,0000000f\nMems_allowed:\t00000000,00000005\n",
        );
        assert_eq!(status_map_digits(made.root(), b"Mems_allowed:"), Some(16));
        assert_eq!(status_map_digits(made.root(), b"Nothing:"), None);
        let mut words = [0 as Word; 1];
        read_allowed_cpus(made.root(), &mut words, 64).unwrap();
        assert_eq!(words[0], 0xff_0000_000f);
    }

    #[test]
    fn this_machine() {
        let size = node_mask_size(Root::SYSTEM);
        assert!(size >= 4 && size % 4 == 0);
        if let Some(digits) = status_map_digits(Root::SYSTEM, b"Mems_allowed:") {
            assert_eq!(digits * 4, size, "the probe and the file agree");
        }
        assert!(cpu_mask_size() >= configured_cpus());
    }
}
