//! `--explain`: what would happen, and each reason why it would not. The kernel is asked in a thread of
//! its own, whose policy and CPUs end with it; this process stays as it is.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::{env, fs};

use cli::failures::cause_text;
use cli::text;
use numa::cause;
use numa::policy::{self, Mode, Policy};
use numa::{CpuMask, Node, NodeMask, Root, affinity, topology};
use serde::Serialize;

use crate::effort;
use crate::filter;
use crate::machine::{Machine, ids, is_balancing, this_threads_cpus};
use crate::plan::{Plan, Step};
use crate::reasons::{self, mode_name};
use crate::refusal::Refusal;
use crate::show::{PolicyNow, flags_text};

/// What a plan comes to.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    /// Whether it would work.
    pub(crate) works: bool,
    command: Vec<String>,
    conflicts: Vec<Refusal>,
    cpus: Vec<u32>,
    cpu_nodes: Vec<u32>,
    /// Null where the process cannot ask for its policy.
    policy: Option<PolicyNow>,
    /// Where the memory comes from.
    memory: Vec<Memory>,
    notes: Vec<String>,
    #[serde(skip)]
    text: Lines,
}

/// What people read of it.
#[derive(Debug, Default)]
struct Lines {
    cpus: String,
    policy: String,
}

/// A node's memory.
#[derive(Debug, Serialize)]
struct Memory {
    node: u32,
    memory_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

/// What the kernel made of the steps.
struct Tried {
    refusals: Vec<Refusal>,
    cpus: CpuMask,
    policy: Option<(Policy, PolicyNow)>,
}

impl Explanation {
    /// Explains a plan.
    pub(crate) fn of(plan: &Plan) -> Result<Explanation, Refusal> {
        let machine = plan.machine()?;
        let kills = filter::kills_policies();
        let failed = |error: numa::Error| Refusal::saying(error.to_string(), "--explain", "");
        // A thread that cannot be made, or that ends, is no answer.
        let answer = thread::scope(|scope| {
            let thread =
                thread::Builder::new().spawn_scoped(scope, || attempt(plan, machine, kills));
            thread
                .map_err(|error| Refusal::saying(error.to_string(), "--explain", ""))
                .and_then(|thread| {
                    let ended = |_| Refusal::saying("the attempt ended", "--explain", "");
                    thread.join().map_err(ended)?.map_err(failed)
                })
        })?;
        let cpu_nodes = machine.nodes_of(&answer.cpus).map_err(failed)?;
        let mut conflicts = plan.refusals.clone();
        conflicts.extend(answer.refusals);
        conflicts.extend(missing_command(plan));
        let memory_nodes = match &answer.policy {
            Some((now, _)) if !now.nodes.is_empty() => now.nodes.clone(),
            _ => machine.allowed.clone(),
        };
        let mut explanation = Explanation {
            works: conflicts.is_empty(),
            command: plan
                .command
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            cpus: answer.cpus.iter().map(|cpu| cpu.0).collect(),
            cpu_nodes: ids(&cpu_nodes),
            memory: memory_nodes.iter().map(Memory::of).collect(),
            notes: Vec::new(),
            text: Lines {
                cpus: format!("{} (node {cpu_nodes})", answer.cpus),
                policy: match &answer.policy {
                    Some((now, _)) => policy_text(now),
                    None => "not known: it cannot be asked for".into(),
                },
            },
            policy: answer.policy.as_ref().map(|(_, now)| now.clone()),
            conflicts,
        };
        for notice in &plan.notices {
            explanation.notes.push(notice.line());
        }
        let now = answer.policy.as_ref().map(|(now, _)| now);
        explanation.add_notes(plan, machine, now, &cpu_nodes, &memory_nodes);
        Ok(explanation)
    }

