#!/bin/sh
# Every page that numa_maps shows is moved or counted as left, with NUMA balancing off and on: those
# too of which move_pages(2) says that they are not there.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
rm -rf json
mkdir json
echo 8 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
echo 8 >/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages

# sum FILE: the pages that a report says were moved, and those that it says are left.
sum() { awk -F '[:,]' '/"(moved|busy|shared|target_full|not_permitted|hidden)":/ { n += $2 } END { print n + 0 }' "$1"; }
# small PID NODE: its pages on a node, as pages of the base size.
small() {
    awk -v f="$2" '{
        size = match($0, /kernelpagesize_kB=[0-9]+/) ? substr($0, RSTART + 18, RLENGTH - 18) / 4 : 1
        if (match($0, " N" f "=[0-9]+")) { split(substr($0, RSTART, RLENGTH), a, "="); n += a[2] * size }
    } END { print n + 0 }' "/proc/$1/numa_maps"
}
# balancing 0|1
balancing() { echo "$1" >/proc/sys/kernel/numa_balancing; }
state() { [ "$(cat /proc/sys/kernel/numa_balancing)" = 0 ] && echo 'balancing off' || echo 'balancing on'; }
# updates: page table entries that balancing has marked.
updates() { awk '$1 == "numa_pte_updates" { print $2 }' /proc/vmstat; }

# moves NAME: all that is on node 0 of the process goes to node 1 but what is counted, and strict says so.
moves() {
    moves_name="$1, $(state)"
    moves_before=$(small "$pid" 0)
    "$move" --strict --json "$pid" 0 1 >"json/$1.json" 2>"$1.err"
    moves_status=$?
    moves_after=$(small "$pid" 0)
    check "$moves_name: all of it was there" [ "$moves_before" -ge "$2" ]
    moves_sum=$(sum "json/$1.json")
    # Of pages that KSM has merged each is one, and numa_maps counts how often they are mapped.
    if [ "$1" = same ] && [ "$moves_sum" -lt "$moves_before" ]; then moves_sum=$moves_before; fi
    check "$moves_name: moved and left is what numa_maps showed ($moves_before, $moves_sum)" [ "$moves_sum" = "$moves_before" ]
    check "$moves_name: left is what numa_maps shows ($moves_after)" [ "$(json_field "json/$1.json" pages_left)" = "$moves_after" ]
    if [ "$moves_after" = 0 ]; then moves_status=$((moves_status == 0 ? 3 : 4)); fi
    check "$moves_name: --strict says whether any are left" [ $moves_status = 3 ]
    check "$moves_name: nothing is left ($(cat "$1.err"))" [ "$moves_after" = 0 ]
}

for on in 0 1; do
    balancing $on
    for kind in anon:0:512 none:0:512 thp:0:4 nonethp:0:4 hugetlb:0:4 shmem:0:512 file:0:512 zero:0:512 gone:0:512 \
        same:0:512 guarded:0:512 swapped:0:512; do
        name=${kind%%:*}
        least=${kind##*:}
        case $name in
            thp | nonethp | hugetlb) least=$((least * 512)) ;;
            gone | guarded) least=256 ;;
            zero | swapped | same) least=0 ;;
        esac
        if [ "$name" = swapped ] && [ "$(wc -l </proc/swaps)" -lt 2 ] && ! swap-on 64M 2>swap.err; then
            skip "$name" "no swap in this guest"
            continue
        fi
        if [ "$name" = guarded ]; then
            : >guarded.try
            "$here/hold" guarded:0:2 >guarded.try 2>&1 &
            tried=$!
            until grep -q -e '^ready' -e '^hold:' guarded.try; do sleep 0.05; done
            kill $tried 2>/dev/null
            if grep -q '^hold:' guarded.try; then
                skip "$name" 'this kernel has no guard pages'
                continue
            fi
        fi
        [ "$name" != same ] || echo 1 >/sys/kernel/mm/ksm/run
        hold "$name" "$kind"
        if [ "$name" = same ]; then
            until [ "$(cat /sys/kernel/mm/ksm/pages_sharing)" -ge 400 ]; do sleep 0.1; done
            echo 0 >/sys/kernel/mm/ksm/run
        fi
        moves "$name" "$least"
        check "$name, $(state): contents" intact "$name" "$pid"
        kill "$pid"
    done
