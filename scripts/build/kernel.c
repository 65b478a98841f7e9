// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernels: configured from fragments, built in the cache, published under a
 * name that says everything they were made of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build/kernel.h"
#include "build/kunitconfig.h"
#include "build/toolchain.h"
#include "judge/utf8.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/memo.h"
#include "lib/ui.h"

/* What a first build prints, until it is known better. */
#define USUAL_LINES	1500

static char *fragment_path(const char *name)
{
	return fmt("%s/configs/%s.config", host_source(), name);
}

/* One that has to be there */
static char *fragment(const char *name)
{
	__auto_free char *path = fragment_path(name);
	char *text = read_file(path, NULL);

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	return text;
}

static char *flavour(const char *config)
{
	__auto_free char *name = fmt("flavour-%s", config), *path = fragment_path(name);

	if (!strcmp(config, "default"))
		return copy("");
	if (!exists(path))
		die("CONFIG=%s: there is no %s", config, path);
	return fragment(name);
}

/* The fragments that all kernels of an architecture have */
static char *usual_fragments(const struct request *r)
{
	__auto_free char *base = fragment("base");
	__auto_free char *series = request_has_series(r) ? fragment("series") : copy("");
	__auto_free char *overlay = request_has_overlay(r) ? fragment("overlay") : copy("");
	__auto_free char *arch = fragment(r->arch->name);

	return fmt("%s\n%s\n%s\n%s", base, series, overlay, arch);
}

/* Those that come on top of these in what was asked for, and override them */
static char *special_fragments(const struct request *r)
{
	__auto_free char *more = flavour(r->config);
	__auto_free char *kunit = *r->kunitconfig ? fragment("kunitconfig") : copy("");

	return fmt("%s%s%s", more, *kunit ? "\n" : "", kunit);
}

/**
 * kernel_config - what a kernel's configuration is made from
 * @r: which kernel
 * @t: its source; NULL if there is none yet
 *
 * Called for a key, and to see what a kernel will have. Dies if a fragment is missing.
 *
 * Return: fragments, in the order in which they override each other, to be freed; NULL if
 * a file of the tree's, which KUNITCONFIG= names, is one of them, and there is no tree
 */
char *kernel_config(const struct request *r, const struct tree *t)
{
	__auto_free char *usual = usual_fragments(r), *special = special_fragments(r);

	return t || kunitconfig_is_own(r) ? kunitconfig_add(usual, special, t, r) : NULL;
}

/* The same source has to give the same kernel, whoever builds it when. */
static const char *const settings[] = {
	"KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 2026",
	"KBUILD_BUILD_USER=respawn",
	"KBUILD_BUILD_HOST=respawn",
	"KBUILD_BUILD_VERSION=1",
	"LOCALVERSION=",
};

/* Suites are written for a kernel that has all defaults. */
static const char *config_target(const struct kernel *k)
{
	return *k->req.kunitconfig ? "alldefconfig" : "allnoconfig";
}

static void kernel_key(struct kernel *k, const struct tree *t)
{
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, "kernel 3");
	hash_str(h, k->arch->name);
	hash_str(h, t->hash);
	hash_str(h, k->config);
	if (*k->req.kunitconfig)
		hash_str(h, config_target(k));
	hash_str(h, toolchain_id(k->arch));
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		hash_str(h, settings[i]);
	hash_end(h, key);
	k->key = fmt("%.24s", key);
	k->compiler = toolchain_version(k->arch);
}

static void make_command(const struct kernel *k, const struct tree *t,
			 struct strv *argv, struct strv *env)
{
	__auto_free char *cc = toolchain_cached(k->arch, env);

