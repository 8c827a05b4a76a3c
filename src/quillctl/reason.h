/* SPDX-License-Identifier: 0BSD */
/* reason - what replies have in common
 *
 * "mx.a.test (192.0.2.1) said 450 4.2.0 <joe@a.test> try later, id 7F3A91"
 * and the next one's differ in every letter that does not matter. A word that
 * holds an @, that is a host name, an address of a host or a number of six
 * digits, and one of six letters and digits mixed, become "..." (U+2026); of a
 * URL host and scheme stay. Status codes stay.
 */
#ifndef QUILLCTL_REASON_H
#define QUILLCTL_REASON_H

#include "lib/str.h"

/* Append it to out. */
void reason_shape(struct str *out, const char *text);
/* An address to count by: in lower case, and of one that says in itself whom
 * it belongs to, as "list-return-7-joe=a.test@b.test", only "list-return-..."
 * and the domain. */
void reason_sender(struct str *out, const char *address);

#endif
