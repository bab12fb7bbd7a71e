//! On which CPUs a thread runs.

use crate::error::{Error, Result};
use crate::mask::{Bits, BitsMut};
use crate::sys::sched;

/// Sets the CPUs that the thread `pid` (0: the caller) may run on.
///
/// EINVAL if none of them exists and is allowed by the cpuset. A mask shorter or longer
/// than the kernel's is fine.
///
/// ```
/// use numa::{CpuMask, affinity, topology};
///
/// let mut before = CpuMask::new(topology::cpu_mask_size())?;
/// affinity::read_thread_cpus(0, &mut before.bits_mut())?;
/// let mut one = CpuMask::new(before.size())?;
/// one.insert(before.first().expect("the CPU that this runs on"))?;
/// affinity::set_thread_cpus(0, one.as_bits())?;
/// affinity::set_thread_cpus(0, before.as_bits())?; // as it was
/// # Ok::<(), numa::Error>(())
/// ```
pub fn set_thread_cpus(pid: i32, cpus: Bits<'_>) -> Result<()> {
    set_thread_cpus_bytes(pid, sched::bytes(cpus.words()))
}

/// The same with a mask of any number of bytes.
pub(crate) fn set_thread_cpus_bytes(pid: i32, mask: &[u8]) -> Result<()> {
    sched::set_affinity(pid, mask).map_err(Error::kernel("sched_setaffinity"))
}

/// Reads the CPUs that the thread `pid` (0: the caller) may run on and that are online. Returns how
/// many bytes the kernel wrote, the size of its CPU masks; EINVAL if `cpus` is smaller than that.
///
/// ```
/// use numa::{CpuMask, affinity, topology};
///
/// let mut cpus = CpuMask::new(topology::cpu_mask_size())?;
/// affinity::read_thread_cpus(0, &mut cpus.bits_mut())?;
/// println!("this thread may run on CPUs {cpus}");
/// # Ok::<(), numa::Error>(())
/// ```
pub fn read_thread_cpus(pid: i32, cpus: &mut BitsMut<'_>) -> Result<usize> {
    sched::get_affinity(pid, cpus.words_mut()).map_err(Error::kernel("sched_getaffinity"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::CpuMask;
    use crate::sys::Errno;

    #[test]
    fn what_is_set_is_read() {
        let mut before = CpuMask::new(8192).unwrap();
        let bytes = read_thread_cpus(0, &mut before.bits_mut()).unwrap();
        assert!(bytes > 0 && bytes <= 1024);
        let first = before.first().unwrap();
        let mut one = CpuMask::new(first.0 as usize + 1).unwrap();
        one.insert(first).unwrap();
        set_thread_cpus(0, one.as_bits()).unwrap();
        let mut now = CpuMask::new(8192).unwrap();
        read_thread_cpus(0, &mut now.bits_mut()).unwrap();
        assert_eq!(now, one);
        set_thread_cpus(0, before.as_bits()).unwrap();
    }

    #[test]
    fn refusals_name_the_call() {
        let refused = |call, errno| Err(Error::Kernel { call, errno });
        assert_eq!(
            read_thread_cpus(0, &mut BitsMut::new(&mut [], 0)),
            refused("sched_getaffinity", Errno::EINVAL)
        );
        assert_eq!(
            set_thread_cpus(0, Bits::EMPTY),
            refused("sched_setaffinity", Errno::EINVAL).map(drop)
        );
        assert_eq!(
            set_thread_cpus(i32::MAX, Bits::EMPTY),
            refused("sched_setaffinity", Errno::ESRCH).map(drop)
        );
    }
}
