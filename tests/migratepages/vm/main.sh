#!/bin/sh
# The command on a machine with four nodes: what moves, what stays, and what it says.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
mkdir -p json

# Huge pages, while there is memory in one piece.
echo 12 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
echo 12 >/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages

# --- 16 pages in a pipe
hold pinned pinned:0:1024
# shellcheck disable=SC2086
set -- $region
"$here/where" "$pid" "$1" 1024 >pinned.0
before=$(nodes_of "$pid" 0)
"$move" --json "$pid" 0 1 >json/pinned.json 2>pinned.err
check "pinned: exit status 0 in the plain form" [ $? = 0 ]
"$here/where" "$pid" "$1" 1024 >pinned.1
check "pinned: 1008 pages moved, 16 stayed" [ "$(counts pinned.1)" = "0:16 1:1008" ]
check "pinned: the report says 16 busy" [ "$(json_field json/pinned.json busy)" = 16 ]
after=$(nodes_of "$pid" 0)
check "pinned: moved + left is what numa_maps showed" \
    [ $(($(json_field json/pinned.json pages_moved) + $(json_field json/pinned.json pages_left))) = "$before" ]
check "pinned: numa_maps shows what was left" [ "$after" = "$(json_field json/pinned.json pages_left)" ]
"$move" --strict "$pid" 0 1 2>pinned.err
check "pinned: --strict exits 3" [ $? = 3 ]
check "pinned: one line says so" grep -qx "migratepages: process $pid (hold): 16 of 16 pages could not be moved (node 0: 16 busy or pinned)" pinned.err
"$move" --quiet "$pid" 0 1 2>pinned.err
check "pinned: --quiet is quiet" [ ! -s pinned.err ]
check "pinned: contents" intact pinned "$pid"
kill "$pid"

# --- shared with a child, as root and as a user
hold shared -c anon:0:1024
# shellcheck disable=SC2086
set -- $region
"$move" --private --json "$pid" 0 1 >json/shared-private.json 2>&1
"$here/where" "$pid" "$1" 1024 >shared.1
check "shared: --private leaves them" [ "$(counts shared.1)" = "0:1024" ]
check "shared: and says why" [ "$(json_field json/shared-private.json shared)" -ge 1024 ]
"$move" --strict "$pid" 0 1 2>shared.err
check "shared: root moves them" [ $? = 0 ]
"$here/where" "$pid" "$1" 1024 >shared.1
check "shared: all of them" [ "$(counts shared.1)" = "1:1024" ]
check "shared: contents" intact shared "$pid"
kill "$pid"
cp "$here/hold" /tmp/hold
chmod 755 /tmp/hold
asuser user sh -c 'cd && /tmp/hold -c anon:0:1024 >shared2 &'
user_home=$(sed -n 's/^user:[^:]*:[^:]*:[^:]*:[^:]*:\([^:]*\):.*/\1/p' /etc/passwd)
until grep -qs ^ready "$user_home/shared2"; do sleep 0.1; done
pid=$(sed -n 's/^ready //p' "$user_home/shared2")
asuser user "$move" "$pid" 0 1 2>shared.err
check "shared: a user's command exits 0" [ $? = 0 ]
check "shared: and says what stayed" grep -q 'could not be moved (.*shared with other processes' shared.err
asuser user "$move" --strict "$pid" 0 1 2>shared.err
status=$?
check "shared: --strict is status 3 for the user ($status $(cat shared.err))" [ $status = 3 ]
asuser other "$move" "$pid" 0 1 2>shared.err
check "another user: status 1" [ $? = 1 ]
check "another user: a message that helps" grep -q 'CAP_SYS_NICE' shared.err
kill "$pid"

