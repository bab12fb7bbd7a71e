//! Device words in node strings: the node that a file, disk, network interface, address or
//! PCI device is attached to, from sysfs.
//!
//! | word | device |
//! | --- | --- |
//! | `file:PATH` | the disk that the file lies on |
//! | `block:DEV` | /sys/class/block/DEV |
//! | `netdev:IF` | /sys/class/net/IF |
//! | `ip:ADDRESS` | the interface of the route to that address or host |
//! | `pci:[SEG:]BUS:DEV[.FUNC]` | the PCI device, numbers in hexadecimal |
//!
//! A device's node is the content of `numa_node` in its own directory or the nearest one
//! above it; -1 there means that the firmware does not report it.
//!
//! No word leads to a file outside /sys/devices: names with a slash, `.` and `..` are refused, and the text of
//! a link of /sys is taken from its `/devices/` on, unless it has a `..` there.

// Errors carry names and must not need the heap.
#![allow(clippy::result_large_err)]

use alloc::vec::Vec;
use core::ffi::{CStr, c_uint};
use core::fmt;

use crate::mask::Node;
use crate::root::{Path, Root, number};
use crate::sys::{Errno, file, net};

/// A name in a message, cut to a fixed length, with a terminating zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; Name::CAPACITY + 1],
    len: usize,
}

impl Name {
    const CAPACITY: usize = 255;

    pub(crate) fn new(text: &[u8]) -> Name {
        let len = text.len().min(Name::CAPACITY);
        let mut bytes = [0; Name::CAPACITY + 1];
        bytes[..len].copy_from_slice(&text[..len]);
        Name { bytes, len }
    }

    /// The name of a directory, with a slash behind it.
    fn of_directory(path: &[u8]) -> Name {
        let mut name = Name::new(path);
        if name.len < Name::CAPACITY {
            name.bytes[name.len] = b'/';
            name.len += 1;
        }
        name
    }

    /// The name as a C string.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::device::{DeviceError, node_of_word};
    ///
    /// match node_of_word(Root::SYSTEM, b"file:/no/such/file") {
    ///     Some(Err(DeviceError::Stat { path, .. })) => {
    ///         assert_eq!(path.as_c_str(), c"/no/such/file");
    ///     }
    ///     _ => unreachable!(),
    /// }
    /// ```
    #[inline(never)]
    pub fn as_c_str(&self) -> &CStr {
        // The C layer asks for it in eleven places, and a copy in each costs the library 4 KiB.
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("(not text)"))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a device word leads to no node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// stat(2) of the file fails.
    #[error("cannot stat file {path}: {errno}")]
    Stat {
        /// The file.
        path: Name,
        /// The error of the call.
        errno: Errno,
    },
    /// The file lies on no disk: on tmpfs, /proc, a network.
    #[error("no block device {major:x}:{minor:x} in sysfs for {path}")]
    NoBlockDevice {
        /// The file.
        path: Name,
        /// Major device number.
        major: u32,
        /// Minor device number.
        minor: u32,
    },
    /// The devices in sysfs cannot be listed.
    #[error("cannot list {class} devices in sysfs: {errno}")]
    NoDevices {
        /// The file whose device was looked for.
        path: Name,
        /// "block".
        class: &'static str,
        /// The error of the call.
        errno: Errno,
    },
    /// There is no such device, or no directory above it names a node.
    #[error("cannot read the node of {kind} device {name}")]
    Unreadable {
        /// "block", "net" or "PCI".
        kind: &'static str,
        /// The device.
        name: Name,
        /// The error of the call.
        errno: Errno,
    },
    /// The firmware does not report the device's node.
    #[error("the kernel does not know the node of device {name}")]
    Unknown {
        /// The device or its directory.
        name: Name,
    },
    /// There are fewer devices of a kind.
    #[error("there is no {kind} {word}")]
    NoSuchDevice {
        /// "gpu".
        kind: &'static str,
        /// Which one, counted from 0.
        word: Name,
    },
    /// The device at this address is of another kind.
    #[error("{word} is no {kind}")]
    OtherKind {
        /// "gpu".
        kind: &'static str,
        /// The address.
        word: Name,
    },
    /// A device name that would lead out of its directory in sysfs.
    #[error("illegal characters in device name {name}")]
    BadName {
        /// The name.
        name: Name,
    },
    /// Not a PCI address.
    #[error("cannot parse PCI device {word}")]
    BadPci {
        /// The text after `pci:`.
        word: Name,
    },
    /// Neither an IP address nor a host that can be resolved.
    #[error("cannot resolve {word}")]
    BadAddress {
        /// The text after `ip:`.
        word: Name,
        /// The resolver's code, for gai_strerror(3).
        code: i32,
    },
    /// No route leads to the address.
    #[error("no route to {word}: {errno}")]
    NoRoute {
        /// The text after `ip:`.
        word: Name,
        /// The error of the call.
        errno: Errno,
    },
}

