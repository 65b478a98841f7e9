// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which commit broke it? The engine in bisect/ says what to build and to run; here it
 * is done, and noted. While guests run, the kernel that will most likely be asked for
 * next is built beside them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/bisection.h"
#include "cmd/seeds.h"
#include "lib/cache.h"
#include "lib/ui.h"
#include "record/aim.h"
#include "run/accel.h"

/* A host at fault is given another try, so often in a row. */
#define ERRORS_MAX	3
/* Bits after which the time to go can be told from the time spent */
#define ENOUGH_BITS	1.0
/* Runs that are not worth a line, unless one fails */
#define FEW		2
/* Runs of a commit that fail in another way and no run that says anything: give it up. */
#define OTHERS_MAX	8

/**
 * struct builder - a child that has an image built
 * @pid: of it, 0 if there is none
 * @commit: whose
 * @begun: when
 * @ended: and when it was over; 0 if it is not
 * @status: of it then
 */
struct builder {
	pid_t pid;
	size_t commit;
	double begun;
	double ended;
	int status;
};

/**
 * struct search - a bisect at work
 * @o: what the user asked for
 * @b: what is known
 * @fresh: what is asked of each run, but for its commit and seed
 * @brought: and of the one that RUN= brought
 * @has_brought: there is one
 * @images: of each commit that is built, else NULL
 * @builder: builds one
 * @built: the commit that was built last
 * @at: the commit that guests run
 * @as_brought: they run @brought
 * @decided: a run failed as it is looked for: no further one is begun
 * @untestable: a run showed that the commit can't be tested
 * @errors: of the host, in a row
 * @open: seeds of the batch at hand that did not come to an end yet
 * @nr_open: how many
 * @begun: when the program began
 * @bits: what was not known then
 */
struct search {
	const struct options *o;
	struct bisection b;
	struct request fresh;
	struct request brought;
	bool has_brought;
	struct image **images;
	struct builder builder;
	size_t built;
	size_t at;
	bool as_brought;
	bool decided;
	bool untestable;
	unsigned int errors;
	uint64_t *open;
	size_t nr_open;
	double begun;
	double bits;
};

static const struct history_commit *commit_of(const struct search *s, size_t commit)
{
	return &s->b.history.commits[commit];
}

/* ---- images -------------------------------------------------------------------------- */

static char *build_log(const struct search *s)
{
	return fmt("%s/bisect-build.log", s->o->out);
}

static struct request request_at(const struct search *s, const struct request *r, size_t commit)
{
	struct request at = *r;

	at.commit = commit_of(s, commit)->id;
	return at;
}

/* The child: what it says goes to a file, and its exit status says whose fault it was. */
static void __noreturn build_here(const struct search *s, size_t commit, pid_t parent)
{
	__auto_free char *path = build_log(s);
	struct request r = request_at(s, &s->fresh, commit);
	struct image image;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	end_with_parent(parent);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_ABORT);
	ui_init(UI_QUIET);
	die_for_bisect();
	image_open(&image, &r);
	image_build(&image);
	exit(EXIT_PASS);
}

static void builder_start(struct search *s, size_t commit)
{
	pid_t pid, self = getpid();

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!pid)
		build_here(s, commit, self);
	s->builder = (struct builder){ .pid = pid, .commit = commit, .begun = now() };
}

/* A build that turned out to be of no use; what make has done so far is kept. */
static void builder_stop(struct search *s)
{
	if (!s->builder.pid)
		return;
	if (!s->builder.ended) {
		kill(s->builder.pid, SIGTERM);
		waitpid(s->builder.pid, NULL, 0);
	}
	s->builder.pid = 0;
}

/* What the child said last */
static char *builder_word(const struct search *s)
{
	static const char ours[] = "respawn: ";
	__auto_free char *path = build_log(s), *text = read_file(path, NULL);
	__auto_strv struct strv lines = { 0 };
	const char *last;

	strv_split(&lines, text ?: "", "\n");
	last = lines.n ? lines.v[lines.n - 1] : "it said nothing";
	return copy(strncmp(last, ours, strlen(ours)) ? last : last + strlen(ours));
}

