/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TESTS_TEMPLATES_H
#define RESPAWN_TESTS_TEMPLATES_H
/*
 * What a kernel's source has to say: the format strings of its printk() and the
 * like. The source is read as git archive gives it, without a checkout.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "judge/console.h"
#include "lib/util.h"

/**
 * struct template - a message of the kernel
 * @file: the source file that has it
 * @text: its format, the file's own prefix before it, no newlines around it
 * @level: level it is logged at, or LEVEL_UNKNOWN
 */
struct template {
	char *file;
	char *text;
	int level;
};

struct templates {
	struct template *v;
	size_t n;
};

static void template_add(struct templates *all, const char *file, const char *text, int level)
{
	const char *from = text + strspn(text, "\n ");
	size_t len = strlen(from);

	while (len && isspace((unsigned char)from[len - 1]))
		len--;
	if (!len)
		return;
	all->v = reallocarray(all->v, all->n + 1, sizeof(*all->v));
	all->v[all->n++] = (struct template){ copy(file), fmt("%.*s", (int)len, from), level };
}

static void templates_free(struct templates *all)
{
	for (size_t i = 0; i < all->n; i++) {
		free(all->v[i].file);
		free(all->v[i].text);
	}
	free(all->v);
	*all = (struct templates){ 0 };
}

/* The levels, in the words of pr_warn() and of KERN_WARNING */
static const struct {
	const char *word;
	int level;
} level_words[] = {
	{ "emerg", 0 }, { "alert", 1 }, { "crit", 2 }, { "err", 3 }, { "warning", 4 },
	{ "warn", 4 }, { "notice", 5 }, { "info", 6 }, { "debug", 7 }, { "cont", -1 },
};

static int level_of(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_words); i++)
		if (strlen(level_words[i].word) == len &&
		    !strncasecmp(word, level_words[i].word, len))
			return level_words[i].level;
	return LEVEL_UNKNOWN;
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

/* Blank out comments, so that what stands in them is no code. */
static void without_comments(char *s)
{
	for (; *s; s++) {
		char quote = *s;

		if (quote == '"' || quote == '\'') {
			for (s++; *s && *s != quote && *s != '\n'; s++)
				s += *s == '\\' && s[1];
			if (!*s)
				return;
		} else if (s[0] == '/' && s[1] == '*') {
			while (*s && (s[0] != '*' || s[1] != '/'))
				*s++ = ' ';
			if (!*s)
				return;
			*s++ = ' ';
			*s = ' ';
		} else if (s[0] == '/' && s[1] == '/') {
			while (s[1] && s[1] != '\n')
				*s++ = ' ';
			*s = ' ';
		}
	}
}

/* What a macro within a format stands for, as far as it makes a difference */
static const char *macro(const char *word, size_t len, const char *file)
{
	static const struct {
		const char *name, *text;
	} macros[] = {
		{ "HW_ERR", "[Hardware Error]: " }, { "FW_BUG", "[Firmware Bug]: " },
		{ "FW_WARN", "[Firmware Warn]: " }, { "FW_INFO", "[Firmware Info]: " },
		{ "TORTURE_FLAG", "-torture:" }, { "SCALE_FLAG", "-scale:" },
	};
	static char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(macros); i++)
		if (strlen(macros[i].name) == len && !strncmp(word, macros[i].name, len))
			return macros[i].text;
	if (len == strlen("KBUILD_MODNAME") && !strncmp(word, "KBUILD_MODNAME", len)) {
		const char *base = strrchr(file, '/');

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(base ? base + 1 : file, "."),
			 base ? base + 1 : file);
		return name;
	}
	return NULL;
}

static void add_char(char *to, size_t room, char c)
{
	size_t n = strlen(to);

	if (n + 1 < room) {
		to[n] = c;
		to[n + 1] = '\0';
	}
}

/* One string literal; gives what comes after it. */
static const char *literal(const char *s, char *to, size_t room)
{
	for (s++; *s && *s != '"'; s++) {
		if (*s != '\\' || !s[1]) {
			add_char(to, room, *s);
			continue;
		}
		s++;
		if (*s == 'n')
			add_char(to, room, '\n');
		else if (*s == 't')
			add_char(to, room, ' ');
		else if (*s == '"' || *s == '\\')
			add_char(to, room, *s);
	}
	return *s ? s + 1 : s;
}

/*
 * An argument that is a format: literals and macros, one after the other. Gives
 * false if it has no literal, *@s is what comes after it.
 */
static bool format(const char **s, const char *file, int *level, char *to, size_t room)
{
	bool any = false;
	int depth = 0;

	while (**s) {
		size_t len = word_len(*s);
		const char *text;

		if (**s == '"') {
			*s = literal(*s, to, room);
			any = true;
			continue;
		}
		if (len > 5 && !strncmp(*s, "KERN_", 5)) {
			*level = level_of(*s + 5, len - 5);
			any = true;
		} else if (len) {
			text = macro(*s, len, file);
			for (; text && *text; text++)
				add_char(to, room, *text);
		} else if (**s == '(') {
			depth++;
		} else if (**s == ')' && !depth--) {
			break;
		} else if ((**s == ',' && !depth) || **s == ';') {
			break;
		}
		*s += len ? len : 1;
	}
	return any;
}

