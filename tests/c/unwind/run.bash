# shellcheck shell=bash disable=SC2154
# Part of tests/c/run: exceptions, cancellation and backtraces that pass through the library. Uses
# its functions and variables.

# through NAME 'BELOW...' FLAGS...: builds the program and runs it below the words.
through() {
    local name=$1 below
    read -ra below <<<"$2"
    shift 2
    "$cxx" -std=gnu++17 -g "${warnings[@]}" -I "$here" "${cflags[@]}" "$here/unwind/callbacks.cc" \
        "$out/unwind/worlds.o" -o "$out/unwind/$name" "$@" && timeout "$hang" "${below[@]}" "$out/unwind/$name"
}
part_unwind() {
    local dynamic="env LD_LIBRARY_PATH=$lib"
    mkdir -p "$out/unwind"
    if asked unwind/callbacks && check "unwind: worlds.o" "$cc" "${common[@]}" -fPIE "$here/unwind/worlds.c" -c -o "$out/unwind/worlds.o"; then
        later_take "unwind: callbacks, -O0" through callbacks-O0 "$dynamic" -O0 "${libs[@]}"
        later_take "unwind: callbacks, -O2" through callbacks-O2 "$dynamic" -O2 "${libs[@]}"
        later_take "unwind: callbacks, static" through callbacks-static env -O2 -DLINKED_STATICALLY -static "${static_libs[@]}"
    fi
    if asked unwind/tables; then
        later "unwind: tables for each function" "$here/unwind/covered" "$lib/libnuma.so.1"
    fi
}
