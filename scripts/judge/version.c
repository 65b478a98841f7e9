// SPDX-License-Identifier: GPL-2.0-only
#include "judge/judge.h"

/**
 * judge_version - which judge this is
 *
 * Called by whoever keeps verdicts: those of another judge may be others.
 *
 * Return: a string that changes with the judge's tables and code
 */
const char *judge_version(void)
{
	return JUDGE_VERSION;
}
