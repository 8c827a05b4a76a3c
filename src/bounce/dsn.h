/* SPDX-License-Identifier: 0BSD */
/* dsn - write a delivery status notification (RFC 3461 6, 3462, 3464) */
#ifndef BOUNCE_DSN_H
#define BOUNCE_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounce/pick.h"
#include "wire/env.h"
#include "wire/qclient.h"

struct dsn {
	const struct env *env;
	const struct pick *pick;
	int fdmess;
	const char *from, *to; /* addresses of the header */
	const char *host;      /* who reports */
	bool again;	       /* the message was itself a bounce */
	bool global;	   /* the sender's address is not ASCII (RFC 6533) */
	int64_t until;	   /* of a warning: when it is given up, s */
	uint64_t maxbytes; /* longer messages: the header alone; 0: never */
};

/* The whole message into q. 0; -1 errno when the original cannot be read. */
int dsn_write(const struct dsn *d, struct qclient *q);

/* The line between parts, and the type of the next. */
void dsn_part(struct qclient *q, const char *boundary, const char *type);

#endif
