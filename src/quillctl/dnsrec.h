/* SPDX-License-Identifier: 0BSD */
/* dnsrec - the records that a mail domain and this host should have in the
 * DNS: quillctl dns prints them, quillctl check looks for them */
#ifndef QUILLCTL_DNSREC_H
#define QUILLCTL_DNSREC_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/ipaddr.h"
#include "lib/map.h"
#include "lib/str.h"

enum { DNSREC_ADDRESSES = 32 };

/* What they follow from. */
struct dnsrec_site {
	const char *me;	  /* lower case */
	const char *helo; /* what it calls itself; NULL: me */
	struct ipaddr ip[DNSREC_ADDRESSES];
	size_t nip;
	const char *digest; /* of the key, in hex; NULL: no TLSA record */
};

enum dnsrec_kind {
	DNSREC_NOTE,	/* what the next ones are for: text */
	DNSREC_MX,	/* text: the host */
	DNSREC_TXT,	/* text, at most 255 bytes of ASCII without quotes */
	DNSREC_ADDRESS, /* A or AAAA: ip */
	DNSREC_TLSA,	/* text: the digest */
	DNSREC_PTR,	/* text: the host; ip */
};

struct dnsrec {
	enum dnsrec_kind kind;
	const char *name; /* the owner, without a dot at its end */
	const char *text;
	const struct ipaddr *ip;
};

typedef void dnsrec_fn(void *arg, const struct dnsrec *r);
/* All of domain, in the order in which they are printed. */
void dnsrec_each(const struct dnsrec_site *s, const char *domain, dnsrec_fn *fn,
	void *arg);
/* Fill s->ip with the addresses of the interfaces that others can reach. -1
 * errno. */
int dnsrec_own(struct dnsrec_site *s);
/* With those of a list with commas; false: they are none, or too many. */
bool dnsrec_given(struct dnsrec_site *s, const char *list);
/* control/helohost: its default, else control/me, replaces name; all names in
 * it become keys of all. false: control_error(). */
bool dnsrec_helo(struct str *name, struct map *all);
/* Append the name that has the PTR record of an address. */
void dnsrec_reverse(struct str *s, const struct ipaddr *a);

#endif
