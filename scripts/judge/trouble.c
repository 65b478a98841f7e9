// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel says when it is in trouble. The first row that matches a line
 * wins, so the specific rows come before the generic ones of the same group.
 * The texts are those of Linux 6.12, with those of other versions where known.
 */
#include <string.h>

#include "judge/trouble.h"
#include "lib/util.h"

#define CRASH(i, t, t2, w)	{ i, TROUBLE_CRASH, TROUBLE_AT_START, t, t2, w }
#define HANG(i, t, t2, w)	{ i, TROUBLE_HANG, TROUBLE_AT_START, t, t2, w }
/* For texts that follow a name (of a task, a function) or a half-written line. */
#define CRASH_IN(i, t, t2, w)	{ i, TROUBLE_CRASH, TROUBLE_ANYWHERE, t, t2, w }
#define HANG_IN(i, t, t2, w)	{ i, TROUBLE_HANG, TROUBLE_ANYWHERE, t, t2, w }
#define LOST_IN(i, t, t2, w)	{ i, TROUBLE_LOST, TROUBLE_ANYWHERE, t, t2, w }
/* For words that a program may well say. */
#define CRASH_REC(i, t, t2, w)	{ i, TROUBLE_CRASH, TROUBLE_IN_RECORD, t, t2, w }

#define PANIC "Kernel panic - not syncing: "

