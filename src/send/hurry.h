/* SPDX-License-Identifier: 0BSD */
/* hurry - what waits for a destination is due now
 *
 * Since it is up again, or was ordered. In pieces: a million may wait.
 */
#ifndef SEND_HURRY_H
#define SEND_HURRY_H

#include <stdbool.h>
#include <stdint.h>

#include "send/dest.h"

/* It is up again. */
void hurry_destination(const struct dest *d);
/* The order: domain, in lower case. Messages for several domains, and those
 * that were not tried since the start, are looked into. false: too many such
 * orders are under way. */
bool hurry_domain(const char *domain);
/* Do a piece. */
void hurry_step(int64_t now);
bool hurry_running(void);

#endif
