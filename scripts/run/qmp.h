/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_QMP_H
#define RESPAWN_QMP_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/**
 * struct qmp - our end of QEMU's monitor
 * @fd: socket, -1 if there is none
 * @line: what came of a message that is not whole yet
 * @len: bytes of it
 */
struct qmp {
	int fd;
	char *line;
	size_t len;
};

int qmp_open(struct qmp *q);
void qmp_say(const struct qmp *q, const char *command, json_t *arguments);
void qmp_hand_over(const struct qmp *q, const char *name, int fd);
json_t *qmp_next(struct qmp *q);
bool qmp_is_event(const json_t *message, const char *name);
const char *qmp_complaint(const json_t *message);
void qmp_close(struct qmp *q);

#endif /* RESPAWN_QMP_H */
