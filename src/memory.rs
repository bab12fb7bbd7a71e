//! Memory with a policy of its own.
//!
//! ```
//! use numa::{Node, NodeMask, memory::Mapping, policy::Mode};
//!
//! let mut nodes = NodeMask::new(64)?;
//! nodes.insert(Node(0))?;
//! let mut memory = Mapping::new(1 << 20)?;
//! match memory.place(Mode::Bind, Some(nodes.as_bits())) {
//!     Ok(()) => memory.bytes_mut().fill(1),
//!     Err(error) => eprintln!("no policy here: {error}"),
//! }
//! # Ok::<(), numa::Error>(())
//! ```

use core::ffi::{CStr, c_int, c_uint};

use crate::error::{Error, Result};
use crate::mask::Bits;
use crate::policy::{self, Mode};
use crate::sys::shared::segment_flags;
use crate::sys::{Errno, memory};
use crate::topology;

pub use crate::sys::memory::Mapping;
pub use crate::sys::shared::{Segment, Shared};

impl Mapping {
    /// `len` bytes of private memory, rounded up to whole pages by the kernel. Its pages are not
    /// touched yet. EINVAL if `len` is 0, ENOMEM if there is no room.
    ///
    /// ```
    /// use numa::memory::Mapping;
    ///
    /// let mut memory = Mapping::new(1 << 20)?;
    /// memory.bytes_mut()[0] = 1;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn new(len: usize) -> Result<Mapping> {
        Mapping::map(len).map_err(Error::kernel("mmap"))
    }

    /// The same in huge pages of the kernel's pool, of `page_size` bytes (a power of two; 0 means the
    /// default size). `len` is a multiple of that. EINVAL if there is no such size, ENOMEM if the pool
    /// has too few pages.
    ///
    /// What is reserved is not on any node yet: under a policy whose nodes have no huge page left,
    /// touching a page ends the process with SIGBUS; [`policy::populate`] tells before.
    ///
    /// ```
    /// use numa::memory::Mapping;
    ///
    /// match Mapping::new_huge(2 << 20, 2 << 20) {
    ///     Ok(memory) => println!("one huge page at {:#x}", memory.address()),
    ///     Err(error) => println!("no huge pages: {error}"),
    /// }
    /// ```
    pub fn new_huge(len: usize, page_size: usize) -> Result<Mapping> {
        if page_size != 0 && !page_size.is_power_of_two() {
            return Err(Error::Invalid("size of huge pages"));
        }
        let shift = page_size.checked_ilog2().unwrap_or(0);
        Mapping::map_huge(len, shift).map_err(Error::kernel("mmap"))
    }

    /// Changes the number of bytes; the memory may move, and keeps its contents and its policy. On an
    /// error it stays as it is.
    ///
    /// ```
    /// use numa::memory::Mapping;
    ///
    /// let mut memory = Mapping::new(4096)?;
    /// memory.bytes_mut()[0] = 7;
    /// memory.resize(1 << 20)?;
    /// assert_eq!((memory.bytes().len(), memory.bytes()[0]), (1 << 20, 7));
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn resize(&mut self, len: usize) -> Result<()> {
        self.remap(len).map_err(Error::kernel("mremap"))
    }

    /// Unmaps the memory, as dropping does, and returns the error if that fails.
    ///
    /// ```
    /// numa::memory::Mapping::new(4096)?.close()?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn close(self) -> Result<()> {
        self.unmap().map_err(Error::kernel("munmap"))
    }

    /// Sets the policy of its pages; see [`policy::set_range_policy`].
    ///
    /// ```
    /// use numa::memory::Mapping;
    /// use numa::policy::Mode;
    /// use numa::{Root, topology};
    ///
    /// # if !numa::topology::is_available() { return Ok::<(), numa::Error>(()) }
    /// let allowed = topology::allowed_nodes(Root::SYSTEM, topology::node_mask_size(Root::SYSTEM))?;
    /// let mut memory = Mapping::new(1 << 20)?;
    /// memory.place(Mode::Interleave, Some(allowed.as_bits()))?;
    /// memory.bytes_mut().fill(1); // pages are placed when they are touched
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn place(&self, mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
        policy::set_range_policy(self.address(), self.bytes().len(), mode, nodes, false)
    }

    /// Asks for transparent huge pages, or for none; see [`advise_huge`].
    ///
    /// ```
    /// use numa::memory::Mapping;
    ///
    /// let memory = Mapping::new(4 << 20)?;
    /// if let Err(error) = memory.advise_huge(true) {
    ///     println!("no transparent huge pages: {error}");
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn advise_huge(&self, wanted: bool) -> Result<()> {
        advise_huge(self.address(), self.bytes().len(), wanted)
    }

    /// Touches all pages, so that they are where the policy says; see [`policy::populate`].
    ///
    /// ```
    /// use numa::Errno;
    /// use numa::memory::Mapping;
    ///
    /// let mut memory = Mapping::new(1 << 20)?;
    /// match memory.populate() {
    ///     Err(error) if error.errno() == Errno::EINVAL => memory.bytes_mut().fill(0), // before Linux 5.14
    ///     result => result?,
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn populate(&mut self) -> Result<()> {
        policy::populate(self.address(), self.bytes().len())
    }
}