numbers() { echo "$1" | sed 's/^0-1$/0,1/; s/^0-2$/0,1,2/; s/^0-3$/0,1,2,3/; s/^1-3$/1,2,3/; s/^2-3$/2,3/'; }
# --- each page where migrate_pages(2) puts it, sets of equal and unequal size
for sets in "0 1" "0-1 2-3" "0,1,2 1,2,3" "0-3 0-1" "0,1,2 1,3" "0 2,3" "0-1 0-2" "1-3 0" "0,1 1,0" "0-3 1,3"; do
    from=${sets% *}
    to=${sets#* }
    # The kernel's own call leaves a page now and then, busy for a moment: then once more.
    for attempt in 1 2 3; do
        [ $attempt = 1 ] || kill "$ours" "$kernels"
        hold ours anon:0,1,2,3:256
        ours=$pid
        ours_at=${region%% *}
        hold kernels anon:0,1,2,3:256
        kernels=$pid
        kernels_at=${region%% *}
        [ "$("$here/kernelmove" "$kernels" "$(numbers "$from")" "$(numbers "$to")")" = 0 ] && break
    done
    "$move" --strict "$ours" "$from" "$to"
    moved=$?
    "$here/where" "$kernels" "$kernels_at" 256 | cut -d' ' -f2 >kernels.nodes
    "$here/where" "$ours" "$ours_at" 256 | cut -d' ' -f2 >ours.nodes
    if ! cmp -s ours.nodes kernels.nodes; then paste ours.nodes kernels.nodes | sort | uniq -c; fi
    check "rule: $from to $to, page by page as the kernel" cmp -s ours.nodes kernels.nodes
    check "rule: $from to $to, nothing stayed" [ "$moved" = 0 ]
    check "rule: $from to $to, contents" intact ours "$ours"
    kill "$ours" "$kernels"
done

# --- kinds of memory
for kind in thp:0:16 hugetlb:0:8 shmem:0:512 file:0:512 heap:0:512 zero:0:512 gone:0:512 swapped:0:512; do
    name=${kind%%:*}
    if [ "$name" = swapped ] && ! swap-on 64M 2>swap.err; then
        skip "$name" "no swap in this guest"
        continue
    fi
    hold "$name" "$kind"
    if [ "$name" = swapped ] && grep -q 'VmSwap:[[:space:]]*0 kB' "/proc/$pid/status"; then
        skip "$name" "nothing was swapped out"
        kill "$pid"
        continue
    fi
    before=$(nodes_of "$pid" 0)
    "$move" --strict --json "$pid" 0 1 >"json/$name.json" 2>"$name.err"
    status=$?
    # shellcheck disable=SC2086
    set -- $region
    "$here/where" "$pid" "$1" "$2" "$3" >"$name.1"
    case $name in
        zero) want='absent:512' ;;
        gone) want='1:256 absent:256' ;;
        # The kernel may keep some of what it was asked to swap out.
        swapped) want=$(counts "$name.1" | grep -E '^(1:[0-9]+ )?absent:[0-9]+$' || true) ;;
        *) want="1:$2" ;;
    esac
    check "$name: pages are where they should be ($(counts "$name.1"))" [ "$(counts "$name.1")" = "$want" ]
    check "$name: nothing stayed" [ "$status" = 0 ]
    if [ "$name" = hugetlb ]; then
        # numa_maps counts them whole.
        before=$((before + 8 * 511))
    fi
    check "$name: moved is what numa_maps showed ($before)" [ "$(json_field "json/$name.json" pages_moved)" = "$before" ]
    if [ "$name" = thp ]; then
        check "thp: they are still huge" grep -q 'AnonHugePages: *32768 kB' "/proc/$pid/smaps_rollup"
    fi
    check "$name: contents" intact "$name" "$pid"
    "$move" --show --json "$pid" >"json/show-$name.json"
    kill "$pid"
done
echo 0 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
echo 0 >/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages

# --- only some pages
hold only anon:0:256 heap:0:256 shmem:0:256
# shellcheck disable=SC2046
set -- $(region_of only anon)
"$move" --only heap "$pid" 0 1
"$here/where" "$pid" "$1" 256 >only.1
check "--only heap leaves the rest" [ "$(counts only.1)" = "0:256" ]
# shellcheck disable=SC2046
"$here/where" "$pid" $(region_of only heap) >only.1
check "--only heap moves the heap" [ "$(counts only.1)" = "1:256" ]
end=$(printf '%x' $((0x$1 + 64 * 4096)))
"$move" --range "$1-$end" "$pid" 0 1
"$here/where" "$pid" "$1" 256 >only.1
check "--range moves what is in it" [ "$(counts only.1)" = "0:192 1:64" ]
check "only, range: contents" intact only "$pid"
"$move" --dry-run --json "$pid" 0,1 2 >json/dry-run.json
check "--dry-run warns of node counts" grep -q node-counts json/dry-run.json
"$here/where" "$pid" "$1" 256 >only.1
check "--dry-run moves nothing" [ "$(counts only.1)" = "0:192 1:64" ]
would=$(sed -n 's/^ *"pages": \([0-9]*\).*/\1/p' json/dry-run.json | awk '{ n += $1 } END { print n }')
check "--dry-run counts what numa_maps shows" [ "$would" = $(($(nodes_of "$pid" 0) + $(nodes_of "$pid" 1))) ]
kill "$pid"

