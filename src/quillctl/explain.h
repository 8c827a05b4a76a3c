/* SPDX-License-Identifier: 0BSD */
/* explain - what would happen to mail for an address, and why
 *
 * Nothing is decided here: mail/route.h says where it goes, quill-local -n,
 * quill-remote -n and quill-smtpd -n, run as the users they always run as,
 * say what they would do. Each thing that is found out is a fact: a name, a
 * text, and where they are known the file and the line that decided.
 */
#ifndef QUILLCTL_EXPLAIN_H
#define QUILLCTL_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/routes.h"
#include "wire/site.h"

struct explain {
	bool json;
	const char *from, *as, *rules;
	const char *delivery; /* by default; NULL: as quill-lspawn does */
	struct site_ids ids;
	char alias[64];
	struct routes routes;
	bool bounces, unknown, refused;
};
extern struct explain explain;

/* Where a fact comes from: a file below HOME, and line (0: not known) or, of
 * a compiled file, key. */
struct explain_place {
	const char *file;
	uint64_t line;
	const char *key;
};

void explain_fact(const char *name, const char *text);
/* at may be NULL. */
void explain_fact_at(
	const char *name, const char *text, const struct explain_place *at);
/* The lines of a text, each a fact. */
void explain_facts(const char *name, struct str *text);
/* The same of lines that have their names before a blank; "at FILE LINE" is
 * of the one before it. fn, unless NULL, sees each. */
typedef void explain_line_fn(const char *name, const char *text);
void explain_told(struct str *text, explain_line_fn *fn);

/* Mail for address, which became to, an address of this machine. */
void explain_local(const char *address, const char *to);

#endif
