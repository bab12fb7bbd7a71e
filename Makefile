# Builds, installs and tests libnuma.so.1, libnuma.a and the commands.
#
#   make                 the libraries, headers, numa.pc and the commands, in build/
#   make install         into DESTDIR, below PREFIX, LIBDIR, INCLUDEDIR, BINDIR, MANDIR, and
#                        BASHCOMPDIR, ZSHCOMPDIR, FISHCOMPDIR for the shells' completions
#   make test            all tests; make demo: the main job, on the screen
#   make headers         writes include/ anew from the sources
#   make manual          writes the manual pages and the completions anew from the options
#   make bench           figures of libnuma.so.1 beside the reference and the machine's limits (QUICK=1,
#                        ROWS=part-of-a-name, MARKDOWN=1)
#   make bench-scale     how the cost of calls grows with nodes and CPUs, on made-up machines
#   make bench-migrate   figures of migratepages against migrate_pages(2)
#   make bench-commands  whole processes of the other commands beside the reference's
#
# How the libraries are made: mk/libraries.mk and docs/architecture.md.

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
DESTDIR    ?=

# Building for another machine: CROSS_COMPILE is the prefix of the C toolchain's programs (or CC, LD,
# AR and OBJCOPY are given), RUST_TARGET the name that Rust has for it.
CROSS_COMPILE ?=
RUST_TARGET   ?= $(CARGO_BUILD_TARGET)

# Make has CC, LD and AR of its own, which ?= would keep.
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)$(if $(CROSS_COMPILE),gcc,cc)
endif
ifeq ($(origin LD),default)
LD := $(CROSS_COMPILE)ld
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
OBJCOPY ?= $(CROSS_COMPILE)objcopy
CARGO   ?= cargo
INSTALL ?= install
CFLAGS  ?= -O2 -g

BUILD       := build
SONAME      := libnuma.so.1
REAL        := $(SONAME).0.0
EXT_SONAME  := libnuma_ext.so.1
EXT_REAL    := $(EXT_SONAME).0.0
ABI_VERSION := 2.0.19
OWN_VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# Those that are one program, installed under the first name with links from the others.
BUNDLED     := numactl numastat memhog migspeed
COMMANDS    := migratepages $(BUNDLED)
HEADERS     := numa.h numaif.h numacompat1.h numa_ext.h