	strv_split(argv, "make --no-print-directory", " ");
	strv_add(argv, "-j%u", host_jobs());
	strv_add(argv, "-C");
	strv_add(argv, "%s", t->src);
	strv_add(argv, "O=%s", k->out);
	strv_add(argv, "ARCH=%s", k->arch->srcarch);
	strv_add(argv, "CROSS_COMPILE=%s", arch_is_host(k->arch) ? "" : k->arch->cross);
	strv_add(argv, "CC=%s", cc);
	if (ui_verbose())
		strv_add(argv, "V=1");

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		strv_add(env, "%s", settings[i]);
	/* For kunit/Kbuild: with part of the series, no module may need it. */
	strv_add(env, "RESPAWN_SERIES=%s", k->req.series);
}

/* A build in progress, as its output shows it */
struct build {
	unsigned int lines;
	unsigned int usual;
	bool host_failed;
	bool link_failed;
	char first_error[512];
};

/* What a build says that ends for want of something that no tree is to blame for */
static const char *const host_faults[] = {
	"No space left on device", "Disk quota exceeded", "Read-only file system",
	"Input/output error", "Too many open files", "Cannot allocate memory",
	"Resource temporarily unavailable", "virtual memory exhausted",
	"Killed signal terminated program", "] Killed", "] Error 127",
};

static bool is_host_fault(const char *line)
{
	/* A compiler that quotes a line of the source, which may print anything */
	if (strstr(line, " | ") || strstr(line, "warning"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(host_faults); i++)
		if (strstr(line, host_faults[i]))
			return true;
	return false;
}

static void build_line(void *arg, const char *line)
{
	struct build *b = arg;
	const char *file = strrchr(line, ' ');
	char note[64] = "";
	bool fault;

	if (ui_verbose())
		fputs(line, stderr);
	/* What the host lacks says more than what comes of that; a warning of it does not. */
	fault = !b->host_failed && !b->first_error[0] && is_host_fault(line);
	if (fault || (!b->first_error[0] &&
		      (strstr(line, "error:") || strstr(line, "Error ") ||
		       strstr(line, "undefined reference") || strstr(line, "ERROR: modpost"))))
		snprintf(b->first_error, sizeof(b->first_error), "%.*s",
			 (int)strcspn(line, "\n"), line);
	b->host_failed |= fault;
	b->link_failed |= !!strstr(line, "vmlinux] Error ");
	b->lines++;
	/* Files of the kernel's are named from its top; others are not shown. */
	if (file && file[1] != '/')
		snprintf(note, sizeof(note), "%.*s", (int)strcspn(file + 1, "\n"), file + 1);
	ui_progress(b->lines, b->usual, note);
}

/*
 * Run the kernel's make with these words. NULL, or what went wrong, with the
 * log's name, to be freed. Dies where the host is at fault, and not the tree.
 */
static char *try_make(const struct kernel *k, const struct tree *t, const struct strv *more,
		      struct build *b)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	__auto_free char *log = fmt("%s/build.log", k->out);
	struct run_opts o = { .env = &env, .log = log, .line = build_line, .arg = b };

	make_command(k, t, &argv, &env);
	for (size_t i = 0; i < more->n; i++) {
		if (strchr(more->v[i], '=') && !strncmp(more->v[i], "KCONFIG_", 8))
			strv_add(&env, "%s", more->v[i]);
		else
			strv_add(&argv, "%s", more->v[i]);
	}
	if (!run(&argv, &o))
		return NULL;
	if (b->host_failed)
		die("this host can't build the %s kernel of %s: %s; see %s; if it is the commit after all, 'git bisect skip' or 'make bisect-skip' leaves it out",
		    k->arch->name, t->name, b->first_error, log);
	return fmt("%s kernel of %s does not build: %s; see %s", k->arch->name,
		   t->name, b->first_error[0] ? b->first_error : "make failed", log);
}

/* The tree is at fault, if anything is. */
static void must(char *why)
{
	if (why)
		die_tree("%s", why);
}