/* Headers that have code, and what the file they are part of puts before it */
static const struct {
	const char *begin, *prefix;
} parts[] = {
	{ "kernel/rcu/tree_", "rcu: " },
};

/* What the file puts before each message of pr_warn() and its like */
static char *file_prefix(const char *source, const char *file)
{
	const char *at = strstr(source, "#define pr_fmt(fmt)"), *end;
	char text[128] = "";
	char *line;

	for (size_t i = 0; !at && i < ARRAY_SIZE(parts); i++)
		if (!strncmp(file, parts[i].begin, strlen(parts[i].begin)))
			return copy(parts[i].prefix);
	if (!at)
		return copy("");
	at += strlen("#define pr_fmt(fmt)");
	end = strchr(at, '\n');
	line = fmt("%.*s", (int)(end ? end - at : 0), at);
	for (const char *s = line; *s;) {
		size_t len = word_len(s);
		const char *m = len ? macro(s, len, file) : NULL;

		if (*s == '"') {
			s = literal(s, text, sizeof(text));
			continue;
		}
		for (; m && *m; m++)
			add_char(text, sizeof(text), *m);
		if (*s == ',')
			break;
		s += len ? len : 1;
	}
	free(line);
	return copy(text);
}

/**
 * struct printer - a function that prints
 * @begin: how its name begins; a level may follow, and _once, _ratelimited ...
 * @leveled: a level does follow
 * @before: how many arguments come before the format
 * @text: what comes before the message: "" for the file's own prefix, or NULL for none
 */
static const struct printer {
	const char *begin;
	bool leveled;
	unsigned int before;
	const char *text;
} printers[] = {
	{ "pr_", true, 0, "" },
	{ "printk", false, 0, NULL },
	{ "dev_", true, 1, "platform x: " },
	{ "pci_", true, 1, "pci x: " },
	{ "slab_bug", false, 1, "BUG x (Not tainted): " },
	{ "slab_err", false, 2, "BUG x (Not tainted): " },
};

static const struct printer *printer_of(const char *word, size_t len, int *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(printers); i++) {
		const struct printer *p = &printers[i];
		size_t n = strlen(p->begin), end;

		if (len < n || strncmp(word, p->begin, n))
			continue;
		*level = LEVEL_UNKNOWN;
		for (end = n; p->leveled && end < len && word[end] != '_'; end++)
			;
		if (p->leveled) {
			*level = level_of(word + n, end - n);
			if (*level == LEVEL_UNKNOWN || *level == 7)
				return NULL;
		}
		return p;
	}
	return NULL;
}

/* Gives false if the arguments end before the one that was wanted. */
static bool skip_arguments(const char **s, unsigned int n)
{
	int depth = 0;

	for (; n && **s; (*s)++) {
		if (**s == '(')
			depth++;
		else if (**s == ')' && !depth--)
			return false;
		else if (**s == ',' && !depth)
			n--;
	}
	return !n;
}

static void templates_of_file(struct templates *all, const char *file, char *source)
{
	__auto_free char *own = NULL;
	const char *s;

	without_comments(source);
	own = file_prefix(source, file);
	for (s = source; *s;) {
		size_t len = word_len(s);
		const struct printer *p;
		char text[1024] = "";
		const char *arg = s + len;
		int level;

		if (!len) {
			s = *s == '"' ? literal(s, text, sizeof(text)) : s + 1;
			continue;
		}
		p = printer_of(s, len, &level);
		s += len;
		if (!p || *arg++ != '(' || !skip_arguments(&arg, p->before))
			continue;
		snprintf(text, sizeof(text), "%s", !p->text ? "" : *p->text ? p->text : own);
		if (format(&arg, file, &level, text, sizeof(text)))
			template_add(all, file, text, level);
	}
}

static char *archive_command(const char *git, const char *ref, const char *const *paths, size_t n)
{
	size_t len = 0;
	char *cmd = NULL;
	FILE *f = open_memstream(&cmd, &len);

	fprintf(f, "git --git-dir='%s' archive %s --", git, ref);
	for (size_t i = 0; i < n; i++)
		fprintf(f, " '%s'", paths[i]);
	fprintf(f, " 2>/dev/null");
	fclose(f);
	return cmd;
}

/**
 * templates_read - all messages of a kernel's source
 * @all: gets them
 * @git: its bare repository
 * @ref: the kernel in it
 * @paths: which files, as git archive knows them
 * @n: how many paths there are
 *
 * Return: whether there is such a source
 */
static inline bool templates_read(struct templates *all, const char *git, const char *ref,
				  const char *const *paths, size_t n)
{
	__auto_free char *cmd = archive_command(git, ref, paths, n);
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	FILE *f = popen(cmd, "r");
	bool read = false;

	archive_read_support_format_tar(a);
	if (!f || archive_read_open_FILE(a, f) != ARCHIVE_OK)
		return false;
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e);
		size_t len = archive_entry_size(e), end = strlen(name);
		__auto_free char *source = NULL;

		if (end < 2 || (strcmp(name + end - 2, ".c") && strcmp(name + end - 2, ".h")))
			continue;
		source = calloc(1, len + 1);
		if (archive_read_data(a, source, len) < 0)
			break;
		templates_of_file(all, name, source);
		read = true;
	}
	archive_read_free(a);
	return !pclose(f) && read;
}

#endif /* RESPAWN_TESTS_TEMPLATES_H */
