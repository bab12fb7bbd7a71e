//! numactl(8), numastat(8), memhog(8) and migspeed(8) in one program: what they share is there once. The
//! name that it is called by says which one it is, numactl if that is none of them.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let name = args.next().unwrap_or_default();
    let args = args.collect();
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("numastat") => numastat::run(args),
        Some("memhog") => memhog::run(args),
        Some("migspeed") => migspeed::run(args),
        _ => numactl::run(args),
    }
}