/* Hash of all that a guest sees: commits that have the same can't differ. */
static char *image_hash(const struct image *image)
{
	struct hash *h = hash_new();
	char kernel[HASH_LEN], initramfs[HASH_LEN], all[HASH_LEN];

	cache_hash_file(image->kernel.image, kernel);
	cache_hash_file(image->initramfs, initramfs);
	hash_str(h, kernel);
	hash_str(h, initramfs);
	hash_end(h, all);
	return copy(all);
}

static void have_image(struct search *s, size_t commit)
{
	struct request r = request_at(s, &s->fresh, commit);
	struct image *image = need(1, sizeof(*image));

	image_open(image, &r);
	image_build(image);
	s->images[commit] = image;
}

/* The child is over: was it the tree's fault, the host's, or nobody's? */
static void take_build(struct search *s)
{
	struct builder done = s->builder;
	int status = done.status;
	size_t from = s->built;
	struct bisection_entry e = {
		.commit = done.commit, .what = BISECTION_BUILT, .seconds = done.ended - done.begun,
		.distance = from < done.commit ? done.commit - from : from - done.commit,
	};

	s->builder.pid = 0;
	if (!WIFEXITED(status) ||
	    (WEXITSTATUS(status) && WEXITSTATUS(status) != EXIT_UNTESTABLE)) {
		__auto_free char *word = builder_word(s);

		if (++s->errors >= ERRORS_MAX)
			die("%.12s can't be built, and that is not its own fault: %s",
			    commit_of(s, done.commit)->id, word);
		return;
	}
	s->errors = 0;
	s->built = done.commit;
	if (WEXITSTATUS(status)) {
		e.what = BISECTION_UNTESTABLE;
		e.signature = builder_word(s);
	} else {
		have_image(s, done.commit);
		e.image = image_hash(s->images[done.commit]);
	}
	/* One that an earlier call has built was there: that teaches nothing of builds. */
	if (e.signature || !bisection_counts(&s->b, e.commit).of[BISECTION_BUILT])
		bisection_note(&s->b, &e);
	if (e.signature)
		ui_note("%.12s is left out: %s", commit_of(s, e.commit)->id, e.signature);
	free(e.signature);
	free(e.image);
}

/* Is the child over? When it was is of use: guests run beside it. */
static void builder_look(struct search *s)
{
	if (s->builder.pid && !s->builder.ended &&
	    waitpid(s->builder.pid, &s->builder.status, WNOHANG) > 0)
		s->builder.ended = now();
}

static bool out_of_time(const struct search *s)
{
	return s->o->time && now() - s->begun > s->o->time;
}

/* Wait for the child, as long as there is time, or look whether it is over. */
static void builder_wait(struct search *s, bool block)
{
	while (s->builder.pid) {
		builder_look(s);
		if (s->builder.ended) {
			take_build(s);
			return;
		}
		if (!block || out_of_time(s))
			return;
		ui_progress(now() - s->builder.begun, s->b.build[s->builder.commit], "");
		usleep(50000);
	}
}

/* Have the image of a commit; false if it has none. */
static bool build(struct search *s, size_t commit)
{
	builder_wait(s, false);
	if (s->builder.pid && s->builder.commit != commit)
		builder_stop(s);
	while (!s->images[commit] && !bisect_is_untestable(s->b.engine, commit) &&
	       !out_of_time(s)) {
		__auto_free char *id = fmt("%.12s", commit_of(s, commit)->id);

		ui_stage(id, "build");
		if (!s->builder.pid)
			builder_start(s, commit);
		builder_wait(s, true);
		ui_done("%s", s->images[commit] ? commit_of(s, commit)->subject : "no image");
	}
	return s->images[commit];
}

/* Begin to build what is likeliest to be asked for after this step. */
static void build_ahead(struct search *s, const struct bisect_step *step)
{
	struct bisect *after = bisection_guess(&s->b, step, BISECT_PASS);
	struct bisect_step next = bisect_next(after);

	builder_wait(s, false);
	if (next.what != BISECT_RUN || s->images[next.commit] ||
	    bisect_is_untestable(s->b.engine, next.commit)) {
		bisect_free(after);
		after = bisection_guess(&s->b, step, BISECT_FAIL);
		next = bisect_next(after);
	}
	bisect_free(after);
	if (s->builder.pid && s->builder.commit == next.commit)
		return;
	if (next.what != BISECT_RUN || s->images[next.commit] ||
	    bisect_is_untestable(s->b.engine, next.commit))
		return;
	builder_stop(s);
	builder_start(s, next.commit);
}

