/* SPDX-License-Identifier: 0BSD */
/* domains - accounts that own domains: what is where
 *
 * control/virtualdomains has DOMAIN:DOMAIN, so that mail for joe@DOMAIN is
 * for the local part DOMAIN-joe, and users/assign a line for all that begin
 * with DOMAIN-: they are the account's, in HOME/domains/DOMAIN of its home.
 * There are .qmail-joe and mail/joe/. (quill-domains(5) tells all of it.)
 */
#ifndef WIRE_DOMAINS_H
#define WIRE_DOMAINS_H

#include <stddef.h>

#include "lib/str.h"
#include "wire/pwreq.h"

/* Directory of Maildirs in that of the domain; lock of the latter. */
#define DOMAINS_MAIL "mail"
#define DOMAINS_LOCK ".lock"

enum {
	DOMAINS_FILE_MAX = 256 << 20, /* bytes in a file that is a list */
	DOMAINS_PATH_MAX = 4000,
};

/* What users/cdb says about a domain. */
struct domains_owner {
	struct pwuser u; /* u.home: the directory of the domain */
	struct str data; /* what u points into */
};

/* 1 found; 0 it is nobody's; -1 errno. o->data must have been empty at first;
 * the caller frees it. */
int domains_find(const char *domain, struct domains_owner *o);
/* Replace out by the directory of a domain, seen from the account's home: "_"
 * stands before a first dot. */
void domains_dir(struct str *out, const char *domain);
/* Append the start of the line of users/assign that is the domain's, up to
 * and with its first colon. */
void domains_prefix(struct str *out, const char *domain);

/* All domains whose entry in the text of control/virtualdomains is their own
 * name, in order, each once. 0; -1 errno. */
struct domains_list {
	char **name;
	size_t n, room;
};
int domains_all(struct domains_list *l);

#endif