done

# Half of a mapping was only read, the other half written, beside 4 GiB of reserved address space.
balancing 0
hold halves -r 4 zero:0:8192 anon:0:8192
moves halves 8192
check "halves: contents" intact halves "$pid"
kill "$pid"

# Memory that is mapped three times: each page counts once.
hold thrice thrice:0:512
before=$(small "$pid" 0)
"$move" --dry-run --json "$pid" 0 1 >json/thrice-dry.json
check "thrice: --dry-run counts each page once ($before)" \
    [ "$(awk -F '[:,]' '/"pages":/ { n += $2 } END { print n }' json/thrice-dry.json)" = $((before - 1024)) ]
"$move" --show "$pid" >thrice.show
check "thrice: --show says so" grep -q '4 MiB of address space map memory a second time' thrice.show
"$move" --strict --json --private --only shared "$pid" 0 1 >json/thrice-stay.json 2>thrice.err
check "thrice: what stays is counted once (status $?)" [ "$(json_field json/thrice-stay.json shared)" = 512 ]
"$move" --strict --json "$pid" 0 1 >json/thrice.json
check "thrice: the move counts each page once" [ "$(sum json/thrice.json)" = $((before - 1024)) ]
check "thrice: all of it has moved" [ "$(small "$pid" 0)" = 0 ]
check "thrice: contents" intact thrice "$pid"
kill "$pid"

# Pages that balancing has marked: the process runs elsewhere and does not touch them.
balancing 1
marked=$(updates)
hold watched -b anon:0:16384
taskset -p 8 "$pid" >/dev/null 2>&1
until [ $(($(updates) - marked)) -ge 8192 ]; do sleep 0.2; done
kill -STOP "$pid"
# shellcheck disable=SC2086
set -- $region
"$here/where" "$pid" "$1" "$2" >watched.0
echo "# watched: $(counts watched.0)"
moves watched 16384
kill -CONT "$pid"
check "watched: contents" intact watched "$pid"
kill "$pid"
balancing 0

# Only some of it, which the call that moves all cannot do: left with a reason of its own, or moved.
hold closed none:0:512 anon:0:64
for only in --private '--only anon' "--range 0-ffffffffffff"; do
    # shellcheck disable=SC2086
    "$move" --dry-run --json $only "$pid" 0 1 >json/closed-dry.json
    # shellcheck disable=SC2086
    "$move" --strict --json $only "$pid" 0 1 >json/closed.json 2>closed.err
    status=$?
    left=$(json_field json/closed.json hidden)
    if [ "${left:-0}" -gt 0 ]; then
        check "$only: hidden pages are counted" [ "$left" = 512 ]
        check "$only: --dry-run says so" [ "$(grep -c '"kind": "hidden-stay"' json/closed-dry.json)" = 1 ]
        check "$only: --strict is status 3" [ $status = 3 ]
        check "$only: numa_maps shows them" [ "$(small "$pid" 0)" -ge 512 ]
        # shellcheck disable=SC2086
        "$move" $only "$pid" 0 1 2>closed.err
        check "$only: the reason is told" grep -q '512 hidden by the kernel' closed.err
    else
        check "$only: no more than what it does not mean is there ($(small "$pid" 0))" [ "$(small "$pid" 0)" -lt 512 ]
        check "$only: --strict has nothing to say" [ $status = 0 ]
    fi
    "$here/kernelmove" "$pid" 1 0 >/dev/null
done
check "closed: contents" intact closed "$pid"
kill "$pid"

for file in json/*.json; do
    echo "@json hidden-${file##*/}"
    cat "$file"
    echo
    echo "@end"
done
finish
