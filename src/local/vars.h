/* SPDX-License-Identifier: 0BSD */
/* vars - the lines a delivery adds to the message, and the environment of its
 * programs (dot-qmail.5) */
#ifndef LOCAL_VARS_H
#define LOCAL_VARS_H

#include "lib/str.h"
#include "local/delivery.h"

struct vars {
	struct str rcpt;   /* local@host */
	struct str rpline; /* Return-Path: <sender> LF */
	struct str dtline; /* Delivered-To: local@host LF */
	struct str ufline; /* From sender date LF */
};

void vars_init(struct vars *v);
/* Set the lines for d. Bytes that would end a line come out as "_". */
void vars_lines(struct vars *v, const struct delivery *d);
/* The environment of a program: HOME and so on, and of ours only what has
 * nothing to do with who started us (PATH, TZ, LANG, LC_*, QUILL*, QMAIL*).
 * deflt: $DEFAULT or NULL. Valid until the next call. */
const char *const *vars_env(const struct vars *v, const struct delivery *d,
	const char *newsender, const char *deflt);

#endif
