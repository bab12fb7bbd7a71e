# Archives of the sources, and packages.
#
#   make dist             build/dist/libnuma-rs-VERSION.tar.xz, the last commit
#   make dist-vendor      beside it the crates that it needs, to be unpacked into it: for building without network
#   make dist-libraries   the libraries alone, with their crates (libc, thiserror and what it needs) in it
#   make sbom             LICENSE.dependencies and the SPDX document of what is linked in, anew
#   make deb              Debian's packages, in build/deb; make rpm: in build/rpm

.PHONY: dist dist-vendor dist-libraries sbom deb rpm
DIST := $(abspath $(BUILD))/dist

dist dist-vendor dist-libraries:
	scripts/dist $@ $(OWN_VERSION) $(DIST)

sbom:
	scripts/sbom

deb:
	scripts/package deb $(abspath $(BUILD))/deb

rpm: dist
	scripts/package rpm $(abspath $(BUILD))/rpm $(DIST)/libnuma-rs-$(OWN_VERSION).tar.xz
