/* SPDX-License-Identifier: 0BSD */
/* cleaner - requests to quill-clean; a message is forgotten when it answers */
#ifndef SEND_CLEANER_H
#define SEND_CLEANER_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/clean.h"

/* Ask: the number of the request. What waits for the pipe is kept here. A
 * message that cannot be removed is tried again later. */
size_t cleaner_ask(enum clean_op op, struct qid id);
/* Write what waits; called once per round of the main loop. */
void cleaner_flush(void);
/* Wants POLLOUT on SEND_FD_CLEAN? */
bool cleaner_blocked(void);
/* Take answers; false: quill-clean is gone. */
bool cleaner_answers(void);
size_t cleaner_waiting(void);
/* How many of these are checks. */
size_t cleaner_checks(void);

#endif
