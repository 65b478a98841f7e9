// SPDX-License-Identifier: GPL-2.0-only
/*
 * The suite kthread_lifecycle is part of the series. This makes a module of it
 * for kernels that were configured without it.
 */
#include <../lib/kthread_lifecycle_kunit.c>
