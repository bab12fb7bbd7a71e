//! Why the kernel refuses a memory policy, a node or CPUs: what its error alone does not say.
//!
//! A [`Cause`] is found from the error, what was asked for and what the machine has, and tells itself in
//! pieces of text. Files of /proc and /sys are read for that, on each call: these functions are for calls
//! that have failed. Nothing here allocates.

use core::ops::ControlFlow;

use crate::error::{tell_byte, tell_number};
use crate::mask::{Bits, Node, ranges};
use crate::policy::{Flags, Mode};
use crate::root::{Parser, Path, Root};
use crate::sys::Errno;
use crate::topology;

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// A seccomp filter denies a system call.
    Filtered {
        /// Its name.
        call: &'a str,
    },
    /// The kernel is built without memory policies.
    NoPolicies,
    /// The kernel is older than a mode of policies, or than a flag of it.
    TooOld {
        /// The mode.
        mode: Mode,
        /// Whether the kernel lacks NUMA balancing under it, and not the mode itself.
        balancing: bool,
        /// The first kernel that has it: `(6, 9)`.
        since: (u32, u32),
    },
    /// A policy that needs nodes has none.
    NoNodes,
    /// The node does not exist.
    NoSuchNode {
        /// Its number.
        node: i64,
        /// Those that exist.
        nodes: Bits<'a>,
    },
    /// The node has no memory.
    Memoryless {
        /// Its number.
        node: u32,
    },
    /// The cpuset of the process allows memory of other nodes only.
    NotAllowed {
        /// Those that it allows.
        nodes: Bits<'a>,
    },
    /// The nodes have no CPUs.
    NoCpus {
        /// Which nodes.
        nodes: Bits<'a>,
        /// Those that have; empty where that is not known.
        others: Bits<'a>,
    },
    /// The CPU does not exist.
    NoSuchCpu {
        /// Its number.
        cpu: i64,
        /// Those that may ever be online.
        cpus: Bits<'a>,
    },
    /// The process may run on other CPUs only.
    CpuNotAllowed {
        /// On these.
        cpus: Bits<'a>,
    },
    /// The thread may use none of the CPUs, or they are offline.
    CpusNotAllowed {
        /// On which CPUs it may run.
        cpus: Bits<'a>,
    },
    /// Pages are elsewhere already, and the policy is a strict one.
    PagesElsewhere,
    /// The range does not begin on a page boundary.
    NotAligned,
    /// The range is not mapped.
    NotMapped,
    /// The caller has no rights over the process.
    NoRights,
    /// A node list is none, or a CPU list.
    NoList {
        /// Whether it should be one of CPUs.
        of_cpus: bool,
    },
    /// A list ends behind a dash.
    NoEnd,
}

/// A memory policy that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it does.
    pub mode: Mode,
    /// What else.
    pub flags: Flags,
    /// With which nodes.
    pub nodes: Bits<'a>,
}

/// What the machine has.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    /// Where its files are.
    pub root: Root<'a>,
    /// The nodes that exist.
    pub nodes: Bits<'a>,
    /// Those that the cpuset allows. Others may be among them that have no memory, or do not exist.
    pub allowed: Bits<'a>,
}

/// Why a policy is refused with an error by a call of this name; `None` if it is not known.
///
/// ```
/// use numa::cause::{self, Asked, Machine};
/// use numa::mask::Bits;
/// use numa::policy::{Flags, Mode};
/// use numa::{Errno, Root};
///
/// let one = Bits::new(&[0b1], 64);
/// let machine = Machine { root: Root::SYSTEM, nodes: one, allowed: one };
/// let asked = Asked { mode: Mode::Bind, flags: Flags::NONE, nodes: Bits::new(&[0b1000], 64) };
/// let cause = cause::of_policy(&asked, "set_mempolicy", Errno::EINVAL, &machine).unwrap();
/// let mut text = String::new();
/// cause.tell(Root::SYSTEM, &mut |piece| text.push_str(piece));
/// assert_eq!(text, "there is no node 3, only 0");
/// ```
pub fn of_policy<'a>(
    asked: &Asked<'a>,
    call: &'a str,
    errno: Errno,
    machine: &Machine<'a>,
) -> Option<Cause<'a>> {
    match errno {
        Errno::EINVAL => of_invalid(asked, machine),
        _ => of_errno(call, errno, machine.root),
    }
}

