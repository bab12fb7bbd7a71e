# Building the two C libraries. Cargo makes a static library of each, the C toolchain the rest: rustc
# passes an anonymous version script of its own when it links a shared library, which cannot be
# combined with ours. The distribution's own flags come last, so they win.

# Whether imported functions are bound at their first call (lazy), as in Debian's own library, or at load
# (now), which lets the linker protect their addresses from writing and costs 15,000 instructions.
BIND ?= lazy

# 0 leaves the static libraries out.
LIBRARIES := $(REAL) $(EXT_REAL)
ifneq ($(STATIC),0)
LIBRARIES += libnuma.a libnuma_ext.a
endif
libraries: $(LIBRARIES:%=$(BUILD)/%) $(BUILD)/numa.pc $(BUILD)/numa-ext.pc

# The same bits wherever the sources and cargo's own directory are. RUSTFLAGS of the environment are kept, and
# `rustflags` below `build` of cargo's configuration.
CARGO_DIR := $(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)
SAME_PATHS := --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$(CARGO_DIR)=cargo
ifdef RUSTFLAGS
export RUSTFLAGS := $(RUSTFLAGS) $(SAME_PATHS)
else
CARGO_SAME_PATHS := --config 'build.rustflags=["$(word 1,$(SAME_PATHS))","$(word 2,$(SAME_PATHS))"]'
endif

# Two segments less to map, a tenth of what loading costs, where the linker can.
FEW_SEGMENTS := $(shell echo 'int x;' | $(CC) -x c -shared -fPIC -nostdlib -o /dev/null - $(LDFLAGS) \
	-Wl,-z,noseparate-code >/dev/null 2>&1 && echo -Wl,-z,noseparate-code)

LINK_FLAGS := -Wl,-z,$(BIND) -Wl,-z,relro -Wl,-z,defs -Wl,--gc-sections -Wl,--as-needed \
	-static-libgcc $(FEW_SEGMENTS)
C_FLAGS    := -std=gnu11 -Wall -Wextra -fPIC -funwind-tables -ffile-prefix-map=$(CURDIR)=.

# Exceptions, cancellation and backtraces pass through the functions that call back. Rust calls other
# libraries as C does, so that the linker decides when they are bound.
# Functions are inlined where that is asked for, and small ones: what is more makes libnuma.so.1 a fifth
# larger, and saves some ten instructions in functions that call the kernel (tests/budget).
RUST_FLAGS := -C force-unwind-tables=yes -C relro-level=partial -C llvm-args=-inline-threshold=60

# Thread-local variables without a call of __tls_get_addr, where the compiler can.
TLS := $(shell echo | $(CC) -mtls-dialect=gnu2 -x c -S -o /dev/null - 2>/dev/null && \
	echo -mtls-dialect=gnu2)

# Sections that belong to a group are kept once in a program, under a name. Ours are called by local
# names (i386 has some for each function), so they must not make way for another archive's.
GROUPS := $(shell $(LD) --help 2>/dev/null | grep -o -m 1 -- --force-group-allocation)

# Sections with LLVM bitcode make older binutils fail and are of no use here.
BITCODE := --remove-section=.llvmbc --remove-section=.llvmcmd

# Whatever is made with other flags than these is made anew. Installing takes what there is.
FLAGS_NOW := $(CC) $(LD) $(AR) $(OBJCOPY) $(CARGO) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(BIND) $(RUST_TARGET) $(RUSTFLAGS) $(CARGO_FLAGS)
ifeq ($(filter install install-libraries install-commands uninstall clean,$(MAKECMDGOALS)),)
ifneq ($(strip $(FLAGS_NOW)),$(strip $(file <$(BUILD)/flags)))
$(shell mkdir -p $(BUILD))
$(file >$(BUILD)/flags,$(FLAGS_NOW))
endif
endif
$(BUILD)/flags: | $(BUILD)
	$(file >$@,$(FLAGS_NOW))

# Cargo puts what it makes for a named target into a directory of that name. It links programs with
# the compiler that makes the rest, unless it has been told otherwise in its own way.
CARGO_TARGET := $(if $(RUST_TARGET),--target $(RUST_TARGET))
CARGO_OUT    := $(BUILD)/cargo/$(if $(RUST_TARGET),$(RUST_TARGET)/)release
ifneq ($(RUST_TARGET),)
CARGO_LINKER := CARGO_TARGET_$(shell echo $(RUST_TARGET) | tr a-z- A-Z_)_LINKER
export $(CARGO_LINKER) ?= $(firstword $(CC))
endif

# The crate with the C layer, its dependencies and core, as an archive.
RUST_STATICLIB = $(CARGO) rustc $(CARGO_FLAGS) $(CARGO_SAME_PATHS) --release --lib --crate-type staticlib \
	$(CARGO_TARGET) --target-dir $(BUILD)/cargo

