// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a person sees while something runs: one line per stage, a bar with the
 * time left on a terminal, plain lines elsewhere, nothing with -s.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ui.h"
#include "lib/util.h"

#define BAR_WIDTH	24
/* Seconds after which the bar is drawn anew, and a plain line is printed */
#define BAR_EVERY	0.1
#define LINE_EVERY	60

static struct {
	enum ui_mode mode;
	bool tty;
	bool bar_shown;
	bool running;
	char who[24];
	char what[24];
	double begun;
	double drawn;
	double part, parts;
} ui;

static void tell_of_waiting(const char *what)
{
	ui_note("waiting for another run that is %s", what);
}

/**
 * ui_init - choose how much is shown
 * @mode: quiet, normal or everything
 */
void ui_init(enum ui_mode mode)
{
	ui.mode = mode;
	ui.tty = isatty(STDERR_FILENO) && mode == UI_NORMAL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	die_hook(ui_interrupt);
	lock_hook(tell_of_waiting);
}

bool ui_quiet(void)
{
	return ui.mode == UI_QUIET;
}

bool ui_verbose(void)
{
	return ui.mode == UI_VERBOSE;
}

static const char *const codes[] = {
	[UI_PLAIN] = "", [UI_GREEN] = "\033[32m", [UI_RED] = "\033[31m",
	[UI_YELLOW] = "\033[33m", [UI_BOLD] = "\033[1m",
};

static bool colored(FILE *f)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fileno(f)) && !(no && *no);
}

const char *ui_on(FILE *f, enum ui_color color)
{
	return colored(f) ? codes[color] : "";
}

const char *ui_off(FILE *f)
{
	return colored(f) ? "\033[0m" : "";
}

/**
 * ui_interrupt - get a half-drawn bar out of the way of other output
 */
void ui_interrupt(void)
{
	if (ui.bar_shown)
		fputs("\r\033[K", stderr);
	ui.bar_shown = false;
}

/**
 * ui_stage - a stage begins
 * @who: architecture or other subject
 * @what: name of the stage
 */
void ui_stage(const char *who, const char *what)
{
	if (ui.parts > 0)
		return;
	snprintf(ui.who, sizeof(ui.who), "%s", who);
	snprintf(ui.what, sizeof(ui.what), "%s", what);
	ui.begun = now();
	ui.running = true;
	ui.drawn = ui.tty ? 0 : ui.begun;
	ui_progress(0, 0, "");
}

/**
 * ui_within - stages that come now are parts of the one that runs
 * @done: how many parts of it are done
 * @total: how many there are; 0 ends this
 *
 * Such a stage moves the bar of the one around it and has no line of its own.
 */
void ui_within(double done, double total)
{
	ui.part = done;
	ui.parts = total;
}

static void draw_bar(double part, const char *left, const char *note)
{
	int full = (int)(part * BAR_WIDTH);
	char bar[BAR_WIDTH + 1];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', full);
	bar[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r\033[K%-8s %-10s [%s] %3.0f %%%s %.30s", ui.who, ui.what, bar,
		100 * part, left, note);
	ui.bar_shown = true;
}

/**
 * ui_progress - the stage goes on
 * @done: how much of it is done, in any unit
 * @total: how much there is, 0 if that is not known
 * @note: a few words more
 *
 * Where there is no terminal, a stage that takes long has a line each minute.
 */
void ui_progress(double done, double total, const char *note)
{
	double t = now(), part = total > 0 ? done / total : 0;
	char left[32] = "";

	if (ui.mode != UI_NORMAL || t - ui.drawn < (ui.tty ? BAR_EVERY : LINE_EVERY))
		return;
	if (!ui.tty && !ui.running)
		return;
	ui.drawn = t;
	part = part > 1 ? 1 : part;
	if (ui.parts > 0)
		part = (ui.part + part) / ui.parts;
	if (part > 0.02)
		snprintf(left, sizeof(left), " %.0f s left", (t - ui.begun) * (1 - part) / part);
	if (ui.tty)
		draw_bar(part, left, note);
	else
		fprintf(stderr, "%-8s %-10s %.0f %%%s%s%s\n", ui.who, ui.what, 100 * part, left,
			*note ? " " : "", note);
}

/**
 * ui_done - the stage is over: its one line
 * @format: what came of it
 */
void ui_done(const char *format, ...)
{
	__auto_free char *text = NULL;
	va_list args;

	if (ui.parts > 0)
		return;
	ui_interrupt();
	if (ui_quiet())
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("out of memory");
	va_end(args);
	printf("%-8s %-10s %s (%.1f s)\n", ui.who, ui.what, text, now() - ui.begun);
	ui.running = false;
}

/**
 * ui_note - a line beside the stages
 * @format: the text
 */
void ui_note(const char *format, ...)
{
	va_list args;

	ui_interrupt();
	if (ui_quiet())
		return;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}
