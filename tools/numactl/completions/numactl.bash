# Completion of numactl(8) for bash. Made from its options; `make manual` writes it.

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

_numactl() {
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
        -m|--membind|-p|--preferred|-P|--preferred-many|-i|--interleave|-w|--weighted-interleave|-N|--cpunodebind|-C|--physcpubind|-S|--shm|-I|--shmid|-f|--file|-L|--length|-o|--offset|-M|--shmmode) (( at++ )); [[ ${COMP_WORDS[at]} != = ]] || (( at++ )) ;;
        =) (( at++ )) ;;
        -*) ;;
        *) (( operands++ )) || first=$at ;;
        esac
    done
    if (( operands > 0 )); then
        if declare -F _command_offset >/dev/null; then _command_offset "$first"; fi
        return
    fi
    case $before in
        -m|--membind|--membind=) _numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl: ;;
        -p|--preferred|--preferred=) _numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl: ;;
        -P|--preferred-many|--preferred-many=) _numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl: ;;
        -i|--interleave|--interleave=) _numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl: ;;
        -w|--weighted-interleave|--weighted-interleave=) _numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl: ;;
        -N|--cpunodebind|--cpunodebind=) _numa_rs_list /sys/devices/system/node/node cpu mem fast slow tier: near: gpu: nvme: ib: cxl: ;;
        -C|--physcpubind|--physcpubind=) _numa_rs_list /sys/devices/system/cpu/cpu ;;
        --matrix=) COMPREPLY=( $(compgen -W "latency bandwidth" -- "$cur") ) ;;
        --weights=) COMPREPLY=( $(compgen -W "auto" -- "$cur") ) ;;
        -S|--shm|--shm=) COMPREPLY=( $(compgen -f -- "$cur") ); compopt -o filenames 2>/dev/null ;;
        -I|--shmid|--shmid=) COMPREPLY=() ;;
        -f|--file|--file=) COMPREPLY=( $(compgen -f -- "$cur") ); compopt -o filenames 2>/dev/null ;;
        -L|--length|--length=) COMPREPLY=() ;;
        -o|--offset|--offset=) COMPREPLY=() ;;
        -M|--shmmode|--shmmode=) COMPREPLY=() ;;
        *)
            if [[ $cur == -* ]]; then
                COMPREPLY=( $(compgen -W "-m --membind -p --preferred -P --preferred-many -i --interleave -w --weighted-interleave -l --localalloc -N --cpunodebind -C --physcpubind -a --all -b --balancing --static --relative --best-effort -s --show -H --hardware --cpu-compress --explain --dry-run --json --version --help --matrix --measure --tiers --weights --suggest -S --shm -I --shmid -f --file -L --length -o --offset -M --shmmode -u --huge -t --strict -T --touch -V --verify -d --dump -D --dump-nodes" -- "$cur") )
                return
            fi
            case $operands in
            *) COMPREPLY=( $(compgen -c -- "$cur") ) ;;
            esac
            ;;
    esac
}

complete -F _numactl -o bashdefault -o default numactl
