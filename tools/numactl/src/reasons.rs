//! Why the kernel refuses a policy or CPUs.

use cli::failures::strerror;
use numa::policy::Mode;
use numa::{Errno, Error};

use crate::given::Given;
use crate::machine::{Machine, is_at_least, is_filtered, release};
use crate::plan::{Placement, Running};
use crate::refusal::Refusal;

/// Under a filter that kills.
pub(crate) const KILLS: &str = "a seccomp filter kills processes that call set_mempolicy";

/// A mode, in the words of the kernel.
pub(crate) fn mode_name(mode: Mode) -> String {
    match mode {
        Mode::Default => "default".into(),
        Mode::Preferred => "preferred".into(),
        Mode::Bind => "bind".into(),
        Mode::Interleave => "interleave".into(),
        Mode::Local => "local".into(),
        Mode::PreferredMany => "preferred-many".into(),
        Mode::WeightedInterleave => "weighted interleave".into(),
        other => format!("[{}]", other.number()),
    }
}

/// A policy call is refused.
pub(crate) fn of_policy(placement: &Placement, error: Error, machine: &Machine) -> Refusal {
    let errno = error.errno();
    let call = match error {
        Error::Kernel { call, .. } => call,
        _ => "the policy",
    };
    let why = match errno {
        Errno::EPERM | Errno::ENOSYS => of_denied(call, errno),
        Errno::EINVAL => of_invalid(placement, machine),
        Errno::EIO => Some("pages are on other nodes already (--strict)".into()),
        Errno::EFAULT => Some("the range is not mapped".into()),
        _ => None,
    };
    refused(&placement.given, call, errno, why)
}

/// A call is refused, and why, if that is known.
fn refused(given: &Given, call: &str, errno: Errno, why: Option<String>) -> Refusal {
    let why = why.map_or(String::new(), |why| format!(": {why}"));
    Refusal::of(given, format!("{call}: {}{why}", strerror(errno)))
}

/// A call is not there, or not permitted.
pub(crate) fn of_denied(call: &str, errno: Errno) -> Option<String> {
    if is_filtered() {
        return Some(format!(
            "a seccomp filter denies {call} (containers permit it with --cap-add SYS_NICE)"
        ));
    }
    (errno == Errno::ENOSYS).then(|| "this kernel has no NUMA support".into())
}

fn of_invalid(placement: &Placement, machine: &Machine) -> Option<String> {
    let flags = placement.flags;
    let (since, what) = match placement.mode {
        Mode::PreferredMany => ((5, 15), "--preferred-many"),
        Mode::WeightedInterleave => ((6, 9), "--weighted-interleave"),
        _ => ((2, 6), ""),
    };
    if !is_at_least(since.0, since.1) {
        return Some(unknown(what, since));
    }
    if flags.balancing {
        match placement.mode {
            Mode::Bind if !is_at_least(5, 12) => {
                return Some(unknown("--balancing with --membind", (5, 12)));
            }
            Mode::PreferredMany if !is_at_least(6, 12) => {
                return Some(unknown("--balancing with --preferred-many", (6, 12)));
            }
            _ => {}
        }
    }
    if placement.nodes.is_empty() {
        return Some("it has no nodes".into());
    }
    (!flags.relative_nodes && !placement.nodes.intersects(&machine.allowed))
        .then(|| machine.why_not_allowed())
}

fn unknown(what: &str, (major, minor): (u32, u32)) -> String {
    format!("{what} needs Linux {major}.{minor}, this is {}", release())
}

/// sched_setaffinity(2) is refused.
pub(crate) fn of_running(running: &Running, error: Error, machine: &Machine) -> Refusal {
    let errno = error.errno();
    let call = "sched_setaffinity";
    let why = match errno {
        Errno::EPERM | Errno::ENOSYS => of_denied(call, errno),
        Errno::EINVAL => Some(format!(
            "the cpuset of this process allows none of these CPUs, only {}, or they are offline",
            machine.cpus
        )),
        _ => None,
    };
    refused(&running.given, call, errno, why)
}
