/* SPDX-License-Identifier: 0BSD */
/* base64 - as SMTP's AUTH uses it (RFC 4648 4): padded, no line ends */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"

/* Append what the n characters at p stand for; false when they are malformed
 * (bad character, wrong padding, bits set that count for nothing). */
bool base64_decode(struct str *out, const char *p, size_t n);
void base64_encode(struct str *out, const void *p, size_t n);

#endif
