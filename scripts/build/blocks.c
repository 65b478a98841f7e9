// SPDX-License-Identifier: GPL-2.0-only
/*
 * The yield points of a kernel that was built: each is a call in its code. They have
 * numbers in their function, which are the same in another kernel as long as the
 * function is, wherever it lies there.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include <gelf.h>

#include "build/blocks.h"
#include "lib/util.h"

/* What the compiler calls at each basic block */
#define HOOK	"__sanitizer_cov_trace_pc"

/**
 * blocks_open - read where the yield points of a kernel are
 * @b: gets them, for blocks_close()
 * @vmlinux: the kernel, with its symbols
 * @arch: what it is built for
 *
 * Dies of a kernel that can't be read.
 */
void blocks_open(struct blocks *b, const char *vmlinux, const struct arch *arch)
{
	*b = (struct blocks){ .arch = arch };
	b->file = read_file(vmlinux, &b->size);
	if (!b->file)
		die("cannot read %s", vmlinux);
	b->n = symbols_read(vmlinux, &b->all);
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->all[i].name, HOOK))
			b->hook = b->all[i].at;
}

/**
 * blocks_close - free what blocks_open() gave
 * @b: the yield points
 */
void blocks_close(struct blocks *b)
{
	symbols_free(b->all, b->n);
	free(b->file);
	*b = (struct blocks){ 0 };
}

/* The bytes of a function, as far as they are in the file; NULL if they are not */
static const uint8_t *code_of(const struct blocks *b, const struct symbol *s)
{
	Elf *elf = elf_memory(b->file, b->size);
	const uint8_t *code = NULL;
	Elf_Scn *scn = NULL;
	GElf_Shdr h;

	while (elf && !code && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &h) && h.sh_type == SHT_PROGBITS &&
		    s->at >= h.sh_addr && s->at - h.sh_addr < h.sh_size &&
		    s->size <= h.sh_size - (s->at - h.sh_addr) &&
		    h.sh_offset <= b->size && h.sh_size <= b->size - h.sh_offset)
			code = (const uint8_t *)b->file + h.sh_offset + (s->at - h.sh_addr);
	elf_end(elf);
	return code;
}

/**
 * blocks_of - the yield points of a function
 * @b: those of its kernel
 * @s: the function
 * @at: gets what the guest calls their addresses, where the calls return to, for free()
 *
 * Return: how many there are; 0 on an architecture whose code nobody can read
 */
size_t blocks_of(const struct blocks *b, const struct symbol *s, uint64_t **at)
{
	const uint8_t *code = b->hook && b->arch->call ? code_of(b, s) : NULL;
	size_t n = 0, len;
	uint64_t to;

	*at = NULL;
	for (size_t i = 0; code && i < s->size; i += len) {
		len = b->arch->call(code + i, s->size - i, s->at + i, &to);
		if (!len || to != b->hook) {
			len = b->arch->align;
			continue;
		}
		*at = reallocarray(*at, n + 1, sizeof(**at));
		if (!*at)
			die("out of memory");
		(*at)[n++] = s->at + i + len;
	}
	return n;
}