/// The same where the error alone tells it, whatever was asked for.
///
/// ```
/// use numa::cause::{self, Cause};
/// use numa::{Errno, Root};
///
/// let cause = cause::of_errno("mbind", Errno::EFAULT, Root::SYSTEM);
/// assert_eq!(cause, Some(Cause::NotMapped));
/// ```
pub fn of_errno<'a>(call: &'a str, errno: Errno, root: Root<'_>) -> Option<Cause<'a>> {
    match errno {
        Errno::EPERM | Errno::ENOSYS => of_denied(call, errno, root),
        Errno::EIO => Some(Cause::PagesElsewhere),
        Errno::EFAULT => Some(Cause::NotMapped),
        _ => None,
    }
}

/// Why pages of a process cannot be looked at or moved.
///
/// ```
/// use numa::cause::{self, Cause};
/// use numa::{Errno, Root};
///
/// let cause = cause::of_process("migrate_pages", Errno::EPERM, Root::at(b"/nowhere"));
/// assert_eq!(cause, Some(Cause::NoRights));
/// ```
pub fn of_process<'a>(call: &'a str, errno: Errno, root: Root<'_>) -> Option<Cause<'a>> {
    match errno {
        Errno::EPERM => of_denied(call, errno, root).or(Some(Cause::NoRights)),
        Errno::ENOSYS => of_denied(call, errno, root),
        Errno::EACCES => Some(Cause::NoRights),
        _ => None,
    }
}

/// Why a call is not there (ENOSYS) or not permitted (EPERM), where nothing else forbids it.
///
/// ```
/// use numa::{Errno, Root, cause};
///
/// if let Err(error) = numa::topology::ask_for_policies() {
///     let cause = cause::of_denied("get_mempolicy", error.errno(), Root::SYSTEM);
///     println!("{error}: {cause:?}");
/// }
/// ```
pub fn of_denied<'a>(call: &'a str, errno: Errno, root: Root<'_>) -> Option<Cause<'a>> {
    if is_filtered(root) {
        return Some(Cause::Filtered { call });
    }
    (errno == Errno::ENOSYS).then_some(Cause::NoPolicies)
}

fn of_invalid<'a>(asked: &Asked<'a>, machine: &Machine<'a>) -> Option<Cause<'a>> {
    let mode = asked.mode;
    let since = match mode {
        Mode::PreferredMany => (5, 15),
        Mode::WeightedInterleave => (6, 9),
        _ => (2, 6),
    };
    if !is_at_least(machine.root, since) {
        return Some(Cause::TooOld {
            mode,
            balancing: false,
            since,
        });
    }
    if asked.flags.balancing {
        if let Some(cause) = why_not_balancing(mode, machine.root) {
            return Some(cause);
        }
    }
    if asked.nodes.is_empty() {
        return Some(Cause::NoNodes);
    }
    if asked.flags.relative_nodes {
        return None;
    }
    why_no_node(asked.nodes, machine)
}

