/* SPDX-License-Identifier: 0BSD */
/* sevenpart - what becomes of a part of a message that mail/sevenbit.h reads:
 * its header, and how its body is converted
 */
#ifndef MAIL_SEVENPART_H
#define MAIL_SEVENPART_H

#include <stdbool.h>

#include "mail/sevenbit.h"

/* The header in s->head is complete; blank: an empty line ended it. It is
 * written with the encoding that the body will have, and s made ready for what
 * the body is: a leaf, parts, a message. */
void sevenpart_begin(struct sevenbit *s, bool blank);
/* The end of a leaf: what its encoding still holds is written. */
void sevenpart_end(struct sevenbit *s);
/* Is it below a multipart/signed, and so not to be changed? */
bool sevenpart_signed(const struct sevenbit *s);
/* It is over; the first reason is the one that counts. */
void sevenpart_stop(struct sevenbit *s, enum sevenbit_why why);

#endif
