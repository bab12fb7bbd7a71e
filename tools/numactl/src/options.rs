//! The options, defined once: for parsing, `--help`, the manual page and the completions.

use cli::options::{Definition, Spec, Value};

/// What an option does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opt {
    /// Bind memory to nodes.
    Membind,
    /// Interleave.
    Interleave,
    /// Interleave by weights.
    WeightedInterleave,
    /// Prefer a node.
    Preferred,
    /// Prefer several nodes.
    PreferredMany,
    /// Allocate near the CPU.
    Localalloc,
    /// Let NUMA balancing move pages within the nodes.
    Balancing,
    /// Node ids do not follow the cpuset.
    Static,
    /// Node ids count within the cpuset.
    Relative,
    /// Run on the CPUs of nodes.
    CpuNodeBind,
    /// Run on CPUs.
    PhysCpuBind,
    /// Take nodes and CPUs outside of the cpuset.
    All,
    /// Show the policy.
    Show,
    /// Show the nodes.
    Hardware,
    /// CPUs as ranges.
    CpuCompress,
    /// Explain what would happen.
    Explain,
    /// Do the nearest thing that is permitted.
    BestEffort,
    /// Write JSON.
    Json,
    /// A file, or hugetlbfs.
    File,
    /// A System V segment.
    Shm,
    /// Its number.
    ShmId,
    /// Its permissions.
    ShmMode,
    /// Bytes.
    Length,
    /// From where on.
    Offset,
    /// Of huge pages.
    Huge,
    /// Fail where pages are elsewhere.
    Strict,
    /// Touch all pages.
    Touch,
    /// Check where the pages are.
    Verify,
    /// Show policies.
    Dump,
    /// Show nodes.
    DumpNodes,
    /// Show the version.
    Version,
    /// Show how to call the command.
    Help,
}

const NODES: Value = Value::Required("NODES");

const POLICY: &str = "Where the memory of COMMAND is (one of these)";
const CPUS: &str = "Where COMMAND runs";
const HOW: &str = "How that is taken";
const SHOW: &str = "What to show";
const SHARED: &str = "Shared memory";

