//! Node lists of numactl, memhog and migspeed, refused in the words that scripts know: libnuma's
//! warning on standard error, `<7> is invalid` on standard output.

// Errors carry names and must not need the heap.
#![allow(clippy::result_large_err)]

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use numa::device::{self, DeviceError};
use numa::selection::{SelectError, Want, select};
use numa::strings::ListError;
use numa::{NodeMask, Root};

use crate::nodes::{Machine, why_nothing};

/// Why a node list is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadList {
    text: Vec<u8>,
    warning: Vec<u8>,
}

impl BadList {
    /// Says so, as libnuma and the commands do: the warning, and then, unless something else is to
    /// stand on standard output, the list.
    pub fn complain(&self, is_told: bool) {
        // Who has closed a stream does not want to know.
        let _ = io::stderr().write_all(&[b"libnuma: Warning: ", &*self.warning, b"\n"].concat());
        if !is_told {
            return;
        }
        let mut out = io::stdout().lock();
        let _ = out.write_all(&[b"<", &*self.text, b"> is invalid\n"].concat());
        let _ = out.flush();
    }

    /// The reason alone, in a line.
    pub fn reason(&self) -> String {
        String::from_utf8_lossy(&self.warning).trim_end().to_owned()
    }
}

/// Parses a list of nodes whose memory this process may use: what `all` and `!` mean, and what `+` counts in.
/// An empty list has no nodes.
pub fn parse(text: &OsStr, machine: &Machine) -> Result<NodeMask, BadList> {
    let text = text.as_bytes();
    select(Root::SYSTEM, text, &machine.allowed, Want::Memory).map_err(|error| {
        let warning = match &error {
            SelectError::List(error) => warning("node", error),
            // What the words stand for outside of the cpuset, or why they stand for nothing.
            error => match select(Root::SYSTEM, text, &machine.present, Want::Memory) {
                Ok(nodes) => machine.why_not_allowed(&nodes),
                Err(_) => why_nothing(error, &machine.present),
            }
            .into_bytes(),
        };
        BadList {
            text: text.to_vec(),
            warning,
        }
    })
}

/// libnuma's warning about a list of nodes or CPUs (`kind` is `node` or `cpu`); those about lists end with
/// a line end of their own.
pub fn warning(kind: &str, error: &ListError<'_>) -> Vec<u8> {
    let with = |before: &str, rest: &[u8], after: &str| {
        [before.as_bytes(), rest, after.as_bytes()].concat()
    };
    match *error {
        ListError::OutOfRange {
            number, end, rest, ..
        } => {
            let shown = number.to_string();
            // Of CPUs it shows the rest of the text.
            let shown = if kind == "cpu" {
                rest
            } else {
                shown.as_bytes()
            };
            let is = if end { "" } else { "is " };
            with(
                &format!("{kind} argument "),
                shown,
                &format!(" {is}out of range\n"),
            )
        }
        ListError::MissingEnd { rest } => with(&format!("missing {kind} argument "), rest, "\n"),
        ListError::Unparseable { rest } => {
            with(&format!("unparseable {kind} description `"), rest, "'\n")
        }
        ListError::Device(ref error) => of_device(error),
        _ => error.to_string().into_bytes(),
    }
}

fn of_device(error: &DeviceError) -> Vec<u8> {
    use DeviceError as E;
    let with = |before: String, name: &device::Name, after: &str| {
        let name = name.as_c_str().to_bytes();
        [before.as_bytes(), name, after.as_bytes()].concat()
    };
    let plain = |before: &str, name, after| with(before.to_owned(), name, after);
    match error {
        E::Stat { path, .. } => plain("Cannot stat file ", path, ""),
        E::NoDevices { class, .. } => {
            format!("Cannot enumerate {class} devices in sysfs").into_bytes()
        }
        E::NoBlockDevice { path, major, minor } => {
            let before = format!("Cannot find block device {major:x}:{minor:x} in sysfs for `");
            with(before, path, "'")
        }
        E::Unreadable { kind, name, .. } => with(
            format!("Cannot read node mask for {kind} device `"),
            name,
            "'",
        ),
        E::Unknown { name } => plain("Kernel does not know node mask for device `", name, "'"),
        E::BadName { name } => plain("Illegal characters in `", name, "' specification"),
        E::BadPci { word } => plain("Cannot parse PCI device `", word, "'"),
        E::BadAddress { word, code } => plain(
            "Cannot resolve ",
            word,
            &format!(": {}", of_resolver(*code)),
        ),
        E::NoRoute { word, .. } => {
            plain("Cannot find the network device of the route to ", word, "")
        }
        _ => error.to_string().into_bytes(),
    }
}

/// gai_strerror(3), for what a name can be refused for.
fn of_resolver(code: i32) -> &'static str {
    match code {
        -1 => "Bad value for ai_flags",
        -2 => "Name or service not known",
        -3 => "Temporary failure in name resolution",
        -4 => "Non-recoverable failure in name resolution",
        -5 => "No address associated with hostname",
        -6 => "ai_family not supported",
        -10 => "Memory allocation failure",
        -11 => "System error",
        _ => "Unknown error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numa::Node;

    fn told(text: &str) -> String {
        let mut allowed = NodeMask::new(64).unwrap();
        for node in [0, 2] {
            allowed.insert(Node(node)).unwrap();
        }
        let machine = Machine {
            size: 64,
            present: allowed.clone(),
            allowed,
        };
        match parse(OsStr::new(text), &machine) {
            Ok(nodes) => format!("nodes {nodes}"),
            Err(bad) => {
                assert_eq!(bad.text, text.as_bytes());
                String::from_utf8(bad.warning).unwrap()
            }
        }
    }

    #[test]
    fn lists_name_nodes_that_may_be_used() {
        assert_eq!(told("0"), "nodes 0");
        assert_eq!(told("0-2"), "nodes 0,2");
        assert_eq!(told("all"), "nodes 0,2");
        assert_eq!(told("!0"), "nodes 2");
        assert_eq!(told("+1"), "nodes 2");
        assert_eq!(told(""), "nodes ");
    }

    #[test]
    fn refusals_are_libnumas() {
        assert_eq!(told("1"), "node argument 1 is out of range\n");
        assert_eq!(told("0-3"), "node argument 3 out of range\n");
        assert_eq!(told("+2"), "node argument 64 is out of range\n");
        assert_eq!(told("0-"), "missing node argument \n");
        assert_eq!(told("x"), "unparseable node description `x'\n");
        assert_eq!(told("0,"), "unparseable node description `'\n");
        assert_eq!(told("gpu:999"), "there is no gpu 999");
        assert_eq!(told("tier:x"), "tier:x names no node, device or tier");
        assert!(told("tier:999").contains("tier:999"));
        assert_eq!(told("file:/nonexistent"), "Cannot stat file /nonexistent");
        assert_eq!(told("pci:zz"), "Cannot parse PCI device `zz'");
        assert_eq!(
            told("netdev:../x"),
            "Illegal characters in `../x' specification"
        );
        assert_eq!(
            told("block:nope"),
            "Cannot read node mask for block device `nope'"
        );
    }
}