/// Why NUMA balancing cannot be had under a mode: the kernel is too old. `None` where it can be, or where
/// it has no meaning.
///
/// ```
/// use numa::policy::Mode;
/// use numa::{Root, cause};
///
/// assert_eq!(cause::why_not_balancing(Mode::Local, Root::SYSTEM), None);
/// ```
pub fn why_not_balancing(mode: Mode, root: Root<'_>) -> Option<Cause<'static>> {
    let since = match mode {
        Mode::Bind => (5, 12),
        Mode::PreferredMany => (6, 12),
        _ => return None,
    };
    (!is_at_least(root, since)).then_some(Cause::TooOld {
        mode,
        balancing: true,
        since,
    })
}

/// Why memory can be taken from none of these nodes: the reason of the first. `None` where it can, or
/// where there are none.
///
/// ```
/// use numa::cause::{self, Cause, Machine};
/// use numa::{Root, mask::Bits};
///
/// let (nodes, allowed) = (Bits::new(&[0b111], 64), Bits::new(&[0b011], 64));
/// let machine = Machine { root: Root::at(b"/nowhere"), nodes, allowed };
/// assert_eq!(cause::why_no_node(Bits::new(&[0b101], 64), &machine), None);
/// let refused = cause::why_no_node(Bits::new(&[0b100], 64), &machine);
/// assert_eq!(refused, Some(Cause::NotAllowed { nodes: allowed }));
/// ```
pub fn why_no_node<'a>(nodes: Bits<'_>, machine: &Machine<'a>) -> Option<Cause<'a>> {
    let mut first = None;
    let usable = nodes.iter().try_for_each(|node| {
        match why_not_node(node as i64, machine) {
            None => return ControlFlow::Break(()),
            why => first = first.or(why),
        }
        ControlFlow::Continue(())
    });
    first.filter(|_| usable.is_continue())
}

/// Why memory cannot be taken from a node; `None` where it can.
///
/// ```
/// use numa::cause::{self, Cause, Machine};
/// use numa::{Root, mask::Bits};
///
/// let nodes = Bits::new(&[0b11], 64);
/// let machine = Machine { root: Root::at(b"/nowhere"), nodes, allowed: nodes };
/// assert_eq!(cause::why_not_node(1, &machine), None);
/// let refused = cause::why_not_node(2, &machine);
/// assert_eq!(refused, Some(Cause::NoSuchNode { node: 2, nodes }));
/// ```
#[inline(never)]
pub fn why_not_node<'a>(number: i64, machine: &Machine<'a>) -> Option<Cause<'a>> {
    let exists = |&node: &u32| machine.nodes.contains(node as usize);
    match u32::try_from(number).ok().filter(exists) {
        None => Some(Cause::NoSuchNode {
            node: number,
            nodes: machine.nodes,
        }),
        Some(node) if is_memoryless(machine.root, Node(node)) => Some(Cause::Memoryless { node }),
        Some(node) if !machine.allowed.contains(node as usize) => Some(Cause::NotAllowed {
            nodes: machine.allowed,
        }),
        Some(_) => None,
    }
}

/// Whether a node has no memory: no cpuset can allow it. False where its file does not say.
///
/// ```
/// use numa::{Node, Root, cause};
///
/// assert!(!cause::is_memoryless(Root::at(b"/nowhere"), Node(0)));
/// ```
pub fn is_memoryless(root: Root<'_>, node: Node) -> bool {
    topology::node_memory(root, node).is_ok_and(|memory| memory.total == 0)
}

/// Why CPUs for a thread of the caller are refused; `cpus` are those that it may run on.
///
/// ```
/// use numa::cause::{self, Cause};
/// use numa::{Errno, Root, mask::Bits};
///
/// let cpus = Bits::new(&[0b11], 64);
/// let refused = cause::of_cpus("sched_setaffinity", Errno::EINVAL, Root::SYSTEM, cpus);
/// assert_eq!(refused, Some(Cause::CpusNotAllowed { cpus }));
/// ```
pub fn of_cpus<'a>(
    call: &'a str,
    errno: Errno,
    root: Root<'_>,
    cpus: Bits<'a>,
) -> Option<Cause<'a>> {
    match errno {
        Errno::EPERM | Errno::ENOSYS => of_denied(call, errno, root),
        Errno::EINVAL => Some(Cause::CpusNotAllowed { cpus }),
        _ => None,
    }
}

/// Whether a seccomp filter looks at this process's calls.
///
/// ```
/// use numa::{Root, cause};
///
/// if cause::is_filtered(Root::SYSTEM) {
///     println!("a container, perhaps, which may deny memory policies");
/// }
/// ```
#[inline(never)]
pub fn is_filtered(root: Root<'_>) -> bool {
    let mut room = [0; 16];
    line(root, "/proc/self/status", "Seccomp:\t", &mut room) == Some(b"2")
}

