# Completion of numastat(8) for bash. Made from its options; `make manual` writes it.

# Completes the last number of a comma list: those of directories that begin so, and words.
_numa_rs_list() {
    local typed= known=("${@:2}") path
    [[ $cur != *,* ]] || typed=${cur%,*},
    for path in "$1"[0-9]*; do [[ ! -d $path ]] || known+=("${path#"$1"}"); done
    COMPREPLY=( $(compgen -P "$typed" -W "${known[*]} all" -- "${cur##*,}") )
    # A comma may follow.
    compopt -o nospace 2>/dev/null
}

_numa_rs_pids() {
    local known=() path
    for path in /proc/[0-9]*; do known+=("${path#/proc/}"); done
    COMPREPLY=( $(compgen -W "${known[*]}" -- "$cur") )
}

_numastat() {
    local cur=$2 before=$3 operands=0 first=0 at word
    COMPREPLY=()
    # Readline takes `--option=value` for three words.
    if [[ $cur == = ]]; then
        cur= before=${COMP_WORDS[COMP_CWORD - 1]}=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}=
    fi
    for (( at = 1; at < COMP_CWORD; at++ )); do
        word=${COMP_WORDS[at]}
        case $word in
        -p|--tree|--cgroup|--check|--by|--interval) (( at++ )); [[ ${COMP_WORDS[at]} != = ]] || (( at++ )) ;;
        =) (( at++ )) ;;
        -*) ;;
        *) (( operands++ )) || first=$at ;;
        esac
    done
    case $before in
        -p) _numa_rs_pids ;;
        --tree|--tree=) _numa_rs_pids ;;
        --cgroup|--cgroup=) COMPREPLY=( $(compgen -d -- "$cur") ); compopt -o filenames 2>/dev/null ;;
        --check|--check=) _numa_rs_pids ;;
        --by|--by=) COMPREPLY=( $(compgen -W "kind" -- "$cur") ) ;;
        --interval|--interval=) COMPREPLY=() ;;
        *)
            if [[ $cur == -* ]]; then
                COMPREPLY=( $(compgen -W "-m -n -p --tree --cgroup --tiers --check --by -c -s -v -z --interval --json --help -V --version" -- "$cur") )
                return
            fi
            case $operands in
            *) _numa_rs_pids ;;
            esac
            ;;
    esac
}

complete -F _numastat -o bashdefault -o default numastat
