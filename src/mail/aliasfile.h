/* SPDX-License-Identifier: 0BSD */
/* aliasfile - files of aliases, as /etc/aliases: entries "name: list"; pure
 *
 * An entry begins at the start of a line and goes on with the lines after it
 * that begin with a blank, or that follow a backslash (quill-aliases.5).
 */
#ifndef MAIL_ALIASFILE_H
#define MAIL_ALIASFILE_H

#include <stddef.h>

#include "lib/str.h"
#include "mail/aliases.h"

struct aliasfile {
	const char *p;
	size_t n, pos;
	size_t line; /* of the entry, or of what is wrong */
	size_t at;   /* number of the line at pos */
	const char *why;
	struct str name;
	const char *list; /* what follows the colon, with its lines */
	size_t len;
};

void aliasfile_init(struct aliasfile *a, const char *p, size_t n);
void aliasfile_free(struct aliasfile *a);
/* ALIASES_NAME with a->name in lower case and the list still to be read
 * (aliases_init with a->list, a->len, a->line, false), ALIASES_BAD, or
 * ALIASES_END. After ALIASES_BAD it may be called for the next entry. */
enum aliases_kind aliasfile_next(struct aliasfile *a);

#endif
