// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's user space: init, the programs and modules of the plan, BusyBox.
 * The same input gives the same bytes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "build/apt.h"
#include "build/exceptions.h"
#include "build/initramfs.h"
#include "build/modules.h"
#include "build/package.h"
#include "build/toolchain.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/ui.h"

static int is_source(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' &&
	       (!strcmp(d->d_name, "Kbuild") || !strcmp(d->d_name, "plan") ||
		(dot && (!strcmp(dot, ".c") || !strcmp(dot, ".h") || !strcmp(dot, ".sh")) &&
		 strncmp(dot - 4 > d->d_name ? dot - 4 : d->d_name, ".mod.c", 6)));
}

static int is_folder(const struct dirent *d)
{
	return d->d_name[0] != '.' && d->d_type == DT_DIR;
}

typedef void (*file_fn)(void *arg, const char *dir, const char *name);

/* A folder of sources has a Kbuild, or is a program: then it has a main.c. */
static bool has_sources(const char *folder)
{
	__auto_free char *kbuild = fmt("%sKbuild", folder), *program = fmt("%smain.c", folder);

	return exists(kbuild) || exists(program);
}

/* The sources of one folder; their names begin with @below, which ends in "/" */
static void each_of(const char *dir, const char *below, file_fn fn, void *arg,
		    int (*which)(const struct dirent *d), bool folders)
{
	__auto_free char *path = fmt("%s/%s", dir, below);
	struct dirent **names;
	int n = scandir(path, &names, which, alphasort);

	if (n < 0)
		die("cannot read %s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		__auto_free char *name = fmt("%s%s%s", below, names[i]->d_name,
					     folders ? "/" : "");
		__auto_free char *folder = fmt("%s/%s", dir, name);

		free(names[i]);
		if (!folders) {
			fn(arg, dir, name);
		} else if (has_sources(folder)) {
			each_of(dir, name, fn, arg, is_source, false);
			each_of(dir, name, fn, arg, is_folder, true);
		}
	}
	free(names);
}

/* The sources of a folder, and those of the folders in it that have some */
static void each_source(const char *dir, file_fn fn, void *arg)
{
	each_of(dir, "", fn, arg, is_source, false);
	each_of(dir, "", fn, arg, is_folder, true);
}

/* A copy of a folder with sources, while it is brought up to date */
struct mirror {
	const char *to;
	struct strv names;
};

/* Copy what changed, so that make sees only that. */
static void mirror_one(void *arg, const char *dir, const char *name)
{
	struct mirror *m = arg;
	__auto_free char *from = fmt("%s/%s", dir, name);
	__auto_free char *to = fmt("%s/%s", m->to, name);
	__auto_free char *have = NULL, *want = NULL;
	size_t len, have_len = 0;

	strv_add(&m->names, "%s", name);
	*strrchr(to, '/') = '\0';
	make_dirs(to);
	to[strlen(to)] = '/';
	want = read_file(from, &len);
	have = read_file(to, &have_len);
	if (!want)
		die("cannot read %s: %s", from, strerror(errno));
	if (!have || len != have_len || memcmp(have, want, len))
		write_file(to, want, len);
}

static void unmirror_one(void *arg, const char *dir, const char *name)
{
	const struct mirror *m = arg;
	__auto_free char *path = fmt("%s/%s", dir, name);

	if (!strv_has(&m->names, name))
		unlink(path);
}

/**
 * initramfs_mirror - have a copy of a folder with sources of modules
 * @from: the folder
 * @to: the copy, which make builds in
 *
 * Files that are as they should be keep their times; sources that are gone from the
 * folder go from the copy, too. Called with the tree locked that @to belongs to.
 */
void initramfs_mirror(const char *from, const char *to)
{
	struct mirror m = { .to = to };

	make_dirs(to);
	each_source(from, mirror_one, &m);
	each_source(to, unmirror_one, &m);
	strv_free(&m.names);
}

/**
 * initramfs_mirror_name - what the copy of a folder is called
 * @dir: the folder
 *
 * The names of modules' files in their messages begin with this, so that of one of
 * respawn's own folders is the same in each checkout: those that build for one kernel
 * take turns, as the tree is locked, and rebuild what differs. A user's folder has a
 * copy for itself.
 *
 * Return: a name without a slash, to be freed
 */
char *initramfs_mirror_name(const char *dir)
{
	__auto_free char *real = realpath(dir, NULL), *own = realpath(host_source(), NULL);
	size_t len = own ? strlen(own) : 0;
	char hex[HASH_LEN], *name;
	struct hash *h;

	if (!real)
		die("cannot read %s: %s", dir, strerror(errno));
	if (own && !strncmp(real, own, len) && real[len] == '/') {
		name = fmt("own%s", real + len);
		for (char *c = name; *c; c++)
			*c = *c == '/' ? '-' : *c;
		return name;
	}
	h = hash_new();
	hash_str(h, real);
	hash_end(h, hex);
	return fmt("suites-%.12s", hex);
}

/* How programs of the guest's are compiled; init is one of them. */
#define PROGRAM_FLAGS	"-static -O2 -std=gnu11 -Wall -Wextra -Wl,--build-id=none"

/* BusyBox of the guest's architecture, static, from the distribution */
static char *busybox(const struct arch *a)
{
	__auto_free char *lock = fmt("%s/apt.lock", host_cache()), *deb = NULL;
	char *path = fmt("%s/busybox/%s", host_cache(), a->name);
	__auto_free char *dir = fmt("%s/busybox", host_cache());
	int fd;

	if (exists(path))
		return path;
	make_dirs(dir);
	fd = lock_file(lock, "fetching BusyBox");
	if (!exists(path)) {
		deb = apt_download(a->debian, "busybox-static", NULL, a->suite);
		if (!deb)
			die("the archive gives no busybox-static for %s: no network, or no Debian; put a static BusyBox at %s",
			    a->debian, path);
		source_extract(deb, "bin/busybox", path);
	}
	close(fd);
	return path;
}

static char *initramfs_key(const struct kernel *k, const struct plan *p)
{
	__auto_free char *own = fmt("%s/initramfs", host_source()), *bb = busybox(k->arch);
	__auto_free char *exceptions = exceptions_of(&k->req);
	struct hash *h = hash_new();
	char key[HASH_LEN], hex[HASH_LEN];

	hash_str(h, "initramfs 8");
	/* Compiler and libraries are in that, too. */
	hash_str(h, k->key);
	hash_str(h, p->text);
	hash_str(h, exceptions);
	hash_str(h, k->req.series);
	hash_str(h, k->req.selftests);
	hash_str(h, PROGRAM_FLAGS);
	cache_hash_file(bb, hex);
	hash_str(h, hex);
	hash_folder(h, own);
	for (size_t i = 0; i < p->dirs.n; i++) {
		__auto_free char *name = initramfs_mirror_name(p->dirs.v[i]);

		hash_str(h, name);
		/* A program may include whatever is there. */
		hash_folder(h, p->dirs.v[i]);
	}
	hash_end(h, key);
	return fmt("%.24s", key);
}

static void add(struct archive *a, const char *name, mode_t mode,
		const char *data, size_t len)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, len);
	archive_entry_set_mtime(e, 0, 0);
	if (S_ISCHR(mode)) {
		archive_entry_set_rdevmajor(e, 5);
		archive_entry_set_rdevminor(e, 1);
	}
	if (archive_write_header(a, e) ||
	    (len && archive_write_data(a, data, len) != (la_ssize_t)len))
		die("cannot write the initramfs: %s", archive_error_string(a));
	archive_entry_free(e);
}

static void add_file(struct archive *a, const char *name, const char *path)
{
	size_t len;
	__auto_free char *data = read_file(path, &len);

	if (!data)
		die("cannot read %s: %s", path, strerror(errno));
	add(a, name, S_IFREG | 0755, data, len);
}

/* What every program of the guest's is linked with */
static const char *const shared[] = { "kmsg.c", "guest.c" };

/* A script for BusyBox, NAME.sh, or NULL */
static char *script(const char *dir, const char *name)
{
	char *path = fmt("%s/%s.sh", dir, name);

	if (exists(path))
		return path;
	free(path);
	return NULL;
}

static void add_source(void *arg, const char *dir, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot && !strcmp(dot, ".c"))
		strv_add(arg, "%s/%s", dir, name);
}

static void program_sources(const char *dir, const char *name, struct strv *argv)
{
	__auto_free char *file = fmt("%s/%s.c", dir, name);
	__auto_free char *folder = fmt("%s/%s", dir, name);

	if (exists(file))
		strv_add(argv, "%s", file);
	else
		each_source(folder, add_source, argv);
}

/*
 * Build a static program of the guest's from its sources, and what all share. A script is
 * as it is.
 */
