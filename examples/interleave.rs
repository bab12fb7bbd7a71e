//! Memory whose pages come from nodes in turn, and how many came from each:
//! `cargo run --example interleave [NODES]`.

use std::process::ExitCode;

use numa::memory::Mapping;
use numa::policy::Mode;
use numa::{Root, migrate, strings, topology};

const SIZE: usize = 1 << 20;

fn main() -> ExitCode {
    let nodes = std::env::args().nth(1).unwrap_or_else(|| "all".to_owned());
    match interleave(&nodes) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("interleave: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn interleave(nodes: &str) -> Result<(), String> {
    let size = topology::node_mask_size(Root::SYSTEM);
    let said = |error: numa::Error| error.to_string();
    let allowed = topology::allowed_nodes(Root::SYSTEM, size).map_err(said)?;
    let nodes = strings::parse_nodes(Root::SYSTEM, nodes, &allowed)
        .map_err(|error| format!("{nodes}: {error}"))?;

    let mut memory = Mapping::new(SIZE).map_err(said)?;
    memory
        .place(Mode::Interleave, Some(nodes.as_bits()))
        .map_err(said)?;
    // Pages are placed when they are touched first.
    memory.bytes_mut().fill(1);

    let mut counts = vec![0; size];
    let range = memory.address()..memory.address() + SIZE;
    let there = migrate::count_range(0, range, 0, &mut counts).map_err(said)?;
    for (node, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
        println!("node {node}: {count} of {there} pages");
    }
    Ok(())
}
