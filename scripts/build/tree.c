// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel sources: the pinned one, a tarball, or a git tree of the user's, each
 * with the series and the user's patches on top. The user's tree is only ever
 * read: its objects are borrowed by a repository of our own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/package.h"
#include "build/tree.h"
#include "lib/cache.h"
#include "lib/host.h"
#include "lib/ui.h"

/* Our repositories are the same to git whatever the user has in ~/.gitconfig. */
static void git_env(struct strv *env, const char *index)
{
	strv_add(env, "GIT_CONFIG_GLOBAL=/dev/null");
	strv_add(env, "GIT_CONFIG_NOSYSTEM=1");
	if (index)
		strv_add(env, "GIT_INDEX_FILE=%s", index);
}

/* git in a tree's repository; its output without the last newline, or NULL */
static char *git(const struct tree *t, const char *index, int *status,
		 const char *words, ...)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	struct run_opts o = { .env = &env };
	char *out = NULL;
	va_list args;
	const char *w;
	int ret;

	o.out = &out;
	strv_add(&argv, "git");
	strv_add(&argv, "--git-dir=%s", t->git);
	strv_add(&argv, "--work-tree=%s", t->src);
	strv_split(&argv, "-c core.attributesFile=/dev/null -c checkout.workers=0", " ");
	strv_split(&argv, words, " ");
	va_start(args, words);
	while ((w = va_arg(args, const char *)))
		strv_add(&argv, "%s", w);
	va_end(args);
	git_env(&env, index);
	ret = run(&argv, &o);
	if (status)
		*status = ret;
	else if (ret)
		die("git %s failed: %s", words, out);
	out[strcspn(out, "\n")] = status && ret ? out[strcspn(out, "\n")] : '\0';
	return out;
}

static void create_repository(const char *git)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	__auto_free char *tmp = publish_name(git), *said = NULL;
	struct run_opts o = { .env = &env, .out = &said };

	git_env(&env, NULL);
	strv_split(&argv, "git init -q --bare", " ");
	strv_add(&argv, "%s", tmp);
	if (run(&argv, &o))
		die("cannot create the repository %s: %.*s", git, (int)strcspn(said, "\n"), said);
	publish_dir(tmp, git);
}

static void tree_paths(struct tree *t, const char *id)
{
	t->dir = fmt("%s/tree/%s", host_cache(), id);
	t->git = fmt("%s/git", t->dir);
	t->src = fmt("%s/src", t->dir);
	t->commit = NULL;
	t->lock = -1;
	/* Somebody may make room in the cache at any time. */
	do {
		make_dirs(t->dir);
	} while (!cache_use(t->dir));
	if (!exists(t->git))
		create_repository(t->git);
}

/* A file or folder of this process alone */
static char *own_name(const struct tree *t, const char *what)
{
	__auto_free char *path = fmt("%s/%s", t->dir, what);

	return publish_name(path);
}

static void tree_lock(struct tree *t)
{
	__auto_free char *path = fmt("%s/lock", t->dir);

	if (t->lock < 0)
		t->lock = lock_file(path, "building from the same kernel tree");
}

/**
 * tree_unlock - let other runs move the work tree
 * @t: the tree; nothing happens if it is not locked
 */
void tree_unlock(struct tree *t)
{
	if (t->lock >= 0)
		close(t->lock);
	t->lock = -1;
}

static bool has_ref(const struct tree *t, const char *ref)
{
	__auto_free char *path = fmt("%s/%s", t->git, ref);

	return exists(path);
}

/* What was imported and is no kernel goes: another file may have this name next time. */
static void must_be_kernel(const struct tree *t, const char *ref, const char *tarball)
{
	__auto_free char *kthread = tree_read_of(t, ref, "kernel/kthread.c");

	if (kthread)
		return;
	free(git(t, NULL, NULL, "update-ref -d", ref, NULL));
	die("KERNEL_TARBALL=%s is no source of a kernel in a folder: it has no <folder>/kernel/kthread.c",
	    tarball);
}

