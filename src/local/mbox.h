/* SPDX-License-Identifier: 0BSD */
/* mbox - append to an mbox file (RFC 4155, mboxrd quoting)
 *
 * The file is locked with fcntl(2) over its whole length, the lock of mail
 * readers on Linux. After an error, it is cut back to its length before. A
 * crash in the middle can leave a part of the message at its end; the next
 * delivery starts on a line of its own.
 */
#ifndef LOCAL_MBOX_H
#define LOCAL_MBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "local/message.h"
#include "local/result.h"
#include "local/vars.h"

/* wait: ms for the lock. false: r says why. */
bool mbox_deliver(const char *path, const struct message *m,
	const struct vars *v, int64_t wait, struct result *r);

#endif
