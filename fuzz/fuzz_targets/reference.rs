//! Strings, bitmap lines and masks beside another libnuma.so.1, the reference, which runs in a process of its
//! own (c/reference.c). Both answer alike, but for what docs/differences.md says: [`known`] names the rows.
//!
//! Input: what it is, then the string or the line with the size of its mask, or two masks and what is done.
#![no_main]

#[cfg(not(capi))]
compile_error!(
    "RUSTFLAGS='--cfg capi' cargo fuzz run reference, or fuzz/run reference: see fuzz/README.md"
);

use std::cell::RefCell;
use std::ffi::CString;
use std::io::{self, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use numa::mask::{Bits, words_for};
use numa_fuzz::c::{self, Bitmask, Mask};
use numa_fuzz::{Set, bytes, naive};

/// What one of the two says.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    result: i32,
    errno: i32,
    words: Vec<u64>,
    said: Vec<u8>,
}

/// The other library.
struct Reference {
    _child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Reference {
    fn start() -> Reference {
        let path = |name: &str| {
            std::env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: use fuzz/run"))
        };
        let mut child = Command::new(path("NUMA_FUZZ_CHILD"))
            .arg(path("NUMA_REFERENCE"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the reference's process");
        let to = child.stdin.take().expect("a pipe");
        let from = BufReader::new(child.stdout.take().expect("a pipe"));
        Reference {
            _child: child,
            to,
            from,
        }
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let mut four = [0; 4];
        let mut two = [0; 2];
        self.from.read_exact(&mut four)?;
        let result = i32::from_ne_bytes(four);
        self.from.read_exact(&mut four)?;
        let errno = i32::from_ne_bytes(four);
        self.from.read_exact(&mut two)?;
        let mut words = vec![0; usize::from(u16::from_ne_bytes(two)) * 8];
        self.from.read_exact(&mut words)?;
        self.from.read_exact(&mut two)?;
        let mut said = vec![0; usize::from(u16::from_ne_bytes(two))];
        self.from.read_exact(&mut said)?;
        let word = |bytes: &[u8]| u64::from_ne_bytes(bytes.try_into().expect("eight bytes"));
        let words = words.chunks(8).map(word).collect();
        Ok(Answer {
            result,
            errno,
            words,
            said,
        })
    }

    fn ask(&mut self, request: &[u8], answers: usize) -> io::Result<Vec<Answer>> {
        self.to.write_all(request)?;
        self.to.flush()?;
        (0..answers).map(|_| self.answer()).collect()
    }
}

/// Asks the reference; `None` if it crashed, which it may. The next one asks another process.
fn ask(request: &[u8], answers: usize) -> Option<Vec<Answer>> {
    thread_local!(static REFERENCE: RefCell<Option<Reference>> = const { RefCell::new(None) });
    static CRASHES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    REFERENCE.with_borrow_mut(|reference| {
        let answered = reference
            .get_or_insert_with(Reference::start)
            .ask(request, answers);
        if let Err(error) = &answered {
            if let Some(mut gone) = reference.take() {
                let status = gone._child.wait();
                let count = CRASHES.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                assert!(
                    count < 10_000,
                    "the reference does not run: {error}, {status:?}"
                );
                eprintln!("the reference crashed for the {count}. time: {status:?}");
            }
        }
        answered.ok()
    })
}

/// # Safety
/// A mask of the library.
unsafe fn set_of(mask: Mask) -> Set {
    // SAFETY: as demanded.
    unsafe {
        let size = (*mask).size as usize;
        Bits::new(
            std::slice::from_raw_parts((*mask).maskp, words_for(size)),
            size,
        )
        .iter()
        .collect()
    }
}

/// Whether nodes and CPUs have the ids from 0 on, without gaps, and all of them may be used. Elsewhere strings
/// differ; tests/c tries that on machines of all kinds.
fn is_plain() -> (bool, bool) {
    static PLAIN: OnceLock<(bool, bool)> = OnceLock::new();
    *PLAIN.get_or_init(|| {
        let list = |path: &str| naive::id_list(&std::fs::read(path).unwrap_or_default(), 1024);
        let up_to = |count: usize| -> Set { (0..count).collect() };
        // SAFETY: exported masks, which are there once the library is.
        let (nodes, allowed, cpus) = unsafe {
            (
                set_of(c::numa_nodes_ptr),
                set_of(c::numa_all_nodes_ptr),
                set_of(c::numa_all_cpus_ptr),
            )
        };
        let memory = list("/sys/devices/system/node/has_memory").unwrap_or_default();
        let possible = list("/sys/devices/system/cpu/possible").unwrap_or_default();
        let nodes_plain = nodes == up_to(nodes.len()) && nodes == allowed && nodes == memory;
        (
            nodes_plain,
            possible == up_to(possible.len()) && possible == cpus,
        )
    })
}

/// Whether a string has a number that the reference cuts to 32 bits.
fn is_cut(text: &[u8]) -> bool {
    (0..text.len()).any(|at| {
        let number = naive::strtoul(&text[at..]);
        number.is_some_and(|(value, fits, _)| {
            fits && value > i32::MAX as u64 && value & 0xffff_ffff <= i32::MAX as u64
        })
    })
}

/// The row of docs/differences.md for which two answers to a string may differ.
fn known(text: &[u8], is_cpu: bool, ours: &Answer, theirs: &Answer) -> Option<&'static str> {
    let (nodes, cpus) = is_plain();
    if is_cut(text) {
        return Some("large_numbers_are_refused_and_named_in_full");
    }
    if is_cpu && !cpus {
        return Some("cpu_strings_of_all_cpus");
    }
    if !is_cpu && !nodes {
        return Some("complement_within_the_ids_that_exist");
    }
    let refused = ours.result == -1 && theirs.result == -1;
    if refused && theirs.said.is_empty() && !ours.said.is_empty() {
        return Some("refused_strings_have_a_reason");
    }
    None
}

fn strings(text: &[u8]) {
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    let text = &text[..end.min(1000)];
    // Device words ask files and resolvers; the target `device` has them.
    if text.contains(&b':') {
        return;
    }
    let mut request = vec![0];
    request.extend((text.len() as u16).to_ne_bytes());
    request.extend(text);
    let Some(theirs) = ask(&request, 4) else {
        return;
    };
    let c_text = CString::new(text).expect("no zero");
    let forms: [unsafe extern "C" fn(_) -> Mask; 4] = [
        c::numa_parse_nodestring,
        c::numa_parse_nodestring_all,
        c::numa_parse_cpustring,
        c::numa_parse_cpustring_all,
    ];
    for (form, (parse, theirs)) in forms.iter().zip(theirs).enumerate() {
        c::said();
        // SAFETY: a C string; the mask is freed.
        let mut ours = unsafe {
            *libc::__errno_location() = 0;
            let mask = parse(c_text.as_ptr());
            let errno = *libc::__errno_location();
            let words = match mask.as_ref() {
                Some(mask) => {
                    std::slice::from_raw_parts(mask.maskp, words_for(mask.size as usize)).to_vec()
                }
                None => Vec::new(),
            };
            let result = if mask.is_null() { -1 } else { 0 };
            c::numa_bitmask_free(mask);
            Answer {
                result,
                errno,
                words,
                said: c::said(),
            }
        };
        let mut theirs = theirs;
        // Of what was parsed, errno says nothing.
        if ours.result == 0 && theirs.result == 0 {
            (ours.errno, theirs.errno) = (0, 0);
        }
        if ours != theirs {
            let row = known(text, form >= 2, &ours, &theirs);
            assert!(
                row.is_some(),
                "form {form}: {ours:?}, and the reference: {theirs:?}"
            );
        }
    }
}

/// Whether a line is as the kernel writes it and fits: others are of the rows `parse_bitmap_is_strict` and
/// `parse_bitmap_clears_the_rest`.
fn is_kernels(line: &[u8], size: usize) -> bool {
    let Some(text) = line.strip_suffix(b"\n") else {
        return false;
    };
    let groups: Vec<&[u8]> = text.split(|&b| b == b',').collect();
    let good = |(at, group): (usize, &&[u8])| {
        let len = if at == 0 { 1..=8 } else { 8..=8 };
        len.contains(&group.len()) && group.iter().all(u8::is_ascii_hexdigit)
    };
    groups.len() * 32 <= size && groups.iter().enumerate().all(good)
}

fn bitmap(size: usize, line: &[u8]) {
    let line = &line[..line.len().min(2000)];
    if size == 0 || !is_kernels(line, size) {
        return;
    }
    let mut request = vec![1];
    request.extend((size as u16).to_ne_bytes());
    request.extend((line.len() as u16).to_ne_bytes());
    request.extend(line);
    let Some(theirs) = ask(&request, 1) else {
        return;
    };
    let mut words = vec![0u64; words_for(size)];
    let mut mask = Bitmask {
        size: size as u64,
        maskp: words.as_mut_ptr(),
    };
    let text = CString::new(line).expect("no zero").into_raw();
    // SAFETY: a C string of ours, and a mask with its words.
    let result = unsafe {
        let result = c::numa_parse_bitmap(text, &mut mask);
        drop(CString::from_raw(text));
        result
    };
    assert_eq!((result, &words), (theirs[0].result, &theirs[0].words));
}

fn masks(data: &mut &[u8]) {
    let mut request = vec![2];
    let mut two: Vec<(usize, Vec<u64>)> = Vec::new();
    for _ in 0..2 {
        let size = bytes::size(bytes::byte(data)).clamp(1, 1088);
        let mut words = vec![bytes::long(data); words_for(size)];
        let set = bytes::set(data, size);
        bytes::fill(numa::mask::BitsMut::new(&mut words, size), &set);
        request.extend((size as u16).to_ne_bytes());
        words
            .iter()
            .for_each(|word| request.extend(word.to_ne_bytes()));
        two.push((size, words));
    }
    let count = (data.len() / 3).min(40);
    request.extend((count as u16).to_ne_bytes());
    let steps: Vec<(u16, u16)> = (0..count)
        .map(|_| (u16::from(bytes::byte(data) % 16), bytes::short(data) % 1200))
        .collect();
    for (what, n) in &steps {
        request.extend(what.to_ne_bytes());
        request.extend(n.to_ne_bytes());
    }
    let Some(theirs) = ask(&request, 1) else {
        return;
    };
    let mut headers: Vec<Bitmask> = two
        .iter_mut()
        .map(|(size, words)| Bitmask {
            size: *size as u64,
            maskp: words.as_mut_ptr(),
        })
        .collect();
    let mut sum = 0u32;
    let base = headers.as_mut_ptr();
    for (what, n) in steps {
        let n = u32::from(n);
        // SAFETY: two masks with their words, and a nodemask.
        unsafe {
            let one = base.add(usize::from(what & 1));
            let other = base.add(usize::from(what & 1 == 0));
            match what >> 1 {
                0 => drop(c::numa_bitmask_setbit(one, n)),
                1 => drop(c::numa_bitmask_clearbit(one, n)),
                2 => drop(c::numa_bitmask_setall(one)),
                3 => drop(c::numa_bitmask_clearall(one)),
                4 => c::copy_bitmask_to_bitmask(other, one),
                5 => {
                    let mut nodemask = [0; 2];
                    c::copy_bitmask_to_nodemask(other, &mut nodemask);
                    c::copy_nodemask_to_bitmask(&mut nodemask, one);
                }
                _ => {
                    for asked in [
                        c::numa_bitmask_weight(one),
                        c::numa_bitmask_nbytes(one),
                        c::numa_bitmask_isbitset(one, n) as u32,
                        c::numa_bitmask_equal(one, other) as u32,
                    ]
                    .into_iter()
                    .enumerate()
                    {
                        sum = if asked.0 == 0 {
                            sum.wrapping_mul(31)
                        } else {
                            sum
                        }
                        .wrapping_add(asked.1);
                    }
                }
            }
        }
    }
    assert_eq!(sum as i32, theirs[0].result);
    let (first, second) = theirs[0].words.split_at(words_for(two[0].0));
    for ((size, words), theirs) in two.iter().zip([first, second]) {
        // Bits beyond the size are nobody's.
        assert_eq!(Bits::new(words, *size), Bits::new(theirs, *size));
    }
}

fuzz_target!(|data: &[u8]| {
    let mut data = data;
    match bytes::byte(&mut data) % 4 {
        0 | 1 => strings(data),
        2 => {
            let size = bytes::size(bytes::byte(&mut data));
            bitmap(size, data);
        }
        _ => masks(&mut data),
    }
});
