/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_KUNIT_KNOB_H
#define RESPAWN_KUNIT_KNOB_H
/*
 * What user space sees and sets in files, seen and set by a suite: limits,
 * parameters, counters. init has mounted what they are in.
 */
#include <kunit/test.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/umh.h>
#include <linux/slab.h>
#include <linux/string.h>

/* Where threads of the kernel have no files of their own, those of init are meant. */
#ifndef scoped_with_init_fs
#define scoped_with_init_fs()
#endif

static inline struct file *knob_open(const char *path, int flags)
{
	struct file *f;

	scoped_with_init_fs()
		f = filp_open(path, flags, 0);
	return f;
}

static inline int knob_write(const char *path, const char *text)
{
	struct file *f = knob_open(path, O_WRONLY);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(f))
		return PTR_ERR(f);
	n = kernel_write(f, text, strlen(text), &pos);
	filp_close(f, NULL);
	return n < 0 ? n : 0;
}

static inline int knob_read(const char *path, char *buf, size_t size)
{
	struct file *f = knob_open(path, O_RDONLY);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(f))
		return PTR_ERR(f);
	n = kernel_read(f, buf, size - 1, &pos);
	filp_close(f, NULL);
	if (n < 0)
		return n;
	buf[n] = '\0';
	return 0;
}

/* For files that the kernel can't read or write itself, as those of debugfs */
static inline void knob_shell(struct kunit *test, const char *command)
{
	char *argv[5] = { "/bin/busybox", "sh", "-c", (char *)command, NULL };
	static char *envp[1];

	KUNIT_ASSERT_EQ_MSG(test, call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC), 0,
			    "%s", command);
}

/* From now on the task's fail_nth counts allocations that may sleep, too. */
static inline void knob_arm_failslab(struct kunit *test)
{
	knob_shell(test, "echo N > /sys/kernel/debug/failslab/ignore-gfp-wait");
	knob_shell(test, "echo 0 > /sys/kernel/debug/failslab/verbose");
}

static inline void knob_copy(struct kunit *test, const char *path, char *buf, size_t size)
{
	char command[128];

	snprintf(command, sizeof(command), "/bin/busybox cat %s > /tmp/knob", path);
	knob_shell(test, command);
	KUNIT_ASSERT_EQ(test, knob_read("/tmp/knob", buf, size), 0);
}

/* The number behind "@name " in a debugfs file of such lines */
static inline long knob_counter(struct kunit *test, const char *path,
				const char *name)
{
	char buf[256], *line, *rest = buf;
	size_t len = strlen(name);
	long value = -1;

	knob_copy(test, path, buf, sizeof(buf));
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, name, len) && line[len] == ' ' &&
		    !kstrtol(line + len + 1, 10, &value))
			break;
	KUNIT_ASSERT_GE_MSG(test, value, 0L, "%s has no '%s'", path, name);
	return value;
}

/*
 * debugobjects has objects of its own, which whoever comes by allocates, and does without
 * them where that fails: then the allocation that was to fail was one of those.
 */
static inline bool knob_may_miss(void)
{
	return IS_ENABLED(CONFIG_DEBUG_OBJECTS);
}

/* The number of the task's @n-th allocation, as kmemleak allocates an object for each */
static inline unsigned int knob_nth(unsigned int n)
{
	return IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) ? 2 * n - 1 : n;
}

/* KASAN keeps thousands of objects that were freed, to see them used again. */
static inline bool slab_is_exact(void)
{
	return !IS_ENABLED(CONFIG_KASAN_GENERIC);
}

#define SLABINFO_ROOM	(256 * 1024)

/* Objects that are in use in all caches whose name begins with @prefix */
static inline long slab_objects(struct kunit *test, const char *prefix)
{
	char *text = kunit_kmalloc(test, SLABINFO_ROOM, GFP_KERNEL), *line, *rest = text;
	long sum = 0, active;

	KUNIT_ASSERT_NOT_NULL(test, text);
	knob_copy(test, "/proc/slabinfo", text, SLABINFO_ROOM);
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, prefix, strlen(prefix)) &&
		    sscanf(line, "%*s %ld", &active) == 1)
			sum += active;
	kunit_kfree(test, text);
	KUNIT_ASSERT_GT_MSG(test, sum, 0L, "no %s", prefix);
	return sum;
}

/**
 * struct knob - a file whose content a case changes and the end restores
 * @path: the file
 * @was: what it said before
 */
struct knob {
	const char *path;
	char was[64];
};

static inline void knob_restore(void *data)
{
	struct knob *k = data;

	if (knob_write(k->path, k->was))
		pr_err("%s cannot be set back to %s\n", k->path, k->was);
}

/* Remember what @path says, and have it say so again when the case is over. */
static inline struct knob *knob_keep(struct kunit *test, const char *path)
{
	struct knob *k = kunit_kzalloc(test, sizeof(*k), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, k);
	k->path = path;
	KUNIT_ASSERT_EQ_MSG(test, knob_read(path, k->was, sizeof(k->was)), 0, "%s", path);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, knob_restore, k), 0);
	return k;
}

static inline void knob_set(struct kunit *test, const char *path, long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", value);
	KUNIT_ASSERT_EQ_MSG(test, knob_write(path, text), 0, "%s", path);
}

#endif /* RESPAWN_KUNIT_KNOB_H */
