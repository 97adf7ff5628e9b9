# Tandem - one Makefile for everything; `make help` lists the targets.
#
# Variables: BUILD (directory), CC, CFLAGS, PREFIX, DESTDIR, V=1 (print the commands),
# SANITIZE=address,undefined or SANITIZE=thread (builds apart, in build-address or build-thread),
# SECONDS_EACH (fuzz-smoke), KEEP=1 (demo). Nothing here needs pkg-config or a compiler before a
# recipe runs, so that `make deps` works on a machine that has only make.

comma    := ,
BUILD    ?= build
SANITIZE ?=
PREFIX   ?= /usr/local
DESTDIR  ?=
ifeq ($(origin CC),default)
CC := gcc
endif
Q := $(if $(V),,@)
# Parallel by default: as many jobs as processors.
JOBS := $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
MAKEFLAGS += $(JOBS)

PKGS := libcares libnl-3.0 libnl-route-3.0 libpcre2-8 liburcu-qsbr liburcu-cds libcap-ng libsystemd libseccomp jansson libcrypto
# Asked once, when the first recipe needs the answer.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
CHECK_LIBS = $(eval CHECK_LIBS := $$(shell pkg-config --libs check))$(CHECK_LIBS)

# _LGPL_SOURCE: liburcu inlines its readers (a few lines each, as its licence allows) instead of calling functions
CPPFLAGS += -D_GNU_SOURCE -D_LGPL_SOURCE -Iinclude
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla
HARDEN   := -fno-strict-aliasing -fstack-protector-strong
LDLIBS   = -lev -lhttp_parser $(PKG_LIBS) -lm -pthread
ifeq ($(SANITIZE),)
HARDEN  += -D_FORTIFY_SOURCE=2
else ifeq ($(SANITIZE),fuzz)
BUILD   := build-fuzz
SAN     := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -O1
SAN_LD  := -fsanitize=address,undefined
else
BUILD   := build-$(firstword $(subst $(comma), ,$(SANITIZE)))
SAN     := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer -O1
SAN_LD  := -fsanitize=$(SANITIZE)
endif
# Checks treat warnings as errors. WERROR is no part of the flags that cause a rebuild: what was
# compiled before has shown its warnings, and a fresh clone (.ci/run) compiles all with it.
CHECKING := $(filter check lint units fuzz-smoke,$(MAKECMDGOALS))
WERROR   ?= $(if $(CHECKING),-Werror)
ALL_CFLAGS := -std=gnu11 $(CFLAGS) $(WARN) $(HARDEN) $(SAN) -pthread

SRC_common := $(wildcard common/*.c)
SRC_proxy  := $(filter-out proxy/main.c,$(wildcard proxy/*/*.c))
SRC_vrrpd  := $(filter-out vrrpd/main.c,$(wildcard vrrpd/*.c vrrpd/*/*.c))
# Objects apart from the products: build/vrrpd is a program and would be a directory too.
obj   = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
prog  = $(patsubst %.c,$(BUILD)/%,$(1))

