# What loading costs; read by bench/run. Each program needs its libnuma by an absolute path, so that
# no search for it is measured. They may run on all CPUs, as most programs may: a library that reads
# more where they are fewer would look worse than it is.
# shellcheck shell=bash disable=SC2154  # the variables are those of bench/run

pin "$allowed"

load=$out/load
rm -rf "$load"
mkdir -p "$load"
cc=${CC:-cc}

"$cc" -O2 -o "$load/empty" "$here/load/program.c"
"$cc" -O2 -o "$load/spawn" "$here/load/spawn.c"
for marker in before after; do
    "$cc" -O2 -shared -fPIC -o "$load/$marker.so" "$here/load/marker.c"
done
for side in reference ours control bound; do
    mkdir "$load/$side"
    library=$load/$side/libnuma.so.1
    # A library without a name of its own is noted by the path that the linker was given. The real
    # one takes its place afterwards.
    "$cc" -O2 -shared -fPIC -o "$library" "$here/load/tiny.c"
    "$cc" -O2 -o "$load/$side/program" "$here/load/program.c" -Wl,--no-as-needed "$library"
    # Constructors run from the last library to the first.
    "$cc" -O2 -o "$load/$side/marked" "$here/load/program.c" -Wl,--no-as-needed \
        "$load/before.so" "$library" "$load/after.so"
    [ $side = bound ] || cp -f "${path[$side]}" "$library"
done

says() { printf 'load\t%s\t%s\t%s\n' "$@"; }

if command -v strace >/dev/null; then
    calls() { strace -o "$load/trace" "$@" >/dev/null && grep -c '^[a-z]' "$load/trace"; }
    base=$(calls "$load/empty")
    for side in reference ours bound; do
        says $side 'system calls added' $(($(calls "$load/$side/program") - base))
        strace -o "$load/trace" "$load/$side/marked"
        sed -n '/^close(-4242)/,/^close(-4242)/p' "$load/trace" | grep -v '^close(-4242)' >"$load/$side/constructor" || true
        says $side 'system calls of the constructor' "$(wc -l <"$load/$side/constructor")"
        says $side 'files that the constructor opens' "$(grep -c '^open' "$load/$side/constructor")"
        says $side 'memory policy calls of the constructor' \
            "$(grep -cE '^(mbind|[gs]et_mempolicy|(migrate|move)_pages)' "$load/$side/constructor")"
        # What is read in pieces is read by the same call again.
        says $side 'files opened and calls made twice' "$(sed 's/) *= .*//' "$load/$side/constructor" |
            grep -vE '^(read|pread64|getdents64|close|brk|mmap|munmap)' | sort | uniq -d | wc -l)"
    done >>"$lines"
else
    echo "bench: no strace, so no system calls" >&2
fi

for side in reference ours; do
    says $side 'private dirty memory' "$("$load/$side/program" dirty)"
    strip -o "$load/$side/stripped" "$load/$side/libnuma.so.1"
    says $side 'size, stripped' "$(stat -c %s "$load/$side/stripped" | awk '{ print $1 / 1024 }')"
done >>"$lines"

if command -v valgrind >/dev/null; then
    instructions() {
        valgrind --vgdb=no --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 | sed -n 's/.*Collected : *//p'
    }
    base=$(instructions "$load/empty")
    for side in reference ours bound; do
        says $side 'instructions added' $(($(instructions "$load/$side/program") - base))
    done >>"$lines"
fi

programs=()
for side in reference ours control bound; do
    programs+=("$side=$load/$side/program")
done
"$load/spawn" "$spawns" 100 "$load/empty" "${programs[@]}" >>"$lines"

# How much more a constructor does in a process that is bound to one CPU.
pin "${allowed##*[,-]}"
