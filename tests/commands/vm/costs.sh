#!/bin/sh
# Runs in a guest: what memory costs. On the machine with the firmware's table each number is what QEMU was
# told; weights decide where pages land; words choose nodes. On others each is said to be unknown.
#
#   costs.sh [OURS]      directory (/t/ours)

# shellcheck source=tests/lib/tap.sh
. /t/tap.sh
PATH=${1:-/t/ours}:$PATH
work=/tmp/costs
mkdir -p $work
cd $work || exit 2
weights=/sys/kernel/mm/mempolicy/weighted_interleave
tiering=/sys/devices/virtual/memory_tiering

# prints EXPECTED COMMAND...: on standard output or error.
prints() {
    printf '%s\n' "$1" >expected
    shift
    "$@" >printed 2>&1
    diff expected printed >difference && return
    sed 's/^/# /' difference
    return 1
}
# fails COMMAND...
fails() { ! "$@" >/dev/null 2>&1; }
# nodes WORD: those that it chooses to have memory on.
memory() { numactl -m "$1" -s | sed -n 's/ *$//; s/^membind: //p'; }
running() { numactl -N "$1" -s | sed -n 's/ *$//; s/^nodebind: //p'; }

report() { echo "@json numactl $(numactl --json "$@" 2>/dev/null | tr -d '\n')"; }

if [ "$NUMAVM" != tiers ]; then
    check 'no table: said so' prints 'The firmware tells neither latency nor bandwidth of memory (its table: there is none).' numactl --matrix
    check 'no bandwidths, no suggestion' fails numactl --suggest
    finish
fi

# --- the matrix ------------------------------------------------------------------------------

matrix='latency of reads in ns, to the memory of node
from      0     1     2     3
   0:    80   140t  250   330t
   1:   141t   81   331t  251
   2:     -     -     -     -
   3:     -     -     -     -
t: from the firmware'"'"'s table; others: as the kernel rates them'
check 'latencies are those of the table' prints "$matrix" numactl --matrix=latency
matrix='bandwidth of reads in MB/s, to the memory of node
from        0       1       2       3
   0:  204800  102400t  40960   20480t
   1:  103424t 205824   21504t  41984
   2:       -       -       -       -
   3:       -       -       -       -
t: from the firmware'"'"'s table; others: as the kernel rates them'
check 'bandwidths are those of the table' prints "$matrix" numactl --matrix=bandwidth
matrix='latency of reads in ns, to the memory of node
from      0     1     2     3
   0:    80     -   250     -
   1:     -    81     -   251
   2:     -     -     -     -
   3:     -     -     -     -
-: not told to the kernel (the firmware'"'"'s table: root can read it)'
check 'a user sees what the kernel rates' prints "$matrix" asuser user numactl --matrix=latency
report --matrix

# --- tiers -----------------------------------------------------------------------------------

# The kernel's own numbers are its own matter; that there are two kinds of memory at least is not.
numactl --tiers >tiers
report --tiers
case $(uname -r) in
6.1.*) check 'one tier on 6.1' grep -q '^tier 0: nodes 0-3 ' tiers ;;
*)
    check 'the sockets are the first tier' grep -q '^tier 0: nodes 0-1 (memory_tier' tiers
    rank=0
    for tier in $(basename -a $tiering/memory_tier* | sed 's/memory_tier//' | sort -n); do
        read -r nodes <"$tiering/memory_tier$tier/nodelist"
        check "tier $rank" grep -qE "^tier $rank: nodes? $nodes \\(memory_tier$tier\\)\$" tiers
        rank=$((rank + 1))
    done
    ;;
esac
check 'the cache' grep -qxF 'cache of node 2: level 1, 64 MB, direct-mapped, write-back, lines of 64 bytes' tiers
for switch in true false; do
    echo $switch >/sys/kernel/mm/numa/demotion_enabled
    word=off
    [ $switch = false ] || word=on
    numactl --tiers >tiers
    check "demotion $word" grep -q "^demotion: $word" tiers
done

# --- words -----------------------------------------------------------------------------------