const struct trouble_row trouble_table[] = {
	/* what the console lost cannot be judged */
	LOST_IN("lost-lines", "printk messages dropped", NULL, "the console lost lines"),
	{ "lost-early", TROUBLE_LOST, TROUBLE_AT_START, "dropped ", " messages",
	  "the console lost lines of the boot" },
	LOST_IN("lost-output", "output lines suppressed due to ratelimiting", NULL,
		"the kernel left out lines of a program"),

	/* panics that say why */
	CRASH_IN("panic-init-killed", PANIC, "Attempted to kill init!", "init died"),
	CRASH_IN("panic-stack-protector", PANIC, "stack-protector: Kernel stack is corrupted",
		 "a stack canary was overwritten"),
	CRASH_IN("panic-rootfs", PANIC, "VFS: Unable to mount root fs", "no root file system"),
	CRASH_IN("panic-no-init", PANIC, "No working init found", "no program to run as init"),
	CRASH_IN("panic-init-failed", PANIC, "Requested init ", "the init asked for did not start"),
	CRASH_IN("panic-oom", PANIC, "System is deadlocked on memory",
		 "out of memory, nothing left to kill"),
	CRASH_IN("panic", "Kernel panic - not syncing", NULL, "kernel panic"),

	/* lockups and stalls */
	HANG_IN("soft-lockup", "BUG: soft lockup - CPU#", NULL, "a CPU did not schedule"),
	HANG_IN("hard-lockup", "Watchdog detected hard LOCKUP on cpu", NULL,
		"a CPU took no interrupts"),
	HANG("workqueue-lockup", "BUG: workqueue lockup", NULL, "a worker pool made no progress"),
	HANG("hung-task", "INFO: task ", " for more than ", "a task slept for too long"),
	HANG("writeback", "INFO: The task ", " waiting for writeback completion for more than ",
	     "a task waited for a disk for too long"),
	HANG("rcu-csd-stall", "rcu: INFO: ", " suppressed full report due to a stuck CSD-lock",
	     "an RCU grace period did not end, as a CPU does not answer function calls"),
	HANG("rcu-expedited-stall", "rcu: INFO: ", " detected expedited stall",
	     "an expedited RCU grace period did not end"),
	HANG("rcu-self-stall", "rcu: INFO: ", " self-detected stall on CPU",
	     "a CPU found itself stalling RCU"),
	HANG("rcu-tasks-stall", "INFO: rcu_tasks", " detected stalls",
	     "tasks stall an RCU-tasks grace period"),
	HANG("rcu-tasks-exit", "Please check any exiting tasks stuck between calls to ", NULL,
	     "tasks that exit stall an RCU-tasks grace period"),
	HANG("rcu-stall-ended", "rcu: INFO: Stall ended before state dump start", NULL,
	     "an RCU grace period ended late"),
	HANG("rcu-expedited-ended", "rcu: INFO: Expedited stall ended before state dump start",
	     NULL, "an expedited RCU grace period ended late"),
	HANG("rcu-stall-ended-meanwhile", "rcu: INFO: Stall ended during stack backtracing", NULL,
	     "an RCU grace period ended late"),
	HANG("rcu-stall", "rcu: INFO: ", " detected stall", "an RCU grace period did not end"),
	HANG("rcu-blocking", "rcu: blocking rcu_node structures", NULL,
	     "the rest of an expedited RCU stall report"),
	HANG("rcu-starved", "rcu: ", " kthread starved for ", "RCU's own thread did not run"),
	HANG_IN("csd-lock", "non-responsive CSD lock (#", NULL,
		"a CPU does not answer function calls"),
	HANG_IN("rcu-torture-stall", "??? Writer stall state ", NULL,
		"rcutorture: a grace period did not end"),
	HANG_IN("tick-broadcast", "Failed to broadcast timer tick. ", NULL,
		"CPUs get no timer ticks"),
	HANG("freeze-failed", "Freezing ", " failed after ", "a task did not freeze"),
	HANG("tick-lost", "CE: Reprogramming failure. Giving up", NULL,
	     "a CPU gets no timer ticks"),
	HANG("netdev-unregister", "unregister_netdevice: waiting for ", NULL,
	     "a reference to a network device was never dropped"),

	/* CPUs that do not come up, or do not die */
	HANG_IN("cpu-not-online", ": failed to come online", NULL, "a CPU did not come up"),
	HANG_IN("cpu-not-alive", " failed to report alive state", NULL, "a CPU did not come up"),
	HANG_IN("cpu-not-dead", " failed to report dead state", NULL, "a CPU did not die"),
	HANG_IN("cpu-no-boot", "CPU", ": failed to boot: ", "a CPU could not be started"),
	HANG_IN("cpu-no-boot-psci", "failed to boot CPU", NULL, "a CPU could not be started"),
	HANG_IN("cpu-no-boot-x86", "do_boot_cpu failed(", ") to wakeup CPU#",
		"a CPU could not be started"),
	HANG_IN("cpu-no-idle", "fork_idle() failed for CPU ", NULL, "a CPU got no idle task"),
	HANG_IN("cpu-unknown-state", ": failed in unknown state : ", NULL,
		"a CPU did not come up"),
	HANG_IN("cpu-died-early", ": died during early boot", NULL, "a CPU died as it came up"),
	HANG_IN("cpu-stuck", "CPU", ": is stuck in kernel", "a CPU did not come up"),
	HANG_IN("cpu-stuck-dead", " is stuck in mwait_play_dead()", NULL,
		"an offline CPU cannot be stopped"),
	HANG_IN("cpu-will-not-boot", "CPU", ": will not boot", "a CPU gave up as it came up"),
	HANG_IN("cpu-not-clean", " may not have shut down cleanly", NULL, "a CPU did not die"),
	HANG_IN("cpu-did-not-die", "CPU", " didn't die", "a CPU did not die"),
	HANG_IN("cpu-may-run", "CPU", " may not have stopped", "a CPU did not die"),
	HANG_IN("cpu-not-stopped-sbi", "Unable to stop the cpu ", NULL, "a CPU did not die"),
	HANG_IN("cpu-not-started", "CPU", ": failed to start", "a CPU did not come up"),
	HANG_IN("cpu-not-up", "Error taking CPU", " up: ",
		"a CPU did not come back after a suspend"),
	CRASH_REC("cpu-callback", " state ", ") failed (",
		  "a callback of CPU hotplug failed that must not"),
	HANG_IN("cpu-not-stopped", "SMP: failed to stop secondary CPUs", NULL,
		"CPUs did not stop"),
	HANG("cpu-not-offline", "Failed to offline CPU", NULL, "a CPU could not be taken offline"),
	HANG_IN("apic-not-delivered", "APIC never delivered???", NULL,
		"a CPU was not told to start"),

	/* sanitizers */
	CRASH("kasan", "BUG: KASAN: ", NULL, "bad memory access (KASAN)"),
	CRASH("kcsan", "BUG: KCSAN: ", NULL, "data race (KCSAN)"),
	CRASH("kmsan", "BUG: KMSAN: ", NULL, "uninitialised memory was used (KMSAN)"),
	CRASH("kfence", "BUG: KFENCE: ", NULL, "bad memory access (KFENCE)"),
	CRASH("ubsan", "UBSAN: ", " in ", "undefined behaviour (UBSAN)"),
	CRASH("kmemleak", "kmemleak: ", " new suspected memory leaks", "memory leak"),
	CRASH_IN("fortify", ": detected buffer overflow: ", NULL,
		 "buffer overflow (FORTIFY_SOURCE)"),
	CRASH("fortify-old", "detected buffer overflow in ", NULL,
	      "buffer overflow (FORTIFY_SOURCE of kernels until 6.9)"),
	CRASH_IN("field-spanning", ": detected field-spanning write (size ", NULL,
		 "a copy went past its field (FORTIFY_SOURCE)"),
	CRASH("usercopy", "usercopy: Kernel memory ", " attempt detected ",
	      "a copy from or to user space left its object"),
	CRASH("cfi", "CFI failure at ", NULL, "a call through a pointer of the wrong type"),

	/* lockdep */
	CRASH("lockdep-circular", "WARNING: possible circular locking dependency detected", NULL,
	      "locks taken in opposite orders"),
	CRASH("lockdep-recursive", "WARNING: possible recursive locking detected", NULL,
	      "a lock taken twice"),
	CRASH("lockdep-irq-inversion", "WARNING: possible irq lock inversion", NULL,
	      "an interrupt can invert lock order"),
	CRASH("lockdep-possible", "WARNING: possible ", NULL, "lockdep: possible deadlock"),
	CRASH("lockdep-irq-order", "WARNING: ", " lock order detected",
	      "an irq-unsafe lock under an irq-safe one"),
	CRASH("lockdep-rcu", "WARNING: suspicious RCU usage", NULL, "RCU used without its lock"),
	CRASH("lockdep-state", "WARNING: inconsistent lock state", NULL,
	      "a lock used both in and out of interrupts"),
	CRASH("lockdep-unlock", "WARNING: bad unlock balance detected", NULL,
	      "a lock released that was not held"),
	CRASH("lockdep-freed", "WARNING: held lock freed", NULL,
	      "memory freed with a held lock in it"),
	CRASH("lockdep-held", "WARNING: ", " still has locks held!", "a task kept a lock"),
	CRASH("lockdep-user", "WARNING: lock held when returning to user space", NULL,
	      "a system call kept a lock"),
	CRASH("lockdep-nested", "WARNING: Nested lock was not taken", NULL,
	      "nesting lock not held"),
	CRASH("lockdep-wait-context", "[ BUG: Invalid wait context ]", NULL,
	      "a sleeping lock taken under a spinning one"),
	CRASH("lockdep-contention", "WARNING: bad contention detected!", NULL,
	      "a lock contended that was not taken"),
	CRASH("lockdep-collision", "WARNING: chain_key collision", NULL,
	      "lockdep took two chains of locks for one"),
	CRASH("lockdep-off", "INFO: lockdep is turned off.", NULL,
	      "lockdep no longer looks at locks"),
	CRASH("lockdep-turned-off", "turning off the locking correctness validator.", NULL,
	      "lockdep no longer looks at locks"),
	CRASH("lockdep-info", "INFO: possible ", NULL, "lockdep report of an older kernel"),
	CRASH("lockdep-info-old", "[ INFO: ", " ]", "lockdep report of a much older kernel"),
	CRASH("lockdep-key", "INFO: trying to register non-static key", NULL,
	      "a lock used before it was initialised"),
	CRASH("lockdep-limit", "BUG: MAX_", " too low!", "lockdep ran out of its tables"),
	CRASH_IN("lockdep-warn-on", "DEBUG_LOCKS_WARN_ON(", NULL,
		 "lockdep or a lock found itself inconsistent"),

	CRASH("bug-in-brackets", "[ BUG: ", " ]", "kernel bug"),

	/* memory management */
	CRASH("bad-page-state", "BUG: Bad page state", NULL, "a freed page was still in use"),
	CRASH("bad-page-map", "BUG: Bad page map", NULL, "a page table was corrupted"),
	CRASH("bad-rss", "BUG: Bad rss-counter state", NULL, "a process's page count was wrong"),
	CRASH("slab", "BUG ", "ainted", "a slab object was corrupted"),
	CRASH("refcount", "refcount_t: ", NULL, "reference count over- or underflow"),
	CRASH("list-add", "list_add corruption", NULL, "a list was corrupted"),
	CRASH("list-add-double", "list_add double add", NULL, "an entry was added twice"),
	CRASH("list-del", "list_del corruption", NULL, "a list was corrupted"),
	CRASH("slab-old", "Slab corruption (", NULL,
	      "a slab object was corrupted (kernels until 6.7)"),
	CRASH_IN("dma-pool", " (corrupted)", NULL, "an object of a DMA pool was corrupted"),
	CRASH("maple-tree", "BUG at ", NULL, "a maple tree is inconsistent"),
	CRASH("ref-tracker", "leaked reference.", NULL, "a reference was never dropped"),
	CRASH("fault-oom", "Huh VM_FAULT_OOM leaked out", NULL, "a fault handler lost an error"),
	CRASH_IN("percpu-ref", ": percpu_ref underflow", NULL, "reference count underflow"),
	CRASH_IN("page-poison", "pagealloc: memory corruption", NULL,
		 "a freed page was written to"),
	CRASH_IN("page-poison-bit", "pagealloc: single bit error", NULL,
		 "a freed page was written to"),
	CRASH_IN("page-table", ": Corrupted page table at address ", NULL,
		 "a page table was corrupted"),
	CRASH_IN("low-memory", "Corrupted low memory at ", NULL, "low memory was written to"),
	CRASH_IN("usage-underflow", "Runtime PM usage count underflow!", NULL,
		 "use count of a device below zero"),
	CRASH("stack-overflow", "Kernel stack overflow.", NULL, "kernel stack overflow"),
	CRASH_IN("stack-overrun", "Thread overran stack, or stack corrupted", NULL,
		 "kernel stack overflow"),
	CRASH_IN("vmalloc-tree", "tree is corrupted: ", NULL, "the tree of vmalloc is corrupted"),
	CRASH_IN("psi", "psi: ", " underflow! cpu=", "PSI counted tasks wrong"),
	CRASH_IN("page-cache", "Page cache invalidation failure on direct I/O.", NULL,
		 "page cache and disk may differ"),
	CRASH_IN("psi-state", "psi: inconsistent task state! ", NULL, "PSI counted tasks wrong"),
	CRASH("odebug-off", "ODEBUG: Out of memory. ODEBUG disabled", NULL,
	      "the life cycles of objects are no longer looked at"),
	CRASH("dma-debug-off", "DMA-API: ", "disabled", "the use of DMA is no longer looked at"),
	CRASH("odebug", "ODEBUG: ", "object type: ", "an object used against its life cycle"),
	CRASH_IN("page-alloc", ": page allocation failure: order:", NULL,
		 "no memory for the kernel"),
	HANG_IN("page-alloc-stall", ": page allocation stall for ", NULL,
		"the kernel waited for memory for too long"),
	CRASH("oom-kill", "Out of memory", ": Killed process ", "a process killed for memory"),

	/* faults */
	CRASH_IN("arm64-exception", "Unhandled ", " exception on CPU",
		 "exception of no known kind"),
	CRASH_IN("machine-check", "[Hardware Error]: ", "Machine ", "machine check"),
	CRASH_IN("machine-check-old", "Machine Check Exception", NULL, "machine check"),
	CRASH("nmi-unknown", "Uhhuh. NMI received for unknown reason ", NULL,
	      "an NMI of no known kind"),
	CRASH("double-fault-fred", "PANIC: invalid or fatal FRED event", NULL,
	      "exception of no known kind"),
	CRASH("unwind-stack", "WARNING: kernel stack ", NULL, "a stack could not be followed"),
	CRASH("unwind-recursion", "WARNING: stack recursion on stack type ", NULL,
	      "a stack could not be followed"),
	CRASH("null-deref", "BUG: kernel NULL pointer dereference", NULL, "NULL pointer used"),
	CRASH("page-fault", "BUG: unable to handle ", NULL, "a bad address was used"),
	CRASH("nx-exec", "kernel tried to execute ", NULL, "the kernel jumped into data"),
	CRASH("smep-exec", "unable to execute userspace code (SMEP?)", NULL,
	      "the kernel jumped into user space"),
	CRASH("arm64-fault", "Unable to handle kernel ", NULL, "a bad address was used"),
	CRASH("arm64-stack", "Insufficient stack space to handle exception!", NULL,
	      "kernel stack overflow"),
	CRASH("arm64-serror", "SError Interrupt on CPU", NULL, "asynchronous hardware error"),
	CRASH("arm64-oops", "Internal error: Oops", NULL, "kernel oops"),
	CRASH("arm64-internal", "Internal error: ", NULL, "a fault the kernel cannot recover from"),
	CRASH("stack-guard", "BUG: ", " stack guard page was hit at ", "kernel stack overflow"),
	CRASH_IN("double-fault", "PANIC: double fault", NULL, "double fault"),
	CRASH_IN("gpf", "general protection fault", "[#", "general protection fault"),
	CRASH_IN("divide-error", "divide error: ", "[#", "division by zero"),
	CRASH_IN("invalid-opcode", "invalid opcode: ", "[#", "invalid instruction"),
	CRASH("oops", "Oops: ", NULL, "kernel oops"),
	CRASH("oops-riscv", "Oops - ", NULL, "kernel oops"),
	CRASH("oops-plain", "Oops [#", NULL, "kernel oops"),
	/* How many there were by then is the same on all architectures. */
	CRASH_REC("oops-counted", " [#", "]", "kernel oops"),
	CRASH("bug-at", "kernel BUG at ", NULL, "BUG() reached"),
	CRASH("bug-at-plain", "Kernel BUG at ", NULL, "BUG() reached"),

	/* threads of the kernel's own that it goes on without */
	CRASH_IN("thread-of-node", "ailed to start k", "d on node ", "a thread was not started"),
	CRASH_IN("thread-of-printk", "printk: failed to start ", NULL, "a thread was not started"),

	/* scheduling and context */
	CRASH("sched-atomic", "BUG: scheduling while atomic", NULL, "slept in atomic context"),
	CRASH("sleep-invalid", "BUG: sleeping function called from invalid context", NULL,
	      "may have slept in atomic context"),
	CRASH("preemptible", "BUG: using ", " in preemptible ",
	      "per-CPU data used while preemptible"),
	CRASH("spinlock", "BUG: spinlock ", NULL, "a spinlock misused"),
	CRASH("rwlock", "BUG: rwlock ", NULL, "an rwlock misused"),
	CRASH_IN("softirq-count", "huh, entered softirq ", NULL,
		 "a softirq came back with another preemption count"),
	CRASH("timer-count", "schedule_timeout: wrong timeout value ", NULL,
	      "a task slept for a time that is none"),
	CRASH_IN("sched-clock", "sched_clock on CPU ", " went backward by ", "time went backwards"),
	CRASH("irq-trap", "unexpected IRQ trap at vector ", NULL,
	      "an interrupt that nobody set up"),
	CRASH("irq-nobody", "irq ", ": nobody cared", "an interrupt that nobody took"),
	CRASH("irq-disabled", "Disabling IRQ #", NULL, "an interrupt that nobody took"),
	CRASH_IN("irq-no-handler", "No irq handler for ", NULL, "an interrupt that nobody set up"),
	CRASH_IN("irq-affinity", "Eff. affinity ", " contains only offline CPUs",
		 "an interrupt was left to a dead CPU"),
	CRASH_IN("irq-thread-exit", "exiting task \"", " is an active IRQ thread",
		 "the thread of an interrupt ended"),
	CRASH_IN("ipi-unhandled", "CPU", ": unhandled IPI", "a CPU got a call that is none"),
	CRASH_IN("ipi-unknown", ": Unknown IPI message ", NULL, "a CPU got a call that is none"),
	CRASH_IN("kernfs", "BUG in find_next_ancestor", NULL, "kernfs walked in a circle"),
	CRASH("clock-range", "WARNING: ", " in clocksource '", "a clock went beyond its range"),
	CRASH_IN("clock-offset", "timekeeping: Cycle offset (", NULL,
		 "a clock was not looked at for too long"),
	CRASH("workqueue-cpumask", "WARNING: workqueue cpumask: ", NULL,
	      "a workqueue's CPUs are wrong"),
	CRASH_IN("jump-label", "jump_label: Fatal kernel bug", NULL, "code patched wrongly"),
	CRASH_IN("fault-in-exit", "Fixing recursive fault but reboot is needed!", NULL,
		 "a fault while a task died of one"),
	CRASH("workqueue-leak", "BUG: workqueue leaked ", NULL, "a work item kept a lock"),

	/* whatever the rows above do not know */
	CRASH("bug", "BUG: ", NULL, "kernel bug"),
	CRASH("warning", "WARNING: CPU:", NULL, "WARN() reached"),
	CRASH("warning-new", "WARNING: ", ", CPU#", "WARN() reached (kernels since 6.18)"),
	CRASH_IN("torture-bad", "-torture:!!!", NULL, "a torture test found something"),
	{ "torture-end", TROUBLE_FAILED, TROUBLE_ANYWHERE, "--- End of test: ", NULL,
	  "a torture test failed" },
	CRASH_REC("three-bangs", "!!!", NULL, "the kernel cried out"),
	CRASH_REC("stack", "Call trace:", NULL, "a stack was printed for no known reason"),
	CRASH_REC("stack-x86", "Call Trace:", NULL, "a stack was printed for no known reason"),
};

