/* SPDX-License-Identifier: 0BSD */
/* select - which messages, and which of their recipients, are meant
 *
 * Conditions are joined by "and"; several ids by "or". Those about recipients
 * (to, domain, reason, match, state) choose recipients, the others messages.
 */
#ifndef QUILLCTL_SELECT_H
#define QUILLCTL_SELECT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quillctl/walk.h"

enum select_state {
	SELECT_ANY,
	SELECT_NEW,
	SELECT_ACTIVE,
	SELECT_WAITING,
	SELECT_HELD,
	SELECT_DAMAGED,
};

struct select {
	/* as given */
	const char *from, *to, *domain, *older, *younger, *state_name;
	const char *reason, *match;
	bool all;
	/* made of them by select_ready */
	struct qid *ids;
	size_t nids;
	int64_t before, after; /* born then, s since 1970 */
	enum select_state state;
	regex_t reason_re, match_re;
};

#define SELECT_OPTIONS(s)                                                      \
	{ 0, "from", NULL, &(s).from }, { 0, "to", NULL, &(s).to },            \
		{ 0, "domain", NULL, &(s).domain },                            \
		{ 0, "older", NULL, &(s).older },                              \
		{ 0, "younger", NULL, &(s).younger },                          \
		{ 0, "state", NULL, &(s).state_name },                         \
		{ 0, "reason", NULL, &(s).reason },                            \
		{ 0, "match", NULL, &(s).match },                              \
	{                                                                      \
		0, "all", &(s).all, NULL                                       \
	}

/* The lines that explain it. */
extern const char select_usage[];

/* Check what was given, and the n operands: ids. 0; CTL_USAGE after a
 * complaint. */
int select_ready(struct select *s, int n, char **operands);
/* Was anything given at all? */
bool select_given(const struct select *s);
/* Does the message fit, apart from its recipients? */
bool select_message(const struct select *s, const struct walk_message *m);
/* Does recipient i of a message that fits? */
bool select_rcpt(
	const struct select *s, const struct walk_message *m, size_t i);
/* Are all recipients of a message that fits meant? */
bool select_whole(const struct select *s);
/* Visit those that fit: only the ids where some were given (each that is not
 * in the queue is said on fd 2). 0; -1 errno. */
int select_each(const struct select *s, walk_fn *fn, walk_fn *odd, void *arg);

/* "new", "waits", "held", "done", "failed", "removed". */
const char *select_state(const struct walk_message *m, size_t i);

#endif
