// SPDX-License-Identifier: GPL-2.0-only
/*
 * What failures of one bug have in common: words of a report without what is of
 * that run alone, and the place in the kernel where it happened.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "judge/signature.h"
#include "judge/utf8.h"
#include "lib/util.h"

/* How many functions, locks or work items name a place */
#define PLACES	3
/* Bytes of a report's first line that count */
#define WORDS_MAX	160

/*
 * Functions that say nothing of a bug: those that every task goes through which
 * waits, those that print the report, and those that every stack begins with. The
 * lock or the event that is waited for has its name in the caller.
 */
static const char *const says_nothing[] = {
	/* waiting and scheduling */
	"__switch_to*", "context_switch*", "__schedule*", "schedule", "schedule_idle",
	"schedule_timeout*", "schedule_hrtimeout*", "schedule_preempt_disabled",
	"schedule_rtlock", "preempt_schedule*",
	"io_schedule*", "do_nanosleep", "*wait_for_common*", "wait_for_completion*",
	"__wait_for_completion*", "percpu_rwsem_wait", "__percpu_down_read*",
	"percpu_down_*", "rwsem_down_*", "down_*", "__down*", "mutex_lock*",
	"__mutex_lock*", "__ww_mutex_lock*", "rt_mutex_*", "__rt_mutex_*", "rtlock_*",
	"msleep*", "usleep_*", "__wait_*", "wait_woken", "prepare_to_wait*", "*swait*",
	"bit_wait*", "out_of_line_wait_*", "cpu_relax", "__cond_resched*", "_cond_resched",
	"raw_spin_*", "_raw_spin_*", "_raw_read_*", "_raw_write_*", "__raw_spin_*",
	"do_raw_spin_*", "native_queued_spin_*", "queued_spin_*", "pv_queued_spin_*",
	"*rep_nop*", "kvm_wait", "__might_sleep*", "__might_resched*", "___might_sleep*",
	/* reporting */
	"show_stack*", "show_regs*", "show_trace*", "dump_stack*", "__dump_stack*",
	"dump_backtrace*", "dump_cpu_task", "show_state_filter", "sched_show_task*",
	"unwind_*", "arch_stack_walk*", "stack_trace_*", "save_stack*", "panic",
	"vpanic", "nmi_panic*", "check_panic_on_warn", "die", "die_addr",
	"die_kernel_fault", "__die*", "oops_*",
	"page_fault_oops*", "no_context*", "bad_area*", "__bad_area*", "bug_handler*",
	"report_bug*", "handle_bug*", "__report_bug*", "warn_slowpath_*", "__warn*",
	"kasan_*", "__kasan_*", "__asan_*", "__hwasan_*", "print_report*",
	"print_address_description*", "check_region_*", "check_memory_region*",
	"memory_is_*", "kcsan_*", "__tsan_*", "kmsan_*", "__msan_*", "kfence_*",
	"__kfence_*", "ubsan_*", "__ubsan_*", "print_*bug*", "print_*deadlock*",
	"print_usage*", "print_irq_*", "check_noncircular*", "check_prev*", "check_deadlock*",
	"validate_chain*", "mark_lock*", "mark_usage*", "__lock_acquire*", "lock_acquire*",
	"__lock_release*", "lock_release*", "lockdep_*", "debug_lockdep_*", "spin_dump*",
	"spin_bug*", "debug_object_*", "__debug_object_*", "debug_print_object*",
	"debug_check_no_obj_*", "__list_*_valid*", "refcount_warn_*", "fortify_panic*",
	"__fortify_*", "slab_err*", "slab_bug*", "object_err*", "print_trailer*",
	"check_bytes_*", "hung_task_*", "watchdog*", "*watchdog_timer_fn*", "print_*stall*", "check_cpu_stall*",
	"rcu_dump_*", "rcu_sched_clock_irq*", "rcu_check_*", "*trigger*_backtrace*",
	"nmi_cpu_backtrace*", "*ipi_handler*",
	"softlockup_*", "is_softlockup*", "__stack_chk_fail*", "asm_die*",
	/* how an interrupt or an exception comes to a report */
	"exc_*", "asm_exc_*", "do_error_trap*", "do_trap*", "do_user_addr_fault*",
	"do_mem_abort*", "do_kern_addr_fault*", "__do_kernel_fault*", "do_page_fault*",
	"do_translation_fault*", "do_bad_area*", "do_undefinstr*", "do_el0_undef*",
	"do_serror*", "arm64_serror_*", "brk_handler*", "call_break_hook*",
	"do_debug_exception*", "do_sea*", "el1_*", "el1h_*", "el1t_*", "update_process_times*",
	"tick_*", "__hrtimer_run_queues*", "hrtimer_interrupt*", "hrtimer_run_*",
	"local_apic_timer_interrupt*", "sysvec_*", "__sysvec_*", "asm_sysvec_*",
	"asm_common_interrupt*", "common_interrupt*", "arch_timer_handler_*",
	"handle_percpu_devid_irq*", "generic_handle_*", "__handle_domain_irq*",
	"handle_irq_desc*", "gic_handle_irq*", "__gic_handle*", "call_on_irq_stack*",
	"do_interrupt_handler*", "__irq_exit_rcu*", "irq_exit_*", "asm_*", "end_repeat_nmi*",
	"nmi_*", "default_do_nmi*", "__flush_smp_call_function_queue*",
	"generic_smp_call_function_*", "flush_smp_call_function_*",
	/* what every stack begins with */
	"ret_from_fork*", "kthread", "lifecycle_thread", "entry_SYSCALL_*", "do_syscall_*",
	"__x64_sys_*", "__arm64_sys_*", "__do_sys_*", "__se_sys_*", "x64_sys_call*", "invoke_syscall*",
	"el0_*", "el0t_*", "do_el0_svc*", "secondary_startup_*", "start_secondary*",
	"secondary_start_kernel*", "__secondary_switched*", "cpu_startup_entry*",
	"start_kernel*", "x86_64_start_*", "rest_init*", "common_startup_*",
};

