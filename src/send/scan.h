/* SPDX-License-Identifier: 0BSD */
/* scan - walk through the queue's directories, a piece at a time
 *
 * Finds what no hint told of: everything at start, lost hints later, and what
 * is left of messages that were never finished.
 */
#ifndef SEND_SCAN_H
#define SEND_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* Begin from the start (again). hurry: what is found is due at once. */
void scan_begin(bool hurry);
/* Is a walk under way? */
bool scan_running(void);
/* Do a piece of it. */
void scan_step(int64_t now);

#endif
