# SPDX-License-Identifier: GPL-2.0-only
#
# The one door: every use of respawn is a target here. What a target does, the
# host program in scripts/ does; this file builds it and calls it.

MAKEFLAGS += --no-print-directory

O ?= build
CC = cc
CFLAGS ?= -O2 -g
FUZZ_SECONDS ?= 60
LIBS := libarchive jansson nettle

RESPAWN := $(O)/respawn
DEPS := $(O)/respawn-deps
# Targets with an exit status of their own, and the others that do a job
CHECKS := check stress explore replay minimise check-determinism bugs mutate check-series bench-primitives bench-hotplug
JUDGING := $(CHECKS) test
DOING := build bundle shell repin kernel-edit kernel-export
VARIABLES := ARCH CONFIG PIN TREE SERIES PATCHES SUITES KERNEL_TARBALL PLAN SEED CYCLES ACTORS OPS STRATEGY STEER \
	     SEEDS JOBS KEEP_GOING TIME RUN BUNDLE GDB N BUGS BUGS_DIR \
	     SMP SMPBOOT TIMING ACCEL KCMDLINE TIMEOUT STALL MUTANTS MUTANTS_DIR O V
export $(VARIABLES)

.PHONY: help deps host tests fuzz clean distclean $(JUDGING) $(JUDGING:=.run) $(DOING)
.SUFFIXES:
.DELETE_ON_ERROR:

help:
	@echo 'Targets:'
	@echo '  check          build, boot and judge every architecture;'
	@echo '                 status 0: all passed, 1: a failure, 2: an error of the harness'
	@echo '  stress         one stress run: SEED= names the order of events and the schedule'
	@echo '  explore        many of them, SEEDS=1..500, until one fails'
	@echo '  replay         one again, RUN=<record>: reproduced, or where it diverged'
	@echo '  minimise       the fewest cycles, operations, CPUs that fail as RUN=<record> did'
	@echo '  bundle         RUN=<record> and all its replay needs, in one file'
	@echo '  check-determinism  passing and failing runs, N= times each: the same every time?'
	@echo '  bugs           plant known bugs: does explore find them, does replay repeat them?'
	@echo '  test           test respawn itself'
	@echo '  build          build all that check boots'
	@echo '  mutate         break the primitives line by line: does a test notice?'
	@echo '  check-series   each patch by itself: message, style, builds, boots'
	@echo '  bench-primitives  what a thread costs, beside mainline'
	@echo '  bench-hotplug  how fast CPUs go and come back, in virtual and in real time'
	@echo '  shell          boot into a shell on the terminal (ARCH=)'
	@echo '  kernel-edit    open the patched kernel as git commits in O=/kernel'
	@echo '  kernel-export  write those commits back as the series'
	@echo '  repin          move to the newest kernel package of the pinned series'
	@echo '  fuzz           fuzz the console and KTAP parsers (FUZZ_SECONDS=60)'
	@echo '  deps           install what is missing on this machine'
	@echo '  host           build the host program, O=/respawn'
	@echo '  clean          remove what was built in O=, keep run records and the cache'
	@echo '  distclean      remove O= and the cache'
	@echo ''
	@echo 'Variables:'
	@$(MAKE) -s host 2>/dev/null && $(RESPAWN) variables || \
		echo "  'make deps' first: the program that lists them does not build yet"
	@echo ''
	@echo 'make -s says only what went wrong and the last line; make -jN builds with N jobs.'
	@echo 'Bisect: git bisect run $(abspath $(RESPAWN)) bisect-step ARCH=arm64'

# ---- the jobs ---------------------------------------------------------------

# One after the other, -j or not: the program needs what deps installs.
built = MAKEFLAGS= $(MAKE) -s deps host

$(DOING):
	+@$(built) && $(RESPAWN) $@

# make itself knows one status of failure, 2. That a test failed is status 1,
# which make only gives under -q, for "not up to date". So the job runs in a
# line with a plus, which -q does not hold back, and leaves its status in a
# file; the recipe that is expanded after it has a line to be held back, or not.
ifneq ($(filter $(JUDGING),$(MAKECMDGOALS)),)
ifneq ($(words $(MAKECMDGOALS)),1)
$(error $(filter $(JUDGING),$(MAKECMDGOALS)) has an exit status of its own: call it alone)
endif
MAKEFLAGS += -q
endif

status = $(strip $(file <$(O)/$@.status))
answer = $(if $(filter 0,$(status)),,$(if $(filter 1,$(status)),@:,$(error $@ ended with status $(or $(status),2))))

$(JUDGING): %: %.run
	$(answer)

$(CHECKS:=.run): %.run:
	+@mkdir -p $(O) && rm -f $(O)/$*.status; \
	{ $(built) && $(RESPAWN) $*; }; \
	echo $$? > $(O)/$*.status

test.run:
	+@mkdir -p $(O) && rm -f $(O)/test.status; \
	{ GDB=1 $(built) tests && tests/run-all $(O); }; \
	echo $$? > $(O)/test.status

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

SOURCES := $(filter-out scripts/deps.c,$(wildcard scripts/*.c scripts/*/*.c))
OBJECTS := $(SOURCES:scripts/%.c=$(O)/obj/%.o)
ALL_CFLAGS = -std=gnu11 -Wall -Wextra $(CFLAGS) -MMD -Iscripts -DRESPAWN_DIR='"$(CURDIR)"'
LDLIBS = $(shell pkg-config --libs $(LIBS))

deps: $(DEPS)
	@$(DEPS) "$(ARCH)" $(if $(filter 1,$(GDB)),gdb)

host: $(RESPAWN)

$(DEPS): scripts/deps.c
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) -std=gnu11 -Wall -Wextra $(CFLAGS) -o $@ $<

$(RESPAWN): $(OBJECTS)
	$(say) 'LD      $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

$(O)/obj/%.o: scripts/%.c
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# ---- tests of respawn itself ------------------------------------------------

UNITS := $(patsubst tests/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c tests/whole/test_*.c))
TESTED := $(filter-out $(O)/obj/main.o,$(OBJECTS))
TEST_CFLAGS = $(ALL_CFLAGS) -DTESTS_DIR='"$(CURDIR)/tests"'

tests: $(UNITS) $(O)/tests/fuzz_replay

$(O)/tests/%: tests/%.c $(TESTED)
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) $(TEST_CFLAGS) -o $@ $< $(TESTED) $(LDLIBS) -lcmocka

$(O)/tests/fuzz_replay: tests/fuzz/fuzz_ktap.c $(TESTED)
	@mkdir -p $(@D)
	$(say) 'CC      $@'
	$(Q)$(CC) $(TEST_CFLAGS) -DFUZZ_REPLAY -o $@ $< $(TESTED) $(LDLIBS)

PARSERS := $(addprefix scripts/judge/,console.c ktap.c trouble.c)

fuzz:
	@mkdir -p $(O)/fuzz
	clang -g -O1 -std=gnu11 -Iscripts -fsanitize=fuzzer,address -o $(O)/fuzz_ktap \
		tests/fuzz/fuzz_ktap.c $(PARSERS)
	$(O)/fuzz_ktap -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(O)/fuzz/ \
		$(O)/fuzz tests/fuzz/corpus

clean:
	rm -rf $(O)/obj $(O)/tests $(O)/fuzz $(O)/fuzz_ktap $(RESPAWN) $(DEPS) $(O)/*.status

distclean:
	rm -rf $(O) $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/respawn

-include $(OBJECTS:.o=.d) $(UNITS:=.d)
