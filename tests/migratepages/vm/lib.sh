# For the scripts that run in the guest: sourced by each of them.
# shellcheck shell=sh disable=SC2034
pid='' region=''

here=$(dirname "$0")
move=${MIGRATEPAGES:-/t/migratepages}
passed=0
failed=0

# check NAME COMMAND...: one result line.
check() {
    check_name=$1
    shift
    if "$@"; then
        echo "ok $check_name"
        passed=$((passed + 1))
    else
        echo "not ok $check_name"
        failed=$((failed + 1))
    fi
}
skip() { echo "skip $1 $2"; }
finish() { [ "$failed" = 0 ]; exit; }

# hold NAME ARGS...: starts a process with that memory; its lines go to NAME.
# Sets pid, and region (ADDRESS PAGES PAGESIZE of the first one).
hold() {
    hold_file=$1
    shift
    : >"$hold_file"
    "$here/hold" "$@" >"$hold_file" &
    pid=$!
    until grep -q '^ready' "$hold_file"; do
        if ! kill -0 "$pid" 2>/dev/null; then
            echo "not ok hold $*"
            exit 1
        fi
        sleep 0.05
    done
    region=$(sed -n 's/^region [a-z]* //p' "$hold_file" | head -n 1)
}
# region NAME KIND: ADDRESS PAGES PAGESIZE of that region.
region_of() { sed -n "s/^region $2 //p" "$1" | head -n 1; }

# intact NAME PID: the process finds all of its contents as it wrote them.
intact() {
    intact_before=$(grep -c -e '^intact' -e '^damaged' "$1")
    kill -USR1 "$2"
    until [ "$(grep -c -e '^intact' -e '^damaged' "$1")" -gt "$intact_before" ]; do sleep 0.05; done
    tail -n 1 "$1" | grep -qx intact
}

# json_field FILE KEY: the first value of that key, as serde_json prints it.
json_field() { sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" "$1" | head -n 1; }
# nodes_of PID NODE: pages that numa_maps has on the node; huge ones are one each.
nodes_of() { awk -v f="$2" '{ if (match($0, "N" f "=[0-9]+")) { split(substr($0, RSTART, RLENGTH), a, "="); n += a[2] } } END { print n + 0 }' "/proc/$1/numa_maps"; }

# counts FILE: "NODE:PAGES" of a `where` output. Kernels say -2 or -14 for what is not there.
counts() {
    awk '{ n[$2 == -2 || $2 == -14 ? "absent" : $2]++ } END { for (i in n) print i ":" n[i] }' "$1" |
        sed 's/^absent/~&/' | sort | sed 's/^~//' | tr '\n' ' ' | sed 's/ $//'
}

# as_mapped BEFORE AFTER "0:2 1:3": page by page, each went where the map says; others stayed.
as_mapped() {
    awk -v map="$3" '
        BEGIN { k = split(map, pairs, " "); for (i = 1; i <= k; i++) { split(pairs[i], p, ":"); to[p[1]] = p[2] } }
        NR == FNR { node[$1] = $2; n++; next }
        { want = ($1 in node) ? node[$1] : "?"; if (want in to) want = to[want]
          if ($2 != want) { bad++; if (bad < 4) print "page " $1 " was on " node[$1] ", is on " $2 ", should be on " want >"/dev/stderr" }
          seen++ }
        END { exit bad || seen != n || n == 0 }' "$1" "$2"
}
