//! Sequences of calls of the C interface over masks of any size, made by the library or by hand, with maps
//! that are missing or shared, beside arrays of bools. Each map made by hand ends where its words do, so that
//! AddressSanitizer sees a byte too much.
#![no_main]

#[cfg(not(capi))]
compile_error!("RUSTFLAGS='--cfg capi' cargo fuzz run capi, or fuzz/run capi: see fuzz/README.md");

use std::ffi::CString;
use std::ptr;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use numa::mask::{Bits, WORD_BITS, words_for};
use numa_fuzz::c::{self, Bitmask, Mask, Nodemask};
use numa_fuzz::{Set, bytes, naive};

#[derive(Debug, Arbitrary)]
enum Make {
    Alloc(u16),
    Nodes,
    Cpus,
    /// By hand: its size, and what its words hold.
    Hand(u16, u64),
    /// By hand, with another size, and the map of another mask from one of its first words on.
    Shared(u8, u16, u8),
    /// By hand, without a map.
    Empty(u16),
    Null,
}

#[derive(Debug, Arbitrary)]
enum Call {
    Make(u8, Make),
    Set(u8, u16),
    Clear(u8, u16),
    IsSet(u8, u32),
    SetAll(u8),
    ClearAll(u8),
    Count(u8),
    Equal(u8, u8),
    Copy(u8, u8),
    ToNodemask(u8),
    FromNodemask(u8),
    Bitmap(u8, Vec<u8>),
    OldBitmap(u16, Vec<u8>),
    String(u8, Vec<u8>),
    NodeCpus(u8, i8),
    OldNodeCpus(u16, i8),
    Affinity(u8),
    Policy(u8, u8),
    Migrate(u8, u8),
    Ask(i32, i32),
    /// Copies between masks whose maps overlap: which sizes, how far apart, which way.
    Overlap(u16, u16, u8, [u64; 4]),
}

/// Whose the map of a mask is.
enum Owner {
    Library,
    Words(#[allow(dead_code)] Vec<u64>),
    /// Another slot's, or nobody's.
    None,
}

/// A mask, and what its words have to be.
struct Slot {
    mask: Mask,
    _header: Option<Box<Bitmask>>,
    owner: Owner,
    /// Which masks have this map: those with the same number.
    map: usize,
    /// Its first word there, and how many it has.
    first: usize,
    words: usize,
}

impl Slot {
    fn range(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.words
    }
}

const SLOTS: usize = 4;

struct World {
    slots: [Slot; SLOTS],
    /// The words of each map, as they have to be.
    maps: Vec<Vec<u64>>,
    nodemask: Nodemask,
}

impl Slot {
    fn null() -> Slot {
        Slot {
            mask: ptr::null_mut(),
            _header: None,
            owner: Owner::None,
            map: 0,
            first: 0,
            words: 0,
        }
    }

    fn size(&self) -> usize {
        // SAFETY: null or valid.
        unsafe { self.mask.as_ref() }
            .filter(|mask| !mask.maskp.is_null())
            .map_or(0, |mask| mask.size as usize)
    }
}

impl World {
    fn new() -> World {
        World {
            slots: [(); SLOTS].map(|()| Slot::null()),
            maps: vec![Vec::new()],
            nodemask: [0; 2],
        }
    }

    fn at(slot: u8) -> usize {
        usize::from(slot) % SLOTS
    }

    fn mask(&self, slot: u8) -> Mask {
        self.slots[Self::at(slot)].mask
    }

    fn size(&self, slot: u8) -> usize {
        self.slots[Self::at(slot)].size()
    }

    fn set(&self, slot: u8) -> Set {
        let slot = &self.slots[Self::at(slot)];
        Bits::new(&self.maps[slot.map][slot.range()], slot.size())
            .iter()
            .collect()
    }

    /// What the words of a slot have to be, for changes.
    fn words(&mut self, slot: u8) -> &mut [u64] {
        let slot = &self.slots[Self::at(slot)];
        &mut self.maps[slot.map][slot.range()]
    }

    /// Takes what is in a slot now for what has to be there.
    fn believe(&mut self, slot: u8) {
        let at = Self::at(slot);
        let (mask, count) = (self.slots[at].mask, self.slots[at].words);
        if count > 0 {
            // SAFETY: so many words are there.
            let found = unsafe { std::slice::from_raw_parts((*mask).maskp, count) };
            self.words(slot).copy_from_slice(found);
        }
    }

    fn check(&self) {
        for slot in &self.slots {
            if slot.words == 0 {
                continue;
            }
            // SAFETY: so many words are there.
            let found = unsafe { std::slice::from_raw_parts((*slot.mask).maskp, slot.words) };
            assert_eq!(found, &self.maps[slot.map][slot.range()]);
        }
    }

