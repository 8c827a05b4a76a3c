/* SPDX-License-Identifier: 0BSD */
/* dovecot - lines of Dovecot's auth client protocol, without the socket */
#ifndef AUTHD_DOVECOT_H
#define AUTHD_DOVECOT_H

#include <stdbool.h>

#include "lib/str.h"
#include "wire/authreq.h"

/* Append the request, number 1, for the process pid; false: too long. */
bool dovecot_request(struct str *s, const struct authreq *q, unsigned long pid);
/* What a line (without its LF) says. NULL: nothing about the request; else
 * "", and *class is set and user replaced (YES: by the canonical name); or what
 * is wrong, and it is TEMP. */
const char *dovecot_answer(const char *line, const struct authreq *q,
	enum authreq_class *class, struct str *user);

#endif
