#!/bin/sh
# Processes in unusual states on a machine with four nodes: their pages move as those of others do.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"

# in_state NAME COMMAND...: starts a process that prints as hold does; sets pid and region.
in_state() {
    state=$1
    shift
    : >"$state"
    "$@" >"$state" &
    holder=$!
    until grep -q ^ready "$state"; do kill -0 "$holder" 2>/dev/null || break; done
    pid=$(sed -n 's/^ready //p' "$state")
    region=$(sed -n 's/^region [a-z]* //p' "$state")
}
# moved NAME FROM TO [PID]: its pages are all on TO afterwards.
moved() {
    "$move" --strict "${4:-$pid}" "$2" "$3" 2>state.err
    status=$?
    # shellcheck disable=SC2086
    set -- "$1" "$3" $region
    "$here/where" "$pid" "$3" "$4" >state.1
    check "$1: all pages moved (status $status, $(counts state.1) $(cat state.err))" [ "$status $(counts state.1)" = "0 $2:$4" ]
}
end_state() { kill -KILL "$holder" "$pid" 2>/dev/null; }

for mode in nondumpable vforked traced thread; do
    in_state "$mode" "$here/states" "$mode" 0 256
    moved "$mode" 0 1
    end_state
done
in_state stopped "$here/states" nondumpable 0 256
kill -STOP "$pid"
until grep -q 'State:.T' "/proc/$pid/status"; do :; done
moved stopped 0 1
end_state
in_state frozen "$here/states" nondumpable 0 256
mkdir -p /sys/fs/cgroup/frozen
echo "$pid" >/sys/fs/cgroup/frozen/cgroup.procs
echo 1 >/sys/fs/cgroup/frozen/cgroup.freeze
until grep -q 'frozen 1' /sys/fs/cgroup/frozen/cgroup.events; do :; done
moved frozen 0 1
echo 0 >/sys/fs/cgroup/frozen/cgroup.freeze
end_state
# Reached through a thread that is still there.
in_state leaderless "$here/states" leaderless 0 256
leader=$pid
"$move" "$pid" 0 1 2>leader.err
check "the first thread has ended: status 1" [ $? = 1 ]
pid=$(sed -n 's/.*name one of those, such as //p' leader.err)
moved "the first thread has ended, by another's id" 0 1
kill -KILL "$leader"
if [ -e "$here/small32" ]; then
    in_state 32-bit "$here/small32"
    moved 32-bit all 2
    end_state
else
    skip 32-bit "no compiler for it"
fi
# A line of numa_maps of more than 16 KiB, also where holes cost something.
in_state deep "$here/states" deep 0 8192
moved "a path of 20 KiB" 0 1
check "a path of 20 KiB: --show counts it" [ "$("$move" --show --json "$pid" | sed -n 's/^ *"shared": \([0-9]*\).*/\1/p' | sort -n | tail -n 1)" -ge 33554432 ]
end_state
# Yama guards against tracers only.
if [ -e /proc/sys/kernel/yama/ptrace_scope ]; then
    echo 2 >/proc/sys/kernel/yama/ptrace_scope
    cp "$here/hold" /tmp/hold
    chmod 755 /tmp/hold
    asuser user sh -c 'cd && /tmp/hold anon:0:64 >yama &'
    home=$(sed -n 's/^user:[^:]*:[^:]*:[^:]*:[^:]*:\([^:]*\):.*/\1/p' /etc/passwd)
    until grep -qs ^ready "$home/yama"; do :; done
    pid=$(sed -n 's/^ready //p' "$home/yama")
    asuser user "$move" "$pid" 0 1 2>yama.err
    check "Yama: the user's own process moves" [ $? = 0 ]
    # shellcheck disable=SC2046
    "$here/where" "$pid" $(region_of "$home/yama" anon) >yama.1
    check "Yama: its pages are there ($(counts yama.1))" [ "$(counts yama.1)" = "1:64" ]
    kill "$pid"
else
    skip Yama "not in this kernel"
fi
finish
