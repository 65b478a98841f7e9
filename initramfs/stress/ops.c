// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which operations a run has, and how often: as RESPAWN_OPS names them, or as the
 * seed decides.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

struct op ops[OPS_MAX] = {
	{ "offline", 8, do_offline, .hotplug = true },
	{ "online", 8, do_online, .hotplug = true },
	{ "set", 2, do_set, .hotplug = true },
	{ "partial", 3, do_partial, .hotplug = true, .needs = CPU_DIR "/cpu0/hotplug/target" },
	{ "failing", 4, do_failing, .hotplug = true, .needs = CPU_DIR "/cpu0/hotplug/fail" },
	{ "starved", 2, do_starved, .hotplug = true, .needs = FAILSLAB_DIR },
	{ "full", 1, do_full, .hotplug = true },
	{ "suspend", 2, do_suspend, .hotplug = true, .needs = PM_TEST },
	{ "smt", 2, do_smt, .hotplug = true, .fits = has_threads },
	{ "respawn-toggle", 1, do_toggle, .needs = RESPAWN_PATH },
	/* The thread is gone by now. */
	{ "signal", 3, do_signal, .needs = THREADS, .maker = "launch",
	  .honest = { ESRCH } },
	{ "fork", 1, do_fork, .honest = { EAGAIN } },
	{ "memory", 1, do_memory, .needs = DROP_CACHES },
	/* The CPU is offline. */
	{ "migrate", 2, do_migrate, .honest = { EINVAL } },
	/*
	 * Another actor has the module, or is about to and has this one wait until all is
	 * frozen; or it cannot have its threads at the moment.
	 */
	{ "module", 1, do_module, .needs = VISITOR,
	  .honest = { EAGAIN, EBUSY, EEXIST, EINTR, ENOENT } },
	/* No process can be forked at the moment. */
	{ "killed", 3, do_killed, .honest = { EAGAIN } },
	{ "policy", 2, do_policy, .hotplug = false },
	/*
	 * There are as many of them as the CPUs that are left can take. Only if it is asked
	 * for: see docs/found.md.
	 */
	{ "deadline", 0, do_deadline, .honest = { EBUSY, EPERM } },
	/* A CPU that goes takes part of its cpuset away at the same time. */
	{ "affinity", 2, do_affinity, .fits = keeps_affinity, .honest = { EINVAL } },
	{ "cpuset", 2, do_cpuset, .needs = CPUSETS },
	/* Another actor has it. Only if it is asked for: see docs/found.md. */
	{ "partition", 0, do_partition, .needs = CPUSETS, .honest = { EEXIST } },
	{ "wq-cpus", 2, do_wq_cpus, .needs = WQ_CPUS, .honest = { ENOMEM } },
};

size_t nr_ops = 22;

struct op *find_op(const char *name)
{
	size_t i;

