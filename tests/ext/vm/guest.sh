#!/bin/sh
# libnuma_ext.so.1 on the 4nodes topology: where every page went is asked from the kernel.
# Uses hold, where and lib.sh of tests/migratepages/vm.
# shellcheck source=tests/migratepages/vm/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=tests/lib/tap.sh
. "${0%/*}/tap.sh"
# shellcheck disable=SC2154  # of lib.sh
: "$here" "$pid" "$region"
pages=16384
mover=$here/mover
export LD_LIBRARY_PATH=/t/lib

# on NODE PID: the pages of the whole process on that node, by numa_maps.
on() {
    awk -v node="N$1=" '
        { pages = 0; size = 4
          for (i = 1; i <= NF; i++) {
              if (index($i, node) == 1) pages = substr($i, length(node) + 1)
              if (index($i, "kernelpagesize_kB=") == 1) size = substr($i, 19)
          }
          sum += pages * size / 4 }
        END { print sum + 0 }' "/proc/$2/numa_maps"
}
# field NAME NODE FILE: moved, busy, shared, full, denied, gone, hidden or replaced of a node; all is the
# sum of the counts.
field() {
    awk -v name="$1" -v node="$2" '
        BEGIN { split("- from to moved busy shared full denied gone hidden replaced", names, " "); for (i in names) at[names[i]] = i }
        $1 == "node" && $2 == node { print name == "all" ? $4 + $5 + $6 + $7 + $8 + $9 + $10 : $at[name] }' "$3"
}
# is NAME WANTED FOUND
is() { check "$1 ($2 pages)" [ "$2" = "$3" ]; [ "$2" = "$3" ] || echo "# wanted $2, found $3" >&2; }
where() { "$here/where" "$@"; }

# --- 64 MiB, one call
hold a anon:0:$pages
a=$pid
# shellcheck disable=SC2086
set -- $region
where "$a" "$1" $pages >a.0
before=$(on 0 "$a")
"$mover" "$a" 0 1 dry >a.dry
check "dry run: status" [ $? = 0 ]
where "$a" "$1" $pages >a.1
check "dry run: moves nothing" cmp a.0 a.1
is "dry run: counts what numa_maps shows" "$before" "$(field moved 0 a.dry)"
"$mover" "$a" 0 1 >a.moved
check "0 to 1: status" [ $? = 0 ]
where "$a" "$1" $pages >a.1
check "0 to 1: page by page" as_mapped a.0 a.1 "0:1"
is "0 to 1: every page of the process is in the counts" "$before" "$(field all 0 a.moved)"
is "0 to 1: those that are not there are in the counts" "$(on 0 "$a")" \
    "$((before - $(field moved 0 a.moved)))"
check "0 to 1: progress was told" [ "$(awk '$1 == "progress" { print $3 }' a.moved)" -ge $pages ]
check "0 to 1: contents" intact a "$a"

# --- two nodes to two others, with one thread and with two
for threads in 1 2; do
    name="0-1 to 2-3, threads: $threads"
    hold b anon:0,1:$pages
    b=$pid
    # shellcheck disable=SC2086
    set -- $region
    where "$b" "$1" $pages >b.0
    zero=$(on 0 "$b") one=$(on 1 "$b")
    "$mover" "$b" 0-1 2-3 threads=$threads >b.moved
    check "$name: status" [ $? = 0 ]
    where "$b" "$1" $pages >b.1
    check "$name: page by page" as_mapped b.0 b.1 "0:2 1:3"
    is "$name: counts of node 0" "$zero" "$(field all 0 b.moved)"
    is "$name: counts of node 1" "$one" "$(field all 1 b.moved)"
    check "$name: contents" intact b "$b"
    kill "$b"
done

# --- a ring: what arrives on a node does not leave it again
hold ring anon:0,1,2:3000
ring=$pid
# shellcheck disable=SC2086
set -- $region
where "$ring" "$1" 3000 >ring.0
"$mover" "$ring" 0-2 1-3 threads=2 >ring.moved
check "0-2 to 1-3: status" [ $? = 0 ]
where "$ring" "$1" 3000 >ring.1
check "0-2 to 1-3: page by page" as_mapped ring.0 ring.1 "0:1 1:2 2:3"
check "0-2 to 1-3: contents" intact ring "$ring"
kill "$ring"

# --- ranges
# shellcheck disable=SC2046
set -- $(region_of a anon)
start=$1
second=$(awk 'NR == 10001 { print $1 }' a.1)
"$mover" "$a" 1 3 "range=$start:100" "range=$second:50" >a.ranges
check "ranges: status" [ $? = 0 ]
where "$a" "$start" $pages >a.2
is "ranges: moved" 150 "$(field moved 1 a.ranges)"
awk 'NR <= 100 || NR > 10000 && NR <= 10050 { $2 = 3 } { print }' a.1 >a.wanted
check "ranges: these pages and no others" cmp a.wanted a.2
check "ranges: contents" intact a "$a"
"$mover" "$a" 3 1 >/dev/null

