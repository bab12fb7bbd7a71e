#!/bin/sh
# Runs in a guest with 2 or 4 nodes: a session in the way in which other people's tests drive the package
# and parse what it prints, with awk and grep. It passes with the reference's commands and with ours.
#
#   session.sh [DIRECTORY]      where the commands are (/t/ours, and then /t/reference)

# shellcheck source=tests/lib/tap.sh
. /t/tap.sh
# The reference's commands need its library; ours need none.
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-/t/reference}"
# Nodes 0 and 1 have CPUs, and all nodes have memory.
case $(cat /sys/devices/system/node/online /sys/devices/system/node/has_memory | xargs) in
'0-1 0-1' | '0-3 0-3') ;;
*)
    skip 'the session' 'it is about machines with 2 or 4 nodes'
    finish
    ;;
esac
if [ $# = 0 ]; then
    set -- /t/ours
    beside=/t/reference
else
    beside=''
fi
commands=$1
path=$PATH
PATH=$commands:$path
work=/tmp/session-${commands##*/}
mkdir -p "$work" /dev/shm
grep -q ' /dev/shm ' /proc/mounts || mount -t tmpfs none /dev/shm
cd "$work" || exit 2

# What the kernel says, to compare with.
nodes=$(for d in /sys/devices/system/node/node[0-9]*; do echo "${d##*/node}"; done | sort -n)
count=$(echo "$nodes" | wc -l)
last=$((count - 1))
cpus_of() { expand "$(cat "/sys/devices/system/node/node$1/cpulist")"; }
cpus=$(grep -c '^processor' /proc/cpuinfo)

# is WANTED FOUND; at_least NUMBER FOUND; less NUMBER FOUND: numbers may have decimals.
is() { [ "$1" = "$2" ] || { echo "# '$2', not '$1'"; false; }; }
at_least() { awk -v wanted="$1" -v found="$2" 'BEGIN { exit !(found != "" && found + 0 >= wanted + 0) }' || { echo "# '$2' is less than $1"; false; }; }
less() { awk -v wanted="$1" -v found="$2" 'BEGIN { exit !(found != "" && found + 0 < wanted + 0) }' || { echo "# '$2' is not less than $1"; false; }; }
quietly() {
    "$@" >out 2>&1 || echo "status $?" >>out
    sed 's/^/# /' out
    [ ! -s out ]
}

# --- numactl --hardware ----------------------------------------------------------------------

numactl --hardware >hardware
check 'available nodes' is "$count" "$(sed -n 's/^available: \([0-9][0-9]*\) nodes.*/\1/p' hardware)"
check 'a line of CPUs for each node' is "$count" "$(grep -c '^node [0-9]* cpus:' hardware)"
check 'the CPUs by awk' is "$cpus" "$(awk '/cpus:/ { for (i = 4; i <= NF; i++) n++ } END { print n }' hardware)"
for node in $nodes; do
    check "the CPUs of node $node" is "$(cpus_of "$node" | xargs)" "$(sed -n "s/^node $node cpus: *//p" hardware | xargs)"
    size=$(awk -v node="$node" '$1 == "node" && $2 == node && $3 == "size:" { print $4 }' hardware)
    free=$(grep "node $node free:" hardware | cut -d: -f2 | awk '{ print $1 }')
    total=$(awk '/MemTotal/ { print int($4 / 1024) }' "/sys/devices/system/node/node$node/meminfo")
    check "the size of node $node" is "$total" "$size"
    check "node $node has no more free than that" at_least "$free" "$size"
    check "distances from node $node" is "$(xargs <"/sys/devices/system/node/node$node/distance")" \
        "$(sed -n "s/^ *$node: *//p" hardware | grep -v MB | tail -n 1 | xargs)"
done
check 'the header of the distances' is "$count" "$(awk '/^node  / { print NF - 1 }' hardware)"
check '-H is --hardware' is "$(grep -v free hardware)" "$(numactl -H | grep -v free)"

# --- numactl --show, and who inherits --------------------------------------------------------

shown() { sed -n "s/^$1: *//p" show | xargs; }
numactl --show >show
check 'the policy' is default "$(shown policy)"
check 'CPUs that may be used' is "$cpus" "$(shown physcpubind | wc -w)"
check 'nodes of CPUs' is "$(shown cpubind)" "$(shown nodebind)"
check 'nodes of memory' is "$(echo "$nodes" | xargs)" "$(shown membind)"
check 'every line has a colon' is 0 "$(grep -vc : show)"
numactl --membind="$last" numactl --show >show
check '--membind: policy' is bind "$(shown policy)"
check '--membind: nodes' is "$last" "$(shown membind)"
numactl --interleave=all numactl --show >show
check '--interleave: policy' is interleave "$(shown policy)"
check '--interleave: nodes' is "$(echo "$nodes" | xargs)" "$(sed -n 's/^interleavemask: *//p' show | xargs)"
numactl --preferred="$last" numactl --show >show
check '--preferred: policy' is preferred "$(shown policy)"
check '--preferred: node' is "$last" "$(sed -n 's/^preferred node: *//p' show)"
numactl --cpunodebind=1 numactl --show >show
check '--cpunodebind: CPUs' is "$(cpus_of 1 | xargs)" "$(shown physcpubind)"
check '--cpunodebind: nodes' is 1 "$(shown nodebind)"
check '--physcpubind: the kernel agrees' is 1 "$(numactl --physcpubind=1 sed -n 's/^Cpus_allowed_list:[^0-9]*//p' /proc/self/status)"
numactl --cpunodebind=0 sh -c 'exit 42'
check 'the status of the command' is 42 $?
check '--interleave=all true is a question' quietly numactl --interleave=all true
numactl --membind="$count" true >out 2>err
check 'a node that is not there' is '1 yes' "$? $(grep -q "^<$count> is invalid" out && grep -q "node argument $count is out of range" err && echo yes)"

# --- numactl and memhog, seen by numastat -p -------------------------------------------------

# ask PID...: what numastat says of processes, which column takes apart: column ROW NODE, or Total.
ask() { numastat -p "$@" >process 2>/dev/null; }
column() {
    awk -v row="$1" -v node="$2" '
        $1 == "Node" { for (i = 1; i <= NF; i++) if ($i == node) at = node == "Total" ? (NF - 1) / 2 + 2 : i / 2 + 1 }
        $1 == row { print $at }' process
}
# start COMMAND...: in the background, as $pid.
start() {
    "$@" >background 2>&1 </dev/null &
    pid=$!
}
# settled MEGABYTES: waits until the process has so much, by the kernel's word, and stops it there. A
# process that never has ends with the time of the whole script.
settled() {
    while kill -0 "$pid" 2>/dev/null; do
        resident=$(awk '/^RssAnon:/ { print int($2 / 1024) }' "/proc/$pid/status")
        if [ "${resident:-0}" -ge "$1" ]; then
            kill -STOP "$pid"
            return
        fi
        # The processor is the other one's.
        sleep 0.1
    done
    sed 's/^/# /' background
    return 1
}
stop() {
    kill -KILL "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
}
# on_node NAME NODE: 15 of its 16 MB are there (kernels count late), and nearly nothing elsewhere.
on_node() {
    check "$1: it is there" settled 15
    ask "$pid"
    check "$1: node $2 by numastat" at_least 14 "$(column Total "$2")"
    for node in $nodes; do
        [ "$node" = "$2" ] || check "$1: nothing on node $node" less 4 "$(column Total "$node")"
    done
}
for node in $nodes; do
    start numactl --membind="$node" memhog -r1000000 16m
    on_node "--membind=$node" "$node"
    stop
done
start numactl --preferred="$last" memhog -r1000000 16m
on_node '--preferred' "$last"
stop
start numactl --cpunodebind=1 --localalloc memhog -r1000000 16m
on_node '--cpunodebind --localalloc' 1
stop
start numactl --physcpubind="$(cpus_of 1 | head -n 1)" memhog -r1000000 16m
on_node '--physcpubind' 1
stop
start memhog -r1000000 16m membind "$last"
on_node 'memhog membind' "$last"
check 'a Private row' at_least 14 "$(column Private "$last")"
check 'the Total column' at_least 14 "$(column Total Total)"
check 'one Huge row' is 1 "$(grep -c '^Huge' process)"
check 'one Total row' is 1 "$(grep -c '^Total' process)"
check 'the title names it' is 1 "$(grep -c "PID $pid (memhog)" process)"
# The pattern would find itself in the arguments of whatever runs beside numastat.
numastat -p memhog >stat
check 'by name' is 1 "$(grep -c "PID $pid (memhog)" stat)"
first=$pid

# Two of them are rows.
start memhog -r1000000 16m membind 0
check 'a second one' settled 15
numastat -p memhog >stat
check 'two by name: a row each' is "$(printf '%s\n%s\n' "$first" "$pid" | sort -n | xargs)" \
    "$(awk '$2 == "(memhog)" { print $1 }' stat | xargs)"
check 'two by number' is 2 "$(numastat "$first" "$pid" | grep -c '(memhog)')"

# Now they move: the other one goes where the first one is.
migratepages "$pid" 0 "$last"
check 'migratepages: status' is 0 $?
on_node 'migratepages' "$last"
stop
pid=$first
stop

start numactl --interleave=all memhog -r1000000 16m
check '--interleave: it is there' settled 15
ask "$pid"
for node in $nodes; do
    check "--interleave: a share on node $node" at_least $((16 / count - 2)) "$(column Total "$node")"
    check "--interleave: no more on node $node" less $((16 / count + 4)) "$(column Total "$node")"
done
stop

# --- what memhog and migspeed print ----------------------------------------------------------

check 'a dot for 10 MB' is ... "$(memhog 21m)"
check 'a line for each time' is 3 "$(memhog -r3 1m | grep -c '^\.$')"
check 'memhog with a policy' is . "$(numactl --membind=0 memhog 1m interleave "0,$last")"
memhog 1m membind "$count" >out 2>err
check 'memhog: a node that is not there' is 1 $?
migspeed -p 100 0 "$last" >out
check 'migspeed: megabytes' is 0.4 "$(awk '/Mbyte migrated/ { print $1 }' out)"
check 'migspeed: a rate' at_least 0 "$(sed -n 's/.*secs\. \([0-9.]*\) Mbytes\/second$/\1/p' out)"
check 'migspeed: from there' is 100 "$(sed -n '1s/.* N0=\([0-9]*\).*/\1/p' out)"
check 'migspeed: to there' is 100 "$(sed -n "2s/.* N$last=\([0-9]*\).*/\1/p" out)"

# --- numastat of the machine -----------------------------------------------------------------

numastat >stat
for row in numa_hit numa_miss numa_foreign interleave_hit local_node other_node; do
    check "a number of $row for each node" is "$count" "$(awk -v row=$row '$1 == row { print NF - 1 }' stat)"
done
before=$(awk -v at=$((last + 2)) '/^numa_hit/ { print $at }' stat)
memhog 16m membind "$last" >/dev/null
check 'numa_hit grows by the pages' at_least $((before + 4096)) "$(numastat | awk -v at=$((last + 2)) '/^numa_hit/ { print $at }')"
numastat -m >stat 2>/dev/null
for node in $nodes; do
    total=$(awk '/MemTotal/ { printf "%.2f", $4 / 1024 }' "/sys/devices/system/node/node$node/meminfo")
    check "MemTotal of node $node" is "$total" "$(awk -v at=$((node + 2)) '$1 == "MemTotal" { print $at }' stat)"
done
check 'MemFree: a total' is $((count + 2)) "$(awk '$1 == "MemFree" { print NF }' stat)"
check 'numastat -n' is $((count + 2)) "$(numastat -n | awk '$1 == "Numa_Hit" { print NF }')"
check 'numastat -c: whole numbers' is 0 "$(numastat -c -p $$ | grep -c '\.[0-9]')"

# --- shared memory ---------------------------------------------------------------------------

segment=/dev/shm/${work##*/}
for how in file shm; do
    rm -f "$segment"
    [ $how = file ] || : >"$segment"
    numactl --length=4m --$how="$segment" --membind="$last" --touch 2>err
    check "--$how: made" is 0 $?
    numactl --length=4m --$how "$segment" --dump >dump 2>err
    check "--$how: its policy" is "bind : $last" "$(sed -n 's/^0*-0*400000: *//p' dump | xargs)"
    check "--$how: where it is" is "0000000000000000-0000000000400000: $last" "$(numactl --length=4m --$how "$segment" --dump-nodes 2>err | grep -v '^ *$' | sed 's/ *$//')"
    check "--$how: it verifies" quietly numactl --length=4m --$how "$segment" --membind="$last" --verify
    numactl --length=4m --$how "$segment" --membind=0 --verify >out 2>&1
    check "--$how: and not for another node" is 1 $?
done
check 'the kernel has a segment' is 4194304 "$(tail -n 1 /proc/sysvipc/shm | awk '{ print $4 }')"
rm -f "$segment"
numactl --length=4m --file="$segment" --interleave=all --touch 2>err
check '--file --interleave: a share for each node' is "$count" \
    "$(numactl --length=4m --file="$segment" --dump-nodes 2>err | sed 's/.*: *//' | sort -u | grep -c '[0-9]')"
rm -f "$segment"
# The same must hold of the reference: what it fails there is not a test of the package.
if [ -n "$beside" ]; then
    theirs() {
        PATH=$path sh "$0" "$beside" >theirs
        status=$?
        grep -A 3 '^not ok' theirs | sed 's/^/# /'
        return "$status"
    }
    check 'the reference passes as well' theirs
fi
finish