static char *program(const struct kernel *k, const char *dir, const char *name)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *cc = toolchain_compiler(k->arch), *said = NULL;
	char *out = fmt("%s/respawn-%s", k->out, name);
	struct run_opts o = { .out = &said };
	char *sh = script(dir, name);

	if (sh) {
		free(out);
		return sh;
	}
	strv_add(&argv, "%s", cc);
	strv_split(&argv, PROGRAM_FLAGS, " ");
	strv_add(&argv, "-I%s/initramfs", host_source());
	strv_add(&argv, "-o%s", out);
	program_sources(dir, name, &argv);
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		strv_add(&argv, "%s/initramfs/%s", host_source(), shared[i]);
	if (run(&argv, &o))
		die("%s/%s does not build for %s: %s", dir, name, k->arch->name, said);
	return out;
}

static bool is_shared(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (!strcmp(name, shared[i]))
			return true;
	return false;
}

static void own_program(void *arg, const char *dir, const char *name)
{
	size_t len = strlen(name), cut = strlen(".c");
	const char *slash = strchr(name, '/');

	(void)dir;
	if (slash && strcmp(slash, "/main.c"))
		return;
	if (slash)
		cut = strlen(slash);
	if (len > 2 && !strcmp(name + len - 2, ".c") &&
	    strcmp(name, "init.c") && !is_shared(name))
		strv_add(arg, "%.*s", (int)(len - cut), name);
}

/* Every program of ours, as modules may call them, and those of the steps */
static void program_names(const struct plan *p, const char *own, struct strv *names)
{
	each_source(own, own_program, names);
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->steps[i].program, "-") && !strv_has(names, p->steps[i].program))
			strv_add(names, "%s", p->steps[i].program);
}

static void add_programs(struct archive *a, const struct kernel *k,
			 const struct plan *p)
{
	__auto_strv struct strv names = { 0 };
	__auto_free char *own = fmt("%s/initramfs", host_source());
	__auto_free char *init = program(k, own, "init"), *bb = busybox(k->arch);

	add_file(a, "init", init);
	add_file(a, "bin/busybox", bb);
	program_names(p, own, &names);
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *to = fmt("bin/%s", names.v[i]);
		__auto_free char *dir = plan_program(p, names.v[i]);
		__auto_free char *bin = program(k, dir, names.v[i]);

		add_file(a, to, bin);
	}
}

/**
 * struct built - folders whose modules were built
 * @from: the folders
 * @to: the copies of them that have the modules
 */
struct built {
	struct strv from;
	struct strv to;
};

/* Build the modules of every folder that has some, in copies of the folders. */
static void build_modules(const struct kernel *k, struct tree *t, const struct plan *p,
			  struct built *built)
{
	const struct strv *dirs = &p->dirs;

	for (size_t i = 0; i < dirs->n; i++) {
		__auto_free char *kbuild = fmt("%s/Kbuild", dirs->v[i]), *name = NULL;

		if (!exists(kbuild))
			continue;
		name = initramfs_mirror_name(dirs->v[i]);
		strv_add(&built->from, "%s", dirs->v[i]);
		strv_add(&built->to, "%s/respawn-modules/%s", k->out, name);
		initramfs_mirror(dirs->v[i], built->to.v[built->to.n - 1]);
		kernel_modules(k, t, built->to.v[built->to.n - 1]);
	}
}

/*
 * Where a module of this build lies, or NULL; one that is there, but not in the
 * list, is of an earlier build.
 */
static char *module_path(const char *dir, const char *name)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *order = fmt("%s/modules.order", dir);
	__auto_free char *text = read_file(order, NULL), *file = fmt("/%s.ko", name);
	size_t len = strlen(file);

	strv_split(&lines, text ? text : "", "\n");
	for (size_t i = 0; i < lines.n; i++) {
		__auto_free char *path = modules_path(dir, lines.v[i]);

		if (strlen(path) > len && !strcmp(path + strlen(path) - len, file))
			return fmt("%s", path);
	}
	return NULL;
}

/* The module of this build, or NULL; dies if two folders make one of that name */
static char *find_module(const struct built *built, const char *name)
{
	const char *from = NULL;
	char *found = NULL;

	for (size_t i = 0; i < built->to.n; i++) {
		__auto_free char *ko = module_path(built->to.v[i], name);

		if (!ko)
			continue;
		if (found)
			die("module %s is made in %s and in %s: call one of them otherwise", name,
			    from, built->from.v[i]);
		from = built->from.v[i];
		found = copy(ko);
	}
	return found;
}

static bool add_module(struct archive *a, const char *name, const struct built *built)
{
	__auto_free char *to = fmt("modules/%s.ko", name), *ko = find_module(built, name);

	if (ko)
		add_file(a, to, ko);
	return ko;
}

