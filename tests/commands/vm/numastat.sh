#!/bin/sh
# Runs in a guest: numastat on its nodes. Ours and the reference's print the same, and what they print is
# what /sys and /proc say.
#
#   numastat.sh [OURS [REFERENCE]]      directories (/t/ours, /t/reference)

# shellcheck source=tests/lib/tap.sh
. /t/tap.sh
ours=${1:-/t/ours} reference=${2:-/t/reference}
work=/tmp/numastat
mkdir -p $work
chmod 777 $work
cd $work || exit 2

nodes=$(expand "$(cat /sys/devices/system/node/online)")
with_memory=$(expand "$(cat /sys/devices/system/node/has_memory)")
first=$(echo "$with_memory" | head -n 1)
last=$(echo "$with_memory" | tail -n 1)
kilobytes() { awk -v row="$1:" '$3 == row { sum += $4 } END { printf "%.2f", sum / 1024 }' "/sys/devices/system/node/node$2/meminfo"; }

# --- the same as the reference ---------------------------------------------------------------

sleep 100000 &
still=$!
asuser user sleep 100001 >/dev/null 2>&1 &
other=$!
# Until both are the program, the user's as the user.
is_sleeping() { [ "$(cat "/proc/$1/comm")" = sleep ] && [ "$(stat -c %U "/proc/$1")" = "$2" ]; }
until is_sleeping $still root && is_sleeping $other user; do :; done

# Numbers of the system move, and with them the width of columns; those of a process that sleeps do not.
# 2.0.16 has other rows of meminfo, and a line for each that it does not know.
steady() {
    case $1 in
    *"$still"*) cat ;;
    -*m*) sed -E -e '/^[A-Z][A-Za-z_()]* +[0-9.]/d' -e '/^Token /d' -e 's/ +-+/ -/g' -e 's/ +/ /g' ;;
    *) sed -E -e 's/ +[0-9]+(\.[0-9]+)?/ #/g' -e 's/(ode) #/\1/g' -e 's/ +-+/ -/g' -e 's/ +/ /g' ;;
    esac
}
# both LINE: runs it with the command of each side; true if they print and return the same.
both() {
    for side in "$reference" "$ours"; do
        # shellcheck disable=SC2086  # words
        PATH=$side:$PATH $below numastat $1 >out 2>err </dev/null
        { echo "status $?"; cat out; sed 's/^/err: /' err; } | steady "$1" >"both.${side##*/}"
    done
    diff "both.${reference##*/}" "both.${ours##*/}" >difference && return
    sed 's/^/# /' difference
    return 1
}
below=''
for line in '' -n -cn -cz '-s' -m -cm "$still" "-c $still" "-z $still" "-s $still" "$still $other" "-cz $still $other" "-vs $still $other"; do
    check "numastat $line" both "$line"
done
export NUMASTAT_WIDTH=80
for line in '' -cn -m "$still $other"; do check "80 columns: numastat $line" both "$line"; done
unset NUMASTAT_WIDTH
below='asuser user'
check "as a user: numastat" both ''
check "as a user: numastat $other" both "$other"
below=''

# --- what it says is true --------------------------------------------------------------------

# columns NAME FILE: the numbers of a row.
columns() { awk -v name="$1" '$1 == name { for (i = 2; i <= NF; i++) print $i }' "$2" | tr '\n' ' '; }
heads() {
    "$ours/numastat" -m >out
    [ "$(sed -n 's/Node //g; 3p' out | tr -s ' ' '\n' | grep '[0-9]' | tr '\n' ' ')" = "$(echo "$nodes" | tr '\n' ' ')" ]
}
check 'a column for each node, by its id' heads
totals() {
    sum=0 wanted=''
    for node in $nodes; do wanted="$wanted$(kilobytes MemTotal "$node") "; done
    sum=$(cat /sys/devices/system/node/node*/meminfo | awk '$3 == "MemTotal:" { sum += $4 } END { printf "%.2f", sum / 1024 }')
    [ "$(columns MemTotal out)" = "$wanted$sum " ] || { echo "# $(columns MemTotal out), not $wanted$sum"; false; }
}
check 'MemTotal' totals
rows() {
    awk '{ sub(":", "", $3); print $3 }' "/sys/devices/system/node/node$first/meminfo" >wanted
    awk 'NR > 4 { print $1 }' out | cmp - wanted
}
check 'the rows of meminfo, in its order' rows
huge() {
    echo 2 >"/sys/devices/system/node/node$last/hugepages/hugepages-2048kB/nr_hugepages"
    "$ours/numastat" -m >out
    columns HugePages_Total out | grep -q '[^0-9]4\.00 4\.00 $\|^4\.00 4\.00 $'
    status=$?
    echo 0 >"/sys/devices/system/node/node$last/hugepages/hugepages-2048kB/nr_hugepages"
    return "$status"
}
check 'huge pages on the last node' huge