check 'mem' test "$(memory mem)" = '0 1 2 3'
check 'cpu' test "$(memory cpu)" = '0 1'
check 'fast' test "$(memory fast)" = '0 1'
check 'slow' test "$(memory slow)" = '2 3'
check '!slow' test "$(memory '!slow')" = '0 1'
check 'slow,0' test "$(memory slow,0)" = '0 2 3'
check 'near:3 for CPUs' test "$(running near:3)" = '1'
check 'near:3 for memory' test "$(memory near:3)" = '3'
check 'no GPU' prints 'numactl: --membind=gpu:0: there is no gpu 0' numactl -m gpu:0 true
check 'a tier that is not there' fails numactl -m tier:9 true
has() { case $(numactl -m tier:9 true 2>&1) in *'node 0: cpus, memory, tier 0; '*'node 3: memory, tier '*) ;; *) return 1 ;; esac; }
check 'and what the nodes have' has

# The other commands know the same words.
placed() { memhog --json 1m membind "$1" | tr -d ' \n' | sed -n 's/.*"placed":\[\([^]]*\)\].*/\1/p'; }
check 'memhog: near:3' test "$(placed near:3)" = '{"node":3,"bytes":1048576}'
check 'memhog: slow' sh -c "echo '$(placed slow)' | grep -q '\"node\":[23]'"
check 'memhog: no GPU' prints 'libnuma: Warning: there is no gpu 0
<gpu:0> is invalid' memhog 1m membind gpu:0
check 'migspeed: fast to slow' sh -c 'migspeed -v -p 40 fast slow | grep -qx "To: 2 3 "'
check 'migratepages: fast to slow' migratepages $$ fast slow
check 'migratepages: and back' migratepages $$ slow fast
check 'migratepages: no GPU' sh -c "migratepages \$\$ fast gpu:0 2>&1 | grep -q \"the node list 'gpu:0': there is no gpu 0\""
check 'migratepages: a tier that is not there' sh -c 'migratepages $$ tier:9 0 2>&1 | grep -q "no node is tier:9 (node 0: cpus, memory, tier 0; "'

# --- measured --------------------------------------------------------------------------------

numactl --matrix=latency --measure >measured 2>announced
check 'measured' test $? = 0
check 'what it takes is told' grep -qx 'numactl: measuring 8 pairs of nodes: about 6 s, 256 MB of memory at most, all CPUs' announced
for node in 0 1; do check "from node $node" grep -qE "^   $node:( +[0-9]+m){4}\$" measured; done
for node in 2 3; do
    check "not from node $node" grep -qE "^   $node:( +-){4}\$" measured
    check "and why, $node" grep -qx -- "-: from $node to 0: node $node has no CPUs" measured
done
report --measure
mkdir -p /sys/fs/cgroup/measure
echo 0-1 >/sys/fs/cgroup/measure/cpuset.mems
echo 0 >/sys/fs/cgroup/measure/cpuset.cpus
sh -c 'echo $$ >/sys/fs/cgroup/measure/cgroup.procs; exec numactl --matrix=latency --measure' >measured 2>/dev/null
check 'in a cpuset: its own nodes' grep -qE '^   0: +[0-9]+m +[0-9]+m +- +-$' measured
check 'in a cpuset: its own CPUs' grep -qE '^   1:( +-){4}$' measured
check 'in a cpuset: why' grep -q 'to 2: the cpuset of this process (/measure) allows memory of nodes 0-1 only$' measured

# --- what has moved between tiers ------------------------------------------------------------

numastat --tiers >moved
echo "@json numastat $(numastat --json --tiers | tr -d '\n')"
echo "@json numastat $(numastat --json | tr -d '\n')"
check 'balancing is told' grep -q '^balancing: ' moved
check 'demotion is told' grep -qx 'demotion: off' moved
case $(uname -r) in
6.1.*) check 'promotions of all nodes' grep -q '^pgpromote_success ' moved ;;
*)
    for file in "$tiering"/memory_tier*/nodelist; do
        tier=$(basename "${file%/nodelist}")
        check "$tier" grep -q "^Per-node promotions and demotions (in MBs) of tier [0-9]* ($tier):" moved
    done
    check 'demotions by node' grep -q '^pgdemote_kswapd ' moved
    ;;
