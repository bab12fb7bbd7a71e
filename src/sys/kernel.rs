//! System calls without the C library between.
//!
//! For what runs when the library is loaded, where each function of another library costs more to
//! find than the call itself takes, and for what must not be a cancellation point or touch errno.

use core::ffi::{c_int, c_long};

use super::Errno;

/// Makes a system call.
///
/// # Safety
/// As the call demands of its arguments.
#[inline(always)]
pub(crate) unsafe fn call(number: c_long, arguments: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the caller answers for the arguments.
    let result = unsafe { raw(number, arguments) };
    // Never below -4095.
    if (-4095..0).contains(&result) {
        Err(Errno(-result as c_int))
    } else {
        Ok(result as usize)
    }
}

/// The kernel's answer, or the negative error number.
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
#[inline(always)]
unsafe fn raw(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: the caller answers for the arguments; the instruction changes these registers only.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

/// The kernel's answer, or the negative error number.
#[cfg(all(target_arch = "aarch64", target_pointer_width = "64"))]
#[inline(always)]
unsafe fn raw(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let result;
    // SAFETY: the caller answers for the arguments; the instruction changes these registers only.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") number,
            inlateout("x0") a => result,
            in("x1") b,
            in("x2") c,
            in("x3") d,
            in("x4") e,
            in("x5") f,
            options(nostack),
        );
    }
    result
}

/// The kernel's answer, or the negative error number: by the C library's function for any call.
#[cfg(not(all(
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_pointer_width = "64"
)))]
unsafe fn raw(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let before = Errno::last();
    // SAFETY: the caller answers for the arguments.
    let mut result = unsafe { libc::syscall(number, a, b, c, d, e, f) } as isize;
    if result < 0 {
        result = -Errno::last().0 as isize;
        before.set();
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_errors() {
        // SAFETY: getpid has no arguments.
        let pid = unsafe { call(libc::SYS_getpid, [0; 6]) };
        assert_eq!(pid, Ok(std::process::id() as usize));
        // SAFETY: no such descriptor is open.
        let closed = unsafe { call(libc::SYS_close, [usize::MAX, 0, 0, 0, 0, 0]) };
        assert_eq!(closed, Err(Errno::EBADF));
    }
}