impl Segment {
    /// Finds the segment of a file and a number (its key is that of ftok(3)). ENOENT if there is none.
    ///
    /// ```no_run
    /// use numa::memory::Segment;
    ///
    /// let segment = Segment::find(c"/dev/shm/cache", 1, false)?;
    /// println!("{} bytes", segment.map()?.len());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn find(path: &CStr, number: c_int, huge: bool) -> Result<Segment> {
        Segment::open(path, number, 0, segment_flags(None, huge))
    }

    /// Makes it, of `len` bytes and with these permissions, if it is not there.
    ///
    /// ```no_run
    /// use numa::memory::Segment;
    ///
    /// let memory = Segment::create(c"/dev/shm/cache", 1, 1 << 20, 0o600, false)?.map()?;
    /// memory.populate()?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn create(
        path: &CStr,
        number: c_int,
        len: usize,
        mode: c_uint,
        huge: bool,
    ) -> Result<Segment> {
        Segment::open(path, number, len, segment_flags(Some(mode), huge))
    }

    fn open(path: &CStr, number: c_int, len: usize, flags: c_int) -> Result<Segment> {
        let key = Segment::key(path, number).map_err(Error::kernel("ftok"))?;
        Segment::get(key, len, flags).map_err(Error::kernel("shmget"))
    }

    /// Attaches all of it.
    ///
    /// ```no_run
    /// use numa::memory::Segment;
    ///
    /// let mut memory = Segment::find(c"/dev/shm/cache", 1, false)?.map()?;
    /// memory.fill(0..4096, 0);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn map(self) -> Result<Shared> {
        let len = self.size().map_err(Error::kernel("shmctl"))?;
        self.attach(len).map_err(Error::kernel("shmat"))
    }
}

impl Shared {
    /// Maps `len` bytes of a file that is open for reading and writing, from `offset` on: EINVAL if that
    /// is not a whole page.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// let mut memory = Shared::file(file.as_raw_fd(), 4096, 0)?;
    /// memory.fill(0..4096, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn file(fd: c_int, len: usize, offset: u64) -> Result<Shared> {
        Shared::map(fd, len, offset).map_err(Error::kernel("mmap"))
    }

    /// Touches all pages, so that they are where the policy says. Contents stay.
    ///
    /// # Errors
    /// ENOMEM and EFAULT where a page cannot be had. Before Linux 5.14 the kernel sends SIGBUS then.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// Shared::file(file.as_raw_fd(), 1 << 20, 0)?.populate()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn populate(&self) -> Result<()> {
        match policy::populate(self.address(), self.len()) {
            Err(error) if error.errno() == Errno::EINVAL => {
                let page = topology::page_size();
                (0..self.len()).step_by(page).for_each(|at| self.touch(at));
                Ok(())
            }
            result => result,
        }
    }

    /// Says for each page from the offset `at`, a whole page, on whether it is in memory, in bit 0 of a
    /// byte. Returns how many were asked for.
    ///
    /// ```no_run
    /// use std::os::fd::AsRawFd;
    /// use numa::memory::Shared;
    ///
    /// let file = std::fs::File::options().read(true).write(true).open("/dev/shm/cache")?;
    /// let memory = Shared::file(file.as_raw_fd(), 1 << 20, 0)?;
    /// let mut pages = [0; 256];
    /// let asked = memory.read_resident(0, &mut pages)?;
    /// let there = pages[..asked].iter().filter(|&&page| page & 1 != 0).count();
    /// println!("{there} of {asked} pages are in memory");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_resident(&self, at: usize, pages: &mut [u8]) -> Result<usize> {
        self.resident(at, pages).map_err(Error::kernel("mincore"))
    }
}

