# shellcheck shell=bash disable=SC2154
# Part of tests/c/run: what a preloaded library shows the library instead of the machine's /sys, and
# programs that load the library under seccomp filters. Uses its functions and variables.

pre=$out/preload

# pre_build OUTPUT ARGUMENT...
pre_build() { check "preload: $1 is built" "$cc" "${common[@]}" -O2 -o "$pre/$1" "${@:2}"; }

# pre_debian PACKAGE FILE: sets file to where it is in the package, unpacked.
pre_debian() {
    file=$("$top/tests/support/fetch" debian "$1" 2>"$pre/fetch") || { missing "preload: $1" "$(tail -n 1 "$pre/fetch")"; return 1; }
    file=$(find "$file" -name "$2" | head -n 1)
}

# --- a made-up /sys --------------------------------------------------------------------------

# pre_sys DIR COLUMNS: four nodes with two CPUs each, COLUMNS distances, and a network device.
pre_sys() {
    local sys=$1/sys node other total device=/devices/pci0000:00/0000:00:09.0
    rm -rf "$1"
    mkdir -p "$sys/devices/system/node" "$sys/devices/system/cpu" "$sys$device/net/made0" "$sys/class/net"
    echo 0-3 | tee "$sys"/devices/system/node/{online,possible,has_cpu,has_memory} >/dev/null
    echo 0-7 | tee "$sys"/devices/system/cpu/{online,possible,present} >/dev/null
    for node in 0 1 2 3; do
        mkdir "$sys/devices/system/node/node$node" "$sys/devices/system/cpu/cpu"{$((2 * node)),$((2 * node + 1))}
        printf '%08x\n' $((3 << (2 * node))) >"$sys/devices/system/node/node$node/cpumap"
        echo "$((2 * node))-$((2 * node + 1))" >"$sys/devices/system/node/node$node/cpulist"
        for ((other = 0; other < $2; other++)); do
            printf '%d ' $((node == other ? 10 : 20 + node + other))
        done | sed 's/ $/\n/' >"$sys/devices/system/node/node$node/distance"
        total=$(((node + 1) * 1000))
        printf "Node $node %s: %15d kB\n" MemTotal $total MemFree $((total / 4)) >"$sys/devices/system/node/node$node/meminfo"
    done
    echo 0 >"$sys$device/numa_node"
    ln -s "../..$device/net/made0" "$sys/class/net/made0"
    ln -s ../../../0000:00:09.0 "$sys$device/net/made0/device"
}

# What show.c prints there.
pre_expected() {
    cat <<'END'
highest 3, configured 4
nodes 0 1 2 3
cpus 0 1
size 1024000, free 256000, distances 10 21 22 23 0
cpus 2 3
size 2048000, free 512000, distances 21 10 23 24 0
cpus 4 5
size 3072000, free 768000, distances 22 23 10 25 0
cpus 6 7
size 4096000, free 1024000, distances 23 24 25 10 0
node 4: Numerical result out of range
size -1, free -1, distances 0 0 0 0 0
cpu 0 on 0, 5 on 2, 6 on 3, 8 on -1
all 0 1 2 3
netdev 0
END
}

# pre_shown TITLE EXPECTED ENVIRONMENT...: what the program prints with ours, and with the reference
# if it can be had, is what is expected.
pre_shown() {
    local title=$1 expected=$2
    shift 2
    env "LD_LIBRARY_PATH=$lib" "$@" "$pre/show" >"$pre/shown" 2>&1 </dev/null
    same "preload: $title (ours)" "$expected" "$pre/shown"
    reference || return
    env "LD_LIBRARY_PATH=$their_lib" "$@" "$pre/show" >"$pre/shown" 2>&1 </dev/null
    same "preload: $title (reference)" "$expected" "$pre/shown"
}

pre_made_up() {
    local file
    pre_build show "$here/preload/show.c" "${libs[@]}" &&
        pre_build libmade_up.so -shared -fPIC "$here/preload/made_up.c" -ldl || return
    reference || missing "preload: the reference" "$why"
    pre_sys "$pre/made-up" 4
    pre_sys "$pre/made-up-3" 3
    # The reference would write its distances into a table that is too small.
    rm "$pre/made-up-3/sys/devices/system/node/node3/distance"
    pre_expected >"$pre/expected"
    pre_shown 'a made-up /sys through preloaded functions' "$pre/expected" \
        "LD_PRELOAD=$pre/libmade_up.so" "MADE_UP=$pre/made-up"
    # The last node's files are there, but no listing has its directory.
    sed -e 's/^highest.*/highest 2, configured 3/' -e 's/^\(nodes\|all\) .*/\1 0 1 2/' \
        -e 's/, 6 on 3/, 6 on -1/' -e 's/^cpus 6 7/node 3: Numerical result out of range/' \
        -e 's/\(distances .*\) 2[345] 0$/\1 0 0/' -e 's/distances 23 .*/distances 0 0 0 0 0/' \
        "$pre/expected" >"$pre/expected-hidden"
    pre_shown 'a preloaded readdir' "$pre/expected-hidden" \
        "LD_PRELOAD=$pre/libmade_up.so" "MADE_UP=$pre/made-up-3" MADE_UP_HIDES=node3
    if pre_debian umockdev libumockdev-preload.so.0; then
        pre_shown umockdev "$pre/expected" "UMOCKDEV_DIR=$pre/made-up" "LD_PRELOAD=$file"
    fi
    if pre_debian libfakechroot libfakechroot.so; then
        pre_shown fakechroot "$pre/expected" "FAKECHROOT_BASE=$pre/made-up" \
            FAKECHROOT_EXCLUDE_PATH=/proc:/dev:/usr:/lib:/lib64:/etc "LD_PRELOAD=$file"
    fi
}

# --- loading under filters -------------------------------------------------------------------

# pre_survives TITLE PATTERN COMMAND...: it ends well, and prints what matches.
pre_survives() {
    local title=$1 pattern=$2 status=0
    shift 2
    # The shell reports in its own words what ends by a signal.
    { "$@" >"$pre/filtered.out" 2>&1 </dev/null || status=$?; } 2>/dev/null
    if [ $status = 77 ]; then
        skip "preload: $title" "the kernel takes no seccomp filter"
    elif [ $status = 0 ] && [[ $(cat "$pre/filtered.out") =~ $pattern ]]; then
        ok "preload: $title"
    else
        not_ok "preload: $title: status $status" "$pre/filtered.out"
    fi
}

pre_filtered() {
    local answer call ours=$lib/libnuma.so.1
    pre_build filtered "$here/preload/filtered.c" -ldl || return
    # 1 is EPERM, 38 ENOSYS.
    for answer in kill 1 38; do
        for call in mbind set_mempolicy get_mempolicy migrate_pages move_pages set_mempolicy_home_node all; do
            pre_survives "dlopen where $call is answered with $answer" '^$' \
                "$pre/filtered" "$call" "$answer" --open "$ours"
            pre_survives "/bin/true with LD_PRELOAD where $call is answered with $answer" '^$' \
                "$pre/filtered" "$call" "$answer" env "LD_PRELOAD=$ours" /bin/true
            if command -v ps >/dev/null; then
                # Recent ones open the library to show a process's node.
                pre_survives "ps where $call is answered with $answer" '' "$pre/filtered" "$call" "$answer" \
                    env "LD_LIBRARY_PATH=$lib" "LD_PRELOAD=$ours" ps -o pid,numa,comm
            fi
        done
    done
    has ps "preload: ps"
}

part_preload() {
    mkdir -p "$pre"
    ! asked preload/made_up || pre_made_up
    ! asked preload/filtered || pre_filtered
}
