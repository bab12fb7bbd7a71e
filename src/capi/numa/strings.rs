//! Node and CPU strings, and the kernel's bitmap lines.

use core::ffi::{CStr, c_char, c_int, c_long};
use core::ptr;

use super::asked;
use super::cache;
use super::callers::{self, all_cpus, all_nodes, bitmask, nodes, view_mut};
use super::load::limits;
use super::report::{numa_warn, warning};
use crate::capi::debug::{self, Told};
use crate::capi::result::{OrErrno, int};
use crate::device::{self, DeviceError};
use crate::error::Error;
use crate::mask::{Bits, BitsMut};
use crate::root::Root;
use crate::strings::{ListError, Universe, WordLookup, parse_list};
use crate::sys::Errno;
use crate::topology::parse_hex_map;

/// Formats of the messages about one kind of string.
struct Messages {
    number: c_int,
    out_of_range: &'static CStr,
    end_out_of_range: &'static CStr,
    missing: &'static CStr,
    unparseable: &'static CStr,
    /// Whether the first two show the text from the number on, not the number.
    shows_text: bool,
}

const NODE_MESSAGES: Messages = Messages {
    number: warning::NODE_STRING,
    out_of_range: c"node argument %ld is out of range\n",
    end_out_of_range: c"node argument %ld out of range\n",
    missing: c"missing node argument %s\n",
    unparseable: c"unparseable node description `%s'\n",
    shows_text: false,
};

const CPU_MESSAGES: Messages = Messages {
    number: warning::CPU_STRING,
    out_of_range: c"cpu argument %s is out of range\n",
    end_out_of_range: c"cpu argument %s out of range\n",
    missing: c"missing cpu argument %s\n",
    unparseable: c"unparseable cpu description `%s'\n",
    shows_text: true,
};

impl Messages {
    /// Warns what is wrong with a string; numa_warn prints that once for each kind of string.
    ///
    /// # Safety
    /// The slices in `error` end where a C string ends.
    #[cold]
    #[inline(never)]
    unsafe fn explain(&self, error: &ListError<'_>) {
        let show = |format: &'static CStr, rest: &[u8]| {
            // SAFETY: `rest` goes up to the terminating zero of the caller's string; the
            // formats take one string.
            unsafe { numa_warn(self.number, format.as_ptr().cast_mut(), rest.as_ptr()) }
        };
        match *error {
            ListError::OutOfRange {
                number,
                rest,
                end,
                overflow,
            } => {
                let format = if end {
                    self.end_out_of_range
                } else {
                    self.out_of_range
                };
                if self.shows_text {
                    show(format, rest);
                } else {
                    let shown = number as c_long;
                    // SAFETY: the formats take one long.
                    unsafe { numa_warn(self.number, format.as_ptr().cast_mut(), shown) };
                }
                if overflow {
                    Errno::ERANGE.set();
                }
            }
            ListError::MissingEnd { rest } => show(self.missing, rest),
            ListError::Unparseable { rest } => show(self.unparseable, rest),
            ListError::Device(ref error) => explain_device(error),
        }
    }
}

/// Warns why a device word leads to no node. Numbers and texts are as in the reference.
#[cold]
#[inline(never)]
fn explain_device(error: &DeviceError) {
    use DeviceError as E;
    let (E::Stat { path: name, .. }
    | E::NoDevices { path: name, .. }
    | E::NoBlockDevice { path: name, .. }
    | E::Unreadable { name, .. }
    | E::Unknown { name }
    | E::BadName { name }
    | E::NoSuchDevice { word: name, .. }
    | E::OtherKind { word: name, .. }
    | E::BadPci { word: name }
    | E::BadAddress { word: name, .. }
    | E::NoRoute { word: name, .. }) = error;
    let name = name.as_c_str().as_ptr();
    macro_rules! say {
        ($number:ident, $format:literal $(, $arg:expr)*) => {
            // SAFETY: the format takes these arguments, and names end with a zero.
            unsafe { numa_warn(warning::$number, $format.as_ptr().cast_mut() $(, $arg)*) }
        };
    }
    match *error {
        E::Stat { .. } => say!(STAT_FILE, c"Cannot stat file %s", name),
        E::NoDevices { class, .. } => say!(
            BLOCK_CLASS,
            c"Cannot enumerate %.*s devices in sysfs",
            int(class.len()),
            class.as_ptr()
        ),
        E::NoBlockDevice { major, minor, .. } => say!(
            BLOCK_DEVICE,
            c"Cannot find block device %x:%x in sysfs for `%s'",
            major,
            minor,
            name
        ),
        // The latter two are of words that this library's strings do not have.
        E::Unreadable { kind, .. } | E::NoSuchDevice { kind, .. } | E::OtherKind { kind, .. } => {
            say!(
                READ_DEVICE,
                c"Cannot read node mask for %.*s device `%s'",
                int(kind.len()),
                kind.as_ptr(),
                name
            )
        }
        E::Unknown { .. } => say!(
            DEVICE_NODE,
            c"Kernel does not know node mask for device `%s'",
            name
        ),
        E::BadName { .. } => say!(BAD_NAME, c"Illegal characters in `%s' specification", name),
        E::BadPci { .. } => say!(PCI_WORD, c"Cannot parse PCI device `%s'", name),
        E::BadAddress { code, .. } => say!(
            RESOLVE,
            c"Cannot resolve %s: %s",
            name,
            libc::gai_strerror(code)
        ),
        E::NoRoute { .. } => say!(
            ROUTE,
            c"Cannot find the network device of the route to %s",
            name
        ),
    }
    if let Some(errno) = error.errno() {
        errno.set();
    }
}

