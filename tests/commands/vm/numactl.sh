# shellcheck shell=sh
# numactl in a guest: the reference's command lines, as root, as a user, in a cpuset with gaps; what
# --best-effort and --explain make of a cpuset; where memory really is.

# shellcheck source=tests/lib/tap.sh
. /t/tap.sh
export LD_LIBRARY_PATH=/t/reference
numactl=/t/ours/numactl

# lines TITLE COMMAND...: the list of tests/numactl, as this user and in this place.
lines() {
    title=$1
    shift
    "$@" >/tmp/lines.out 2>&1
    tap_count=$((tap_count + $(grep -cE '^(not )?ok ' /tmp/lines.out)))
    ! grep -q '^not ok ' /tmp/lines.out || tap_failed=1
    grep -q '^1\.\.' /tmp/lines.out || { echo "not ok - $title: ended early"; tap_count=$((tap_count + 1)) tap_failed=1; }
    sed -E -e '/^1\.\./d' -e "s/^((not )?ok) [0-9]+ - /\\1 - $title: /" /tmp/lines.out
}
compare='/t/bash /t/numactl/compare --brief /t/reference/numactl /t/ours/numactl /t/numactl/lines'
# shellcheck disable=SC2086  # words
lines root $compare
# What hangs on the user hangs on nothing else of the machine.
case $(uname -r)-$(cat /sys/devices/system/node/online) in 6.12.*-0-3) lines user asuser user sh -c "$compare" ;; esac

memory=$(cat /sys/devices/system/node/has_memory)
cpus=$(cat /sys/devices/system/cpu/online)
first=$(expand "$memory" | head -n 1) last=$(expand "$memory" | tail -n 1)

# says STATUS PATTERN COMMAND...
says() {
    says_status=$1 says_pattern=$2
    shift 2
    "$@" >/tmp/said 2>&1
    says_got=$?
    [ "$says_got" = "$says_status" ] && grep -qE -e "$says_pattern" /tmp/said && return
    sed 's/^/# /' /tmp/said
    echo "# status $says_got"
    return 1
}

# Where memory is: the kernel's word for it.
on_last() { "$numactl" "$1=$last" /t/tools/touch >/tmp/said && grep -qE " N$last=1024 " /tmp/said; }
for option in --membind --preferred --interleave --preferred-many; do check "$option: memory is there" on_last $option; done
if [ -e /sys/kernel/mm/mempolicy/weighted_interleave ]; then
    check '--weighted-interleave: memory is there' on_last --weighted-interleave
    check '--weighted-interleave: it is shown' says 0 '^policy: weighted interleave$' "$numactl" -w "$last" -s
    check '--weighted-interleave: weights are shown' says 0 '^interleaveweights: [0-9]+ $' "$numactl" -w "$last" -s
    dumped() { says 0 ': weighted interleave : ' "$numactl" -L 64k -f /tmp/weighted -w "$memory" -d; }
    check '--weighted-interleave: of a file' dumped
else
    check '--weighted-interleave: the kernel is too old' says 1 'needs Linux 6.9, this is ' "$numactl" -w "$last" true
fi
check '--static' says 0 '^policy: bind \(static\)$' "$numactl" --static -m "$last" -s
check '--relative' says 0 '^policy: bind \(relative\)$' "$numactl" --relative -m 0 -s
balancing() { says 0 '^policy: preferred-many \(balancing\)$' "$numactl" -b -P "$last" -s; }
too_old() { says 1 'needs Linux 6.12, this is' "$numactl" -b -P "$last" -s; }
case $(uname -r) in [1-5].* | 6.[0-9].* | 6.1[01].*) check '--balancing with -P: the kernel is too old' too_old ;;
*) check '--balancing with -P' balancing ;; esac

# Nodes without CPUs or without memory.
for n in $(expand "$(cat /sys/devices/system/node/online)"); do
    if ! grep -q '[0-9]' "/sys/devices/system/node/node$n/cpulist"; then
        check "-N $n: which has no CPUs" says 1 "^numactl: --cpunodebind=$n: node $n has no CPUs" "$numactl" -N "$n" true
        check "--explain -N $n" says 1 "^  --cpunodebind=$n  node $n has no CPUs" "$numactl" --explain -N "$n" true
    elif grep -q ' MemTotal: *0 kB' "/sys/devices/system/node/node$n/meminfo"; then
        check "-N $n: which has no memory" says 0 "^nodebind: $n $" "$numactl" -N "$n" -s
        check "-m $n: which has no memory" says 1 "^numactl: --membind=$n: node $n has no memory" "$numactl" -m "$n" true
    fi
