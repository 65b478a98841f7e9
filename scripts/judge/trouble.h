/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TROUBLE_H
#define RESPAWN_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "judge/console.h"

enum trouble_class {
	TROUBLE_CRASH,
	TROUBLE_HANG,
	TROUBLE_LOST,		/* lines of the console were lost */
	TROUBLE_FAILED,		/* a test of the kernel's own says that it failed */
};

enum trouble_where {
	TROUBLE_AT_START,	/* of the line */
	TROUBLE_ANYWHERE,
	TROUBLE_IN_RECORD,	/* anywhere, in a line of the kernel's log */
};

/**
 * struct trouble_row - one kind of kernel trouble and how it looks
 * @id: short name, stable, also the name of its recorded log in tests/unit/logs
 * @class: what the run is judged to be
 * @where: where @text has to be
 * @text: what has to be in the line
 * @text2: what has to follow @text in the line as well, or NULL
 * @what: what it means, for people
 */
struct trouble_row {
	const char *id;
	enum trouble_class class;
	enum trouble_where where;
	const char *text;
	const char *text2;
	const char *what;
};

extern const struct trouble_row trouble_table[];
extern const size_t trouble_rows;

const struct trouble_row *trouble_match(const struct console_line *line);
bool trouble_is_stack(const struct trouble_row *row);
bool trouble_is_loud(const struct trouble_row *row);

#endif /* RESPAWN_TROUBLE_H */
