# SPDX-License-Identifier: GPL-2.0-only
#
# The one door: every use of respawn is a target here. What a target does, the
# host program in scripts/ does; this file builds it and calls it.

MAKEFLAGS += --no-print-directory

O ?= build
CC = cc
CFLAGS ?= -O2 -g
FUZZ_SECONDS ?= 60
LIBS := libarchive jansson libdw libelf nettle libxml-2.0

RESPAWN := $(O)/respawn
DEPS := $(O)/respawn-deps

# What the program can be asked, out of the table of its subcommands: a CHECK has
# an exit status that says what came of it, a JOB is done or it is not. Their
# names are small: JOBS is a variable of the program's.
commands = $(shell sed -n 's/^\tX.$(1), "\([a-z-]*\)".*/\1/p' scripts/cmd/cmd.h)
checks := $(call commands,CHECK)
jobs := $(call commands,JOB) $(call commands,LOOK)
judging := $(checks) test
# make hands the program what its user sets, but not what is set here.
export O

.PHONY: FORCE help deps host tests fuzz clean distclean $(judging) $(judging:=.run) $(jobs)
.SUFFIXES:
.DELETE_ON_ERROR:

help:
	@echo 'Targets:'
	@$(MAKE) -s host 2>/dev/null && $(RESPAWN) targets || \
		echo "  $(checks) $(jobs)"
	@sed -n 's/^#  \([a-z]*\): /  \1: /p' Makefile | while IFS=: read -r name what; do \
		printf '  %-18s%s\n' $$name "$$what"; done
	@echo ''
	@echo 'Variables:'
	@test -x $(RESPAWN) && $(RESPAWN) variables || \
		echo "  'make deps' first: the program that lists them does not build yet"
	@echo '  FUZZ_SECONDS    seconds that fuzz takes [60]'
	@echo ''
	@echo 'Exit status: 0 all passed, 1 a failure, 2 an error of the harness, the host or the usage.'
	@echo 'make -s says only what went wrong and the last line; make -jN builds with N jobs.'
	@echo 'Bisect: git bisect run $(abspath $(RESPAWN)) bisect-step ARCH=arm64'

# ---- the jobs ---------------------------------------------------------------

# make -n says what would be done, and does not do it.
dry := $(findstring n,$(filter-out --%,$(firstword $(MAKEFLAGS))))

# One after the other, -j or not: the program needs what deps installs.
build = MAKEFLAGS= $(MAKE) -s CC='$(CC)' CFLAGS='$(CFLAGS)'
built = $(build) deps host NEEDED="$(needed)"

# A matrix needs what its cells do.
comma := ,
needed = $(if $(filter matrix,$(MAKECMDGOALS)),$(shell set -f; \
	while read -r cell words; do \
		for c in $(or $(subst $(comma), ,$(CELLS)),*); do \
			case $$cell in (\#*) ;; ($$c) echo $$words ;; esac; \
		done; \
	done < $(or $(MATRIX),configs/matrix) | sed -n 's/.*ARCH=\([^ ]*\).*/\1/p' | sort -u))

ifneq ($(dry),)
$(jobs) $(checks):
	@$(RESPAWN) $@

test:
	@tests/run-all $(O)
else
# It installs nothing: where the program does not build, it is said what that lacks.
doctor:
	+@{ $(build) host >/dev/null 2>&1 || \
	{ $(build) $(DEPS) && $(DEPS) look "$(ARCH)" && $(build) host; }; } && \
	RESPAWN_MAKE=$$$$ $(RESPAWN) $@

$(filter-out doctor,$(jobs)):
	+@$(built) && RESPAWN_MAKE=$$$$ $(RESPAWN) $@

# make itself knows one status of failure, 2. That a test failed is status 1,
# which make only gives under -q, for "not up to date". So the job runs in a
# line with a plus, which -q does not hold back, and leaves its status in a
# file; the recipe that is expanded after it has a line to be held back, or not.
ifneq ($(filter $(judging),$(MAKECMDGOALS)),)
ifneq ($(words $(MAKECMDGOALS)),1)
$(error $(filter $(judging),$(MAKECMDGOALS)) has an exit status of its own: call it alone)
endif
MAKEFLAGS += -q
endif

# Each make has a file of its own, as another one may have the same O=; in another
# container it may have the same number, too.
me := $(shell echo $$PPID-$$(od -An -N4 -tx4 /dev/urandom | tr -d ' '))
left = $(O)/$(@:.run=).$(me).status
status = $(strip $(file <$(left)))$(shell rm -f $(left))
answer = $(if $(filter 0,$(1)),,$(if $(filter 1,$(1)),@:,$(error $@ ended with status $(or $(1),2))))

$(judging): %: %.run
	$(call answer,$(status))

$(checks:=.run): %.run:
	+@mkdir -p $(O) && rm -f $(left); \
	{ $(built) && RESPAWN_MAKE=$$$$ $(RESPAWN) $*; }; \
	echo $$? > $(left)

#  test: test respawn itself
test.run:
	+@mkdir -p $(O) && rm -f $(left); \
	{ TESTS=1 $(built) tests && tests/run-all $(O); }; \
	echo $$? > $(left)
endif

ifeq ($(V),1)
Q :=
say := @:
else ifneq ($(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS)))),)
Q := @
say := @:
else
Q := @
say := @echo " "
endif

