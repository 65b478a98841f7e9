// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a kernel says when it is in trouble. The first row that matches a line
 * wins, so the specific rows come before the generic ones of the same group.
 * The texts are those of Linux 6.12, with those of other versions where known.
 */
#include <string.h>

#include "judge/console.h"
#include "judge/trouble.h"
#include "lib/util.h"

#define CRASH(i, t, t2, w)	{ i, TROUBLE_CRASH, true, t, t2, w }
#define HANG(i, t, t2, w)	{ i, TROUBLE_HANG, true, t, t2, w }
/* For texts that follow a name (of a task, a function) or a half-written line. */
#define CRASH_IN(i, t, t2, w)	{ i, TROUBLE_CRASH, false, t, t2, w }
#define HANG_IN(i, t, t2, w)	{ i, TROUBLE_HANG, false, t, t2, w }

#define PANIC "Kernel panic - not syncing: "

const struct trouble_row trouble_table[] = {
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
	HANG("hung-task", "INFO: task ", " blocked for more than ", "a task slept for too long"),
	HANG("rcu-expedited-stall", "rcu: INFO: ", " detected expedited stall",
	     "an expedited RCU grace period did not end"),
	HANG("rcu-self-stall", "rcu: INFO: ", " self-detected stall on CPU",
	     "a CPU found itself stalling RCU"),
	HANG("rcu-tasks-stall", "rcu: INFO: rcu_tasks", " detected stalls",
	     "tasks stall an RCU-tasks grace period"),
	HANG("rcu-stall", "rcu: INFO: ", " detected stall", "an RCU grace period did not end"),
	HANG("rcu-blocking", "rcu: blocking rcu_node structures", NULL,
	     "the rest of an expedited RCU stall report"),
	HANG("rcu-starved", "rcu: ", " kthread starved for ", "RCU's own thread did not run"),
	HANG_IN("csd-lock", "non-responsive CSD lock (#", NULL,
		"a CPU does not answer function calls"),
	HANG("netdev-unregister", "unregister_netdevice: waiting for ", NULL,
	     "a reference to a network device was never dropped"),

	/* sanitizers */
	CRASH("kasan", "BUG: KASAN: ", NULL, "bad memory access (KASAN)"),
	CRASH("kcsan", "BUG: KCSAN: ", NULL, "data race (KCSAN)"),
	CRASH("kmsan", "BUG: KMSAN: ", NULL, "uninitialised memory was used (KMSAN)"),
	CRASH("kfence", "BUG: KFENCE: ", NULL, "bad memory access (KFENCE)"),
	CRASH("ubsan", "UBSAN: ", " in ", "undefined behaviour (UBSAN)"),
	CRASH("kmemleak", "kmemleak: ", " new suspected memory leaks", "memory leak"),
	CRASH_IN("fortify", ": detected buffer overflow: ", NULL,
		 "buffer overflow (FORTIFY_SOURCE)"),
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
	CRASH("lockdep-info", "INFO: possible ", NULL, "lockdep report of an older kernel"),
	CRASH("lockdep-info-old", "[ INFO: ", " ]", "lockdep report of a much older kernel"),
	CRASH("lockdep-key", "INFO: trying to register non-static key", NULL,
	      "a lock used before it was initialised"),
	CRASH("lockdep-limit", "BUG: MAX_", " too low!", "lockdep ran out of its tables"),
	CRASH_IN("lockdep-warn-on", "DEBUG_LOCKS_WARN_ON(", NULL,
		 "lockdep or a lock found itself inconsistent"),

	/* memory management */
	CRASH("bad-page-state", "BUG: Bad page state", NULL, "a freed page was still in use"),
	CRASH("bad-page-map", "BUG: Bad page map", NULL, "a page table was corrupted"),
	CRASH("bad-rss", "BUG: Bad rss-counter state", NULL, "a process's page count was wrong"),
	CRASH("slab", "BUG ", "ainted", "a slab object was corrupted"),
	CRASH("refcount", "refcount_t: ", NULL, "reference count over- or underflow"),
	CRASH("list-add", "list_add corruption", NULL, "a list was corrupted"),
	CRASH("list-add-double", "list_add double add", NULL, "an entry was added twice"),
	CRASH("list-del", "list_del corruption", NULL, "a list was corrupted"),
	CRASH("odebug", "ODEBUG: ", "object type: ", "an object used against its life cycle"),
	CRASH_IN("page-alloc", ": page allocation failure: order:", NULL,
		 "no memory for the kernel"),
	CRASH("oom-kill", "Out of memory", ": Killed process ", "a process killed for memory"),

	/* faults */
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
	CRASH("bug-at", "kernel BUG at ", NULL, "BUG() reached"),
	CRASH("bug-at-plain", "Kernel BUG at ", NULL, "BUG() reached"),

	/* scheduling and context */
	CRASH("sched-atomic", "BUG: scheduling while atomic", NULL, "slept in atomic context"),
	CRASH("sleep-invalid", "BUG: sleeping function called from invalid context", NULL,
	      "may have slept in atomic context"),
	CRASH("preemptible", "BUG: using ", " in preemptible ",
	      "per-CPU data used while preemptible"),
	CRASH("spinlock", "BUG: spinlock ", NULL, "a spinlock misused"),
	CRASH("rwlock", "BUG: rwlock ", NULL, "an rwlock misused"),
	CRASH("workqueue-leak", "BUG: workqueue leaked ", NULL, "a work item kept a lock"),

	/* whatever the rows above do not know */
	CRASH("bug", "BUG: ", NULL, "kernel bug"),
	CRASH("warning", "WARNING: CPU:", NULL, "WARN() reached"),
	CRASH("warning-new", "WARNING: ", ", CPU#", "WARN() reached (kernels since 6.18)"),
};

