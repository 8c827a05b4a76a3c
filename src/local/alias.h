/* SPDX-License-Identifier: 0BSD */
/* alias - what an alias of the database comes to: files, programs, forwards
 * (quill-aliases.5)
 *
 * The question whether there is one is wire/aliasdb's; here it is followed
 * through the database and the files that it includes.
 */
#ifndef LOCAL_ALIAS_H
#define LOCAL_ALIAS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "local/delivery.h"
#include "local/result.h"

/* Addresses that get the message from one envelope sender. */
struct alias_group {
	char *sender;
	struct str to; /* each with its NUL */
	size_t n;
};

enum { ALIAS_GROUPS = 64 }; /* lists with an owner in one alias */

struct alias {
	struct str name;  /* of the alias that was found */
	struct str lines; /* programs and files, as lines of a .qmail file */
	struct alias_group group[ALIAS_GROUPS];
	size_t ngroup;
	size_t top; /* the group of name itself */
};

enum alias_result {
	ALIAS_NONE,
	ALIAS_FOUND,
	ALIAS_FAILED, /* r says why */
};

/* Is the delivery one of the alias user, whose are the addresses that are
 * nobody else's? */
bool alias_isours(const struct delivery *d);
/* Look d->ext up and follow it. */
enum alias_result alias_expand(
	struct alias *a, const struct delivery *d, struct result *r);
/* Give back what alias_expand took; a may be used again. */
void alias_free(struct alias *a);

#endif
