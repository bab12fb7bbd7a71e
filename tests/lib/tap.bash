# shellcheck shell=bash disable=SC2034  # many variables are the groups'
# What all test groups share. A group is a bash program in tests/GROUP: a head comment, which is
# its --help, then
#
#     . "$(dirname "$0")/../lib/tap.bash"
#     options "$@"
#     parts ...              # or any code that calls the functions below
#     finish
#
# It prints TAP 13 and, as its last line, "N passed, N failed, N skipped". tests/README.md tells how
# to use a group and how to write one.
set -uo pipefail
export LC_ALL=C

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) here=$(cd "$(dirname "$0")" && pwd)
group=${0#"$top"/} group=${group#tests/}
cpus=$(nproc 2>/dev/null || echo 1)

# --- options ---------------------------------------------------------------------------------

prefix=$top/build/stage out='' verbose='' list='' only=() words=()
# Options of one group: names of those with a value and of those without. The variable of that name
# gets the value, or `yes`.
more_values='' more_flags=''

die() { echo "$group: $*" >&2; exit 2; }
usage() {
    awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
    cat <<'TEXT'

All groups know these options:
  --prefix DIR    where the libraries are installed (build/stage)
  --out DIR       keep programs and logs there
  --only PATTERN  only the parts whose name matches the shell pattern; may be repeated
  --list          the names of the parts
  --verbose       show what passing tests print
TEXT
}
options() {
    local name
    while [ $# -gt 0 ]; do
        name=${1#--}
        case " $1 " in
        ' --help ' | ' -h ') usage; exit 0 ;;
        ' --only ') only+=("${2?$1 needs a value}"); shift ;;
        ' --'*)
            if [[ " prefix out $more_values " = *" $name "* ]]; then
                printf -v "${name//-/_}" %s "${2?$1 needs a value}"
                shift
            elif [[ " list verbose $more_flags " = *" $name "* ]]; then
                printf -v "${name//-/_}" yes
            else
                usage >&2
                exit 2
            fi
            ;;
        *) words+=("$1") ;;
        esac
        shift
    done
    work=$(mktemp -d "${TMPDIR:-/tmp}/tap.XXXXXX") || exit 2
    trap 'rm -rf "$work"' EXIT
    : "${out:=$work/out}"
    mkdir -p "$out" || exit 2
    out=$(cd "$out" && pwd)
    [ -n "$list" ] || echo 'TAP version 13'
}

