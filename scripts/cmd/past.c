// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a check took on this host, for those who ask how long one will take.
 */
#include <stdlib.h>

#include "cmd/past.h"
#include "lib/host.h"
#include "lib/memo.h"
#include "lib/util.h"

static const char *const keys[] = { [PAST_WARM] = "warm", [PAST_COLD] = "cold" };

static char *folder(void)
{
	return fmt("%s/memo/check", host_cache());
}

/**
 * past_remember - a check is over
 * @which: what it began with
 * @seconds: that it took
 */
void past_remember(enum past which, double seconds)
{
	__auto_free char *dir = folder();

	memo_write(dir, keys[which], json_real(seconds));
}

/**
 * past_words - how long the last one took
 * @which: that began so
 *
 * Return: words, to be freed
 */
char *past_words(enum past which)
{
	__auto_free char *dir = folder();
	json_t *known = memo_read(dir, keys[which]);
	char *words = json_is_number(known) ? fmt("%.0f s", json_number_value(known)) :
					      copy("an unknown time");

	json_decref(known);
	return words;
}
