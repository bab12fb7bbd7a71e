#!/bin/sh
# Runs in a guest: memhog and migspeed on its nodes. Ours and the reference's print the same, and the
# pages are where the kernel is asked to put them.
#
#   memhog.sh [OURS [REFERENCE]]      directories (/t/ours, /t/reference)

# shellcheck source=tests/lib/tap.sh
. /t/tap.sh
ours=${1:-/t/ours} reference=${2:-/t/reference}
# The reference's commands need its library; ours need none.
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-$reference}"
work=/tmp/memhog
mkdir -p $work
chmod 777 $work
cd $work || exit 2

nodes=$(expand "$(cat /sys/devices/system/node/has_memory)")
first=$(echo "$nodes" | head -n 1)
last=$(echo "$nodes" | tail -n 1)
# One without memory, or one that does not exist.
bare=$(expand "$(cat /sys/devices/system/node/possible)" | grep -vxF "$nodes" | head -n 1)
: "${bare:=$((last + 1))}"

# --- the same as the reference ---------------------------------------------------------------

normal() {
    sed -E -e '/^memhog \[-f/,/^Policies: /c USAGE' -e 's/^Usage: .*/USAGE/' -e 's/^[0-9a-f]+ bind/ADDRESS bind/' \
        -e 's/active=[0-9]+/active=N/' -e 's/in [0-9.]+ secs\. .* Mbytes/in TIME secs. RATE Mbytes/'
}
# both LINE: runs it with the commands of each side; true if they print and return the same.
both() {
    for side in "$reference" "$ours"; do
        # shellcheck disable=SC2086  # words
        PATH=$side:$PATH $below $1 >out 2>err </dev/null
        { echo "status $?"; cat out; sed 's/^/err: /' err; } | normal >"both.${side##*/}"
    done
    diff "both.${reference##*/}" "both.${ours##*/}" >difference && return
    sed 's/^/# /' difference
    return 1
}
# Where memory goes that several nodes may have hangs on the CPU.
below='taskset -c 0'
for line in "membind $last" "membind all" "interleave $first,$last" "preferred $last" "preferred $last,$first" \
    "preferred-many all" "preferred $bare" "membind $bare" "membind +1" "membind +0-1" \
    "membind $first-$last" "interleave $last-$first" "local" "default"; do
    check "memhog 100k $line" both "memhog 100k $line"
done
for line in "$first $last" "all $last" "$first all" "$bare $first" "$first $bare"; do
    check "migspeed -v -p 40 $line" both "migspeed -v -p 40 $line"
done
# complement: ours means all other nodes.
complement() {
    "$ours/migspeed" -v -p 4 "$last" "!$last" >out 2>err
    others=$(echo "$nodes" | grep -vx "$last" | tr '\n' ' ')
    grep -qx "To: $others" out || { sed 's/^/# /' out err; false; }
}
# others_differ: and the reference means others.
others_differ() { ! both "migspeed -v -p 4 $last !$last" >/dev/null; }
if [ "$first" != "$last" ]; then check "migspeed $last !$last" complement; fi
if [ "$(echo "$nodes" | wc -l)" = $((last + 1)) ]; then
    for line in "memhog 100k membind !$first" "migspeed -v -p 40 $last !$last"; do check "$line" both "$line"; done
else
    # A row of docs/memhog-migspeed.md.
    check 'complements of nodes with gaps' others_differ
fi
below='asuser user'
check "as a user: memhog 1m interleave all" both 'memhog 1m interleave all'
check "as a user: migspeed -p 40 $first $last" both "migspeed -p 40 $first $last"
below=''
# In a cpuset that has the last node alone.
group=/sys/fs/cgroup/memhog
mkdir -p $group
echo "$last" >$group/cpuset.mems
# shellcheck disable=SC2016  # for the inner shell
echo 'echo $$ >/sys/fs/cgroup/memhog/cgroup.procs && exec "$@"' >within
below='sh within'
for line in "memhog 100k membind all" "memhog 100k membind +0" "migspeed 5000 +0"; do
    check "in a cpuset: $line" both "$line"
done
if [ "$first" != "$last" ]; then
    check "in a cpuset: memhog 100k membind $first" both "memhog 100k membind $first"
    # A row of docs/memhog-migspeed.md.
    works() {
        sh within "$ours/migspeed" -p 40 all +0 >out && grep -q '^0\.2 Mbyte migrated' out &&
            ! sh within "$reference/migspeed" -p 40 all +0 2>err && grep -q '^from mask: ' err
    }
    check 'a cpuset without node 0' works
fi
below=''

# --- where the pages are ---------------------------------------------------------------------