const size_t trouble_rows = ARRAY_SIZE(trouble_table);

/* By its level alone: in no table, as no text is like another */
static const struct trouble_row loud = {
	"loud", TROUBLE_CRASH, TROUBLE_IN_RECORD, "", NULL, "the kernel said this at level 2 or above",
};

/**
 * struct harmless - a line that looks like trouble and is none
 * @where: as in struct trouble_row
 * @text: what is in it
 * @why: why it is none
 */
struct harmless {
	enum trouble_where where;
	const char *text;
	const char *why;
};

static const struct harmless harmless[] = {
	{ TROUBLE_AT_START, "ok ", "a KTAP result, named after trouble" },
	{ TROUBLE_AT_START, "not ok ", "a KTAP result, named after trouble" },
	{ TROUBLE_AT_START, "# ", "a KTAP diagnostic, which may quote the log" },
	{ TROUBLE_AT_START, "respawn:", "the protocol" },
	{ TROUBLE_AT_START, "Kernel command line:", "words of the user's" },
	{ TROUBLE_AT_START, "Command line:", "words of the user's" },
	{ TROUBLE_AT_START, "DMA-API: debugging disabled on kernel command line",
	  "words of the user's" },
	{ TROUBLE_ANYWHERE, "NOHZ tick-stop error: ",
	  "idle with a softirq pending: a delay that is known and no error of threads" },
	{ TROUBLE_ANYWHERE, "--- End of test: SUCCESS", "a torture test that found nothing" },
	{ TROUBLE_ANYWHERE, " up: -11", "a CPU that was told to fail on its way up" },
	{ TROUBLE_ANYWHERE, "COMPACTION is disabled!!!", "why memory ran out" },
	{ TROUBLE_ANYWHERE, "nocb GP activity on CB-only CPU!!!", "a line of an RCU report" },
};

