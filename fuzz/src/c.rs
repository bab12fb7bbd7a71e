//! The C interface as a C program declares it, and a place for what the library says (c/hooks.c).

use std::ffi::{CStr, c_char, c_int, c_uint, c_ulong, c_void};

/// struct bitmask.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Bitmask {
    pub size: c_ulong,
    pub maskp: *mut c_ulong,
}

/// nodemask_t.
pub type Nodemask = [c_ulong; 128 / c_ulong::BITS as usize];

pub type Mask = *mut Bitmask;

unsafe extern "C" {
    pub static numa_all_nodes_ptr: Mask;
    pub static numa_nodes_ptr: Mask;
    pub static numa_no_nodes_ptr: Mask;
    pub static numa_all_cpus_ptr: Mask;
    pub fn numa_bitmask_alloc(n: c_uint) -> Mask;
    pub fn numa_bitmask_free(mask: Mask);
    pub fn numa_allocate_nodemask() -> Mask;
    pub fn numa_allocate_cpumask() -> Mask;
    pub fn numa_bitmask_setall(mask: Mask) -> Mask;
    pub fn numa_bitmask_clearall(mask: Mask) -> Mask;
    pub fn numa_bitmask_setbit(mask: Mask, n: c_uint) -> Mask;
    pub fn numa_bitmask_clearbit(mask: Mask, n: c_uint) -> Mask;
    pub fn numa_bitmask_isbitset(mask: Mask, n: c_uint) -> c_int;
    pub fn numa_bitmask_weight(mask: Mask) -> c_uint;
    pub fn numa_bitmask_nbytes(mask: Mask) -> c_uint;
    pub fn numa_bitmask_equal(one: Mask, other: Mask) -> c_int;
    pub fn copy_bitmask_to_bitmask(from: Mask, to: Mask);
    pub fn copy_bitmask_to_nodemask(from: Mask, to: *mut Nodemask);
    pub fn copy_nodemask_to_bitmask(from: *mut Nodemask, to: Mask);
    pub fn numa_parse_nodestring(text: *const c_char) -> Mask;
    pub fn numa_parse_nodestring_all(text: *const c_char) -> Mask;
    pub fn numa_parse_cpustring(text: *const c_char) -> Mask;
    pub fn numa_parse_cpustring_all(text: *const c_char) -> Mask;
    pub fn numa_parse_bitmap(line: *mut c_char, mask: Mask) -> c_int;
    pub fn numa_parse_bitmap_v1(line: *mut c_char, words: *mut c_ulong, bits: c_int) -> c_int;
    pub fn numa_node_to_cpus(node: c_int, mask: Mask) -> c_int;
    pub fn numa_node_to_cpus_v1(node: c_int, words: *mut c_ulong, bytes: c_int) -> c_int;
    pub fn numa_sched_getaffinity(pid: c_int, mask: Mask) -> c_int;
    pub fn numa_run_on_node_mask(mask: Mask) -> c_int;
    pub fn numa_run_on_node_mask_all(mask: Mask) -> c_int;
    pub fn numa_run_on_node_mask_v1(mask: *const Nodemask) -> c_int;
    pub fn numa_set_membind(mask: Mask);
    pub fn numa_set_interleave_mask(mask: Mask);
    pub fn numa_set_preferred_many(mask: Mask);
    pub fn numa_set_localalloc();
    pub fn numa_get_membind() -> Mask;
    pub fn numa_get_run_node_mask() -> Mask;
    pub fn numa_interleave_memory(at: *mut c_void, size: usize, mask: Mask);
    pub fn numa_tonodemask_memory(at: *mut c_void, size: usize, mask: Mask);
    pub fn numa_migrate_pages(pid: c_int, from: Mask, to: Mask) -> c_int;
    pub fn numa_distance(from: c_int, to: c_int) -> c_int;
    pub fn numa_node_size64(node: c_int, free: *mut i64) -> i64;
    pub fn numa_node_of_cpu(cpu: c_int) -> c_int;
    pub fn numa_num_possible_nodes() -> c_int;
    pub fn numa_num_possible_cpus() -> c_int;
    fn fuzz_said() -> *const c_char;
    fn fuzz_forget();
}

/// What the library has said since the last time.
pub fn said() -> Vec<u8> {
    // SAFETY: a C string that nobody else writes, as there is one thread.
    unsafe {
        let text = CStr::from_ptr(fuzz_said()).to_bytes().to_vec();
        fuzz_forget();
        text
    }
}