impl DeviceError {
    /// The errno that stands for this error in C; `None` where there is no call behind it.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::device::node_of_word;
    ///
    /// if let Some(Err(error)) = node_of_word(Root::SYSTEM, b"file:/no/such/file") {
    ///     println!("{error}: {:?}", error.errno());
    /// }
    /// ```
    pub fn errno(&self) -> Option<Errno> {
        match *self {
            DeviceError::Stat { errno, .. }
            | DeviceError::NoDevices { errno, .. }
            | DeviceError::Unreadable { errno, .. }
            | DeviceError::NoRoute { errno, .. } => Some(errno),
            _ => None,
        }
    }
}

/// The node of the device word at the beginning of `text`, and how many bytes the word has.
/// `None` if no device word stands there.
///
/// A word ends at a comma. `ip:` with a host name asks the system's resolver, which may take
/// time, and allocates.
///
/// ```
/// use numa::Root;
/// use numa::device::node_of_word;
///
/// // A number is no device word, and neither is an unknown kind of device.
/// assert!(node_of_word(Root::SYSTEM, b"0-3").is_none());
/// // The word ends at the comma.
/// match node_of_word(Root::SYSTEM, b"netdev:lo,1") {
///     Some(Ok((node, used))) => println!("node {node}, {used} bytes of the text"),
///     Some(Err(error)) => println!("{error}"), // lo is on no node
///     None => unreachable!(),
/// }
/// ```
pub fn node_of_word(root: Root<'_>, text: &[u8]) -> Option<Result<(u32, usize), DeviceError>> {
    let used = text.iter().position(|&b| b == b',').unwrap_or(text.len());
    let colon = text[..used].iter().position(|&b| b == b':')?;
    let (kind, word) = (&text[..colon], &text[colon + 1..used]);
    let node = match kind {
        b"file" => node_of_file(root, word),
        b"block" => node_of_class_device(root, "block", word),
        b"netdev" => node_of_class_device(root, "net", word),
        b"ip" => node_of_address(root, word),
        b"pci" => node_of_pci(root, word),
        _ => return None,
    };
    Some(node.map(|node| (node.0, used)))
}

/// The node of a device by its kind: `gpu:N`, `gpu:ADDRESS`, `nvme:DEV`, `ib:DEV`, `cxl:DEV`; see
/// [`selection`](crate::selection). `None` of any other word.
///
/// A GPU's node is the one that the kernel reports for it. Where that is a node without CPUs, as its own memory
/// may be, [`selection`](crate::selection) takes the nearest one with CPUs. A CXL memory device's node is that of
/// the CPUs which it hangs on, not that of its memory.
///
/// ```
/// use numa::Root;
/// use numa::device::node_of_kind;
///
/// match node_of_kind(Root::SYSTEM, b"gpu:0") {
///     Some(Ok(node)) => println!("the first GPU is at node {node}"),
///     Some(Err(error)) => println!("{error}"),
///     None => unreachable!(),
/// }
/// assert!(node_of_kind(Root::SYSTEM, b"netdev:lo").is_none());
/// ```
pub fn node_of_kind(root: Root<'_>, word: &[u8]) -> Option<Result<Node, DeviceError>> {
    let colon = word.iter().position(|&b| b == b':')?;
    let (kind, device) = (&word[..colon], &word[colon + 1..]);
    Some(match kind {
        b"gpu" => node_of_gpu(root, device),
        b"nvme" => node_of_numbered(root, "nvme", "/sys/class/nvme/", b"nvme", device),
        b"ib" => node_of_named(root, "infiniband", "/sys/class/infiniband/", device),
        b"cxl" => node_of_numbered(root, "cxl", "/sys/bus/cxl/devices/", b"mem", device),
        _ => return None,
    })
}

/// The node of a device that is named, or numbered behind a prefix.
fn node_of_numbered(
    root: Root<'_>,
    kind: &'static str,
    links: &str,
    prefix: &[u8],
    device: &[u8],
) -> Result<Node, DeviceError> {
    match number(device) {
        Some(n) => {
            let mut name = Path::empty();
            name.push(prefix).number(n);
            node_of_named(root, kind, links, name.text())
        }
        None => node_of_named(root, kind, links, device),
    }
}