/* Does .config say @line, which is "CONFIG_X=v" or "# CONFIG_X is not set"? */
static bool config_says(const char *config, const char *line)
{
	__auto_free char *whole = fmt("\n%s\n", line), *name = NULL;

	if (strstr(config, whole))
		return true;
	if (line[0] != '#' && !strstr(line, "=n"))
		return false;
	/* What cannot even be asked for is not set either. */
	name = line[0] == '#' ? fmt("\n%.*s=", (int)strcspn(line + 2, " "), line + 2)
			      : fmt("\n%.*s=", (int)strcspn(line, "="), line);
	return !strstr(config, name);
}

static bool is_setting(const char *line)
{
	return !strncmp(line, "CONFIG_", 7) ||
	       (!strncmp(line, "# CONFIG_", 9) && strstr(line, " is not set"));
}

/* The name in a setting: what comes up to "=" or " " */
static size_t setting_name(const char *line, const char **name)
{
	*name = line[0] == '#' ? line + 2 : line;
	return strcspn(*name, "= ");
}

static bool overridden(const struct strv *lines, size_t i)
{
	const char *name, *other;
	size_t len = setting_name(lines->v[i], &name);

	for (size_t j = i + 1; j < lines->n; j++)
		if (is_setting(lines->v[j]) &&
		    setting_name(lines->v[j], &other) == len &&
		    !strncmp(name, other, len))
			return true;
	return false;
}

/**
 * kernel_asks_for - will a kernel have an option?
 * @config: from kernel_config()
 * @option: "CONFIG_..."
 *
 * Return: whether the last setting of it is y or m
 */
bool kernel_asks_for(const char *config, const char *option)
{
	__auto_strv struct strv lines = { 0 };
	const char *name;

	strv_lines(&lines, config);
	for (size_t i = lines.n; i--;)
		if (is_setting(lines.v[i]) &&
		    setting_name(lines.v[i], &name) == strlen(option) &&
		    !strncmp(name, option, strlen(option)))
			return has_end(lines.v[i], "=y") || has_end(lines.v[i], "=m");
	return false;
}

/* Does .config know nothing at all of the option in @line? */
static bool is_unknown(const char *config, const char *line)
{
	const char *name;
	int len = setting_name(line, &name);
	__auto_free char *set = fmt("\n%.*s=", len, name);
	__auto_free char *unset = fmt("\n# %.*s ", len, name);

	return !strstr(config, set) && !strstr(config, unset);
}

/* A paragraph of a fragment whose first line says so has options that some trees lack. */
static bool may_be_missing(bool paragraph, const char *line)
{
	return *line && (paragraph || !strcmp(line, "# May be missing:"));
}

/**
 * kernel_config_lacks - what is asked for that a configuration does not have?
 * @is: the configuration, as .config has it
 * @asked: the fragments
 * @partly: all options may be unknown, as part of the series is not there yet
 *
 * An option that falls out of a configuration in silence tests nothing. Only where a
 * fragment says so it may be unknown.
 *
 * Return: the line that asks for it, to be freed, or NULL
 */
char *kernel_config_lacks(const char *is, const char *asked, bool partly)
{
	__auto_strv struct strv lines = { 0 };
	bool may = false;

	strv_lines(&lines, asked);
	for (size_t i = 0; i < lines.n; i++) {
		may = may_be_missing(may, lines.v[i]);
		if (is_setting(lines.v[i]) && !overridden(&lines, i) &&
		    !config_says(is, lines.v[i]) &&
		    !((partly || may) && is_unknown(is, lines.v[i])))
			return copy(lines.v[i]);
	}
	return NULL;
}

static char *verify_config(const struct kernel *k, bool partly)
{
	__auto_free char *path = fmt("%s/.config", k->out), *is = read_file(path, NULL);
	__auto_free char *lacks = NULL;

	if (!is)
		die("the kernel's configuration left no %s", path);
	lacks = kernel_config_lacks(is, k->config, partly);
	if (!lacks)
		return NULL;
	if (*k->req.kunitconfig && kunitconfig_is_test(lacks))
		return fmt("KUNITCONFIG=%s asks for '%s', which the %s kernel of this tree can't have as a module: a dependency is missing, or it is always built in, and then its suites run before init and can be no step",
			   k->req.kunitconfig, lacks, k->arch->name);
	return fmt("configs/ asks for '%s', but the %s kernel of this tree does not take it: a dependency is missing, or the option has another name",
		   lacks, k->arch->name);
}

