# shellcheck shell=bash disable=SC2154
# Part of tests/c/run: what a preloaded library shows the library instead of the machine's /sys, and
# programs that load the library under seccomp filters. Uses its functions and variables.

pre=$out/preload
mkdir -p "$pre"

# pre_build OUTPUT ARGS...: 0 if it can be built, else a failure.
pre_build() {
	local name=$1
	shift
	if "$cc" "${common[@]}" -O2 -o "$pre/$name" "$@" 2>"$pre/$name.build"; then return 0; fi
	fail "preload: $name cannot be built"
	head -n 10 "$pre/$name.build"
	return 1
}

# pre_without WHAT REASON: what cannot be had is skipped, but where everything has to be there.
pre_without() {
	if [ "${CI:-}" = true ]; then fail "preload: $1: $2"; else skip "preload: $1: $2"; fi
}

# pre_debian PACKAGE: its directory, unpacked.
pre_debian() { "$root/tests/support/fetch" debian "$1" 2>"$pre/fetch"; }

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
	cat <<-'END'
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
	local title=$1 expected=$2 of library
	shift 2
	for of in reference ours; do
		library=$lib
		if [ $of = reference ]; then
			library=$pre_reference
			[ -n "$library" ] || continue
		fi
		(exec env "LD_LIBRARY_PATH=$library" "$@" "$pre/show") >"$pre/shown" 2>&1 </dev/null
		if diff "$expected" "$pre/shown" >"$pre/shown.diff"; then
			pass "preload: $title ($of)"
		else
			fail "preload: $title ($of)"
			grep '^[<>]' "$pre/shown.diff" | head -n 10
		fi
	done
}

if wanted preload/made_up && pre_build show "$here/preload/show.c" "${libs[@]}" &&
	pre_build libmade_up.so -shared -fPIC "$here/preload/made_up.c" -ldl; then
	pre_reference=''
	if pre_reference=$("$root/tests/support/fetch" reference 2>"$pre/fetch"); then
		pre_reference=$(dirname "$(find "$pre_reference" -name libnuma.so.1 | head -n 1)")
	else
		pre_without 'the reference' "$(tail -n 1 "$pre/fetch")"
	fi
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
	if pre_umockdev=$(pre_debian umockdev); then
		pre_shown umockdev "$pre/expected" "UMOCKDEV_DIR=$pre/made-up" \
			"LD_PRELOAD=$(find "$pre_umockdev" -name libumockdev-preload.so.0 | head -n 1)"
	else
		pre_without umockdev "$(tail -n 1 "$pre/fetch")"
	fi
	if pre_fakechroot=$(pre_debian libfakechroot); then
		pre_shown fakechroot "$pre/expected" "FAKECHROOT_BASE=$pre/made-up" \
			FAKECHROOT_EXCLUDE_PATH=/proc:/dev:/usr:/lib:/lib64:/etc \
			"LD_PRELOAD=$(find "$pre_fakechroot" -name libfakechroot.so | head -n 1)"
	else
		pre_without fakechroot "$(tail -n 1 "$pre/fetch")"
	fi
fi

# --- loading under filters -------------------------------------------------------------------

# pre_survives TITLE COMMAND...: it ends well, and prints nothing if pre_quiet says so.
pre_survives() {
	local title=$1 status=0
	shift
	# The shell reports in its own words what ends by a signal.
	{ "$@" >"$pre/filtered.out" 2>&1 </dev/null || status=$?; } 2>/dev/null
	case $status in
	0) if [ -s "$pre/filtered.out" ] && [ "$pre_quiet" = yes ]; then
		fail "preload: $title: $(head -n 1 "$pre/filtered.out")"
	else
		pass "preload: $title"
	fi ;;
	77) skip "preload: $title: the kernel takes no seccomp filter" ;;
	*) fail "preload: $title: status $status $(head -n 1 "$pre/filtered.out")" ;;
	esac
}

if wanted preload/filtered && pre_build filtered "$here/preload/filtered.c" -ldl; then
	# 1 is EPERM, 38 ENOSYS.
	for pre_answer in kill 1 38; do
		for pre_call in mbind set_mempolicy get_mempolicy migrate_pages move_pages set_mempolicy_home_node all; do
			pre_quiet=yes
			pre_survives "dlopen where $pre_call is answered with $pre_answer" \
				"$pre/filtered" "$pre_call" "$pre_answer" --open "$lib/libnuma.so.1"
			pre_survives "/bin/true with LD_PRELOAD where $pre_call is answered with $pre_answer" \
				"$pre/filtered" "$pre_call" "$pre_answer" env "LD_PRELOAD=$lib/libnuma.so.1" /bin/true
			pre_quiet=''
			if command -v ps >/dev/null; then
				# Recent ones open the library to show a process's node.
				pre_survives "ps where $pre_call is answered with $pre_answer" "$pre/filtered" "$pre_call" "$pre_answer" \
					env "LD_LIBRARY_PATH=$lib" "LD_PRELOAD=$lib/libnuma.so.1" ps -o pid,numa,comm
			fi
		done
	done
	command -v ps >/dev/null || pre_without ps 'not installed (package procps)'
fi
