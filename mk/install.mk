# The pkg-config files, and where everything goes.

# Written each time, as it holds the directories that this call was given.
.PHONY: $(BUILD)/numa.pc $(BUILD)/numa-ext.pc
$(BUILD)/numa.pc $(BUILD)/numa-ext.pc: $(BUILD)/%: pkgconfig/%.in Cargo.toml Makefile | $(BUILD)
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@ABI_VERSION@|$(ABI_VERSION)|' -e 's|@OWN_VERSION@|$(OWN_VERSION)|' $< > $@

LIB := $(DESTDIR)$(LIBDIR)
INC := $(DESTDIR)$(INCLUDEDIR)
BIN := $(DESTDIR)$(BINDIR)
MAN := $(DESTDIR)$(MANDIR)
BASH_COMP := $(DESTDIR)$(BASHCOMPDIR)
ZSH_COMP  := $(DESTDIR)$(ZSHCOMPDIR)
FISH_COMP := $(DESTDIR)$(FISHCOMPDIR)
SCHEMAS   := $(DESTDIR)$(SCHEMADIR)

# The dynamic linker finds a library in the directories that it searches once its cache knows of it; until
# then programs run on the distribution's. For a package (DESTDIR) its tools see to that.
LDCONFIG ?= ldconfig
define REFRESH
	@PATH="$$PATH:/usr/sbin:/sbin"; [ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || \
	! $(LDCONFIG) -N -X -v 2>/dev/null | sed 's/:.*//' | grep -qxF "$(LIBDIR)" || \
	{ echo $(LDCONFIG); $(LDCONFIG); }
endef

# The names of functions and variables, each a file that says which page to show.
LINKS := grep -v '^\#' man/links

.PHONY: install install-libraries install-commands uninstall
install: install-libraries install-commands

install-libraries: libraries
	$(INSTALL) -d "$(LIB)/pkgconfig" "$(INC)" "$(MAN)/man3" "$(MAN)/man7"
	$(INSTALL) -m 644 $(BUILD)/$(REAL) "$(LIB)/$(REAL)"
	ln -sf $(REAL) "$(LIB)/$(SONAME)"
	ln -sf $(SONAME) "$(LIB)/libnuma.so"
	$(INSTALL) -m 644 $(BUILD)/$(EXT_REAL) "$(LIB)/$(EXT_REAL)"
	ln -sf $(EXT_REAL) "$(LIB)/$(EXT_SONAME)"
	ln -sf $(EXT_SONAME) "$(LIB)/libnuma_ext.so"
	for name in $(filter %.a,$(LIBRARIES)); do $(INSTALL) -m 644 $(BUILD)/$$name "$(LIB)/$$name" || exit 1; done
	$(INSTALL) -m 644 $(BUILD)/numa.pc "$(LIB)/pkgconfig/numa.pc"
	$(INSTALL) -m 644 $(BUILD)/numa-ext.pc "$(LIB)/pkgconfig/numa-ext.pc"
	for name in $(HEADERS); do $(INSTALL) -m 644 include/$$name "$(INC)/$$name" || exit 1; done
	for page in $(PAGES); do $(INSTALL) -m 644 man/$$page "$(MAN)/man$${page##*.}/$$page" || exit 1; done
	$(LINKS) | while read -r name page; do \
		echo ".so man3/$$page" > "$(MAN)/man3/$$name.3" && chmod 644 "$(MAN)/man3/$$name.3" || exit 1; done
	$(REFRESH)

install-commands: commands
	$(INSTALL) -d "$(BIN)" "$(MAN)/man8" "$(BASH_COMP)" "$(ZSH_COMP)" "$(FISH_COMP)" "$(SCHEMAS)"
	$(INSTALL) -m 755 $(BUILD)/migratepages "$(BIN)/migratepages"
	$(INSTALL) -m 755 $(BUILD)/numactl "$(BIN)/numactl"
	for name in $(filter-out numactl,$(BUNDLED)); do ln -sf numactl "$(BIN)/$$name" || exit 1; done
	for name in $(COMMANDS); do \
		$(INSTALL) -m 644 man/$$name.8 "$(MAN)/man8/$$name.8" && \
		$(INSTALL) -m 644 docs/$$name.schema.json "$(SCHEMAS)/$$name.schema.json" && \
		$(INSTALL) -m 644 tools/$$name/completions/$$name.bash "$(BASH_COMP)/$$name" && \
		$(INSTALL) -m 644 tools/$$name/completions/_$$name "$(ZSH_COMP)/_$$name" && \
		$(INSTALL) -m 644 tools/$$name/completions/$$name.fish "$(FISH_COMP)/$$name.fish" || exit 1; done

uninstall:
	for name in $(REAL) $(SONAME) libnuma.so libnuma.a $(EXT_REAL) $(EXT_SONAME) libnuma_ext.so \
		libnuma_ext.a pkgconfig/numa.pc pkgconfig/numa-ext.pc; do rm -f "$(LIB)/$$name"; done
	for name in $(HEADERS); do rm -f "$(INC)/$$name"; done
	for page in $(PAGES); do rm -f "$(MAN)/man$${page##*.}/$$page"; done
	$(LINKS) | while read -r name page; do rm -f "$(MAN)/man3/$$name.3"; done
	for name in $(COMMANDS); do rm -f "$(BIN)/$$name" "$(MAN)/man8/$$name.8" "$(BASH_COMP)/$$name" \
		"$(ZSH_COMP)/_$$name" "$(FISH_COMP)/$$name.fish" "$(SCHEMAS)/$$name.schema.json"; done
	$(REFRESH)