static char *configure(struct kernel *k, struct tree *t, bool partly)
{
	__auto_strv struct strv words = { 0 };
	__auto_free char *all = fmt("%s/fragments.config", k->out);
	struct build b = { .usual = 0 };
	char *why;

	write_file(all, k->config, strlen(k->config));
	strv_add(&words, "KCONFIG_ALLCONFIG=%s", all);
	strv_add(&words, "%s", config_target(k));
	why = try_make(k, t, &words, &b);
	return why ? why : verify_config(k, partly);
}

/* ---- what does not build ------------------------------------------------------------- */

/*
 * Programs that the build makes for itself, for which libraries have to be there that no
 * kernel's name tells of
 */
static const char *const own_programs[] = { "scripts/", "tools/", "certs/" };

/* What comes after "file:line:column: ", or NULL if that is not how @line begins */
static const char *past_place(const char *line)
{
	line += strcspn(line, ": ");
	for (int i = 0; i < 2; i++) {
		size_t digits = *line == ':' ? strspn(line + 1, "0123456789") : 0;

		if (!digits)
			return NULL;
		line += 1 + digits;
	}
	return strncmp(line, ": ", 2) ? NULL : line + 2;
}

static bool begins(const char *s, const char *begin)
{
	return !strncmp(s, begin, strlen(begin));
}

/* Does the compiler say that a file of the kernel in @src is wrong? */
static bool is_of_source(const char *line, const char *src)
{
	const char *file = begins(line, src) ? line + strlen(src) : line, *error;

	file += *file == '/';
	for (size_t i = 0; i < ARRAY_SIZE(own_programs); i++)
		if (begins(file, own_programs[i]))
			return false;
	error = past_place(file);
	/* To be unable to write is fatal, too. */
	return error && (begins(error, "error: ") || (begins(error, "fatal error: ") &&
		has_end(error, ": No such file or directory")));
}

/* Would it fail so again, whatever becomes of the host? Only what surely is so counts. */
static bool fails_again(const struct build *b, const struct tree *t)
{
	const char *error = b->first_error;

	return is_of_source(error, t->src) ||
	       (b->link_failed && strstr(error, "undefined reference to ")) ||
	       (begins(error, "ERROR: modpost: ") && has_end(error, " undefined!"));
}

static char *failures(void)
{
	return fmt("%s/memo/build", host_cache());
}

static void remember_failure(const struct kernel *k, const char *error)
{
	__auto_free char *dir = failures(), *text = utf8_copy(error);

	memo_write(dir, k->key, json_string(text));
}

/* Why a kernel does not build, if that is known, to be freed */
static char *recall_failure(const struct kernel *k, const struct tree *t)
{
	__auto_free char *dir = failures();
	json_t *error = memo_read(dir, k->key);
	char *why = NULL;

	if (json_is_string(error))
		why = fmt("%s kernel of %s does not build: %s; this is known from last time, and is tried again without %s",
			  k->arch->name, t->name, json_string_value(error), dir);
	json_decref(error);
	return why;
}

/* ---- building ------------------------------------------------------------------------ */

/*
 * What the build folder holds: the key of a kernel, and the source files that
 * may have changed since. NULL if it is not @key, else these files, to be freed.
 */
static char *holds(const struct kernel *k, const char *key)
{
	__auto_free char *path = fmt("%s/respawn-holds", k->out), *is = read_file(path, NULL);
	size_t len = strlen(key);

	if (!is || strncmp(is, key, len) || (is[len] && is[len] != ' '))
		return NULL;
	return copy(is + len);
}

static void set_holds(const struct kernel *k, const char *key, const char *files)
{
	__auto_free char *path = fmt("%s/respawn-holds", k->out);
	__auto_free char *text = fmt("%s %s", key, files);

	if (*key)
		write_file(path, text, strlen(text));
	else
		unlink(path);
}

