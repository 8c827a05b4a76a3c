/* SPDX-License-Identifier: 0BSD */
/* notify - what a sender wants to be told of: values of RET, ENVID, NOTIFY
 * and ORCPT (RFC 3461 4), as they stand in P records
 *
 * Anybody who can run quill-queue writes P records: who passes a value on
 * checks it here first, and none that passes holds a blank or control byte.
 */
#ifndef WIRE_NOTIFY_H
#define WIRE_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

enum {
	NOTIFY_NEVER = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8,
	NOTIFY_DEFAULT = NOTIFY_FAILURE | NOTIFY_DELAY,
	NOTIFY_FMT = 32, /* room for a list and its NUL */
	ENVID_MAX = 100, /* RFC 3461 4.4 */
	ORCPT_MAX = 500, /* RFC 3461 4.2 */
};

/* "NEVER", or a list of the others, any case: its flags, 0 when malformed. */
unsigned notify_parse(const char *p, size_t n);
/* Flags of a NOTIFY value; NULL or malformed: NOTIFY_DEFAULT. */
unsigned notify_of(const char *value);
/* The list for flags; none of them is NEVER. */
void notify_fmt(char out[NOTIFY_FMT], unsigned flags);
bool notify_isret(const char *p, size_t n);
bool notify_isenvid(const char *p, size_t n);
/* "type;xtext" */
bool notify_isorcpt(const char *p, size_t n);
/* Append n bytes of text as xtext. */
void notify_encode(struct str *out, const char *p, size_t n);
/* Append what n bytes of xtext stand for; false when they are none. */
bool notify_decode(struct str *out, const char *p, size_t n);

#endif
