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

use crate::error::{Error, Result};
use crate::mask::Bits;
use crate::policy::{self, Mode};

pub use crate::sys::memory::Mapping;

impl Mapping {
    /// `len` bytes of private memory, rounded up to whole pages by the kernel. Its pages are not
    /// touched yet. EINVAL if `len` is 0, ENOMEM if there is no room.
    pub fn new(len: usize) -> Result<Mapping> {
        Mapping::map(len).map_err(Error::kernel("mmap"))
    }

    /// Changes the number of bytes; the memory may move, and keeps its contents and its policy. On an
    /// error it stays as it is.
    pub fn resize(&mut self, len: usize) -> Result<()> {
        self.remap(len).map_err(Error::kernel("mremap"))
    }

    /// Unmaps the memory, as dropping does, and returns the error if that fails.
    pub fn close(self) -> Result<()> {
        self.unmap().map_err(Error::kernel("munmap"))
    }

    /// Sets the policy of its pages; see [`policy::set_range_policy`].
    pub fn place(&self, mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
        policy::set_range_policy(self.address(), self.bytes().len(), mode, nodes, false)
    }

    /// Touches all pages, so that they are where the policy says; see [`policy::populate`].
    pub fn populate(&mut self) -> Result<()> {
        policy::populate(self.address(), self.bytes().len())
    }
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
        assert!(memory.resize(usize::MAX / 2).is_err());
        assert_eq!(memory.bytes().len(), 5 * page);
        memory.close().unwrap();
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert_eq!(Mapping::new(0).unwrap_err().errno(), Errno::EINVAL);
        assert_eq!(Mapping::new(usize::MAX).unwrap_err().errno(), Errno::ENOMEM);
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
