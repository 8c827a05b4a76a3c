/* SPDX-License-Identifier: 0BSD */
/* sts - what MTA-STS (RFC 8461) says of a domain, from a socketmap
 *
 * postfix-mta-sts-resolver fetches and keeps the policies; its answer is
 * "secure match=NAME:.SUFFIX:... servername=hostname".
 */
#ifndef REMOTE_STS_H
#define REMOTE_STS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum sts_result {
	STS_NONE,    /* the domain has no policy that is enforced */
	STS_ENFORCE, /* only hosts that sts_match, each with its own name */
	STS_TEMP,    /* nobody knows now; out is the reason */
};

/* Judge a value; the list of patterns, divided by colons, replaces out. */
enum sts_result sts_parse(const char *value, struct str *out);
/* Ask the map at address (wire/socketmap.h). */
enum sts_result sts_ask(const char *address, const char *domain,
	long long deadline, struct str *out);
/* May mail go to this host? A pattern that begins with a dot stands for any
 * one label before it (RFC 8461 4.1). */
bool sts_match(const char *patterns, const char *host);

#endif