/// The command and its options.
pub const DEFINITION: Definition<Opt> = Definition {
    name: "numactl",
    about: "Run a command with a NUMA policy, or set the policy of shared memory",
    usage: &[
        "[OPTIONS] COMMAND [ARGUMENT...]",
        "[OPTIONS] --show | --hardware | --explain [COMMAND]",
        "[--length=SIZE] --shm=FILE | --file=FILE [POLICY] [--touch] [--dump]",
    ],
    options: &[
        Spec::new(
            Opt::Membind,
            Some('m'),
            "membind",
            NODES,
            POLICY,
            "On these nodes only",
        ),
        Spec::new(
            Opt::Preferred,
            Some('p'),
            "preferred",
            Value::Required("NODE"),
            POLICY,
            "On this node; on others when it is full",
        ),
        Spec::new(
            Opt::PreferredMany,
            Some('P'),
            "preferred-many",
            NODES,
            POLICY,
            "On these nodes; on others when they are full (Linux 5.15)",
        ),
        Spec::new(
            Opt::Interleave,
            Some('i'),
            "interleave",
            NODES,
            POLICY,
            "Page by page over these nodes",
        ),
        Spec::new(
            Opt::WeightedInterleave,
            Some('w'),
            "weighted-interleave",
            NODES,
            POLICY,
            "Page by page, by the weights of the nodes (Linux 6.9)",
        ),
        Spec::new(
            Opt::Localalloc,
            Some('l'),
            "localalloc",
            Value::None,
            POLICY,
            "On the node of the CPU that touches a page first",
        ),
        Spec::new(
            Opt::CpuNodeBind,
            Some('N'),
            "cpunodebind",
            NODES,
            CPUS,
            "On the CPUs of these nodes",
        ),
        // An old name.
        Spec::new(Opt::CpuNodeBind, Some('c'), "cpubind", NODES, CPUS, ""),
        Spec::new(
            Opt::PhysCpuBind,
            Some('C'),
            "physcpubind",
            Value::Required("CPUS"),
            CPUS,
            "On these CPUs",
        ),
        Spec::new(
            Opt::All,
            Some('a'),
            "all",
            Value::None,
            HOW,
            "NODES and CPUS may be outside of the cpuset; before them",
        ),
        Spec::new(
            Opt::Balancing,
            Some('b'),
            "balancing",
            Value::None,
            HOW,
            "NUMA balancing may move pages within NODES (with -m: Linux 5.12, with -P: 6.12)",
        ),
        Spec::new(
            Opt::Static,
            None,
            "static",
            Value::None,
            HOW,
            "NODES stay the same when the cpuset changes",
        ),
        Spec::new(
            Opt::Relative,
            None,
            "relative",
            Value::None,
            HOW,
            "NODES count within the cpuset, also when it changes",
        ),
        Spec::new(
            Opt::BestEffort,
            None,
            "best-effort",
            Value::None,
            HOW,
            "Where the kernel, a filter or the cpuset refuses something, say so and do the nearest thing that is permitted",
        ),
        Spec::new(
            Opt::Show,
            Some('s'),
            "show",
            Value::None,
            SHOW,
            "The policy that COMMAND would have",
        ),
        Spec::new(
            Opt::Hardware,
            Some('H'),
            "hardware",
            Value::None,
            SHOW,
            "The nodes, their CPUs, memory and distances",
        ),
        Spec::new(
            Opt::CpuCompress,
            None,
            "cpu-compress",
            Value::None,
            SHOW,
            "CPUs as ranges, with -H",
        ),
        Spec::new(
            Opt::Explain,
            None,
            "explain",
            Value::None,
            SHOW,
            "What would happen, and each reason why it would not; status 1 if it would not work. Nothing is done",
        ),
        Spec::new(Opt::Explain, None, "dry-run", Value::None, SHOW, "The same"),
        Spec::new(
            Opt::Json,
            None,
            "json",
            Value::None,
            SHOW,
            "As one JSON document",
        ),
        Spec::new(
            Opt::Version,
            None,
            "version",
            Value::None,
            SHOW,
            "The version",
        ),
        Spec::new(Opt::Help, None, "help", Value::None, SHOW, "This help"),
        Spec::new(
            Opt::Shm,
            Some('S'),
            "shm",
            Value::Required("FILE"),
            SHARED,
            "The System V segment with the key of FILE",
        ),
        Spec::new(
            Opt::ShmId,
            Some('I'),
            "shmid",
            Value::Required("ID"),
            SHARED,
            "The number in that key; before --shm",
        ),
        Spec::new(
            Opt::File,
            Some('f'),
            "file",
            Value::Required("FILE"),
            SHARED,
            "A file of tmpfs or hugetlbfs",
        ),
        Spec::new(
            Opt::Length,
            Some('L'),
            "length",
            Value::Required("SIZE"),
            SHARED,
            "Bytes, or with k, m or g; before --shm or --file",
        ),
        Spec::new(
            Opt::Offset,
            Some('o'),
            "offset",
            Value::Required("SIZE"),
            SHARED,
            "Where in the file the bytes begin",
        ),
        Spec::new(
            Opt::ShmMode,
            Some('M'),
            "shmmode",
            Value::Required("MODE"),
            SHARED,
            "Permissions of a new segment or file, in octal",
        ),
        Spec::new(
            Opt::Huge,
            Some('u'),
            "huge",
            Value::None,
            SHARED,
            "Make the segment of huge pages",
        ),
        Spec::new(
            Opt::Strict,
            Some('t'),
            "strict",
            Value::None,
            SHARED,
            "Fail if pages are on other nodes already",
        ),
        Spec::new(
            Opt::Touch,
            Some('T'),
            "touch",
            Value::None,
            SHARED,
            "Allocate all pages now",
        ),
        Spec::new(
            Opt::Verify,
            Some('V'),
            "verify",
            Value::None,
            SHARED,
            "Check that pages are where the policy says; status 1 if not",
        ),
        Spec::new(
            Opt::Dump,
            Some('d'),
            "dump",
            Value::None,
            SHARED,
            "The policies of the memory",
        ),
        Spec::new(
            Opt::DumpNodes,
            Some('D'),
            "dump-nodes",
            Value::None,
            SHARED,
            "The nodes of the memory",
        ),
    ],
    new: &[
        Opt::Static,
        Opt::Relative,
        Opt::BestEffort,
        Opt::Explain,
        Opt::Json,
        Opt::Help,
    ],
    stops_at_operand: true,
    after: "NODES are 0, 0-3, 0,2, all, !1 (all but 1), +0 (the first of the cpuset's), or a\n\
            device: netdev:eth0, block:sda, file:PATH, ip:ADDRESS, pci:ADDRESS. \"same\" repeats\n\
            the last NODES.",
};