# --- libnuma ---------------------------------------------------------------------------------

$(BUILD)/librust.a: $(RUST_SOURCES) $(BUILD)/flags
	$(RUST_STATICLIB) -- --cfg capi $(RUST_FLAGS)
	cp $(CARGO_OUT)/libnuma.a $@

# The packager's flags for optimisation and hardening reach this file; link-time optimisation cannot,
# as it is joined with Rust's object.
$(BUILD)/shim.o: src/capi/numa/shim.c $(BUILD)/flags
	$(CC) $(C_FLAGS) $(CPPFLAGS) $(CFLAGS) -fvisibility=hidden $(TLS) -fno-lto -c -o $@ $<

# One object of all, so that a static link cannot leave the constructor out.
$(BUILD)/numa.o: $(BUILD)/shim.o $(BUILD)/librust.a $(ABI_DATA)
	sh abi/generate undefined > $(BUILD)/undefined
	sh abi/generate weak > $(BUILD)/weak
	$(LD) -r -o $@.tmp @$(BUILD)/undefined $(BUILD)/shim.o $(BUILD)/librust.a
	$(OBJCOPY) $(BITCODE) --weaken-symbols=$(BUILD)/weak $@.tmp $@
	rm $@.tmp

$(BUILD)/$(REAL): $(BUILD)/numa.o $(ABI_DATA)
	sh abi/generate map > $(BUILD)/libnuma.map
	sh abi/generate redefine > $(BUILD)/redefine
	$(OBJCOPY) --redefine-syms=$(BUILD)/redefine $< $(BUILD)/shared.o
	$(CC) -shared -nostartfiles -o $@ $(BUILD)/shared.o -Wl,-soname,$(SONAME) \
		-Wl,--version-script=$(BUILD)/libnuma.map $(LINK_FLAGS) $(CFLAGS) $(LDFLAGS)
	ln -sf $(REAL) $(BUILD)/$(SONAME)
	ln -sf $(SONAME) $(BUILD)/libnuma.so

# Everything but the exported names is hidden, or the archive would clash with any other Rust
# static library.
$(BUILD)/libnuma.a: $(BUILD)/numa.o $(ABI_DATA)
	sh abi/generate defaults > $(BUILD)/defaults
	$(LD) -r $(GROUPS) -o $(BUILD)/static.o.tmp $(BUILD)/numa.o
	$(OBJCOPY) --keep-global-symbols=$(BUILD)/defaults $(BUILD)/static.o.tmp $(BUILD)/static.o
	rm $(BUILD)/static.o.tmp
	rm -f $@
	$(AR) rcsD $@ $(BUILD)/static.o

# --- libnuma_ext, the same way ---------------------------------------------------------------

$(BUILD)/librust-ext.a: $(RUST_SOURCES) $(BUILD)/librust.a
	$(RUST_STATICLIB) -- --cfg capi_ext $(RUST_FLAGS)
	cp $(CARGO_OUT)/libnuma.a $@

$(BUILD)/ext-shim.o: src/capi/ext/shim.c $(BUILD)/flags
	$(CC) $(C_FLAGS) $(CPPFLAGS) $(CFLAGS) -fvisibility=hidden $(TLS) -fno-lto -c -o $@ $<

$(BUILD)/ext.o: $(BUILD)/ext-shim.o $(BUILD)/librust-ext.a $(ABI_DATA)
	ABI=abi/ext sh abi/generate undefined > $(BUILD)/ext-undefined
	$(LD) -r $(GROUPS) -o $@.tmp @$(BUILD)/ext-undefined $(BUILD)/ext-shim.o $(BUILD)/librust-ext.a
	$(OBJCOPY) $(BITCODE) $@.tmp $@
	rm $@.tmp

$(BUILD)/$(EXT_REAL): $(BUILD)/ext.o $(ABI_DATA)
	ABI=abi/ext sh abi/generate map > $(BUILD)/libnuma_ext.map
	$(CC) -shared -nostartfiles -o $@ $< -Wl,-soname,$(EXT_SONAME) \
		-Wl,--version-script=$(BUILD)/libnuma_ext.map $(LINK_FLAGS) $(CFLAGS) $(LDFLAGS)
	ln -sf $(EXT_REAL) $(BUILD)/$(EXT_SONAME)
	ln -sf $(EXT_SONAME) $(BUILD)/libnuma_ext.so

$(BUILD)/libnuma_ext.a: $(BUILD)/ext.o $(ABI_DATA)
	ABI=abi/ext sh abi/generate defaults > $(BUILD)/ext-defaults
	$(OBJCOPY) --keep-global-symbols=$(BUILD)/ext-defaults $< $(BUILD)/ext-static.o
	rm -f $@
	$(AR) rcsD $@ $(BUILD)/ext-static.o