	for (i = 0; i < nr_ops; i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}

/* The module's operations, behind the driver's own */
static bool read_ops(void)
{
	static const char path[] = TORTURE_DIR "/ops";
	static char text[TEXT_LEN];
	char *line, *save;
	struct op *op;
	int n = read_text(path, text, sizeof(text));

	if (n < 0)
		return fail_file(path, -n);
	for (line = strtok_r(text, "\n", &save); line && nr_ops < OPS_MAX;
	     line = strtok_r(NULL, "\n", &save)) {
		op = &ops[nr_ops];
		if (sscanf(line, "%31s %u %u %31s", op->name, &op->weight, &op->slots,
			   op->maker) != 4 || !op->slots)
			return fail("%s: cannot make sense of %s", path, line);
		nr_ops++;
	}
	return line ? fail("%s: too many", path) : true;
}

static bool choose_op(char *word)
{
	char *colon = strchr(word, ':');
	unsigned int weight = 0;
	struct op *op;
	char after;

	if (colon) {
		*colon++ = '\0';
		if (sscanf(colon, "%u%c", &weight, &after) != 1 || !weight ||
		    weight > 1000)
			return fail("RESPAWN_OPS: %s:%s is no weight", word,
				    colon);
	}
	op = find_op(word);
	if (!op)
		return fail("RESPAWN_OPS: there is no operation %s", word);
	if (op->needs && access(op->needs, F_OK))
		return fail("RESPAWN_OPS: %s needs %s", word, op->needs);
	if (op->fits && !op->fits())
		return fail("RESPAWN_OPS: %s needs another kernel or machine", word);
	if (weight || !op->weight)
		op->weight = weight ? weight : 1;
	op->chosen = true;
	return true;
}

/* Does a variable of the environment name an operation? */
static bool is_in(const char *variable, const struct op *op)
{
	const char *names = getenv(variable), *at = names;
	size_t len = strlen(op->name);

	while (at && (at = strstr(at, op->name))) {
		if ((at == names || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

/*
 * Operations hide the effects of each other: a wake-up that was lost is made good by
 * the next one. So three seeds in four leave out about half of the operations, and
 * draw new weights for the rest. If the run is aimed, in every other one those that get
 * there stay in, most of those that get near, and few of the others: what gets there alone
 * need not be what it takes. In half of these there are no others at all, as what is rare
 * among sixty operations is rarely done.
 *
 * Seeds take turns with the modes of smpboot, two of them: each has two of one kind.
 */
static void draw_ops(void)
{
	unsigned int kind = seed / 2 % 4;
	bool aimed = getenv("RESPAWN_AIM") && kind % 2, alone = aimed && kind == 3;
	size_t i;

	rng = ~seed;
	if (!kind || getenv("RESPAWN_CALIBRATE"))
		return;
	for (i = 0; i < nr_ops; i++) {
		if (aimed && is_in("RESPAWN_AIM", &ops[i]))
			ops[i].weight *= 2 + draw(7);
		else if (aimed && is_in("RESPAWN_NEAR", &ops[i]))
			ops[i].weight *= !!draw(4) * (1 + (alone ? 0 : draw(7)));
		else if (alone)
			ops[i].weight = 0;
		else
			ops[i].weight *= (aimed ? !draw(4) : draw(2)) * (1 + draw(4));
	}
	/* Without what makes its object, an operation has nothing to do. */
	for (i = nr_ops; i--;) {
		struct op *maker = find_op(ops[i].maker);

		if (ops[i].weight && maker && !maker->weight)
			maker->weight = 1;
	}
	/* These two stay in, if rarely: each run has to move CPUs. */
	if (!find_op("offline")->weight)
		find_op("offline")->weight = 1;
	/* One of them has nothing to do without the other. */
	find_op("online")->weight = find_op("offline")->weight;
}

/* Those that are named, or all that there are, as far as they can be done */
static bool choose_ops(char *names)
{
	char *word, *save;
	size_t i;

	for (word = strtok_r(names, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		if (!choose_op(word))
			return false;
	for (i = 0; i < nr_ops; i++) {
		if (*names && !ops[i].chosen)
			ops[i].weight = 0;
		if ((ops[i].needs && access(ops[i].needs, F_OK)) ||
		    (ops[i].fits && !ops[i].fits()))
			ops[i].weight = 0;
	}
	return true;
}

/* Without actors, their operations are left out of the draw. */
static bool leave_out_actors(void)
{
	size_t i;

	for (i = 0; !actors && i < nr_ops; i++) {
		if (ops[i].hotplug)
			continue;
		if (ops[i].chosen)
			return fail("RESPAWN_OPS: %s needs an actor, and RESPAWN_ACTORS is 0",
				    ops[i].name);
		ops[i].weight = 0;
	}
	return true;
}

/*
 * A process is killed in the middle of what the others do in the module; where they do
 * nothing there, of whatever the module has.
 */
static void mark_deadly(const unsigned int *usual)
{
	bool wanted = false;
	size_t i;

	for (i = 0; i < nr_ops; i++)
		wanted |= !ops[i].fn && ops[i].weight;
	for (i = 0; i < nr_ops; i++)
		ops[i].deadly = !ops[i].fn && (wanted ? ops[i].weight : usual[i]);
}

static void plant_in_draw(void)
{
	size_t i;

	if (strcmp(planted, "no_hotplug"))
		return;
	for (i = 0; i < nr_ops; i++)
		if (ops[i].hotplug)
			ops[i].weight = 0;
}

bool read_ops_wanted(void)
{
	static char names[1024];
	const char *text = getenv("RESPAWN_OPS");
	unsigned int usual[OPS_MAX];
	size_t i;

	if (text && snprintf(names, sizeof(names), "%s", text) >= (int)sizeof(names))
		return fail("RESPAWN_OPS: more than %zu bytes", sizeof(names) - 1);
	if (!read_ops())
		return false;
	for (i = 0; i < nr_ops; i++)
		usual[i] = ops[i].weight;
	if (!*names)
		draw_ops();
	if (!choose_ops(names) || !leave_out_actors())
		return false;
	mark_deadly(usual);
	plant_in_draw();
	if (!*names && !weight_of(true))
		return fail("no operation on CPUs was drawn");
	return weight_of(true) || weight_of(false) ? true :
	       fail("RESPAWN_OPS: no operation can be done");
}

/* --- Which one is next --- */

/* One that a process is killed in the middle of */
const struct op *draw_deadly(void)
{
	size_t i, n = 0;

	for (i = 0; i < nr_ops; i++)
		n += ops[i].deadly;
	n = n ? draw(n) : nr_ops;
	for (i = 0; i < nr_ops; i++)
		if (ops[i].deadly && !n--)
			return &ops[i];
	return NULL;
}

/* The sum over the operations that an actor has */
unsigned int weight_of(bool hotplug)
{
	unsigned int all = 0;
	size_t i;

	for (i = 0; i < nr_ops; i++)
		if (ops[i].hotplug == hotplug)
			all += ops[i].weight;
	return all;
}

/* One of the operations that an actor has, or NULL if it has none */
const struct op *pick(bool hotplug)
{
	unsigned int all = weight_of(hotplug), n;
	size_t i;

	if (!all)
		return NULL;
	n = draw(all);
	for (i = 0; i < nr_ops; i++) {
		if (ops[i].hotplug != hotplug)
			continue;
		if (n < ops[i].weight)
			break;
		n -= ops[i].weight;
	}
	return &ops[i];
}

int operate(const struct op *op)
{
	return op->fn ? op->fn(op) : do_in_module(op);
}