/* Have the package of @p, or the tarball, as a commit. */
static void import(struct tree *t, const char *ref, const struct pin *p, const char *tarball)
{
	__auto_free char *deb = NULL;

	if (has_ref(t, ref))
		return;
	tree_lock(t);
	if (!has_ref(t, ref)) {
		ui_stage("kernel", "source");
		deb = p ? pin_fetch(p) : copy(tarball);
		source_import(deb, t->git, ref);
		if (tarball)
			must_be_kernel(t, ref, tarball);
		ui_done("%s", t->name);
	}
	tree_unlock(t);
}

static char *base_of(const struct tree *t, const char *ref)
{
	__auto_free char *content = fmt("%s^{tree}", ref);

	return git(t, NULL, NULL, "rev-parse", content, NULL);
}

/**
 * tree_open_pin - the repository that has the pinned kernel, without the series
 * @t: gets its names and the base
 * @p: the pin
 *
 * Return: the commit of the base, to be freed
 */
char *tree_open_pin(struct tree *t, const struct pin *p)
{
	__auto_free char *ref = fmt("refs/respawn/%s", p->sha256);

	tree_paths(t, p->package);
	t->name = fmt("%s %s", p->package, p->version);
	import(t, ref, p, NULL);
	t->base = base_of(t, ref);
	return git(t, NULL, NULL, "rev-parse", ref, NULL);
}

static void open_tarball(struct tree *t, const char *tarball)
{
	__auto_free char *ref = NULL;
	char id[HASH_LEN];
	struct hash *h = hash_new();
	struct stat st;

	if (stat(tarball, &st))
		die("KERNEL_TARBALL=%s: %s", tarball, strerror(errno));
	if (!S_ISREG(st.st_mode))
		die("KERNEL_TARBALL=%s is no file: a source package or a tarball is wanted",
		    tarball);
	hash_str(h, tarball);
	hash_add(h, &st.st_size, sizeof(st.st_size));
	hash_add(h, &st.st_mtim, sizeof(st.st_mtim));
	hash_end(h, id);
	tree_paths(t, "tarball");
	t->name = copy(tarball);
	ref = fmt("refs/respawn/%s", id);
	import(t, ref, NULL, tarball);
	t->base = base_of(t, ref);
}

/**
 * tree_ask_user - what git says of the user's own repository, which stays as it is
 * @tree: TREE=
 * @what: words for git
 * @...: more of them, which may have spaces, up to NULL
 *
 * Neither takes a lock nor refreshes the index.
 *
 * Return: its answer without the last newline, to be freed; or NULL if it has none
 */
char *tree_ask_user(const char *tree, const char *what, ...)
{
	__auto_strv struct strv argv = { 0 };
	char *out = NULL;
	struct run_opts o = { .out = &out, .quiet_err = true };
	va_list args;
	const char *w;

	strv_split(&argv, "git --no-optional-locks -C", " ");
	strv_add(&argv, "%s", tree);
	strv_split(&argv, what, " ");
	va_start(args, what);
	while ((w = va_arg(args, const char *)))
		strv_add(&argv, "%s", w);
	va_end(args);
	if (run(&argv, &o)) {
		free(out);
		return NULL;
	}
	if (has_end(out, "\n"))
		out[strlen(out) - 1] = '\0';
	return out;
}

/* What is tested is a commit: whoever has more than that may not know. */
static void tell_of_changes(const char *tree)
{
	static bool told;
	__auto_free char *changes = NULL;

	if (told)
		return;
	told = true;
	changes = tree_ask_user(tree, "status --porcelain --untracked-files=no", NULL);
	if (changes && *changes)
		ui_note("TREE=%s has changes that are in no commit, which are not tested: commit them, or have them in PATCHES=",
			tree);
}

/**
 * tree_user_commit - the commit of the user's tree that is meant
 * @tree: TREE=
 * @name: COMMIT=, empty for what is checked out
 *
 * Return: its id, to be freed. Dies if there is none.
 */