/// Asks for transparent huge pages in an address range that begins on a page boundary, or for none
/// there. EINVAL where the kernel is built without them.
///
/// ```
/// use numa::memory::{Mapping, advise_huge};
///
/// let memory = Mapping::new(4 << 20)?;
/// if let Err(error) = advise_huge(memory.address(), memory.bytes().len(), false) {
///     println!("no transparent huge pages: {error}");
/// }
/// # Ok::<(), numa::Error>(())
/// ```
pub fn advise_huge(address: usize, len: usize, wanted: bool) -> Result<()> {
    memory::advise_huge(address, len, wanted).map_err(Error::kernel("madvise"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Node, NodeMask};
    use crate::sys::Errno;
    use crate::topology;

    #[test]
    fn memory_is_zeroed_and_keeps_what_is_written_when_it_grows() {
        let page = topology::page_size();
        let mut memory = Mapping::new(page).unwrap();
        assert!(memory.bytes().iter().all(|&byte| byte == 0));
        memory.bytes_mut().fill(7);
        memory.resize(5 * page).unwrap();
        assert_eq!(memory.bytes().len(), 5 * page);
        assert!(memory.bytes()[..page].iter().all(|&byte| byte == 7));
        assert!(memory.bytes()[page..].iter().all(|&byte| byte == 0));
        assert!(memory.resize(usize::MAX - 5 * page).is_err());
        assert_eq!(memory.bytes().len(), 5 * page);
        memory.close().unwrap();
    }

    #[test]
    fn files_are_shared() {
        use std::os::fd::AsRawFd;
        let page = topology::page_size();
        let made = crate::testing::MadeUp::new();
        let path = made.path("shared");
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.set_len(3 * page as u64).unwrap();
        let map = |len, offset| Shared::file(file.as_raw_fd(), len, offset);
        assert_eq!(map(page, 1).unwrap_err().errno(), Errno::EINVAL);
        assert_eq!(map(0, 0).unwrap_err().errno(), Errno::EINVAL);
        let shared = map(2 * page, page as u64).unwrap();
        assert_eq!(shared.len(), 2 * page);
        shared.populate().unwrap();
        shared.touch(2 * page - 1);
        let mut pages = [0; 3];
        assert_eq!(shared.read_resident(0, &mut pages), Ok(2));
        assert_eq!(pages.map(|byte| byte & 1), [1, 1, 0]);
        assert_eq!(shared.read_resident(page, &mut pages), Ok(1));
        assert!(shared.read_resident(3 * page, &mut pages).is_err());
        assert!(std::fs::read(&path).unwrap().iter().all(|&byte| byte == 0));
    }

    #[test]
    fn segments_have_a_file_and_a_number() {
        let made = crate::testing::MadeUp::new();
        let path = made.path("key");
        let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        let find = || Segment::find(&name, 7, false).map_err(|error| error.errno());
        assert_eq!(find(), Err(Errno::ENOENT));
        std::fs::write(&path, "").unwrap();
        assert_eq!(find(), Err(Errno::ENOENT));
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert_eq!(Mapping::new(0).unwrap_err().errno(), Errno::EINVAL);
        assert_eq!(Mapping::new(usize::MAX).unwrap_err().errno(), Errno::ENOMEM);
    }

    #[test]
    fn huge_pages_that_cannot_be_had_are_refused() {
        // No machine has pages of this size, and the pool of the default size is seldom filled.
        let refused = Mapping::new_huge(1 << 21, 1 << 13).unwrap_err();
        assert_eq!(refused.errno(), Errno::EINVAL);
        let refused = Mapping::new_huge(1 << 21, 3 << 20).unwrap_err();
        assert_eq!(refused.errno(), Errno::EINVAL);
        match Mapping::new_huge(1 << 30, 0) {
            Ok(memory) => assert_eq!(memory.bytes().len(), 1 << 30),
            Err(error) => assert!(matches!(error.errno(), Errno::ENOMEM | Errno::EINVAL)),
        }
    }

    #[test]
    fn transparent_huge_pages_may_be_asked_for() {
        let memory = Mapping::new(1 << 22).unwrap();
        for wanted in [true, false] {
            // A kernel may be built without them.
            let advised = memory.advise_huge(wanted).map_err(|error| error.errno());
            assert!(matches!(advised, Ok(()) | Err(Errno::EINVAL)));
        }
        let unmapped = advise_huge(1 << 12, 1 << 12, false).unwrap_err().errno();
        assert!(matches!(unmapped, Errno::ENOMEM | Errno::EINVAL));
    }

    #[test]
    fn a_file_is_written_and_keeps_its_size() {
        use std::os::fd::AsRawFd;
        let name = format!("numa-memory-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, [0; 100]).unwrap();
        let opened = std::fs::File::options().read(true).write(true).open(&path);
        let mut file = Shared::file(opened.unwrap().as_raw_fd(), 100, 0).unwrap();
        assert_eq!((file.len(), file.is_empty()), (100, false));
        assert_eq!(file.address() % topology::page_size(), 0);
        file.fill(10..20, 7);
        // Nothing behind the end is touched.
        file.fill(90..usize::MAX, 8);
        file.fill(200..300, 9);
        drop(file);
        let found = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(found.len(), 100);
        assert_eq!(found[9..21], [0, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0]);
        assert_eq!(found[88..], [0, 0, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8]);
        let closed = Shared::file(-1, 100, 0).unwrap_err();
        assert_eq!(closed.errno(), Errno::EBADF);
    }

    #[test]
    fn pages_come_from_the_node_of_the_policy() {
        let mut nodes = NodeMask::new(1024).unwrap();
        nodes.insert(Node(0)).unwrap();
        let mut memory = Mapping::new(1 << 16).unwrap();
        if memory.place(Mode::Bind, Some(nodes.as_bits())).is_err() {
            assert!(!topology::is_available(), "node 0 exists");
            return;
        }
        // Linux before 5.14 cannot.
        let populated = memory.populate();
        assert!(matches!(
            populated.map_err(|e| e.errno()),
            Ok(()) | Err(Errno::EINVAL)
        ));
        memory.bytes_mut().fill(1);
        let policy = policy::policy_at(memory.address(), 1024).unwrap();
        assert_eq!((policy.mode, policy.nodes), (Mode::Bind, nodes));
    }
}
