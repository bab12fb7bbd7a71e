//! Moving a process's pages in pieces, for C: numa_ext.h.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ffi::{c_int, c_uint, c_ulong, c_void};
use core::mem::{MaybeUninit, align_of, size_of};
use core::ops::Range;
use core::time::Duration;
use core::{ptr, slice};

use super::reason::OrReason;
use crate::capi::bitmask::bitmask;
use crate::capi::result::int;
use crate::error::{Error, Result};
use crate::migrate::{Job, Kinds, NodeCount, Options, Plan, Progress, Reason, Share, Worker};
use crate::root::Root;

/// Flag: moves only pages that no other process maps. Without it, pages that other processes map
/// are moved too if the caller has CAP_SYS_NICE.
pub const NUMA_EXT_MIGRATE_PRIVATE: c_uint = 1;
/// Flag: moves nothing, and counts pages that would be moved as moved.
pub const NUMA_EXT_MIGRATE_DRY_RUN: c_uint = 2;

/// Private memory without a file: most of what malloc() and mmap() return.
pub const NUMA_EXT_KIND_ANON: c_uint = 1;
/// The heap that brk(2) grows.
pub const NUMA_EXT_KIND_HEAP: c_uint = 2;
/// The stack of the first thread.
pub const NUMA_EXT_KIND_STACK: c_uint = 4;
/// A file mapped privately: programs and their libraries, with their data.
pub const NUMA_EXT_KIND_FILE: c_uint = 8;
/// Memory or a file mapped so that others see writes.
pub const NUMA_EXT_KIND_SHARED: c_uint = 16;

const ALL_KINDS: c_uint = NUMA_EXT_KIND_ANON
    | NUMA_EXT_KIND_HEAP
    | NUMA_EXT_KIND_STACK
    | NUMA_EXT_KIND_FILE
    | NUMA_EXT_KIND_SHARED;

/// A range of addresses in the process.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct numa_ext_range {
    /// First address.
    pub start: usize,
    /// First address behind it.
    pub end: usize,
}

/// How far a migration is, in pages of the base size (numa_pagesize()).
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct numa_ext_migrate_progress {
    /// Present pages that were examined.
    pub examined: c_ulong,
    /// Pages that were moved.
    pub moved: c_ulong,
    /// Present pages of the process when the migration began; an estimate.
    pub present: c_ulong,
}

/// What to move, and how. The caller fills it with zeros, sets size, and sets the fields that
/// differ from the default, which is zero for each. The structure and the array of ranges are
/// read during the call only.
#[allow(non_camel_case_types)]
#[repr(C)]
pub struct numa_ext_migrate_options {
    /// sizeof(struct numa_ext_migrate_options). Later releases may add fields; EINVAL if one that
    /// this release does not know is not zero.
    pub size: usize,
    /// A sum of NUMA_EXT_MIGRATE_PRIVATE and NUMA_EXT_MIGRATE_DRY_RUN.
    pub flags: c_uint,
    /// Which mappings: a sum of NUMA_EXT_KIND_..., or 0 for all.
    pub kinds: c_uint,
    /// How long, in microseconds, a thread of the process may have to wait for a page in
    /// transit: a goal, no guarantee. 0 for 20000.
    pub max_pause_us: c_uint,
    /// The number of threads of the caller that may work at once; fewer work when more are not
    /// faster. 0 for 1.
    pub max_workers: c_uint,
    /// Only pages with these addresses; NULL for all. Huge pages move whole. Before Linux 6.7, of
    /// a huge page that is in the ranges in part only that part is counted. Read by
    /// numa_ext_migrate() and numa_ext_migrate_begin() only.
    pub ranges: *const numa_ext_range,
    /// Number of ranges. 0 moves nothing, unless ranges is NULL.
    pub nranges: usize,
    /// Called now and then by numa_ext_migrate() and numa_ext_migrate_work(), in the calling
    /// thread, so by several at once if several work. A result other than 0 stops the migration.
    /// May be NULL.
    pub progress: Option<
        unsafe extern "C" fn(progress: *const numa_ext_migrate_progress, arg: *mut c_void) -> c_int,
    >,
    /// Second argument of progress.
    pub progress_arg: *mut c_void,
}

