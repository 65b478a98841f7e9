// SPDX-License-Identifier: GPL-2.0-only
/*
 * What torture_onoff is part of, out of the tree that is tested: as a module of
 * its own it would need one of the tests that select it, and has our own's name.
 */
#include "../kernel/torture.c"
