/* SPDX-License-Identifier: 0BSD */
/* bykey - values that depend on who sends or where it goes
 *
 * Lines of a control file: "VALUE", the default, or "KEY VALUE". KEY is the
 * envelope sender, @ and the sender's domain, the destination, or .suffix of
 * it; the first of these, in this order, that has a value counts.
 */
#ifndef REMOTE_BYKEY_H
#define REMOTE_BYKEY_H

#include <stddef.h>

#include "lib/map.h"
#include "lib/str.h"

struct bykey {
	struct map map;
	size_t line; /* of what is put next; 0 none */
};

void bykey_init(struct bykey *b);
/* Cut a line in two: the key, "" for the default, is lowered in place; the
 * value is returned. */
char *bykey_split(char *line, const char **key);
/* NULL, or why key is bad. */
const char *bykey_put(struct bykey *b, const char *key, const char *val);
/* Append a sender as it is in keys: lower case, its domain in ASCII. */
void bykey_sender(struct str *out, const char *sender);
/* NULL: none at all. dest in lower case; either may be NULL. */
const char *bykey_find(
	const struct bykey *b, const char *sender, const char *dest);
/* The same without the default. */
const char *bykey_special(
	const struct bykey *b, const char *sender, const char *dest);
/* The line of a value that was found. */
size_t bykey_line(const char *val);

#endif
