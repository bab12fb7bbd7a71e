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

    /// Sets the policy by which its pages come into being; see [`policy::set_range_policy`].
    pub fn place(&self, mode: Mode, nodes: Option<Bits<'_>>) -> Result<()> {
        policy::set_range_policy(self.address(), self.bytes().len(), mode, nodes, false)
    }

    /// Touches all pages, so that they are where the policy says; see [`policy::populate`].
    pub fn populate(&mut self) -> Result<()> {
        policy::populate(self.address(), self.bytes().len())
    }
}
