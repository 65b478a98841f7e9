// SPDX-License-Identifier: GPL-2.0-only
/*
 * The functions of a kernel that was built, and where they are.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gelf.h>

#include "build/symbols.h"
#include "lib/util.h"

static Elf_Scn *symbol_table(Elf *elf, GElf_Shdr *header)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, header) && header->sh_type == SHT_SYMTAB)
			return scn;
	return NULL;
}

/* Local symbols follow the name of their file, global ones come behind all of them. */
static size_t read_table(Elf *elf, Elf_Scn *scn, const GElf_Shdr *header, struct symbol **all)
{
	size_t entries = header->sh_entsize ? header->sh_size / header->sh_entsize : 0;
	Elf_Data *data = elf_getdata(scn, NULL);
	const char *file = "";
	size_t n = 0;

	*all = calloc(entries + 1, sizeof(**all));
	if (!*all)
		die("out of memory");
	for (size_t i = 0; data && i < entries; i++) {
		const char *name;
		GElf_Sym sym;
		bool local;

		if (!gelf_getsym(data, i, &sym))
			continue;
		name = elf_strptr(elf, header->sh_link, sym.st_name);
		local = GELF_ST_BIND(sym.st_info) == STB_LOCAL;
		if (name && GELF_ST_TYPE(sym.st_info) == STT_FILE)
			file = name;
		if (!name || GELF_ST_TYPE(sym.st_info) != STT_FUNC || !sym.st_size)
			continue;
		(*all)[n++] = (struct symbol){
			.name = copy(name), .file = copy(local ? file : ""),
			.at = sym.st_value, .size = sym.st_size,
		};
	}
	return n;
}

/**
 * symbols_find - read the functions of a kernel, if that can be done
 * @vmlinux: the kernel, with its symbols
 * @all: gets them, for symbols_free()
 *
 * Return: how many there are; 0 if it can't be read, or has none
 */
size_t symbols_find(const char *vmlinux, struct symbol **all)
{
	int fd = open(vmlinux, O_RDONLY | O_CLOEXEC);
	GElf_Shdr header;
	Elf_Scn *scn;
	size_t n = 0;
	Elf *elf;

	*all = NULL;
	if (fd < 0)
		return 0;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	scn = elf ? symbol_table(elf, &header) : NULL;
	if (scn)
		n = read_table(elf, scn, &header, all);
	elf_end(elf);
	close(fd);
	if (!n) {
		free(*all);
		*all = NULL;
	}
	return n;
}

/**
 * symbols_die - say why a kernel has no functions
 * @vmlinux: the kernel
 */
void symbols_die(const char *vmlinux)
{
	if (!exists(vmlinux))
		die("cannot read %s: it is not there", vmlinux);
	die("%s: no functions are found in it", vmlinux);
}

/**
 * symbols_read - read the functions of a kernel
 * @vmlinux: the kernel, with its symbols
 * @all: gets them, for symbols_free()
 *
 * Dies if it can't be read, or has none.
 *
 * Return: how many there are
 */
size_t symbols_read(const char *vmlinux, struct symbol **all)
{
	size_t n = symbols_find(vmlinux, all);

	if (!n)
		symbols_die(vmlinux);
	return n;
}

/**
 * symbols_free - free what symbols_read() gave
 * @all: the functions
 * @n: how many
 */
void symbols_free(struct symbol *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(all[i].name);
		free(all[i].file);
	}
	free(all);
}
