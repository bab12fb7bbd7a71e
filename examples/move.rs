//! Moves the pages of a process from some nodes to others, with progress:
//! `cargo run --example move PID FROM TO`.

use std::process::ExitCode;

use numa::migrate::{Job, Options, Plan, Reason};
use numa::{Root, strings, topology};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [pid, from, to] = &*words else {
        eprintln!("usage: move PID FROM TO");
        return ExitCode::from(2);
    };
    match move_pages(pid, from, to) {
        Ok(stayed) => ExitCode::from(u8::from(stayed > 0)),
        Err(reason) => {
            eprintln!("move: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Returns how many pages stayed behind.
fn move_pages(pid: &str, from: &str, to: &str) -> Result<u64, String> {
    let root = Root::SYSTEM;
    let said = |error: numa::Error| error.to_string();
    let number = pid.parse().map_err(|_| format!("{pid} is no process id"))?;
    let nodes = topology::nodes(root, topology::node_mask_size(root)).map_err(said)?;
    let parse =
        |list| strings::parse_nodes(root, list, &nodes).map_err(|error| format!("{list}: {error}"));
    let (from, to) = (parse(from)?, parse(to)?);

    let plan = Plan::new(from.as_bits(), to.as_bits()).map_err(said)?;
    let job = Job::new(root, number, plan, &Options::default()).map_err(said)?;
    job.run(&mut |now| {
        eprint!(
            "\r{} of about {} pages, {} moved",
            now.examined, now.present, now.moved
        );
        true // false stops it
    })
    .map_err(said)?;
    eprintln!();

    let mut stayed = 0;
    for node in job.counts().map_err(said)? {
        print!(
            "node {} to {}: {} moved",
            node.route.from, node.route.to, node.moved
        );
        for reason in Reason::ALL {
            if node.left_for(reason) > 0 {
                print!(", {} {reason:?}", node.left_for(reason));
            }
        }
        println!();
        stayed += node.stayed();
    }
    Ok(stayed)
}