/* ---- runs ---------------------------------------------------------------------------- */

static void give_up(struct search *s, const char *why)
{
	struct bisection_entry e = {
		.commit = s->at, .what = BISECTION_UNTESTABLE, .signature = (char *)why,
	};

	bisection_note(&s->b, &e);
	ui_note("%.12s is left out: %s", commit_of(s, s->at)->id, why);
	s->untestable = true;
}

static void note(struct search *s, const struct finding *f, enum bisection_what what,
		 const char *signature)
{
	bisection_note(&s->b, &(struct bisection_entry){
		.commit = s->at, .what = what, .seconds = f->wall,
		.seed = s->as_brought ? BISECTION_BROUGHT : f->seed,
		.signature = (char *)signature, .record = (char *)f->record,
	});
}

/*
 * A run that says nothing: nor would others of its commit, unless one of them did. Then it
 * is noted as @what, so that its seed is not tried there again.
 */
static void note_nothing(struct search *s, const struct finding *f, enum bisection_what what,
			 const char *why)
{
	struct bisection_counts n = bisection_counts(&s->b, s->at);

	if (n.of[BISECTION_PASS] || n.of[BISECTION_FAIL])
		note(s, f, what, why);
	else
		give_up(s, why);
}

/* What a run that went wrong is: the failure looked for, or another one */
static enum bisection_what kind_of(struct search *s, const char *signature)
{
	if (!signature)
		return BISECTION_PASS;
	/* The first failure of BAD is what is looked for, if nobody said another. */
	if (!s->b.signature && s->at == s->b.history.n - 1)
		s->b.signature = copy(signature);
	return s->b.signature && !strcmp(s->b.signature, signature) ? BISECTION_FAIL :
								      BISECTION_OTHER;
}

/* @steered: whether it did what it was asked to, as far as its commit has that */
static void note_run(struct search *s, const struct finding *f, bool steered)
{
	enum bisection_what what = kind_of(s, f->signature);
	struct bisection_counts n;

	if (what == BISECTION_PASS && !steered && !s->as_brought) {
		/* All seeds have that script. */
		note_nothing(s, f, BISECTION_UNFIT, "nothing of the script comes to pass");
		return;
	}
	if (what == BISECTION_PASS && !steered) {
		what = BISECTION_UNFIT;
		ui_note("%.12s: nothing of the script came to pass, so this run does not count",
			commit_of(s, s->at)->id);
	}
	note(s, f, what, f->signature);
	s->decided |= what == BISECTION_FAIL;
	n = bisection_counts(&s->b, s->at);
	if (what != BISECTION_OTHER || n.of[BISECTION_OTHER] < OTHERS_MAX ||
	    n.of[BISECTION_PASS] || n.of[BISECTION_FAIL])
		return;
	if (s->at == s->b.history.n - 1)
		die("BAD=%.12s does not fail with '%s', but with '%s': SIGNATURE= says what to look for",
		    commit_of(s, s->at)->id, s->b.signature, f->signature);
	give_up(s, f->signature);
}

static void run_over(void *arg, const struct trial *t, const struct finding *f)
{
	struct search *s = arg;

	builder_look(s);
	for (size_t i = 0; i < s->nr_open; i++) {
		if (s->open[i] != f->seed)
			continue;
		memmove(&s->open[i], &s->open[i + 1],
			(--s->nr_open - i) * sizeof(*s->open));
		break;
	}
	if (s->untestable)
		return;
	if (!record_was_tested(&t->record))
		note_nothing(s, f, f->signature ? BISECTION_OTHER : BISECTION_UNFIT,
			     f->signature ?: "nothing of the test can run");
	else
		note_run(s, f, record_was_steered(&t->record));
}

