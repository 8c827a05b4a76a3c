/* SPDX-License-Identifier: 0BSD */
/* original - the last part of a report: the message, or its header */
#ifndef BOUNCE_ORIGINAL_H
#define BOUNCE_ORIGINAL_H

#include "bounce/dsn.h"

/* 0; -1 errno when it cannot be read. */
int original_write(
	const struct dsn *d, struct qclient *q, const char *boundary);

#endif
