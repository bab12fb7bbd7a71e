//! What this machine has, and what this process may use of it: `cargo run --example nodes`.

use numa::{Root, topology};

fn main() -> Result<(), numa::Error> {
    let root = Root::SYSTEM;
    let cpu_bits = topology::cpu_mask_size();
    let permitted = topology::permitted(root, cpu_bits)?;
    // The numbers of nodes may have gaps: a mask says which exist.
    let nodes = topology::nodes(root, permitted.node_bits)?;
    for node in nodes.iter() {
        match topology::cpus_of_node(root, node, cpu_bits) {
            Ok(cpus) if cpus.is_empty() => print!("node {node}: no CPUs"),
            Ok(cpus) => print!("node {node}: CPUs {cpus}"),
            Err(error) => print!("node {node}: {error}"),
        }
        match topology::node_memory(root, node) {
            Ok(memory) => println!(
                ", {} MiB, {} MiB free",
                memory.total >> 20,
                memory.free >> 20
            ),
            Err(error) => println!(", {error}"),
        }
    }
    if let (Ok(nodes), Ok(cpus)) = (permitted.nodes, permitted.cpus) {
        println!("this process may use memory of nodes {nodes} and run on CPUs {cpus}");
    }
    if let Err(error) = topology::ask_for_policies() {
        println!("it may not set memory policies: {error}");
    }
    Ok(())
}