# hog ARGS...: a memhog that holds 8 MiB with these arguments; $pid is its number. It has written all of
# it when this returns.
hog() {
    rm -f fifo
    mkfifo fifo
    "$ours/memhog" --hold -H "$@" >fifo 2>hog.err &
    pid=$!
    read -r _ <fifo
}
# Pages of its memory on a node: its mapping is the one with 2048 pages.
pages_on() {
    awk -v node="N$1=" '/ (anon|dirty)=2048 / { for (i = 3; i <= NF; i++) if (index($i, node) == 1) print substr($i, length(node) + 1) }' \
        "/proc/$pid/numa_maps" | head -n 1 | grep . || echo 0
}
# lies NODE PAGES [NODE PAGES]...: so many pages are on these nodes.
lies() {
    while [ $# -gt 0 ]; do
        found=$(pages_on "$1")
        if [ "$found" != "$2" ]; then
            echo "# $found pages on node $1, not $2"
            grep 2048 "/proc/$pid/numa_maps" | sed 's/^/# /'
            cat hog.err
            return 1
        fi
        shift 2
    done
}
# placed NAME ARGS... -- NODE PAGES...
placed() {
    name=$1 args=''
    shift
    while [ "$1" != -- ]; do
        args="$args $1"
        shift
    done
    shift
    # shellcheck disable=SC2086  # words
    hog $args
    check "$name" lies "$@"
    kill "$pid"
    wait "$pid" 2>/dev/null
}
for node in $nodes; do placed "membind $node" 8m membind "$node" -- "$node" 2048; done
placed "preferred $last" 8m preferred "$last" -- "$last" 2048
if [ "$first" != "$last" ]; then
    placed "interleave $first,$last" 8m interleave "$first,$last" -- "$first" 1024 "$last" 1024
    truncate -s 8388608 /dev/shm/file 2>/dev/null || { mkdir -p /dev/shm && mount -t tmpfs none /dev/shm && truncate -s 8388608 /dev/shm/file; }
    placed "a file, membind $last" -f /dev/shm/file 8m membind "$last" -- "$last" 2048
    rm -f /dev/shm/file
    if [ -d /sys/kernel/mm/mempolicy/weighted_interleave ]; then
        echo 3 >"/sys/kernel/mm/mempolicy/weighted_interleave/node$first"
        echo 1 >"/sys/kernel/mm/mempolicy/weighted_interleave/node$last"
        placed 'weighted-interleave 3:1' 8m weighted-interleave "$first,$last" -- "$first" 1536 "$last" 512
    else
        weighted_refused() { ! "$ours/memhog" 1m weighted-interleave all 2>err && grep -q 'Linux 6.9 does' err; }
        check 'weighted-interleave is refused by a kernel without it' weighted_refused
    fi
    located() { "$ours/memhog" --json 8m membind "$last" | tr -d ' \n' | grep -q "\"placed\":\[{\"node\":$last,\"bytes\":8388608}\]"; }
    check '--json says where they are' located
fi

# --- huge pages ------------------------------------------------------------------------------

pool=/sys/devices/system/node/node$last/hugepages/hugepages-2048kB/nr_hugepages
echo 4 >"$pool"
if [ "$(cat "$pool")" = 4 ] && [ "$first" != "$last" ]; then
    huge() { "$ours/memhog" --json --huge=2m 8m membind "$last" | tr -d ' \n' | grep -q "\"placed\":\[{\"node\":$last,\"bytes\":8388608}\]"; }
    check "huge pages of node $last" huge
    # The pool has pages, but not there.
    none_there() { ! "$ours/memhog" --huge=2m 8m membind "$first" 2>err && grep -q 'no huge page of 2 MiB is left' err; }
    check "node $first has none: no SIGBUS" none_there
else
    skip 'huge pages' 'the last of two nodes has no room for them'
fi
echo 0 >"$pool"

# --- pages of another process ----------------------------------------------------------------

if [ "$first" != "$last" ]; then
    hog 8m membind "$last"
    "$ours/migspeed" --json --pid="$pid" -p 1500 "$last" "$first" >json 2>err
    moved() { [ "$(grep -c '"pages_moved": 1500' json)" = 2 ] || { sed 's/^/# /' json err; false; }; }
    check '1500 pages of a process move, there and back' moved
    check 'they are where they were' lies "$last" 2048 "$first" 0
    stranger() { ! asuser user "$ours/migspeed" --pid="$pid" "$last" "$first" 2>err && grep -q "process $pid" err; }
    check "another user's process is refused" stranger
    kill "$pid"
    wait "$pid" 2>/dev/null
fi
finish
