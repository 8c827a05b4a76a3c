/* SPDX-License-Identifier: 0BSD */
/* sasl - user and password for a relay (RFC 4954, RFC 4616)
 *
 * control/smtpauth: "RELAY USER PASSWORD", or "RELAY/SENDER USER PASSWORD" and
 * "RELAY/@DOMAIN USER PASSWORD" for the mail of one sender. RELAY is as in
 * smtproutes: a host name, or an address without brackets. The relay is always
 * named, so that a password never goes to another one.
 */
#ifndef REMOTE_SASL_H
#define REMOTE_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "remote/bykey.h"

enum {
	SASL_MAX = 512, /* bytes of a user name, of a password */
	SASL_PLAIN = 1, /* mechanisms */
	SASL_LOGIN = 2,
};

struct sasl {
	char user[SASL_MAX], password[SASL_MAX];
};

/* Put a line, changed in place, into b: NULL, or why it is bad. */
const char *sasl_add(struct bykey *b, char *line);
/* false: this relay is not told who we are. */
bool sasl_find(const struct bykey *b, const char *relay, const char *sender,
	struct sasl *a);
/* The mechanisms in what stands behind AUTH in an EHLO reply. */
unsigned sasl_mechanisms(const char *p, size_t n);
/* Do the words of a server hold the password, or how what was sent (in base64)
 * begins? They go into logs and bounces. */
bool sasl_tells(
	const struct sasl *a, const struct str *sent, const char *words);
/* Append the only response of PLAIN. */
void sasl_plain(struct str *out, const struct sasl *a);

#endif
