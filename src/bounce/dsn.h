/* SPDX-License-Identifier: 0BSD */
/* dsn - write a delivery status notification (RFC 3462, 3464) */
#ifndef BOUNCE_DSN_H
#define BOUNCE_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/env.h"
#include "wire/qclient.h"

struct dsn {
	const struct env *env;
	const char *notes; /* wire/note.h records */
	size_t nnotes;
	int fdmess;
	const char *from, *to; /* addresses of the header */
	const char *host;      /* who reports */
	bool again;	       /* the message was itself a bounce */
	uint64_t maxbytes;     /* longer messages: the header alone; 0: never */
};

/* The whole message into q. 0; -1 errno when the original cannot be read. */
int dsn_write(const struct dsn *d, struct qclient *q);

#endif
