# cutc: build, test, bench, install. Everything that is made lies in build/.
#
#   make            build/cutc (installs what is missing on Debian and Ubuntu; PACKAGES=no leaves that out)
#   make demo       a plan that would have broken, the one that works, and its runbook
#   make test       all tests, then those of the compiler again under ASan and UBSan
#   make lab        the example's runbooks against real servers in network namespaces (as root)
#   make bench      time and memory beside other programs on the same graph (BENCH_FULL=1: a million resources too)
#   make bench-100k one case: 100,000 resources against `ninja -n`; the last line begins with the ratio
#   make fuzz       a minute of fuzzing per target (FUZZ_SECONDS=60)
#   make install    to $(DESTDIR)$(PREFIX)
#
# CC, CFLAGS, WERROR=1, SANITIZE=1 (addresses and undefined behaviour, in build/asan), SANITIZE=thread (in build/tsan).

.DEFAULT_GOAL = all
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

PREFIX ?= /usr/local
PACKAGES ?= yes
FUZZ_SECONDS ?= 60
VERSION := $(shell cat VERSION)

ifeq ($(SANITIZE),1)
BUILD := build/asan
ifeq ($(origin CC),default)
CC := clang
endif
CFLAGS ?= -O1 -g
EXTRA := -DCUTC_SANITIZED -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifeq ($(SANITIZE),thread)
BUILD := build/tsan
ifeq ($(origin CC),default)
CC := clang
endif
CFLAGS ?= -O1 -g
EXTRA := -DCUTC_SANITIZED -fsanitize=thread -fno-omit-frame-pointer
else
BUILD := build
ifeq ($(origin CC),default)
CC := gcc
endif
CFLAGS ?= -O3 -g
EXTRA :=
endif
VENDOR := build/vendor

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wswitch-enum -Wconversion
ifeq ($(WERROR),1)
WARN += -Werror
endif
DEFINES := -D_POSIX_C_SOURCE=200809L -DCUTC_VERSION='"$(VERSION)"'
INCLUDES := -Icompiler -I$(BUILD) -I/usr/include/libxml2 -isystem /usr/include/postgresql
COMPILE = $(CC) -std=c17 $(DEFINES) $(INCLUDES) $(EXTRA) $(CFLAGS) -MMD -MP
# To find and load a library takes as long as to check a small plan: they become a part of the binary where their archives are there.
archive = $(shell f=$$($(CC) -print-file-name=lib$(1).a); [ -e "$$f" ] && echo "$$f" || echo -l$(1))
LINKED := tree-sitter jansson nettle yaml cares
LIBS = $(foreach l,$(LINKED),$(call archive,$(l))) -ldl -pthread
# Loaded by compiler/world/late.c at the first use, under the names that the linker would have taken.
LATE := CURL=libcurl XML=libxml2 LDNS=libldns PQ=libpq JQ=libjq

ifneq ($(V),1)
q := @
say = @$(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,printf '%-5s %s\n')
else
say = @:
endif

