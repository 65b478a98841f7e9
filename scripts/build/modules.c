// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules of the tree that is tested: what they need, and the KUnit suites in them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

#include "build/modules.h"

/* Where KUnit has pointers to its suites; the name is what a suite begins with. */
static const char *const suite_sections[] = {
	".kunit_test_suites", ".kunit_init_test_suites",
};

static Elf_Scn *section(Elf *elf, const char *name, GElf_Shdr *header)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *is;

		if (!gelf_getshdr(scn, header))
			continue;
		is = elf_strptr(elf, names, header->sh_name);
		if (is && !strcmp(is, name))
			return scn;
	}
	return NULL;
}

/* The text at an offset of a section, if it ends there */
static const char *text_at(Elf *elf, size_t index, size_t offset)
{
	Elf_Scn *scn = elf_getscn(elf, index);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	const char *text;

	if (!data || !data->d_buf || offset >= data->d_size)
		return NULL;
	text = (const char *)data->d_buf + offset;
	return memchr(text, '\0', data->d_size - offset) ? text : NULL;
}

/* In a module pointers are relocations. */
static void suites_relocated(Elf *elf, const char *name, struct strv *suites)
{
	__auto_free char *rela = fmt(".rela%s", name);
	GElf_Shdr header, symbols;
	Elf_Scn *scn = section(elf, rela, &header), *table;
	Elf_Data *relocations = scn ? elf_getdata(scn, NULL) : NULL, *syms;

	table = scn ? elf_getscn(elf, header.sh_link) : NULL;
	if (!relocations || !table || !gelf_getshdr(table, &symbols) || !header.sh_entsize)
		return;
	syms = elf_getdata(table, NULL);
	for (size_t i = 0; syms && i < header.sh_size / header.sh_entsize; i++) {
		const char *suite = NULL;
		GElf_Rela r;
		GElf_Sym s;

		if (gelf_getrela(relocations, i, &r) && gelf_getsym(syms, GELF_R_SYM(r.r_info), &s))
			suite = text_at(elf, s.st_shndx, s.st_value + r.r_addend);
		if (suite && *suite)
			strv_add(suites, "%s", suite);
	}
}

static Elf *open_elf(const char *path, int *fd)
{
	Elf *elf;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		die("cannot read %s: %s", path, strerror(errno));
	elf_version(EV_CURRENT);
	elf = elf_begin(*fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF)
		die("%s: this is no ELF file", path);
	return elf;
}

/* "name=value" pairs, each with its end, padded with more ends */
static void read_info(Elf *elf, struct tree_module *m)
{
	GElf_Shdr header;
	Elf_Scn *scn = section(elf, ".modinfo", &header);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	size_t at = 0;

	while (data && at < data->d_size) {
		const char *pair = (const char *)data->d_buf + at;
		size_t len = strnlen(pair, data->d_size - at);

		if (len < data->d_size - at && !strncmp(pair, "depends=", strlen("depends=")))
			strv_split(&m->needs, pair + strlen("depends="), ",");
		at += len + 1;
	}
}

static void read_module(struct tree_module *m)
{
	int fd;
	Elf *elf = open_elf(m->path, &fd);

	read_info(elf, m);
	for (size_t i = 0; i < ARRAY_SIZE(suite_sections); i++)
		suites_relocated(elf, suite_sections[i], &m->suites);
	elf_end(elf);
	close(fd);
}

/**
 * modules_path - where a module lies
 * @dir: the folder that it was built in, or below
 * @line: of the file modules.order there
 *
 * Return: path of the module, to be freed
 */
char *modules_path(const char *dir, const char *line)
{
	size_t len = strlen(dir);
	const char *dot = strrchr(line, '.');

	/* Kernels name it from the folder, or from the root. */
	if (!strncmp(line, dir, len) && line[len] == '/')
		line += len + 1;
	/* They name the module itself or the object it is made of. */
	return fmt("%s/%.*s.ko", dir, (int)(dot ? dot - line : (long)strlen(line)), line);
}

static struct tree_module *find(struct tree_module *all, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	return NULL;
}

/* Move those that @m needs, and then @m, behind what is sorted already. */
static void sort_from(struct tree_module *all, size_t n, size_t *sorted, const char *name)
{
	struct tree_module *m = find(all, n, name), moved;
	__auto_strv struct strv needs = { 0 };

	if (!m || m < all + *sorted)
		return;
	for (size_t i = 0; i < m->needs.n; i++)
		strv_add(&needs, "%s", m->needs.v[i]);
	for (size_t i = 0; i < needs.n; i++)
		sort_from(all, n, sorted, needs.v[i]);
	m = find(all, n, name);
	moved = *m;
	*m = all[*sorted];
	all[(*sorted)++] = moved;
}

/**
 * modules_read - read the modules that were built with a kernel
 * @out: the kernel's build folder; no module may be built there meanwhile
 * @all: gets them, for modules_free(); each stands behind those that it needs
 *
 * Called to make an initramfs. Dies if one can't be read.
 *
 * Return: how many there are
 */
size_t modules_read(const char *out, struct tree_module **all)
{
	__auto_strv struct strv lines = { 0 }, names = { 0 };
	__auto_free char *order = fmt("%s/modules.order", out), *text = read_file(order, NULL);
	size_t sorted = 0;

	strv_split(&lines, text ? text : "", "\n");
	*all = need(lines.n + 1, sizeof(**all));
	for (size_t i = 0; i < lines.n; i++) {
		struct tree_module *m = &(*all)[i];
		const char *slash;

		m->path = modules_path(out, lines.v[i]);
		slash = strrchr(m->path, '/');
		/* The file may have a dash where the module has an underscore. */
		m->name = fmt("%.*s", (int)(strlen(slash + 1) - strlen(".ko")), slash + 1);
		for (char *c = m->name; *c; c++)
			*c = *c == '-' ? '_' : *c;
		read_module(m);
		strv_add(&names, "%s", m->name);
	}
	for (size_t i = 0; i < names.n; i++)
		sort_from(*all, names.n, &sorted, names.v[i]);
	return names.n;
}

/**
 * modules_free - free what modules_read() gave
 * @all: the modules
 * @n: how many
 */
void modules_free(struct tree_module *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(all[i].name);
		free(all[i].path);
		strv_free(&all[i].needs);
		strv_free(&all[i].suites);
	}
	free(all);
}
