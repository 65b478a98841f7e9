/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KMSG_H
#define RESPAWN_KMSG_H
/*
 * What the guest's user space has to say goes to the kernel log: there it is
 * in order with the kernel's own lines and on the console when write() returns.
 */
#include <stdbool.h>

#ifndef __printf
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#endif

int kmsg_open(void);
__printf(1, 2)
void kmsg_print(const char *fmt, ...);

/* One KTAP document with one suite in it. */
void ktap_begin(const char *suite, unsigned int cases);
__printf(1, 2)
void ktap_note(const char *fmt, ...);
void ktap_case(const char *name, bool ok, const char *skip);
bool ktap_end(void);

#endif /* RESPAWN_KMSG_H */
