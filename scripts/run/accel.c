// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which accelerator runs a guest. A host may have a /dev/kvm under which no
 * guest ever runs, so one counts only after a guest has booted under it.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/host.h"
#include "lib/memo.h"
#include "lib/ui.h"
#include "run/accel.h"
#include "run/pool.h"
#include "run/qemu.h"

/* A guest under KVM boots in far less; one that never runs shows nothing. */
#define PROBE_SECONDS	10

/* Does init of a guest get as far as to greet? */
static bool boots_under(const char *accel, const struct image *image, const struct request *r)
{
	__auto_free char *path = fmt("%s/accel", host_cache()), *dir = publish_name(path);
	struct guest g = { .image = image, .req = *r, .accel = accel };
	bool greeted;

	make_dirs(dir);
	g.dir = dir;
	g.req.plan = "";
	g.req.timeout = PROBE_SECONDS;
	guest_prepare(&g);
	pool_run_all(&g, 1);
	greeted = judge_greeted(g.judge);
	guest_free(&g);
	remove_tree(dir);
	return greeted;
}

/*
 * What is remembered of KVM holds for this image and QEMU, as long as the host is
 * up: another kernel of the host, or of the guest, may do better.
 */
static char *probe_key(const struct image *image, const struct request *r)
{
	__auto_free char *boot = read_file("/proc/sys/kernel/random/boot_id", NULL);
	struct hash *h = hash_new();
	char key[HASH_LEN];

	hash_str(h, boot ? boot : "");
	hash_str(h, qemu_version(r->arch));
	hash_str(h, image->kernel.key);
	hash_str(h, image->initramfs);
	hash_str(h, r->kcmdline);
	hash_end(h, key);
	return copy(key);
}

static bool kvm_works(const struct image *image, const struct request *r)
{
	__auto_free char *dir = fmt("%s/memo/kvm", host_cache()), *key = NULL;
	json_t *known;
	bool works;

	if (!arch_is_host(r->arch) || access("/dev/kvm", R_OK | W_OK))
		return false;
	key = probe_key(image, r);
	known = memo_read(dir, key);
	works = json_is_true(known);
	if (!known) {
		ui_stage(r->arch->name, "kvm");
		works = boots_under("kvm", image, r);
		ui_done(works ? "works" : "opens, but runs no guest: TCG it is");
		/* A guest that boots under nothing says nothing of KVM. */
		if (works || boots_under("tcg", image, r))
			memo_write(dir, key, json_boolean(works));
	}
	json_decref(known);
	return works;
}

/**
 * accel_choose - the accelerator for a guest
 * @image: what it boots
 * @r: what it is asked
 *
 * Dies if ACCEL= asks for what does not work here.
 *
 * Return: "virtual", "kvm" or "tcg"
 */
const char *accel_choose(const struct image *image, const struct request *r)
{
	if (request_is_virtual(r))
		return "virtual";
	if (!strcmp(r->accel, "tcg"))
		return "tcg";
	if (kvm_works(image, r))
		return "kvm";
	if (!strcmp(r->accel, "kvm"))
		die("ACCEL=kvm: no %s guest boots under KVM on this host; use ACCEL=tcg or leave it out",
		    r->arch->name);
	return "tcg";
}
