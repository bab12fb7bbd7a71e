//! Policies, and on which nodes a thread runs, for C: numa_ext.h. Nothing here calls numa_error().

use core::ffi::{c_int, c_uint, c_void};
use core::ptr;

use super::reason::{OrReason, Told, because, refuse, told};
use crate::affinity;
use crate::capi::bitmask::bitmask;
use crate::cause::{self, Asked, Cause, Machine};
use crate::error::{Error, Result};
use crate::mask::{Bits, NodeMask, words_for};
use crate::memory::Mapping;
use crate::policy::{self, Flags, Mode, Present};
use crate::root::Root;
use crate::selection::{self, Want};
use crate::sys::Errno;
use crate::topology;

/// Flag: all pages are touched, so that they are where the policy says when the call returns.
pub const NUMA_EXT_ALLOC_TOUCH: c_uint = 1;

/// Flags of mbind(2), as numaif.h has them.
const MF_STRICT: c_uint = 1;
const MF_MOVE: c_uint = 2;
const MF_MOVE_ALL: c_uint = 4;

/// A policy as the caller names it.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    mode: Mode,
    flags: Flags,
    /// `None` where the caller passes none.
    nodes: Option<Bits<'a>>,
}

/// The set without what the kernel need not see: it refuses masks of more than a page.
fn trimmed(nodes: Bits<'_>) -> Bits<'_> {
    let size = nodes.last().map_or(0, |last| last + 1);
    Bits::new(&nodes.words()[..words_for(size)], size)
}

/// # Safety
/// The mask is null or a caller's.
unsafe fn wanted<'a>(mode: c_int, nodes: *const bitmask) -> Result<Wanted<'a>, Errno> {
    if mode < 0 {
        return Err(refuse(
            Errno::EINVAL,
            format_args!("there is no policy mode {mode}"),
        ));
    }
    // SAFETY: as demanded of the caller.
    let nodes = (!nodes.is_null()).then(|| trimmed(unsafe { bitmask::view(nodes) }));
    Ok(Wanted {
        mode: Mode::from_number(mode),
        flags: Flags::from_number(mode),
        nodes,
    })
}

impl Wanted<'_> {
    /// Why the kernel refuses it.
    fn refused(&self, error: Error) -> Errno {
        let errno = error.errno();
        let nodes = self.nodes.unwrap_or(Bits::EMPTY);
        if errno == Errno::EINVAL {
            if let Err(unknown) = policy::check_support(self.mode, self.flags) {
                return because(unknown);
            }
            if matches!(self.mode, Mode::Default | Mode::Local) {
                return refuse(
                    errno,
                    format_args!("{error}: this mode takes neither nodes nor flags"),
                );
            }
        }
        let (Ok(exist), Ok(allowed)) = (nodes_of(false), nodes_of(true)) else {
            return because(error);
        };
        let machine = Machine {
            root: Root::SYSTEM,
            nodes: exist.as_bits(),
            allowed: allowed.as_bits(),
        };
        let asked = Asked {
            mode: self.mode,
            flags: self.flags,
            nodes,
        };
        told(
            &error,
            cause::of_policy(&asked, error.call(), errno, &machine),
        )
    }

    fn set(&self) -> Result<(), Errno> {
        policy::set_thread_policy_with(self.mode, self.flags, self.nodes)
            .map_err(|error| self.refused(error))
    }

    fn set_range(&self, start: usize, length: usize, present: Present) -> Result<(), Errno> {
        let Wanted { mode, flags, nodes } = *self;
        policy::set_range_policy_of_pages(start, length, mode, flags, nodes, present).map_err(
            |error| match error.errno() {
                Errno::EPERM if present.move_all && !cause::is_filtered(Root::SYSTEM) => {
                    told(&error, Some(Cause::NoRights))
                }
                _ => self.refused(error),
            },
        )
    }

    fn allocate(&self, size: usize, flags: c_uint) -> Result<*mut c_void, Errno> {
        if flags & !NUMA_EXT_ALLOC_TOUCH != 0 {
            return Err(unknown_flags(flags & !NUMA_EXT_ALLOC_TOUCH));
        }
        if size == 0 {
            return Err(refuse(Errno::EINVAL, format_args!("0 bytes of memory")));
        }
        let mut memory = Mapping::new(size).map_err(because)?;
        self.set_range(memory.address(), size, Present::STAY)?;
        if flags & NUMA_EXT_ALLOC_TOUCH != 0 {
            memory.populate().map_err(|error| match error.errno() {
                Errno::EINVAL => because(Error::Lacking("MADV_POPULATE_WRITE (Linux 5.14)")),
                errno => refuse(errno, format_args!("{error}: a page cannot be placed")),
            })?;
        }
        Ok(memory.into_address())
    }
}

