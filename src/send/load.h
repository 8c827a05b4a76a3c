/* SPDX-License-Identifier: 0BSD */
/* load - from the files of a message to a struct message, and back to nothing
 *
 * Files that cannot be used are dealt with here: damaged ones are set aside,
 * leftovers removed, unreadable ones tried again later.
 */
#ifndef SEND_LOAD_H
#define SEND_LOAD_H

#include <stdint.h>

#include "send/message.h"

/* The message of a known slot, attached to it; NULL: it was dealt with. A
 * first attempt is logged. */
struct message *load_message(uint32_t slot);
/* Close its files and free it; the slot stays known. */
void load_free(struct message *m);
/* Its message file, opened anew for one job; -1 errno. */
int load_open(struct message *m);

#endif