UNIT_common := $(call prog,$(wildcard tests/unit/common/test_*.c))
UNIT_proxy  := $(call prog,$(wildcard tests/unit/proxy/test_*.c))
UNIT_vrrpd  := $(call prog,$(wildcard tests/unit/vrrpd/test_*.c))
UNITS       := $(UNIT_common) $(UNIT_proxy) $(UNIT_vrrpd)
# SIMS: the simulator of vrrpd. TOOLS: programs that tests, the demo and the benchmark run: one file each, on libev and libcommon.
SIMS        := $(call prog,$(wildcard tests/sim/*.c))
TOOLS       := $(call prog,$(wildcard tests/lib/*.c tests/bench/*.c))
SOAK        := $(BUILD)/tests/soak/mixload
# tests/fuzz/fuzz_NAME.c with tests/fuzz/corpus/NAME. The daemons' libraries share names, so each
# fuzzer gets one of them, by its name.
FUZZERS     := $(call prog,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_vrrpd  := $(foreach f,$(FUZZERS),$(if $(filter fuzz_vrrp% fuzz_keepalived%,$(notdir $f)),$f))
FUZZ_proxy  := $(filter-out $(FUZZ_vrrpd),$(FUZZERS))

SOURCES := $(wildcard common/*.c proxy/*.c vrrpd/*.c proxy/*/*.c vrrpd/*/*.c tests/*/*.c \
	tests/*/*/*.c)
HEADERS := $(wildcard include/tandem/*.h common/*.h proxy/*/*.h vrrpd/*.h vrrpd/*/*.h \
	tests/*/*.h tests/*/*/*.h)
SCRIPTS := $(wildcard .ci/run deploy/*.sh deploy/completion/* tests/*/*.sh tests/*/*/*.sh)

## Build
all: $(BUILD)/proxyd $(BUILD)/vrrpd ## build both daemons (the default)
units: $(UNITS) ## build the unit tests
tools: $(TOOLS) $(SOAK) ## build the test programs (load generator, gateway)

# Packages first whenever the goal promises to do all of its set-up.
GOALS_ALL   := $(filter deps,$(MAKECMDGOALS))
DEPS_GROUPS := $(if $(GOALS_ALL),,$(sort $(if $(filter check,$(MAKECMDGOALS)),build demo test) \
	$(if $(filter demo,$(MAKECMDGOALS)),build demo) $(if $(filter bench,$(MAKECMDGOALS)),build bench) $(if $(filter deb deb-check,$(MAKECMDGOALS)),build deb) $(if $(filter compare drill-lab interop,$(MAKECMDGOALS)),build demo test) \
	$(if $(filter lint format,$(MAKECMDGOALS)),build test lint) \
	$(if $(filter fuzz-smoke,$(MAKECMDGOALS)),build lint)))
DEPS_FIRST  := $(if $(GOALS_ALL)$(DEPS_GROUPS),deps)
deps: ## install the Debian packages that are missing (root)
	@deploy/deps.sh $(DEPS_GROUPS)

# What the products depend on beside their sources: the flags and the list of the sources. The
# files change only when their content does.
$(BUILD)/.flags: FORCE | $(DEPS_FIRST)
	@mkdir -p $(@D); printf '%s\n' '$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $(SAN_LD) $(PKGS)' \
		| cmp -s - $@ || printf '%s\n' '$(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(LDFLAGS) $(SAN_LD) $(PKGS)' >$@
$(BUILD)/.sources: FORCE
	@mkdir -p $(@D); echo '$(SRC_common) $(SRC_proxy) $(SRC_vrrpd)' | cmp -s - $@ || \
		echo '$(SRC_common) $(SRC_proxy) $(SRC_vrrpd)' >$@

$(BUILD)/obj/proxy/%.o $(BUILD)/obj/tests/unit/proxy/%.o: private AREA := -Iproxy
$(BUILD)/obj/vrrpd/%.o $(BUILD)/obj/tests/unit/vrrpd/%.o $(BUILD)/obj/tests/sim/%.o: \
	private AREA := -Ivrrpd
$(FUZZ_proxy:$(BUILD)/%=$(BUILD)/obj/%.o): private AREA := -Iproxy
$(FUZZ_vrrpd:$(BUILD)/%=$(BUILD)/obj/%.o): private AREA := -Ivrrpd
COMPILE = $(CC) $(CPPFLAGS) $(AREA) $(PKG_CFLAGS) $(ALL_CFLAGS) $(WERROR)
$(BUILD)/obj/%.o: %.c $(BUILD)/.flags
	$(if $(V),,@echo '  CC    $<')
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -MT $@ -MT build/lint/$*.tidy -c -o $@ $<

# What .incbin puts into it.
$(BUILD)/obj/proxy/stats/assets.o: $(wildcard proxy/stats/assets/*)

$(BUILD)/libcommon.a: $(call obj,$(SRC_common))
$(BUILD)/libproxy.a: $(call obj,$(SRC_proxy))
$(BUILD)/libvrrp.a: $(call obj,$(SRC_vrrpd))
$(BUILD)/%.a: $(BUILD)/.sources
	$(if $(V),,@echo '  AR    $@')
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

LINK = mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $(LDFLAGS) $(SAN_LD) -o $@ $(filter %.o %.a,$^)
$(BUILD)/proxyd: $(BUILD)/obj/proxy/main.o $(BUILD)/libproxy.a $(BUILD)/libcommon.a
$(BUILD)/vrrpd: $(BUILD)/obj/vrrpd/main.o $(BUILD)/libvrrp.a $(BUILD)/libcommon.a
$(BUILD)/proxyd $(BUILD)/vrrpd:
	$(if $(V),,@echo '  LINK  $@')
	@[ ! -d $@ ] || rm -r $@ # of a build before objects had their own place
	$(Q)$(LINK) $(LDLIBS)

$(UNIT_common) $(TOOLS): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libcommon.a
$(UNIT_proxy) $(FUZZ_proxy): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libproxy.a $(BUILD)/libcommon.a
$(UNIT_vrrpd) $(FUZZ_vrrpd) $(SIMS): $(BUILD)/%: $(BUILD)/obj/%.o $(BUILD)/libvrrp.a $(BUILD)/libcommon.a
$(UNITS):
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(LINK) $(CHECK_LIBS) $(LDLIBS)
$(SOAK): $(call obj,$(wildcard tests/soak/*.c)) $(BUILD)/libcommon.a
$(TOOLS) $(SIMS) $(SOAK):
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(LINK) $(LDLIBS)
$(FUZZERS):
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(LINK) -fsanitize=fuzzer $(LDLIBS)

## Run
demo: all tools ## the pair in network namespaces, in two minutes (root; KEEP=1)
	@BUILD=$(BUILD) KEEP=$(KEEP) deploy/demo.sh
demo-down: ## remove what `make demo KEEP=1` left running (root)
	@deploy/demo.sh down

## Test
# Plain: everything. With sanitizers: unit tests, goldens and scenarios; SANITIZE=thread: unit tests.
SUITES ?= $(if $(SANITIZE),$(if $(filter thread,$(SANITIZE)),unit,unit golden vtc),unit golden docs vtc netns browser)
check: all units tools ## all tests (the network labs need root)
	@BUILD=$(BUILD) SANITIZE=$(SANITIZE) tests/lib/run.sh $(SUITES)
lint: check-format check-tidy check-cppcheck check-scripts ## format, clang-tidy, cppcheck
	@echo 'lint: clean'
check-format: | $(DEPS_FIRST)
	@clang-format --dry-run --Werror $(SOURCES) $(HEADERS) && echo '  FORMAT ok'
TIDY := $(patsubst %.c,build/lint/%.tidy,$(SOURCES))
check-tidy: $(TIDY)
build/lint/proxy/%.tidy build/lint/tests/unit/proxy/%.tidy: private AREA := -Iproxy
$(FUZZ_proxy:$(BUILD)/%=build/lint/%.tidy): private AREA := -Iproxy
$(FUZZ_vrrpd:$(BUILD)/%=build/lint/%.tidy): private AREA := -Ivrrpd
build/lint/vrrpd/%.tidy build/lint/tests/unit/vrrpd/%.tidy build/lint/tests/sim/%.tidy: private AREA := -Ivrrpd
$(TIDY): build/lint/%.tidy: %.c .clang-tidy $(BUILD)/.flags
	@mkdir -p $(@D)
	@timeout 120 clang-tidy --quiet $< -- $(CPPFLAGS) $(AREA) $(PKG_CFLAGS) -std=gnu11 $(WARN) \
		>$@.log 2>&1 || { echo "  TIDY  $< FAILED"; grep -v ' warnings\? generated' $@.log; exit 1; }
	@rm -f $@.log; touch $@; echo '  TIDY  $<'
# jansson's json_array_foreach is unknown where its header is not read.
CPPCHECK = cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	--error-exitcode=1 -j2 -D_GNU_SOURCE --suppress=missingIncludeSystem -Iinclude \
	--suppress=unknownMacro:vrrpd/client.c
check-cppcheck: | $(DEPS_FIRST)
	@$(CPPCHECK) -Iproxy $(SRC_common) $(SRC_proxy) $(wildcard proxy/main.c)
	@$(CPPCHECK) -Ivrrpd $(SRC_vrrpd) $(wildcard vrrpd/main.c) $(wildcard tests/lib/*.c)
	@echo '  CPPCHECK ok'
check-scripts: | $(DEPS_FIRST)
	@for s in $(SCRIPTS); do bash -n $$s || exit 1; done; shellcheck -x -S warning -e SC2155 $(SCRIPTS)
	@echo '  SHELLCHECK ok'
format: | $(DEPS_FIRST) ## format the sources
	@clang-format -i $(SOURCES) $(HEADERS)

fuzzers: $(FUZZERS)
fuzz-smoke: | $(DEPS_FIRST) ## run each fuzzer for SECONDS_EACH (10) seconds
	+@$(MAKE) --no-print-directory SANITIZE=fuzz CC=clang WERROR=-Werror fuzzers
	@tests/lib/fuzz.sh build-fuzz $(or $(SECONDS_EACH),10)
sim: $(SIMS) ## simulate SEEDS (100000) schedules of a LAN of routers
	@$(BUILD)/tests/sim/sim --seeds $(or $(SEEDS),100000)
mutations: $(SIMS) ## break the state machine on purpose: the simulator must notice
	@BUILD=$(BUILD) tests/sim/mutations.sh
interop: all tools ## elections with keepalived and FRR in network namespaces (root)
	@BUILD=$(BUILD) ONLY='netns/(interop|vrrpd-ipv6)' tests/lib/run.sh netns
bench: all tools ## CPU, latency, memory beside haproxy and nginx (SCENARIOS="small 1m", all)
	@BUILD=$(BUILD) tests/bench/run.sh $(SCENARIOS)
compare: all tools ## outages of this pair and of keepalived + haproxy, side by side (RUNS=3; root)
	@BUILD=$(BUILD) tests/bench/failover.sh -n $(or $(RUNS),3)
drill-lab: all tools ## each kind of drill on this pair and on keepalived + haproxy (ROUNDS=20, KINDS=...; root)
	@BUILD=$(BUILD) tests/bench/drill-lab.sh
diff: all tools ## the same bytes through proxyd and Debian's haproxy (SEEDS=8 of generated ones)
	@BUILD=$(BUILD) tests/diff/conditions.sh
	@BUILD=$(BUILD) tests/diff/commands.sh
	@BUILD=$(BUILD) tests/diff/diff.sh
	@BUILD=$(BUILD) SEEDS=$(or $(SEEDS),8) tests/diff/generated.sh
soak: all tools ## MINUTES (10) of mixed load with reloads and failing servers (root)
	@BUILD=$(BUILD) SANITIZE=$(SANITIZE) tests/soak/soak.sh $(or $(MINUTES),10)
reload-proof: all tools ## REQUESTS (1000000) across reloads, upgrades and a rolling deployment (root)
	@BUILD=$(BUILD) tests/soak/reloads.sh $(or $(REQUESTS),1000000)
docs: all ## write the keyword reference: manual pages and lists of README.md
	@deploy/docs.sh write $(BUILD)
corpus: all ## try the files of CORPUS=DIR with proxyd and vrrpd
	@BUILD=$(BUILD) tests/lib/corpus.sh $(CORPUS)

## Install
SBIN = $(DESTDIR)$(PREFIX)/sbin
MAN1 = $(DESTDIR)$(PREFIX)/share/man/man1
MAN8 = $(DESTDIR)$(PREFIX)/share/man/man8
MAN5 = $(DESTDIR)$(PREFIX)/share/man/man5
DOC  = $(DESTDIR)$(PREFIX)/share/doc/tandem
UNITDIR ?= $(PREFIX)/lib/systemd/system
UNIT = $(DESTDIR)$(UNITDIR)
TMPF = $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
SYSC = $(DESTDIR)$(PREFIX)/lib/sysctl.d
COMP = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
install: all ## daemons, manuals, units, examples (DESTDIR, PREFIX)
	install -d $(SBIN) $(MAN1) $(MAN5) $(MAN8) $(DOC)/examples $(UNIT) $(TMPF) $(SYSC) $(COMP)
	install -m 755 $(BUILD)/proxyd $(BUILD)/vrrpd $(SBIN)
	install -m 644 deploy/man/proxyd.8 deploy/man/vrrpd.8 $(MAN8)
	install -m 644 deploy/man/proxyd-keywords.5 deploy/man/vrrpd-keywords.5 $(MAN5)
	install -m 644 $(wildcard deploy/man/*.1) $(MAN1)
	cp -R deploy/examples/. $(DOC)/examples && chmod -R u=rwX,go=rX $(DOC)/examples
	for u in proxyd vrrpd tandem-drill; do sed 's|@SBIN@|$(PREFIX)/sbin|' deploy/systemd/$$u.service \
		>$(UNIT)/$$u.service && chmod 644 $(UNIT)/$$u.service || exit 1; done
	install -m 644 deploy/systemd/tandem-drill.timer $(UNIT)
	install -m 644 deploy/systemd/tandem.tmpfiles $(TMPF)/tandem.conf
	install -m 644 deploy/sysctl/60-tandem.conf $(SYSC)
	install -m 644 deploy/completion/tandem.bash $(COMP)/proxyd
	ln -sf proxyd $(COMP)/vrrpd
deb: | $(DEPS_FIRST) ## build the Debian package into build/deb
	@deploy/deb.sh $(BUILD)
deb-check: deb tools ## the package in two Debian systems: install, upgrade under load, removal (root, network)
	@BUILD=$(BUILD) tests/deb/check.sh $(BUILD)/deb/tandem_*_$$(dpkg --print-architecture).deb
uninstall: ## remove what install put there
	rm -f $(SBIN)/proxyd $(SBIN)/vrrpd $(MAN1)/proxyd-ctl.1 $(MAN1)/vrrpd-ctl.1 $(MAN1)/vrrpd-drill.1 $(MAN8)/proxyd.8 $(MAN8)/vrrpd.8 $(MAN5)/proxyd-keywords.5 $(MAN5)/vrrpd-keywords.5 \
		$(UNIT)/proxyd.service $(UNIT)/tandem-drill.service $(UNIT)/tandem-drill.timer \
		$(UNIT)/vrrpd.service $(TMPF)/tandem.conf $(SYSC)/60-tandem.conf $(COMP)/proxyd $(COMP)/vrrpd
	rm -rf $(DOC)

clean: ## remove all build products
	rm -rf build build-*
help: ## this list
	@awk -F ':.*## ' '/^## /{ print substr($$0, 4) } \
		/^[a-z-]+:.*## /{ printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: CC CFLAGS BUILD V=1 SANITIZE=address,undefined|thread PREFIX DESTDIR'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all units tools deps demo demo-down check lint check-format check-tidy check-cppcheck \
	check-scripts format fuzzers fuzz-smoke sim mutations interop bench compare drill-lab diff soak corpus docs deb deb-check install uninstall \
	clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:
