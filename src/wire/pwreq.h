/* SPDX-License-Identifier: 0BSD */
/* pwreq - from quill-lspawn to quill-getpw and back, SEQPACKET records
 *
 * Question: N<number> NUL local part NUL (the local part as it stands in the
 * address). Answer: N<number> NUL, then either Z text NUL (the name service
 * is in trouble, try later), or = user NUL uid NUL gid NUL home NUL dash NUL
 * ext NUL: always a user, the alias user when no other fits.
 * The user record is the one of users/assign and users/cdb.
 */
#ifndef WIRE_PWREQ_H
#define WIRE_PWREQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"

enum { PWREQ_MAX = 8192 };

struct pwuser {
	const char *user, *home, *dash, *ext;
	uid_t uid;
	gid_t gid;
};

struct pwanswer {
	uint32_t number;
	bool found; /* false: text says why, temporary */
	struct pwuser u;
	const char *text;
};

void pwreq_ask(struct str *out, uint32_t number, const char *local);
bool pwreq_question(
	const char *p, size_t n, uint32_t *number, const char **local);
void pwreq_answer(struct str *out, const struct pwanswer *a);
bool pwreq_decode(struct pwanswer *a, const char *p, size_t n);
/* The six fields of a users/cdb record, each ended by NUL: as the last one has
 * none in the file (a wildcard's ext is completed by the caller), the caller
 * appends it. */
bool pwuser_decode(struct pwuser *u, const char *p, size_t n);

#endif
