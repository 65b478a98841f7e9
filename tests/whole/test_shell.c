// SPDX-License-Identifier: GPL-2.0-only
/*
 * make shell, as somebody at a terminal meets it: a prompt, an answer, an end.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/util.h"

#define PATIENCE_MS	60000

static char *respawn;
static char seen[1 << 16];
static size_t len;

/* Read on until the terminal shows @text; what comes after it stays. */
static void await(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char *rest;
	ssize_t n;

	while (!strstr(seen, text)) {
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			fail_msg("no '%s' in:\n%s", text, seen);
		n = read(fd, seen + len, sizeof(seen) - len - 1);
		if (n <= 0)
			fail_msg("the end, and no '%s' in:\n%s", text, seen);
		len += n;
		seen[len] = '\0';
	}
	rest = strstr(seen, text) + strlen(text);
	len -= rest - seen;
	memmove(seen, rest, len + 1);
}

static void type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void shell(const char *arch, const char *machine)
{
	__auto_free char *word = fmt("ARCH=%s", arch);
	int fd, status;
	pid_t pid;

	len = 0;
	seen[0] = '\0';
	pid = forkpty(&fd, NULL, NULL, NULL);
	if (!pid) {
		execl(respawn, respawn, "shell", word, NULL);
		_exit(127);
	}
	await(fd, "# ");
	type(fd, "uname -m; cat /sys/devices/system/cpu/present\n");
	await(fd, machine);
	await(fd, "0-3");
	await(fd, "# ");
	/* Only the shell's own interrupt: the guest goes on. */
	type(fd, "echo be''gun; cat\n");
	await(fd, "begun");
	/* Once as the terminal's echo, once as cat's: then it is cat that waits. */
	type(fd, "hello\n");
	await(fd, "hello");
	await(fd, "hello");
	type(fd, "\003");
	await(fd, "^C");
	await(fd, "# ");
	type(fd, "echo still $((40 + 2))\n");
	await(fd, "still 42");
	type(fd, "exit\n");
	await(fd, "reboot: Restarting system");
	while (read(fd, seen, sizeof(seen)) > 0)
		;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(fd);
}

static void arm64_shell(void **state)
{
	(void)state;
	shell("arm64", "aarch64");
}

static void x86_64_shell(void **state)
{
	(void)state;
	shell("x86_64", "x86_64");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm64_shell),
		cmocka_unit_test(x86_64_shell),
	};

	respawn = argc > 1 ? argv[1] : "build/respawn";
	return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
