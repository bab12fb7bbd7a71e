# shellcheck shell=bash disable=SC2154
# Part of tests/c/run: exceptions, cancellation and backtraces that pass through the library. Uses
# its functions and variables.

unwind=$here/unwind
mkdir -p "$out/unwind"

# through NAME COMPILER-FLAGS... -- COMMAND...: builds the program and runs it behind the command.
through() {
	local name=$1 kind_flags=()
	shift
	while [ "$1" != -- ]; do
		kind_flags+=("$1")
		shift
	done
	shift
	if ! { "$cc" "${common[@]}" "$unwind/worlds.c" -c -o "$out/unwind/worlds.o" &&
		"$cxx" -std=gnu++17 -g "${warnings[@]}" -I "$here" "${cflags[@]}" "$unwind/callbacks.cc" \
			"$out/unwind/worlds.o" -o "$out/unwind/$name" "${kind_flags[@]}" -pthread; } 2>"$out/unwind/$name.build"; then
		fail "unwind: $name cannot be built"
		head -n 10 "$out/unwind/$name.build"
		return
	fi
	run_one unwind "$name" "$@" "$out/unwind/$name"
}

if wanted unwind/callbacks; then
	through callbacks-O0 -O0 "${libs[@]}" -- "${dynamic_env[@]}"
	through callbacks-O2 -O2 "${libs[@]}" -- "${dynamic_env[@]}"
	through callbacks-static -O2 -DLINKED_STATICALLY -static "${static_libs[@]}" -- env
fi

if wanted unwind/tables; then
	if unwind_missing=$("$unwind/covered" "$lib/libnuma.so.1" 2>&1); then
		pass "unwind: tables for each function"
	else
		fail "unwind: functions without a table: $(head -n 20 <<<"$unwind_missing" | paste -sd ' ')"
	fi
fi
