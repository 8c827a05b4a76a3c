/* SPDX-License-Identifier: 0BSD */
/* idna - the ASCII form of an internationalized domain (RFC 5890, RFC 3492)
 *
 * A U-label is by definition in lower case and composed (NFC). Capital letters
 * of ASCII, Latin, Greek and Cyrillic are lowered here; other mappings are the
 * business of who typed the name (RFC 5895).
 */
#ifndef MAIL_IDNA_H
#define MAIL_IDNA_H

#include <stdbool.h>

#include "lib/str.h"

enum { IDNA_LABEL = 63, IDNA_DOMAIN = 253 };

/* Append the domain, UTF-8, with each label that is not ASCII as an A-label,
 * "xn--...". The full stops of U+3002, U+FF0E and U+FF61 are dots. false: not
 * UTF-8, a character no name has, or a label or the whole too long; out is then
 * not to be used. A domain in ASCII, or an address literal, is appended as it
 * is. */
bool idna_toascii(struct str *out, const char *domain);

#endif
