//! Writes the manual pages and the completions, from the definitions of the options.
//!
//! `numa-tools-docs DIRECTORY` writes NAME.8 and the completions of each command into that directory.

use std::path::Path;
use std::process::ExitCode;

use cli::manual;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else {
        eprintln!("usage: numa-tools-docs DIRECTORY");
        return ExitCode::from(2);
    };
    let directory = Path::new(&directory);
    let commands = [
        (numactl::DEFINITION.command(), numactl::docs::PROSE),
        (numastat::DEFINITION.command(), numastat::docs::PROSE),
        (memhog::DEFINITION.command(), memhog::docs::PROSE),
        (migspeed::DEFINITION.command(), migspeed::docs::PROSE),
    ];
    for (command, prose) in commands {
        if let Err(error) = manual::write(directory, &command, &prose) {
            eprintln!("numa-tools-docs: {}: {error}", command.get_name());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