    fn drop_slot(&mut self, at: usize) {
        let map = self.slots[at].map;
        let slot = std::mem::replace(&mut self.slots[at], Slot::null());
        if map == 0 {
            return;
        }
        if let Owner::None = slot.owner {
            return;
        }
        // Whoever shares the map goes first.
        for other in &mut self.slots {
            if other.map == map {
                *other = Slot::null();
            }
        }
        if let Owner::Library = slot.owner {
            // SAFETY: it is the library's, and nobody has it any more.
            unsafe { c::numa_bitmask_free(slot.mask) };
        }
    }

    fn put(&mut self, at: usize, mask: Mask) {
        if mask.is_null() {
            return;
        }
        // SAFETY: a mask of the library.
        let words = words_for(unsafe { (*mask).size } as usize);
        self.maps.push(vec![0; words]);
        let map = self.maps.len() - 1;
        self.slots[at] = Slot {
            mask,
            _header: None,
            owner: Owner::Library,
            map,
            first: 0,
            words,
        };
    }

    fn by_hand(
        &mut self,
        at: usize,
        size: usize,
        maskp: *mut u64,
        owner: Owner,
        (map, first): (usize, usize),
    ) {
        let words = if maskp.is_null() { 0 } else { words_for(size) };
        let mut header = Box::new(Bitmask {
            size: size as u64,
            maskp,
        });
        let mask: Mask = &mut *header;
        self.slots[at] = Slot {
            mask,
            _header: Some(header),
            owner,
            map,
            first,
            words,
        };
    }

    fn make(&mut self, slot: u8, make: &Make) {
        let at = Self::at(slot);
        self.drop_slot(at);
        // SAFETY: any number is taken.
        unsafe {
            match *make {
                Make::Alloc(size) => {
                    let mask = c::numa_bitmask_alloc(size.into());
                    assert_eq!(mask.is_null(), size == 0);
                    self.put(at, mask);
                }
                Make::Nodes => self.put(at, c::numa_allocate_nodemask()),
                Make::Cpus => self.put(at, c::numa_allocate_cpumask()),
                Make::Hand(size, garbage) => {
                    let size = usize::from(size) % 2048;
                    let mut words = vec![garbage; words_for(size)];
                    self.maps.push(words.clone());
                    let maskp = words.as_mut_ptr();
                    self.by_hand(
                        at,
                        size,
                        maskp,
                        Owner::Words(words),
                        (self.maps.len() - 1, 0),
                    );
                }
                Make::Shared(other, size, first) => {
                    let other = &self.slots[Self::at(other)];
                    if other.words > 0 {
                        let first = usize::from(first) % other.words;
                        let size = usize::from(size) % ((other.words - first) * WORD_BITS + 1);
                        let maskp = (*other.mask).maskp.add(first);
                        let place = (other.map, other.first + first);
                        self.by_hand(at, size, maskp, Owner::None, place);
                    }
                }
                Make::Empty(size) => {
                    self.by_hand(at, size.into(), ptr::null_mut(), Owner::None, (0, 0))
                }
                Make::Null => {}
            }
        }
    }
}

fn c_string(text: &[u8]) -> CString {
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    CString::new(&text[..end]).expect("no zero")
}

fn line(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|&b| b == b'\n')?;
    Some(&text[..end])
}

/// Whether a bitmap line is good for a set of this size, and what it says.
fn bitmap(text: &[u8], size: usize) -> Option<Set> {
    match line(text)? {
        [] => Some(Set::new()),
        line => naive::hex_map(line, size).ok(),
    }
}

/// # Safety
/// A mask of the library.
unsafe fn members(mask: Mask) -> Set {
    // SAFETY: as demanded.
    unsafe {
        let size = (*mask).size as usize;
        let words = std::slice::from_raw_parts((*mask).maskp, words_for(size));
        bytes::members(Bits::new(words, size))
    }
}

