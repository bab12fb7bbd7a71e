//! Another Rust static library, with std, in the same program as libnuma.a.

use std::collections::HashMap;
use std::panic::catch_unwind;
use std::thread;

/// Uses what such a library brings with it: an allocator, threads, thread-local variables, panics.
#[no_mangle]
pub extern "C" fn rust_user_sum(n: u32) -> u32 {
    let squares: HashMap<String, u32> = (0..n).map(|i| (i.to_string(), i * i)).collect();
    let sum = thread::spawn(move || squares.values().sum::<u32>());
    let sum = sum.join().unwrap_or(0);
    let caught = catch_unwind(|| {
        if n > 0 {
            panic!("on purpose");
        }
    });
    sum + u32::from(caught.is_err())
}
