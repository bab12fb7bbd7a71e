//! The PROCMAP_QUERY call (Linux 6.11): one mapping of a process, without reading all of its maps.

use core::ffi::c_ulong;

use super::file::File;
use super::{Errno, answer};

/// A mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Queried {
    /// First address.
    pub(crate) start: usize,
    /// First address behind it.
    pub(crate) end: usize,
    /// Bytes of its pages: more than the base size for explicit huge pages.
    pub(crate) page_size: usize,
}

// struct procmap_query of <linux/fs.h>.
#[derive(Default)]
#[repr(C)]
struct Arguments {
    size: u64,
    flags: u64,
    address: u64,
    start: u64,
    end: u64,
    vma_flags: u64,
    page_size: u64,
    offset: u64,
    inode: u64,
    device: [u32; 2],
    name_size: u32,
    build_id_size: u32,
    name: u64,
    build_id: u64,
}

/// _IOWR('f', 17, struct procmap_query).
const PROCMAP_QUERY: c_ulong =
    3 << 30 | (size_of::<Arguments>() as c_ulong) << 16 | (b'f' as c_ulong) << 8 | 17;
const COVERING_OR_NEXT: u64 = 0x10;

/// The mapping that an address lies in, or the next one behind it; `None` if there is none.
/// ENOTTY where the kernel does not know the call.
pub(crate) fn query(maps: &File, address: usize) -> Result<Option<Queried>, Errno> {
    let mut arguments = Arguments {
        size: size_of::<Arguments>() as u64,
        flags: COVERING_OR_NEXT,
        address: address as u64,
        ..Arguments::default()
    };
    // The type of the request differs between C libraries.
    // SAFETY: the kernel writes to the structure alone, as it is asked for no name and no build id.
    let query =
        || unsafe { libc::ioctl(maps.descriptor(), PROCMAP_QUERY as _, &mut arguments) as _ };
    match answer(query) {
        Ok(_) => Ok(Some(Queried {
            start: arguments.start as usize,
            end: arguments.end as usize,
            page_size: arguments.page_size as usize,
        })),
        Err(Errno::ENOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mapping_of_a_variable() {
        let here = 0;
        let address = &raw const here as usize;
        let maps = File::open(c"/proc/self/maps").unwrap();
        match query(&maps, address) {
            Ok(Some(found)) => {
                assert!((found.start..found.end).contains(&address));
                assert_eq!(found.page_size, super::super::page_size());
                assert_eq!(query(&maps, found.start), Ok(Some(found)));
                // Behind the last one there is none, or it is the kernel's.
                assert!(query(&maps, usize::MAX).is_ok());
            }
            // Older kernels.
            other => assert_eq!(other, Err(Errno(libc::ENOTTY))),
        }
    }
}