# wanted NAME: whether --only allows this part.
wanted() {
    local pattern
    [ ${#only[@]} -gt 0 ] || return 0
    # shellcheck disable=SC2053  # it is a pattern
    for pattern in "${only[@]}"; do [[ $1 != $pattern ]] || return 0; done
    return 1
}
# parts NAME...: calls the function part_NAME for each that is wanted.
parts() {
    local name any=''
    for name; do
        wanted "$name" || continue
        any=yes
        if [ -n "$list" ]; then echo "$name"; else "part_${name//[^a-zA-Z0-9]/_}"; fi
    done
    [ -z "$list" ] || exit 0
    [ -n "$any" ] || die "no part ${only[*]}; there are: $*"
}

# --- results ---------------------------------------------------------------------------------

passed=0 failed=0 skipped=0
# What is printed beside a result, at most 60 lines of it.
comment() { sed -n -e '61s/.*/# .../p' -e '61q' -e 's/^\(# \)\?/# /p' "$@"; }

# ok NAME [FILE]; not_ok NAME [FILE]: the file says why.
ok() {
    passed=$((passed + 1))
    echo "ok $((passed + failed + skipped)) - ${1//#/}"
    [ -z "$verbose" ] || [ -z "${2:-}" ] || comment "$2"
}
not_ok() {
    failed=$((failed + 1))
    echo "not ok $((passed + failed + skipped)) - ${1//#/}"
    [ -z "${2:-}" ] || comment "$2"
}
# skip NAME REASON: this machine, kernel or user cannot do it.
skip() {
    skipped=$((skipped + 1))
    echo "ok $((passed + failed + skipped)) - ${1//#/} # SKIP ${2:?a skip has a reason}"
}
# missing NAME REASON: a tool or a download is lacking. No excuse where all can be installed.
missing() {
    if [ "${CI:-}" = true ]; then not_ok "$1" <(echo "$2"); else skip "$@"; fi
}
# has TOOL NAME...: whether it is installed; otherwise these tests are missing.
has() {
    local tool=$1 name
    shift
    ! command -v "$tool" >/dev/null || return 0
    for name; do missing "$name" "$tool is not installed"; done
    return 1
}
finish() {
    echo "1..$((passed + failed + skipped))"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
    exit
}

# --- commands and what is expected of them ---------------------------------------------------

# check NAME COMMAND...: succeeds. All of these return whether the test passed.
check() {
    local name=$1
    shift
    if "$@" >"$work/said" 2>&1 </dev/null; then ok "$name" "$work/said"; return; fi
    not_ok "$name" "$work/said"
    return 1
}
# expect NAME STATUS PATTERN COMMAND...: ends with the status, or with none but 0 if that is `!`, and
# prints a line that matches.
expect() {
    local name=$1 wanted=$2 pattern=$3 status=0
    shift 3
    "$@" >"$work/said" 2>&1 </dev/null || status=$?
    [ "$wanted" != '!' ] || [ $status = 0 ] || wanted=$status
    if [ $status = "$wanted" ] && grep -qE -e "$pattern" "$work/said"; then ok "$name" "$work/said"; return; fi
    echo "status $status, wanted $wanted and: $pattern" >>"$work/said"
    not_ok "$name" "$work/said"
    return 1
}
# same NAME WANTED FOUND: two files are equal; `-` is missing, `+` is too much.
same() {
    if diff "$2" "$3" >"$work/difference"; then ok "$1"; return; fi
    not_ok "$1" <(sed -n -e 's/^< /- /p' -e 's/^> /+ /p' "$work/difference")
    return 1
}
# equal NAME WANTED FOUND: two words are; none NAME FOUND: there are none.
equal() { same "$1" <(echo "$2") <(echo "$3"); }
none() { equal "$1" '' "$2"; }

# A program below it fails if it loses memory or touches what is not its own.
# shellcheck disable=SC2054  # the commas are valgrind's
valgrind=(valgrind -q --vgdb=no --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible
    --errors-for-leak-kinds=definite,possible)

# later NAME COMMAND...: `check` in the background, as many at a time as there are CPUs.
# later_take TITLE COMMAND...: the same for a command that prints TAP.
# settle: waits for all. Results come in the order of the calls, as soon as they are known.
queue=() reported=0
later() { enqueue check "$@"; }
later_take() { enqueue take "$@"; }
enqueue() {
    local file=$work/later.${#queue[@]}
    queue+=("$1 $2")
    while [ "$(jobs -pr | wc -l)" -ge "$cpus" ]; do
        wait -n || :
        report
    done
    put_status "$file" "${@:3}" &
}
# put_status FILE COMMAND...: leaves what it prints in FILE and then its status in FILE.status.
put_status() {
    local file=$1 status=0
    shift
    "$@" >"$file" 2>&1 </dev/null || status=$?
    echo $status >"$file.tmp"
    mv "$file.tmp" "$file.status"
}
report() {
    local file name
    while file=$work/later.$reported && [ -e "$file.status" ]; do
        name=${queue[reported]#* }
        reported=$((reported + 1))
        case ${queue[reported - 1]} in
        take\ *) take "$name" "$file" ;;
        *) if [ "$(cat "$file.status")" = 0 ]; then ok "$name" "$file"; else not_ok "$name" "$file"; fi ;;
        esac
    done
}
settle() {
    while report; [ "$reported" -lt ${#queue[@]} ]; do
        # No process is left: whatever has no status was killed.
        wait -n || [ -e "$work/later.$reported.status" ] || echo killed >"$work/later.$reported.status"
    done
}

# take TITLE FILE [STATUS]: the results of another program that prints TAP, as those of this group.
# STATUS is in FILE.status if it is not given. A program has to say how many tests it has, `1..N`.
take() {
    local title=$1 file=$2 status=${3:-} line plan='' count=0 bad=$failed
    [ -n "$status" ] || status=$(cat "$file.status" 2>/dev/null)
    : >"$work/beside"
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line =~ ^(not )?ok\ *[0-9]*\ *(- )?(.*)$ ]]; then
            count=$((count + 1))
            line=${BASH_REMATCH[3]}
            if [ -n "${BASH_REMATCH[1]}" ]; then
                not_ok "$title: $line" "$work/beside"
            elif [[ $line = *'# SKIP '* ]]; then
                skip "$title: ${line%% *# SKIP *}" "${line#*# SKIP }"
            else
                ok "$title: $line" "$work/beside"
            fi
            : >"$work/beside"
        elif [[ $line =~ ^1\.\.([0-9]+)$ ]]; then
            plan=${BASH_REMATCH[1]}
        else
            echo "$line" >>"$work/beside"
        fi
    done <"$file"
    if [ "$plan" != $count ]; then
        not_ok "$title: ended with status $status after $count of ${plan:-?} tests" "$work/beside"
    elif [ "$status" != 0 ] && [ "$failed" = "$bad" ]; then
        not_ok "$title: status $status although all tests passed" "$work/beside"
    fi
    [ "$failed" = "$bad" ]
}

# --- virtual machines ------------------------------------------------------------------------

# A command that takes longer than this many seconds hangs: nothing waits for it to pass.
hang=900

# boot NAME ARGUMENT...: tests/vm/run with these arguments; results are in $guest. False if there are
# none, which it has said then.
boot() {
    local name=$1 status=0
    shift
    guest=$out/vm-${name//\//-}
    rm -rf "$guest"
    mkdir -p "$guest"
    "$top/tests/vm/run" -o "$guest" "$@" >"$guest/vm.log" 2>&1 || status=$?
    if [ $status = 77 ]; then
        missing "$name" "$(tail -n 1 "$guest/vm.log")"
    elif [ $status != 0 ]; then
        not_ok "$name: tests/vm/run ended with status $status" "$guest/vm.log"
    fi
    [ $status = 0 ]
}
# each_machine WORDS: calls `machine NAME TOPOLOGY KERNEL WORD...` for each TOPOLOGY[@KERNEL][:WORD,...] of the command
# line; NAME is without the words, which are WORDS where none are named.
each_machine() {
    local one name kernel chosen
    for one in "${words[@]}"; do
        name=${one%:*} kernel=6.12 chosen=$1
        [ "$name" = "$one" ] || chosen=${one#*:}
        [[ $name != *@* ]] || kernel=${name#*@}
        # shellcheck disable=SC2086  # words
        if wanted "$one"; then machine "$name" "${name%@*}" "$kernel" ${chosen//,/ }; fi
    done
}
# take_guest TITLE TEST: what a test of the machine's list printed.
take_guest() {
    cat "$guest/$2.err" >>"$guest/$2.out"
    take "$1" "$guest/$2.out" "$(cat "$guest/$2.status")"
}

# --- the libraries ---------------------------------------------------------------------------

# installed: what is below $prefix: sets lib and include, and pkg finds it.
installed() {
    local found
    found=$(find "$prefix" -name libnuma.so.1 -print -quit 2>/dev/null)
    [ -n "$found" ] || die "no libnuma.so.1 below $prefix (make stage)"
    lib=$(cd "${found%/*}" && pwd)
    found=$(find "$prefix" -name numa.h -print -quit)
    include=$(cd "${found%/*}" && pwd)
    export PKG_CONFIG_PATH=$lib/pkgconfig
}
# pkg WORD...: pkg-config; what is installed below DESTDIR names the place where it will be.
pkg() { pkg-config --define-variable=libdir="$lib" --define-variable=includedir="$include" "$@"; }
# reference: sets theirs to the unpacked reference, and their_lib to where its libnuma.so.1 is. False,
# with the reason in $why, if it cannot be had.
reference() {
    [ -z "${theirs:-}" ] || return 0
    theirs=$("$top/tests/support/fetch" reference 2>"$work/fetch") || { theirs='' why=$(tail -n 1 "$work/fetch"); return 1; }
    their_lib=$(dirname "$(find "$theirs" -name libnuma.so.1 -print -quit)")
}
# stand_ins: $out/missing.o, which stands in for the symbols that the reference lacks, and their names in
# $out/missing.list: see tests/c/missing.c.
stand_ins() {
    readelf --dyn-syms -W "$their_lib/libnuma.so.1" | awk '{ sub(/@.*/, "", $8); print $8 }' |
        awk 'FILENAME == "-" { theirs[$1] = 1; next }
            !/^#/ && $3 == "default" && !($1 in theirs) { print toupper($4) "(" $1 ")" }' \
            - "$top/abi/symbols.tsv" >"$out/missing.list"
    "${CC:-gcc}" -std=gnu11 -Wall -Wextra -Werror -O2 -fPIE -I "$top/tests/c" -I "$out" -c -o "$out/missing.o" \
        "$top/tests/c/missing.c"
}
