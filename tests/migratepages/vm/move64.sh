#!/bin/sh
# Moves processes with 64 MiB of memory on the 4nodes topology and shows their
# memory before and after: 0 to 1, then 0-1 to 2-3, page by page.
# shellcheck source=tests/migratepages/vm/lib.sh
. "$(dirname "$0")/lib.sh"
pages=16384

show() { # PID ADDRESS: the line of that mapping in numa_maps, wherever it begins
    start=$(awk -v at="$2" '
        function hex(s,  i, v) { v = 0; for (i = 1; i <= length(s); i++) v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return v }
        { split($1, r, "-"); if (hex(r[1]) <= hex(at) && hex(at) < hex(r[2])) print r[1] }' "/proc/$1/maps")
    sed -n "s/^\($start .*\)/    \1/p" "/proc/$1/numa_maps"
}

echo "# process A: 64 MiB, all touched on node 0"
hold a anon:0:$pages
a=$pid
# shellcheck disable=SC2086
set -- $region
echo "# numa_maps of A before:"
show "$a" "$1"
"$here/where" "$a" "$1" $pages >a.0
echo "# migratepages A 0 1"
check "migrates 0 to 1" "$move" "$a" 0 1
"$here/where" "$a" "$1" $pages >a.1
echo "# numa_maps of A after:"
show "$a" "$1"
check "all 16384 pages were on node 0" [ "$(counts a.0)" = "0:$pages" ]
check "all 16384 pages are on node 1" as_mapped a.0 a.1 "0:1"
check "the contents are unchanged" intact a "$a"

echo "# process B: 64 MiB, its pages by turns on nodes 0 and 1"
hold b anon:0,1:$pages
b=$pid
# shellcheck disable=SC2086
set -- $region
echo "# numa_maps of B before:"
show "$b" "$1"
"$here/where" "$b" "$1" $pages >b.0
echo "# migratepages B 0-1 2-3"
check "migrates 0-1 to 2-3" "$move" "$b" 0-1 2-3
"$here/where" "$b" "$1" $pages >b.1
echo "# numa_maps of B after:"
show "$b" "$1"
check "its pages were on 0 and 1 by turns" [ "$(counts b.0)" = "0:8192 1:8192" ]
check "each page of 0 is on 2, each of 1 on 3" as_mapped b.0 b.1 "0:2 1:3"
check "the contents are unchanged" intact b "$b"

# shellcheck disable=SC2046
set -- $(region_of a anon)
check "A moves on, 0-1 to 2-3" "$move" "$a" 0-1 2-3
"$here/where" "$a" "$1" $pages >a.2
check "all pages of A went from 1 to 3" as_mapped a.1 a.2 "0:2 1:3"
check "the contents are unchanged" intact a "$a"
kill "$a" "$b"
finish