# --- stop half-way
where "$a" "$start" $pages >a.3
"$mover" "$a" 1 2 "range=$start:$pages" pause=1000 stop=3000 >a.stopped
check "stop: status" [ $? = 0 ]
where "$a" "$start" $pages >a.4
moved=$(field moved 1 a.stopped)
check "stop: half-way ($moved pages moved)" [ "$moved" -ge 3000 -a "$moved" -lt $pages ]
is "stop: as many pages are there as were counted" "$moved" "$(awk '$2 == 2' a.4 | wc -l)"
is "stop: the others are where they were" $((pages - moved)) "$(awk '$2 == 1' a.4 | wc -l)"
check "stop: contents" intact a "$a"
"$mover" "$a" 1 2 "range=$start:$pages" threads=2 pause=1000 stop=5000 >a.stopped
moved=$((moved + $(field moved 1 a.stopped)))
where "$a" "$start" $pages >a.4
is "stop, threads: 2: as many pages are there as were counted" "$moved" "$(awk '$2 == 2' a.4 | wc -l)"
is "stop, threads: 2: the others are where they were" $((pages - moved)) "$(awk '$2 == 1' a.4 | wc -l)"
"$mover" "$a" 1 2 "range=$start:$pages" >a.rest
is "after a stop: the rest" $((pages - moved)) "$(field moved 1 a.rest)"
check "after a stop: contents" intact a "$a"
kill "$a"

# --- kinds
hold k heap:0:500 anon:0:600 shmem:0:700
k=$pid
zero=$(on 0 "$k")
"$mover" "$k" 0 1 kinds=2 >k.heap
check "kinds: heap" [ "$(field moved 0 k.heap)" -ge 500 -a "$(field all 0 k.heap)" -lt 600 ]
# shellcheck disable=SC2046
set -- $(region_of k heap)
where "$k" "$1" 500 >k.1
is "kinds: the heap has moved" "1:500" "$(counts k.1)"
# shellcheck disable=SC2046
set -- $(region_of k anon)
where "$k" "$1" 600 >k.2
is "kinds: other memory has not" "0:600" "$(counts k.2)"
"$mover" "$k" 0 1 kinds=16 >k.shared
check "kinds: shared" [ "$(field moved 0 k.shared)" = 700 ]
"$mover" "$k" 0 1 kinds=13 >k.rest
is "kinds: together they are the process" "$zero" \
    $(($(field all 0 k.heap) + $(field all 0 k.shared) + $(field all 0 k.rest)))
check "kinds: contents" intact k "$k"
kill "$k"

# --- pages that a child maps as well
hold s -c anon:0:1000
s=$pid
# shellcheck disable=SC2086
set -- $region
where "$s" "$1" 1000 >s.0
"$mover" "$s" 0 1 private "range=$1:1000" >s.moved
check "private: status" [ $? = 0 ]
where "$s" "$1" 1000 >s.1
check "private: shared pages stay" cmp s.0 s.1
is "private: they are counted as shared" 1000 "$(field shared 0 s.moved)"
is "private: and as nothing else" 1000 "$(field all 0 s.moved)"
"$mover" "$s" 0 1 "range=$1:1000" >s.moved
where "$s" "$1" 1000 >s.1
check "as root without the flag: they move" as_mapped s.0 s.1 "0:1"
is "as root without the flag: counts" 1000 "$(field moved 0 s.moved)"
check "private: contents" intact s "$s"
# An ordinary user, who has no rights over others: not over this one.
asuser user env LD_LIBRARY_PATH=/t/lib "$mover" "$s" 1 0 >/dev/null 2>u.err
status=$?
check "another user's process: EPERM or EACCES (errno $status)" [ "$status" = 1 -o "$status" = 13 ]
where "$s" "$1" 1000 >s.2
check "another user's process: stays" cmp s.1 s.2
kill "$s"
asuser user env LD_LIBRARY_PATH=/t/lib "$mover" 0 0 1 >self.user
check "an ordinary user moves itself" [ $? = 0 ]
is "an ordinary user moves itself" 2000 "$(sed -n 's/^self //p' self.user)"

# --- itself
"$mover" 0 0 2 >self
check "pid 0: status" [ $? = 0 ]
is "pid 0: its own pages, with their contents" 2000 "$(sed -n 's/^self //p' self)"
"$mover" 0 0 3 threads=3 >self
is "pid 0, threads: 3" 2000 "$(sed -n 's/^self //p' self)"