char *tree_user_commit(const char *tree, const char *name)
{
	__auto_free char *words = fmt("%s^{commit}", *name ? name : "HEAD");
	__auto_free char *dir = NULL;
	char *commit;

	if (access(tree, F_OK))
		die("TREE=%s: %s", tree, strerror(errno));
	dir = tree_ask_user(tree, "rev-parse --git-dir", NULL);
	if (!dir)
		die("TREE=%s is no git repository, or of another user: 'git -C %s status' says which, and 'git config --global --add safe.directory' trusts it",
		    tree, tree);
	commit = tree_ask_user(tree, "rev-parse --verify --end-of-options", words, NULL);
	if (!commit && *name)
		die("COMMIT=%s: TREE=%s has no such commit", name, tree);
	if (!commit)
		die("TREE=%s has no commit yet", tree);
	return commit;
}

/* Objects of a partial clone come as git asks for them; our repository can't ask. */
static void must_be_complete(const char *tree, const char *commit)
{
	__auto_free char *partial = tree_ask_user(tree, "config --get-regexp",
						  "^extensions.partialclone$|^remote.*.promisor$",
						  NULL);
	__auto_free char *objects = NULL;

	if (!partial)
		return;
	objects = tree_ask_user(tree, "rev-list --objects --missing=print -1", commit, NULL);
	if (!objects || strstr(objects, "\n?"))
		die("TREE=%s is a partial clone that lacks files of this commit; 'git -C %s fetch --refetch --no-filter' brings them",
		    tree, tree);
}

static void open_user(struct tree *t, const char *tree, const char *name)
{
	char *commit = tree_user_commit(tree, name);
	__auto_free char *content = NULL, *kthread = NULL;
	__auto_free char *real = realpath(tree, NULL);
	__auto_free char *objects = NULL, *alternates = NULL, *text = NULL;
	__auto_free char *id = NULL;
	char hex[HASH_LEN];
	struct hash *h = hash_new();

	if (!real)
		die("TREE=%s: %s", tree, strerror(errno));
	hash_str(h, real);
	hash_end(h, hex);
	id = fmt("user-%.12s", hex);
	objects = tree_ask_user(tree, "rev-parse --path-format=absolute --git-path objects", NULL);
	if (!objects)
		die("TREE=%s: git does not say where its objects are", tree);
	must_be_complete(tree, commit);
	kthread = tree_ask_user(tree, "ls-tree --full-tree --name-only", commit,
				"kernel/kthread.c", NULL);
	if (!kthread || !*kthread)
		die("TREE=%s is no tree of a kernel: it has no kernel/kthread.c", tree);
	if (!*name)
		tell_of_changes(tree);
	tree_paths(t, id);
	alternates = fmt("%s/objects/info/alternates", t->git);
	text = fmt("%s\n", objects);
	write_file(alternates, text, strlen(text));
	t->commit = commit;
	t->name = fmt("%s at %.12s", real, commit);
	content = fmt("%s^{tree}", commit);
	t->base = tree_ask_user(tree, "rev-parse --verify", content, NULL);
	if (!t->base)
		die("TREE=%s: the content of commit %s is not there", tree, commit);
}

/**
 * tree_series - the patches of the series in apply order
 * @files: gets their paths
 */
void tree_series(struct strv *files)
{
	__auto_strv struct strv lines = { 0 };
	__auto_free char *path = fmt("%s/kernel-patch/series", host_source());
	__auto_free char *text = read_file(path, NULL);

	if (!text)
		die("cannot read %s: %s", path, strerror(errno));
	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i][0] != '#')
			strv_add(files, "%s/kernel-patch/%s", host_source(), lines.v[i]);
}

/* "error: patch failed: kernel/kthread.c:12" says all that counts. */
static char *patch_failed(const char *patch, const char *said)
{
	const char *at = strstr(said, "patch failed: ");
	char file[256] = "", *end;
	int line = 0;

	if (at && sscanf(at + strlen("patch failed: "), "%255[^:\n]:%d", file, &line) == 2)
		return fmt("%s does not apply: hunk at line %d of %s",
			   patch, line, file);
	at = strstr(said, "error: ");
	at = at ? at + strlen("error: ") : said;
	end = strchr(at, '\n');
	return fmt("%s does not apply: %.*s", patch,
		   end ? (int)(end - at) : (int)strlen(at), at);
}