/// Parses a string into a new mask for the caller, or warns why not and returns NULL.
///
/// # Safety
/// `string` is null or a C string.
#[inline(never)]
unsafe fn parse(
    function: &str,
    string: *const c_char,
    messages: &Messages,
    universe: Universe<'_>,
    size: usize,
    lookup: WordLookup<'_>,
) -> *mut bitmask {
    if string.is_null() {
        return Err(Error::Invalid("string"))
            .told(function)
            .or_errno(ptr::null_mut());
    }
    // SAFETY: the caller passes a string with a terminating zero.
    let text = unsafe { CStr::from_ptr(string) }.to_bytes();
    let mask = callers::allocate(size).or_errno(ptr::null_mut());
    if mask.is_null() {
        return mask;
    }
    // SAFETY: the mask is new.
    let parsed = parse_list(text, universe, unsafe { view_mut(mask) }, lookup);
    let Err(error) = parsed else { return mask };
    // SAFETY: the mask is ours; the error's slices end where the caller's string ends.
    unsafe {
        callers::free(mask);
        asked::misread(function, text, &error, messages.shows_text);
        messages.explain(&error);
    }
    ptr::null_mut()
}

fn universe(accepted: Bits<'_>, beyond: usize) -> Universe<'_> {
    Universe {
        accepted,
        relative_to: accepted,
        beyond: beyond as u32,
    }
}

unsafe fn parse_nodes(
    function: &str,
    string: *const c_char,
    accepted: Bits<'_>,
    beyond: usize,
) -> *mut bitmask {
    let size = limits().node_bits.size();
    let mut lookup = |word: &[u8]| device::node_of_word(Root::SYSTEM, word);
    let universe = universe(accepted, beyond);
    // SAFETY: the caller's string.
    unsafe {
        parse(
            function,
            string,
            &NODE_MESSAGES,
            universe,
            size,
            &mut lookup,
        )
    }
}

unsafe fn parse_cpus(function: &str, string: *const c_char, accepted: Bits<'_>) -> *mut bitmask {
    let size = limits().cpu_bits.size();
    let universe = universe(accepted, size);
    // SAFETY: the caller's string.
    unsafe {
        parse(function, string, &CPU_MESSAGES, universe, size, &mut |_| {
            None
        })
    }
}

/// Returns the nodes that a string names, of those in numa_all_nodes_ptr, as a mask of
/// numa_num_possible_nodes() bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_parse_nodestring(string: *const c_char) -> *mut bitmask {
    // SAFETY: the caller's string.
    unsafe {
        parse_nodes(
            "parse_nodestring",
            string,
            all_nodes(),
            limits().node_bits.size(),
        )
    }
}

/// Returns the nodes that a string names, of all that exist (numa_nodes_ptr), as a mask of
/// numa_num_possible_nodes() bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_parse_nodestring_all(string: *const c_char) -> *mut bitmask {
    // SAFETY: the caller's string.
    unsafe {
        parse_nodes(
            "parse_nodestring_all",
            string,
            nodes(),
            limits().cpu_bits.size(),
        )
    }
}

/// Returns the CPUs that a string names, of those in numa_all_cpus_ptr, as a mask of
/// numa_num_possible_cpus() bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_parse_cpustring(string: *const c_char) -> *mut bitmask {
    // SAFETY: the caller's string.
    unsafe { parse_cpus("parse_cpustring", string, all_cpus()) }
}

/// Returns the CPUs that a string names, of all that are possible
/// (/sys/devices/system/cpu/possible, read once), as a mask of numa_num_possible_cpus() bits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_parse_cpustring_all(string: *const c_char) -> *mut bitmask {
    const NAME: &str = "parse_cpustring_all";
    match cache::possible_cpus() {
        // SAFETY: the caller's string.
        Ok(possible) => unsafe { parse_cpus(NAME, string, possible) },
        Err(error) => Err(error).told(NAME).or_errno(ptr::null_mut()),
    }
}

/// The bitmap line up to its newline, or None without one.
///
/// # Safety
/// `line` is null or a C string.
unsafe fn bitmap_line<'a>(line: *const c_char) -> Option<&'a [u8]> {
    if line.is_null() {
        return None;
    }
    // SAFETY: as demanded of the caller.
    let text = unsafe { CStr::from_ptr(line) }.to_bytes();
    let end = text.iter().position(|&b| b == b'\n')?;
    Some(&text[..end])
}

/// Parses a line in the kernel's bitmap format, comma-separated 32-bit hexadecimal words up to a
/// newline, into mask; bits that the line lacks are cleared. The line is not changed.
///
/// Returns 0, or -1 if there is no newline, something else stands there, or a set bit does not
/// fit; errno is not set, and the mask is undefined then. Async-signal-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn numa_parse_bitmap(line: *mut c_char, mask: *mut bitmask) -> c_int {
    // SAFETY: the caller's line and mask.
    unsafe { parse_bitmap(line, view_mut(mask)) }
}

/// The same for any mask.
///
/// # Safety
/// `line` is null or a C string.
pub(super) unsafe fn parse_bitmap(line: *const c_char, mut mask: BitsMut<'_>) -> c_int {
    // SAFETY: as demanded of the caller.
    match unsafe { bitmap_line(line) } {
        // An empty line has no bits.
        Some([]) => mask.clear(),
        Some(line) if parse_hex_map(line, mask).is_ok() => {}
        _ => {
            debug::failed("parse_bitmap", &Error::Invalid("bitmap"));
            return -1;
        }
    }
    0
}
