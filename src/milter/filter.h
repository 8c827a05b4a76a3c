/* SPDX-License-Identifier: 0BSD */
/* filter - one mail filter (milter) and one message: the dialogue of the
 * protocol's version 6, from the side of the mail server */
#ifndef MILTER_FILTER_H
#define MILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "milter/message.h"

enum {
	FILTER_TEXT = 200, /* bytes of a filter's words */
	FILTER_CONNECT_MS = 10000,
	FILTER_END_FACTOR = 10, /* it may think so much longer at the end */
};

struct filter {
	char name[128]; /* as it was written, for the log */
	struct sockaddr_storage at;
	socklen_t atlen;
	int64_t timeout; /* ms, for one answer */
	bool open;	 /* when it fails, go on without it */
};

/* "unix:/path" (also local:), "inet:PORT@ADDRESS", "inet6:PORT@ADDRESS", then
 * perhaps " timeout=SECONDS" and " fail=open" or " fail=closed". NULL, or what
 * is wrong. */
const char *filter_parse(struct filter *f, const char *line);

/* Who sent the message, as far as it is known; NULL where it is not. */
struct origin {
	const char *me, *ip, *host, *port, *helo, *user, *tls, *cipher;
	const char *id; /* of this message, in macros */
};

enum verdict {
	VERDICT_ACCEPT, /* go on with the next filter */
	VERDICT_REJECT,
	VERDICT_LATER,
	VERDICT_DISCARD,
	VERDICT_BROKEN, /* no filter: text says why */
};

/* Show the message to the filter and make its changes. text gets its words,
 * one line: "550 5.7.1 ..." when it gave an SMTP reply, "" for none. */
enum verdict filter_run(const struct filter *f, struct message *m,
	const struct origin *o, char text[FILTER_TEXT]);
/* The same over a connected socket, which is closed. */
enum verdict filter_talk(int fd, const struct filter *f, struct message *m,
	const struct origin *o, char text[FILTER_TEXT]);

#endif
