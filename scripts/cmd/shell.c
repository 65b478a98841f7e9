// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest for a person to look around in.
 */
#define _GNU_SOURCE
#include "cmd/cmd.h"
#include "lib/ui.h"
#include "record/trial.h"
#include "run/accel.h"
#include "run/guest.h"

/**
 * cmd_shell - boot into a shell on the terminal, in real time
 * @o: what the user asked for; of its architectures the first one
 *
 * Return: an exit status
 */
int cmd_shell(const struct options *o)
{
	struct image image;
	struct guest g = { .image = &image, .req = o->request };

	trial_needs(&g.req);
	image_open(&image, &g.req);
	image_build(&image);
	g.req = image.kernel.req;
	g.req.timing = "real";
	g.accel = accel_choose(&image, &g.req);
	ui_note("%s, %s; 'exit' ends it, so does Ctrl-A X", g.req.arch->name, image.tree.name);
	return guest_shell(&g);
}
