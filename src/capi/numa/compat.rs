//! The old versions, `@libnuma_1.1`, which take nodemask_t or raw words.
//!
//! JVMs look them up with dlvsym(3). abi/versions.redefine gives each
//! function here the name and version that it is exported with. Old masks have 128 bits on
//! x86, all of which count (the reference passes 16 of them to some calls).

use core::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use core::slice;

use super::asked::{Asked, ToldOf};
use super::callers::{old_all_nodes, view_old, view_words};
use super::load::limits;
use super::nodemask::nodemask_t;
use super::policy::{is_bind, is_interleave, set, set_interleaving, with_nodes_under};
use super::{cpus, memory, strings};
use crate::affinity;
use crate::capi::debug;
use crate::capi::result::{OrErrno, int};
use crate::error::Error;
use crate::mask::{BitsMut, WORD_BITS, words_for};
use crate::policy::{Mode, Setting};
use crate::sys::Errno;

/// The nodes of the thread's policy, cut to the old size, if `asked` says yes to it, else
/// `otherwise`.
fn old_mask_under(function: &str, asked: fn(Setting) -> bool, otherwise: nodemask_t) -> nodemask_t {
    with_nodes_under(function, asked, |nodes| {
        nodes.map_or(otherwise, nodemask_t::from_bits)
    })
    .or_errno(otherwise)
}

/// Sets errno for a buffer of a wrong size.
#[cold]
fn told(function: &str, errno: Errno) {
    debug::failed(function, &Error::Invalid("size of the mask"));
    errno.set();
}

/// numa_bind@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_bind_v1(nodemask: *const nodemask_t) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view_old(nodemask) };
    cpus::run_on_allowed("bind", nodes);
    set("bind", Mode::Bind, nodes);
}

/// numa_set_membind@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_membind_v1(nodemask: *const nodemask_t) {
    // SAFETY: the caller's mask.
    set("set_membind", Mode::Bind, unsafe { view_old(nodemask) });
}

/// numa_get_membind@libnuma_1.1
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_membind_v1() -> nodemask_t {
    old_mask_under("get_membind", is_bind, old_all_nodes())
}

/// numa_set_interleave_mask@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_set_interleave_mask_v1(nodemask: *mut nodemask_t) {
    // SAFETY: the caller's mask.
    set_interleaving("set_interleave_mask", Mode::Interleave, unsafe {
        view_old(nodemask)
    });
}

/// numa_get_interleave_mask@libnuma_1.1
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_interleave_mask_v1() -> nodemask_t {
    old_mask_under("get_interleave_mask", is_interleave, nodemask_t::EMPTY)
}

/// numa_get_run_node_mask@libnuma_1.1
#[unsafe(no_mangle)]
pub extern "C" fn numa_get_run_node_mask_v1() -> nodemask_t {
    cpus::run_nodes(true)
        .map(|nodes| nodemask_t::from_bits(nodes.as_bits()))
        .or_errno(nodemask_t::EMPTY)
}

/// numa_run_on_node_mask@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_run_on_node_mask_v1(mask: *const nodemask_t) -> c_int {
    // SAFETY: the caller's mask.
    cpus::run_on_old_mask(unsafe { view_old(mask) })
}

/// numa_alloc_interleaved_subset@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_alloc_interleaved_subset_v1(
    size: usize,
    mask: *const nodemask_t,
) -> *mut c_void {
    // SAFETY: the caller's mask.
    memory::allocate(
        "alloc_interleaved_subset",
        size,
        Mode::Interleave,
        Some(unsafe { view_old(mask) }),
    )
}

/// numa_interleave_memory@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_interleave_memory_v1(
    mem: *mut c_void,
    size: usize,
    mask: *const nodemask_t,
) {
    // SAFETY: the caller's mask.
    let nodes = Some(unsafe { view_old(mask) });
    memory::place("interleave_memory", mem, size, Mode::Interleave, nodes);
}

/// numa_tonodemask_memory@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_tonodemask_memory_v1(
    mem: *mut c_void,
    size: usize,
    mask: *const nodemask_t,
) {
    // SAFETY: the caller's mask.
    let nodes = unsafe { view_old(mask) };
    memory::bind("tonodemask_memory", mem, size, nodes);
}

/// numa_node_to_cpus@libnuma_1.1: ERANGE if the buffer is smaller than the kernel's CPU masks.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_node_to_cpus_v1(
    node: c_int,
    buffer: *mut c_ulong,
    bufferlen: c_int,
) -> c_int {
    // SAFETY: the caller's buffer.
    let words = unsafe { view_words(buffer, usize::try_from(bufferlen).unwrap_or(0)) };
    if words.len() < words_for(limits().cpu_bits.size()) {
        told("node_to_cpus", Errno::ERANGE);
        return -1;
    }
    let size = words.len() * WORD_BITS;
    cpus::node_to_cpus(node, BitsMut::new(words, size))
}

/// numa_parse_bitmap@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_parse_bitmap_v1(
    line: *mut c_char,
    mask: *mut c_ulong,
    ncpus: c_int,
) -> c_int {
    let size = usize::try_from(ncpus)
        .unwrap_or(0)
        .next_multiple_of(WORD_BITS);
    // SAFETY: the caller's line, and a mask of `ncpus` bits in whole longs.
    unsafe { strings::parse_bitmap(line, BitsMut::new(view_words(mask, size / 8), size)) }
}

/// numa_sched_getaffinity@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_sched_getaffinity_v1(
    pid: libc::pid_t,
    len: c_uint,
    mask: *mut c_ulong,
) -> c_int {
    // The kernel refuses a length that is not a multiple of a long.
    if len as usize % size_of::<c_ulong>() != 0 {
        told("sched_getaffinity", Errno::EINVAL);
        return -1;
    }
    // SAFETY: the caller's buffer.
    let words = unsafe { view_words(mask, len as usize) };
    let size = words.len() * WORD_BITS;
    affinity::read_thread_cpus(pid, &mut BitsMut::new(words, size))
        .map(int)
        .told_of("sched_getaffinity", Asked::Process(pid))
        .or_errno(-1)
}

/// numa_sched_setaffinity@libnuma_1.1
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_sched_setaffinity_v1(
    pid: libc::pid_t,
    len: c_uint,
    mask: *const c_ulong,
) -> c_int {
    let bytes: &[u8] = if mask.is_null() {
        &[]
    } else {
        // SAFETY: the caller's buffer; only its bytes are read.
        unsafe { slice::from_raw_parts(mask.cast(), len as usize) }
    };
    affinity::set_thread_cpus_bytes(pid, bytes)
        .map(|()| 0)
        .told_of("sched_setaffinity", Asked::Process(pid))
        .or_errno(-1)
}