/// What became of the pages of one node, in pages of the base size.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy)]
#[repr(C)]
pub struct numa_ext_migrate_node {
    /// The node that they leave.
    pub from: c_int,
    /// The node that they go to.
    pub to: c_int,
    /// Pages on their target.
    pub moved: c_ulong,
    /// Not moved: something holds the page (direct I/O, a pipe, RDMA, a driver).
    pub busy: c_ulong,
    /// Not moved: other processes map the page too, and only private pages were to be moved.
    pub shared: c_ulong,
    /// Not moved: the target node has no free memory, or no free huge page.
    pub target_full: c_ulong,
    /// Not moved: the kernel does not allow the process to have pages there.
    pub not_permitted: c_ulong,
    /// Gone in the meantime: freed, swapped out, or moved by other means.
    pub gone: c_ulong,
    /// Not moved: the kernel does not say where the page is, as nobody may access it (PROT_NONE) or
    /// NUMA balancing watches it (before Linux 6.5). Such pages are moved only with all pages of
    /// the process, so not with kinds, ranges or NUMA_EXT_MIGRATE_PRIVATE.
    pub hidden: c_ulong,
    /// Not a count: 1 if the process began another program (exec) before all of its pages were
    /// examined, whose pages were not. 0 otherwise.
    pub replaced: c_ulong,
    /// Zeros; later releases may use them.
    pub reserved: [c_ulong; 2],
}

/// A migration of one process. It has no threads of its own. Opaque.
#[allow(non_camel_case_types)]
pub struct numa_ext_migration {
    job: Job<'static>,
    progress: Option<
        unsafe extern "C" fn(progress: *const numa_ext_migrate_progress, arg: *mut c_void) -> c_int,
    >,
    progress_arg: *mut c_void,
}

/// The caller's options: as many bytes as it knows of, zeros for the rest.
unsafe fn read_options(from: *const numa_ext_migrate_options) -> Result<numa_ext_migrate_options> {
    const WHOLE: usize = size_of::<numa_ext_migrate_options>();
    let mut options = MaybeUninit::<numa_ext_migrate_options>::zeroed();
    if !from.is_null() {
        // SAFETY: the caller's structure begins with its size.
        let size = unsafe { (&raw const (*from).size).read() };
        // No release ends within a field, so half a pointer is never read.
        let whole_fields = size % align_of::<numa_ext_migrate_options>() == 0;
        if size < size_of::<usize>() || size > 4096 || !whole_fields {
            return Err(Error::Invalid("size of the options"));
        }
        // SAFETY: the caller's structure has `size` bytes, and a larger one has set only what
        // this library knows if the rest is zero.
        unsafe {
            let beyond = from.cast::<u8>().add(WHOLE.min(size));
            if slice::from_raw_parts(beyond, size.saturating_sub(WHOLE))
                .iter()
                .any(|&b| b != 0)
            {
                return Err(Error::Invalid("options that this release does not know"));
            }
            ptr::copy_nonoverlapping(
                from.cast::<u8>(),
                options.as_mut_ptr().cast::<u8>(),
                size.min(WHOLE),
            );
        }
    }
    // SAFETY: zeros are valid for every field, and so is what the caller put there.
    Ok(unsafe { options.assume_init() })
}

