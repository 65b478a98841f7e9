/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_SCRIPT_H
#define RESPAWN_SCRIPT_H

#include "build/arch.h"
#include "judge/events.h"
#include "lib/util.h"

char *script_bad(const char *script);
char *script_of(const struct gave_way *all, size_t n, const char *vmlinux,
		const struct arch *arch);
char *script_places(const char *script, const char *vmlinux, const struct arch *arch,
		    struct strv *lacks);

#endif /* RESPAWN_SCRIPT_H */
