/* SPDX-License-Identifier: 0BSD */
/* job - one delivery job, one record of a SEQPACKET socket
 *
 * From send to a spawner with the open message attached, and from the spawner
 * to its child (quill-local, quill-remote). NUL-terminated fields, the first
 * byte tells which; order is fixed, unknown fields are refused:
 *	N<number>   I<id>   B<birth s>   S<bytes of the message>   F<sender>
 *	P<key=value>...                  parameters of the sender
 *	H<host>                          remote: destination, lower case
 *	V<relay>                         remote, may be missing: go there, as if
 *	                                 control/smtproutes said host:<relay>
 *	( T<recipient>  P<key=value>... )+  at most JOB_RCPT_MAX
 * and for quill-local, added by lspawn:
 *	u<user> h<home> d<dash> e<ext> a<default delivery>
 * and an empty field at the end, which also ends the last list of P fields.
 */
#ifndef WIRE_JOB_H
#define WIRE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/site.h"

struct job_rcpt {
	const char *addr;
	const char *params; /* first P field of it, or NULL */
};

/* Pointers go into the decoded record (or are set by the maker). */
struct job {
	uint32_t number; /* send's, echoed in the report */
	const char *id;	 /* queue id */
	int64_t birth;	 /* s */
	uint64_t bytes;
	const char *sender;
	const char *params; /* first P field of the sender, or NULL */
	const char *host;   /* remote only, else NULL */
	const char *via;    /* the relay ordered for it, or NULL */
	struct job_rcpt rcpt[JOB_RCPT_MAX];
	size_t nrcpt;
	/* local child only, else NULL; all or none */
	const char *user, *home, *dash, *ext, *defaultdelivery;
};

/* Append one record. A params list is copied as it stands in a decoded record
 * or in an env file: it must point at consecutive NUL-terminated fields that
 * start with P and are followed by one that does not (an empty one will do).
 * Check out->over: out's ceiling should be JOB_RECORD_MAX. */
void job_encode(struct str *out, const struct job *j);
/* false: refused (a bug or an attack; nothing to retry). Pointers go into p,
 * which must stay. */
bool job_decode(struct job *j, const char *p, size_t n);
/* Value of KEY in a params list, NULL without. */
const char *job_param(const char *params, const char *key);

#endif
