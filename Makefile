# arrestor: one Makefile, meant to be read from top to bottom.
#
#   make            build everything into build/
#   make demo       the main job, end to end, on real Spark (installs what it lacks)
#   make test       make check, units, end-to-end (installs what it lacks)
#   make test-spark launches and readings against Spark itself, thousands for each version (SPARKS=)
#   make check      structure, style and static analysis
#   make bench      figures against the budgets of the design (PARTS=local, PARTS=store)
#   make corpus     what arrestor makes of a directory of files, beside conftest and detect-secrets (FILES=)
#   make torture    10,000 rotations while everything is killed at random moments (ROTATIONS=, PODS=)
#   make fuzz       every parser under libFuzzer: TARGETS=all FUZZ_SECONDS=60 (CPU, each)
#   make sanitize   units under ASan, UBSan and LeakSanitizer, gcc's and clang's; end to end under clang's
#   make valgrind   units under memcheck
#   make repro      two builds, elsewhere and otherwise, and the same bytes
#   make calls      every role's system calls over all end-to-end tests, against its list
#   make memory     planted values searched in all memory, and in a swap file
#   make test-catalogue  the key catalogue against every supported Spark (SPARK_VERSIONS=, SPARK_HOMES=)
#   make torture-calls   every system call and every allocation of every role fails once (TORTURE="--every 10")
#   make install    PREFIX=/usr/local DESTDIR=

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDEXPANSION:

PREFIX     ?= /usr/local
LIBEXECDIR ?= $(PREFIX)/libexec/arrestor
DESTDIR    ?=
CC         := $(if $(filter default,$(origin CC)),gcc,$(CC))
BUILD      ?= build
VERSION    := 0.1.0

# ---- Flags: the OpenSSF guide for compiler options; each is probed, so that
# ---- gcc and clang of different ages both build.
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -Wformat=2 -Wcast-qual \
            -Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wimplicit-fallthrough \
            -Wframe-larger-than=65536 -Wdate-time
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
             -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing \
             -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
LINKING   := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodlopen -Wl,--as-needed

# What makes an overflow or a null pointer harmless hides it from a sanitizer.
SANITIZED := $(findstring sanitize,$(CFLAGS))
HARDENING := $(if $(SANITIZED),$(filter-out -fno-delete-null% -fno-strict-overflow,$(HARDENING)),$(HARDENING))