esac
counter() { sed -n "s/^$1 *//p" moved; }
check 'counters of the system are the kernel'"'"'s' test "$(counter numa_pages_migrated)" = "$(sed -n 's/^numa_pages_migrated //p' /proc/vmstat)"

# --- weights ---------------------------------------------------------------------------------

if [ ! -d $weights ]; then
    check 'no weights: said so' prints 'numactl: this kernel has no weighted interleaving (Linux 6.9)' numactl --weights
    check 'nor set' prints 'numactl: --weights=0:3: this kernel has no weighted interleaving (Linux 6.9)' numactl --weights=0:3
    finish
fi
shown() { numactl --weights | awk '/^ *[0-9]/ { print $1 ":" $2 }' | tr '\n' ' '; }
check 'what the kernel has' test "$(shown)" = "$(for n in 0 1 2 3; do echo "$n:$(cat $weights/node$n)"; done | tr '\n' ' ')"
report --weights
report --suggest
# 204800, 205824, 40960, 41984
check 'suggested by bandwidth' prints 'numactl --weights=0:5,1:5,2:1,3:1' numactl --suggest
check 'set' eval "$(numactl --suggest)"
check 'as suggested' test "$(shown)" = '0:5 1:5 2:1 3:1 '
check 'by root alone' prints 'numactl: --weights=0:1: only root can set weights, where /sys is writable; none was changed' asuser user numactl --weights=0:1
check 'a node that does not exist' prints 'numactl: --weights=0:1,7:1: there is no node 7, only 0-3' numactl --weights=0:1,7:1
check 'none was changed' test "$(shown)" = '0:5 1:5 2:1 3:1 '

# lands WEIGHTS NODES: of 8192 pages as many as the weights say are on each node, within 2 %.
lands() {
    numactl --weights="$1" || return
    rm -f /dev/shm/costs
    numactl -L 32m -f /dev/shm/costs -w "$2" -T -D >dump || return
    awk -v weights="$1" -v nodes="$2" '
        function hex(text,    i, n) { for (i = 1; i <= length(text); i++) n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1; return n }
        { split($1, ends, /[-:]/); pages[$NF] += (hex(ends[2]) - hex(ends[1])) / 4096 }
        END {
            n = split(weights, pair, ","); wanted = "," nodes ","
            for (i = 1; i <= n; i++) { split(pair[i], w, ":"); if (index(wanted, "," w[1] ",")) { weight[w[1]] = w[2]; sum += w[2] } }
            for (node in weight) {
                share = pages[node] / 8192; right = weight[node] / sum
                if (share - right > 0.02 || right - share > 0.02) { print "# node " node ": " share " for " right; bad = 1 }
            }
            exit bad
        }' dump
}
check 'pages land by weights: 5 to 1' lands 0:5,1:5,2:1,3:1 0,2
check 'pages land by weights: 3 to 1 to 2' lands 0:3,1:1,2:2,3:1 0,1,2
check 'pages land by weights: 1 to 20' lands 0:1,1:20 0,1

automatic() { cat $weights/auto 2>/dev/null || cat $weights/__auto_type 2>/dev/null; }
if [ -n "$(automatic)" ]; then
    check 'weights of the kernel' numactl --weights=auto
    check 'are told' sh -c 'numactl --weights | grep -q "^automatic: yes"'
    check 'as the kernel has them' test "$(shown)" = "$(for n in 0 1 2 3; do echo "$n:$(cat $weights/node$n)"; done | tr '\n' ' ')"
    numactl --weights=0:9
    check 'a weight that is set ends that' sh -c 'numactl --weights | grep -qx "automatic: no"'
    report --weights
else
    check 'no weights of the kernel: said so' prints 'numactl: --weights=auto: this kernel does not set weights itself (Linux 6.16)' numactl --weights=auto
fi
finish