/*
 * Have the build folder, without what other compilers and the like have made: make
 * notices another compiler, but no other assembler. Called with the tree locked.
 */
static void have_folder(const struct kernel *k)
{
	__auto_free char *stamp = fmt("%s/respawn-toolchain", k->out);
	__auto_free char *is = read_file(stamp, NULL);
	const char *id = toolchain_id(k->arch);

	if (!is || strcmp(is, id)) {
		remove_tree(k->out);
		make_dirs(k->out);
		write_file(stamp, id, strlen(id));
	}
	cache_use(k->out);
}

/*
 * Have the build folder in the state that is published as @k->key. NULL, or why
 * it does not build, to be freed.
 */
static char *try_build(struct kernel *k, struct tree *t, bool partly)
{
	__auto_strv struct strv words = { 0 };
	__auto_free char *stamp = fmt("%s/respawn-key", k->out), *is = NULL;
	__auto_free char *lines_path = fmt("%s/respawn-lines", k->out), *usual = NULL;
	__auto_free char *log = fmt("%s/build.log", k->out), *text = NULL;
	struct build b = { .usual = USUAL_LINES };
	char *why;

	tree_checkout(t);
	have_folder(k);
	is = read_file(stamp, NULL);
	if (is && !strcmp(is, k->key))
		return NULL;
	ui_stage(k->arch->name, "kernel");
	unlink(stamp);
	unlink(log);
	set_holds(k, "", "");
	why = configure(k, t, partly);
	if (why)
		return why;
	usual = read_file(lines_path, NULL);
	if (usual && atoi(usual) > 0)
		b.usual = atoi(usual);
	strv_add(&words, "%s", k->arch->target);
	strv_add(&words, "modules");
	why = try_make(k, t, &words, &b);
	if (why && fails_again(&b, t))
		remember_failure(k, b.first_error);
	if (why)
		return why;
	if (!usual) {
		text = fmt("%u", b.lines);
		write_file(lines_path, text, strlen(text));
	}
	set_holds(k, k->key, "");
	write_file(stamp, k->key, strlen(k->key));
	ui_done("built, %s, config %s", t->name, k->req.config);
	return NULL;
}

/*
 * The same, where only these source files differ from what the folder holds.
 * The kernel's make walks through a thousand folders to find that nothing is to
 * be done there. It does not if it is asked for single objects; and then it
 * links without a walk if the folder to begin in is said to be another one, and
 * if the archive of all objects, which is a list of their names, is gone.
 */
static void build_files(struct kernel *k, struct tree *t, const struct strv *files)
{
	__auto_strv struct strv objects = { 0 }, link = { 0 };
	__auto_free char *stamp = fmt("%s/respawn-key", k->out);
	__auto_free char *log = fmt("%s/build.log", k->out);
	__auto_free char *archive = fmt("%s/vmlinux.a", k->out);
	/* What it prints beyond a line per object is some fifty lines. */
	struct build b = { .usual = 50 };

	ui_stage(k->arch->name, "kernel");
	unlink(stamp);
	unlink(log);
	unlink(archive);
	for (size_t i = 0; i < files->n; i++)
		strv_add(&objects, "%.*s.o", (int)strlen(files->v[i]) - 2, files->v[i]);
	must(try_make(k, t, &objects, &b));
	strv_add(&link, "build-dir=nowhere");
	strv_add(&link, "%s", k->arch->target);
	must(try_make(k, t, &link, &b));
	write_file(stamp, k->key, strlen(k->key));
	ui_done("built, %s, config %s", t->name, k->req.config);
}

