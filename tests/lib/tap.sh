# shellcheck shell=sh
# TAP for scripts that run in a guest, whose shell is busybox's. tap.bash takes their results.
tap_count=0 tap_failed=0

# check NAME COMMAND...: succeeds.
check() {
    tap_name=$1 tap_word=ok
    shift
    "$@" || { tap_word='not ok' tap_failed=1; }
    tap_count=$((tap_count + 1))
    echo "$tap_word $tap_count - $tap_name"
}
# skip NAME REASON
skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}
# expand 0-2,5: in single numbers; every_second 0-2,5: from the second on, so the set has gaps.
expand() {
    for part in $(echo "$1" | tr , ' '); do seq "${part%-*}" "${part#*-}"; done
}
every_second() { expand "$1" | sed -n 'n;p' | tr '\n' ,; }
finish() {
    echo "1..$tap_count"
    exit $tap_failed
}
