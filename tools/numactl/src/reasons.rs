//! Why the kernel refuses a policy or CPUs: the core's causes, as text.

use cli::failures::{cause_text, strerror};
use numa::cause::{self, Asked, Cause};
use numa::policy::Mode;
use numa::{Errno, Error, Root};

use crate::given::Given;
use crate::machine::Machine;
use crate::plan::{Placement, Running};
use crate::refusal::Refusal;

/// A mode, in the words of the kernel.
pub(crate) fn mode_name(mode: Mode) -> String {
    let name = mode.name().map(str::to_owned);
    name.unwrap_or_else(|| format!("[{}]", mode.number()))
}

/// A policy call is refused.
pub(crate) fn of_policy(placement: &Placement, error: Error, machine: &Machine) -> Refusal {
    let errno = error.errno();
    let call = match error {
        Error::Kernel { call, .. } => call,
        _ => "the policy",
    };
    let asked = Asked {
        mode: placement.mode,
        flags: placement.flags,
        nodes: placement.nodes.as_bits(),
    };
    let why = cause::of_policy(&asked, call, errno, &machine.facts());
    refused(&placement.given, call, errno, why)
}

/// A call is refused, and why, if that is known.
fn refused(given: &Given, call: &str, errno: Errno, why: Option<Cause<'_>>) -> Refusal {
    let why = why.map_or(String::new(), |why| format!(": {}", cause_text(&why)));
    Refusal::of(given, format!("{call}: {}{why}", strerror(errno)))
}

/// sched_setaffinity(2) is refused.
pub(crate) fn of_running(running: &Running, error: Error, machine: &Machine) -> Refusal {
    let (call, errno) = ("sched_setaffinity", error.errno());
    let why = cause::of_cpus(call, errno, Root::SYSTEM, machine.cpus.as_bits());
    refused(&running.given, call, errno, why)
}
