// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's monitor: commands go there, answers and events come back, a JSON object
 * a line. Commands need not wait for each other's answers: QEMU does one after the
 * other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/qmp.h"
#include "lib/util.h"

/**
 * qmp_open - make a monitor's two ends
 * @q: gets ours
 *
 * Return: QEMU's end
 */
int qmp_open(struct qmp *q)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		die("cannot have a socket for QEMU's monitor: %s", strerror(errno));
	*q = (struct qmp){ .fd = ends[0] };
	return ends[1];
}

/* A QEMU that is gone hears nothing; that it is gone, others find out. */
static void send_line(const struct qmp *q, json_t *message, int fd)
{
	__auto_free char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	__auto_free char *line = NULL;
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (!text)
		die("out of memory");
	json_decref(message);
	line = fmt("%s\n", text);
	iov = (struct iovec){ .iov_base = line, .iov_len = strlen(line) };
	if (fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	sendmsg(q->fd, &msg, MSG_NOSIGNAL);
}

/**
 * qmp_say - give a command
 * @q: the monitor
 * @command: its name
 * @arguments: what it takes, or NULL; used up
 */
void qmp_say(const struct qmp *q, const char *command, json_t *arguments)
{
	send_line(q, json_pack("{s:s, s:o*}", "execute", command, "arguments", arguments), -1);
}

/**
 * qmp_hand_over - give QEMU a file
 * @q: the monitor
 * @name: what commands call it, as "fd:<name>"
 * @fd: the file; still the caller's to close
 */
void qmp_hand_over(const struct qmp *q, const char *name, int fd)
{
	send_line(q, json_pack("{s:s, s:{s:s}}", "execute", "getfd", "arguments",
			       "fdname", name), fd);
}

/* What is there of the next message; whether that is all of it */
static bool take_line(struct qmp *q)
{
	ssize_t n;
	char c;

	while ((n = recv(q->fd, &c, 1, MSG_DONTWAIT)) == 1) {
		if (c == '\n')
			return true;
		q->line = realloc(q->line, q->len + 1);
		if (!q->line)
			die("out of memory");
		q->line[q->len++] = c;
	}
	/* QEMU is on its way out: poll() would go on to say so until it is gone. */
	if (!n) {
		close(q->fd);
		q->fd = -1;
	}
	return false;
}

/**
 * qmp_next - hear what QEMU says
 * @q: the monitor
 *
 * Does not wait.
 *
 * Return: the next message, for json_decref(), or NULL if there is none for now
 */
json_t *qmp_next(struct qmp *q)
{
	json_t *message = NULL;

	while (!message && take_line(q)) {
		message = json_loadb(q->line, q->len, 0, NULL);
		q->len = 0;
	}
	return message;
}

bool qmp_is_event(const json_t *message, const char *name)
{
	const char *event = json_string_value(json_object_get(message, "event"));

	return event && !strcmp(event, name);
}

/**
 * qmp_complaint - does QEMU refuse a command?
 * @message: what it said
 *
 * Return: why, NULL if it is no refusal
 */
const char *qmp_complaint(const json_t *message)
{
	const json_t *error = json_object_get(message, "error");

	return json_string_value(json_object_get(error, "desc"));
}

void qmp_close(struct qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	free(q->line);
	*q = (struct qmp){ .fd = -1 };
}