/* In list's order, until one fails as it is looked for */
static void run_guests(struct search *s, const struct request *r, const uint64_t *list, size_t n)
{
	uint64_t *left = need(n, sizeof(*left));
	struct seeds run = {
		.image = s->images[s->at], .req = request_at(s, r, s->at),
		.accel = accel_choose(s->images[s->at], r), .out = s->o->out, .list = left,
		/* One CPU is left to a build. */
		.guests = s->o->guests ?: s->builder.pid ? 1 : 0,
		.found = run_over, .arg = s, .keep_going = false,
	};

	s->open = need(n, sizeof(*s->open));
	s->nr_open = n;
	memcpy(s->open, list, n * sizeof(*list));
	/*
	 * Other failures end the search of seeds as well, and so does the harness's: go on
	 * with those that did not come to an end, which need not be the last ones.
	 */
	while (s->nr_open && !s->decided && !s->untestable && !out_of_time(s)) {
		if (s->o->time)
			run.seconds = s->o->time - (now() - s->begun);
		memcpy(left, s->open, s->nr_open * sizeof(*left));
		run.first = 0;
		run.last = s->nr_open - 1;
		run.tried = 0;
		run.over = false;
		seeds_run(&run);
		if (run.error && ++s->errors >= ERRORS_MAX)
			die("%s; what was seen before is kept, 'make bisect' goes on", run.error);
		if (!run.error)
			s->errors = 0;
		run.error = NULL;
	}
	free(s->open);
	s->open = NULL;
	s->nr_open = 0;
	free(left);
}

/*
 * A command of the user's; what git says of the one of its own: 126 and 127 are a shell's
 * that can't run it, and EXIT_ABORT that it can't go on. A hiccup goes by.
 */
static int try_command(struct search *s, uint64_t seed)
{
	const struct image *image = s->images[s->at];

	for (;;) {
		__auto_strv struct strv argv = { 0 }, env = { 0 };
		__auto_free char *log = fmt("%s/bisect-test.log", s->o->out);
		struct run_opts o = { .env = &env, .log = log };
		int status;

		strv_add(&env, "KERNEL=%s", image->kernel.image);
		strv_add(&env, "INITRAMFS=%s", image->initramfs);
		strv_add(&env, "COMMIT=%s", commit_of(s, s->at)->id);
		strv_add(&env, "ARCH=%s", s->fresh.arch->name);
		strv_add(&env, "SEED=%llu", (unsigned long long)seed);
		strv_add(&argv, "sh");
		strv_add(&argv, "-c");
		strv_add(&argv, "%s", s->o->test);
		status = run(&argv, &o);
		if (status != 126 && status != 127 && status != EXIT_ABORT) {
			s->errors = 0;
			return status;
		}
		if (++s->errors >= ERRORS_MAX)
			die("TEST=%s: it can't be run: status %d, see %s", s->o->test, status, log);
	}
}

/* 0 is a pass, EXIT_UNTESTABLE says that it can't tell, all else is one failure. */
static void run_command(struct search *s, const uint64_t *list, size_t n)
{
	for (size_t i = 0; i < n && !s->decided && !s->untestable && !out_of_time(s); i++) {
		double begun = now();
		int status = try_command(s, list[i]);
		struct finding f = {
			.seed = list[i], .wall = now() - begun,
			.signature = status ? "the command fails" : NULL,
		};

		builder_look(s);
		if (status == EXIT_UNTESTABLE)
			note_nothing(s, &f, BISECTION_OTHER, "the command can't tell");
		else
			note_run(s, &f, true);
		ui_progress(i + 1, n, "");
	}
}

static void run_brought(struct search *s)
{
	uint64_t seed = s->brought.seed;

	s->as_brought = true;
	run_guests(s, &s->brought, &seed, 1);
	s->as_brought = false;
}

static void run_list(struct search *s, const uint64_t *list, size_t n)
{
	for (size_t i = 0; i < n && !s->decided && !s->untestable;) {
		size_t last = i;

		if (s->has_brought && list[i] == BISECTION_BROUGHT) {
			run_brought(s);
			i++;
			continue;
		}
		while (last < n && (!s->has_brought || list[last] != BISECTION_BROUGHT))
			last++;
		if (*s->o->test)
			run_command(s, list + i, last - i);
		else
			run_guests(s, &s->fresh, list + i, last - i);
		i = last;
	}
}

