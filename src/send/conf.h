/* SPDX-License-Identifier: 0BSD */
/* conf - what quill-send reads from control/, all of it, at start and at HUP */
#ifndef SEND_CONF_H
#define SEND_CONF_H

#include <stdint.h>

#include "mail/route.h"
#include "send/known.h"
#include "wire/bydomain.h"
#include "wire/routes.h"

struct conf {
	struct route route;
	struct routes routes;	     /* of route */
	uint64_t concurrency[NCHAN]; /* concurrencylocal, concurrencyremote */
	uint64_t retry[NCHAN];	     /* retrylocal, retryremote */
	uint64_t user;		     /* concurrencyuser */
	struct bydomain lifetimes;   /* queuelifetime */
	uint64_t lifetime;	     /* the shortest of them, s */
	struct bydomain limits;	     /* concurrencydomain */
	uint64_t delaywarn;	     /* delaywarn, s; 0 never */
	uint64_t trouble;	     /* retrytrouble, s */
	uint64_t rescan;	     /* rescan, s */
	uint64_t jobrcpts;	     /* remoterecipients */
	uint64_t bouncers;	     /* concurrencybounce */
};

extern struct conf conf;

/* 0; -1 when a value is bad: control_error() tells, conf is as it was. */
int conf_read(void);
/* How many deliveries at once at most, and us between them (0: any), for a
 * destination: a dest_limits_fn. What has no line of its own leaves a quarter
 * of its channel to others. */
void conf_limits(int chan, const char *name, uint32_t *cap, uint32_t *every);
/* A domain with a line of its own in concurrencydomain: those limits are for it
 * alone, it is of no group. */
bool conf_isalone(int chan, const char *name);

#endif