# --- huge pages are whole, also where a range is smaller, and counted once
hold t thp:0:8
t=$pid
# shellcheck disable=SC2086
set -- $region
if [ "$(awk '/^AnonHugePages/ { sum += $2 } END { print sum + 0 }' "/proc/$t/smaps")" = 16384 ]; then
    inside=$(printf '%x' $((0x$1 + 4096 * 7)))
    # Before Linux 6.7 nothing tells that a part of 2 MiB is a part of a huge page: the page moves
    # whole, and what was asked for is counted.
    case $(uname -r) in 6.1.*) whole=3 ;; *) whole=512 ;; esac
    "$mover" "$t" 0 1 dry "range=$inside:1" "range=$1:2" >t.dry
    is "huge page: a dry run of two ranges in one" $whole "$(field moved 0 t.dry)"
    "$mover" "$t" 0 1 "range=$inside:1" "range=$1:2" >t.moved
    is "huge page: moved with two ranges in one" $whole "$(field all 0 t.moved)"
    where "$t" "$1" 4096 >t.1
    is "huge page: it is there, the others are not" "0:3584 1:512" "$(counts t.1)"
    "$mover" "$t" 0 1 threads=2 "range=$1:4096" >t.moved
    is "huge pages: the others" 3584 "$(field moved 0 t.moved)"
    is "huge pages: still huge" 16384 \
        "$(awk '/^AnonHugePages/ { sum += $2 } END { print sum + 0 }' "/proc/$t/smaps")"
    check "huge pages: contents" intact t "$t"
else
    skip "huge pages" "the machine gave none"
fi
kill "$t"

# --- pages that nobody may access, which kernels before 6.5 hide
hold n none:0:512 nonethp:0:1
n=$pid
case $(uname -r) in 6.1.*) hides=1 status=-61 ;; *) hides=0 status=0 ;; esac
for kind in none nonethp; do
    # shellcheck disable=SC2046
    set -- $(region_of n $kind)
    "$mover" "$n" 0 1 "locate=$1:512" >n.located
    said=$(tr '\n' ' ' <n.located)
    check "$kind: where they are ($said)" [ "$said" = "located $status 512 array 0 " ]
done
# shellcheck disable=SC2046
set -- $(region_of n none)
for words in dry private; do
    "$mover" "$n" 0 1 $words "range=$1:512" >n.some
    check "hidden pages in a range, $words: status" [ $? = 0 ]
    is "hidden pages in a range, $words: counted as that" $((512 * hides)) "$(field hidden 0 n.some)"
    is "hidden pages in a range, $words: all are in the counts" 512 "$(field all 0 n.some)"
done
before=$(on 0 "$n")
"$mover" "$n" 0 1 threads=2 >n.moved
check "hidden pages: status" [ $? = 0 ]
is "hidden pages: move with everything else" "$before" "$(field moved 0 n.moved)"
is "hidden pages: none is left" 0 "$(on 0 "$n")"
check "hidden pages: contents" intact n "$n"
kill "$n"

# --- the process ends meanwhile
for threads in 0 2; do
    hold e anon:0:$pages
    if [ $threads = 0 ]; then words=''; else words=threads=$threads; fi
    # shellcheck disable=SC2086
    "$mover" "$pid" 0 1 pause=1000 kill=2000 $words >e.moved
    check "it ends meanwhile, threads: $threads: no error" [ $? = 0 ]
    moved=$(field moved 0 e.moved)
    check "it ends meanwhile, threads: $threads: $moved pages" [ "$moved" -ge 2000 -a "$moved" -lt $pages ]
done

# --- it begins another program meanwhile
: >another
"$here/states" exec 0 $pages >another &
pid=$!
until grep -q ^ready another; do kill -0 "$pid" || exit 1; done
"$mover" "$pid" 0 1 pause=1000 exec=2000 >another.moved
check "another program meanwhile: no error" [ $? = 0 ]
check "another program meanwhile: is told" [ "$(field replaced 0 another.moved)" = 1 ]
check "else it is not" [ "$(field replaced 0 a.moved)" = 0 ]
kill "$pid"

# --- the example
hold x anon:0,1:$pages
x=$pid
# shellcheck disable=SC2086
set -- $region
where "$x" "$1" $pages >x.0
"$here/migrate" "$x" 0-1 2-3 2 >x.out 2>x.err
check "example: status" [ $? = 0 -o $? = 1 ]
where "$x" "$1" $pages >x.1
check "example: page by page" as_mapped x.0 x.1 "0:2 1:3"
check "example: says what has moved" grep -Eq '^node 0 to 2: 8[0-9]+ moved' x.out
check "example: shows progress" grep -q '% *, [0-9]* pages moved' x.err
check "example: contents" intact x "$x"
"$here/migrate" "$x" 2-3 1 >y.out 2>y.err &
mover_pid=$!
until [ -s y.err ] || ! kill -0 $mover_pid; do sleep 0.01; done
kill -INT $mover_pid
wait $mover_pid
check "example: Ctrl-C: status 130" [ $? = 130 ]
where "$x" "$1" $pages >x.2
check "example: Ctrl-C: half-way ($(counts x.2))" [ "$(awk '$2 == 1' x.2 | wc -l)" -lt $pages ]
check "example: Ctrl-C: says so" grep -q interrupted y.err
check "example: contents after Ctrl-C" intact x "$x"
kill "$x"
"$here/migrate" 99999 0 1 2>y.err
check "example: no such process" [ $? = 1 ]
check "example: says so" grep -q 'process 99999: No such process' y.err
finish