static bool begins_line(const char *text, const char *words)
{
	__auto_free char *later = fmt("\n%s", words);

	return !strncmp(text, words, strlen(words)) || strstr(text, later);
}

static bool has_diff(const char *text)
{
	return begins_line(text, "diff --git ") || begins_line(text, "--- ");
}

/*
 * Is it the patch that is wrong? git ends with the same statuses if a disk is full or
 * if somebody else has its lock.
 */
static bool is_of_patch(int status, const char *said)
{
	static const char *const faults[] = {
		"patch failed: ", "does not apply", "corrupt patch", "corrupt binary patch",
		"No such file or directory", "does not exist in index", "already exists",
		"No valid patches", "unrecognized", "patch fragment without header",
		"git diff header lacks", "inconsistent", "invalid path", "wrong type",
		"has type ", "depends on old contents", "still has contents",
		"leaves file contents", "binary patch", "has been renamed/deleted",
		"affected file", "bad git-diff", "invalid mode",
	};
	const char *error = begins_line(said, "error: ") ? strstr(said, "error: ") : NULL;

	if ((status != 1 && status != 128) || !error || begins_line(said, "fatal: "))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
		if (strstr(error, faults[i]))
			return true;
	return false;
}

/* Have one patch on top of the index. NULL, or why it does not apply, to be freed */
static char *apply_one(struct tree *t, const char *index, const char *name, const char *path)
{
	int status;
	__auto_free char *said = git(t, index, &status, "apply --cached --whitespace=nowarn",
				     path, NULL);

	if (!status)
		return NULL;
	if (is_of_patch(status, said))
		return patch_failed(name, said);
	unlink(index);
	die("git apply failed (status %d), which says nothing of %s: %.*s", status, name,
	    (int)strcspn(said, "\n"), said);
}

/* The patch of a mail, decoded; its path, to be freed, or NULL if the mail has none */
static char *mail_patch(const char *name, const char *mail)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL, *text = NULL, *diff = NULL;
	char *path = fmt("%s.patch", mail);
	struct feed f;
	size_t len;

	text = read_file(mail, &len);
	if (!text)
		die("cannot read %s: %s", mail, strerror(errno));
	strv_split(&argv, "git mailinfo -n --no-scissors --quoted-cr=nowarn", " ");
	strv_add(&argv, "%s.message", mail);
	strv_add(&argv, "%s", path);
	feed_begin(&f, &argv);
	fwrite(text, 1, len, f.to);
	if (feed_end(&f, &said))
		die("%s: git mailinfo cannot read it: %.*s", name, (int)strcspn(said, "\n"), said);
	diff = read_file(path, NULL);
	if (diff && has_diff(diff))
		return path;
	free(path);
	return NULL;
}

/* The mails of a file, each a file of its own in @dir; 0 if it is no mailbox */
static int split_mails(const char *patch, const char *dir)
{
	__auto_strv struct strv argv = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .out = &said };

	strv_split(&argv, "git mailsplit --keep-cr -d4", " ");
	strv_add(&argv, "-o%s", dir);
	strv_add(&argv, "%s", patch);
	if (!run(&argv, &o))
		return atoi(said);
	if (!strstr(said, "corrupt mailbox"))
		die("cannot read the mails of %s: %.*s", patch, (int)strcspn(said, "\n"), said);
	return 0;
}