/* The same of lines at level 2 and above */
static const struct harmless quiet[] = {
	{ TROUBLE_AT_START, "reboot: Restarting system", "how a guest ends" },
	{ TROUBLE_AT_START, "reboot: Power down", "how a guest ends" },
	{ TROUBLE_AT_START, "reboot: System halted", "how a guest ends" },
	{ TROUBLE_AT_START, "reboot: Power off not available: System halted instead",
	  "how a guest ends" },
	{ TROUBLE_ANYWHERE, "-torture:", "what torture tests say, unless a row knows it" },
	{ TROUBLE_AT_START, "scftorture: ", "what a torture test says" },
	{ TROUBLE_AT_START, "mem_dump_obj(", "a test of rcutorture" },
	{ TROUBLE_ANYWHERE, "-test grace-period state: ", "where rcutorture begins and ends" },
	{ TROUBLE_AT_START, "torture_", "what locktorture says of its delays" },
	{ TROUBLE_AT_START, "rcu_torture_", "what rcutorture is about to do" },
	{ TROUBLE_AT_START, "Writes:  Total: ", "counts of locktorture" },
	{ TROUBLE_AT_START, "Reads :  Total: ", "counts of locktorture" },
	{ TROUBLE_AT_START, "torture module --- ", "the parameters of a torture test" },
	{ TROUBLE_ANYWHERE, "-scale:", "what measurements of RCU say" },
	{ TROUBLE_AT_START, "RDRAND is not reliable on this platform; disabling.",
	  "an erratum of the CPU" },
	{ TROUBLE_AT_START, "RDSEED is not reliable on this platform; disabling.",
	  "an erratum of the CPU" },
	{ TROUBLE_AT_START, "RDSEED32 is broken. Disabling the corresponding CPUID bit.",
	  "an erratum of the CPU" },
	{ TROUBLE_AT_START, "Unsupported mitigations=", "words of the user's" },
	{ TROUBLE_AT_START, "Kernel compiled without mitigations, ignoring 'mitigations'",
	  "words of the user's" },
	{ TROUBLE_ANYWHERE, "tsc=watchdog", "words of the user's" },
	{ TROUBLE_ANYWHERE, "ERROR: earlyprintk= ", "words of the user's" },
	{ TROUBLE_AT_START, "KGDB: ", "a debugger at work" },
	{ TROUBLE_AT_START, "rbtree testing", "a test of the kernel's library" },
	{ TROUBLE_AT_START, "augmented rbtree testing", "a test of the kernel's library" },
	{ TROUBLE_AT_START, "interval tree ", "a test of the kernel's library" },
	{ TROUBLE_AT_START, "test exit", "a test of the kernel's library" },
	{ TROUBLE_AT_START, "clocksource-wdtest: ", "a test of the clocksource watchdog" },
	{ TROUBLE_AT_START, "SMP: stopping secondary CPUs", "a line of how a kernel ends" },
};

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static const char *found(enum trouble_where where, const char *text, const char *s)
{
	if (where == TROUBLE_AT_START)
		return begins(s, text) ? s : NULL;
	return strstr(s, text);
}

