/* SPDX-License-Identifier: 0BSD */
/* box - the address that a run of quill-mailbox is about, and its owner */
#ifndef MAILBOX_BOX_H
#define MAILBOX_BOX_H

#include <stdbool.h>

#include "lib/str.h"
#include "wire/domains.h"

enum {
	BOX_NO = 1, /* exit codes */
	BOX_USAGE = 64,
	BOX_NOT_YOURS = 77,
	BOX_NAME_MAX = 400,	/* ceiling of names */
	BOX_FILE_MAX = 1 << 20, /* of .qmail files */
};

struct box {
	const char *text; /* as it was given */
	struct str local, domain;
	struct str file;    /* .qmail-LOCAL */
	struct str maildir; /* mail/LOCAL */
};
extern struct box box;

/* Fill box; exits BOX_USAGE when it is no address. */
void box_parse(const char *addr);
/* Be the owner of the domain, in its directory, or exit. For good: nothing of
 * a home is touched with more rights than its owner has, whatever it links
 * to. */
void box_become_owner(const char *domain, struct domains_owner *o);

/* Print all addresses of a domain; domain NULL: of all domains that the caller
 * may see. The exit code. */
int list_run(bool json, const char *domain);

#endif