/// A GPU: what processes in three dimensions, displays otherwise or accelerates. Of VGA controllers those of
/// makers of GPUs only, as each server has one for its console.
fn is_gpu(root: Root<'_>, link: &Path) -> Result<bool, Errno> {
    let mut buf = [0; 512];
    let directory = link.read_link(&mut buf).and_then(device_directory)?;
    let id = |file: &[u8]| {
        let mut text = [0; 32];
        let mut path = Path::below(root, "/sys");
        path.push(directory).push(file);
        let text = path.read_unless_link(&mut text)?.trim_ascii();
        text.strip_prefix(b"0x")
            .and_then(|digits| hex(digits, 1 << 24))
            .ok_or(Errno::EIO)
    };
    const VGA: u32 = 0x0300;
    const MAKERS: [u32; 3] = [0x1002, 0x10de, 0x8086];
    Ok(match id(b"/class")? >> 8 {
        VGA => MAKERS.contains(&id(b"/vendor")?),
        0x0302 | 0x0380 | 0x1200 => true,
        _ => false,
    })
}

/// Where a PCI device is linked.
fn pci_link(root: Root<'_>, [segment, bus, device, function]: [u32; 4]) -> Path {
    let mut link = Path::below(root, "/sys/bus/pci/devices/");
    link.hex(segment, 4)
        .push(b":")
        .hex(bus, 2)
        .push(b":")
        .hex(device, 2)
        .push(b".")
        .hex(function, 1);
    link
}

/// The node of the N-th GPU in the order of PCI addresses, or of that at an address.
#[inline(never)] // As above.
fn node_of_gpu(root: Root<'_>, word: &[u8]) -> Result<Node, DeviceError> {
    const KIND: &str = "gpu";
    let name = Name::new(word);
    let address = match number(word) {
        Some(n) => nth_gpu(root, n, name)?,
        None => {
            let address = pci_address(word).ok_or(DeviceError::BadPci { word: name })?;
            match is_gpu(root, &pci_link(root, address)) {
                Ok(true) => address,
                Ok(false) => {
                    return Err(DeviceError::OtherKind {
                        kind: KIND,
                        word: name,
                    });
                }
                Err(errno) => {
                    return Err(DeviceError::Unreadable {
                        kind: KIND,
                        name,
                        errno,
                    });
                }
            }
        }
    };
    node_at(root, address)
}

fn nth_gpu(root: Root<'_>, n: u32, word: Name) -> Result<[u32; 4], DeviceError> {
    const KIND: &str = "gpu";
    let directory = "/sys/bus/pci/devices";
    // A device that cannot be looked at is no GPU that could be counted.
    let listed = Path::below(root, directory).sorted(|name| {
        pci_address(name).filter(|&at| is_gpu(root, &pci_link(root, at)) == Ok(true))
    });
    let found = match listed {
        Err(Errno::ENOENT) => Vec::new(),
        listed => listed.map_err(|errno| DeviceError::Unreadable {
            kind: KIND,
            name: Name::new(directory.as_bytes()),
            errno,
        })?,
    };
    found
        .get(n as usize)
        .copied()
        .ok_or(DeviceError::NoSuchDevice { kind: KIND, word })
}

/// Calls `with` with a word as a C string, on the heap: it may be as long as a path.
fn as_c_string<T>(word: &[u8], with: impl FnOnce(&CStr) -> Result<T, Errno>) -> Result<T, Errno> {
    if word.len() >= libc::PATH_MAX as usize {
        return Err(Errno::ENAMETOOLONG);
    }
    let mut copy = Vec::new();
    copy.try_reserve_exact(word.len() + 1)
        .map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(word);
    copy.push(0);
    with(CStr::from_bytes_until_nul(&copy).map_err(|_| Errno::EINVAL)?)
}

#[inline(never)] // Its buffers must not share a stack frame with those below.
fn node_of_file(root: Root<'_>, path: &[u8]) -> Result<Node, DeviceError> {
    let name = Name::new(path);
    let (major, minor) = as_c_string(path, file::block_device_of)
        .map_err(|errno| DeviceError::Stat { path: name, errno })?;
    let mut link = Path::below(root, "/sys/dev/block/");
    link.number(major).push(b":").number(minor);
    match node_above_link(root, &link, "block", name) {
        Err(DeviceError::Unreadable { .. }) => {
            let path = name;
            root.list("/sys/dev/block", &mut |_| ()).map_err(|errno| {
                let class = "block";
                DeviceError::NoDevices { path, class, errno }
            })?;
            Err(DeviceError::NoBlockDevice { path, major, minor })
        }
        result => result,
    }
}