STANDIN := compiler/script/standin.c
SRCS := $(filter-out $(STANDIN),$(sort $(shell find compiler -name '*.c')))
OBJS := $(SRCS:%.c=$(BUILD)/%.o)
GRAMMAR := $(wildcard grammar/cut.l) $(wildcard grammar/cut.y)
ifeq ($(words $(GRAMMAR)),2)
GENERATED := $(BUILD)/cut.tab.h $(BUILD)/cut.lex.h
OBJS += $(BUILD)/cut.tab.o $(BUILD)/cut.lex.o
endif
GENERATED += $(BUILD)/late.h
RUNTIME := $(sort $(wildcard compiler/script/runtime-*.sh))
EMBEDDED := $(sort $(wildcard stdlib/*/*.cut) $(wildcard docs/findings/*.md) $(BUILD)/runtime $(BUILD)/runtime.sha256) $(BUILD)/standin
OBJS += $(BUILD)/embedded.o $(BUILD)/bash-parser.o $(BUILD)/bash-scanner.o

BENCH := $(BUILD)/bench/plan $(BUILD)/bench/load $(BUILD)/bench/scan

# ── What people call ──────────────────────────────────────────────────────────

.PHONY: all demo test lab bench bench-100k fuzz install clean FORCE packages packages-test
all: $(BUILD)/cutc

demo: all
	@tools/demo

test: packages-test
	@tests/run.sh

lab: all
	@[ $(PACKAGES) = no ] || tests/lab/packages.sh
	@tests/lab/run.sh $(SCENARIOS)

bench: all $(BENCH)
	@python3 tests/bench/start.py
	@python3 tests/bench/refs.py
	@python3 tests/bench/run.py $(BUILD)/bench

bench-100k: all $(BENCH)
	@python3 tests/bench/run.py $(BUILD)/bench 100000 --against 34

fuzz: packages-test
	@tests/fuzz/run.sh $(FUZZ_SECONDS)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/doc/cutc
	install -m 755 build/cutc $(DESTDIR)$(PREFIX)/bin/cutc
	install -m 644 README.md LICENSE $(wildcard docs/*.md) $(DESTDIR)$(PREFIX)/share/doc/cutc

clean:
	rm -rf build

# What the build needs is looked up once and quickly (tools/install-packages); nothing is rebuilt because of it.
packages:
	@[ $(PACKAGES) = no ] || tools/install-packages build
packages-test: packages
	@[ $(PACKAGES) = no ] || tools/install-packages test

# ── Lists that start a new build when they change ─────────────────────────────

define if_changed
@mkdir -p $(@D)
@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' >$@
endef
quote = $(subst ','\'',$(1))
$(BUILD)/flags: FORCE
	$(call if_changed,$(call quote,$(COMPILE) $(WARN)))
$(BUILD)/objects: FORCE
	$(call if_changed,$(OBJS))
$(BUILD)/embedded.list: FORCE
	$(call if_changed,$(EMBEDDED) $(RUNTIME))

# ── The compiler ──────────────────────────────────────────────────────────────

$(BUILD)/cutc: $(OBJS) $(BUILD)/objects
	$(say) LD $@
	$(q)$(CC) $(EXTRA) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJS) $(LIBS)

$(BUILD)/%.o: %.c $(BUILD)/flags | $(GENERATED) packages
	@mkdir -p $(@D)
	$(say) CC $@
	$(q)$(COMPILE) $(WARN) -c -o $@ $<

$(BUILD)/cut.tab.c $(BUILD)/cut.tab.h &: grammar/cut.y | packages
	@mkdir -p $(@D)
	$(say) BISON $@
	$(q)bison -Wall -Werror=conflicts-sr -Werror=conflicts-rr --defines=$(BUILD)/cut.tab.h -o $(BUILD)/cut.tab.c $<
$(BUILD)/cut.lex.c $(BUILD)/cut.lex.h &: grammar/cut.l | packages
	@mkdir -p $(@D)
	$(say) FLEX $@
	$(q)flex -Cf --header-file=$(BUILD)/cut.lex.h -o $(BUILD)/cut.lex.c $<
$(BUILD)/cut.tab.o: $(BUILD)/cut.tab.c $(BUILD)/flags | $(GENERATED)
	$(say) CC $@
	$(q)$(COMPILE) -Wall -Wextra -Wno-unused-but-set-variable -c -o $@ $<
$(BUILD)/cut.lex.o: $(BUILD)/cut.lex.c $(BUILD)/flags | $(GENERATED)
	$(say) CC $@
	$(q)$(COMPILE) -w -c -o $@ $<

$(BUILD)/late.h: Makefile | packages
	@mkdir -p $(@D)
	$(say) LATE $@
	$(q)for l in $(LATE); do \
	  name=$$(objdump -p "$$($(CC) -print-file-name=$${l#*=}.so)" | sed -n 's/^ *SONAME *//p'); \
	  [ -n "$$name" ] || { echo "there is no $${l#*=}.so" >&2; exit 1; }; \
	  printf '#define LATE_%s "%s"\n' "$${l%%=*}" "$$name"; done >$@

# ── Files inside the binary ───────────────────────────────────────────────────

$(BUILD)/embed: tools/embed.c | packages
	@mkdir -p $(@D)
	$(say) CC $@
	$(q)$(CC) -std=c17 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -o $@ $<
# The stand-in of a rehearsal: a program without a library, which the binary carries like the files.
$(BUILD)/standin: $(STANDIN) compiler/script/standin.h $(BUILD)/flags | packages
	$(say) CC $@
	$(q)$(CC) -std=c17 $(DEFINES) -Icompiler -Os $(WARN) -ffreestanding -fno-stack-protector -fno-pie -fno-asynchronous-unwind-tables \
	  -nostdlib -static -s -Wl,--build-id=none -o $@ $<
# The fixed part of a runbook, in one piece, and its sum, which each runbook says.
$(BUILD)/runtime: $(RUNTIME) $(BUILD)/embedded.list
	$(q)cat $(RUNTIME) >$@
$(BUILD)/runtime.sha256: $(BUILD)/runtime
	$(q)sha256sum $< | cut -d ' ' -f 1 | tr -d '\n' >$@

$(BUILD)/embedded.c: $(BUILD)/embed $(EMBEDDED) $(BUILD)/embedded.list
	$(say) EMBED $@
	$(q)$(BUILD)/embed $(EMBEDDED) >$@
$(BUILD)/embedded.o: $(BUILD)/embedded.c $(BUILD)/flags
	$(say) CC $@
	$(q)$(COMPILE) $(WARN) -c -o $@ $<

# ── tree-sitter-bash: the shell grammar, generated C, from its published package ──

BASH_VERSION := 0.23.3
BASH_SHA512 := 36cg/GQ2YmIbeiBeqeuh4fBJ6i4kgVouDaqTxqih5ysPag+zHufyIaxMOFeM8CeplwAK/Luj1o5XHqgdAfoCZg==
BASH := $(VENDOR)/tree-sitter-bash
$(BASH)/src/parser.c $(BASH)/src/scanner.c &: tools/fetch-npm | packages
	$(say) FETCH $@
	$(q)tools/fetch-npm tree-sitter-bash $(BASH_VERSION) $(BASH_SHA512) $(BASH)
$(BUILD)/bash-%.o: $(BASH)/src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(say) CC $@
	$(q)$(CC) -std=c17 -I$(BASH)/src $(EXTRA) $(CFLAGS) -w -c -o $@ $<

# ── Tests ─────────────────────────────────────────────────────────────────────

# The SARIF 2.1.0 schema, for the test of the reports: a file of this package.
SARIF_VERSION := 3.21.4
SARIF_SHA512 := gzIzTh9NfiTEQA5+1djHnmzuWIPJSDbPM5X3a8rVj2O7yMGhJTdaHSrXf+w3exABaTgLgYKO/1SXQTA9sKbjkA==
SARIF := $(VENDOR)/sarif
$(SARIF)/dist/json-schema/sarif-schema-2.1.0.json: tools/fetch-npm | packages
	$(say) FETCH $@
	$(q)tools/fetch-npm @datadog/datadog-ci-plugin-sarif $(SARIF_VERSION) $(SARIF_SHA512) $(SARIF)
# Prism, which holds our requests against what the vendors publish. Its tests say so when it can't be had.
PRISM := $(VENDOR)/prism
$(PRISM)/installed: tests/live/package.json | packages
	$(say) FETCH $@
	@rm -rf $(PRISM) && mkdir -p $(PRISM) && cp $< $(PRISM)
	$(q)cd $(PRISM) && npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error >npm.log 2>&1 && touch $(@F) || tail -n 3 npm.log
.PHONY: published
published: $(PRISM)/installed
.PHONY: schemas
schemas: $(SARIF)/dist/json-schema/sarif-schema-2.1.0.json published

SUPPORT := $(sort $(wildcard tests/support/*.c))
UNITS := $(sort $(wildcard tests/unit/test_*.c))
TEST_OBJS := $(filter-out $(BUILD)/compiler/main.o,$(OBJS)) $(SUPPORT:%.c=$(BUILD)/%.o)
UNIT_PROGRAMS := $(UNITS:%.c=$(BUILD)/%)

.PHONY: units
units: $(UNIT_PROGRAMS) $(BUILD)/tests/property/driver $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fuzz/*.c))
$(BUILD)/tests/%.o: INCLUDES += -Itests/support
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(TEST_OBJS) $(BUILD)/objects
	$(say) LD $@
	$(q)$(CC) $(EXTRA) $(CFLAGS) $(LDFLAGS) -o $@ $< $(TEST_OBJS) $(LIBS) -lcmocka
$(BUILD)/tests/property/driver: $(BUILD)/tests/property/driver.o $(filter-out $(BUILD)/compiler/main.o,$(OBJS)) $(BUILD)/objects
	$(say) LD $@
	$(q)$(CC) $(EXTRA) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBS)
.PRECIOUS: $(BUILD)/%.o

# ── Benchmarks ────────────────────────────────────────────────────────────────

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/flags | packages
	@mkdir -p $(@D)
	$(say) CC $@
	$(q)$(COMPILE) $(WARN) -o $@ $< -ljansson
$(BUILD)/bench/scan.c: tests/bench/scan.l | packages
	@mkdir -p $(@D)
	$(say) FLEX $@
	$(q)flex -Cf -o $@ $<
$(BUILD)/bench/scan: $(BUILD)/bench/scan.c
	$(say) CC $@
	$(q)$(COMPILE) -w -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
