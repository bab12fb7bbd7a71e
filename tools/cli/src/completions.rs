//! Completions of nodes, CPUs and processes, which the helpers of clap do not know: what they write is
//! mended here.
//!
//! An option's value is completed by its name: NODES is a comma list of nodes, and so on. So are operands.

use clap::{Arg, Command};

/// What a value or an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A comma list of nodes, or one node.
    Nodes,
    /// A comma list of CPUs.
    Cpus,
    /// A process.
    Pid,
    /// A command.
    Command,
    /// A directory.
    Directory,
    /// A file.
    File,
    /// One of these words.
    Words(&'static str),
    /// Nothing that could be completed.
    Other,
}

/// Words for nodes; those with a number or a device behind them are not completed further.
fn words() -> String {
    numa::selection::WORDS.join(" ")
}

/// By the name of the value.
fn kind(name: &str) -> Kind {
    match name {
        "NODES" | "NODE" | "FROM" | "TO" => Kind::Nodes,
        "CPUS" => Kind::Cpus,
        "PID" | "PID|PATTERN" => Kind::Pid,
        "COMMAND" => Kind::Command,
        "PATH" => Kind::Directory,
        "FILE" => Kind::File,
        "SIZE|thp" => Kind::Words("thp"),
        "POLICY" => Kind::Words(
            "default local membind preferred preferred-many interleave weighted-interleave",
        ),
        "kind" => Kind::Words("kind"),
        "latency|bandwidth" => Kind::Words("latency bandwidth"),
        "WEIGHTS" => Kind::Words("auto"),
        _ => Kind::Other,
    }
}

fn kind_of(arg: &Arg) -> Option<Kind> {
    if !arg.get_action().takes_values() || arg.is_positional() {
        return None;
    }
    let words: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    if !words.is_empty() {
        // The commands end soon.
        return Some(Kind::Words(words.join(" ").leak()));
    }
    let is_optional = arg
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    let kind = arg
        .get_value_names()
        .and_then(|names| names.first())
        .map(|name| kind(name))?;
    // numastat's -s takes the number of one node, and no word.
    if is_optional && kind == Kind::Nodes {
        return Some(Kind::Other);
    }
    Some(kind)
}

/// The option as it is typed, in both forms.
fn names(arg: &Arg) -> Vec<String> {
    let letter = arg.get_short().map(|letter| format!("-{letter}"));
    let word = arg.get_long().map(|word| format!("--{word}"));
    letter.into_iter().chain(word).collect()
}

/// Options that are shown.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set())
}

/// What bash does for a kind, with the word in `cur`.
fn in_bash(kind: Kind) -> String {
    match kind {
        Kind::Nodes => format!("_numa_rs_list /sys/devices/system/node/node {}", words()),
        Kind::Cpus => "_numa_rs_list /sys/devices/system/cpu/cpu".into(),
        Kind::Pid => "_numa_rs_pids".into(),
        Kind::Command => "COMPREPLY=( $(compgen -c -- \"$cur\") )".into(),
        Kind::Directory => {
            "COMPREPLY=( $(compgen -d -- \"$cur\") ); compopt -o filenames 2>/dev/null".into()
        }
        Kind::File => {
            "COMPREPLY=( $(compgen -f -- \"$cur\") ); compopt -o filenames 2>/dev/null".into()
        }
        Kind::Words(words) => format!("COMPREPLY=( $(compgen -W \"{words}\" -- \"$cur\") )"),
        Kind::Other => "COMPREPLY=()".into(),
    }
}

/// The completion for bash. `operands` are those of the command, by name; the last may come again.
pub(crate) fn bash(command: &Command, operands: &[&str]) -> String {
    let name = command.get_name();
    let all: Vec<String> = options(command).flat_map(names).collect();
    let mut values = String::new();
    let mut takers = Vec::new();
    for (arg, kind) in options(command).filter_map(|arg| Some((arg, kind_of(arg)?))) {
        let names = names(arg);
        let optional = arg
            .get_num_args()
            .is_some_and(|range| range.min_values() == 0);
        if optional {
            // Only what follows `=` belongs to it.
            let words: Vec<_> = names.iter().filter(|name| name.starts_with("--")).collect();
            if let [word] = words[..] {
                values.push_str(&format!("        {word}=) {} ;;\n", in_bash(kind)));
            }
            continue;
        }
        let both: Vec<String> = names
            .iter()
            .flat_map(|name| [name.clone(), format!("{name}=")])
            .filter(|name| name.starts_with("--") || !name.ends_with('='))
            .collect();
        values.push_str(&format!(
            "        {}) {} ;;\n",
            both.join("|"),
            in_bash(kind)
        ));
        takers.extend(names);
    }
    let mut places = String::new();
    for (at, operand) in operands.iter().enumerate() {
        let pattern = if at + 1 == operands.len() {
            "*".to_owned()
        } else {
            at.to_string()
        };
        places.push_str(&format!(
            "            {pattern}) {} ;;\n",
            in_bash(kind(operand))
        ));
    }
    // Behind a command stand its own words.
    let behind = if operands == ["COMMAND"] {
        "    if (( operands > 0 )); then\n        \
             if declare -F _command_offset >/dev/null; then _command_offset \"$first\"; fi\n        \
             return\n    fi\n"
    } else {
        ""
    };
    let takers = takers.join("|");
    let all = all.join(" ");
    format!(
        r#"# Completion of {name}(8) for bash. Made from its options; `make manual` writes it.

# Completes the last number of a comma list: those of directories that begin so, and words.
_numa_rs_list() {{
    local typed= known=("${{@:2}}") path
    [[ $cur != *,* ]] || typed=${{cur%,*}},
    for path in "$1"[0-9]*; do [[ ! -d $path ]] || known+=("${{path#"$1"}}"); done
    COMPREPLY=( $(compgen -P "$typed" -W "${{known[*]}} all" -- "${{cur##*,}}") )
    # A comma may follow.
    compopt -o nospace 2>/dev/null
}}

_numa_rs_pids() {{
    local known=() path
    for path in /proc/[0-9]*; do known+=("${{path#/proc/}}"); done
    COMPREPLY=( $(compgen -W "${{known[*]}}" -- "$cur") )
}}

_{name}() {{
    local cur=$2 before=$3 operands=0 first=0 at word
    COMPREPLY=()
    # Readline takes `--option=value` for three words.
    if [[ $cur == = ]]; then
        cur= before=${{COMP_WORDS[COMP_CWORD - 1]}}=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD - 2]}}=
    fi
    for (( at = 1; at < COMP_CWORD; at++ )); do
        word=${{COMP_WORDS[at]}}
        case $word in
        {takers}) (( at++ )); [[ ${{COMP_WORDS[at]}} != = ]] || (( at++ )) ;;
        =) (( at++ )) ;;
        -*) ;;
        *) (( operands++ )) || first=$at ;;
        esac
    done
{behind}    case $before in
{values}        *)
            if [[ $cur == -* ]]; then
                COMPREPLY=( $(compgen -W "{all}" -- "$cur") )
                return
            fi
            case $operands in
{places}            esac
            ;;
    esac
}}

complete -F _{name} -o bashdefault -o default {name}
"#
    )
}

/// What zsh does for a kind.
fn in_zsh(kind: Kind) -> Option<String> {
    Some(match kind {
        Kind::Nodes => "_numa_rs_nodes".into(),
        Kind::Cpus => "_numa_rs_cpus".into(),
        Kind::Pid => "_pids".into(),
        Kind::Command => "_normal".into(),
        Kind::File => "_files".into(),
        Kind::Words(words) => format!("({words})"),
        Kind::Directory | Kind::Other => return None,
    })
}

/// Mends what clap wrote for zsh.
pub(crate) fn zsh(made: &str, command: &Command, operands: &[&str]) -> String {
    let words = words();
    let lists = format!(
        "\
_numa_rs_nodes() {{ _sequence compadd - ${{(@)${{(@)$(print -l /sys/devices/system/node/node<->(N:t))}}#node}} {words} all }}
_numa_rs_cpus() {{ _sequence compadd - ${{(@)${{(@)$(print -l /sys/devices/system/cpu/cpu<->(N:t))}}#cpu}} all }}

"
    );
    let mut text = made.replacen(
        "autoload -U is-at-least\n\n",
        &format!("autoload -U is-at-least\n\n{lists}"),
        1,
    );
    for (arg, kind) in options(command).filter_map(|arg| Some((arg, kind_of(arg)?))) {
        let (Some(does), Some([name, ..])) = (in_zsh(kind), arg.get_value_names()) else {
            continue;
        };
        text = text.replace(&format!(":{name}:_default"), &format!(":{name}:{does}"));
    }
    // Operands; those of clap have no action.
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("'*::"))
        .collect();
    let mut specs = Vec::new();
    for (at, operand) in operands.iter().enumerate() {
        let place = if at + 1 == operands.len() {
            if *operand == "COMMAND" { "*:" } else { "*" }.to_owned()
        } else {
            (at + 1).to_string()
        };
        let does = in_zsh(kind(operand)).unwrap_or_else(|| " ".into());
        specs.push(format!("'{place}:{operand}:{does}' \\"));
    }
    let end = lines.iter().position(|line| *line == "&& ret=0");
    if let Some(end) = end {
        lines.splice(end..end, specs.iter().map(String::as_str));
    }
    lines.join("\n") + "\n"
}

/// What fish does for a kind.
fn in_fish(kind: Kind) -> Option<String> {
    match kind {
        Kind::Nodes => Some(format!(
            "-f -a '(__numa_rs_list /sys/devices/system/node/node {})'",
            words()
        )),
        Kind::Cpus => Some("-f -a '(__numa_rs_list /sys/devices/system/cpu/cpu)'".into()),
        Kind::Pid => Some("-f -a '(__fish_complete_pids)'".into()),
        Kind::Words(words) => Some(format!("-f -a '{words}'")),
        Kind::Command => Some("-a '(__fish_complete_subcommand)'".into()),
        Kind::Directory | Kind::File | Kind::Other => None,
    }
}

/// Mends what clap wrote for fish.
pub(crate) fn fish(made: &str, command: &Command, operands: &[&str]) -> String {
    let name = command.get_name();
    let mut text = String::from(
        "# Completes the last number of a comma list: those of directories that begin so, and words.
function __numa_rs_list
    set -l typed (commandline -ct | string replace -r '^-[^=]*=' '' | string replace -r '[^,]*$' '')
    for path in $argv[1]*
        set -l number (string replace $argv[1] '' $path)
        string match -qr '^[0-9]+$' $number; and echo \"$typed$number\"
    end
    for word in $argv[2..-1] all
        echo \"$typed$word\"
    end
end

",
    );
    for line in made.lines() {
        let arg = options(command).find(|arg| {
            let word = arg
                .get_long()
                .is_some_and(|word| line.contains(&format!(" -l {word} ")));
            let letter = arg.get_short().is_some_and(|letter| {
                arg.get_long().is_none() && line.contains(&format!(" -s {letter} "))
            });
            word || letter
        });
        let does = arg.and_then(kind_of).and_then(in_fish);
        text.push_str(line);
        // Words of clap's are there already.
        if let Some(does) = does.filter(|_| line.ends_with(" -r")) {
            text.push_str(&format!(" {does}"));
        }
        text.push('\n');
    }
    for does in operands.iter().filter_map(|operand| in_fish(kind(operand))) {
        let line = format!("complete -c {name} {does}\n");
        if !text.contains(&line) {
            text.push_str(&line);
        }
    }
    text
}