/// Whether the kernel is at least the release `(major, minor)`. One that does not say is.
///
/// ```
/// use numa::{Root, cause};
///
/// assert!(cause::is_at_least(Root::SYSTEM, (2, 6)));
/// ```
#[inline(never)]
pub fn is_at_least(root: Root<'_>, since: (u32, u32)) -> bool {
    let mut room = [0; RELEASE_ROOM];
    let release = release(root, &mut room);
    let (mut numbers, mut at) = ([None, None], 0);
    for &byte in release {
        match (byte.wrapping_sub(b'0'), numbers.get_mut(at)) {
            (digit @ 0..=9, Some(number)) => {
                *number = Some(
                    number
                        .unwrap_or(0u32)
                        .wrapping_mul(10)
                        .wrapping_add(digit.into()),
                );
            }
            _ => at += 1,
        }
    }
    match numbers {
        [Some(major), Some(minor)] => (major, minor) >= since,
        _ => true,
    }
}

/// Releases of kernels have at most 64 characters.
const RELEASE_ROOM: usize = 65;

/// The kernel's release, such as `6.12.1`; empty where it does not say.
fn release<'b>(root: Root<'_>, room: &'b mut [u8]) -> &'b [u8] {
    line(root, "/proc/sys/kernel/osrelease", "", room).unwrap_or_default()
}

/// The longest name of a cpuset that is told.
const CPUSET_ROOM: usize = 128;

/// The name of this process's cpuset, such as `/system.slice/db.service`; empty where it has none of its
/// own, or one that is too long.
fn cpuset<'b>(root: Root<'_>, room: &'b mut [u8; CPUSET_ROOM]) -> &'b [u8] {
    let mut len = |file, key| line(root, file, key, room).map_or(0, <[u8]>::len);
    let own = len("/proc/self/cpuset", "");
    // Kernels without that file have the control group of version 2.
    let len = match own {
        0 => len("/proc/self/cgroup", "0::"),
        len => len,
    };
    match room.get(..len) {
        Some(b"/") | None => b"",
        Some(name) => name,
    }
}

/// The rest of the first line of a file that begins with `key`; `None` if there is none, or if it has no
/// room.
#[inline(never)]
fn line<'b>(root: Root<'_>, file: &str, key: &str, room: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut found = Line {
        key: key.as_bytes(),
        at: Some(0),
        room,
        len: 0,
    };
    Path::below(root, file).parse(&mut found).ok()?;
    let Line { at, room, len, .. } = found;
    room.get(..len).filter(|_| at == Some(key.len()))
}

/// Takes the rest of a line that begins with a key.
struct Line<'b, 'k> {
    key: &'k [u8],
    /// How much of the key has been found in this line; `None` in another line.
    at: Option<usize>,
    room: &'b mut [u8],
    /// Of the rest, whether there is room for it or not.
    len: usize,
}

impl Parser for Line<'_, '_> {
    fn take(&mut self, byte: u8) -> bool {
        match (self.at, byte) {
            (Some(at), b'\n') if at == self.key.len() => return false,
            (_, b'\n') => self.at = Some(0),
            (None, _) => {}
            (Some(at), byte) => match self.key.get(at) {
                Some(&next) => self.at = (next == byte).then_some(at + 1),
                None => {
                    if let Some(place) = self.room.get_mut(self.len) {
                        *place = byte;
                    }
                    self.len += 1;
                }
            },
        }
        true
    }
}