# --- a terabyte of reserved address space: the same pages cost as much as without it
hold dense anon:0:16384
"$here/cost" "$move" --dry-run "$pid" 2 3 2>dense.cost
"$here/cost" "$move" --show "$pid" 2>dense-show.cost >dense.show
kill "$pid"
# no_more NAME: as many calls and bytes as for the one without holes, and a little.
no_more() {
    echo "# $1: $(cat "$1.cost"); without: $(cat "${2:-dense}.cost")"
    awk 'NR == 1 { calls = $2; bytes = $4 } NR == 2 { exit !($2 <= calls + 30 && $4 <= bytes + 65536) }' \
        "${2:-dense}.cost" "$1.cost"
}
# reserve NAME [-e]: 64 MiB used in a mapping of a terabyte, which must not have fallen apart.
reserve() {
    hold "$@" -r 1024 anon:0:16384
    mapped=$(awk '$1 == "Size:" { size = $2 } $1 == "Rss:" && $2 >= 65536 { print size }' "/proc/$pid/smaps")
    check "1 TiB reserved, $1: it is one mapping" [ "$mapped" -ge $((1023 << 20)) ]
}
reserve sparse
"$here/cost" "$move" --dry-run "$pid" 2 3 2>sparse.cost >sparse.dry
check "1 TiB reserved: looked through at the cost of what is there" no_more sparse
"$here/cost" "$move" --show "$pid" 2>sparse-show.cost >sparse.show
check "1 TiB reserved: shown at the cost of what is there" no_more sparse-show dense-show
"$move" --json "$pid" 0 1 >json/sparse.json
# shellcheck disable=SC2086
set -- $region
"$here/where" "$pid" "$1" 16384 >sparse.1
check "1 TiB reserved: all moved" [ "$(counts sparse.1)" = "1:16384" ]
kill "$pid"
# Before 6.7 the kernel tells where pages are only by a file with a word for each place, so
# that the way to the first one counts.
case $(uname -r) in
    6.1.*)
        # There it takes seconds (15 to 20 in the emulator), in which Ctrl-C counts.
        reserve sparse-end -e
        # shellcheck disable=SC2086
        set -- $region
        "$move" "$pid" 0 1 2>hole.err &
        mover=$!
        # busybox's readlink takes one name, and its find has no -lname
        # shellcheck disable=SC2010
        until ls -l "/proc/$mover/fd" | grep -q pagemap; do [ -e "/proc/$mover/exe" ] || break; done
        kill -INT "$mover"
        wait "$mover"
        check "Ctrl-C in a hole: status 130" [ $? = 130 ]
        check "Ctrl-C in a hole: says so" grep -q interrupted hole.err
        "$here/where" "$pid" "$1" 16384 >hole.0
        check "Ctrl-C in a hole: before anything was found" [ "$(counts hole.0)" = "0:16384" ]
        kill "$pid"
        ;;
    *)
        reserve sparse-end -e
        "$here/cost" "$move" --dry-run "$pid" 2 3 2>sparse-end.cost >sparse.dry
        check "1 TiB reserved, used at its end: at the cost of what is there" no_more sparse-end
        kill "$pid"
        ;;
esac

# --- several processes, one of them gone
hold one anon:0:64
one=$pid
hold two anon:0:64
two=$pid
"$move" --json "$one" 99999 "$two" 0 1 >json/several.json 2>several.err
check "several: status 1 for the one that is gone" [ $? = 1 ]
check "several: it is named" grep -q 'no such process: 99999' several.err
for p in one two; do
    # shellcheck disable=SC2046
    set -- $(region_of $p anon)
    "$here/where" "$(eval "echo \$$p")" "$1" 64 >several.1
    check "several: $p moved" [ "$(counts several.1)" = "1:64" ]