static bool row_matches(const struct trouble_row *row, const char *s)
{
	const char *at = found(row->where, row->text, s);

	return at && (!row->text2 || strstr(at + strlen(row->text), row->text2));
}

static bool is_harmless(const struct harmless *table, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (found(table[i].where, table[i].text, s))
			return true;
	return false;
}

/* From a program, or of a kernel that does not say who speaks, but when? */
static bool is_record(const struct console_line *line)
{
	return line->facility == FACILITY_KERNEL || line->when >= 0;
}

static const struct trouble_row *known(const struct console_line *line)
{
	for (size_t i = 0; i < trouble_rows; i++) {
		const struct trouble_row *row = &trouble_table[i];

		if (row->where == TROUBLE_IN_RECORD && !is_record(line))
			continue;
		if (row_matches(row, line->text))
			return row;
	}
	return NULL;
}

static bool is_loud(const struct console_line *line)
{
	return *line->text && line->facility == FACILITY_KERNEL &&
	       line->level != LEVEL_UNKNOWN && line->level <= LEVEL_CRIT &&
	       !is_harmless(quiet, ARRAY_SIZE(quiet), line->text);
}

/**
 * trouble_match() - whether a console line shows the kernel in trouble
 * @line: the line
 *
 * What is known to come from a program is no trouble, nor are KTAP results and
 * diagnostics, the kernel command line and the protocol. What the kernel says at
 * KERN_CRIT or louder is trouble if no row knows it, too.
 *
 * Called for every line of a console.
 *
 * Return: the first row of trouble_table that matches, a row of its own for a
 * line that is loud, or NULL.
 */
const struct trouble_row *trouble_match(const struct console_line *line)
{
	const struct trouble_row *row;
	const char *s = line->text;

	if (line->facility != FACILITY_UNKNOWN && line->facility != FACILITY_KERNEL)
		return NULL;
	if (is_harmless(harmless, ARRAY_SIZE(harmless), s + strspn(s, " \t")))
		return NULL;
	row = known(line);
	return row || !is_loud(line) ? row : &loud;
}

/**
 * trouble_is_stack() - whether a row is only a stack, which its report explains
 * @row: from trouble_match()
 *
 * Return: whether it is
 */
bool trouble_is_stack(const struct trouble_row *row)
{
	return begins(row->id, "stack") && row->where == TROUBLE_IN_RECORD;
}

/**
 * trouble_is_loud() - whether a row is of a line that no text is known of
 * @row: from trouble_match()
 *
 * Return: whether it is
 */
bool trouble_is_loud(const struct trouble_row *row)
{
	return row == &loud;
}