impl Cause<'_> {
    /// Tells it: calls `say` with pieces of the text, which is one line. The cpuset's name and the kernel's
    /// release are read for it, and the name is as it is: who shows it to a terminal makes it safe.
    ///
    /// ```
    /// use numa::{Root, cause::Cause};
    ///
    /// let mut text = String::new();
    /// Cause::Memoryless { node: 3 }.tell(Root::SYSTEM, &mut |piece| text.push_str(piece));
    /// assert_eq!(text, "node 3 has no memory");
    /// ```
    #[inline(never)]
    pub fn tell(&self, root: Root<'_>, say: &mut dyn FnMut(&str)) {
        match *self {
            Cause::Filtered { call } => {
                say("a seccomp filter denies ");
                say(call);
                say(" (containers permit it with --cap-add SYS_NICE)");
            }
            Cause::NoPolicies => say("this kernel has no NUMA support"),
            Cause::TooOld {
                mode,
                balancing,
                since,
            } => {
                if balancing {
                    say("balancing with ");
                }
                say(mode.name().unwrap_or("this mode"));
                say(" needs Linux ");
                tell_number(since.0.into(), say);
                say(".");
                tell_number(since.1.into(), say);
                say(", this is ");
                let mut room = [0; RELEASE_ROOM];
                let release = release(root, &mut room);
                release.iter().for_each(|&byte| tell_byte(byte, say));
            }
            Cause::NoNodes => say("it has no nodes"),
            Cause::NoSuchNode { node, nodes } => {
                say("there is no node ");
                tell_no(node, nodes, say);
            }
            Cause::Memoryless { node } => {
                say("node ");
                tell_number(node.into(), say);
                say(" has no memory");
            }
            Cause::NotAllowed { nodes } => {
                say("the cpuset of this process");
                match cpuset(root, &mut [0; CPUSET_ROOM]) {
                    b"" => {}
                    name => {
                        say(" (");
                        name.iter().for_each(|&byte| tell_byte(byte, say));
                        say(")");
                    }
                }
                say(" allows memory of ");
                tell_nodes(nodes, say);
                say(" only");
            }
            Cause::NoCpus { nodes, others } => {
                let is_one = tell_nodes(nodes, say);
                say(if is_one {
                    " has no CPUs"
                } else {
                    " have no CPUs"
                });
                if !others.is_empty() {
                    say(", only nodes ");
                    tell_list(others, say);
                    say(" have CPUs");
                }
            }
            Cause::NoSuchCpu { cpu, cpus } => {
                say("there is no CPU ");
                tell_no(cpu, cpus, say);
            }
            Cause::CpuNotAllowed { cpus } => {
                say("this process may run on CPUs ");
                tell_list(cpus, say);
                say(" only (cpuset or affinity)");
            }
            Cause::CpusNotAllowed { cpus } => {
                say("the cpuset of this process allows none of these CPUs, ");
                if !cpus.is_empty() {
                    say("only ");
                    tell_list(cpus, say);
                    say(", ");
                }
                say("or they are offline");
            }
            Cause::PagesElsewhere => say("pages are on other nodes already (strict)"),
            Cause::NotAligned => say("the range does not begin on a page boundary"),
            Cause::NotMapped => say("the range is not mapped"),
            Cause::NoList { of_cpus: false } => {
                say("not a list of nodes such as 0, 0-3, 0,2, !1, +0, all or netdev:eth0");
            }
            Cause::NoList { of_cpus: true } => {
                say("not a list of CPUs such as 0, 0-3, 0,2, !1, +0 or all");
            }
            Cause::NoEnd => say("a number is missing after '-'"),
            Cause::NoRights => say("CAP_SYS_NICE is needed, or to be the user of the process"),
        }
    }
}

/// `7, only 0-3`
#[inline(never)]
fn tell_no(number: i64, others: Bits<'_>, say: &mut dyn FnMut(&str)) {
    tell_number(number, say);
    say(", only ");
    tell_list(others, say);
}

/// `node 0`, `nodes 0-3`: returns whether it is one.
#[inline(never)]
pub(crate) fn tell_nodes(nodes: Bits<'_>, say: &mut dyn FnMut(&str)) -> bool {
    let is_one = nodes
        .next(0)
        .is_some_and(|first| nodes.next(first + 1).is_none());
    say(if is_one { "node " } else { "nodes " });
    tell_list(nodes, say);
    is_one
}

