// SPDX-License-Identifier: GPL-2.0-only
/*
 * What CI checks, cell by cell: each is a 'check' of its own, in a process and a folder
 * of its own, so that one that dies takes no other along. What is over is not done again
 * until all are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "build/tree.h"
#include "cmd/cells.h"
#include "cmd/cmd.h"
#include "lib/cache.h"
#include "lib/hash.h"
#include "lib/host.h"
#include "lib/lock.h"
#include "lib/ui.h"
#include "report/report.h"

/* Cells at once: one builds while the guests of another run. */
#define AT_ONCE	2

/**
 * struct cell_run - a cell at work
 * @cell: which one
 * @key: of all that it is asked, what the files have that are named included
 * @pid: its process; 0 if it has not begun or is over
 * @begun: when
 * @status: exit status, once it is over; negative before
 * @seconds: that it took
 */
struct cell_run {
	const struct cell *cell;
	char key[HASH_LEN];
	pid_t pid;
	double begun;
	int status;
	double seconds;
};

/**
 * struct matrix - all cells that are asked for
 * @o: what the user asked for
 * @key: of the respawn that checks them
 * @cells: that configs/matrix has
 * @runs: those that are asked for
 * @n: how many
 */
struct matrix {
	const struct options *o;
	char key[HASH_LEN];
	struct cells cells;
	struct cell_run *runs;
	size_t n;
};

static bool is_chosen(const char *patterns, const char *name)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, *patterns ? patterns : "*", " ,");
	for (size_t i = 0; i < all.n; i++)
		if (!fnmatch(all.v[i], name, 0))
			return true;
	return false;
}

/* A name that is misspelt would be a cell that nobody misses. */
static void check_patterns(const struct matrix *m)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, m->o->cells, " ,");
	for (size_t i = 0; i < all.n; i++) {
		size_t j = 0;

		while (j < m->cells.n && fnmatch(all.v[i], m->cells.v[j].name, 0))
			j++;
		if (j == m->cells.n)
			die("CELLS=%s: no such cell; 'make matrix-list' shows them", all.v[i]);
	}
}

static void open_matrix(struct matrix *m, const struct options *o)
{
	*m = (struct matrix){ .o = o };
	cells_read(&m->cells, o->matrix);
	check_patterns(m);
	m->runs = need(m->cells.n, sizeof(*m->runs));
	for (size_t i = 0; i < m->cells.n; i++)
		if (is_chosen(o->cells, m->cells.v[i].name))
			m->runs[m->n++] = (struct cell_run){
				.cell = &m->cells.v[i], .status = -1,
			};
	if (!m->n)
		die("CELLS=%s: no such cell; 'make matrix-list' shows them", o->cells);
}

/* ---- what a cell is asked ------------------------------------------------------------ */

/* What guests are made from */
static void hash_own(struct hash *h)
{
	static const char *const own[] = {
		"configs", "initramfs", "kernel-overlay", "kernel-patch", "kunit", "qemu",
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		__auto_free char *dir = fmt("%s/%s", host_source(), own[i]);

		hash_folder(h, dir);
	}
}

/* By whom it is checked: what a cell came to holds for no other. */
static void find_key(struct matrix *m)
{
	struct hash *h = hash_new();
	char hex[HASH_LEN];

	hash_file("/proc/self/exe", hex);
	hash_str(h, hex);
	hash_own(h);
	hash_end(h, m->key);
}

/* What is wrong with the tree of all cells is said once. */
static void check_tree(const struct request *r)
{
	if (*r->tree)
		free(tree_user_commit(r->tree, r->commit));
}

/* Have a word of a cell in its request, if it may name files or commits. */
static void set_word(struct request *r, const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < request_field_count; i++) {
		const struct field *f = &request_fields[i];
		const char **to = (const char **)((char *)r + f->offset);

		if (strlen(f->name) != len || strncmp(f->name, word, len))
			continue;
		if (f->kind == FIELD_TEXT)
			*to = copy(word + len + 1);
		if (f->kind == FIELD_PATH || f->kind == FIELD_PATHS)
			*to = absolute_path(word + len + 1);
	}
}

static struct request request_of(const struct matrix *m, const struct cell *c)
{
	__auto_strv struct strv words = { 0 };
	struct request r = m->o->request;

	strv_split(&words, c->words, " ");
	for (size_t i = 0; i < words.n; i++)
		set_word(&r, words.v[i]);
	return r;
}

/* The cell says what is wrong with a file that is not there. */
static void hash_paths(struct hash *h, const char *paths)
{
	__auto_strv struct strv all = { 0 };

	strv_split(&all, paths, " ");
	for (size_t i = 0; i < all.n; i++)
		if (exists(all.v[i]))
			hash_folder(h, all.v[i]);
	hash_str(h, "");
}

