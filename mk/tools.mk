# Building the commands, and writing what comes from their options.

# Rust's library wants libgcc_s.so.1 for backtraces alone. With that part of it linked in a command begins
# 0.15 ms earlier, of 1.2. musl has an unwinder of its own.
LIBGCC_EH := $(if $(findstring musl,$(RUST_TARGET) $(shell $(CC) -dumpmachine)),,$(wildcard $(shell $(CC) -print-file-name=libgcc_eh.a)))
UNWINDER  := $(if $(LIBGCC_EH),$(BUILD)/unwinder/libunwinder.a)
TOOL_LINK := $(if $(UNWINDER),-- -L native=$(abspath $(dir $(UNWINDER))) -l static:+whole-archive=unwinder)

$(BUILD)/unwinder/libunwinder.a: $(BUILD)/flags
	mkdir -p $(dir $@)
	$(CC) -r -nostdlib -Wl,-u,_Unwind_Backtrace -o $(BUILD)/unwinder.o $(LIBGCC_EH)
	rm -f $@
	$(AR) rcsD $@ $(BUILD)/unwinder.o

.PHONY: headers manual $(COMMANDS)
commands: $(BUILD)/migratepages $(BUILD)/numactl
migratepages: $(BUILD)/migratepages
$(BUNDLED): $(BUILD)/numactl

$(BUILD)/migratepages: $(RUST_SOURCES) $(TOOL_SOURCES) $(UNWINDER) $(BUILD)/flags
	$(CARGO) rustc $(CARGO_FLAGS) $(CARGO_SAME_PATHS) --release -p migratepages --bin migratepages $(CARGO_TARGET) \
		--target-dir $(BUILD)/cargo $(TOOL_LINK)
	cp $(CARGO_OUT)/migratepages $@

$(BUILD)/numactl: $(RUST_SOURCES) $(TOOL_SOURCES) $(UNWINDER) $(BUILD)/migratepages
	$(CARGO) rustc $(CARGO_FLAGS) $(CARGO_SAME_PATHS) --release -p numa-tools --bin numa-tools $(CARGO_TARGET) \
		--target-dir $(BUILD)/cargo $(TOOL_LINK)
	cp $(CARGO_OUT)/numa-tools $@
	for name in $(filter-out numactl,$(BUNDLED)); do ln -sf numactl $(BUILD)/$$name; done

headers:
	$(CARGO) run $(CARGO_FLAGS) -q -p headers --target-dir $(BUILD)/cargo

manual:
	$(CARGO) run $(CARGO_FLAGS) -q -p numa-manual --target-dir $(BUILD)/cargo
	$(CARGO) run $(CARGO_FLAGS) -q -p migratepages --features docs --bin migratepages-docs \
		--target-dir $(BUILD)/cargo -- $(BUILD)/manual
	$(CARGO) run $(CARGO_FLAGS) -q -p numa-tools --features docs --bin numa-tools-docs \
		--target-dir $(BUILD)/cargo -- $(BUILD)/manual
	for name in $(COMMANDS); do \
		cp $(BUILD)/manual/$$name.8 man && mkdir -p tools/$$name/completions && \
		cp $(BUILD)/manual/$$name.bash $(BUILD)/manual/_$$name $(BUILD)/manual/$$name.fish \
			tools/$$name/completions || exit 1; done
