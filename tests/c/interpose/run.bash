# shellcheck shell=bash disable=SC2154
# Part of tests/c/run: programs and libraries that get between a program and the library.
# Uses its functions and variables.

dir=$out/interpose

# library NAME ARGUMENT...: builds a shared library that programs need.
library() { "$cc" "${common[@]}" -O2 -shared -fPIC -o "$dir/$1" "${@:2}"; }
# interposed NAME 'BELOW...' ARGUMENT...: builds a program and runs it below the words.
interposed() {
    local name=$1 below
    read -ra below <<<"$2"
    shift 2
    "$cc" "${common[@]}" -o "$dir/$name" "$@" && cd "$dir" && timeout "$hang" "${below[@]}" "$dir/$name"
}
# try NAME 'BELOW...' ARGUMENT...: the same in the background, as tests.
try() { later_take "interpose: $1" interposed "$@"; }

part_interpose() {
    local kind ours=$lib/libnuma.so.1 archive=$lib/libnuma.a in=$here/interpose
    local dynamic="env LD_LIBRARY_PATH=$lib" system=(-pthread -ldl -lm -lrt -lutil)
    mkdir -p "$dir"

    # A preloaded library's functions win, below every kind of program.
    if asked interpose/below && check "interpose: libpreloaded.so" library libpreloaded.so "$in/preloaded.c"; then
        for kind in -O0 -O2 '-O2 -flto' '-O2 -fno-pie -no-pie'; do
            # shellcheck disable=SC2086  # words
            try "below${kind// /}" "$dynamic LD_PRELOAD=$dir/libpreloaded.so" $kind "$in/below.c" "${libs[@]}"
        done
    fi

    if asked interpose/opened; then
        try opened "env NUMA_LIBRARY=$ours" -O1 "$in/opened.c" -pthread -ldl
        if has valgrind "interpose: opened, valgrind"; then
            try opened-valgrind "env NUMA_LIBRARY=$ours TESTS_UNDER=valgrind ${valgrind[*]} --trace-children=yes" \
                -O1 "$in/opened.c" -pthread -ldl
        fi
    fi

    # The order matters: libnuma before the library that does not name it.
    if asked interpose/before && check "interpose: libearly.so" library libearly.so "$in/early.c" -Wl,--unresolved-symbols=ignore-all; then
        try before "$dynamic" -O2 "$in/before.c" -Wl,--no-as-needed "${libs[@]}" -L "$dir" -learly "-Wl,-rpath,$dir"
        if reference; then
            try before-reference "env LD_LIBRARY_PATH=$their_lib TESTS_ON_REFERENCE=1" -O2 "$in/before.c" \
                -Wl,--no-as-needed "$their_lib/libnuma.so.1" -L "$dir" -learly "-Wl,-rpath,$dir"
        fi
    fi

    if asked interpose/first; then
        try first "$dynamic" -O2 "$in/first.c" "${libs[@]}"
        try first-static env -O2 -DLINKED_STATICALLY -static "$in/first.c" "${static_libs[@]}"
    fi

    ! asked interpose/linked || try linked "$dynamic" -O2 "$in/linked.c" "${libs[@]}"

    # A program that was linked with the reference.
    if asked interpose/over; then
        if reference; then
            try over "env LD_LIBRARY_PATH=$their_lib LD_PRELOAD=$ours NUMA_LIBRARY=$ours" \
                -O2 "$in/over.c" "$their_lib/libnuma.so.1" -ldl
        else
            missing "interpose: over" "$why"
        fi
    fi

    # Another Rust static library beside libnuma.a, in both orders.
    if asked interpose/rust && has rustc "interpose: rust" &&
        check "interpose: librust_user.a" rustc --edition 2021 -O --crate-type staticlib --crate-name rust_user \
            -o "$dir/librust_user.a" "$in/rust_user.rs"; then
        try rust-before env -O2 "$in/rust.c" "$dir/librust_user.a" "$archive" "${system[@]}" -lgcc_s
        try rust-after env -O2 "$in/rust.c" "$archive" "$dir/librust_user.a" "${system[@]}" -lgcc_s
        try rust-dynamic "$dynamic" -O2 "$in/rust.c" "$dir/librust_user.a" "${libs[@]}" "${system[@]}" -lgcc_s
        try rust-static env -O2 -DLINKED_STATICALLY -static "$in/rust.c" "$dir/librust_user.a" "$archive" "${system[@]}" -lgcc_eh
    fi

    # Programs that are not position-independent have copies of the variables: else the tests of
    # the variant nopie would prove nothing.
    if asked data && "$cc" "${common[@]}" -O2 -fno-pie -no-pie "$here/data.c" -o "$dir/copies" "${libs[@]}"; then
        kind=$(readelf -rW "$dir/copies" | grep -c 'R_.*_COPY .*numa_')
        check "interpose: $kind COPY relocations in a program that is not position-independent" test "$kind" -ge 5
    fi
}
