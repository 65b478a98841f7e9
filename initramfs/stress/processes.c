// SPDX-License-Identifier: GPL-2.0-only
/*
 * What processes do while CPUs come and go: the operations of the other actors that
 * are not the module's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

int do_toggle(const struct op *op)
{
	bool on = draw(2);
	int err = begin(op, 0, on);

	if (err)
		return err;
	return end(op, 0, on, write_text(RESPAWN_PATH, on ? "Y" : "N"));
}

/* The @n-th thread that there is, or 0 */
static int find_thread(unsigned int n, unsigned int *slot)
{
	static char text[TEXT_LEN];
	char *line, *save;
	int pid, len;

	len = read_text(THREADS, text, sizeof(text));
	if (len < 0)
		fail_file(THREADS, -len);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%u %d", slot, &pid) != 2)
			fail("%s: cannot make sense of %s", THREADS, line);
		else if (!n--)
			return pid;
	}
	return 0;
}

/* A pid is not reused soon. At worst the thread is gone by now. */
int do_signal(const struct op *op)
{
	int sig = 1 + draw(31);
	unsigned int slot;
	int pid = find_thread(draw(8), &slot);
	int err;

	if (!pid)
		return -ESRCH;
	err = begin(op, slot, sig);
	if (err)
		return err;
	return end(op, slot, sig, kill(pid, sig) ? -errno : 0);
}

/* Fork processes that end immediately. */
int do_fork(const struct op *op)
{
	u64 n = 1 + draw(4);
	int err = begin(op, 0, n);
	pid_t child[4];
	int status;
	u64 i;

	if (err)
		return err;
	for (i = 0; i < n; i++) {
		child[i] = fork_for("fork");
		if (!child[i])
			_exit(0);
		if (child[i] < 0)
			err = -errno;
	}
	for (i = 0; i < n; i++)
		if (child[i] > 0 && await_child(child[i], &status))
			ended_well("a forked process", status);
	return end(op, 0, n, err);
}

/* Allocate and free pages, and drop caches. */
int do_memory(const struct op *op)
{
	size_t size = (1 + draw(4)) << 18;
	char what[2] = { '1' + (char)draw(3), '\0' };
	int err = begin(op, 0, size);
	void *p;

	if (err)
		return err;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		err = -errno;
	else
		munmap(p, size);
	if (!draw(4))
		must_write(DROP_CACHES, what);
	return end(op, 0, size, err);
}

/* A signal that comes while another actor loads it leaves the module where it is. */
static int unload_visitor(void)
{
	int err;

	do
		err = syscall(SYS_delete_module, "visitor", O_NONBLOCK) ? -errno : 0;
	while (err == -EINTR);
	return err;
}

/*
 * Load and unload a module. If two actors load it at once, the kernel reports success
 * to both. Both unload it then, and one of them gets an error, which is expected.
 */
int do_module(const struct op *op)
{
	unsigned int us = draw(3000);
	int fd = open_file(VISITOR, O_RDONLY);
	int err;

	if (fd < 0) {
		fail_file(VISITOR, errno);
		return -ENOENT;
	}
	err = begin(op, 0, us);
	if (err) {
		close(fd);
		return err;
	}
	if (syscall(SYS_finit_module, fd, "", 0))
		err = -errno;
	close(fd);
	if (!err) {
		usleep(us);
		err = unload_visitor();
	}
	return end(op, 0, us, err);
}

/*
 * A process is killed in the middle of an operation of the module's, which notes what
 * comes of it. The kernel has to end what it began.
 */
int do_killed(const struct op *op)
{
	const struct op *inner = draw_deadly();
	unsigned int slot = inner ? draw(inner->slots) : 0;
	u64 arg = random_next(&rng) >> 32, us = draw(300);
	pid_t child;
	int status;

	if (!inner)
		return -ENOENT;
	child = fork_for("killed");
	if (!child)
		_exit(-torture("op", "%s %u %u %llu %llu", inner->name, actor, slot, arg,
			       drawn));
	if (child < 0) {
		if (!is_honest(op, -errno))
			fail("fork to be killed: %s", strerror(errno));
		return -EAGAIN;
	}
	usleep(us);
	kill(child, SIGKILL);
	if (!await_child(child, &status))
		return -ECHILD;
	done[actor]++;
	/* The child may have been quicker, and have learnt that the run is over. */
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
}
