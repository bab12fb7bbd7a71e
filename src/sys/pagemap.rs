//! The PAGEMAP_SCAN call (Linux 6.7): which pages of a range are present, without a walk of the holes
//! between them.

use core::ffi::c_ulong;

use super::file::File;
use super::{Errno, answer};

/// A run of present pages.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Region {
    /// First address.
    pub(crate) start: u64,
    /// First address behind it.
    pub(crate) end: u64,
    /// The page's categories: [`HUGE`] or none.
    pub(crate) categories: u64,
}

/// The page is mapped whole by a huge page entry: transparent or explicit.
pub(crate) const HUGE: u64 = 1 << 6;
const PRESENT: u64 = 1 << 3;
const ZERO_PAGE: u64 = 1 << 5;

// struct pm_scan_arg of <linux/fs.h>.
#[repr(C)]
struct Arguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// _IOWR('f', 16, struct pm_scan_arg); the direction bits are the same on all architectures.
const PAGEMAP_SCAN: c_ulong =
    3 << 30 | (size_of::<Arguments>() as c_ulong) << 16 | (b'f' as c_ulong) << 8 | 16;

/// Finds the present pages from `start` to `end`, zero pages left out, in a process's opened
/// `pagemap`. Returns how many regions it wrote, and the address at which it ended.
/// ENOTTY or EINVAL where the kernel or the file does not know the call.
pub(crate) fn scan(
    pagemap: &File,
    start: usize,
    end: usize,
    regions: &mut [Region],
) -> Result<(usize, usize), Errno> {
    let mut arguments = Arguments {
        size: size_of::<Arguments>() as u64,
        flags: 0,
        start: start as u64,
        end: end as u64,
        walk_end: 0,
        vec: regions.as_mut_ptr() as u64,
        vec_len: regions.len() as u64,
        max_pages: 0,
        category_inverted: ZERO_PAGE,
        category_mask: PRESENT | ZERO_PAGE,
        category_anyof_mask: 0,
        return_mask: HUGE,
    };
    // The type of the request differs between C libraries.
    // SAFETY: the kernel writes at most vec_len regions to `regions`, and `walk_end`.
    let scan =
        || unsafe { libc::ioctl(pagemap.descriptor(), PAGEMAP_SCAN as _, &mut arguments) as _ };
    let count = answer(scan)?;
    Ok((count.min(regions.len()), arguments.walk_end as usize))
}