# ---- the host program -------------------------------------------------------

SOURCES := $(filter-out scripts/deps.c,$(wildcard scripts/*.c scripts/*/*.c scripts/*/*/*.c))
OBJECTS := $(SOURCES:scripts/%.c=$(O)/obj/%.o)
ALL_CFLAGS = -std=gnu11 -Wall -Wextra $(CFLAGS) -MMD -MP -Iscripts
LDLIBS = $(shell pkg-config --libs $(LIBS)) -lm

#  deps: install what is missing on this machine
deps: $(DEPS)
	@$(DEPS) "$(or $(NEEDED),$(ARCH))" $(if $(filter 1,$(TESTS)),tests) $(if $(filter 1,$(GDB)),gdb) $(if $(SELFTESTS),selftests)

#  host: build the host program, O=/respawn
host: $(RESPAWN)

$(DEPS): scripts/deps.c $(wildcard scripts/build/arch.[ch] scripts/build/needs.[ch] scripts/build/arch/*.c)
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) -std=gnu11 -Wall -Wextra $(CFLAGS) -Iscripts -o $@ $(filter %.c,$^)

# How the program finds its checkout. One within the checkout is copied with it.
$(O)/source: FORCE
	@mkdir -p $(O)
	@ln -sfnr . $@

# Objects of other flags are no objects of this program.
$(O)/flags: FORCE
	@mkdir -p $(O)
	@echo '$(CC) $(ALL_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS)' > $@

# What the judge decides changes with its sources; see judge_version().
$(O)/obj/judge/version.o: $(wildcard scripts/judge/*.[ch])
$(O)/obj/judge/version.o: private ALL_CFLAGS += -DJUDGE_VERSION='"$(shell cat scripts/judge/*.[ch] | sha256sum | cut -c1-16)"'

$(O)/obj/report/junit.o: private ALL_CFLAGS += $(shell pkg-config --cflags libxml-2.0)

# What QEMU loads is a part of the program.
$(O)/obj/main_loop.so: qemu/main_loop.c $(O)/flags
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) -std=gnu11 -Wall -Wextra $(CFLAGS) -fPIC -shared -o $@ $< -ldl

$(O)/obj/run/main_loop.o: $(O)/obj/main_loop.so
$(O)/obj/run/main_loop.o: private ALL_CFLAGS += -DMAIN_LOOP_LIBRARY='"$(abspath $(O)/obj/main_loop.so)"'

$(RESPAWN): $(OBJECTS) | $(O)/source
	$(say) 'LD      $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $(OBJECTS) $(LDLIBS)

$(O)/obj/%.o: scripts/%.c $(O)/flags
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# ---- tests of respawn itself ------------------------------------------------

UNITS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c tests/whole/test_*.c))
TESTED := $(filter-out $(O)/obj/main.o,$(OBJECTS))
TEST_CFLAGS = $(ALL_CFLAGS) -DTESTS_DIR='"$(CURDIR)/tests"'

tests: $(UNITS) $(O)/tests/fuzz_replay

$(O)/tests/%: tests/%.c $(TESTED) | $(O)/source
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $(TESTED) $(LDLIBS) -lcmocka

$(O)/tests/fuzz_replay: tests/fuzz/fuzz_ktap.c $(TESTED)
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) $(TEST_CFLAGS) -DFUZZ_REPLAY -o $@ $< $(TESTED) $(LDLIBS)

PARSERS := $(filter-out %/events.c,$(wildcard scripts/judge/*.c)) $(wildcard scripts/lib/*.c)

#  fuzz: fuzz the console and KTAP parsers
fuzz:
	@mkdir -p $(O)/fuzz
	clang -g -O1 -std=gnu11 -Iscripts -DJUDGE_VERSION='""' -fsanitize=fuzzer,address \
		-o $(O)/fuzz_ktap tests/fuzz/fuzz_ktap.c $(PARSERS) $(LDLIBS)
	$(O)/fuzz_ktap -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(O)/fuzz/ \
		$(O)/fuzz tests/fuzz/corpus

#  clean: remove what was built in O=, keep run records and the cache
clean:
	rm -rf $(O)/obj $(O)/tests $(O)/fuzz $(O)/fuzz_ktap $(RESPAWN) $(DEPS) $(O)/flags $(O)/source $(O)/*.status

#  distclean: remove O= and the cache
distclean:
	rm -rf $(O) $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/respawn

-include $(OBJECTS:.o=.d) $(UNITS:=.d)
