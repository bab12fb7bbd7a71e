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
    /// Show what memory costs.
    Matrix,
    /// Measure it.
    Measure,
    /// Show the memory tiers.
    Tiers,
    /// Show or set the weights of interleaving.
    Weights,
    /// Work the weights out.
    Suggest,
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
const HOW: &str = "How these are applied";
const SHOW: &str = "What to show";
const MEMORIES: &str = "Which memory is which";
const SHARED: &str = "Shared memory";

/// The command and its options.
pub const DEFINITION: Definition<Opt> = Definition {
    name: "numactl",
    about: "Run a command with a NUMA policy, or set the policy of shared memory",
    usage: &[
        "[OPTIONS] COMMAND [ARGUMENT...]",
        "[OPTIONS] --show | --hardware | --explain [COMMAND]",
        "--matrix | --tiers | --weights[=WEIGHTS] | --suggest",
        "[--length=SIZE] --shm=FILE | --file=FILE [POLICY] [--touch] [--dump]",
    ],
    options: &[
        Spec::new(
            Opt::Membind,
            Some('m'),
            "membind",
            NODES,
            POLICY,
            "Allocate memory on these nodes only",
        ),
        Spec::new(
            Opt::Preferred,
            Some('p'),
            "preferred",
            Value::Required("NODE"),
            POLICY,
            "Allocate on this node; on others when it is full",
        ),
        Spec::new(
            Opt::PreferredMany,
            Some('P'),
            "preferred-many",
            NODES,
            POLICY,
            "Allocate on these nodes; on others when they are full (Linux 5.15)",
        ),
        Spec::new(
            Opt::Interleave,
            Some('i'),
            "interleave",
            NODES,
            POLICY,
            "Allocate page by page over these nodes",
        ),
        Spec::new(
            Opt::WeightedInterleave,
            Some('w'),
            "weighted-interleave",
            NODES,
            POLICY,
            "Allocate page by page, by the weights of the nodes (Linux 6.9)",
        ),
        Spec::new(
            Opt::Localalloc,
            Some('l'),
            "localalloc",
            Value::None,
            POLICY,
            "Allocate on the node of the CPU that touches a page first",
        ),
        Spec::new(
            Opt::CpuNodeBind,
            Some('N'),
            "cpunodebind",
            NODES,
            CPUS,
            "Run on the CPUs of these nodes",
        ),
        // An old name.
        Spec::new(Opt::CpuNodeBind, Some('c'), "cpubind", NODES, CPUS, ""),
        Spec::new(
            Opt::PhysCpuBind,
            Some('C'),
            "physcpubind",
            Value::Required("CPUS"),
            CPUS,
            "Run on these CPUs",
        ),
        Spec::new(
            Opt::All,
            Some('a'),
            "all",
            Value::None,
            HOW,
            "Let NODES and CPUS be outside of the cpuset; stands before them",
        ),
        Spec::new(
            Opt::Balancing,
            Some('b'),
            "balancing",
            Value::None,
            HOW,
            "Let NUMA balancing move pages within NODES (with -m: Linux 5.12, with -P: 6.12)",
        ),
        Spec::new(
            Opt::Static,
            None,
            "static",
            Value::None,
            HOW,
            "Keep NODES the same when the cpuset changes",
        ),
        Spec::new(
            Opt::Relative,
            None,
            "relative",
            Value::None,
            HOW,
            "Count NODES within the cpuset, also when it changes",
        ),
        Spec::new(
            Opt::BestEffort,
            None,
            "best-effort",
            Value::None,
            HOW,
            "Where the kernel, a filter or the cpuset refuses something, do the nearest thing that is permitted, and say so",
        ),
        Spec::new(
            Opt::Show,
            Some('s'),
            "show",
            Value::None,
            SHOW,
            "Show the policy that COMMAND would have",
        ),
        Spec::new(
            Opt::Hardware,
            Some('H'),
            "hardware",
            Value::None,
            SHOW,
            "Show the nodes, their CPUs, memory and distances",
        ),
        Spec::new(
            Opt::CpuCompress,
            None,
            "cpu-compress",
            Value::None,
            SHOW,
            "Show CPUs as ranges, with -H",
        ),
        Spec::new(
            Opt::Explain,
            None,
            "explain",
            Value::None,
            SHOW,
            "Do nothing; show what would happen, and each reason why it would not; status 1 if it would not work",
        ),
        Spec::new(
            Opt::Explain,
            None,
            "dry-run",
            Value::None,
            SHOW,
            "Do the same as --explain",
        ),
        Spec::new(
            Opt::Json,
            None,
            "json",
            Value::None,
            SHOW,
            "Write what is shown as one JSON document",
        ),
        Spec::new(
            Opt::Version,
            None,
            "version",
            Value::None,
            SHOW,
            "Show the version",
        ),
        Spec::new(Opt::Help, None, "help", Value::None, SHOW, "Show this help"),
        Spec::new(
            Opt::Matrix,
            None,
            "matrix",
            Value::Optional("latency|bandwidth"),
            MEMORIES,
            "Show latency and bandwidth from each node to the memory of each, as the firmware tells them; root sees more",
        ),
        Spec::new(
            Opt::Measure,
            None,
            "measure",
            Value::None,
            MEMORIES,
            "Measure what --matrix shows: reads from the CPUs of each node, a fifth of a second for each pair, a \
             minute at most for all, with up to 256 MB of memory",
        ),
        Spec::new(
            Opt::Tiers,
            None,
            "tiers",
            Value::None,
            MEMORIES,
            "Show the memory tiers, demotion, caches in front of memory, and devices that access memory by themselves",
        ),
        Spec::new(
            Opt::Weights,
            None,
            "weights",
            Value::Optional("WEIGHTS"),
            MEMORIES,
            "Show the weights of interleaving; with WEIGHTS, such as 0:3,2:1, or auto, set them for the whole system (root)",
        ),
        Spec::new(
            Opt::Suggest,
            None,
            "suggest",
            Value::None,
            MEMORIES,
            "Print the command that sets the weights by the bandwidths of the nodes",
        ),
        Spec::new(
            Opt::Shm,
            Some('S'),
            "shm",
            Value::Required("FILE"),
            SHARED,
            "Use the System V segment with the key of FILE",
        ),
        Spec::new(
            Opt::ShmId,
            Some('I'),
            "shmid",
            Value::Required("ID"),
            SHARED,
            "Use this number in that key; stands before --shm",
        ),
        Spec::new(
            Opt::File,
            Some('f'),
            "file",
            Value::Required("FILE"),
            SHARED,
            "Use a file of tmpfs or hugetlbfs",
        ),
        Spec::new(
            Opt::Length,
            Some('L'),
            "length",
            Value::Required("SIZE"),
            SHARED,
            "Length in bytes, or with k, m or g; stands before --shm or --file",
        ),
        Spec::new(
            Opt::Offset,
            Some('o'),
            "offset",
            Value::Required("SIZE"),
            SHARED,
            "Begin at this byte of the file",
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
            "Show the policies of the memory",
        ),
        Spec::new(
            Opt::DumpNodes,
            Some('D'),
            "dump-nodes",
            Value::None,
            SHARED,
            "Show the nodes of the memory",
        ),
    ],
    new: &[
        Opt::Static,
        Opt::Relative,
        Opt::BestEffort,
        Opt::Matrix,
        Opt::Measure,
        Opt::Tiers,
        Opt::Weights,
        Opt::Suggest,
        Opt::Explain,
        Opt::Json,
        Opt::Help,
    ],
    stops_at_operand: true,
    after: "NODES are 0, 0-3, 0,2, all, !1 (all but 1), +0 (the first of the cpuset's); a device:\n\
            netdev:eth0, block:sda, file:PATH, ip:ADDRESS, pci:ADDRESS, gpu:0, gpu:ADDRESS, nvme:0,\n\
            ib:mlx5_0, cxl:0; or what nodes are: cpu, mem (with CPUs, with memory), fast, slow,\n\
            tier:0, near:NODE, near:gpu:0. \"same\" repeats the last NODES.",
};