/* What the files and the tree have in them that a request names */
static void hash_contents(struct hash *h, const struct request *r)
{
	__auto_free char *inside = fmt("%s/.kunitconfig", r->kunitconfig), *commit = NULL;
	__auto_free char *name = fmt("%s^{commit}", *r->commit ? r->commit : "HEAD");
	char hex[HASH_LEN];

	if (exists(r->tree))
		commit = tree_ask_user(r->tree, "rev-parse --verify --end-of-options", name, NULL);
	hash_str(h, commit ?: "");
	if (exists(r->tarball)) {
		cache_hash_file(r->tarball, hex);
		hash_str(h, hex);
	}
	hash_paths(h, r->patches);
	hash_paths(h, r->suites);
	/* Any other is in the tree. */
	if (*r->kunitconfig == '/')
		hash_paths(h, exists(inside) ? inside : r->kunitconfig);
}

static void find_cell_key(const struct matrix *m, struct cell_run *run)
{
	struct request r = request_of(m, run->cell);
	json_t *o = request_to_json(&r);
	__auto_free char *request = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	struct hash *h = hash_new();

	json_decref(o);
	if (!request)
		die("out of memory");
	hash_str(h, m->key);
	hash_str(h, request);
	hash_str(h, run->cell->words);
	hash_contents(h, &r);
	hash_end(h, run->key);
}

/* ---- what is over already ------------------------------------------------------------ */

static char *result_path(const struct matrix *m, const struct cell *c)
{
	__auto_free char *dir = cell_folder(m->o->out, c);

	return fmt("%s/result.json", dir);
}

static void read_result(const struct matrix *m, struct cell_run *r)
{
	__auto_free char *path = result_path(m, r->cell);
	json_t *o = json_load_file(path, 0, NULL);
	const char *key = json_string_value(json_object_get(o, "key"));
	const json_t *status = json_object_get(o, "status");

	/* An error says nothing of the kernel. */
	if (key && !strcmp(key, r->key) && json_is_integer(status) &&
	    json_integer_value(status) < EXIT_ERROR) {
		r->status = json_integer_value(status);
		r->seconds = json_number_value(json_object_get(o, "seconds"));
	}
	json_decref(o);
}

static char *log_path(const struct matrix *m, const struct cell *c)
{
	__auto_free char *dir = cell_folder(m->o->out, c);

	return fmt("%s/log", dir);
}

/* The last line that a cell wrote */
static char *last_word(const struct matrix *m, const struct cell *c)
{
	__auto_free char *path = log_path(m, c), *text = read_file(path, NULL);
	__auto_strv struct strv lines = { 0 };

	strv_split(&lines, text ?: "", "\n");
	return copy(lines.n ? lines.v[lines.n - 1] : "it said nothing");
}

/* A cell that has begun has a result, too, which has no status before it is over. */
static void write_result(const struct matrix *m, const struct cell_run *r)
{
	__auto_free char *path = result_path(m, r->cell), *last = NULL, *text = NULL;
	json_t *o = json_pack("{s:s, s:s, s:s}", "cell", r->cell->name, "words",
			      r->cell->words, "key", r->key);

	if (r->status >= 0) {
		last = last_word(m, r->cell);
		json_object_set_new(o, "status", json_integer(r->status));
		json_object_set_new(o, "seconds", json_real(r->seconds));
		json_object_set_new(o, "last_line", json_string(last) ?: json_string(""));
	}
	text = json_dumps(o, JSON_INDENT(1));

	if (!text)
		die("out of memory");
	write_file(path, text, strlen(text));
	json_decref(o);
}

/* A matrix that was interrupted goes on; one that is over begins anew. */
static size_t recall(struct matrix *m)
{
	size_t known = 0;

	for (size_t i = 0; i < m->n; i++) {
		find_cell_key(m, &m->runs[i]);
		read_result(m, &m->runs[i]);
		known += m->runs[i].status >= 0;
	}
	if (known < m->n)
		return known;
	for (size_t i = 0; i < m->n; i++)
		m->runs[i].status = -1;
	return 0;
}

/* A report is of these cells, and of none that an earlier matrix had. */
static void write_last(const struct matrix *m)
{
	__auto_free char *dir = fmt("%s/matrix", m->o->out), *path = cells_last(dir);
	__auto_free char *text = NULL;
	__auto_strv struct strv names = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		__auto_free char *folder = cell_folder(m->o->out, m->runs[i].cell);

		strv_add(&names, "%s\n", strrchr(folder, '/') + 1);
	}
	text = strv_join(&names, "");
	make_dirs(dir);
	write_file(path, text, strlen(text));
}

