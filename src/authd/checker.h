/* SPDX-License-Identifier: 0BSD */
/* checker - the process that starts checks, each a process of its own
 *
 * It reads nothing of what it passes on. A check is a question record
 * (wire/authreq.h) with a socket attached; the answer comes over that socket,
 * which is at its end without one when the check failed in some way.
 */
#ifndef AUTHD_CHECKER_H
#define AUTHD_CHECKER_H

#include <stdint.h>

#include "authd/backend.h"

/* Start it, with the rights b needs; timeout in seconds, of a check. Returns
 * the socket that takes questions; -1 errno. It ends when that is closed. */
int checker_start(struct backend *b, uint64_t timeout);

#endif