/*
 * Where a task waits for another one, or for nobody, from what says most to what says
 * least: for whoever does what it asked for; for whoever has a lock; for a time to pass.
 */
static const struct waits {
	const char *glob;
	int rank;
} waits_for_others[] = {
	{ "__flush_work*", 1 }, { "flush_work*", 1 }, { "work_on_cpu*", 1 },
	{ "__wait_rcu_gp", 1 }, { "synchronize_*", 1 }, { "rcu_barrier*", 1 },
	{ "do_wait*", 1 }, { "kernel_wait*", 1 }, { "try_to_freeze_tasks", 1 },
	{ "mutex_lock*", 2 }, { "__mutex_lock*", 2 }, { "__ww_mutex_lock*", 2 },
	{ "rt_mutex_*", 2 }, { "__rt_mutex_*", 2 }, { "rtlock_*", 2 }, { "rwbase_*", 2 },
	{ "percpu_rwsem_wait", 2 }, { "percpu_down_*", 2 }, { "__percpu_down_*", 2 },
	{ "rwsem_down_*", 2 }, { "down_*", 2 }, { "__down*", 2 },
	{ "cpus_read_lock", 2 }, { "cpus_write_lock", 2 },
	{ "hrtimer_nanosleep*", 3 }, { "msleep*", 3 }, { "usleep_*", 3 },
};

/* Where an interrupt came: what is above is not what it interrupted. */
static const char *const interrupts[] = {
	"asm_sysvec_*", "asm_common_interrupt*", "el1h_64_irq", "el1h_64_irq_handler",
	"el1_irq", "el1_interrupt", "asm_exc_nmi", "end_repeat_nmi", "el1h_64_fiq",
	"apic_timer_interrupt",
};

static bool among(const char *const *globs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!fnmatch(globs[i], name, 0))
			return true;
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (is_word(s[n]))
		n++;
	return n;
}

/* 0x1f, ffff888003c04000 */
static bool is_address(const char *s, size_t len)
{
	size_t digits = 0, hex = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		return true;
	for (size_t i = 0; i < len; i++) {
		digits += !!isdigit((unsigned char)s[i]);
		hex += !!isxdigit((unsigned char)s[i]);
	}
	return hex == len && (len >= 16 || (digits && len >= 8));
}

static void put_word(FILE *f, const char *s, size_t len)
{
	if (is_address(s, len)) {
		fputc('#', f);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]))
			fputc(s[i], f);
		else if (!i || !isdigit((unsigned char)s[i - 1]))
			fputc('#', f);
	}
}

/* "(Not tainted)", "(Tainted: G        W )": what went before, not what this is */
static size_t taint_len(const char *s)
{
	size_t len = strcspn(s, ")");

	if (*s != '(' || !s[len] || !memmem(s, len, "ainted", strlen("ainted")))
		return 0;
	return len + 1;
}

