/* SPDX-License-Identifier: 0BSD */
/* answer - the answers to questions of wire/ctl.h */
#ifndef SEND_ANSWER_H
#define SEND_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/ctl.h"

enum { ANSWER_ROOM = 8192 }; /* bytes that one object may need */

void answer_init(void);
void answer_status(struct str *out);
void answer_counters(struct str *out);
/* One message. */
void answer_message(struct str *out, struct qid id);
/* Destinations from *place on, while they fit; true at the end. name: that one
 * only, or NULL. */
bool answer_destinations(struct str *out, uint32_t *place, const char *name);

#endif
