// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which accelerator runs a guest. A host may have a /dev/kvm under which no
 * guest ever runs, so one counts only after a guest has booted under it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "run/accel.h"
#include "run/guest.h"
#include "options.h"
#include "lib/ui.h"

/* A guest under KVM boots in far less; one that never runs shows nothing. */
#define PROBE_SECONDS	10

static bool boots_under_kvm(const struct kernel *k, const char *initramfs,
			    const struct plan *plan)
{
	char dir[] = "/tmp/respawn-accel.XXXXXX";
	struct strv no_steps = { 0 };
	struct guest g = {
		.kernel = k, .initramfs = initramfs, .accel = "kvm", .steps = &no_steps,
	};
	unsigned int timeout = opt.timeout;
	bool greeted;

	if (!mkdtemp(dir))
		die("cannot create a directory in /tmp");
	g.dir = dir;
	opt.timeout = PROBE_SECONDS;
	guest_prepare(&g, plan);
	guests_run(&g, 1);
	opt.timeout = timeout;
	greeted = judge_greeted(g.judge);
	guest_free(&g);
	remove_tree(dir);
	return greeted;
}

/* Ask once per host and kernel of the host; the answer goes into the cache. */
static bool kvm_works(const struct kernel *k, const char *initramfs,
		      const struct plan *plan)
{
	__auto_free char *path = NULL, *known = NULL;
	struct utsname u;
	bool works;

	if (!arch_is_host(k->arch) || access("/dev/kvm", R_OK | W_OK) || uname(&u))
		return false;
	path = fmt("%s/kvm-%s-%s", opt.cache, u.nodename, u.release);
	known = read_file(path, NULL);
	if (known)
		return !strncmp(known, "yes", 3);
	ui_stage(k->arch->name, "kvm");
	works = boots_under_kvm(k, initramfs, plan);
	ui_done(works ? "works" : "opens, but runs no guest: TCG it is");
	write_file(path, works ? "yes\n" : "no\n", works ? 4 : 3);
	return works;
}

/**
 * accel_choose - the accelerator for a guest
 * @k: its kernel
 * @initramfs: its initramfs
 * @plan: all steps there are
 *
 * Dies if ACCEL= asks for what does not work here.
 *
 * Return: "virtual", "kvm" or "tcg"
 */
const char *accel_choose(const struct kernel *k, const char *initramfs,
			 const struct plan *plan)
{
	if (!strcmp(opt.timing, "virtual"))
		return "virtual";
	if (!strcmp(opt.accel, "tcg"))
		return "tcg";
	if (kvm_works(k, initramfs, plan))
		return "kvm";
	if (!strcmp(opt.accel, "kvm"))
		die("ACCEL=kvm: no %s guest boots under KVM on this host; use ACCEL=tcg or leave it out",
		    k->arch->name);
	return "tcg";
}
