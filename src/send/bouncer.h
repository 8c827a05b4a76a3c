/* SPDX-License-Identifier: 0BSD */
/* bouncer - runs quill-bounce for messages whose senders are to be told */
#ifndef SEND_BOUNCER_H
#define SEND_BOUNCER_H

#include <stddef.h>

#include "send/known.h"

/* The message is unloaded, all its recipients are marked. */
void bouncer_add(uint32_t slot);
/* Its notes of delays are durable: warn the sender, once. The message goes on
 * meanwhile. */
void bouncer_warn(uint32_t slot);
/* Start those that wait, as far as concurrencybounce allows. */
void bouncer_run(void);
/* A SIGCHLD came. */
void bouncer_reap(void);
size_t bouncer_running(void);

#endif
