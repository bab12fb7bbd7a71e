//! What std would bring along: an allocator (malloc, so that C callers may free what is returned to
//! them) and a panic handler that ends the process.

#![allow(unsafe_code)]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

struct Malloc;

// SAFETY: malloc, calloc and free keep the contract of GlobalAlloc for alignments up
// to that of max_align_t; this library asks for no larger one, and gets null if it did.
unsafe impl GlobalAlloc for Malloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > 2 * size_of::<usize>() {
            return core::ptr::null_mut();
        }
        // SAFETY: malloc takes any size.
        unsafe { libc::malloc(layout.size()).cast() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.align() > 2 * size_of::<usize>() {
            return core::ptr::null_mut();
        }
        // SAFETY: calloc takes any size.
        unsafe { libc::calloc(1, layout.size()).cast() }
    }

    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the block came from this allocator.
        unsafe { libc::free(block.cast()) }
    }
}

#[global_allocator]
static MALLOC: Malloc = Malloc;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: abort has no preconditions.
    unsafe { libc::abort() }
}

/// What unwind tables name that the precompiled parts of core bring along: on some architectures
/// those of the division of 128-bit numbers. Nothing unwinds, so nothing calls it; the linker
/// drops it where nothing names it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