#[inline(never)] // As above.
fn node_of_class_device(
    root: Root<'_>,
    class: &'static str,
    device: &[u8],
) -> Result<Node, DeviceError> {
    let links = match class {
        "block" => "/sys/class/block/",
        _ => "/sys/class/net/",
    };
    node_of_named(root, class, links, device)
}

/// The node of the device that a directory of sysfs links to under a name.
fn node_of_named(
    root: Root<'_>,
    kind: &'static str,
    links: &str,
    device: &[u8],
) -> Result<Node, DeviceError> {
    let name = Name::new(device);
    if device.contains(&b'/') || device == b"." || device == b".." {
        return Err(DeviceError::BadName { name });
    }
    if device.is_empty() {
        let errno = Errno::ENOENT;
        return Err(DeviceError::Unreadable { kind, name, errno });
    }
    let mut link = Path::below(root, links);
    link.push(device);
    node_above_link(root, &link, kind, name)
}

/// Follows a link of sysfs to the device's directory and looks for its node there and above.
fn node_above_link(
    root: Root<'_>,
    link: &Path,
    kind: &'static str,
    name: Name,
) -> Result<Node, DeviceError> {
    let mut buf = [0; 512];
    let (directory, node) = link
        .read_link(&mut buf)
        .and_then(|target| nearest_node(root, target))
        .map_err(|errno| DeviceError::Unreadable { kind, name, errno })?;
    node.ok_or_else(|| DeviceError::Unknown {
        name: Name::of_directory(directory),
    })
}

/// The part of a link's target that names a directory below /sys: of "../../devices/pci0000:00/0000:00:02.0",
/// which is relative to some directory of /sys, all from "/devices/" on. ENODEV if it does not stay there.
fn device_directory(target: &[u8]) -> Result<&[u8], Errno> {
    let start = target.windows(9).position(|w| w == b"/devices/");
    let directory = &target[start.ok_or(Errno::ENODEV)?..];
    if directory.split(|&b| b == b'/').any(|name| name == b"..") {
        return Err(Errno::ENODEV);
    }
    Ok(directory)
}

/// The nearest directory with a node at or above the target of a link, and the node.
fn nearest_node<'t>(root: Root<'_>, target: &'t [u8]) -> Result<(&'t [u8], Option<Node>), Errno> {
    let mut directory = device_directory(target)?;
    while directory.len() > b"/devices".len() {
        let mut path = Path::below(root, "/sys");
        path.push(directory).push(b"/numa_node");
        match read_node(&path) {
            Err(Errno::ENOENT) => {}
            node => return Ok((directory, node?)),
        }
        let parent = directory.iter().rposition(|&b| b == b'/').unwrap_or(0);
        directory = &directory[..parent];
    }
    Err(Errno::ENOENT)
}

/// The content of a numa_node file: a node, or `None` for -1.
fn read_node(path: &Path) -> Result<Option<Node>, Errno> {
    let mut buf = [0; 32];
    let text = path.read_unless_link(&mut buf)?.trim_ascii();
    if text.starts_with(b"-") {
        return Ok(None);
    }
    number(text).map(|n| Some(Node(n))).ok_or(Errno::EIO)
}

/// A hexadecimal number below `limit` that is the whole of `text`.
fn hex(text: &[u8], limit: u32) -> Option<u32> {
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    let value = text
        .iter()
        .try_fold(0u32, |n, &b| Some(n << 4 | char::from(b).to_digit(16)?))?;
    (value < limit).then_some(value)
}

/// Segment, bus, device and function of `[SEG:]BUS:DEV[.FUNC]`.
fn pci_address(word: &[u8]) -> Option<[u32; 4]> {
    let colon = word.iter().rposition(|&b| b == b':')?;
    let (before, last) = (&word[..colon], &word[colon + 1..]);
    let (segment, bus) = match before.iter().position(|&b| b == b':') {
        Some(at) => (hex(&before[..at], u32::MAX)?, &before[at + 1..]),
        None => (0, before),
    };
    let (device, function) = match last.iter().position(|&b| b == b'.') {
        Some(at) => (&last[..at], hex(&last[at + 1..], 8)?),
        None => (last, 0),
    };
    Some([segment, hex(bus, 0x100)?, hex(device, 0x20)?, function])
}

