//! Seccomp filters that deny policies, or kill who sets one.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use cli::failures::cause_text;
use numa::cause::{self, is_filtered};
use numa::{Errno, Root};

/// Under a filter that kills.
pub(crate) const KILLS: &str = "a seccomp filter kills processes that call set_mempolicy";

/// The environment variable that asks for `--best-effort`, with the value `1`.
pub(crate) const VARIABLE: &str = "NUMACTL_BEST_EFFORT";
/// Its value in a child that only tries something: that one has no children.
const TRIES: &str = "tries";

/// Whether a seccomp filter kills a process that sets a policy. A child tries it.
pub(crate) fn kills_policies() -> bool {
    if std::env::var_os(VARIABLE).is_some_and(|value| value == TRIES) || !is_filtered(Root::SYSTEM)
    {
        return false;
    }
    let status = Command::new("/proc/self/exe")
        .args(["--localalloc", "/proc/self/exe", "--version"])
        .env(VARIABLE, TRIES)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // SIGSYS, on every architecture but MIPS.
    status.is_ok_and(|status| status.signal() == Some(31))
}

/// A call is not there, or not permitted.
pub(crate) fn of_denied(call: &str, errno: Errno) -> Option<String> {
    cause::of_denied(call, errno, Root::SYSTEM).map(|cause| cause_text(&cause))
}