fn call(world: &mut World, call: &Call) {
    // SAFETY: masks are null or valid, strings end with a zero, and buffers have the sizes that are said.
    unsafe {
        match *call {
            Call::Make(slot, ref make) => world.make(slot, make),
            Call::Set(slot, n) => {
                let mask = world.mask(slot);
                assert_eq!(c::numa_bitmask_setbit(mask, n.into()), mask);
                let n = usize::from(n);
                if n < world.size(slot) {
                    world.words(slot)[n / WORD_BITS] |= 1 << (n % WORD_BITS);
                }
            }
            Call::Clear(slot, n) => {
                let mask = world.mask(slot);
                assert_eq!(c::numa_bitmask_clearbit(mask, n.into()), mask);
                let n = usize::from(n);
                if n < world.size(slot) {
                    world.words(slot)[n / WORD_BITS] &= !(1 << (n % WORD_BITS));
                }
            }
            Call::IsSet(slot, n) => {
                let set = c::numa_bitmask_isbitset(world.mask(slot), n);
                assert_eq!(set, world.set(slot).contains(&(n as usize)).into());
            }
            Call::SetAll(slot) | Call::ClearAll(slot) => {
                let mask = world.mask(slot);
                let all = matches!(call, Call::SetAll(_));
                let change = if all {
                    c::numa_bitmask_setall
                } else {
                    c::numa_bitmask_clearall
                };
                assert_eq!(change(mask), mask);
                for n in 0..world.size(slot) {
                    let word = &mut world.words(slot)[n / WORD_BITS];
                    *word = *word & !(1 << (n % WORD_BITS)) | u64::from(all) << (n % WORD_BITS);
                }
            }
            Call::Count(slot) => {
                let mask = world.mask(slot);
                assert_eq!(c::numa_bitmask_weight(mask) as usize, world.set(slot).len());
                // With a map or without.
                // SAFETY: null or valid.
                let bits = unsafe { mask.as_ref() }.map_or(0, |mask| mask.size as usize);
                let wanted = words_for(bits) * 8;
                assert_eq!(c::numa_bitmask_nbytes(mask) as usize, wanted);
            }
            Call::Equal(a, b) => {
                let equal = c::numa_bitmask_equal(world.mask(a), world.mask(b));
                assert_eq!(equal, (world.set(a) == world.set(b)).into());
            }
            Call::Copy(from, to) => {
                let (source, target) = (world.mask(from), world.mask(to));
                c::copy_bitmask_to_bitmask(source, target);
                if source != target && !target.is_null() {
                    let words = world.words(from).to_vec();
                    for (at, word) in world.words(to).iter_mut().enumerate() {
                        *word = words.get(at).copied().unwrap_or(0);
                    }
                }
            }
            Call::ToNodemask(slot) => {
                let mut to: Box<Nodemask> = Box::new([!0; 2]);
                c::copy_bitmask_to_nodemask(world.mask(slot), &mut *to);
                let set: Set = Bits::new(&*to, 128).iter().collect();
                assert_eq!(
                    set,
                    world.set(slot).into_iter().filter(|&n| n < 128).collect()
                );
                world.nodemask = *to;
                c::copy_bitmask_to_nodemask(world.mask(slot), ptr::null_mut());
            }
            Call::FromNodemask(slot) => {
                let mut from = Box::new(world.nodemask);
                c::copy_nodemask_to_bitmask(&mut *from, world.mask(slot));
                assert_eq!(*from, world.nodemask);
                let size = world.size(slot);
                let wanted: Set = Bits::new(&*from, 128)
                    .iter()
                    .filter(|&n| n < size)
                    .collect();
                for n in 0..size {
                    let word = &mut world.words(slot)[n / WORD_BITS];
                    *word = *word & !(1 << (n % WORD_BITS))
                        | u64::from(wanted.contains(&n)) << (n % WORD_BITS);
                }
            }
            Call::Bitmap(slot, ref text) => {
                let text = c_string(text);
                let copy = text.clone().into_raw();
                let read = c::numa_parse_bitmap(copy, world.mask(slot));
                assert_eq!(CString::from_raw(copy), text);
                let wanted = bitmap(text.as_bytes(), world.size(slot));
                assert_eq!(read, if wanted.is_some() { 0 } else { -1 });
                world.believe(slot);
                if let Some(wanted) = wanted {
                    assert_eq!(world.set(slot), wanted);
                }
            }
            Call::OldBitmap(bits, ref text) => {
                let bits = usize::from(bits) % 2048;
                let text = c_string(text);
                let mut words = vec![!0; words_for(bits)];
                let copy = text.clone().into_raw();
                let read = c::numa_parse_bitmap_v1(copy, words.as_mut_ptr(), bits as i32);
                assert_eq!(CString::from_raw(copy), text);
                let size = words.len() * WORD_BITS;
                let wanted = bitmap(text.as_bytes(), size);
                assert_eq!(read, if wanted.is_some() { 0 } else { -1 });
                if let Some(wanted) = wanted {
                    assert_eq!(bytes::members(Bits::new(&words, size)), wanted);
                }
            }
            Call::String(form, ref text) => {
                if text.windows(3).any(|word| word == b"ip:") {
                    return;
                }
                let text = c_string(text);
                let (parse, accepted, is_cpu): (unsafe extern "C" fn(_) -> Mask, _, _) =
                    match form % 4 {
                        0 => (c::numa_parse_nodestring, Some(c::numa_all_nodes_ptr), false),
                        1 => (c::numa_parse_nodestring_all, Some(c::numa_nodes_ptr), false),
                        2 => (c::numa_parse_cpustring, Some(c::numa_all_cpus_ptr), true),
                        _ => (c::numa_parse_cpustring_all, None, true),
                    };
                c::said();
                let mask = parse(text.as_ptr());
                let said = c::said();
                assert_eq!(mask.is_null(), !said.is_empty());
                let text = text.as_bytes();
                let other = !is_cpu && text.contains(&b':') || text.contains(&b'@');
                if let Some(accepted) = accepted.filter(|_| !other) {
                    let naive = naive::list(text, &members(accepted));
                    let found = (!mask.is_null()).then(|| members(mask));
                    assert_eq!(found, naive.ok());
                }
                c::numa_bitmask_free(mask);
            }
            Call::NodeCpus(slot, node) => {
                c::numa_node_to_cpus(node.into(), world.mask(slot));
                world.believe(slot);
            }
            Call::OldNodeCpus(bytes, node) => {
                let mut words = vec![0u64; usize::from(bytes % 2048).div_ceil(8)];
                let room = i32::from(bytes % 2048);
                c::numa_node_to_cpus_v1(node.into(), words.as_mut_ptr(), room);
            }
            Call::Affinity(slot) => {
                c::numa_sched_getaffinity(0, world.mask(slot));
                world.believe(slot);
            }
            Call::Policy(which, slot) => {
                let mask = world.mask(slot);
                static PAGE: Memory = Memory;
                match which % 9 {
                    0 => c::numa_set_membind(mask),
                    1 => c::numa_set_interleave_mask(mask),
                    2 => c::numa_set_preferred_many(mask),
                    3 => c::numa_interleave_memory(PAGE.at(), 4096, mask),
                    4 => c::numa_tonodemask_memory(PAGE.at(), 4096, mask),
                    5 => drop(c::numa_run_on_node_mask(mask)),
                    6 => drop(c::numa_run_on_node_mask_all(mask)),
                    7 => drop(c::numa_run_on_node_mask_v1(&world.nodemask)),
                    _ => {
                        for mask in [c::numa_get_membind(), c::numa_get_run_node_mask()] {
                            assert!(!mask.is_null());
                            members(mask);
                            c::numa_bitmask_free(mask);
                        }
                    }
                }
                c::numa_set_localalloc();
            }
            Call::Migrate(from, to) => {
                // No process has this number.
                c::numa_migrate_pages(i32::MAX, world.mask(from), world.mask(to));
            }
            Call::Overlap(one, other, first, words) => {
                let mut words = [words, words].concat();
                let before = words.clone();
                let first = usize::from(first) % words.len();
                let room = words.len() - first;
                let at = words.as_mut_ptr();
                let mut low = Bitmask {
                    size: u64::from(one) % (words.len() * WORD_BITS) as u64 + 1,
                    maskp: at,
                };
                let mut high = Bitmask {
                    size: u64::from(other) % (room * WORD_BITS) as u64 + 1,
                    maskp: at.add(first),
                };
                let (low_words, high_words) =
                    (words_for(low.size as usize), words_for(high.size as usize));
                let up = first % 2 == 0;
                let (from, to) = if up {
                    c::copy_bitmask_to_bitmask(&mut low, &mut high);
                    (0..low_words, first..first + high_words)
                } else {
                    c::copy_bitmask_to_bitmask(&mut high, &mut low);
                    (first..first + high_words, 0..low_words)
                };
                for at in 0..words.len() {
                    let source = from.start.wrapping_add(at.wrapping_sub(to.start));
                    let wanted = match to.contains(&at) {
                        true if from.contains(&source) => before[source],
                        true => 0,
                        false => before[at],
                    };
                    assert_eq!(words[at], wanted, "word {at}: {from:?} to {to:?}");
                }
            }
            Call::Ask(a, b) => {
                let mut free = 0;
                assert!(c::numa_distance(a, b) >= 0);
                let size = c::numa_node_size64(a, &mut free);
                assert!(size < 0 || (0..=size).contains(&free));
                assert!(c::numa_node_of_cpu(b) >= -1);
                c::numa_bitmask_free(c::numa_all_nodes_ptr);
                assert!(c::numa_num_possible_nodes() > 0 && c::numa_num_possible_cpus() > 0);
            }
        }
    }
}

/// A page that policies are set for.
struct Memory;

impl Memory {
    fn at(&self) -> *mut std::ffi::c_void {
        static START: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
        let map = || {
            // SAFETY: a new mapping.
            let at = unsafe {
                libc::mmap(
                    ptr::null_mut(),
                    4096,
                    libc::PROT_READ,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                    -1,
                    0,
                )
            };
            assert_ne!(at, libc::MAP_FAILED);
            at as usize
        };
        *START.get_or_init(map) as *mut _
    }
}

fuzz_target!(|calls: Vec<Call>| {
    let mut world = World::new();
    for each in calls.iter().take(40) {
        call(&mut world, each);
        world.check();
        c::said();
    }
    for at in 0..SLOTS {
        world.drop_slot(at);
    }
});