RUST_SOURCES := $(shell find src -name '*.rs') Cargo.toml Cargo.lock
TOOL_SOURCES := $(shell find tools -name '*.rs' -o -name Cargo.toml)
ABI_DATA     := $(wildcard abi/*.tsv abi/ext/*.tsv) abi/generate

.PHONY: all install uninstall headers manual stage test demo bench-migrate bench-commands clean $(COMMANDS) bench bench-scale

all: $(BUILD)/$(REAL) $(BUILD)/libnuma.a $(BUILD)/$(EXT_REAL) $(BUILD)/libnuma_ext.a \
     $(BUILD)/numa.pc $(BUILD)/numa-ext.pc $(BUILD)/migratepages $(BUILD)/numactl

$(BUILD):
	mkdir -p $@

include mk/libraries.mk

# Written each time, as it holds the directories that this call was given.
.PHONY: $(BUILD)/numa.pc $(BUILD)/numa-ext.pc
$(BUILD)/numa.pc $(BUILD)/numa-ext.pc: $(BUILD)/%: pkgconfig/%.in Cargo.toml Makefile | $(BUILD)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@ABI_VERSION@|$(ABI_VERSION)|' -e 's|@OWN_VERSION@|$(OWN_VERSION)|' $< > $@

# --- the tools -------------------------------------------------------------------------------

migratepages: $(BUILD)/migratepages
$(BUNDLED): $(BUILD)/numactl

$(BUILD)/migratepages: $(RUST_SOURCES) $(TOOL_SOURCES) $(BUILD)/librust-ext.a | $(BUILD)
	$(CARGO) build --locked --release -p migratepages $(CARGO_TARGET) --target-dir $(BUILD)/cargo
	cp $(CARGO_OUT)/migratepages $@

$(BUILD)/numactl: $(RUST_SOURCES) $(TOOL_SOURCES) $(BUILD)/migratepages | $(BUILD)
	$(CARGO) build --locked --release -p numa-tools $(CARGO_TARGET) --target-dir $(BUILD)/cargo
	cp $(CARGO_OUT)/numa-tools $@
	for name in $(filter-out numactl,$(BUNDLED)); do ln -sf numactl $(BUILD)/$$name; done

headers:
	$(CARGO) run --locked -q -p headers --target-dir $(BUILD)/cargo

manual:
	$(CARGO) run --locked -q -p migratepages --features docs --bin migratepages-docs \
		--target-dir $(BUILD)/cargo -- $(BUILD)/manual
	$(CARGO) run --locked -q -p numa-tools --features docs --bin numa-tools-docs \
		--target-dir $(BUILD)/cargo -- $(BUILD)/manual
	for name in $(COMMANDS); do \
		cp $(BUILD)/manual/$$name.8 docs && mkdir -p tools/$$name/completions && \
		cp $(BUILD)/manual/$$name.bash $(BUILD)/manual/_$$name $(BUILD)/manual/$$name.fish \
			tools/$$name/completions || exit 1; done

# --- installation ----------------------------------------------------------------------------

LIB := $(DESTDIR)$(LIBDIR)
INC := $(DESTDIR)$(INCLUDEDIR)
BIN := $(DESTDIR)$(BINDIR)
MAN := $(DESTDIR)$(MANDIR)
BASH_COMP := $(DESTDIR)$(BASHCOMPDIR)
ZSH_COMP  := $(DESTDIR)$(ZSHCOMPDIR)
FISH_COMP := $(DESTDIR)$(FISHCOMPDIR)

# The dynamic linker finds a library in the directories that it searches once its cache knows of it; until
# then programs run on the distribution's. For a package (DESTDIR) its tools see to that.
LDCONFIG ?= ldconfig
define REFRESH
	@PATH="$$PATH:/usr/sbin:/sbin"; [ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || \
	! $(LDCONFIG) -N -X -v 2>/dev/null | sed 's/:.*//' | grep -qxF "$(LIBDIR)" || \
	{ echo $(LDCONFIG); $(LDCONFIG); }
endef

install: all
	$(INSTALL) -d "$(LIB)/pkgconfig" "$(INC)" "$(BIN)" "$(MAN)/man8" \
		"$(BASH_COMP)" "$(ZSH_COMP)" "$(FISH_COMP)"
	$(INSTALL) -m 755 $(BUILD)/$(REAL) "$(LIB)/$(REAL)"
	ln -sf $(REAL) "$(LIB)/$(SONAME)"
	ln -sf $(SONAME) "$(LIB)/libnuma.so"
	$(INSTALL) -m 644 $(BUILD)/libnuma.a "$(LIB)/libnuma.a"
	$(INSTALL) -m 755 $(BUILD)/$(EXT_REAL) "$(LIB)/$(EXT_REAL)"
	ln -sf $(EXT_REAL) "$(LIB)/$(EXT_SONAME)"
	ln -sf $(EXT_SONAME) "$(LIB)/libnuma_ext.so"
	$(INSTALL) -m 644 $(BUILD)/libnuma_ext.a "$(LIB)/libnuma_ext.a"
	$(INSTALL) -m 644 $(BUILD)/numa.pc "$(LIB)/pkgconfig/numa.pc"
	$(INSTALL) -m 644 $(BUILD)/numa-ext.pc "$(LIB)/pkgconfig/numa-ext.pc"
	for h in $(HEADERS); do \
		$(INSTALL) -m 644 include/$$h "$(INC)/$$h" || exit 1; done
	$(INSTALL) -m 755 $(BUILD)/migratepages "$(BIN)/migratepages"
	$(INSTALL) -m 755 $(BUILD)/numactl "$(BIN)/numactl"
	for name in $(filter-out numactl,$(BUNDLED)); do ln -sf numactl "$(BIN)/$$name" || exit 1; done
	for name in $(COMMANDS); do \
		$(INSTALL) -m 644 docs/$$name.8 "$(MAN)/man8/$$name.8" && \
		$(INSTALL) -m 644 tools/$$name/completions/$$name.bash "$(BASH_COMP)/$$name" && \
		$(INSTALL) -m 644 tools/$$name/completions/_$$name "$(ZSH_COMP)/_$$name" && \
		$(INSTALL) -m 644 tools/$$name/completions/$$name.fish "$(FISH_COMP)/$$name.fish" || exit 1; done
	$(REFRESH)

uninstall:
	for f in $(REAL) $(SONAME) libnuma.so libnuma.a $(EXT_REAL) $(EXT_SONAME) libnuma_ext.so \
		libnuma_ext.a pkgconfig/numa.pc pkgconfig/numa-ext.pc; do rm -f "$(LIB)/$$f"; done
	for h in $(HEADERS); do rm -f "$(INC)/$$h"; done
	for name in $(COMMANDS); do rm -f "$(BIN)/$$name" "$(MAN)/man8/$$name.8" "$(BASH_COMP)/$$name" \
		"$(ZSH_COMP)/_$$name" "$(FISH_COMP)/$$name.fish"; done
	$(REFRESH)

# --- tests -----------------------------------------------------------------------------------

# Everything installed into a prefix of its own, as a user of the library would have it.
stage: all
	$(MAKE) --no-print-directory install DESTDIR= PREFIX=$(CURDIR)/$(BUILD)/stage \
		LIBDIR=$(CURDIR)/$(BUILD)/stage/lib INCLUDEDIR=$(CURDIR)/$(BUILD)/stage/include \
		BINDIR=$(CURDIR)/$(BUILD)/stage/bin MANDIR=$(CURDIR)/$(BUILD)/stage/share/man \
		BASHCOMPDIR=$(CURDIR)/$(BUILD)/stage/share/bash-completion/completions \
		ZSHCOMPDIR=$(CURDIR)/$(BUILD)/stage/share/zsh/site-functions \
		FISHCOMPDIR=$(CURDIR)/$(BUILD)/stage/share/fish/vendor_completions.d >/dev/null

test:
	tests/support/setup
	$(MAKE) --no-print-directory stage
	tests/run

demo:
	tests/support/setup demo
	$(MAKE) --no-print-directory stage
	tests/demo

# libnuma.so.1 beside the reference and beside the least that each call could cost; see
# bench/README.md. QUICK=1 takes about a minute, ROWS=masks measures the rows with that name, MARKDOWN=1
# prints the tables of docs/performance.md.
bench: all
	bench/run $(if $(MARKDOWN),--markdown) $(ROWS)

# The same two libraries on made-up machines of up to 1024 nodes and 8192 CPUs; needs root.
bench-scale: all
	bench/run --scale

# How fast migratepages moves, and how long its target waits, against migrate_pages(2).
bench-migrate: all
	tests/migratepages/bench 5 $(CURDIR)/$(BUILD)/migratepages

bench-commands: all
	bench/commands

clean:
	rm -rf $(BUILD)
