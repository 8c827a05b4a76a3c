/* SPDX-License-Identifier: 0BSD */
/* smtpreply - replies of an SMTP server (RFC 5321 4.2, RFC 2034) */
#ifndef MAIL_SMTPREPLY_H
#define MAIL_SMTPREPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	SMTPREPLY_LINE_MAX = 2048, /* bytes of a line; the RFC says 512 */
	SMTPREPLY_LINES_MAX = 100,
	SMTPREPLY_TEXT_MAX = 8192, /* bytes of text kept, all lines */
	SMTPREPLY_STATUS = 12,	   /* room for "5.123.456" and NUL */
};

enum smtpreply_result {
	SMTPREPLY_MORE, /* another line belongs to it */
	SMTPREPLY_DONE,
	SMTPREPLY_BAD, /* this is not SMTP: hang up */
};

/* All lines, joined by LF, with their code and separator: "250-a\n250 b".
 * Other bytes than printable ASCII are "?". */
struct smtpreply {
	unsigned code; /* 200 to 599 once a line was fed */
	unsigned lines;
	struct str text;
};

void smtpreply_init(struct smtpreply *r);
/* Begin the next reply. */
void smtpreply_clear(struct smtpreply *r);
/* One line with its LF, CRLF or without. Three digits, 2 to 5 first; then a
 * space, a hyphen or the end; the same code on every line. */
enum smtpreply_result smtpreply_feed(
	struct smtpreply *r, const char *line, size_t n);
/* The text of line i (0 first) behind code and separator; false past the
 * last one kept. */
bool smtpreply_line(
	const struct smtpreply *r, unsigned i, const char **p, size_t *n);
/* The enhanced status code after the code, if there is one and its class is
 * that of the code. */
bool smtpreply_status(const struct smtpreply *r, char out[SMTPREPLY_STATUS]);
/* Is the keyword (upper case) the first word of the n bytes at p, as in an
 * EHLO answer? *arg, *argn: what follows it. */
bool smtpreply_keyword(const char *p, size_t n, const char *keyword,
	const char **arg, size_t *argn);

#endif
