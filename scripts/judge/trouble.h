/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_TROUBLE_H
#define RESPAWN_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

enum trouble_class {
	TROUBLE_CRASH,
	TROUBLE_HANG,
};

/**
 * struct trouble_row - one kind of kernel trouble and how it looks
 * @id: short name, stable, also the name of its recorded log in tests/unit/logs
 * @class: what the run is judged to be
 * @prefix: @text has to be at the start of the line
 * @text: what has to be in the line
 * @text2: what has to follow @text in the line as well, or NULL
 * @what: what it means, for people
 */
struct trouble_row {
	const char *id;
	enum trouble_class class;
	bool prefix;
	const char *text;
	const char *text2;
	const char *what;
};

extern const struct trouble_row trouble_table[];
extern const size_t trouble_rows;

const struct trouble_row *trouble_match(const char *line);

#endif /* RESPAWN_TROUBLE_H */