# --- where a process's memory is, and whether it belongs there --------------------------------

rm -f fifo
mkfifo fifo
group=/sys/fs/cgroup/numastat
mkdir -p $group
# shellcheck disable=SC2016  # for the inner shell
echo 'echo $$ >/sys/fs/cgroup/numastat/cgroup.procs && exec "$@"' >within
sh within "$ours/memhog" --hold -H 8m membind "$last" >fifo 2>/dev/null &
hog=$!
read -r _ <fifo
# on NODE: whether 8 MB and little more are there, in the last line of `out`.
on() {
    awk -v node="$1" 'NR == FNR { for (i = 1; i < NF; i += 2) if ($i == "Node") column[$(i + 1)] = (i + 1) / 2; next }
        { sum = $(column[node] + 1) } END { exit !(sum >= 8 && sum < 12) }' heads out || { sed 's/^/# /' out; false; }
}
placed() {
    "$ours/numastat" "$hog" >out || return
    sed -n 3p out >heads
    on "$1"
}
check "8 MB on node $last" placed "$last"
sum() {
    awk '{ for (i = 3; i <= NF; i++) if ($i ~ /^N[0-9]+=/) { sub(/.*=/, "", $i); sum += $i } } END { printf "%.2f", sum / 256 }' "/proc/$hog/numa_maps" >wanted
    awk '/^Total/ { printf "%s", $NF }' out | cmp - wanted
    "$ours/numastat" --by=kind "$hog" | awk '/^Total/ { printf "%s", $NF }' | cmp - wanted
}
check 'the total of numa_maps' sum
in_place() { "$ours/numastat" --check "$hog" >out && grep -q 'all memory is where' out; }
check 'all is in place' in_place
in_group() {
    "$ours/numastat" --cgroup /numastat >out && sed -n 3p out >heads && grep '^anon ' out >anon && mv anon out && on "$last"
}
check 'the memory of its control group' in_group
if [ "$first" != "$last" ]; then
    "$ours/migratepages" "$hog" "$last" "$first"
    check "8 MB on node $first" placed "$first"
    out_of_place() {
        "$ours/numastat" --check "$hog" >out
        if [ $? = 3 ] && grep -q '^Outside of bind .* 8\.[0-9][0-9]$' out; then return; fi
        sed 's/^/# /' out
        false
    }
    check 'memory on a node that its policy does not name' out_of_place
else
    skip 'memory on a node that its policy does not name' 'one node'
fi

# --- what cannot be shown --------------------------------------------------------------------

refused() {
    asuser user "$ours/numastat" "$still" >out 2>err
    [ $? = 1 ] && [ ! -s out ] && grep -qx "Can't read /proc/$still/numa_maps: Permission denied" err
}
check "another user's process" refused
others() {
    asuser user "$ours/numastat" "$still" "$other" >out 2>err
    [ $? = 1 ] && grep -q "^$other (sleep)" out && ! grep -q "^$still " out
}
check 'the others are shown' others
gone() {
    "$ours/numastat" 2147483647 >out 2>err
    [ $? = 1 ] && [ ! -s out ] && grep -q '^Can.t read' err
}
check 'a process that is not there' gone

for words in '' -mn "$hog $other" "--by=kind --tree $$" "--check $hog" '--cgroup /numastat 2147483647'; do
    # shellcheck disable=SC2086  # words
    "$ours/numastat" --json $words 2>/dev/null | tr -d '\n' | sed 's/^/@json numastat /'
    echo
done
kill "$hog" "$still" "$other"
finish