done

# A cpuset with every second node and CPU.
if [ "$first" != "$last" ] && [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    group=/sys/fs/cgroup/commands
    mkdir -p $group
    every_second "$memory" >$group/cpuset.mems
    every_second "$cpus" >$group/cpuset.cpus
    inside() { sh -c 'echo $$ >/sys/fs/cgroup/commands/cgroup.procs && exec "$@"' inside "$@"; }
    allowed=$(cat $group/cpuset.mems.effective)
    # shellcheck disable=SC2086  # words
    lines cpuset inside $compare
    check 'cpuset: a node outside is refused, with the reason' \
        says 1 "^numactl: --membind=$first: the cpuset of this process \(/commands\) allows memory of nodes? $allowed only" \
        inside "$numactl" -m "$first" true
    check 'cpuset: with -a as well' \
        says 1 "^numactl: --membind=$first: set_mempolicy: Invalid argument: the cpuset" inside "$numactl" -a -m "$first" true
    check 'cpuset: --explain' says 1 "^  --membind=$first  the cpuset of" inside "$numactl" --explain -m "$first" true
    check 'cpuset: --explain of a part' says 0 'is left out: the cpuset' inside "$numactl" --explain -a -m "$memory" true
    inside "$numactl" --best-effort -m "$memory" "$numactl" -s >/tmp/said 2>/tmp/error
    check 'cpuset: --best-effort binds to what is allowed' grep -q '^policy: bind$' /tmp/said
    check 'cpuset: --best-effort says it once' test "$(grep -c 'is left out: .*(--best-effort)' /tmp/error)" = 1
    check 'cpuset: --best-effort keeps a node that does not exist an error' \
        says 1 'there is no node 9999' inside "$numactl" --best-effort -m 9999 true
    check 'cpuset: --best-effort, nothing is left' says 0 'instead|running without it' inside "$numactl" --best-effort -m "$first" true
    own=$(expand "$allowed" | head -n 1)
    relative() { inside "$numactl" --relative -m 0 /t/tools/touch >/tmp/said && grep -q " N$own=1024 " /tmp/said; }
    check 'cpuset: --relative counts within' relative
    check 'cpuset: CPUs outside' says 1 'this process may run on CPUs' inside "$numactl" -C 0 true
fi

# Shared memory, beyond the list.
check 'several preferred nodes of a file' says 0 ": preferred-many : $(expand "$memory" | tr '\n' ' ')$" \
    "$numactl" -L 64k -f /tmp/many -P "$memory" -d
"$numactl" -L 1m -f /tmp/verified -m "$last" -T
if [ "$first" != "$last" ]; then
    check '--verify names each page' says 1 "unexpected node $last" "$numactl" -L 1m -f /tmp/verified -m "$first" -V
    check '--verify counts the pages' test "$(grep -c unexpected /tmp/said)" = 256
    check '--strict' says 1 'pages are on other nodes already' "$numactl" -L 1m -t -f /tmp/verified -t -m "$first"
fi
check '--dump-nodes' says 0 "^0000000000000000-0000000000100000: $last$" "$numactl" -L 1m -f /tmp/verified -D
"$numactl" -L 64k -o 64k -f /tmp/verified -i "$first"
check '--dump of two policies' says 0 ' : ' "$numactl" -L 1m -f /tmp/verified -d
check '--dump: a line for each' test "$(wc -l </tmp/said)" = 3
mkdir -p /tmp/huge
if mount -t hugetlbfs none /tmp/huge 2>/dev/null && echo 4 >/proc/sys/vm/nr_hugepages && [ "$(cat /proc/sys/vm/nr_hugepages)" = 4 ]; then
    check 'hugetlbfs' says 0 '^[0-9a-f]{16}-0000000000400000: [0-9]+$' "$numactl" -L 4m -f /tmp/huge/a -T -D
    check 'hugetlbfs: used up' says 1 'pool of huge pages|too few free huge pages' "$numactl" -L 64m -f /tmp/huge/b -T
    rm -f /tmp/huge/*
    # A segment outlives its maker, unless its namespace ends.
    check 'huge segment' says 0 ': bind : ' unshare -i "$numactl" -u -L 2m -S /tmp/segment -m all -T -d
    echo 0 >/proc/sys/vm/nr_hugepages
    umount /tmp/huge
fi

# What programs read.
for words in -H -s "--explain -m $last true" "-L 1m -f /tmp/verified -d -D"; do
    # shellcheck disable=SC2086  # words
    echo "@json numactl $("$numactl" --json $words | tr -d '\n')"
done
finish
