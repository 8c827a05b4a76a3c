/* SPDX-License-Identifier: 0BSD */
/* text - words of others in a report: nothing in them ends a line or a header,
 * and what is not UTF-8 does not pass */
#ifndef BOUNCE_TEXT_H
#define BOUNCE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/qclient.h"

bool text_isascii(const char *p, size_t n);
bool text_isutf8(const char *p, size_t n);
void text_put(struct qclient *q, const char *s);
/* n bytes as one line. */
void text_line(struct qclient *q, const char *p, size_t n);
/* Several lines, the last one with its LF. */
void text_lines(struct qclient *q, const char *s);
/* "rfc822;ADDRESS", or "utf-8;ADDRESS" when it is not ASCII: with raw as it
 * stands, else in ASCII (RFC 6533 3, utf-8-addr-xtext). */
void text_address(struct qclient *q, const char *p, size_t n, bool raw);
/* An address of that type ("utf-8") alone. */
void text_utf8(struct qclient *q, const char *p, size_t n, bool raw);

#endif
