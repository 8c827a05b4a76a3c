/* SPDX-License-Identifier: 0BSD */
/* socketmap - ask a table that another program serves (MTA-STS)
 *
 * A netstring each way: "MAP KEY", and back "OK VALUE", "NOTFOUND ", "TEMP
 * WHY", "TIMEOUT WHY" or "PERM WHY". Postfix's protocol, which
 * postfix-mta-sts-resolver speaks.
 */
#ifndef WIRE_SOCKETMAP_H
#define WIRE_SOCKETMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

enum { SOCKETMAP_MAX = 10000 }; /* bytes in an answer */

enum socketmap {
	SOCKETMAP_OK,
	SOCKETMAP_NOTFOUND,
	SOCKETMAP_TEMP, /* nobody there, nobody who knows, nonsense */
	SOCKETMAP_MORE, /* of socketmap_decode: the answer is not all there */
};

/* "/path", "unix:/path", "[inet:]ADDRESS:PORT"; IPv6 in brackets. */
bool socketmap_isaddress(const char *text);
/* One question. The value, or after TEMP a reason, replaces out. */
enum socketmap socketmap_ask(const char *address, const char *map,
	const char *key, int64_t deadline, struct str *out);
/* Judge n bytes of an answer. */
enum socketmap socketmap_decode(const char *p, size_t n, struct str *out);

#endif
