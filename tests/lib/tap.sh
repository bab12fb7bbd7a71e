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
finish() {
    echo "1..$tap_count"
    exit $tap_failed
}