/* Those of the steps, and those that they or init load besides */
static void add_modules(struct archive *a, const struct kernel *k, const struct plan *p,
			const struct built *built)
{
	static const char *const besides[] = { PLAN_BESIDES };

	for (size_t i = 0; i < ARRAY_SIZE(besides); i++)
		add_module(a, besides[i], built);
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->steps[i];
		__auto_free char *lack = plan_step_lacks(s, &k->req, k->config);

		if (strcmp(s->module, "-") && !add_module(a, s->module, built) && !lack)
			die("step %s: no Kbuild of a folder of suites makes %s.ko", s->name,
			    s->module);
	}
}

/* --- Tests that others wrote --- */

static bool is_needed(const struct tree_module *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strv_has(&all[i].needs, name) &&
		    (all[i].suites.n || is_needed(all, n, all[i].name)))
			return true;
	return false;
}

/*
 * The modules of the tree, and which of them the program kunit is to load: in a line each
 * with its suites, in order. KUnit leaves out a suite without cases, so that one of a
 * module's has to report; how many there are, the module's plan says.
 */
static void add_tree_modules(struct archive *a, const struct kernel *k)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *text = NULL;
	struct tree_module *all;
	size_t n = modules_read(k->out, &all), suites = 0;

	for (size_t i = 0; i < n; i++) {
		__auto_free char *to = fmt("modules/%s.ko", all[i].name);
		__auto_free char *names = strv_join(&all[i].suites, "|");

		add_file(a, to, all[i].path);
		suites += all[i].suites.n;
		if (all[i].suites.n || is_needed(all, n, all[i].name))
			strv_add(&lines, "%s %s\n", all[i].name, *names ? names : "-");
	}
	if (*k->req.kunitconfig && !suites)
		die_tree("KUNITCONFIG=%s: no module of %s has a suite", k->req.kunitconfig,
			 k->req.kunitconfig);
	text = strv_join(&lines, "");
	add(a, "kunit", S_IFREG | 0644, text, strlen(text));
	modules_free(all, n);
}

/* A folder and all below it */
static void add_folder(struct archive *a, const char *from, const char *to)
{
	struct dirent **names;
	int n = scandir(from, &names, NULL, alphasort);

	if (n < 0)
		die("cannot read %s: %s", from, strerror(errno));
	add(a, to, S_IFDIR | 0755, NULL, 0);
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		__auto_free char *path = fmt("%s/%s", from, name), *dest = fmt("%s/%s", to, name);

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			;
		else if (names[i]->d_type == DT_DIR)
			add_folder(a, path, dest);
		else
			add_file(a, dest, path);
		free(names[i]);
	}
	free(names);
}

/* kselftest leaves out in silence what has nothing to run. */
static void check_selftests(const struct kernel *k, const char *dir)
{
	__auto_free char *path = fmt("%s/kselftest-list.txt", dir), *list = read_file(path, NULL);
	__auto_free char *lines = fmt("\n%s", list ? list : "");
	__auto_strv struct strv names = { 0 };

	strv_split(&names, k->req.selftests, ", ");
	for (size_t i = 0; i < names.n; i++) {
		__auto_free char *entry = fmt("\n%s:", names.v[i]);

		if (!strstr(lines, entry))
			die_tree("SELFTESTS=%s: there is nothing to run in %s", k->req.selftests,
				 names.v[i]);
	}
}

static void add_selftests(struct archive *a, const struct kernel *k, struct tree *t)
{
	__auto_free char *dir = fmt("%s/installed-selftests", k->out);

	if (!*k->req.selftests)
		return;
	remove_tree(dir);
	make_dirs(dir);
	kernel_selftests(k, t, dir);
	check_selftests(k, dir);
	add_folder(a, dir, "selftests");
}

static void write_archive(const char *path, const struct kernel *k, struct tree *t,
			  const struct plan *p, const struct built *modules)
{
	static const char *const dirs[] = {
		"bin", "dev", "modules", "proc", "sys", "tmp",
	};
	__auto_free char *exceptions = exceptions_of(&k->req);
	struct archive *a = archive_write_new();

	archive_write_set_format_cpio_newc(a);
	archive_write_set_bytes_per_block(a, 512);
	if (archive_write_open_filename(a, path))
		die("cannot write %s: %s", path, archive_error_string(a));
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		add(a, dirs[i], S_IFDIR | 0755, NULL, 0);
	/* What init has as its standard files until devtmpfs is mounted */
	add(a, "dev/console", S_IFCHR | 0600, NULL, 0);
	add(a, "plan", S_IFREG | 0644, p->text, strlen(p->text));
	add(a, "exceptions", S_IFREG | 0644, exceptions, strlen(exceptions));
	add_modules(a, k, p, modules);
	add_tree_modules(a, k);
	add_selftests(a, k, t);
	add_programs(a, k, p);
	if (archive_write_close(a))
		die("cannot write %s: %s", path, archive_error_string(a));
	archive_write_free(a);
}

