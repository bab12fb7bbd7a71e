# shellcheck shell=bash disable=SC2154
# Part of tests/c/run: programs and libraries that get between a program and the library.
# Uses its functions and variables.

dir=$out/interpose
mkdir -p "$dir"

# compile OUTPUT ARGS...: 0 if it can be built, else a failure.
compile() {
	local name=$1
	shift
	if "$cc" "${common[@]}" -o "$dir/$name" "$@" 2>"$dir/$name.build"; then return 0; fi
	fail "interpose: $name cannot be built"
	head -n 10 "$dir/$name.build"
	return 1
}
ours=$lib/libnuma.so.1

# A preloaded library's functions win, below every kind of program.
if wanted interpose/below && compile libpreloaded.so -O2 -shared -fPIC "$here/interpose/preloaded.c"; then
	for kind in O0 O2 lto nopie; do
		case $kind in
		lto) kind_flags=(-O2 -flto) ;;
		nopie) kind_flags=(-O2 -fno-pie -no-pie) ;;
		*) kind_flags=("-$kind") ;;
		esac
		if compile "below-$kind" "${kind_flags[@]}" "$here/interpose/below.c" "${libs[@]}"; then
			run_one interpose "below-$kind" "${dynamic_env[@]}" "LD_PRELOAD=$dir/libpreloaded.so" "$dir/below-$kind"
		fi
	done
fi

if wanted interpose/opened && compile opened -O1 "$here/interpose/opened.c" -pthread -ldl; then
	run_one interpose opened env "NUMA_LIBRARY=$ours" "$dir/opened"
	if in_variant valgrind && command -v valgrind >/dev/null; then
		mkdir -p "$out/interpose"
		(cd "$dir" && TESTS_UNDER=valgrind NUMA_LIBRARY=$ours timeout 600 "${valgrind[@]}" "$dir/opened") \
			>"$dir/opened-valgrind.log" 2>&1 </dev/null
		take "$dir/opened-valgrind.log" $? "opened (interpose, valgrind)"
	fi
fi

# The order matters: libnuma before the library that does not name it.
if wanted interpose/before && compile libearly.so -O2 -shared -fPIC "$here/interpose/early.c" -Wl,--unresolved-symbols=ignore-all; then
	if compile before -O2 "$here/interpose/before.c" -Wl,--no-as-needed "${libs[@]}" -L "$dir" -learly \
		"-Wl,-rpath,$dir"; then
		run_one interpose before "${dynamic_env[@]}" "$dir/before"
	fi
fi

if wanted interpose/first; then
	if compile first -O2 "$here/interpose/first.c" "${libs[@]}"; then
		run_one interpose first "${dynamic_env[@]}" "$dir/first"
	fi
	if compile first-static -O2 -DLINKED_STATICALLY -static "$here/interpose/first.c" "${static_libs[@]}"; then
		run_one interpose first-static "$dir/first-static"
	fi
fi

if wanted interpose/linked && compile linked -O2 "$here/interpose/linked.c" "${libs[@]}"; then
	run_one interpose linked "${dynamic_env[@]}" "$dir/linked"
fi

# A program that was linked with the reference.
if wanted interpose/over; then
	if reference=$("$root/tests/support/fetch" reference 2>"$dir/fetch"); then
		reference_lib=$(dirname "$(find "$reference" -name libnuma.so.1 | head -n 1)")
		if compile over -O2 "$here/interpose/over.c" "$reference_lib/libnuma.so.1" -ldl; then
			run_one interpose over env "LD_LIBRARY_PATH=$reference_lib" "LD_PRELOAD=$ours" \
				"NUMA_LIBRARY=$ours" "$dir/over"
		fi
	else
		skip "interpose/over: the reference cannot be had: $(tail -n 1 "$dir/fetch")"
	fi
fi

# Another Rust static library beside libnuma.a, in both orders.
if wanted interpose/rust; then
	if ! command -v rustc >/dev/null; then
		skip "interpose/rust: rustc is not installed"
	elif ! rustc --edition 2021 -O --crate-type staticlib --crate-name rust_user -o "$dir/librust_user.a" \
		"$here/interpose/rust_user.rs" 2>"$dir/rustc"; then
		fail "interpose/rust: rust_user.rs cannot be built"
		head -n 10 "$dir/rustc"
	else
		archive=$(find "$prefix" -name libnuma.a | head -n 1)
		system=(-pthread -ldl -lm -lrt -lutil -lgcc_s)
		if compile rust-before -O2 "$here/interpose/rust.c" "$dir/librust_user.a" "$archive" "${system[@]}"; then
			run_one interpose rust-before "$dir/rust-before"
		fi
		if compile rust-after -O2 "$here/interpose/rust.c" "$archive" "$dir/librust_user.a" "${system[@]}"; then
			run_one interpose rust-after "$dir/rust-after"
		fi
		if compile rust-dynamic -O2 "$here/interpose/rust.c" "$dir/librust_user.a" "${libs[@]}" "${system[@]}"; then
			run_one interpose rust-dynamic "${dynamic_env[@]}" "$dir/rust-dynamic"
		fi
		if compile rust-static -O2 -DLINKED_STATICALLY -static "$here/interpose/rust.c" "$dir/librust_user.a" \
			"$archive" -pthread -ldl -lm -lrt -lutil -lgcc_eh; then
			run_one interpose rust-static "$dir/rust-static"
		fi
	fi
fi

# Programs that are not position-independent have copies of the variables: else the tests of the
# variant nopie would prove nothing.
if wanted interpose/copies && compile copies -O2 -fno-pie -no-pie "$here/data.c" "${libs[@]}"; then
	copies=$(readelf -rW "$dir/copies" | grep -c 'R_.*_COPY .*numa_')
	if [ "$copies" -ge 5 ]; then
		pass "interpose: $copies COPY relocations in a program that is not position-independent"
		run_one interpose copies "${dynamic_env[@]}" "$dir/copies"
	else
		fail "interpose: $copies COPY relocations in a program that is not position-independent"
	fi
fi
