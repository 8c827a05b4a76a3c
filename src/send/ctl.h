/* SPDX-License-Identifier: 0BSD */
/* ctl - HOME/run/send/ctl: who asks, and the way to and from the clients
 *
 * wire/ctl.h is the protocol. Nothing here blocks; a client that asks and does
 * not read, or says nothing for long, is let go.
 */
#ifndef SEND_CTL_H
#define SEND_CTL_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/ctl.h"

enum {
	CTL_FDS = CTL_CLIENTS + 1,
	CTL_IDLE_MS = 300000,  /* between a client's requests */
	CTL_DOMAIN_BURST = 20, /* CTL_DOMAIN of quilld at once */
	CTL_DOMAIN_MS = 3000,  /* and then one in so many ms */
};

/* 0; -1 errno: quill-send works without it. */
int ctl_open(void);
/* What to poll for, CTL_FDS entries. */
void ctl_poll(struct pollfd *p);
/* After poll, and once in every round: take requests, do a piece of what is
 * ordered, send answers. */
void ctl_step(const struct pollfd *p);
/* ms until ctl_step has something to do without poll; -1 nothing. */
int ctl_sleep(void);

#endif