probe    = $(shell $(CC) -Werror $(1) -c -x c /dev/null -o /dev/null 2>/dev/null && echo $(1))
FLAGS   := $(foreach flag,$(HARDENING),$(call probe,$(flag)))
CPPFLAGS += -I. -D_GNU_SOURCE -DARRESTOR_VERSION='"$(VERSION)"'
CFLAGS  ?= -O2 -g
FORTIFY := $(if $(SANITIZED),-DSANITIZED,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
# No path, time or order of the building machine reaches the programs: make repro.
HERE    := $(call probe,-ffile-prefix-map=$(CURDIR)=.)
OURFLAGS = -std=c17 -fPIE $(WARNINGS) $(FLAGS) $(HERE) $(FORTIFY) -MMD -MP
LDLIBS   = -lsodium -ljansson -lyaml -lseccomp
NETLIBS  = -lcurl -lssl -lcrypto

# ---- V=1 shows the commands.
Q := $(if $(V),,@)

# ---- Sources: a room is a directory; the role table tells who runs it. Packs are
# ---- compiled into C by a tool of the build, which reads them as arrestor does.
SOURCES  := $(filter-out policy/data/compile/%,$(sort $(wildcard \
              sidecar/*.c sidecar/*/*.c sidecar/*/*/*.c policy/*/*.c policy/data/*/*.c \
              policy/surface/*/*.c)))
OBJECTS  := $(SOURCES:%.c=$(BUILD)/o/%.o) $(BUILD)/o/policy/data/packs/packs.o \
            $(BUILD)/o/policy/data/catalogue/keys.o
# What needs libcurl and OpenSSL is in arrestor-fetch only, with the rooms of its role.
VAULT    := $(filter $(BUILD)/o/sidecar/fetch/vault/%,$(OBJECTS))
LIBRARY  := $(filter-out $(VAULT) $(BUILD)/o/sidecar/main%.o,$(OBJECTS))
FETCH    := $(VAULT) $(filter $(addprefix $(BUILD)/o/sidecar/,base/% yaml/% wire/% confine/% \
              config/% secret/% lease/% fetch/% strongbox/box% strongbox/passphrase%),$(LIBRARY))
PACKS    := $(sort $(wildcard policy/data/packs/*.yaml))
COMPILER := $(filter $(BUILD)/o/sidecar/base/% $(BUILD)/o/sidecar/yaml/% $(BUILD)/o/policy/%,\
              $(filter-out $(BUILD)/o/policy/data/packs/%,$(OBJECTS)))
CLAIMS   := $(patsubst selftest/%.c,$(BUILD)/selftest/%,$(wildcard selftest/[0-9]*.c))
CLAIMED  := $(patsubst %.c,$(BUILD)/o/%.o,$(filter-out selftest/tls_%,$(wildcard selftest/[a-z]*.c)))

.PHONY: all
all: $(BUILD)/arrestor $(BUILD)/arrestor-fetch $(BUILD)/role-table $(CLAIMS)

# What the sanitizers' runtime is told, in builds that have one.
$(BUILD)/arrestor $(BUILD)/arrestor-fetch $(CLAIMS): $(if $(SANITIZED),$(BUILD)/o/tests/bin/sanitizer.o)
$(BUILD)/o/tests/bin/sanitizer.o: private CPPFLAGS += -DFINDINGS='"$(abspath $(BUILD))/findings"'

$(BUILD)/arrestor: $(BUILD)/o/sidecar/main.o $(LIBRARY)
$(BUILD)/arrestor-fetch: $(BUILD)/o/sidecar/main_fetch.o $(FETCH)
$(BUILD)/arrestor-fetch: private LDLIBS += $(NETLIBS)
$(BUILD)/arrestor $(BUILD)/arrestor-fetch:
	@echo '  LINK  $@'
	$(Q)$(CC) $(CFLAGS) -pie $(LINKING) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(BUILD)/o/%.o: %.c
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -c $< -o $@

$(BUILD)/pack-compile: policy/data/compile/pack_compile.c $(COMPILER)
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LDFLAGS) $(filter %.c %.o,$^) $(LDLIBS) -o $@

$(BUILD)/gen/policy/data/packs/packs.c: $(BUILD)/pack-compile $(PACKS)
	@mkdir -p $(@D)
	@echo '  PACKS $@'
	$(Q)$(BUILD)/pack-compile $(PACKS) > $@

$(BUILD)/o/policy/data/packs/packs.o: $(BUILD)/gen/policy/data/packs/packs.c
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -c $< -o $@

# Spark's keys: what the jars tell (tests/ref/catalogue) and what is kept by hand.
KEYS := policy/data/catalogue/catalogue.tsv policy/data/catalogue/kept.txt

$(BUILD)/catalogue-compile: policy/data/compile/catalogue_compile.c policy/data/compile/catalogue_rows.c \
                            $(BUILD)/o/policy/data/catalogue/letters.o $(filter $(BUILD)/o/sidecar/base/%,$(OBJECTS))
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LDFLAGS) $(filter %.c %.o,$^) $(LDLIBS) -o $@

$(BUILD)/gen/policy/data/catalogue/keys.c: $(BUILD)/catalogue-compile $(KEYS)
	@mkdir -p $(@D)
	@echo '  KEYS  $@'
	$(Q)$(BUILD)/catalogue-compile $(KEYS) > $@

$(BUILD)/o/policy/data/catalogue/keys.o: $(BUILD)/gen/policy/data/catalogue/keys.c
	@mkdir -p $(@D)
	@echo '  CC    $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -c $< -o $@

# The role table as JSON, for make check.
$(BUILD)/role-table: tests/bin/role_table.c $(BUILD)/o/sidecar/confine/role_table.o \
                     $(BUILD)/o/sidecar/confine/filter_table.o
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LDFLAGS) $(filter %.c %.o,$^) -lseccomp -o $@

# The claims of SECURITY.md, one executable each.
.SECONDARY: $(CLAIMED)
$(BUILD)/selftest/%: selftest/%.c $(CLAIMED) $(LIBRARY)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LINKING) $(LDFLAGS) $(filter %.c %.o,$^) $(LDLIBS) -o $@

# ---- Units: tests/unit/test_NAME.c, each its own executable.
UNITS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))

$(BUILD)/unit/%: tests/unit/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LDFLAGS) $(filter %.c %.o,$^) $(LDLIBS) -lcmocka -o $@

# ---- Drivers of tests that compare with another implementation.
REFS := $(patsubst tests/ref/%.c,$(BUILD)/ref/%,$(wildcard tests/ref/*.c))

$(BUILD)/ref/%: tests/ref/%.c $(LIBRARY)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LDFLAGS) $(filter %.c %.o,$^) $(LDLIBS) -o $@

# Counted is the judge itself, without the filter that ends valgrind's calls.
$(BUILD)/ref/check_work: private LDFLAGS += -Wl,--wrap=confine_climb

# Those of the vault have its objects and libraries too; claims that speak TLS, a store.
SPOKEN := $(BUILD)/selftest/17-tls-inside-the-filter $(BUILD)/selftest/20-wiped-when-freed
NETTED := $(filter $(BUILD)/unit/test_vault_%,$(UNITS)) $(BUILD)/ref/fetch_vault $(BUILD)/ref/pure_work \
          $(SPOKEN)
$(SPOKEN): $(BUILD)/o/selftest/tls_store.o
$(NETTED): $(VAULT)
$(NETTED): private LDLIBS += $(NETLIBS)

# ---- What a newcomer runs. Where a package is missing as this file is read, the
# ---- probes above have found no compiler: so what comes after deps is a new make.
AGAIN = @echo "Building …" && $(MAKE) --no-print-directory -s -j2

.PHONY: deps demo test check bench corpus torture torture-calls units
deps: $(BUILD)/deps-test $(BUILD)/deps-venv

$(BUILD)/deps-%: tests/bin/install-packages
	tests/bin/install-packages build $(filter-out build,$*)
	@mkdir -p $(@D) && touch $@

$(BUILD)/deps-venv: tests/bin/make-venv | $(BUILD)/deps-build
	tests/bin/make-venv $(BUILD)/venv
	@touch $@

demo: $(BUILD)/deps-build $(BUILD)/deps-venv
	$(AGAIN) all
	@tests/bin/demo

test: deps
	$(AGAIN) all units $(TOOLS) $(FAKED)
	$(AGAIN) $(call SANITIZE,gcc) units
	@tests/bin/run-tests

.PHONY: test-catalogue
test-catalogue: $(BUILD)/deps-venv
	@PYTHON=$(BUILD)/venv/bin/python3 tests/bin/test-catalogue

.PHONY: memory
memory: deps
	$(AGAIN) all $(BUILD)/weak $(BUILD)/search
	ARRESTOR_SWAP=1 $(BUILD)/venv/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e/test_memory.py \
	  tests/e2e/test_secret_memory.py tests/e2e/test_handoff.py tests/e2e/test_tracer.py

# Spark itself, beyond the few hundred launches of make test: SPARKS/VERSION is a
# SPARK_HOME, fetched with pip where there is none.
SPARKS ?= $(BUILD)/spark

.PHONY: test-spark
test-spark: $(BUILD)/deps-build $(BUILD)/deps-test
	@tests/bin/make-sparks $(SPARKS) 3.4.4 3.5.7 4.0.1 4.1.1 4.2.0 4.3.0
	$(AGAIN) $(BUILD)/ref/effective_batch $(BUILD)/ref/reading_batch
	@cd tests/ref/spark && python3 equality.py $(abspath $(SPARKS)) 5200 3.5.7 4.3.0
	@cd tests/ref/spark && python3 equality.py $(abspath $(SPARKS)) 1000 3.4.4 4.0.1 4.1.1 4.2.0
	@cd tests/ref/spark && python3 readings.py $(abspath $(SPARKS)) 1000 3.5.7 4.3.0
	@cd tests/ref/spark && python3 readings.py $(abspath $(SPARKS)) 200 3.4.4 4.0.1 4.1.1 4.2.0

check: $(BUILD)/deps-test
	$(AGAIN) all $(BUILD)/role-table
	@tests/bin/run-checks

bench: deps
	@tests/bin/make-peers $(BUILD)/go consul-template
	$(AGAIN) all $(BUILD)/measure $(BUILD)/noop $(BUILD)/rolewatch $(BUILD)/bare-fetch
	@BENCH_BUILD=$(abspath $(BUILD)) $(BUILD)/venv/bin/python3 tests/bench/bench.py $(PARTS)

corpus: $(BUILD)/deps-build
	@tests/bin/make-peers $(BUILD)/go conftest detect-secrets
	$(AGAIN) all $(BUILD)/measure
	@BENCH_BUILD=$(abspath $(BUILD)) tests/bench/corpus $(FILES)

torture-calls: deps
	$(AGAIN) all $(TOOLS) $(FAKED)
	@cd tests/e2e && $(abspath $(BUILD))/venv/bin/python3 torture_calls.py $(TORTURE)

ROTATIONS ?= 10000
PODS      ?= 4

torture: deps
	$(AGAIN) all
	@cd tests/e2e && $(abspath $(BUILD))/venv/bin/python3 torture.py $(ROTATIONS) $(PODS)

units: $(UNITS) $(REFS)

# ---- Both executables once more, each with a fake of tests/torture linked in: a clock
# ---- that tests shift, allocations that fail. Never installed.
FAKES := shifted_clock failing_alloc
FAKED := $(foreach fake,$(FAKES),$(BUILD)/$(fake)/arrestor $(BUILD)/$(fake)/arrestor-fetch)

$(FAKES:%=$(BUILD)/%/arrestor): $(BUILD)/o/sidecar/main.o $(LIBRARY)
$(FAKES:%=$(BUILD)/%/arrestor-fetch): $(BUILD)/o/sidecar/main_fetch.o $(FETCH)
$(FAKES:%=$(BUILD)/%/arrestor-fetch): private LDLIBS += $(NETLIBS)
$(FAKED): $(BUILD)/%: $(BUILD)/o/tests/torture/$$(*D).o $(if $(SANITIZED),$(BUILD)/o/tests/bin/sanitizer.o)
	@mkdir -p $(@D)
	@echo '  LINK  $@'
	$(Q)$(CC) $(CFLAGS) -pie $(LINKING) $(LDFLAGS) $^ $(LDLIBS) -o $@

# ---- Builds that look closer. A sanitizer's build is a whole one, beneath build/sanitize.
SANITIZE = BUILD=$(BUILD)/sanitize/$(1) CC=$(1) \
           CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'

.PHONY: sanitize sanitize-gcc sanitize-clang repro valgrind
sanitize: sanitize-gcc sanitize-clang
	tests/bin/run-units $(BUILD)/sanitize/gcc
	tests/bin/run-units $(BUILD)/sanitize/clang
	ARRESTOR_BUILD=$(abspath $(BUILD))/sanitize/clang $(BUILD)/venv/bin/python3 -m pytest -q -rfEs \
	    -p no:cacheprovider tests/e2e

sanitize-gcc sanitize-clang: sanitize-%: deps
	$(AGAIN) $(call SANITIZE,$*) all units $(TOOLS:$(BUILD)/%=$(BUILD)/sanitize/$*/%) \
	    $(addprefix $(BUILD)/sanitize/$*/shifted_clock/,arrestor arrestor-fetch)

repro: $(BUILD)/deps-build
	tests/bin/repro

valgrind: deps
	$(AGAIN) units
	tests/bin/run-units $(BUILD) --except tests/unit/not-under-valgrind \
	    --under 'valgrind -q --error-exitcode=99 --leak-check=full --track-fds=yes --child-silent-after-fork=yes'

# A test that fails here has met the watcher, which is a tracer: what counts is the report.
.PHONY: calls
calls: deps
	$(AGAIN) all units $(BUILD)/killat $(BUILD)/weak $(BUILD)/calls
	-$(BUILD)/calls $(BUILD)/calls.txt $(BUILD)/venv/bin/python3 -m pytest -q -p no:cacheprovider \
	    --watched tests/e2e
	@cat $(BUILD)/calls.txt; ! grep -E ' [1-9][0-9]* outside$$' $(BUILD)/calls.txt

# ---- Tools of the tests and of bench, each one small program.
FOLLOW  := tests/torture/follow.c
TOOL_CC  = $(CC) $(CPPFLAGS) -O2 -std=c17 $(WARNINGS)

TOOLS := $(addprefix $(BUILD)/,role-table calls killat failat weak search)

$(BUILD)/killat: tests/torture/killat.c $(FOLLOW) $(FOLLOW:.c=.h)
	$(TOOL_CC) $(filter %.c,$^) -o $@
$(BUILD)/search: tests/torture/search.c tests/torture/search_memory.c $(FOLLOW) \
                 $(FOLLOW:.c=.h) tests/torture/search.h
	$(TOOL_CC) $(filter %.c,$^) -o $@
$(BUILD)/failat: tests/torture/failat.c tests/torture/fault_table.c $(FOLLOW) $(FOLLOW:.c=.h)
	$(TOOL_CC) $(filter %.c,$^) -o $@
$(BUILD)/calls: tests/torture/calls.c $(FOLLOW) $(FOLLOW:.c=.h) sidecar/confine/role_table.c \
                sidecar/confine/filter_table.c
	$(TOOL_CC) $(filter %.c,$^) -lseccomp -o $@
$(BUILD)/rolewatch: tests/bench/rolewatch.c $(FOLLOW) $(FOLLOW:.c=.h)
	$(TOOL_CC) $(filter %.c,$^) -o $@
$(BUILD)/weak: tests/torture/weak.c tests/torture/weak_landlock.c tests/torture/weak_landlock.h
	$(TOOL_CC) $(filter %.c,$^) -lseccomp -o $@
$(BUILD)/measure: tests/bench/measure.c
	$(TOOL_CC) $^ -o $@
$(BUILD)/noop: tests/bench/noop.c
	$(TOOL_CC) -static $^ -o $@
$(BUILD)/bare-fetch: tests/bench/bare_fetch.c
	$(TOOL_CC) $^ -lcurl -ljansson -o $@

# ---- Fuzzing (tests/fuzz/README.md). tests/bin/fuzz makes these in directories of
# ---- their own, with sanitizers: one executable a target with libFuzzer, or one with
# ---- all of them that replays files, for the seeds and for coverage.
FUZZERS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
PARSERS := $(filter-out $(addprefix $(BUILD)/o/sidecar/,monitor/% dial/% place/place% sweep/%),\
             $(LIBRARY)) $(VAULT)

$(BUILD)/parsers.a: $(PARSERS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.c tests/fuzz/libfuzzer.c $(BUILD)/parsers.a
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie -fsanitize=fuzzer $(LDFLAGS) $(filter %.c %.a,$^) \
	    $(LDLIBS) $(NETLIBS) -o $@

$(BUILD)/replay: tests/fuzz/replay.c tests/fuzz/fuzz.c $(FUZZERS) $(BUILD)/parsers.a
	@echo '  LINK  $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(OURFLAGS) -MF $@.d -pie $(LDFLAGS) $(filter %.c %.a,$^) \
	    $(LDLIBS) $(NETLIBS) -o $@

.PHONY: fuzz fuzz-coverage
fuzz fuzz-coverage: export TARGETS := $(or $(TARGETS),all)
fuzz fuzz-coverage: export FUZZ_SECONDS := $(or $(FUZZ_SECONDS),60)

fuzz: $(BUILD)/deps-build $(BUILD)/deps-fuzz
	@tests/bin/fuzz run

fuzz-coverage: $(BUILD)/deps-build $(BUILD)/deps-fuzz
	@tests/bin/fuzz coverage

# ---- Completion scripts and man pages, under the names that shells and man look for;
# ---- a script's path begins with the name of its shell.
MANDIR ?= $(PREFIX)/share/man
SHARED := bash-completion/completions/arrestor zsh/site-functions/_arrestor \
          fish/vendor_completions.d/arrestor.fish

$(BUILD)/completion/%: $(BUILD)/arrestor
	@mkdir -p $(@D)
	$(Q)$(BUILD)/arrestor completion $(firstword $(subst -, ,$(subst /, ,$*))) > $@

.PHONY: install uninstall
install: all $(SHARED:%=$(BUILD)/completion/%)
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0711 $(BUILD)/arrestor $(DESTDIR)$(PREFIX)/bin/arrestor
	install -d $(DESTDIR)$(LIBEXECDIR)/selftest
	install -m 0711 $(BUILD)/arrestor-fetch $(DESTDIR)$(LIBEXECDIR)/arrestor-fetch
	install -m 0755 $(CLAIMS) $(DESTDIR)$(LIBEXECDIR)/selftest
	for file in $(SHARED); do \
	    install -D -m 0644 $(BUILD)/completion/$$file $(DESTDIR)$(PREFIX)/share/$$file || exit 1; done
	for page in $(wildcard man/*); do \
	    install -D -m 0644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/} || exit 1; done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/arrestor $(SHARED:%=$(DESTDIR)$(PREFIX)/share/%)
	rm -f $(foreach page,$(notdir $(wildcard man/*)),$(DESTDIR)$(MANDIR)/man*/$(page))
	rm -rf $(DESTDIR)$(LIBEXECDIR)

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(wildcard $(BUILD)/o/selftest/*.d $(BUILD)/*.d $(BUILD)/*/*.d)