unsafe fn begin(
    pid: c_int,
    from: *const bitmask,
    to: *const bitmask,
    options: *const numa_ext_migrate_options,
) -> Result<numa_ext_migration> {
    // SAFETY: the caller's masks and options.
    let (from, to, given) = unsafe {
        (
            bitmask::view(from),
            bitmask::view(to),
            read_options(options)?,
        )
    };
    // Process groups and the like have no meaning here.
    if pid < 0
        || given.flags & !(NUMA_EXT_MIGRATE_PRIVATE | NUMA_EXT_MIGRATE_DRY_RUN) != 0
        || given.kinds & !ALL_KINDS != 0
    {
        return Err(Error::Invalid("argument"));
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    if !given.ranges.is_null() {
        ranges
            .try_reserve_exact(given.nranges.max(1))
            .map_err(|_| Error::OutOfMemory)?;
        // SAFETY: the caller's array.
        let array = unsafe { slice::from_raw_parts(given.ranges, given.nranges) };
        for range in array {
            if range.start > range.end {
                return Err(Error::Invalid("range"));
            }
            if range.start < range.end {
                ranges.push(range.start..range.end);
            }
        }
        // To the engine, no ranges are all addresses; to the caller of this, none.
        if ranges.is_empty() {
            ranges.push(0..0);
        }
    } else if given.nranges != 0 {
        return Err(Error::Invalid("ranges"));
    }
    let mut wanted = Options {
        ranges: &ranges,
        ..Options::default()
    };
    if given.flags & NUMA_EXT_MIGRATE_PRIVATE != 0 {
        wanted.share = Share::Private;
    }
    wanted.look_only = given.flags & NUMA_EXT_MIGRATE_DRY_RUN != 0;
    if given.kinds != 0 {
        wanted.kinds = Kinds::from_bits(given.kinds as u8);
    }
    if given.max_pause_us != 0 {
        wanted.max_pause = Duration::from_micros(given.max_pause_us.into());
    }
    wanted.workers = given.max_workers.max(1) as usize;
    let plan = Plan::new(from, to)?;
    Ok(numa_ext_migration {
        job: Job::new(Root::SYSTEM, pid, plan, &wanted)?,
        progress: given.progress,
        progress_arg: given.progress_arg,
    })
}

/// What a call owns while it calls the program's function.
struct Owned {
    migration: *mut numa_ext_migration,
    worker: *mut Worker,
    /// Whether the migration is the call's own as well.
    whole: bool,
}

// src/capi/ext/shim.c: calls `progress`, and `give_up` if an exception or a cancellation leaves that.
unsafe extern "C" {
    fn numa_ext_rs_call(
        progress: unsafe extern "C" fn(*const numa_ext_migrate_progress, *mut c_void) -> c_int,
        now: *const numa_ext_migrate_progress,
        arg: *mut c_void,
        give_up: unsafe extern "C" fn(*mut c_void),
        owned: *mut c_void,
    ) -> c_int;
}

/// Ends a call that an exception or a cancellation leaves: the migration stops, what the worker has
/// in hand is counted, and memory and descriptors are given back.
unsafe extern "C" fn give_up(owned: *mut c_void) {
    // SAFETY: what `work` handed on; its frame is still there, but will not run again.
    unsafe {
        let owned = &*owned.cast::<Owned>();
        (*owned.migration).job.stop();
        let _ = (*owned.migration).job.step(&mut *owned.worker);
        owned.worker.drop_in_place();
        if owned.whole {
            owned.migration.drop_in_place();
        }
    }
}

impl numa_ext_migration {
    /// Works until nothing is left for this thread. `whole`: the caller owns the migration.
    ///
    /// # Safety
    /// No other reference to the migration is used after an exception if it is whole.
    unsafe fn work(this: *mut numa_ext_migration, whole: bool) -> Result<()> {
        let mut worker = Worker::new();
        let worker = &raw mut worker;
        let mut owned = Owned {
            migration: this,
            worker,
            whole,
        };
        // SAFETY: the caller's migration and the worker above, which nobody else has.
        let (migration, worker) = unsafe { (&*this, &mut *worker) };
        migration
            .job
            .run_with(worker, &mut |progress| match migration.progress {
                // SAFETY: the caller's function and argument.
                Some(call) => unsafe {
                    let (arg, owned) = (migration.progress_arg, (&raw mut owned).cast());
                    numa_ext_rs_call(call, &told(progress), arg, give_up, owned) == 0
                },
                None => true,
            })
    }

    /// Copies the counts to the caller. Returns how many nodes there are.
    unsafe fn copy_counts(&self, nodes: *mut numa_ext_migrate_node, room: usize) -> Result<usize> {
        let counts = self.job.counts()?;
        if !nodes.is_null() {
            for (i, count) in counts.iter().take(room).enumerate() {
                // SAFETY: the caller's array has `room` elements.
                unsafe { nodes.add(i).write(node(count, self.job.is_replaced())) };
            }
        }
        Ok(counts.len())
    }
}

/// Moves a migration to the heap; fails if there is no memory.
fn on_heap(migration: numa_ext_migration) -> Result<*mut numa_ext_migration> {
    let mut place = Vec::new();
    place.try_reserve_exact(1).map_err(|_| Error::OutOfMemory)?;
    place.push(migration);
    let whole: Box<[numa_ext_migration]> = place.into_boxed_slice();
    Ok(Box::into_raw(whole).cast())
}

fn told(progress: Progress) -> numa_ext_migrate_progress {
    numa_ext_migrate_progress {
        examined: progress.examined as c_ulong,
        moved: progress.moved as c_ulong,
        present: progress.present as c_ulong,
    }
}

fn node(count: &NodeCount, is_replaced: bool) -> numa_ext_migrate_node {
    numa_ext_migrate_node {
        from: int(count.route.from.0 as usize),
        to: int(count.route.to.0 as usize),
        moved: count.moved as c_ulong,
        busy: count.left_for(Reason::Busy) as c_ulong,
        shared: count.left_for(Reason::Shared) as c_ulong,
        target_full: count.left_for(Reason::TargetFull) as c_ulong,
        not_permitted: count.left_for(Reason::NotPermitted) as c_ulong,
        gone: count.left_for(Reason::Gone) as c_ulong,
        hidden: count.left_for(Reason::Hidden) as c_ulong,
        replaced: is_replaced.into(),
        reserved: [0; 2],
    }
}

/// Moves the pages of a process (0: the caller) from fromnodes to tonodes in pieces, so that the
/// process does not wait long. Which node's pages go where is as with migrate_pages(2). options
/// may be NULL. Returns when all pages have been examined or progress has stopped the migration.
///
/// Writes what became of the pages of each node to nodes, an array with room for nnodes elements
/// (NULL and 0 for none). Returns the number of nodes that pages leave, which may be more than
/// nnodes and is at most that of fromnodes.
///
/// Returns -1 with errno on failure: ESRCH if there is no such process or it has no memory (a
/// kernel thread, or a process that has ended), EPERM or EACCES if the caller may not look at it or
/// move its pages (CAP_SYS_NICE, CAP_SYS_PTRACE), EINVAL if tonodes is empty or an argument or an
/// option is unknown, ENOMEM. Pages that were moved before stay moved.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate(
    pid: libc::pid_t,
    fromnodes: *const bitmask,
    tonodes: *const bitmask,
    options: *const numa_ext_migrate_options,
    nodes: *mut numa_ext_migrate_node,
    nnodes: usize,
) -> c_int {
    // SAFETY: the caller's arguments.
    unsafe { begin(pid, fromnodes, tonodes, options) }
        .and_then(|mut migration| {
            // SAFETY: the migration is this call's own.
            unsafe { numa_ext_migration::work(&raw mut migration, true)? };
            // SAFETY: the caller's array.
            unsafe { migration.copy_counts(nodes, nnodes) }
        })
        .map(int)
        .or_reason("migrate", -1)
}

/// Prepares a migration on which threads of the caller work with numa_ext_migrate_work(). The
/// arguments are those of numa_ext_migrate().
///
/// Returns the migration, or NULL with errno as above. The caller frees it with
/// numa_ext_migrate_end().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate_begin(
    pid: libc::pid_t,
    fromnodes: *const bitmask,
    tonodes: *const bitmask,
    options: *const numa_ext_migrate_options,
) -> *mut numa_ext_migration {
    // SAFETY: the caller's arguments.
    unsafe { begin(pid, fromnodes, tonodes, options) }
        .and_then(on_heap)
        .or_reason("migrate_begin", ptr::null_mut())
}

/// Works on a migration until nothing is left for the calling thread. Several threads may do so
/// at once, up to max_workers of the options; others wait.
///
/// If progress throws a C++ exception, or the thread is cancelled in it, the migration stops, and
/// nothing is lost that numa_ext_migrate_end() does not free. The same holds for numa_ext_migrate(),
/// which frees everything itself.
///
/// Returns 0, also if the migration was stopped, or the process has ended or runs another program,
/// or -1 with errno; the other threads then stop too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate_work(migration: *mut numa_ext_migration) -> c_int {
    // SAFETY: null or from numa_ext_migrate_begin; shared by the threads that work.
    if migration.is_null() {
        return Err(Error::Invalid("migration")).or_reason("migrate_work", -1);
    }
    // SAFETY: as above; it is not this call's own.
    unsafe { numa_ext_migration::work(migration, false) }
        .map(|()| 0)
        .or_reason("migrate_work", -1)
}

/// Stops a migration: each thread ends with its current piece. Does nothing if migration is NULL.
/// Async-signal-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate_stop(migration: *mut numa_ext_migration) {
    // SAFETY: null or from numa_ext_migrate_begin.
    if let Some(migration) = unsafe { migration.as_ref() } {
        migration.job.stop();
    }
}

/// Stores how far a migration is in progress. Any thread may call it while others work. Does
/// nothing if an argument is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate_query(
    migration: *const numa_ext_migration,
    progress: *mut numa_ext_migrate_progress,
) {
    // SAFETY: null or from numa_ext_migrate_begin; null or the caller's structure.
    if let (Some(migration), Some(slot)) = unsafe { (migration.as_ref(), progress.as_mut()) } {
        *slot = told(migration.job.progress());
    }
}

/// Writes what became of the pages so far to nodes, as numa_ext_migrate() does. Any thread may
/// call it while others work. Pages that a stopped migration has not reached are in no count.
///
/// Returns the number of nodes that pages leave, or -1 with errno: EINVAL if migration is NULL,
/// ENOMEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate_counts(
    migration: *const numa_ext_migration,
    nodes: *mut numa_ext_migrate_node,
    nnodes: usize,
) -> c_int {
    // SAFETY: null or from numa_ext_migrate_begin; the caller's array.
    match unsafe { migration.as_ref() } {
        // SAFETY: the caller's array.
        Some(migration) => unsafe { migration.copy_counts(nodes, nnodes) }
            .map(int)
            .or_reason("migrate_counts", -1),
        None => Err(Error::Invalid("migration")).or_reason("migrate_counts", -1),
    }
}

/// Frees a migration, which no thread may use any more. Does nothing if migration is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_ext_migrate_end(migration: *mut numa_ext_migration) {
    if !migration.is_null() {
        // SAFETY: from numa_ext_migrate_begin, and the caller gives it up.
        drop(unsafe { Box::from_raw(migration) });
    }
}