const size_t trouble_rows = ARRAY_SIZE(trouble_table);

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool row_matches(const struct trouble_row *row, const char *s)
{
	const char *at;

	if (row->prefix)
		at = begins(s, row->text) ? s : NULL;
	else
		at = strstr(s, row->text);
	if (!at)
		return false;
	return !row->text2 || strstr(at + strlen(row->text), row->text2);
}

/* Lines that speak about trouble, or are named after it, without being any. */
static bool only_talk(const char *s)
{
	static const char * const talk[] = {
		"ok ", "not ok ", "respawn:", "Kernel command line:", "Command line:",
	};
	size_t i;

	s += strspn(s, " \t");
	for (i = 0; i < ARRAY_SIZE(talk); i++)
		if (begins(s, talk[i]))
			return true;
	return false;
}

/* A KTAP diagnostic may quote the log, time and all. */
static bool is_diagnostic(const char *s)
{
	return s[strspn(s, " \t")] == '#';
}

static const struct trouble_row *match_text(const char *s)
{
	size_t i;

	if (only_talk(s))
		return NULL;
	for (i = 0; i < trouble_rows; i++)
		if (row_matches(&trouble_table[i], s))
			return &trouble_table[i];
	return NULL;
}

/**
 * trouble_match() - whether a console line shows the kernel in trouble
 * @line: the line, without its printk time prefix
 *
 * KTAP results and diagnostics, the kernel command line and what the test's
 * init says are never trouble. When user space had left a line unfinished, the
 * kernel's message is in the middle of it, and its time tells where.
 *
 * Called for every line of a console.
 *
 * Return: the first row of trouble_table that matches, or NULL.
 */
const struct trouble_row *trouble_match(const char *line)
{
	const struct trouble_row *row;
	const char *s = line;

	if (is_diagnostic(line))
		return NULL;
	row = match_text(line);
	while (!row && (s = strchr(s, '['))) {
		double when;
		size_t len = console_prefix(s, &when);

		if (len && when >= 0)
			row = match_text(s + len);
		s += len ? len : 1;
	}
	return row;
}