/**
 * initramfs_path - where the guest's user space lies, built or not
 * @k: the kernel its modules are for
 * @p: what has to be in it
 *
 * Return: path of the cpio archive in the cache, to be freed
 */
char *initramfs_path(const struct kernel *k, const struct plan *p)
{
	__auto_free char *key = initramfs_key(k, p);

	return fmt("%s/initramfs/%s.cpio", host_cache(), key);
}

/**
 * initramfs_build - have the guest's user space
 * @k: the kernel its modules are for
 * @t: that kernel's source
 * @p: what has to be in it
 *
 * Return: path of the cpio archive in the cache, to be freed. Dies if it can't
 * be built.
 */
char *initramfs_build(const struct kernel *k, struct tree *t, const struct plan *p)
{
	struct built modules = { 0 };
	__auto_free char *dir = fmt("%s/initramfs", host_cache());
	char *path = initramfs_path(k, p);
	__auto_free char *tmp = publish_name(path);

	if (cache_use(path))
		return path;
	make_dirs(dir);
	kernel_folder(k, t);
	build_modules(k, t, p, &modules);
	ui_stage(k->arch->name, "initramfs");
	do {
		write_archive(tmp, k, t, p, &modules);
		publish_file(tmp, path);
	} while (!cache_use(path));
	tree_unlock(t);
	strv_free(&modules.from);
	strv_free(&modules.to);
	ui_done("init, %zu steps, BusyBox", p->n);
	return path;
}

static struct archive *open_archive(const char *path)
{
	struct archive *a = archive_read_new();

	archive_read_support_format_cpio(a);
	if (archive_read_open_filename(a, path, 1 << 16))
		die("cannot read %s: %s", path, archive_error_string(a));
	return a;
}

/* The next entry, or NULL after the last one */
static struct archive_entry *next_entry(struct archive *a, const char *path)
{
	struct archive_entry *e;
	int ret = archive_read_next_header(a, &e);

	if (ret != ARCHIVE_OK && ret != ARCHIVE_EOF)
		die("%s is damaged: %s", path, archive_error_string(a));
	return ret == ARCHIVE_OK ? e : NULL;
}

/* What an entry has in it, with a NUL behind that */
static char *content(struct archive *a, struct archive_entry *e, const char *path)
{
	size_t len = archive_entry_size(e);
	char *data = malloc(len + 1);

	if (!data || archive_read_data(a, data, len) != (la_ssize_t)len)
		die("%s is damaged: %s ends early", path, archive_entry_pathname(e));
	data[len] = '\0';
	return data;
}

/**
 * initramfs_plan - the steps that an initramfs was made with
 * @path: the initramfs
 *
 * For who has a run again: the folders that the steps came from may have changed since, or
 * be on another machine. Dies if the archive is damaged.
 *
 * Return: the table, to be freed
 */
char *initramfs_plan(const char *path)
{
	struct archive *a = open_archive(path);
	struct archive_entry *e;
	char *text = NULL;

	while (!text && (e = next_entry(a, path)))
		if (!strcmp(archive_entry_pathname(e) ?: "", "plan"))
			text = content(a, e, path);
	if (!text)
		die("%s is damaged: it has no plan", path);
	archive_read_free(a);
	return text;
}

/* The name of a module, from that of its file, or NULL */
static char *module_name(const char *path)
{
	const char *name = path + strlen("modules/");
	const char *end = strstr(path, ".ko");

	/* Of someone else's bundle: a name is a name, and no way to elsewhere. */
	if (strncmp(path, "modules/", name - path) || !end || end[3] || *name == '.' ||
	    strchr(name, '/'))
		return NULL;
	return fmt("%.*s", (int)(end - name), name);
}

/**
 * initramfs_modules - take the modules out of an initramfs
 * @path: the initramfs
 * @dir: folder that they are put into
 *
 * For who needs the symbols of a run whose build is gone. Dies if the archive is
 * damaged.
 */
void initramfs_modules(const char *path, const char *dir)
{
	struct archive *a = open_archive(path);
	struct archive_entry *e;

	while ((e = next_entry(a, path))) {
		__auto_free char *name = module_name(archive_entry_pathname(e) ?: "");
		__auto_free char *to = NULL, *data = NULL;

		if (!name)
			continue;
		data = content(a, e, path);
		to = fmt("%s/%s.ko", dir, name);
		write_file(to, data, archive_entry_size(e));
	}
	archive_read_free(a);
}