    fn add_notes(
        &mut self,
        plan: &Plan,
        machine: &Machine,
        now: Option<&Policy>,
        cpu_nodes: &NodeMask,
        memory: &NodeMask,
    ) {
        let notes = &mut self.notes;
        for step in &plan.steps {
            match step {
                Step::Policy(wanted) => {
                    let mut dropped = wanted.nodes.clone();
                    dropped.subtract(&machine.allowed);
                    if !wanted.flags.relative_nodes
                        && !dropped.is_empty()
                        && wanted.nodes.intersects(&machine.allowed)
                    {
                        let why = machine.why_not_allowed();
                        notes.push(format!(
                            "{}: node {dropped} is left out: {why}",
                            wanted.given.name()
                        ));
                    }
                    if wanted.flags.balancing && wanted.mode == Mode::Bind {
                        if let Some(why) = cause::why_not_balancing(wanted.mode, Root::SYSTEM) {
                            notes.push(format!("{}: bound without it", cause_text(&why)));
                        }
                    }
                }
                Step::Run(running) => {
                    let empty: Vec<Node> = running
                        .nodes
                        .iter()
                        .flat_map(NodeMask::iter)
                        .filter(|&node| machine.cpus_of(node).is_empty())
                        .collect();
                    if !empty.is_empty() && !running.cpus.is_empty() {
                        notes.push(format!(
                            "{}: node {} has no CPUs",
                            running.given.name(),
                            text::list(empty)
                        ));
                    }
                }
                _ => {}
            }
        }
        let binds = now.is_some_and(|now| !now.nodes.is_empty());
        if binds && !cpu_nodes.is_empty() && !cpu_nodes.intersects(memory) {
            let far = farthest(cpu_nodes, memory);
            notes.push(format!(
                "no CPU is on a node of the memory: every access is remote{far}"
            ));
        }
        let balanced = now.is_none_or(|now| {
            matches!(now.mode, Mode::Default | Mode::Local) || now.flags.balancing
        });
        if is_balancing() == Some(true) && machine.nodes.len() > 1 {
            notes.push(if now.is_some_and(|now| now.flags.balancing) {
                "NUMA balancing is on: pages may move within the nodes of the policy".into()
            } else if balanced {
                "NUMA balancing is on: pages may move to the nodes of the CPUs that use them".into()
            } else {
                "NUMA balancing is on; it leaves pages with this policy alone".into()
            });
        } else if now.is_some_and(|now| now.flags.balancing) {
            notes.push(
                "NUMA balancing is off (/proc/sys/kernel/numa_balancing): --balancing does nothing"
                    .into(),
            );
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        out.push_str(if self.works {
            "This would work.\n"
        } else {
            "This would not work:\n"
        });
        let width = self
            .conflicts
            .iter()
            .map(|conflict| conflict.option.chars().count())
            .max();
        for conflict in &self.conflicts {
            if conflict.option.is_empty() {
                let _ = writeln!(out, "  {}", text::safe(&conflict.reason));
            } else {
                let width = width.unwrap_or(0);
                let _ = writeln!(
                    out,
                    "  {:width$}  {}",
                    text::safe(&conflict.option),
                    text::safe(&conflict.reason)
                );
            }
        }
        if !self.command.is_empty() {
            let command: Vec<String> = self.command.iter().map(|word| text::safe(word)).collect();
            let _ = writeln!(out, "command  {}", command.join(" "));
        }
        let _ = writeln!(out, "CPUs     {}", self.text.cpus);
        let _ = writeln!(out, "policy   {}", self.text.policy);
        for (at, memory) in self.memory.iter().enumerate() {
            let head = if at == 0 { "memory" } else { "" };
            let size = |bytes: Option<u64>| bytes.map_or("?".into(), text::size);
            let (free, all) = (size(memory.free_bytes), size(memory.memory_bytes));
            let _ = writeln!(out, "{head:6}   node {}: {free} free of {all}", memory.node);
        }
        for note in &self.notes {
            let _ = writeln!(out, "note     {}", text::safe(note));
        }
        out
    }
}

impl Memory {
    fn of(node: Node) -> Memory {
        let memory = topology::node_memory(Root::SYSTEM, node).ok();
        Memory {
            node: node.0,
            memory_bytes: memory.map(|memory| memory.total),
            free_bytes: memory.map(|memory| memory.free),
        }
    }
}

/// Sets the policies and CPUs of a plan for the calling thread.
fn attempt(plan: &Plan, machine: &Machine, kills: bool) -> numa::Result<Tried> {
    let mut refusals = Vec::new();
    for step in &plan.steps {
        match step {
            Step::Policy(placement) if kills => {
                refusals.push(Refusal::of(&placement.given, filter::KILLS));
            }
            Step::Policy(placement) => {
                if let Err(error) = effort::set(placement) {
                    refusals.push(reasons::of_policy(placement, error, machine));
                }
            }
            Step::Run(running) => {
                if let Err(error) = affinity::set_thread_cpus(0, running.cpus.as_bits()) {
                    refusals.push(reasons::of_running(running, error, machine));
                }
            }
            _ => {}
        }
    }
    let now = if kills {
        None
    } else {
        policy::thread_policy(machine.node_bits).ok()
    };
    Ok(Tried {
        refusals,
        cpus: this_threads_cpus(machine.cpu_bits)?,
        policy: now.map(|now| {
            let described = PolicyNow::of(&now);
            (now, described)
        }),
    })
}

/// `bind 0-1`
fn policy_text(now: &Policy) -> String {
    let flags = flags_text(now.flags);
    match now.mode {
        Mode::Default => "default: on the node of the CPU that touches a page first".into(),
        Mode::Local => "local: on the node of the CPU that touches a page first".into(),
        mode if now.nodes.is_empty() => format!("{}{flags}", mode_name(mode)),
        mode => format!("{}{flags}: node {}", mode_name(mode), now.nodes),
    }
}

/// ` (distance 21 to 28)`
fn farthest(from: &NodeMask, to: &NodeMask) -> String {
    let size = from.size();
    let distances: Vec<u32> = from
        .iter()
        .flat_map(|from| {
            to.iter()
                .filter_map(move |to| topology::distance(Root::SYSTEM, from, to, size).ok())
        })
        .collect();
    match (distances.iter().min(), distances.iter().max()) {
        (Some(least), Some(most)) if least == most => format!(" (distance {least})"),
        (Some(least), Some(most)) => format!(" (distance {least} to {most})"),
        _ => String::new(),
    }
}

/// That the command cannot be found.
fn missing_command(plan: &Plan) -> Option<Refusal> {
    let name = plan.command.first()?;
    let runs = |path: &Path| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let found = if name.as_encoded_bytes().contains(&b'/') {
        runs(Path::new(name))
    } else {
        let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
        env::split_paths(&path).any(|directory| runs(&directory.join(name)))
    };
    (!found).then(|| {
        let name = text::safe(&name.to_string_lossy());
        Refusal::saying(
            "there is no such command, or it cannot be executed",
            name,
            "",
        )
    })
}
