#!/bin/sh
# Explicit huge pages of 1 GiB, one on each of two nodes: moved whole, counted in pages of the
# base size, and left with a reason where the target has none.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
mkdir -p json
weight=262144
pool() { echo "/sys/devices/system/node/node$1/hugepages/hugepages-1048576kB/nr_hugepages"; }
# field FILE KEY: the first number of that key.
field() { sed -n "s/^ *\"$2\": \([0-9]*\),\{0,1\}$/\1/p" "$1" | head -n 1; }
# small_pages PID NODE: all pages of the process there that are not explicit huge ones.
small_pages() {
    awk -v f="N$2=" '!/ huge / { for (i = 3; i <= NF; i++) if (index($i, f) == 1) n += substr($i, length(f) + 1) } END { print n + 0 }' \
        "/proc/$1/numa_maps"
}
check "1 GiB pages: one on each node" [ "$(cat "$(pool 0)")$(cat "$(pool 1)")" = 11 ]
[ "$failed" = 0 ] || exit 1
hold giant giant:0:1 anon:0:100
# shellcheck disable=SC2086
set -- $region
small=$(small_pages "$pid" 0)
"$move" --dry-run --json "$pid" 0 1 >json/giant-dry.json
check "1 GiB page: --dry-run counts it" [ "$(field json/giant-dry.json pages)" = $((weight + small)) ]
"$move" --strict --json "$pid" 0 1 >json/giant.json 2>giant.err
check "1 GiB page: status ($(cat giant.err))" [ $? = 0 ]
check "1 GiB page: it is on node 1" [ "$("$here/where" "$pid" "$@")" = "$1 1" ]
check "1 GiB page: numa_maps says so" grep -q ' huge .*N1=1 kernelpagesize_kB=1048576' "/proc/$pid/numa_maps"
check "1 GiB page: moved is what numa_maps showed" [ "$(field json/giant.json pages_moved)" = $((weight + small)) ]
"$move" --show "$pid" >giant.show
check "1 GiB page: --show" grep -q ' 1 GiB.* 1 GiB' giant.show

# The page that it left went back to node 0's pool: without it there is no room.
echo 0 >"$(pool 0)"
small=$(small_pages "$pid" 1)
"$move" --strict --json "$pid" 1 0 >json/giant-full.json 2>giant.err
check "1 GiB page, no room: --strict exits 3" [ $? = 3 ]
check "1 GiB page, no room: the rest moved" [ "$(field json/giant-full.json pages_moved)" = "$small" ]
check "1 GiB page, no room: it is left, and why" [ "$(field json/giant-full.json target_full)" = $weight ]
check "1 GiB page, no room: and nothing else" [ "$(field json/giant-full.json pages_left)" = $weight ]
check "1 GiB page, no room: it is where it was" [ "$("$here/where" "$pid" "$@")" = "$1 1" ]
"$move" "$pid" 1 0 2>giant.err
check "1 GiB page, no room: the line" grep -q "262,144 of 262,144 pages could not be moved (node 1: 262,144 without room on the target)" giant.err
check "1 GiB page: contents" intact giant "$pid"
kill "$pid"
for f in json/*.json; do
    echo "@json ${f#json/}"
    cat "$f"
    echo "@end"
done
finish
