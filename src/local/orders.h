/* SPDX-License-Identifier: 0BSD */
/* orders - what decides about a delivery: the user's .qmail file, an alias, or
 * the default delivery
 *
 * To be called in the home directory, as its user.
 */
#ifndef LOCAL_ORDERS_H
#define LOCAL_ORDERS_H

#include <stdbool.h>

#include "lib/str.h"
#include "local/alias.h"
#include "local/delivery.h"
#include "local/result.h"

struct orders {
	struct str text;      /* of the .qmail file, or as in one */
	struct str name;      /* of the file, for what we say */
	struct str newsender; /* after -owner rewriting */
	const char *deflt;    /* $DEFAULT, points into ext; NULL unset */
	bool is_default;      /* the default delivery, no file of the user's */
	bool forward_only;    /* the file has an x bit */
	bool is_alias;	      /* of the database: text has its programs and
			       * files, alias its forwards */
	struct alias alias;
};

void orders_init(struct orders *o);
/* Before each use but the first; keeps the memory. */
void orders_clear(struct orders *o);
/* Find and read them: all but newsender. false: r says why. An empty text is
 * left only when no default delivery is set. */
bool orders_find(struct orders *o, const struct delivery *d, struct result *r);
/* Set newsender, the sender of what goes on from here by forward or program
 * (-owner, VERP): before anything is delivered, so that trouble does not come
 * in the middle. */
bool orders_sender(
	struct orders *o, const struct delivery *d, struct result *r);

#endif