static void run_at(struct search *s, size_t commit, const uint64_t *list, size_t n)
{
	__auto_free char *id = fmt("%.12s", commit_of(s, commit)->id);
	size_t before = s->b.n, fails = bisection_counts(&s->b, commit).of[BISECTION_FAIL];

	s->at = commit;
	s->decided = false;
	s->untestable = false;
	ui_stage(id, "run");
	run_list(s, list, n);
	if (n <= FEW && !s->decided && !s->untestable)
		return;
	ui_done("%zu runs, %s", s->b.n - before,
		bisection_counts(&s->b, commit).of[BISECTION_FAIL] > fails ? "the last one failed" :
		s->untestable ? "it can't be tested" : "none failed");
}

/* ---- the search ------------------------------------------------------------------------ */

/* Take no more runs than RUNS= leaves; false if it, or TIME=, leaves none. */
static bool keep_to_budget(const struct search *s, struct bisect_step *step)
{
	size_t runs = bisection_runs(&s->b), left = SIZE_MAX;

	if (s->o->runs)
		left = s->o->runs > runs ? s->o->runs - runs : 0;
	if (step->carried > left)
		step->carried = left;
	if (step->fresh > left - step->carried)
		step->fresh = left - step->carried;
	return left && !out_of_time(s);
}

/* Where it stands, after each step */
static void tell(const struct search *s)
{
	const struct bisect *e = s->b.engine;
	size_t *all = need(s->b.history.n, sizeof(*all)), left;
	double bits = bisect_bits(e), spent = now() - s->begun;
	__auto_free char *more = NULL;

	/* As fast as it went so far */
	more = s->bits - bits > ENOUGH_BITS ?
	       fmt(", %.0f s to go", spent * bits / (s->bits - bits)) : copy("");
	left = bisect_likeliest(e, s->o->confidence, all);
	ui_note("%zu of %zu commits hold %.0f %%; the likeliest %.12s has %.0f %%, that nothing changed %.0f %%; %zu runs, %.0f s%s",
		left, s->b.history.n - 1, 100 * s->o->confidence, commit_of(s, all[0])->id,
		100 * bisect_probability(e, all[0]), 100 * bisect_nothing(e),
		bisection_runs(&s->b), spent, more);
	free(all);
}

static void tell_why(const struct search *s, const struct bisect_step *step)
{
	if (ui_verbose())
		ui_note("next: %.12s, %u runs of seeds that failed elsewhere, %u of fresh ones: %.3f bits to expect, for %.0f s",
			commit_of(s, step->commit)->id, step->carried, step->fresh, step->bits,
			step->cost);
}