done
kill "$one" "$two"

# --- children and control groups
sh -c "$here/hold anon:0:64 >kid & echo \$\$ >parent.pid; wait" &
until grep -q ^ready kid 2>/dev/null; do sleep 0.05; done
pid=$(sed -n 's/^ready //p' kid)
"$move" --children --json "$(cat parent.pid)" 0 1 >json/children.json
# shellcheck disable=SC2046
set -- $(region_of kid anon)
"$here/where" "$pid" "$1" 64 >kid.1
check "--children moves the child" [ "$(counts kid.1)" = "1:64" ]
mkdir -p /sys/fs/cgroup/group/below
echo "$pid" >/sys/fs/cgroup/group/below/cgroup.procs 2>group.err || mkdir -p /sys/fs/cgroup/group
"$move" --cgroup /group --json 1 2 >json/cgroup.json 2>group.err
check "--cgroup: status 0" [ $? = 0 ]
"$here/where" "$pid" "$1" 64 >kid.1
check "--cgroup moves its member" [ "$(counts kid.1)" = "2:64" ]
"$move" --cgroup /nothing 1 2 2>group.err
check "--cgroup: one that is not there is an error" [ $? = 1 ]
kill "$pid"

# --- cpusets
echo +cpuset >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
mkdir -p /sys/fs/cgroup/small
echo 0-1 >/sys/fs/cgroup/small/cpuset.mems
hold caged anon:2:64
# shellcheck disable=SC2086
set -- $region
in_small() { sh -c 'echo $$ >/sys/fs/cgroup/small/cgroup.procs; exec "$@"' sh "$@"; }
in_small "$move" "$pid" 2 1
check "cpuset: FROM outside of it is taken" [ $? = 0 ]
"$here/where" "$pid" "$1" 64 >caged.1
check "cpuset: and moved" [ "$(counts caged.1)" = "1:64" ]
in_small "$move" "$pid" 1 3 2>caged.err
check "cpuset: TO outside of it is refused" [ $? = 1 ]
check "cpuset: by name" grep -q 'node 3 is not allowed here' caged.err
in_small "$move" "$pid" 1 2-3 2>caged.err
check "cpuset: also in a range" grep -q 'node 2 is not allowed here' caged.err
kill "$pid"
in_small "$here/hold" anon:0:64 >caged2 &
until grep -q ^ready caged2; do sleep 0.05; done
pid=$(sed -n 's/^ready //p' caged2)
"$move" -v --json "$pid" 0 3 >json/caged.json 2>caged.err
check "cpuset of the process: root's move beyond it works" [ $? = 0 ]
# shellcheck disable=SC2046
"$here/where" "$pid" $(region_of caged2 anon) >caged.1
check "cpuset of the process: it is done ($(counts caged.1))" [ "$(counts caged.1)" = "3:64" ]
check "cpuset of the process: with one call" [ "$(json_field json/caged.json method)" = one-call ]
kill "$pid"

# --- seccomp
hold filtered anon:0:64
# shellcheck disable=SC2086
set -- $region
"$here/deny" move_pages "$move" "$pid" 0 1 2>filtered.err
check "seccomp denies move_pages: moved with migrate_pages" [ $? = 0 ]
check "seccomp: it says so" grep -q 'move_pages is denied' filtered.err
"$here/where" "$pid" "$1" 64 >filtered.1
check "seccomp: pages are there" [ "$(counts filtered.1)" = "1:64" ]
"$here/deny" migrate_pages "$move" --one-call "$pid" 1 2 2>filtered.err
check "seccomp denies migrate_pages: moved with move_pages" [ $? = 0 ]
check "seccomp: it says so" grep -q 'migrate_pages is denied' filtered.err
"$here/where" "$pid" "$1" 64 >filtered.1
check "seccomp: pages are there" [ "$(counts filtered.1)" = "2:64" ]
"$here/deny" migrate_pages,move_pages "$move" "$pid" 2 1 2>filtered.err
check "seccomp denies both: status 1" [ $? = 1 ]
check "seccomp: the message names it" grep -q 'seccomp' filtered.err
check "seccomp: contents" intact filtered "$pid"
kill "$pid"

