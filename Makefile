# Builds, installs and tests libnuma.so.1, libnuma.a and the commands.
#
#   make                 the libraries, headers, pkg-config files and commands, in build/
#   make libraries       without the commands: of crates only libc and thiserror
#   make install         into DESTDIR, below PREFIX, LIBDIR, INCLUDEDIR, BINDIR, MANDIR, and
#                        BASHCOMPDIR, ZSHCOMPDIR, FISHCOMPDIR for the shells' completions, SCHEMADIR for the
#                        schemas of JSON reports;
#                        install-libraries and install-commands: a part of it; uninstall
#   make check           the tests that need neither root nor network, and leave the machine as it is
#   make test            all tests; make demo: the main job, on the screen
#   make torture         hours of what may go wrong seldom: docs/reliability.md
#   make miri            the core's unit tests under Miri, which a nightly toolchain has
#   make fuzz            fuzzing: TIME=seconds for each target (60), TARGET=name for one; see fuzz/README.md
#   make headers         writes include/ anew from the sources
#   make manual          writes the manual pages and the completions anew, from the headers and the options
#   make bench           figures of libnuma.so.1 beside the reference and the machine's limits (QUICK=1,
#                        ROWS=part-of-a-name, MARKDOWN=1)
#   make bench-scale     how the cost of calls grows with nodes and CPUs, on made-up machines
#   make bench-migrate   figures of migratepages against migrate_pages(2)
#   make bench-commands  whole processes of the other commands beside the reference's
#   make dist            the sources as an archive; mk/packages.mk has the others, and packages
#
# INSTALL.md says what a packager can set.

PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
SCHEMADIR   ?= $(PREFIX)/share/libnuma-rs/schema
DESTDIR    ?=
# Where everything is made; may lie outside of the sources.
BUILD      ?= build
# 0: no static libraries.
STATIC     ?= 1
# Further options of cargo: --offline, --frozen, --config ...
CARGO_FLAGS ?= --locked

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

comma       := ,
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
PAGES       := numa.3 numa_ext.3 numaif.3 libnuma.7

RUST_SOURCES := $(shell find src -name '*.rs') Cargo.toml Cargo.lock
TOOL_SOURCES := $(shell [ ! -d tools ] || find tools -name '*.rs' -o -name Cargo.toml)
ABI_DATA     := $(wildcard abi/*.tsv abi/ext/*.tsv) abi/generate

.PHONY: all libraries commands
all: libraries commands

$(BUILD):
	mkdir -p $@

include mk/libraries.mk mk/tools.mk mk/install.mk mk/packages.mk

# --- tests -----------------------------------------------------------------------------------

.PHONY: stage check test torture fuzz miri demo bench bench-scale bench-migrate bench-commands clean

# Everything installed into a prefix of its own, as a user of the library would have it.
STAGE := $(abspath $(BUILD))/stage
stage: all
	$(MAKE) --no-print-directory install DESTDIR= PREFIX=$(STAGE) \
		LIBDIR=$(STAGE)/lib INCLUDEDIR=$(STAGE)/include \
		BINDIR=$(STAGE)/bin MANDIR=$(STAGE)/share/man \
		BASHCOMPDIR=$(STAGE)/share/bash-completion/completions \
		ZSHCOMPDIR=$(STAGE)/share/zsh/site-functions \
		FISHCOMPDIR=$(STAGE)/share/fish/vendor_completions.d \
		SCHEMADIR=$(STAGE)/share/libnuma-rs/schema >/dev/null

test:
	tests/support/setup
	$(MAKE) --no-print-directory stage
	tests/run

# Without what has to be downloaded, or installed into the system.
check: stage
	LIBNUMA_RS_OFFLINE=1 CI= tests/run unit rules abi headers install c ext numactl numastat memhog

# The long forms of rows of docs/reliability.md; tests/run has the short ones.
torture: stage
	tests/torture/run --long --reference

# The core's unit tests under Miri, where a nightly toolchain with it is there.
miri:
	tests/miri

fuzz:
	fuzz/run --time $(or $(TIME),60) $(TARGET)

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
	tests/migratepages/bench 5 $(abspath $(BUILD))/migratepages

bench-commands: all
	bench/commands

clean:
	rm -rf $(BUILD)