static void do_step(struct search *s, const struct bisect_step *step)
{
	size_t n = step->carried + step->fresh;
	uint64_t *list;

	tell_why(s, step);
	/* A build may show that nothing is to be run here: it is that of another commit. */
	if (!build(s, step->commit) || !bisect_is_its_own(s->b.engine, step->commit))
		return;
	list = need(n, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = bisect_seed(s->b.engine, step, i);
	build_ahead(s, step);
	run_at(s, step->commit, list, n);
	builder_wait(s, false);
	bisection_costs(&s->b);
	free(list);
	if (n > FEW || s->decided || s->untestable)
		tell(s);
}

/* The run that was brought fails at BAD, or it is of no use. */
static void try_brought(struct search *s)
{
	size_t bad = s->b.history.n - 1;
	uint64_t brought = BISECTION_BROUGHT;

	if (!s->has_brought)
		return;
	for (size_t i = 0; i < s->b.n; i++)
		if (s->b.log[i].commit == bad && s->b.log[i].seed == BISECTION_BROUGHT &&
		    bisection_is_run(s->b.log[i].what))
			return;
	if (!build(s, bad))
		return;
	run_at(s, bad, &brought, 1);
	if (!s->decided)
		ui_note("RUN=%s does not fail at BAD as it did: fresh seeds are tried", s->o->run);
}

/*
 * What gets into the focus is found out at BAD, which has all of it, and is asked for at
 * each commit: the same words are to be the same test.
 */
static void aim(struct search *s)
{
	size_t bad = s->b.history.n - 1;

	if (!s->has_brought && !*s->o->test && build(s, bad))
		trial_aim(&s->fresh, s->images[bad], s->o->out, NULL);
}

static void take_record(void *arg, const struct trial *t, const struct finding *f)
{
	char **record = arg;

	(void)t;
	*record = f->record ? copy(f->record) : NULL;
}

/* A run that passes leaves no record, but this one is of use: it is done once more. */
static void keep_last_pass(struct search *s, size_t culprit)
{
	bool *is = need(s->b.history.n, sizeof(*is));
	__auto_free char *record = NULL;
	size_t last = s->b.n;

	for (size_t i = 0; i < s->b.n; i++) {
		const struct bisection_entry *e = &s->b.log[i];

		graph_ancestors(s->b.graph, e->commit, is);
		if (e->what == BISECTION_PASS && e->seed != BISECTION_BROUGHT && !is[culprit] &&
		    (last == s->b.n || e->commit >= s->b.log[last].commit))
			last = i;
	}
	free(is);
	if (last == s->b.n || s->b.log[last].record || *s->o->test ||
	    !build(s, s->b.log[last].commit))
		return;
	s->at = s->b.log[last].commit;
	seeds_run(&(struct seeds){
		.image = s->images[s->at], .req = request_at(s, &s->fresh, s->at),
		.accel = accel_choose(s->images[s->at], &s->fresh), .out = s->o->out,
		.list = &s->b.log[last].seed, .keep_all = true, .found = take_record,
		.arg = &record,
	});
	if (record)
		bisection_record(&s->b, last, record);
}

static struct bisect_step search(struct search *s)
{
	const struct image *had;
	struct bisect_step step;
	size_t seen;

	s->bits = bisect_bits(s->b.engine);
	aim(s);
	try_brought(s);
	for (;;) {
		size_t bad = s->b.history.n - 1;

		if (bisect_is_untestable(s->b.engine, bad))
			die("BAD=%.12s can't be tested, see %s: name a commit that can; 'make bisect-undo' forgets what was seen last",
			    commit_of(s, bad)->id, s->b.path);
		step = bisect_next(s->b.engine);
		if (step.what != BISECT_RUN || !keep_to_budget(s, &step))
			return step;
		seen = s->b.n;
		had = s->images[step.commit];
		do_step(s, &step);
		if (s->b.n == seen && s->images[step.commit] == had && !out_of_time(s))
			die("nothing came of a step at %.12s, and nothing would of the next one: move %s away to begin anew",
			    commit_of(s, step.commit)->id, s->b.path);
	}
}

/* ---- the question ------------------------------------------------------------------------ */

/* A focus that other trees need not have */
static char *for_all_trees(const char *focus)
{
	__auto_strv struct strv names = { 0 }, may = { 0 };

	if (!strcmp(focus, "none"))
		return copy(focus);
	strv_split(&names, focus, " ,");
	for (size_t i = 0; i < names.n; i++)
		strv_add(&may, "%s?", names.v[i]);
	return strv_join(&may, ",");
}

/* The record says what to run, the user which tree. */
static void read_brought(struct search *s)
{
	const char *tree = s->o->request.tree;
	struct record rec;

	if (!*s->o->run)
		return;
	record_read(&rec, s->o->run);
	if (record_is_good(&rec))
		die("RUN=%s passed: one that failed is wanted", s->o->run);
	record_request(&rec, &s->brought);
	s->brought.tree = tree;
	s->brought.pin = "";
	s->brought.tarball = "";
	s->brought.since = "";
	s->brought.ranges = "";
	s->brought.places = "";
	s->brought.focus = for_all_trees(s->brought.focus);
	if (!request_is_virtual(&s->brought))
		die("RUN=%s ran in real time, where no seed is a schedule", s->o->run);
	s->fresh = s->brought;
	s->fresh.keep = "";
	s->fresh.steer = seeds_with_walk(s->brought.steer, 0);
	/* Few switches are for few operations. */
	if (*s->brought.script || strstr(s->brought.steer, "only=")) {
		s->fresh.strategy = "mix";
		s->fresh.script = "";
		s->fresh.steer = "";
	}
	s->has_brought = true;
}

/* What changed between GOOD and BAD is where the bug is. */
static void choose_focus(struct search *s, const struct options *o)
{
	struct request r = s->fresh;
	struct image image;

	if (s->has_brought || (*r.focus && strcmp(r.focus, "auto"))) {
		s->fresh.focus = s->has_brought ? r.focus : for_all_trees(r.focus);
		return;
	}
	if (!request_has_overlay(&r) || *o->test) {
		s->fresh.focus = "none";
		return;
	}
	trial_needs(&r);
	r.commit = *o->bad ? o->bad : "HEAD";
	r.since = o->good;
	r.focus = "auto";
	image_open(&image, &r);
	s->fresh.focus = for_all_trees(image.kernel.req.focus);
}

static void open_search(struct search *s, const struct options *o)
{
	*s = (struct search){ .o = o, .fresh = o->request, .begun = now() };
	if (!*o->request.tree)
		die("TREE= is not set: it names the git tree to bisect");
	if (!*o->good)
		die("GOOD= is not set: it names a commit of TREE= that does not fail");
	if (*o->run && *o->test)
		die("RUN= and TEST= are two tests: leave one of them out");
	if (!request_is_virtual(&s->fresh) && !*o->test)
		die("TIMING=real has no seeds that can be tried again: leave it out");
	read_brought(s);
	/* The ends are looked at before anything is fetched or built. */
	history_read(&s->b.history, o->request.tree, o->good, *o->bad ? o->bad : "HEAD");
	history_free(&s->b.history);
	choose_focus(s, o);
	bisection_open(&s->b, o, &s->fresh);
	if (s->has_brought && !s->b.signature) {
		struct record rec;

		record_read(&rec, o->run);
		s->b.signature = copy(record_text(&rec, "signature"));
		record_free(&rec);
	}
	s->images = need(s->b.history.n, sizeof(*s->images));
	s->built = s->b.history.n - 1;
	if (s->b.history.dirty)
		ui_note("TREE=%s has changes that are in no commit: they are not tested",
			o->request.tree);
	if (s->b.n)
		ui_note("%s: goes on behind %zu runs", s->b.path, bisection_runs(&s->b));
}

/**
 * bisection_search - ask until there is an answer, or the budget ends
 * @o: what the user asked for; has to live as long as @b
 * @b: gets what is known then
 *
 * What was seen is in O=/bisect.json after each run; a call with the same question goes
 * on there. Dies of a question that is none, and of a host at fault.
 *
 * Return: the last step
 */
struct bisect_step bisection_search(const struct options *o, struct bisection *b)
{
	struct bisect_step end;
	struct search s;

	make_dirs(o->out);
	open_search(&s, o);
	end = search(&s);
	builder_stop(&s);
	if (end.what == BISECT_FOUND)
		keep_last_pass(&s, end.commit);
	*b = s.b;
	return end;
}

/* A failure that one has is of a tree and a commit: BAD, unless the user says otherwise. */
static struct options complete(const struct options *o)
{
	struct options all = *o;
	struct request r;
	struct record rec;

	if (!*o->run || *o->request.tree)
		return all;
	record_read(&rec, o->run);
	record_request(&rec, &r);
	if (!*r.tree)
		die("RUN=%s is of no git tree of yours: TREE= names the one to bisect", o->run);
	all.request.tree = r.tree;
	/* What was HEAD then need not be now. */
	if (!*o->bad && *record_text(&rec, "image.commit"))
		all.bad = record_text(&rec, "image.commit");
	return all;
}

/**
 * cmd_bisect - find the commit that broke a test which fails now and then
 * @o: what the user asked for
 *
 * Return: EXIT_PASS if there is an answer, EXIT_BAD if the budget ended before
 */
int cmd_bisect(const struct options *o)
{
	__auto_free char *path = fmt("%s/bisect-report.json", o->out), *text = NULL;
	struct options all = complete(o);
	struct bisect_step end;
	struct bisection b;
	json_t *json;

	end = bisection_search(&all, &b);
	bisection_report(&b, &end, stdout);
	json = bisection_json(&b, &end);
	text = json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!text)
		die("out of memory");
	write_file(path, text, strlen(text));
	json_decref(json);
	return end.what == BISECT_FOUND || end.what == BISECT_NOTHING ? EXIT_PASS : EXIT_BAD;
}
