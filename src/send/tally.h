/* SPDX-License-Identifier: 0BSD */
/* tally - what was done: counters that survive a restart, and the last
 * deferrals and failures */
#ifndef SEND_TALLY_H
#define SEND_TALLY_H

#include "send/delivery.h"
#include "wire/counters.h"

enum { TALLY_ERRORS = 16, TALLY_TEXT = 200 };

struct tally_error {
	int64_t when; /* s; 0 none */
	int chan;
	char id[QID_LEN + 1];
	char to[TALLY_TEXT], text[TALLY_TEXT];
};

void tally_init(void);
void tally_add(enum counters_send which, uint64_t n);
uint64_t tally_get(enum counters_send which);
/* The result of recipient i of a delivery. */
void tally_result(
	int chan, const struct delivery *d, size_t i, const struct report *r);
/* The k-th last one; NULL when there are not so many. */
const struct tally_error *tally_error(size_t k);

#endif