/* ---- running them --------------------------------------------------------------------- */

static void __noreturn be_cell(const struct matrix *m, const struct cell *c, pid_t parent)
{
	__auto_free char *log = log_path(m, c), *dir = cell_folder(m->o->out, c);
	struct strv argv = { 0 };
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	end_with_parent(parent);
	/* What make was told is the matrix's. */
	unsetenv("RESPAWN_MAKE");
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_ERROR);
	strv_add(&argv, "respawn");
	strv_add(&argv, "check");
	strv_split(&argv, c->words, " ");
	strv_add(&argv, "O=%s", dir);
	execv("/proc/self/exe", argv.v);
	_exit(EXIT_ERROR);
}

static void start(struct matrix *m, struct cell_run *r)
{
	__auto_free char *dir = cell_folder(m->o->out, r->cell);
	pid_t self = getpid();

	/* Records of an earlier time are none of this one. */
	remove_tree(dir);
	make_dirs(dir);
	write_result(m, r);
	fflush(stdout);
	r->begun = now();
	r->pid = fork();
	if (r->pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!r->pid)
		be_cell(m, r->cell, self);
}

static void show_row(const struct matrix *m, const struct cell_run *r)
{
	static const char *const words[] = { "ok", "not ok", "ERROR" };
	__auto_free char *last = last_word(m, r->cell);
	int at = r->status > EXIT_ERROR ? EXIT_ERROR : r->status;

	ui_interrupt();
	printf("%-20s %s%-7s%s %7.1f s  %s\n", r->cell->name,
	       ui_on(stdout, at ? UI_RED : UI_GREEN), words[at], ui_off(stdout), r->seconds, last);
}

static void finish(struct matrix *m, struct cell_run *r, int status)
{
	r->pid = 0;
	r->seconds = now() - r->begun;
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ERROR;
	write_result(m, r);
	show_row(m, r);
}

static struct cell_run *by_pid(struct matrix *m, pid_t pid)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->runs[i].pid == pid)
			return &m->runs[i];
	return NULL;
}

/* What a person sees meanwhile */
static void show(const struct matrix *m, size_t over)
{
	__auto_strv struct strv running = { 0 };
	__auto_free char *names = NULL;

	for (size_t i = 0; i < m->n; i++)
		if (m->runs[i].pid)
			strv_add(&running, "%s %.0f s", m->runs[i].cell->name,
				 now() - m->runs[i].begun);
	names = strv_join(&running, ", ");
	ui_progress(over, m->n, names);
}

static void run_cells(struct matrix *m)
{
	size_t most = m->o->guests ?: AT_ONCE, next = 0, running = 0, over = 0;

	for (size_t i = 0; i < m->n; i++)
		over += m->runs[i].status >= 0;
	while (over < m->n) {
		struct cell_run *r;
		int status;
		pid_t pid;

		for (; next < m->n && running < most; next++) {
			if (m->runs[next].status >= 0)
				continue;
			start(m, &m->runs[next]);
			running++;
		}
		show(m, over);
		pid = waitpid(-1, &status, WNOHANG);
		r = pid > 0 ? by_pid(m, pid) : NULL;
		if (!r) {
			usleep(100000);
			continue;
		}
		finish(m, r, status);
		running--;
		over++;
	}
}

/* Two in one folder would remove what the other one is about to write. */
static void take_folder(const struct options *o)
{
	__auto_free char *path = fmt("%s/matrix.lock", o->out);

	make_dirs(o->out);
	if (lock_try(path) < 0)
		die("another matrix runs in O=%s: wait for its end, or give this one an O= of its own",
		    o->out);
}

/**
 * cmd_matrix - check the cells of configs/matrix
 * @o: what the user asked for: CELLS= has patterns of their names
 *
 * Return: the worst exit status of a cell
 */
int cmd_matrix(const struct options *o)
{
	unsigned int counts[3] = { 0 };
	int worst = EXIT_PASS;
	struct matrix m;
	size_t known;

	open_matrix(&m, o);
	take_folder(o);
	check_tree(&o->request);
	find_key(&m);
	known = recall(&m);
	write_last(&m);
	if (known)
		ui_note("%zu of %zu cells are over already: it goes on with the others", known,
			m.n);
	ui_stage("matrix", "check");
	run_cells(&m);
	ui_done("%zu cells", m.n);
	for (size_t i = 0; i < m.n; i++) {
		int s = m.runs[i].status > EXIT_ERROR ? EXIT_ERROR : m.runs[i].status;

		counts[s]++;
		worst = s > worst ? s : worst;
	}
	if (counts[EXIT_BAD] + counts[EXIT_ERROR])
		printf("\nwhat did not pass:\n");
	for (size_t i = 0; i < m.n; i++)
		if (m.runs[i].status)
			printf("  %s: make check %s\n    %s/runs, %s\n", m.runs[i].cell->name,
			       m.runs[i].cell->words, cell_folder(o->out, m.runs[i].cell),
			       log_path(&m, m.runs[i].cell));
	report_total(stdout, counts[EXIT_PASS], counts[EXIT_BAD] + counts[EXIT_ERROR], 0);
	return worst;
}