/// The nodes that exist, or those of them whose memory the cpuset allows.
fn nodes_of(allowed: bool) -> Result<NodeMask> {
    let size = topology::node_mask_size(Root::SYSTEM);
    if allowed {
        selection::usable(Root::SYSTEM, Want::Memory, size)
    } else {
        topology::nodes(Root::SYSTEM, size)
    }
}

fn unknown_flags(flags: c_uint) -> Errno {
    refuse(Errno::EOPNOTSUPP, format_args!("unknown flags {flags:#x}"))
}

fn present(flags: c_uint) -> Result<Present, Errno> {
    match flags & !(MF_STRICT | MF_MOVE | MF_MOVE_ALL) {
        0 => Ok(Present {
            strict: flags & MF_STRICT != 0,
            move_private: flags & MF_MOVE != 0,
            move_all: flags & MF_MOVE_ALL != 0,
        }),
        unknown => Err(unknown_flags(unknown)),
    }
}

fn set_range(wanted: Wanted<'_>, start: usize, length: usize, flags: c_uint) -> Result<(), Errno> {
    let present = present(flags)?;
    if start % topology::page_size() != 0 {
        let why = Told(Cause::NotAligned);
        return Err(refuse(Errno::EINVAL, format_args!("{start:#x}: {why}")));
    }
    if start.checked_add(length).is_none() {
        return Err(refuse(
            Errno::EINVAL,
            format_args!("{length} bytes from {start:#x} are more than there are addresses"),
        ));
    }
    wanted.set_range(start, length, present)
}

fn run_on(nodes: Bits<'_>) -> Result<(), Errno> {
    if nodes.is_empty() {
        return Err(refuse(Errno::EINVAL, format_args!("no nodes to run on")));
    }
    let size = topology::cpu_mask_size();
    let cpus = topology::cpus_of_nodes(Root::SYSTEM, nodes, size).map_err(because)?;
    if cpus.is_empty() {
        let why = Told(Cause::NoCpus {
            nodes,
            others: Bits::EMPTY,
        });
        return Err(refuse(Errno::EINVAL, format_args!("{why}")));
    }
    affinity::set_thread_cpus(0, cpus.as_bits()).map_err(|error| {
        let permitted =
            topology::permitted(Root::SYSTEM, size).and_then(|permitted| permitted.cpus);
        let (call, errno) = (error.call(), error.errno());
        match permitted {
            Ok(now) => told(
                &error,
                cause::of_cpus(call, errno, Root::SYSTEM, now.as_bits()),
            ),
            Err(_) => because(error),
        }
    })
}