/* Which worker it is, and what it worked on before: kworker/u8:3-events_unbound */
static size_t worker_len(const char *s)
{
	if (strncmp(s, "kworker/", strlen("kworker/")))
		return 0;
	return strcspn(s, " ,;()[]");
}

/**
 * signature_words - a text without what is of one run alone
 * @text: the text, valid UTF-8
 *
 * Numbers, addresses, workers' names and taints go.
 *
 * Return: the rest, cut to a length that is enough, to be freed
 */
char *signature_words(const char *text)
{
	size_t len = 0;
	char *s = NULL;
	FILE *f = open_memstream(&s, &len);

	while (*text) {
		size_t word = word_len(text), taint = taint_len(text);
		size_t worker = worker_len(text);

		if (worker)
			fputs("kworker", f);
		else if (word)
			put_word(f, text, word);
		else if (!taint)
			fputc(*text, f);
		text += worker ? worker : word ? word : taint ? taint : 1;
	}
	fclose(f);
	s[utf8_cut(s, WORDS_MAX)] = '\0';
	return s;
}

/* Names that make a place; each but once */
static void add(struct strv *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return;
	if (names->n < PLACES)
		strv_add(names, "%s", name);
}

/*
 * The function in a line of a stack as " kthread_park+0x2c/0x90", or in what it
 * says of the registers, "pc : ..." and "RIP: 0010:...". One with a question mark
 * was found on the stack, but may not be of it.
 */
static bool frame(const char *line, char name[128])
{
	static const char *const registers[] = { "pc : ", "RIP: 0010:" };
	unsigned int offset;

	line += strspn(line, " ");
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (!strncmp(line, registers[i], strlen(registers[i])))
			line += strlen(registers[i]);
	if (sscanf(line, "%127[A-Za-z0-9_.]+0x%x/", name, &offset) != 2)
		return false;
	/* What the compiler made of a function: foo.isra.0, foo.cold */
	if (*name != '.')
		name[strcspn(name, ".")] = '\0';
	return true;
}

static bool begins_stack(const char *line)
{
	return strstr(line, "Call trace:") || strstr(line, "Call Trace:");
}

static bool is_register(const char *line)
{
	line += strspn(line, " ");
	return !strncmp(line, "pc : ", strlen("pc : ")) ||
	       !strncmp(line, "RIP: 0010:", strlen("RIP: 0010:"));
}

/* Lines that a stack may have between its functions */
static bool is_within(const char *line)
{
	line += strspn(line, " ");
	return !*line || *line == '?' || *line == '<' || strstr(line, ": ") ||
	       !strncmp(line, "Code:", 5);
}

/* The functions on top of the first stack from line @from on that says something */
static void stack_place(struct strv *names, bool hang, const struct lines *lines, size_t from,
			size_t to)
{
	bool stack = false;

	for (size_t i = from; i < to && names->n < PLACES; i++) {
		const char *line = lines_at(lines, i);
		char name[128];

		if (!line)
			continue;
		if (begins_stack(line)) {
			if (stack && names->n)
				return;
			stack = true;
			continue;
		}
		if (!stack && !is_register(line))
			continue;
		if (!frame(line, name)) {
			if (stack && names->n && !is_within(line))
				return;
			continue;
		}
		if (hang && among(interrupts, ARRAY_SIZE(interrupts), name))
			strv_free(names);
		else if (!among(says_nothing, ARRAY_SIZE(says_nothing), name))
			add(names, name);
	}
}

/* How much the first stack from line @from on is a wait for other tasks; 0 if it is none */
static int stack_waits_for_others(const struct lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const char *line = lines_at(lines, i);
		char name[128];

		if (!line || !frame(line, name))
			continue;
		for (size_t w = 0; w < ARRAY_SIZE(waits_for_others); w++)
			if (!fnmatch(waits_for_others[w].glob, name, 0))
				return waits_for_others[w].rank;
		if (!among(says_nothing, ARRAY_SIZE(says_nothing), name))
			return 0;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Classes of the locks, as lockdep shows them: "ffff8880 (lock_a){+.+.}-{3:3}, at:".
 * Who comes first is up to the run.
 */
static void lock_place(struct strv *names, const struct lines *lines, size_t from, size_t to)
{
	for (size_t i = from; i < to && names->n < 2; i++) {
		const char *line = lines_at(lines, i);
		const char *end = line ? strstr(line, "){") : NULL;
		__auto_free char *name = NULL, *words = NULL;

		if (!end || !memchr(line, '(', end - line))
			continue;
		line = strchr(line, '(') + 1;
		name = fmt("%.*s", (int)(end - line), line);
		words = signature_words(name);
		add(names, words);
	}
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), by_name);
}

