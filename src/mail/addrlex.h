/* SPDX-License-Identifier: 0BSD */
/* addrlex - the tokens of an address list (RFC 5322 3.2, 4.1)
 *
 * Comments and blanks between tokens are skipped. Part of mail/addrlist, in a
 * module of its own for size alone.
 */
#ifndef MAIL_ADDRLEX_H
#define MAIL_ADDRLEX_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "mail/addrlist.h"

enum addrlex_token {
	ADDRLEX_END,
	ADDRLEX_ATOM,
	ADDRLEX_QUOTED,
	ADDRLEX_LITERAL,
	ADDRLEX_COMMA,
	ADDRLEX_SEMI,
	ADDRLEX_COLON,
	ADDRLEX_LT,
	ADDRLEX_GT,
	ADDRLEX_AT,
	ADDRLEX_DOT,
};

struct addrlex {
	const char *p;
	size_t n;
	size_t start, end; /* of the token */
	enum addrlex_token token;
	enum addrlist err; /* set: token is ADDRLEX_END */
};

/* The token behind l->end; ADDRLEX_END at the end, and with l->err set where
 * the text is no sequence of tokens. Start with p and n set, the rest 0. */
void addrlex_next(struct addrlex *l);
/* Note an error and end the tokens. */
void addrlex_fail(struct addrlex *l, enum addrlist err);
/* An atom, quoted string or domain literal? */
bool addrlex_isword(const struct addrlex *l);
/* Append the meaning of the token: without quotes, backslashes and folds; a
 * control character fails with ADDRLIST_CONTROL. */
void addrlex_put(struct addrlex *l, struct str *s);
/* Append the comments that stand between two places of the text, each after a
 * blank. */
void addrlex_comments(
	const struct addrlex *l, size_t start, size_t end, struct str *out);
/* Blank, tab, CR or LF? */
bool addrlex_isspace(char c);

#endif
