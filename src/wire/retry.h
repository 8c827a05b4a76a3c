/* SPDX-License-Identifier: 0BSD */
/* retry - when a deferred message is tried again
 *
 * next = birth + (floor(sqrt(age)) + c)^2, age taken at the last attempt, plus
 * up to 1/16 of the wait, chosen by the message's id so that it is the same
 * when computed again. The last attempt is the envelope file's modification
 * time; a message that was never tried has its birth there, to the
 * microsecond.
 */
#ifndef WIRE_RETRY_H
#define WIRE_RETRY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "wire/qpath.h"

/* Seconds since 1970. A birth after last counts as last; the result is at
 * least last + 1. c: control/retrylocal or control/retryremote. */
int64_t retry_next(struct qid id, int64_t last, uint64_t c);
/* Last attempt by the file's stat, seconds; false: never tried. A time in
 * the future (the clock was put back) counts as now. */
bool retry_last(
	struct qid id, const struct stat *st, int64_t now, int64_t *last);

#endif