/* ---- lists of them -------------------------------------------------------------------- */

static void list_text(const struct matrix *m)
{
	for (size_t i = 0; i < m->n; i++)
		printf("%-20s %s\n", m->runs[i].cell->name, m->runs[i].cell->words);
}

static void print_json(json_t *o)
{
	if (!o || json_dumpf(o, stdout, JSON_COMPACT))
		die("the cells can't be written");
	putchar('\n');
	json_decref(o);
}

/* What GitHub's fromJSON() takes for a matrix */
static void list_json(const struct matrix *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++) {
		const struct cell *c = m->runs[i].cell;

		/* Cells of one pin have one source, which is cached once. */
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "name", c->name,
						      "arch", c->arch, "pin", c->pin ?: "default",
						      "words", c->words));
	}
	print_json(list);
}

#define INSTALL	"apt-get update -q && apt-get install -y -q --no-install-recommends git gcc libc6-dev make ca-certificates"
#define JUNIT	"make -s report RUN=build/matrix FORMAT=junit > junit.xml"
#define BUNDLE	"make -s bundle RUN=build/matrix"
/* A bundle has its own. */
#define NO_SNAPSHOT	"build/matrix/*/runs/*/snapshot"

/* GitLab caches nothing that is outside of the clone. */
#define CACHE		"$CI_PROJECT_DIR/.cache"
#define CACHED(what)	".cache/respawn/" what

/*
 * Once for a pin, what the kernels are made from; for each cell, what was compiled, to go on
 * from; and what boots, as long as it is made from the same.
 */
static json_t *gitlab_caches(const struct cell *c)
{
	__auto_free char *name = copy(c->name);
	__auto_free char *source = fmt("source-%s", c->pin ?: "default");
	__auto_free char *objects = NULL, *images = NULL;
	struct hash *h = hash_new();
	char hex[HASH_LEN];

	for (char *slash = name; (slash = strchr(slash, '/'));)
		*slash = '-';
	hash_own(h);
	hash_end(h, hex);
	objects = fmt("objects-%s", name);
	images = fmt("images-%s-%.16s", name, hex);
	return json_pack("[{s:s, s:[s]}, {s:s, s:[s,s]}, {s:s, s:[s,s]}]",
			 "key", source, "paths", CACHED("tree/*/git"),
			 "key", objects, "paths", CACHED("busybox"), CACHED("ccache"),
			 "key", images, "paths", CACHED("initramfs"), CACHED("kernel"));
}

/* A child pipeline of GitLab's, which reads JSON as the YAML that it is */
static void list_gitlab(const struct matrix *m)
{
	json_t *all = json_object();

	for (size_t i = 0; i < m->n; i++) {
		const struct cell *c = m->runs[i].cell;
		__auto_free char *check = fmt("make matrix CELLS='%s'", c->name);

		json_t *job = json_pack("{s:s, s:{s:s}, s:o, s:[s], s:[s], s:[s,s], s:{s:s, s:[s,s], s:[s], s:{s:s}}}",
					"image", "debian:bookworm",
					"variables", "XDG_CACHE_HOME", CACHE,
					"cache", gitlab_caches(c), "before_script", INSTALL,
					"script", check, "after_script", JUNIT, BUNDLE,
					"artifacts", "when", "always",
					"paths", "build/matrix", "build/*.bundle.tar.gz",
					"exclude", NO_SNAPSHOT,
					"reports", "junit", "junit.xml");

		json_object_set_new(all, c->name, job);
	}
	print_json(all);
}

static const struct {
	const char *format;
	void (*list)(const struct matrix *m);
} lists[] = {
	{ "text", list_text }, { "json", list_json }, { "gitlab", list_gitlab },
};

/**
 * cmd_matrix_list - list the cells of configs/matrix
 * @o: what the user asked for: FORMAT=, CELLS=
 *
 * CI services make their jobs of the JSON.
 *
 * Return: EXIT_PASS
 */
int cmd_matrix_list(const struct options *o)
{
	struct matrix m;

	open_matrix(&m, o);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		if (strcmp(lists[i].format, o->format))
			continue;
		lists[i].list(&m);
		return EXIT_PASS;
	}
	die("FORMAT=%s: a list of cells is text, json or gitlab", o->format);
}
