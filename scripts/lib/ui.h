/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_UI_H
#define RESPAWN_UI_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/util.h"

enum ui_mode { UI_NORMAL, UI_QUIET, UI_VERBOSE };

enum ui_color { UI_PLAIN, UI_GREEN, UI_RED, UI_YELLOW, UI_BOLD };

void ui_init(enum ui_mode mode);
bool ui_quiet(void);
bool ui_verbose(void);

void ui_stage(const char *who, const char *what);
void ui_within(double done, double total);
void ui_progress(double done, double total, const char *note);
void ui_done(const char *format, ...) __printf(1, 2);
void ui_note(const char *format, ...) __printf(1, 2);
void ui_interrupt(void);

const char *ui_on(FILE *f, enum ui_color color);
const char *ui_off(FILE *f);

#endif /* RESPAWN_UI_H */
