/* SPDX-License-Identifier: 0BSD */
/* conf - what quill-send reads from control/, all of it, at start and at HUP */
#ifndef SEND_CONF_H
#define SEND_CONF_H

#include <stdint.h>

#include "mail/route.h"
#include "send/known.h"
#include "wire/routes.h"

struct conf {
	struct route route;
	struct routes routes;	     /* of route */
	uint64_t concurrency[NCHAN]; /* concurrencylocal, concurrencyremote */
	uint64_t retry[NCHAN];	     /* retrylocal, retryremote */
	uint64_t lifetime;	     /* queuelifetime, s */
	uint64_t delaywarn;	     /* delaywarn, s; 0 never */
	uint64_t trouble;	     /* retrytrouble, s */
	uint64_t rescan;	     /* rescan, s */
	uint64_t jobrcpts;	     /* remoterecipients */
	uint64_t bouncers;	     /* concurrencybounce */
};

extern struct conf conf;

/* 0; -1 when a value is bad: control_error() tells, conf is as it was. */
int conf_read(void);

#endif
