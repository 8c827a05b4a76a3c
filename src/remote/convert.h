/* SPDX-License-Identifier: 0BSD */
/* convert - send a message to a server without 8BITMIME (mail/sevenbit.h) */
#ifndef REMOTE_CONVERT_H
#define REMOTE_CONVERT_H

#include "remote/data.h"
#include "remote/result.h"

/* Read it through: true, d->seven and d->sevenbytes are set. false: it cannot
 * be converted, or not be read; *v says so. */
bool convert_prepare(
	struct data_source *d, const char *server, struct verdict *v);
/* As data_feed, of the converted message. */
int convert_feed(struct data_source *d, struct data_stuff *s);

#endif
