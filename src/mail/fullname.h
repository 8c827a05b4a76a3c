/* SPDX-License-Identifier: 0BSD */
/* fullname - a person's name in a From field
 *
 * The name is a C string in UTF-8 or in an unknown 8-bit character set; it is
 * quoted or encoded (RFC 2047) as needed. Control characters become blanks.
 */
#ifndef MAIL_FULLNAME_H
#define MAIL_FULLNAME_H

#include "lib/str.h"

/* As the words before <an address>. */
void fullname_phrase(struct str *out, const char *name);
/* As a comment, with its parentheses. */
void fullname_comment(struct str *out, const char *name);

#endif