# --- a process that never stands still
: >churn
: >churn.failed
"$here/churn" 4 >churn &
until grep -q ^ready churn; do sleep 0.05; done
pid=$(sed -n 's/^ready //p' churn)
to=1
while kill -0 "$pid" 2>/dev/null; do
    "$move" "$pid" 0,1,2 $to 2>churn.err || tail -n 1 churn.err >>churn.failed
    to=$((to % 2 + 1))
done
check "churn: contents" grep -qx intact churn
# More than one may find it ended: without memory already, and not yet waited for.
ended="migratepages: (no such process: $pid|process $pid (has ended|is ending).*)"
others=$(grep -vxE "$ended" churn.failed)
check "churn: no error but its end" [ -z "$others" ]
[ -z "$others" ] || echo "$others" >&2

# --- one call
hold onecall pinned:0:256
"$move" --one-call --strict --json "$pid" 0 1 >json/onecall.json 2>onecall.err
check "--one-call: --strict tells of pages left" [ $? = 3 ]
check "--one-call: the kernel's count" [ "$(json_field json/onecall.json pages_left)" = 16 ]
kill "$pid"

# --- a target that is too small
hold big anon:0:49152
# shellcheck disable=SC2086
set -- $region
# Most of node 3 is taken by this one.
hold eater anon:3:90000
eater=$pid
big=$(sed -n 's/^ready //p' big)
free=$(awk '$3 == "MemFree:" { print int($4 / 4) }' /sys/devices/system/node/node3/meminfo)
"$move" --dry-run "$big" 0 3 >full.dry
check "full: --dry-run says that it does not fit" grep -q 'warning: node 3 has' full.dry
"$move" --json "$big" 0 3 >json/full.json 2>full.err
check "full: plain form exits 0" [ $? = 0 ]
"$here/where" "$big" "$1" 49152 >full.1
echo "# node 3 had $free pages free; after: $(counts full.1)"
left=$(awk '$2 == 0' full.1 | wc -l)
check "full: some moved, some stayed" [ "$left" -gt 1000 ]
check "full: the report counts those that stayed" [ "$(json_field json/full.json target_full)" -ge "$left" ]
"$move" --one-call "$big" 0 3 2>full.err
check "full: --one-call fails and says how much is left" grep -q 'full; .* pages are still where they were' full.err
check "full: contents" intact big "$big"
kill "$eater"

# --- another program half-way
: >program
"$here/states" exec 0 32768 >program &
pid=$!
until grep -q ^ready program; do kill -0 "$pid" || exit 1; done
"$move" --strict --json --workers=1 "$pid" 0 2 >json/exec.json 2>exec.err &
mover=$!
while [ "$(nodes_of "$pid" 2)" -lt 500 ] && kill -0 "$mover"; do :; done
kill -USR1 "$pid"
wait "$mover"
check "another program half-way: --strict is status 3" [ $? = 3 ]
check "another program half-way: the report says so ($(json_field json/exec.json pages_moved) pages moved)" \
    grep -q '"replaced": true' json/exec.json
kill "$pid"

# --- Ctrl-C half-way
"$move" --json --workers=1 "$big" 0,3 2 >json/interrupt.json 2>interrupt.err &
mover=$!
while [ "$(nodes_of "$big" 2)" -lt 500 ] && kill -0 "$mover"; do :; done
kill -INT "$mover"
wait "$mover"
check "Ctrl-C: status 130" [ $? = 130 ]
check "Ctrl-C: says so" grep -q interrupted interrupt.err
"$here/where" "$big" "$1" 49152 >interrupt.1
echo "# after Ctrl-C: $(counts interrupt.1), report: $(json_field json/interrupt.json pages_moved)"
moved=$(awk '$2 == 2' interrupt.1 | wc -l)
check "Ctrl-C: the report counts what was moved" \
    awk -v a="$moved" -v b="$(json_field json/interrupt.json pages_moved)" 'BEGIN { exit !(a > 0 && a <= b && b - a < 3000) }'
check "Ctrl-C: contents" intact big "$big"
kill "$big"
# For the host, which holds every document against the schema.
for f in json/*.json; do
    echo "@json ${f#json/}"
    cat "$f"
    echo "@end"
done
finish
