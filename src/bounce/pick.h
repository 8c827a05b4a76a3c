/* SPDX-License-Identifier: 0BSD */
/* pick - which recipients a report is about */
#ifndef BOUNCE_PICK_H
#define BOUNCE_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/env.h"
#include "wire/note.h"

struct pick {
	const struct env *env;
	const char *notes; /* wire/note.h records */
	size_t nnotes;
	bool warning; /* of a delay: those that are still to do */
	/* by pick_init: */
	size_t *at; /* where the last note of each starts, plus one; 0: none */
	size_t nfailed, ndelayed, nsucceeded;
};

void pick_init(struct pick *p);
/* What there is to tell of recipient i, 0 for nothing: the note of it in *n
 * (one is made up for a failure without). */
enum note_action pick_note(const struct pick *p, size_t i, struct note *n);
/* Was the message sent by a list or a program? Those are not warned. */
bool pick_isautomatic(int fdmess);

#endif
