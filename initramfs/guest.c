// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define PRINTK		"/proc/sys/kernel/printk"
/* Console level: notices are printed, information is not */
#define WITHOUT_INFO	"6"

#define SLAB_DIR	"/sys/kernel/slab/task_struct"
#define CENSUS_TRIES	16
#define KTHREADD_PID	2

/* Fields of /proc/PID/stat, as proc(5) counts them; the third is the state. */
#define STAT_STATE	3
#define STAT_THREADS	20
#define STAT_CPU	39

/* --- What failed --- */

static void (*fail_teller)(const char *what);

/**
 * fail_tell - set what fail() calls
 * @tell: is called with what failed; NULL prints an error line
 */
void fail_tell(void (*tell)(const char *what))
{
	fail_teller = tell;
}

/**
 * fail - say what failed
 * @fmt: printf-style, without a newline
 *
 * Return: false
 */
bool fail(const char *fmt, ...)
{
	char what[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (fail_teller)
		fail_teller(what);
	else
		kmsg_print("respawn: error %s", what);
	return false;
}

/**
 * fail_file - say that a file could not be used
 * @path: the file
 * @err: why, a positive errno
 *
 * Return: false
 */
bool fail_file(const char *path, int err)
{
	return fail("%s: %s", path, strerror(err));
}

/* --- Modules --- */

/**
 * module_load - load a module of the initramfs
 * @name: its name
 * @parameters: as modprobe takes them
 *
 * Return: 0, or a positive errno
 */
int module_load(const char *name, const char *parameters)
{
	char path[128];
	int err = 0;
	int fd;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0))
		err = errno;
	close(fd);
	return err;
}

/**
 * module_unload - unload a module that nobody uses
 * @name: its name
 *
 * Return: 0, or a positive errno
 */
int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

/* --- A seeded generator: SplitMix64 --- */

/**
 * random_next - draw a number
 * @state: of the stream it comes from
 *
 * Return: the number
 */