/* Have the patches of a mailbox on top, one after the other: git apply takes them for one. */
static char *apply_mails(struct tree *t, const char *index, const char *patch, const char *dir)
{
	int n = split_mails(patch, dir);
	bool any = false;

	if (!n)
		return apply_one(t, index, patch, patch);
	for (int i = 1; i <= n; i++) {
		__auto_free char *name = n > 1 ? fmt("%s, mail %d,", patch, i) : copy(patch);
		__auto_free char *mail = fmt("%s/%04d", dir, i), *path = mail_patch(name, mail);
		char *why = path ? apply_one(t, index, name, path) : NULL;

		if (why)
			return why;
		any |= !!path;
	}
	return any ? NULL : fmt("%s does not apply: none of its mails has a patch", patch);
}

static bool is_mailbox(const char *patch)
{
	__auto_free char *text = read_file(patch, NULL);

	return text && !strncmp(text, "From ", strlen("From "));
}

static char *apply_file(struct tree *t, const char *index, const char *patch)
{
	__auto_free char *dir = own_name(t, "mails");
	char *why;

	if (!is_mailbox(patch))
		return apply_one(t, index, patch, patch);
	make_dirs(dir);
	why = apply_mails(t, index, patch, dir);
	remove_tree(dir);
	return why;
}

/* The content with the patches on top, or NULL and why not */
static char *apply(struct tree *t, const struct strv *patches, size_t n, char **why)
{
	__auto_free char *index = own_name(t, "index");
	char *hash = NULL;

	free(git(t, index, NULL, "read-tree", t->base, NULL));
	*why = NULL;
	for (size_t i = 0; !*why && i < n; i++)
		*why = apply_file(t, index, patches->v[i]);
	if (!*why)
		hash = git(t, index, NULL, "write-tree", NULL);
	unlink(index);
	return hash;
}

/* Where it is remembered what content came of what */
static char *applied_path(const struct tree *t, const char *key)
{
	__auto_free char *dir = fmt("%s/applied", t->dir);

	make_dirs(dir);
	return fmt("%s/%s", dir, key);
}

/*
 * Is a content there, with all that it has beyond @from, which is? What the user's own
 * repository had is borrowed, and goes there with the branch that it was on.
 */
static bool is_whole(const struct tree *t, const char *from, const char *content)
{
	int status;

	free(git(t, NULL, &status, "diff-tree -r -p --no-renames", from, content, NULL));
	return !status;
}

/* Have the content that is known from last time to come of @from, if one is. */
static bool recall(struct tree *t, const char *key, const char *from)
{
	__auto_free char *path = applied_path(t, key), *known = read_file(path, NULL);

	if (!known || strlen(known) < 40 || !is_whole(t, from, known))
		return false;
	t->hash = copy(known);
	return true;
}

static void remember(const struct tree *t, const char *key)
{
	__auto_free char *path = applied_path(t, key);

	write_file(path, t->hash, strlen(t->hash));
}

/**
 * tree_apply - have patches on top of the base
 * @t: with its base; gets the name of the content that this gives
 * @patches: paths
 * @n: how many of them, from the first one on
 *
 * What these gave last time is known.
 *
 * Return: NULL, or why they do not apply, to be freed
 */
char *tree_apply(struct tree *t, const struct strv *patches, size_t n)
{
	struct hash *h = hash_new();
	char key[HASH_LEN], *why = NULL;

	hash_str(h, "patches 2");
	hash_str(h, t->base);
	for (size_t i = 0; i < n; i++) {
		size_t len;
		__auto_free char *text = read_file(patches->v[i], &len);

		if (!text)
			die("cannot read patch %s: %s", patches->v[i], strerror(errno));
		hash_add(h, &len, sizeof(len));
		hash_add(h, text, len);
	}
	hash_end(h, key);
	if (recall(t, key, t->base))
		return NULL;
	t->hash = apply(t, patches, n, &why);
	if (t->hash)
		remember(t, key);
	return why;
}

/* The patches of a request, on top of the series or not; NULL, or what does not apply */
static char *apply_request(struct tree *t, const struct request *r, bool series)
{
	__auto_strv struct strv patches = { 0 };

	if (series)
		tree_series(&patches);
	strv_split(&patches, r->patches, " ");
	t->series = series;
	return tree_apply(t, &patches, patches.n);
}

static void must_apply(char *why)
{
	__auto_free char *series = fmt("%s/kernel-patch/", host_source());
	bool own = why && !strncmp(why, series, strlen(series));

	if (why)
		die_tree("%s; %s", why, own ? "SERIES=none tests the tree without the series" :
					      "rebase it onto this tree");
}

/**
 * tree_open_base - find the kernel source the user asked for, without the series
 * @t: gets its names and the base
 * @r: which source
 *
 * Fetches and imports the pinned kernel if need be. Dies if it can't be had.
 */
void tree_open_base(struct tree *t, const struct request *r)
{
	struct pin p;

	if (*r->commit && !*r->tree)
		die("COMMIT=%s is a commit of TREE=, which is not set", r->commit);
	if (*r->tree) {
		open_user(t, r->tree, r->commit);
	} else if (*r->tarball) {
		open_tarball(t, r->tarball);
	} else {
		pin_read(&p, r->pin);
		free(tree_open_pin(t, &p));
	}
}

/* A patch, or a mail whose patch is in another form */
static bool may_be_patch(const char *text)
{
	return has_diff(text) || (!strncmp(text, "From ", strlen("From ")) &&
				  strcasestr(text, "\nContent-Transfer-Encoding: base64"));
}

/**
 * tree_check_patches - are the patches of a request there?
 * @r: the request
 *
 * Called before anything is fetched or built. Dies if one can't be read, or is none.
 */
void tree_check_patches(const struct request *r)
{
	__auto_strv struct strv patches = { 0 };

	strv_split(&patches, r->patches, " ");
	for (size_t i = 0; i < patches.n; i++) {
		__auto_free char *text = read_file(patches.v[i], NULL);

		if (!text)
			die("cannot read patch %s: %s%s", patches.v[i], strerror(errno),
			    strchr(patches.v[i], ',') ? "; there are spaces between several" : "");
		if (!may_be_patch(text))
			die("PATCHES=%s is no patch: it has neither 'diff --git' nor '---'",
			    patches.v[i]);
	}
}

/**
 * tree_open - find the kernel source the user asked for, with what goes on top
 * @t: gets its names; no file of the work tree is touched
 * @r: which source, and what goes on top; SERIES=auto becomes what can be had
 *
 * Fetches and imports the pinned kernel if need be. Dies if it can't be had, or
 * a patch does not apply.
 */
void tree_open(struct tree *t, struct request *r)
{
	bool chosen = !strcmp(r->series, "auto");
	char *why = NULL;

	tree_open_base(t, r);
	if (request_has_series(r)) {
		why = apply_request(t, r, true);
		if (!chosen)
			must_apply(why);
		else
			r->series = why ? "none" : "full";
	}
	if (why)
		ui_note("%s: tested without the series: %s", t->name, why);
	free(why);
	if (!request_has_series(r))
		must_apply(apply_request(t, r, false));
}

/**
 * tree_aside - have a work tree and build folders beside the usual ones
 * @t: from tree_open(); from now on with a folder of its own
 * @name: what tells that folder from others
 *
 * For those who move from content to content: what the usual work tree shows
 * is left alone.
 */
void tree_aside(struct tree *t, const char *name)
{
	__auto_free char *id = fmt("%s-%s", strrchr(t->dir, '/') + 1, name);
	__auto_free char *objects = fmt("%s/objects\n", t->git), *alternates = NULL;

	tree_paths(t, id);
	alternates = fmt("%s/objects/info/alternates", t->git);
	write_file(alternates, objects, strlen(objects));
}

/**
 * tree_path - a path in a tree as git has it
 * @path: as a user writes it, with "./" before it or slashes behind it
 *
 * Return: the path without them, to be freed
 */
char *tree_path(const char *path)
{
	size_t len;

	while (!strncmp(path, "./", 2))
		path += 2 + strspn(path + 2, "/");
	len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	return fmt("%.*s", (int)len, path);
}

/**
 * tree_read - a file as the tree's content has it
 * @t: from tree_open()
 * @file: its path from the top
 *
 * Return: its text, to be freed, or NULL if there is no such file
 */
char *tree_read(const struct tree *t, const char *file)
{
	return tree_read_of(t, t->hash, file);
}

/**
 * tree_read_of - a file as some content has it
 * @t: from tree_open()
 * @content: git's name of the content
 * @file: its path from the top
 *
 * Return: its text, to be freed, or NULL if there is no such file
 */
char *tree_read_of(const struct tree *t, const char *content, const char *file)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	char *text = NULL;
	struct run_opts o = { .env = &env, .out = &text, .quiet_err = true };

	strv_add(&argv, "git");
	strv_add(&argv, "--git-dir=%s", t->git);
	strv_split(&argv, "cat-file blob", " ");
	strv_add(&argv, "%s:%s", content, file);
	git_env(&env, NULL);
	if (!run(&argv, &o))
		return text;
	free(text);
	return NULL;
}

/**
 * tree_diff - in which lines of C files two contents differ
 * @t: from tree_open()
 * @from: git's name of the one
 * @to: and of the other
 *
 * Return: a diff without context, to be freed
 */
char *tree_diff(const struct tree *t, const char *from, const char *to)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 };
	char *said = NULL;
	struct run_opts o = { .env = &env, .out = &said };

	strv_add(&argv, "git");
	strv_add(&argv, "--git-dir=%s", t->git);
	strv_split(&argv, "diff-tree -r -p -U0 --no-color --no-renames --src-prefix=a/ --dst-prefix=b/",
		   " ");
	strv_add(&argv, "%s", from);
	strv_add(&argv, "%s", to);
	strv_split(&argv, "-- *.c", " ");
	git_env(&env, NULL);
	if (run(&argv, &o))
		die("git diff-tree failed: %.*s", (int)strcspn(said, "\n"), said);
	return said;
}

/**
 * tree_without_patches - what a tree would be like without PATCHES=
 * @t: from tree_open()
 * @r: the request, with its series chosen
 *
 * Return: git's name of that content, to be freed
 */
char *tree_without_patches(const struct tree *t, const struct request *r)
{
	struct request bare = *r;
	struct tree without = *t;

	bare.patches = "";
	must_apply(apply_request(&without, &bare, request_has_series(r)));
	return without.hash;
}

/**
 * tree_since - the content that changes in a user's tree are counted from
 * @r: a request with TREE=
 *
 * That of SINCE=, or else of where COMMIT=, or HEAD, has left the branch that HEAD's
 * follows.
 *
 * Return: git's name of it, to be freed, or NULL if HEAD follows none. Dies if SINCE=
 * is no commit.
 */
char *tree_since(const struct request *r)
{
	__auto_free char *base = NULL, *content = NULL;
	char *hash;

	if (*r->since)
		base = copy(r->since);
	else
		base = tree_ask_user(r->tree, "merge-base", *r->commit ? r->commit : "HEAD",
				     "@{upstream}", NULL);
	if (!base)
		return NULL;
	content = fmt("%s^{tree}", base);
	hash = tree_ask_user(r->tree, "rev-parse --verify --end-of-options", content, NULL);
	if (!hash)
		die("SINCE=%s: TREE=%s has no such commit", base, r->tree);
	return hash;
}

/**
 * tree_grep - find lines in the tree's content
 * @t: from tree_open()
 * @pattern: an extended regular expression
 * @found: gets "path:line" for each line that matches
 *
 * Dies if git cannot search.
 */
void tree_grep(const struct tree *t, const char *pattern, struct strv *found)
{
	__auto_strv struct strv argv = { 0 }, env = { 0 }, lines = { 0 };
	__auto_free char *said = NULL;
	struct run_opts o = { .env = &env, .out = &said };

	strv_add(&argv, "git");
	strv_add(&argv, "--git-dir=%s", t->git);
	strv_split(&argv, "grep -E -e", " ");
	strv_add(&argv, "%s", pattern);
	strv_add(&argv, "%s", t->hash);
	git_env(&env, NULL);
	/* Status 1 is that of no line. */
	if (run(&argv, &o) > 1)
		die("git grep failed: %s", said);
	strv_split(&lines, said, "\n");
	for (size_t i = 0; i < lines.n; i++)
		strv_add(found, "%s", lines.v[i] + strcspn(lines.v[i], ":") + 1);
}

/* The name that git has for a text */
static char *blob_of(const struct tree *t, const char *text)
{
	__auto_free char *path = own_name(t, "blob");
	char *blob;

	write_file(path, text, strlen(text));
	blob = git(t, NULL, NULL, "hash-object -w --no-filters", path, NULL);
	unlink(path);
	return blob;
}

/**
 * tree_put - have files with these texts in the tree's content
 * @t: from tree_open(); gets the name of the new content
 * @files: what is put there, whether there is such a file already or not
 * @n: how many
 *
 * What the same files gave last time is known.
 */
void tree_put(struct tree *t, const struct tree_file *files, size_t n)
{
	__auto_free char *index = own_name(t, "index");
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, "files");
	hash_str(h, t->hash);
	for (size_t i = 0; i < n; i++) {
		hash_str(h, files[i].path);
		hash_str(h, files[i].text);
	}
	hash_end(h, key);
	if (recall(t, key, t->hash))
		return;
	free(git(t, index, NULL, "read-tree", t->hash, NULL));
	for (size_t i = 0; i < n; i++) {
		__auto_free char *blob = blob_of(t, files[i].text);
		__auto_free char *info = fmt("100644,%s,%s", blob, files[i].path);

		free(git(t, index, NULL, "update-index --add --cacheinfo", info, NULL));
	}
	t->hash = git(t, index, NULL, "write-tree", NULL);
	unlink(index);
	remember(t, key);
}

/**
 * tree_try_series - does the series apply to another package of the pin's?
 * @p: the package
 *
 * Called by cmd_repin(). Dies if it does not.
 */
void tree_try_series(const struct pin *p)
{
	__auto_strv struct strv patches = { 0 };
	struct tree t;

	free(tree_open_pin(&t, p));
	tree_series(&patches);
	must_apply(tree_apply(&t, &patches, patches.n));
}

/*
 * The first file of the work tree that is not as the index has it, or is not in there,
 * to be freed; NULL if there is none. git looks at a file's time of change, too, which
 * an edit can't set back, and at the content if in doubt.
 */
static char *edited(const struct tree *t, const char *index)
{
	char *files = git(t, index, NULL, "ls-files --modified --deleted --others", NULL);

	if (*files)
		return files;
	free(files);
	return NULL;
}

/**
 * tree_checkout - make the work tree show this content, and keep others off it
 * @t: from tree_open()
 *
 * Files that are as they should be keep their times. What somebody has changed, added
 * or removed there by hand is undone. Called by all that builds, each time.
 */
void tree_checkout(struct tree *t)
{
	__auto_free char *index = fmt("%s/index", t->dir);
	__auto_free char *stale = fmt("%s.lock", index), *hand = NULL;
	__auto_free char *stamp = fmt("%s/checked-out", t->dir), *is = NULL;
	bool here;

	tree_lock(t);
	/* Room was made there; what was imported stays. */
	if (!exists(t->src))
		unlink(stamp);
	make_dirs(t->src);
	cache_use(t->src);
	/* The lock is ours: what a git that was killed left there is no one's. */
	unlink(stale);
	is = read_file(stamp, NULL);
	here = is && !strcmp(is, t->hash);
	if (here)
		hand = edited(t, index);
	if (here && !hand)
		return;
	ui_stage("kernel", "checkout");
	unlink(stamp);
	free(git(t, index, NULL, "read-tree --reset -u", t->hash, NULL));
	free(git(t, index, NULL, "clean -ffdxq", NULL));
	write_file(stamp, t->hash, strlen(t->hash));
	if (hand)
		ui_note("%s is the cache's: a change by hand in %s is undone", t->src, hand);
	ui_done("%s, %s", t->name, t->series ? "series applied" : "without the series");
}