/// Sets the calling thread's policy, which holds for pages that it touches from now on, and for
/// threads and processes that it makes. mode is one of numaif.h, MPOL_DEFAULT to
/// MPOL_WEIGHTED_INTERLEAVE, with mode flags added to it. nodes is NULL for MPOL_DEFAULT and
/// MPOL_LOCAL. The call is set_mempolicy(2).
///
/// Nothing is replaced by something else: a mode or a flag that the kernel lacks is an error, and
/// the policy stays as it was. The kernel itself leaves out nodes that do not exist or that the
/// cpuset forbids, as long as one remains.
///
/// Returns 0, or -1 with errno: EOPNOTSUPP if the kernel does not know the mode or a flag with it
/// (MPOL_PREFERRED_MANY: Linux 5.15, MPOL_WEIGHTED_INTERLEAVE: 6.9, MPOL_F_NUMA_BALANCING: 5.12
/// with MPOL_BIND and 6.12 with MPOL_PREFERRED_MANY); EINVAL if none of the nodes can be used, the
/// mode needs nodes or takes none, or flags exclude each other; EPERM if a filter denies the call,
/// ENOSYS if the kernel lacks it; ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_set_policy(mode: c_int, nodes: *const bitmask) -> c_int {
    // SAFETY: the caller's mask.
    unsafe { wanted(mode, nodes) }
        .and_then(|wanted| wanted.set())
        .map(|()| 0)
        .or_reason("set_policy", -1)
}

/// Sets the policy of the pages of a range of the caller's memory, as numa_ext_set_policy() does
/// for a thread. The range begins on a page boundary, has length bytes, and counts in whole pages.
/// flags is 0, or a sum of MPOL_MF_STRICT, MPOL_MF_MOVE and MPOL_MF_MOVE_ALL of numaif.h, which say
/// what becomes of pages that are there already; without a flag they stay. No page is touched. The
/// call is mbind(2).
///
/// Returns 0, or -1 with errno as numa_ext_set_policy(), and: EOPNOTSUPP for any other flag; EINVAL
/// if the range begins within a page; EFAULT if a part of it is not mapped; EPERM if MPOL_MF_MOVE_ALL
/// needs CAP_SYS_NICE. With MPOL_MF_STRICT also EIO: alone if pages are elsewhere, and the policy
/// stays as it was; with a flag that moves if some could not be moved, and the policy is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_set_range_policy(
    start: *mut c_void,
    length: usize,
    mode: c_int,
    nodes: *const bitmask,
    flags: c_uint,
) -> c_int {
    // SAFETY: the caller's mask.
    unsafe { wanted(mode, nodes) }
        .and_then(|wanted| set_range(wanted, start as usize, length, flags))
        .map(|()| 0)
        .or_reason("set_range_policy", -1)
}

/// Returns size bytes of new, zeroed memory with a policy, mode and nodes as for
/// numa_ext_set_policy(). The caller frees it with numa_free(), which is munmap(2), and the same
/// size.
///
/// Memory whose policy was refused is never returned. Pages are not touched, so each is placed, or
/// not found, when the program touches it. With the flag NUMA_EXT_ALLOC_TOUCH all are touched
/// before the function returns (MADV_POPULATE_WRITE, Linux 5.14). Where MPOL_BIND finds too little
/// memory on its nodes, the kernel may end a process at a touch, here too, rather than refuse it.
///
/// Returns NULL with errno as numa_ext_set_policy(), and: ENOMEM if there is no room, or with the
/// flag no page; EINVAL if size is 0; EOPNOTSUPP if the kernel cannot touch pages so, or the flag
/// is unknown.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_alloc(
    size: usize,
    mode: c_int,
    nodes: *const bitmask,
    flags: c_uint,
) -> *mut c_void {
    // SAFETY: the caller's mask.
    unsafe { wanted(mode, nodes) }
        .and_then(|wanted| wanted.allocate(size, flags))
        .or_reason("alloc", ptr::null_mut())
}

/// Lets the calling thread run on the CPUs of these nodes only, of those that its cpuset allows.
/// Memory policies stay as they are. The call is sched_setaffinity(2), with what
/// /sys/devices/system/node/nodeN/cpumap says, read on each call.
///
/// Returns 0, or -1 with errno: EINVAL if there are no nodes in the mask, one does not exist, they
/// have no CPUs, or the cpuset allows none of these; EPERM if a filter denies the call; EIO if a
/// file makes no sense; ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_run_on(nodes: *const bitmask) -> c_int {
    // SAFETY: the caller's mask.
    run_on(unsafe { bitmask::view(nodes) })
        .map(|()| 0)
        .or_reason("run_on", -1)
}
