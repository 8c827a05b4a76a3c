/* SPDX-License-Identifier: 0BSD */
/* mboxname - names of mailboxes: domains, local parts, and their files
 *
 * Stricter than what may stand in an envelope: these names become names of
 * files and lines of control files. Case is folded. A domain may start with a
 * dot: all names below it. A local part may be "*", or end in "-*": whatever
 * (after that prefix) has no name of its own.
 */
#ifndef MAIL_MBOXNAME_H
#define MAIL_MBOXNAME_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	MBOXNAME_LOCAL_MAX = 64,   /* RFC 5321 4.5.3.1.1 */
	MBOXNAME_DOMAIN_MAX = 253, /* a DNS name */
	MBOXNAME_TARGET_MAX = 900, /* bytes of an address to forward to */
};

/* These replace out by the name in lower case, and return NULL, or the reason
 * why it is no such name. */
const char *mboxname_domain(const char *s, size_t n, struct str *out);
const char *mboxname_local(const char *s, size_t n, struct str *out);
/* LOCAL@DOMAIN, split at the last @. */
const char *mboxname_split(
	const char *addr, struct str *local, struct str *domain);
/* NULL when mail can be forwarded to that address, and it can stand in a
 * .qmail file; else why not. */
const char *mboxname_target(const char *s);
/* For a local part from above, the name of its .qmail file and that of its
 * Maildir below mail/. Different local parts have different names. out is
 * replaced. */
void mboxname_file(struct str *out, const char *local);
void mboxname_dir(struct str *out, const char *local);
/* The local part whose file has that name; false when there is none. */
bool mboxname_of_file(const char *name, struct str *local);

#endif
