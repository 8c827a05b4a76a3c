/* SPDX-License-Identifier: 0BSD */
/* json - text that others wrote, for terminals and for programs */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include "lib/obuf.h"

/* A JSON string (RFC 8259 7) with its quotes; bytes that are no UTF-8 become
 * U+FFFD. */
void json_string(struct obuf *o, const char *text);
/* For a terminal: what is no visible UTF-8 becomes ?. */
void json_plain(struct obuf *o, const char *text);

#endif