static void publish(const struct kernel *k)
{
	__auto_free char *tmp = publish_name(k->dir);
	static const char *const files[][2] = {
		{ "vmlinux", "vmlinux" }, { ".config", "config" },
		{ "include/config/kernel.release", "release" },
	};
	__auto_free char *image = fmt("%s/%s", k->out, k->arch->image);
	__auto_free char *to = fmt("%s/image", tmp);

	make_dirs(tmp);
	copy_file(image, to);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		__auto_free char *from = fmt("%s/%s", k->out, files[i][0]);
		__auto_free char *dest = fmt("%s/%s", tmp, files[i][1]);

		copy_file(from, dest);
	}
	publish_dir(tmp, k->dir);
}

/* In the cache, and for us to use: somebody may make room there at any time. */
static void have_published(const struct kernel *k)
{
	while (!cache_use(k->dir))
		publish(k);
}

/**
 * kernel_name - say where a kernel lies, built or not
 * @k: gets its names
 * @r: which architecture and configuration
 * @t: which source
 */
void kernel_name(struct kernel *k, const struct request *r, const struct tree *t)
{
	k->req = *r;
	k->arch = r->arch;
	k->config = kernel_config(r, t);
	kernel_key(k, t);
	k->dir = fmt("%s/kernel/%s", host_cache(), k->key);
	k->image = fmt("%s/image", k->dir);
	k->out = fmt("%s/out/%s-%s", t->dir, r->arch->name, r->config);
}

/**
 * kernel_build - have a kernel
 * @k: from kernel_name()
 * @t: its source
 *
 * Builds only what is not in the cache. Dies if it does not build, or if the
 * configuration is not what the fragments ask for.
 */
void kernel_build(struct kernel *k, struct tree *t)
{
	must(kernel_have(k, t));
}

/**
 * kernel_have - have a kernel, if it builds
 * @k: from kernel_name()
 * @t: its source
 *
 * Builds only what is not in the cache, and not what failed before for what its source is.
 *
 * Return: NULL, or why it does not build, to be freed
 */
char *kernel_have(struct kernel *k, struct tree *t)
{
	char *why;

	if (cache_use(k->dir))
		return NULL;
	why = recall_failure(k, t);
	return why ? why : kernel_try(k, t, false);
}

/**
 * kernel_try - the same, with a log of it
 * @k: from kernel_name()
 * @t: its source
 * @partly: options that the series has not brought yet may be missing
 *
 * The log is that of a build in @k->out, even if the kernel is in the cache.
 *
 * Return: NULL, or why it does not build, to be freed
 */
char *kernel_try(struct kernel *k, struct tree *t, bool partly)
{
	char *why = try_build(k, t, partly);

	if (!why)
		have_published(k);
	tree_unlock(t);
	return why;
}

/**
 * kernel_make - run the kernel's make, for what is no kernel
 * @k: from kernel_name(); its build folder has to be configured only
 * @t: its source
 * @words: what to make, and how
 * @said: gets what make and the compiler say, to be freed
 *
 * Return: NULL, or why it can't even be configured, to be freed
 */
char *kernel_make(struct kernel *k, struct tree *t, const struct strv *words, char **said)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	__auto_free char *stamp = fmt("%s/respawn-key", k->out), *is = NULL;
	struct run_opts o = { .env = &env, .out = said };
	char *why = NULL;

	*said = NULL;
	tree_checkout(t);
	have_folder(k);
	is = read_file(stamp, NULL);
	if (!is || strcmp(is, k->key)) {
		unlink(stamp);
		set_holds(k, "", "");
		why = configure(k, t, true);
	}
	if (!why) {
		make_command(k, t, &argv, &env);
		for (size_t i = 0; i < words->n; i++)
			strv_add(&argv, "%s", words->v[i]);
		run(&argv, &o);
	}
	tree_unlock(t);
	return why;
}

/**
 * kernel_build_near - have a kernel that differs from another in one file
 * @k: from kernel_name()
 * @t: its source
 * @near: the other kernel
 * @file: the C file that differs
 *
 * Far quicker than kernel_build() if one of that kind was built last. Dies if
 * it does not build.
 */