u64 random_next(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/**
 * random_bit - draw one of the bits that are set
 * @state: of the stream it comes from
 * @mask: has one at least
 *
 * Return: its number
 */
unsigned int random_bit(u64 *state, u64 mask)
{
	unsigned int n = random_next(state) % __builtin_popcountll(mask);

	while (n--)
		mask &= mask - 1;
	return __builtin_ctzll(mask);
}

/* --- Files --- */

static const char *unusable;

/**
 * plant_unusable - plant a file that can be neither read nor written
 * @path: the file; has to stay valid
 *
 * For tests of whether that is noticed. It holds for files that are kept open, too.
 */
void plant_unusable(const char *path)
{
	unusable = path;
}

static bool is_unusable(const char *path)
{
	return unusable && !strcmp(path, unusable);
}

/**
 * open_file - open a file, unless plant_unusable() says otherwise
 * @path: the file
 * @flags: as open() takes them; O_CLOEXEC is added
 *
 * Return: the descriptor, or -1 with errno set
 */
int open_file(const char *path, int flags)
{
	if (is_unusable(path)) {
		errno = EIO;
		return -1;
	}
	return open(path, flags | O_CLOEXEC);
}

/**
 * read_text - read a small file
 * @path: the file
 * @buf: gets its content, and a NUL behind it
 * @size: of @buf
 *
 * Return: the length of the text, or -errno; -EFBIG if the file does not fit
 */
int read_text(const char *path, char *buf, size_t size)
{
	int fd = open_file(path, O_RDONLY);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && len < size) {
		n = read(fd, buf + len, size - len);
		if (n > 0)
			len += n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	if (len == size) {
		n = -EFBIG;
		len--;
	}
	buf[len] = '\0';
	return n < 0 ? n : (int)len;
}

/**
 * write_text - write to a file in one go
 * @path: the file
 * @text: what to write
 *
 * Return: 0 or -errno
 */
int write_text(const char *path, const char *text)
{
	int fd = open_file(path, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/**
 * must_write - write to a file that takes what is written
 * @path: the file
 * @text: what to write
 *
 * Return: true, or false when it has said why not
 */
bool must_write(const char *path, const char *text)
{
	int err = write_text(path, text);

	return err ? fail_file(path, -err) : true;
}

static char printk_was[32];

/**
 * hush - have the kernel say nothing that is mere information
 *
 * The kernel prints some lines for each CPU that goes or comes, and each letter is an
 * access to a device. That is a fifth of the time of a run that does little else, and
 * the driver notes it anyway. Failures are printed at a louder level. An oracle that
 * fires raises the console level again, and so does the kernel at an oops. An RCU
 * stall does not: the console has the stacks of CPUs then, and not those of tasks.
 */
void hush(void)
{
	int n = read_text(PRINTK, printk_was, sizeof(printk_was));

	if (n < 0)
		fail_file(PRINTK, -n);
	else
		must_write(PRINTK, WITHOUT_INFO);
}

/**
 * talk_again - have the kernel say all that it said before hush()
 */
void talk_again(void)
{
	if (*printk_was)
		must_write(PRINTK, printk_was);
}

/* Files that are written so often that opening them each time would cost much */
#define KEPT_MAX	64

static struct {
	char path[64];
	int fd;
} kept[KEPT_MAX];

static size_t nr_kept;

static int keep(const char *path)
{
	size_t len = strlen(path) + 1;
	size_t i;

	for (i = 0; i < nr_kept; i++)
		if (!strcmp(kept[i].path, path))
			return kept[i].fd;
	if (nr_kept == KEPT_MAX || len > sizeof(kept->path)) {
		errno = EMFILE;
		return -1;
	}
	kept[i].fd = open_file(path, O_WRONLY);
	if (kept[i].fd < 0)
		return -1;
	memcpy(kept[i].path, path, len);
	nr_kept++;
	return kept[i].fd;
}

/**
 * keep_open - open a file for write_kept(), so that this can't fail later
 * @path: the file
 *
 * Return: true, or false when it has said why not
 */
bool keep_open(const char *path)
{
	return keep(path) < 0 ? fail_file(path, errno) : true;
}

/**
 * write_kept - write to a file in one go, and keep it open for the next time
 * @path: the file, not one of /proc/self: a child process has what we keep
 * @text: what to write
 *
 * Return: 0 or -errno
 */
int write_kept(const char *path, const char *text)
{
	int fd = keep(path);

	if (is_unusable(path))
		return -EIO;
	return fd < 0 || pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

/**
 * is_preempt_rt - is the kernel built with PREEMPT_RT?
 *
 * Return: whether its version says so
 */
bool is_preempt_rt(void)
{
	struct utsname u;

	return !uname(&u) && strstr(u.version, "PREEMPT_RT");
}

/**
 * read_number - a number that init passes
 * @name: of the variable in the environment
 * @value: gets it, if there is one
 *
 * Return: true, or false when it has said that it is no number
 */
bool read_number(const char *name, u64 *value)
{
	const char *text = getenv(name);
	char *end;

	if (!text)
		return true;
	errno = 0;
	*value = strtoull(text, &end, 10);
	if (!errno && end != text && !*end)
		return true;
	return fail("%s=%s is no number", name, text);
}

/* --- Child processes --- */

/**
 * await_child - wait for a child process
 * @child: its pid
 * @status: gets its status, as waitpid() has it
 *
 * Return: true, or false when it has said why there is no status
 */
bool await_child(pid_t child, int *status)
{
	pid_t pid;

	do
		pid = waitpid(child, status, 0);
	while (pid < 0 && errno == EINTR);
	return pid < 0 ? fail("wait for pid %d: %s", child, strerror(errno)) : true;
}

/**
 * ended_well - did a process end by itself?
 * @what: the process, for a message
 * @status: its status, as waitpid() has it
 *
 * Return: true, whatever its exit status; false when it has said which signal
 * ended it
 */
bool ended_well(const char *what, int status)
{
	if (WIFSIGNALED(status))
		return fail("%s was ended by signal %d (%s)", what, WTERMSIG(status),
			    strsignal(WTERMSIG(status)));
	return true;
}

/**
 * install_busybox - have all of BusyBox's commands in /bin
 *
 * Return: true, or false when it has said why they are not there
 */
bool install_busybox(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return fail("fork: %s", strerror(errno));
	if (!child) {
		execl("/bin/busybox", "busybox", "--install", "-s", "/bin", NULL);
		_exit(EXIT_FAILURE);
	}
	if (!await_child(child, &status) || !ended_well("busybox --install", status))
		return false;
	return WEXITSTATUS(status) ? fail("BusyBox cannot install its commands") : true;
}

/* --- CPUs --- */

/**
 * parse_cpulist - what a list of CPUs means
 * @list: as "0-2,5"
 * @mask: gets the CPUs
 *
 * Return: whether that is a list of CPUs; prints nothing if not
 */
bool parse_cpulist(const char *list, u64 *mask)
{
	unsigned int first, last;
	int used;

	*mask = 0;
	while (sscanf(list, "%u%n", &first, &used) == 1) {
		list += used;
		last = first;
		if (sscanf(list, "-%u%n", &last, &used) == 1)
			list += used;
		if (last >= CPUS_MAX)
			return false;
		for (; first <= last; first++)
			*mask |= 1ULL << first;
		if (*list == ',')
			list++;
	}
	return *list == '\n' || *list == '\0';
}

static bool read_cpus(const char *path, u64 *mask)
{
	char list[256];
	int n = read_text(path, list, sizeof(list));

	if (n < 0)
		return fail_file(path, -n);
	if (!parse_cpulist(list, mask))
		return fail("%s: cannot make sense of %s", path, list);
	return true;
}

/**
 * read_online - which CPUs are online
 * @mask: gets them
 *
 * Return: true, or false when it has said why
 */
bool read_online(u64 *mask)
{
	return read_cpus(CPU_DIR "/online", mask);
}

/**
 * read_late - which CPUs were not brought up at boot, as with maxcpus=
 * @online: those that are online
 * @mask: gets those that are not, but could be
 *
 * Return: true, or false when it has said why not
 */
bool read_late(u64 online, u64 *mask)
{
	if (!read_cpus(CPU_DIR "/present", mask))
		return false;
	*mask &= ~online;
	return true;
}

/**
 * movable_cpus - which CPUs may go offline, so that one stays
 * @cpus: those there are
 * @state: of the stream that names the one, unless the architecture does
 * @movable: gets the CPUs; none if there is but one
 *
 * Return: true, or false when it has said that none of several can go
 */
bool movable_cpus(u64 cpus, u64 *state, u64 *movable)
{
	unsigned int cpu;
	char path[64];

	*movable = 0;
	for (cpu = 0; cpu < CPUS_MAX; cpu++) {
		snprintf(path, sizeof(path), CPU_DIR "/cpu%u/online", cpu);
		if (bit(cpus, cpu) && !access(path, W_OK))
			*movable |= 1ULL << cpu;
	}
	if (cpus && *movable == cpus)
		*movable &= ~(1ULL << random_bit(state, cpus));
	if (!*movable && __builtin_popcountll(cpus) > 1)
		return fail("none of CPUs %#llx can be taken offline", cpus);
	return true;
}

/* --- Tasks, as /proc has them --- */

/* A rescuer that has worked has the name of its workqueue twice. */
static void forget_work(char *comm)
{
	static const char rescuer[] = "kworker/R-";
	char *name = comm + strlen(rescuer);
	size_t half;

	if (strncmp(comm, rescuer, strlen(rescuer)))
		return;
	half = strlen(name) / 2;
	if (*name && strchr("+-", name[half]) && !strncmp(name, name + half + 1, half))
		name[half] = '\0';
}

/*
 * Fill @t from /proc/@name/stat.
 *
 * Return: 1, 0 if that task is gone by now, or -errno
 */
static int read_task(const char *name, struct task *t)
{
	unsigned int field = STAT_STATE;
	char path[64], text[1024];
	char *comm, *end, *word, *save;
	int err;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", name);
	err = read_text(path, text, sizeof(text));
	if (err == -ENOENT || err == -ESRCH)
		return 0;
	if (err < 0)
		return err;
	/* A name may contain parentheses. */
	comm = strchr(text, '(');
	end = strrchr(text, ')');
	if (!comm || !end)
		return -EPROTO;
	*end++ = '\0';
	t->pid = atoi(name);
	snprintf(t->comm, sizeof(t->comm), "%s", comm + 1);
	forget_work(t->comm);
	for (word = strtok_r(end, " ", &save); word;
	     word = strtok_r(NULL, " ", &save), field++) {
		if (field == STAT_STATE)
			t->state = *word;
		else if (field == STAT_THREADS)
			t->threads = atoi(word);
		else if (field == STAT_CPU)
			t->cpu = atoi(word);
	}
	return field > STAT_CPU ? 1 : -EPROTO;
}

/* Add the task whose folder in /proc is @name, if it is still there. */
static bool add_task(struct tasks *tasks, const char *name)
{
	int err;

	if (tasks->nr == TASKS_MAX)
		return fail("there are more than %d tasks", TASKS_MAX);
	err = read_task(name, &tasks->task[tasks->nr]);
	if (err < 0)
		return fail("the task /proc/%s cannot be read: %s", name, strerror(-err));
	tasks->nr += err;
	return true;
}

/**
 * read_tasks - read what tasks there are
 * @tasks: gets them
 *
 * Return: true, or false when it has said why
 */
bool read_tasks(struct tasks *tasks)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	bool ok = true;
	int err;

	tasks->nr = 0;
	if (!dir)
		return fail_file("/proc", errno);
	errno = 0;
	while (ok && (d = readdir(dir))) {
		if (*d->d_name >= '1' && *d->d_name <= '9')
			ok = add_task(tasks, d->d_name);
		errno = 0;
	}
	err = errno;
	closedir(dir);
	return ok && err ? fail_file("/proc", err) : ok;
}

/* The pid that was given out last, as the end of /proc/loadavg has it */
static bool read_last_pid(unsigned int *pid)
{
	static const char path[] = "/proc/loadavg";
	char text[128];
	int n = read_text(path, text, sizeof(text));

	if (n < 0)
		return fail_file(path, -n);
	return sscanf(text, "%*s %*s %*s %*s %u", pid) == 1 ||
	       fail("%s: has no last pid", path);
}

/**
 * read_tasks_again - read what became of some tasks, and what tasks there are since
 * @tasks: those of interest; gets these if they are still there, and the new ones
 * @last: the last pid as of the time before, or 0; gets that of now
 *
 * A pid is larger than that of the task before it, until they begin anew. So a task that
 * is neither known nor later than @last was there the time before, and was of no interest.
 * All are read the first time, and when pids have begun anew.
 *
 * Return: true, or false when it has said why
 */
bool read_tasks_again(struct tasks *tasks, unsigned int *last)
{
	unsigned int pid = *last, known = tasks->nr;
	char name[16];

	if (!read_last_pid(last))
		return false;
	if (!pid || *last < pid)
		return read_tasks(tasks);
	tasks->nr = 0;
	for (unsigned int i = 0; i < known; i++) {
		snprintf(name, sizeof(name), "%d", tasks->task[i].pid);
		if (!add_task(tasks, name))
			return false;
	}
	while (pid++ < *last) {
		snprintf(name, sizeof(name), "%u", pid);
		if (!add_task(tasks, name))
			return false;
	}
	return true;
}

/* Workers come and go as the kernel likes; a rescuer (kworker/R-) does not. */
static bool is_worker(const struct task *t)
{
	return !strncmp(t->comm, "kworker/", 8) && t->comm[8] != 'R';
}

/* --- What may not be left over --- */

/* Without a slab of their own, task_structs that have leaked can't be counted. */
static bool has_slab(void)
{
	struct stat st;

	if (lstat(SLAB_DIR, &st))
		return fail("%s: %s; the kernel needs CONFIG_SLUB_DEBUG", SLAB_DIR,
			    strerror(errno));
	if (S_ISLNK(st.st_mode))
		return fail("task_struct shares its slab; boot with slab_nomerge");
	return true;
}

static long count_tasks(const struct tasks *tasks)
{
	long nr = 0;
	size_t i;

	for (i = 0; i < tasks->nr; i++)
		nr += tasks->task[i].threads;
	return nr;
}

static bool same_pids(const struct tasks *a, const struct tasks *b)
{
	size_t i;

	if (a->nr != b->nr || count_tasks(a) != count_tasks(b))
		return false;
	for (i = 0; i < a->nr; i++)
		if (a->task[i].pid != b->task[i].pid)
			return false;
	return true;
}

static bool read_slab(const struct census *c, long *left)
{
	static const char objects[] = SLAB_DIR "/objects";
	char text[256];
	int n;

	/* A slab that a CPU holds counts as full: take them back from the CPUs. */
	if (!must_write(SLAB_DIR "/shrink", "1"))
		return false;
	n = read_text(objects, text, sizeof(text));
	if (n < 0)
		return fail_file(objects, -n);
	*left = atol(text) - count_tasks(&c->tasks);
	return true;
}

/* A kernel thread that was just forked has no name of its own yet. */
static bool all_named(const struct tasks *t)
{
	size_t i;

	for (i = 0; i < t->nr; i++)
		if (t->task[i].pid != KTHREADD_PID && !strcmp(t->task[i].comm, "kthreadd"))
			return false;
	return true;
}

/**
 * take_census - count all that could be left over
 * @c: gets it
 * @settle: waits until dead tasks are freed
 *
 * The number of objects goes with the set of tasks only if no worker was born
 * or died meanwhile, and none just before that RCU still holds: the set has to
 * be the same before the settling and after the count. A CPU that allocates one between
 * the shrinking and the count holds a slab again; so it is counted twice.
 *
 * Return: true, or false when it has said why
 */
bool take_census(struct census *c, bool (*settle)(void))
{
	static struct tasks again;
	unsigned int tries;
	long slab;

	if (!has_slab())
		return false;
	for (tries = 0; tries < CENSUS_TRIES; tries++) {
		if (!read_tasks(&c->tasks) || !settle())
			return false;
		if (!read_slab(c, &c->slab) || !read_slab(c, &slab))
			return false;
		if (!read_tasks(&again))
			return false;
		if (same_pids(&c->tasks, &again) && all_named(&c->tasks) && slab == c->slab)
			return true;
	}
	return fail("no census: tasks came and went in all of %d tries", CENSUS_TRIES);
}

static bool match_task(const struct task *t, const struct tasks *in,
		       bool *taken)
{
	size_t i;

	for (i = 0; i < in->nr; i++) {
		if (!taken[i] && !strcmp(in->task[i].comm, t->comm)) {
			taken[i] = true;
			return true;
		}
	}
	return false;
}

/* Does each task of @a have its like in @b? */
static bool compare_tasks(const struct tasks *a, const struct tasks *b,
			  const char *how)
{
	static bool taken[TASKS_MAX];
	bool ok = true;
	size_t i;

	memset(taken, 0, sizeof(taken));
	for (i = 0; i < a->nr; i++)
		if (!is_worker(&a->task[i]) &&
		    !match_task(&a->task[i], b, taken))
			ok = fail("the tasks of the start expected, pid %d (%s) %s",
				  a->task[i].pid, a->task[i].comm, how);
	return ok;
}

/**
 * same_tasks - are the tasks those that were there before?
 * @before: the census that was taken first
 * @after: the other one
 *
 * Return: true, or false when it has said which are not
 */
bool same_tasks(const struct census *before, const struct census *after)
{
	bool left = compare_tasks(&after->tasks, &before->tasks, "is new");
	bool gone = compare_tasks(&before->tasks, &after->tasks, "is gone");

	return left && gone;
}

/**
 * leave_out_cpus - forget the tasks of some CPUs
 * @c: a census, which has them no more afterwards
 * @cpus: the CPUs; the names of their tasks end in their numbers
 *
 * A CPU that came late has tasks that were not there before.
 */
void leave_out_cpus(struct census *c, u64 cpus)
{
	size_t i, kept = 0;

	for (i = 0; i < c->tasks.nr; i++) {
		const struct task *t = &c->tasks.task[i];
		const char *slash = strrchr(t->comm, '/');
		unsigned int cpu;
		char after;

		if (slash && sscanf(slash + 1, "%u%c", &cpu, &after) == 1 &&
		    cpu < CPUS_MAX && bit(cpus, cpu))
			continue;
		c->tasks.task[kept++] = *t;
	}
	c->tasks.nr = kept;
}

/**
 * no_zombie - has every dead task been reaped?
 * @c: a census
 *
 * Return: true, or false when it has said which were not
 */
bool no_zombie(const struct census *c)
{
	const struct task *t;
	bool ok = true;
	size_t i;

	for (i = 0; i < c->tasks.nr; i++) {
		t = &c->tasks.task[i];
		if (t->state == 'Z')
			ok = fail("no zombie expected, pid %d (%s) seen",
				  t->pid, t->comm);
	}
	return ok;
}

/**
 * same_slab - are there as many task_structs without a task as before?
 * @before: the census that was taken first
 * @after: the other one
 *
 * Return: true, or false when it has said how many there are
 */
bool same_slab(const struct census *before, const struct census *after)
{
	if (after->slab != before->slab)
		return fail("%ld task_struct beyond those of the tasks expected, %ld seen",
			    before->slab, after->slab);
	return true;
}
