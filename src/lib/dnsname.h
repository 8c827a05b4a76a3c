/* SPDX-License-Identifier: 0BSD */
/* dnsname - names of the DNS: as text, as they stand in packets (RFC 1035 3.1,
 * 4.1.4) */
#ifndef LIB_DNSNAME_H
#define LIB_DNSNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DNSNAME_TEXT = 256 }; /* a name as text, with NUL */

/* A name in wire form, lower case, without compression. */
struct dnsname {
	uint8_t len; /* with the root label */
	uint8_t w[255];
};

/* A C string ("mx.example", a final dot allowed; "." the root). false: empty
 * label, label over 63 or name over 255 bytes. */
bool dnsname_fromtext(struct dnsname *n, const char *text);
/* false when the name holds bytes that no host or service name has (out is
 * then empty); the root is ".". */
bool dnsname_totext(const struct dnsname *n, char out[DNSNAME_TEXT]);

/* Read the name at *pos of a packet of n bytes and move behind it. false: there
 * is none. A compression pointer must go to before the place where the run of
 * labels that holds it began: that alone ends every loop. But pointers to
 * pointers may fill 16 KiB, and be named by each record of the rest: few are
 * followed. */
bool dnsname_get(const uint8_t *p, size_t n, size_t *pos, struct dnsname *out);
bool dnsname_same(const struct dnsname *a, const struct dnsname *b);

#endif