void kernel_build_near(struct kernel *k, struct tree *t, const struct kernel *near,
		       const char *file)
{
	__auto_free char *changed = NULL, *all = NULL;
	__auto_strv struct strv files = { 0 };
	bool known = false;

	if (cache_use(k->dir))
		return;
	tree_checkout(t);
	changed = holds(k, near->key);
	strv_split(&files, changed, " ");
	for (size_t i = 0; i < files.n; i++)
		known |= !strcmp(files.v[i], file);
	if (!known)
		strv_add(&files, "%s", file);
	all = fmt("%s%s%s", changed ? changed : "", known ? "" : " ", known ? "" : file);
	if (changed) {
		set_holds(k, near->key, all);
		build_files(k, t, &files);
	} else {
		must(try_build(k, t, false));
		set_holds(k, near->key, all);
	}
	have_published(k);
	tree_unlock(t);
}

/**
 * kernel_folder - have the build folder as it is right after the kernel was built
 * @k: the kernel
 * @t: its source; locked on return, for as long as the folder is needed
 *
 * For what is built against it. Dies if the kernel does not build.
 */
void kernel_folder(const struct kernel *k, struct tree *t)
{
	struct kernel again = *k;

	must(try_build(&again, t, false));
}

/**
 * kernel_modules - build modules from a folder of sources with a Kbuild
 * @k: the kernel they are for
 * @t: its source, from kernel_folder()
 * @dir: the folder, outside the user's; products go there
 *
 * Dies if they do not build.
 */
void kernel_modules(const struct kernel *k, struct tree *t, const char *dir)
{
	__auto_strv struct strv words = { 0 };
	struct build b = { .usual = 20 };

	strv_add(&words, "M=%s", dir);
	/* Where the cache lies is in no message of a module's. */
	strv_add(&words, "KCFLAGS=-fmacro-prefix-map=%s/=", dir);
	strv_add(&words, "modules");
	must(try_make(k, t, &words, &b));
}

/**
 * kernel_check_selftests - has a tree the kselftests of a request?
 * @r: the request
 * @t: the tree
 *
 * Called before anything is built. Dies if it has none of a name.
 */
void kernel_check_selftests(const struct request *r, const struct tree *t)
{
	__auto_strv struct strv names = { 0 };

	strv_split(&names, r->selftests, ", ");
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *path = fmt("tools/testing/selftests/%s/Makefile", names.v[i]);
		__auto_free char *makefile = tree_read(t, path);

		if (!makefile)
			die_tree("SELFTESTS=%s: %s has no tools/testing/selftests/%s",
				 r->selftests, t->name, names.v[i]);
	}
}

/**
 * kernel_selftests - build the tree's own kselftests, static, for the guest
 * @k: the kernel they are for
 * @t: its source, from kernel_folder()
 * @dir: empty folder that they are installed into, as kselftest has it
 *
 * Dies if they do not build.
 */
void kernel_selftests(const struct kernel *k, struct tree *t, const char *dir)
{
	__auto_free char *cc = toolchain_compiler(k->arch), *rsync = find_program("rsync");
	__auto_strv struct strv words = { 0 }, names = { 0 };
	__auto_free char *targets = NULL, *stale = fmt("%s/kselftest", k->out);
	struct build b = { .usual = 200 };

	strv_split(&names, k->req.selftests, ", ");
	if (!rsync)
		die("SELFTESTS=%s: kselftest installs with rsync, which is missing: make deps SELFTESTS=%s",
		    k->req.selftests, k->req.selftests);
	/* Its make looks at few headers, and would take what another content gave. */
	remove_tree(stale);
	targets = strv_join(&names, " ");
	strv_add(&words, "TARGETS=%s", targets);
	strv_add(&words, "INSTALL_PATH=%s", dir);
	strv_add(&words, "FORCE_TARGETS=1");
	/* Not all kernels take USERLDFLAGS=. */
	strv_add(&words, "CC=%s -static", cc);
	strv_add(&words, "kselftest-install");
	must(try_make(k, t, &words, &b));
}
