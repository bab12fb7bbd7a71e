//! The network interface of the route to an address.

use core::ffi::{CStr, c_int, c_uint};
use core::mem::MaybeUninit;
use core::ptr;

use super::file::File;
use super::{Errno, uncancelled};

/// An IP address in network order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Address {
    V4([u8; 4]),
    V6([u8; 16]),
}

/// The first address that a host name or address stands for. `Err` is the resolver's code.
pub(crate) fn resolve(name: &CStr) -> Result<Address, c_int> {
    let mut list: *mut libc::addrinfo = ptr::null_mut();
    // SAFETY: `name` ends with a zero; the call sets the list or fails.
    let ask = || unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), ptr::null(), &mut list) };
    let before = Errno::last();
    let code = uncancelled(ask);
    before.set();
    if code != 0 {
        return Err(code);
    }
    let mut found = Err(libc::EAI_FAMILY);
    let mut at = list;
    // SAFETY: a list of the resolver; addresses have the layout of their family.
    while let Some(info) = unsafe { at.as_ref() } {
        match info.ai_family {
            libc::AF_INET => {
                // SAFETY: an AF_INET address.
                let address = unsafe { &*info.ai_addr.cast::<libc::sockaddr_in>() };
                found = Ok(Address::V4(address.sin_addr.s_addr.to_ne_bytes()));
            }
            libc::AF_INET6 => {
                // SAFETY: an AF_INET6 address.
                let address = unsafe { &*info.ai_addr.cast::<libc::sockaddr_in6>() };
                found = Ok(Address::V6(address.sin6_addr.s6_addr));
            }
            _ => {}
        }
        if found.is_ok() {
            break;
        }
        at = info.ai_next;
    }
    // SAFETY: the list came from getaddrinfo.
    unsafe { libc::freeaddrinfo(list) };
    found
}

const HEADER: usize = 16;
const ROUTE: usize = 12;
const ATTRIBUTE: usize = 4;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;

/// The index of the interface through which the kernel sends to this address.
pub(crate) fn route_interface(address: Address) -> Result<c_uint, Errno> {
    let (family, bytes): (c_int, &[u8]) = match &address {
        Address::V4(bytes) => (libc::AF_INET, bytes),
        Address::V6(bytes) => (libc::AF_INET6, bytes),
    };
    // struct nlmsghdr, struct rtmsg, one struct rtattr with the destination.
    let mut message = [0u8; HEADER + ROUTE + ATTRIBUTE + 16];
    let len = HEADER + ROUTE + ATTRIBUTE + bytes.len();
    message[0..4].copy_from_slice(&(len as u32).to_ne_bytes());
    message[4..6].copy_from_slice(&libc::RTM_GETROUTE.to_ne_bytes());
    message[6..8].copy_from_slice(&(libc::NLM_F_REQUEST as u16).to_ne_bytes());
    message[HEADER] = family as u8;
    message[HEADER + 1] = (bytes.len() * 8) as u8;
    let at = HEADER + ROUTE;
    message[at..at + 2].copy_from_slice(&((ATTRIBUTE + bytes.len()) as u16).to_ne_bytes());
    message[at + 2..at + 4].copy_from_slice(&RTA_DST.to_ne_bytes());
    message[at + 4..len].copy_from_slice(bytes);

    // What is written to such a socket without an address goes to the kernel.
    let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
    // SAFETY: the call takes no pointers.
    let socket =
        File::from_call(|| unsafe { libc::socket(libc::AF_NETLINK, kind, libc::NETLINK_ROUTE) })?;
    socket.write(&message[..len])?;
    let mut reply = [0u8; 2048];
    let got = socket.read(&mut reply)?;
    interface_in(&reply[..got])
}

fn interface_in(reply: &[u8]) -> Result<c_uint, Errno> {
    let short = |at: usize| -> Result<u16, Errno> {
        let bytes = reply.get(at..at + 2).ok_or(Errno::EIO)?;
        Ok(u16::from_ne_bytes([bytes[0], bytes[1]]))
    };
    let word = |at: usize| -> Result<u32, Errno> {
        let bytes = reply.get(at..at + 4).ok_or(Errno::EIO)?;
        Ok(u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    };
    if i32::from(short(4)?) == libc::NLMSG_ERROR {
        let code = word(HEADER)? as i32;
        return Err(Errno(if code < 0 { -code } else { libc::EIO }));
    }
    let mut at = HEADER + ROUTE;
    while at + ATTRIBUTE <= reply.len() {
        let len = usize::from(short(at)?);
        if len < ATTRIBUTE {
            break;
        }
        if short(at + 2)? == RTA_OIF {
            return word(at + ATTRIBUTE);
        }
        at += len.next_multiple_of(4);
    }
    Err(Errno::ENODEV)
}

/// The name of an interface, without a terminating zero, in `buf`.
pub(crate) fn interface_name(
    index: c_uint,
    buf: &mut [u8; libc::IF_NAMESIZE],
) -> Result<usize, Errno> {
    let mut name = [MaybeUninit::<u8>::uninit(); libc::IF_NAMESIZE];
    let before = Errno::last();
    // SAFETY: the buffer has IF_NAMESIZE bytes.
    if unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) }.is_null() {
        let errno = Errno::last();
        before.set();
        return Err(errno);
    }
    for (i, byte) in name.iter().enumerate() {
        // SAFETY: the call succeeded, so bytes up to the zero are set, and we stop there.
        let byte = unsafe { byte.assume_init() };
        if byte == 0 {
            return Ok(i);
        }
        buf[i] = byte;
    }
    Ok(libc::IF_NAMESIZE)
}