#[inline(never)] // As above.
fn node_of_pci(root: Root<'_>, word: &[u8]) -> Result<Node, DeviceError> {
    let name = Name::new(word);
    let address = pci_address(word).ok_or(DeviceError::BadPci { word: name })?;
    node_at_link(root, &pci_link(root, address), name)
}

/// The node of the PCI device at an address, which messages name.
fn node_at(root: Root<'_>, address: [u32; 4]) -> Result<Node, DeviceError> {
    let link = pci_link(root, address);
    let mut name = link.text();
    if let Some(slash) = name.iter().rposition(|&b| b == b'/') {
        name = &name[slash + 1..];
    }
    node_at_link(root, &link, Name::new(name))
}

fn node_at_link(root: Root<'_>, link: &Path, name: Name) -> Result<Node, DeviceError> {
    let kind = "PCI";
    let mut buf = [0; 512];
    link.read_link(&mut buf)
        .and_then(device_directory)
        .and_then(|directory| {
            let mut path = Path::below(root, "/sys");
            read_node(path.push(directory).push(b"/numa_node"))
        })
        .map_err(|errno| DeviceError::Unreadable { kind, name, errno })?
        .ok_or(DeviceError::Unknown { name })
}

#[inline(never)] // As above.
fn node_of_address(root: Root<'_>, word: &[u8]) -> Result<Node, DeviceError> {
    let name = Name::new(word);
    let address = as_c_string(word, |host| Ok(net::resolve(host)))
        .map_err(|errno| DeviceError::NoRoute { word: name, errno })?
        .map_err(|code| DeviceError::BadAddress { word: name, code })?;
    let mut interface = [0; libc::IF_NAMESIZE];
    let len = net::route_interface(address)
        .and_then(|index: c_uint| net::interface_name(index, &mut interface))
        .map_err(|errno| DeviceError::NoRoute { word: name, errno })?;
    node_of_class_device(root, "net", &interface[..len])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    fn machine() -> MadeUp {
        let made = MadeUp::new();
        made.write("sys/devices/pci0000:40/0000:41:00.0/numa_node", b"1\n");
        made.write(
            "sys/devices/pci0000:40/0000:41:00.0/nvme/nvme0/nvme0n1/nvme0n1p1/size",
            b"1\n",
        );
        made.write("sys/devices/pci0000:00/0000:00:02.0/numa_node", b"-1\n");
        made.write(
            "sys/devices/pci0000:00/0000:00:02.0/net/eth0/mtu",
            b"1500\n",
        );
        made.write("sys/devices/virtual/net/lo/mtu", b"65536\n");
        made.link(
            "sys/class/block/nvme0n1p1",
            "../../devices/pci0000:40/0000:41:00.0/nvme/nvme0/nvme0n1/nvme0n1p1",
        );
        made.link(
            "sys/class/net/eth0",
            "../../devices/pci0000:00/0000:00:02.0/net/eth0",
        );
        made.link("sys/class/net/lo", "../../devices/virtual/net/lo");
        made.link(
            "sys/bus/pci/devices/0000:41:00.0",
            "../../../devices/pci0000:40/0000:41:00.0",
        );
        made.link(
            "sys/bus/pci/devices/0000:00:02.0",
            "../../../devices/pci0000:00/0000:00:02.0",
        );
        made
    }

    fn look(made: &MadeUp, word: &str) -> Option<Result<(u32, usize), DeviceError>> {
        node_of_word(made.root(), word.as_bytes())
    }

    #[test]
    fn nodes_of_devices() {
        let made = machine();
        assert_eq!(look(&made, "block:nvme0n1p1"), Some(Ok((1, 15))));
        assert_eq!(look(&made, "block:nvme0n1p1,3"), Some(Ok((1, 15))));
        for word in [
            "pci:0000:41:00.0",
            "pci:0:41:0.0",
            "pci:41:0",
            "pci:41:00.0",
        ] {
            assert_eq!(look(&made, word), Some(Ok((1, word.len()))), "{word}");
        }
        assert!(look(&made, "0").is_none());
        assert!(look(&made, "disk:x").is_none());
        assert!(look(&made, "file").is_none());
    }

    #[test]
    fn devices_without_a_node_are_errors_with_a_reason() {
        let made = machine();
        let error = |word: &str| look(&made, word).unwrap().unwrap_err();
        assert!(matches!(error("netdev:eth0"), DeviceError::Unknown { name }
            if name.as_c_str() == c"/devices/pci0000:00/0000:00:02.0/"));
        assert!(matches!(error("pci:0:2.0"), DeviceError::Unknown { name }
            if name.as_c_str() == c"0:2.0"));
        assert!(matches!(
            error("netdev:lo"),
            DeviceError::Unreadable { kind: "net", .. }
        ));
        // Where a build has no network at all, the loopback device may be down.
        let loopback = [
            ("ip:127.0.0.1", "127.0.0.1:9", "0.0.0.0:0"),
            ("ip:::1", "[::1]:9", "[::]:0"),
        ];
        for (word, host, any) in loopback {
            let reached = std::net::UdpSocket::bind(any).and_then(|socket| socket.connect(host));
            if reached.is_ok() {
                assert!(
                    matches!(error(word), DeviceError::Unreadable { kind: "net", name, .. }
                    if name.as_c_str() == c"lo"),
                    "{word}"
                );
            }
        }
        for word in ["netdev:..", "netdev:../x", "block:."] {
            assert!(matches!(error(word), DeviceError::BadName { .. }), "{word}");
        }
        for word in ["netdev:", "block:nope", "pci:99:0"] {
            assert!(
                matches!(error(word), DeviceError::Unreadable { .. }),
                "{word}"
            );
        }
        for word in [
            "pci:",
            "pci:junk",
            "pci:1",
            "pci:100:0",
            "pci:0:20",
            "pci:0:0.8",
            "pci::0",
        ] {
            assert!(matches!(error(word), DeviceError::BadPci { .. }), "{word}");
        }
        assert!(matches!(
            error("file:/nonexistent"),
            DeviceError::Stat {
                errno: Errno::ENOENT,
                ..
            }
        ));
        assert!(matches!(
            error("file:/proc/self/status"),
            DeviceError::NoDevices { class: "block", .. }
        ));
        made.write("sys/dev/block/8:0/size", b"1\n");
        assert!(matches!(
            error("file:/proc/self/status"),
            DeviceError::NoBlockDevice { .. }
        ));
        let long = format!("file:{}", "x".repeat(5000));
        assert!(matches!(
            error(&long),
            DeviceError::Stat {
                errno: Errno::ENAMETOOLONG,
                ..
            }
        ));
    }

    #[test]
    fn links_of_a_hostile_tree_lead_nowhere_else() {
        let made = machine();
        // What a word must not lead to.
        made.write("elsewhere/numa_node", b"1\n");
        made.write("sys/devices/own/net/x", b"");
        for (name, target) in [
            ("up", "../../devices/../../elsewhere"),
            ("up-deeper", "../../devices/own/../../../elsewhere/net"),
            ("no-devices", "../../../elsewhere"),
            ("absolute", "/elsewhere"),
        ] {
            made.link(&format!("sys/class/net/{name}"), target);
            made.link(&format!("sys/class/block/{name}"), target);
        }
        // The text of a link is all that is taken of it.
        made.link("sys/class/net/own", "../../../elsewhere/devices/own");
        made.link("sys/devices/own/numa_node", "../../../elsewhere/numa_node");
        made.link("sys/class/net/itself", "itself");
        made.link("sys/bus/pci/devices/0000:01:00.0", "../../../../elsewhere");
        made.link(
            "sys/bus/pci/devices/0000:02:00.0",
            "../../../devices/../../elsewhere",
        );
        made.link("sys/bus/pci/devices/0000:03:00.0", "../../../devices/own");
        made.write("sys/bus/pci/devices/0000:04:00.0/numa_node", b"1\n");
        for word in [
            "netdev:up",
            "netdev:up-deeper",
            "netdev:no-devices",
            "netdev:absolute",
            "netdev:own",
            "netdev:itself",
            "block:up",
            "block:absolute",
            "pci:1:0",
            "pci:2:0",
            "pci:3:0",
            "pci:4:0",
        ] {
            let found = look(&made, word).unwrap();
            assert!(
                matches!(found, Err(DeviceError::Unreadable { .. })),
                "{word}: {found:?}"
            );
        }
        for word in [
            "netdev:../net/eth0",
            "netdev:/sys/class/net/eth0",
            "netdev:eth0/../eth0",
            "block:../../../elsewhere",
        ] {
            let found = look(&made, word).unwrap();
            assert!(
                matches!(found, Err(DeviceError::BadName { .. })),
                "{word}: {found:?}"
            );
        }
    }
}
