#!/bin/sh
# What the command costs as processes get larger: lines "figure CASE SIZE ACTION SECONDS CPU KIB STATUS".
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
echo 2100000 >/proc/sys/vm/max_map_count

# figure CASE SIZE ACTION ARGUMENTS...
figure() {
    figure_name="$1 $2 $3"
    shift 3
    echo "figure $figure_name $("$here/timed" "$move" "$@")"
}
# started FILE COMMAND...: starts a process that says "ready PID".
started() {
    started_file=$1
    shift
    : >"$started_file"
    "$@" >"$started_file" &
    pid=$!
    until grep -q ready "$started_file"; do
        kill -0 "$pid" || exit 1
        sleep 0.1
    done
}

case $1 in
mappings)
    for count in 10000 100000 1000000; do
        started many "$here/many" $count 10000
        figure mappings $count dry-run --dry-run "$pid" 0 1
        figure mappings $count show --show "$pid"
        figure mappings $count move --strict "$pid" 0 1
        kill "$pid"
        wait "$pid" 2>/dev/null
    done
    ;;
pids)
    for count in 1000 10000 100000; do
        # shellcheck disable=SC2046
        figure pids $count absent $(seq 1000001 $((1000000 + count))) 0 1
    done
    ;;
space)
    for gib in 4 64 4096; do
        hold space -r $gib anon:0:262144
        figure space $gib move --strict "$pid" 0 1
        figure space $gib show --show "$pid"
        kill "$pid"
        wait "$pid" 2>/dev/null
    done
    hold space -e -r 4096 anon:0:262144
    figure space-end 4096 move --strict "$pid" 0 1
    kill "$pid"
    ;;
nodes)
    for from in 0 0,1,2,3,4,5,6,7 "$(seq -s , 0 31)"; do
        count=$(echo "$from" | tr , '\n' | wc -l)
        to=$(echo "$from" | tr , '\n' | awk '{ print $1 + 32 }' | paste -sd , -)
        hold nodes "anon:$from:2048"
        figure nodes "$count" move --strict "$pid" "$from" "$to"
        kill "$pid"
        wait "$pid" 2>/dev/null
    done
    ;;
esac