/* "    in-flight: 27:work_fn, 28(RESCUER):other_fn" */
static void work_place(struct strv *names, const struct lines *lines, size_t from, size_t to)
{
	static const char *const heads[] = { "in-flight: ", "pending: " };

	for (size_t h = 0; h < ARRAY_SIZE(heads) && !names->n; h++) {
		for (size_t i = from; i < to; i++) {
			const char *line = lines_at(lines, i);
			const char *s = line ? strstr(line, heads[h]) : NULL;

			for (s = s ? s + strlen(heads[h]) : NULL; s && *s;) {
				size_t len;
				char name[64];

				s += strspn(s, "0123456789(RESCUER): ");
				len = word_len(s);
				snprintf(name, sizeof(name), "%.*s", (int)len, s);
				if (len)
					add(names, name);
				s = strchr(s, ',');
				s = s ? s + 1 : NULL;
			}
		}
	}
}

/**
 * signature_place - where in the kernel a report says that it happened
 * @row: kind of the report
 * @lines: the console
 * @at: number of its first line
 *
 * Locks for lockdep, work items for a lockup of a workqueue, the functions on top
 * of its stack for the others. A panic may have its stack before it.
 *
 * Return: names with " < " between, to be freed; empty if it does not say, or if the
 * report's first line says enough
 */
char *signature_place(const struct trouble_row *row, const struct lines *lines, size_t at)
{
	size_t to = at + REPORT_AFTER, before = at > REPORT_BEFORE ? at - REPORT_BEFORE : 1;
	bool hang = row->class == TROUBLE_HANG;
	__auto_strv struct strv names = { 0 };

	/* Its first line has both functions; the stack may be of whatever was interrupted. */
	if (!strcmp(row->id, "kcsan"))
		return copy("");
	if (!strncmp(row->id, "lockdep", strlen("lockdep")))
		lock_place(&names, lines, at + 1, to);
	if (!strcmp(row->id, "workqueue-lockup"))
		work_place(&names, lines, at + 1, to);
	if (!names.n)
		stack_place(&names, hang, lines, at, to);
	if (!names.n && strstr(row->id, "panic"))
		stack_place(&names, hang, lines, before, at);
	return strv_join(&names, " < ");
}

/**
 * signature_stuck - where the task is that others wait for
 * @lines: the console
 * @heads: numbers of the lines that a task's stack comes after, in their order
 * @n: how many
 * @to: number of the line after the last stack
 * @most: as many functions of its stack
 * @which: gets the index of that task
 *
 * The first one that waits for no other task, as far as its stack says; else for one that
 * works for it, rather than for one that has a lock.
 *
 * Return: functions with " < " between, to be freed; NULL if no stack says any
 */
char *signature_stuck(const struct lines *lines, const size_t *heads, size_t n, size_t to,
		      size_t most, size_t *which)
{
	char *place = NULL;
	int best = INT_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t end = i + 1 < n ? heads[i + 1] : to;
		int waits = stack_waits_for_others(lines, heads[i], end);
		__auto_strv struct strv names = { 0 };

		stack_place(&names, true, lines, heads[i], end);
		if (!names.n || waits >= best)
			continue;
		while (names.n > most)
			free(names.v[--names.n]);
		free(place);
		place = strv_join(&names, " < ");
		*which = i;
		best = waits;
	}
	return place;
}

/**
 * signature_hung - where the task is that hangs, of several that are reported at once
 * @row: kind of the reports
 * @lines: the console
 * @at: number of the first report's first line
 *
 * The kernel reports them in the order in which they were created.
 *
 * Return: as signature_stuck()
 */
char *signature_hung(const struct trouble_row *row, const struct lines *lines, size_t at)
{
	size_t heads[STUCK_MAX], n = 0, to = at + STUCK_MAX * STUCK_LINES, which;

	for (size_t i = at; i < to && n < STUCK_MAX; i++) {
		const char *line = lines_at(lines, i);
		const char *text = line ? strstr(line, row->text) : NULL;

		if (text && strstr(text, row->text2))
			heads[n++] = i;
	}
	return signature_stuck(lines, heads, n, to, PLACES, &which);
}