/// Tells a set as a list, `0-3,8`.
#[inline(never)]
fn tell_list(set: Bits<'_>, say: &mut dyn FnMut(&str)) {
    let mut comma = "";
    for (first, last) in ranges(set) {
        say(comma);
        comma = ",";
        tell_number(first as i64, say);
        if last > first {
            say("-");
            tell_number(last as i64, say);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Word;
    use crate::testing::MadeUp;
    use std::string::String;

    fn text(cause: Option<Cause<'_>>, root: Root<'_>) -> String {
        let mut text = String::new();
        if let Some(cause) = cause {
            cause.tell(root, &mut |piece| text.push_str(piece));
        }
        text
    }

    fn set(bits: &[Word; 1]) -> Bits<'_> {
        Bits::new(bits, Word::BITS as usize)
    }

    /// Four nodes, of which 2 has no memory and 3 is in another cpuset.
    fn machine() -> MadeUp {
        let made = MadeUp::new();
        for node in 0..4 {
            let kib = if node == 2 { 0 } else { 1 << 20 };
            made.node(node, "0000000f", "10 20 20 20", kib, 0);
        }
        made.write(
            "proc/self/status",
            b"Name:\tx\nSeccomp:\t0\nSeccomp_filters:\t2\n",
        );
        made.write("proc/self/cpuset", b"/db\n");
        made.write("proc/sys/kernel/osrelease", b"5.10.0-x\n");
        made
    }

    /// What is said of a policy on that machine.
    fn of_policy_text(
        made: &MadeUp,
        mode: Mode,
        balancing: bool,
        nodes: Word,
        errno: Errno,
    ) -> String {
        let (exist, allowed) = ([0b1111], [0b0111]);
        let machine = Machine {
            root: made.root(),
            nodes: set(&exist),
            allowed: set(&allowed),
        };
        let nodes = [nodes];
        let asked = Asked {
            mode,
            flags: Flags {
                balancing,
                ..Flags::NONE
            },
            nodes: set(&nodes),
        };
        text(of_policy(&asked, "mbind", errno, &machine), made.root())
    }

    #[test]
    fn policies() {
        let made = machine();
        let says = |mode, balancing, nodes, errno, wanted: &str| {
            let found = of_policy_text(&made, mode, balancing, nodes, errno);
            assert_eq!(found, wanted, "{mode:?} {nodes:b} {errno:?}");
        };
        let einval = Errno::EINVAL;
        says(
            Mode::Bind,
            false,
            1 << 7,
            einval,
            "there is no node 7, only 0-3",
        );
        says(Mode::Bind, false, 0b0100, einval, "node 2 has no memory");
        let cpuset = "the cpuset of this process (/db) allows memory of nodes 0-2 only";
        says(Mode::Bind, false, 0b1000, einval, cpuset);
        // Of several the first says why, and nothing does if one can be used.
        says(
            Mode::Interleave,
            false,
            0b1100,
            einval,
            "node 2 has no memory",
        );
        says(Mode::Interleave, false, 0b1110, einval, "");
        says(Mode::Bind, false, 0, einval, "it has no nodes");
        let kernel = "needs Linux 5.15, this is 5.10.0-x";
        says(
            Mode::PreferredMany,
            true,
            1,
            einval,
            &format!("preferred-many {kernel}"),
        );
        let kernel = "weighted interleave needs Linux 6.9, this is 5.10.0-x";
        says(Mode::WeightedInterleave, false, 1, einval, kernel);
        let kernel = "balancing with bind needs Linux 5.12, this is 5.10.0-x";
        says(Mode::Bind, true, 1, einval, kernel);
        says(Mode::Preferred, true, 1, einval, "");
        says(
            Mode::Bind,
            false,
            1,
            Errno::EIO,
            "pages are on other nodes already (strict)",
        );
        says(
            Mode::Bind,
            false,
            1,
            Errno::EFAULT,
            "the range is not mapped",
        );
        says(Mode::Bind, false, 1, Errno::ENOMEM, "");
        says(Mode::Bind, false, 1, Errno::EPERM, "");
        says(
            Mode::Bind,
            false,
            1,
            Errno::ENOSYS,
            "this kernel has no NUMA support",
        );
        made.write("proc/self/status", b"Seccomp:\t2\n");
        let filter = "a seccomp filter denies mbind (containers permit it with --cap-add SYS_NICE)";
        says(Mode::Bind, false, 1, Errno::EPERM, filter);
        says(Mode::Bind, false, 1, Errno::ENOSYS, filter);
    }

    #[test]
    fn nodes_that_count_within_the_cpuset_are_not_looked_at() {
        let made = machine();
        let (one, none) = ([1], [0]);
        let machine = Machine {
            root: made.root(),
            nodes: set(&one),
            allowed: set(&none),
        };
        let flags = Flags {
            relative_nodes: true,
            ..Flags::NONE
        };
        let asked = Asked {
            mode: Mode::Bind,
            flags,
            nodes: set(&one),
        };
        assert_eq!(of_policy(&asked, "x", Errno::EINVAL, &machine), None);
    }

    #[test]
    fn numbers_lists_and_cpus() {
        let root = Root::at(b"/nowhere");
        let says = |cause, wanted| assert_eq!(text(Some(cause), root), wanted);
        let cpus = Bits::new(&[0b1_0111], 64);
        let (node, nodes) = (i64::MIN, cpus);
        says(
            Cause::NoSuchNode { node, nodes },
            "there is no node -9223372036854775808, only 0-2,4",
        );
        says(
            Cause::NoSuchCpu { cpu: 64, cpus },
            "there is no CPU 64, only 0-2,4",
        );
        let only = "this process may run on CPUs 0-2,4 only (cpuset or affinity)";
        says(Cause::CpuNotAllowed { cpus }, only);
        let none =
            "the cpuset of this process allows none of these CPUs, only 0-2,4, or they are offline";
        says(Cause::CpusNotAllowed { cpus }, none);
        let (one, others) = (Bits::new(&[0b10], 64), Bits::EMPTY);
        says(Cause::NoCpus { nodes: one, others }, "node 1 has no CPUs");
        let (nodes, others) = (cpus, one);
        says(
            Cause::NoCpus { nodes, others },
            "nodes 0-2,4 have no CPUs, only nodes 1 have CPUs",
        );
        // Without a name, and with a release that is not told.
        let own = "the cpuset of this process allows memory of node 1 only";
        says(Cause::NotAllowed { nodes: one }, own);
        assert!(is_at_least(root, (99, 9)));
    }

    #[test]
    fn lines_of_files() {
        let made = MadeUp::new();
        made.write("proc/x", b"Seccomp\nSeccomp:\t2\nSeccomp:\t0\n");
        let mut room = [0; 8];
        let read = |key, room: &mut [u8]| {
            let found = line(made.root(), "/proc/x", key, room);
            found.map(|text| String::from_utf8_lossy(text).into_owned())
        };
        assert_eq!(read("Seccomp:", &mut room).as_deref(), Some("\t2"));
        assert_eq!(read("", &mut room).as_deref(), Some("Seccomp"));
        assert_eq!(read("", &mut [0; 6]), None);
        assert_eq!(read("Other:", &mut room), None);
        assert_eq!(line(made.root(), "/proc/none", "", &mut room), None);
        // The last line may have no end; half a key is none.
        made.write("proc/x", b"0::/a");
        assert_eq!(
            line(made.root(), "/proc/x", "0::", &mut room),
            Some(&b"/a"[..])
        );
        made.write("proc/x", b"0:");
        assert_eq!(line(made.root(), "/proc/x", "0::", &mut room), None);
    }

    #[test]
    fn names_of_cpusets() {
        let made = MadeUp::new();
        let name = |made: &MadeUp| {
            let mut room = [0; CPUSET_ROOM];
            String::from_utf8_lossy(cpuset(made.root(), &mut room)).into_owned()
        };
        assert_eq!(name(&made), "");
        made.write("proc/self/cgroup", b"1:cpu:/x\n0::/user.slice\n");
        assert_eq!(name(&made), "/user.slice");
        made.write("proc/self/cpuset", b"/\n");
        assert_eq!(name(&made), "");
        made.write("proc/self/cpuset", b"/db\n");
        assert_eq!(name(&made), "/db");
        made.write("proc/self/cpuset", &[b'x'; CPUSET_ROOM + 1]);
        assert_eq!(name(&made), "/user.slice");
    }
}
