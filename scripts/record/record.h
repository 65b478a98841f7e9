/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RESPAWN_RECORD_H
#define RESPAWN_RECORD_H

#include "run/guest.h"
#include "run/snapshot.h"

/**
 * struct record - what a trial left
 * @dir: its folder; NULL if it was discarded
 * @json: its run.json, see docs/record.md
 */
struct record {
	char *dir;
	json_t *json;
};

/* Making one */
char *record_begin(const char *out, const struct request *r);
void record_make(struct record *rec, const struct guest *g, const struct snapshot *from);
void record_add_verdict(json_t *o, const struct judge *j);
void record_finish(struct record *rec, const struct guest *g, const struct snapshot *from);
char *record_move(const char *dir, const char *out);
void record_discard(struct record *rec);

/* Reading one */
char *record_load(struct record *rec, const char *dir);
char *record_flaw(const struct record *rec);
void record_read(struct record *rec, const char *dir);
void record_request(const struct record *rec, struct request *r);
void record_check_files(const struct record *rec);
void record_image(const struct record *rec, const struct request *r, struct image *i);
bool record_snapshot(const struct record *rec, struct snapshot *s);
void record_same_call(const struct record *rec, const struct guest *g);

const json_t *record_member(const struct record *rec, const char *path);
const char *record_text(const struct record *rec, const char *path);
double record_real(const struct record *rec, const char *path);
enum verdict record_verdict(const struct record *rec);
bool record_is_good(const struct record *rec);
bool record_was_tested(const struct record *rec);
bool record_was_steered(const struct record *rec);
struct ktap_counts record_counts(const struct record *rec);
char *record_console(const struct record *rec);
void record_free(struct record *rec);

#endif /* RESPAWN_RECORD_H */
