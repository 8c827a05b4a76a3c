/* SPDX-License-Identifier: 0BSD */
/* foretell - which hosts mail for a destination would go to, and with what TLS
 *
 * By the code that sends it, without a connection to any of them. For
 * quill-remote -n HOST; quillctl explain reads it.
 */
#ifndef REMOTE_FORETELL_H
#define REMOTE_FORETELL_H

#include "lib/str.h"
#include "remote/conf.h"

/* Append lines to out; words are divided by blanks, text is the rest:
 *	route WHERE			what control/smtproutes says
 *	policy LEVEL			of the host before it, by
 *					control/tlspolicy
 *	at FILE LINE			where the line before it is from
 *	at FILE.cdb KEY			the same of a compiled one; nothing for
 *					its default
 *	mx PREFERENCE NAME		the best first
 *	host NAME IP PORT PROTOCOL TLS	to be tried, in this order: smtp or
 *					lmtp; none, try or must
 *	path PATH - PORT lmtp none	the same of a socket
 *	verified BY NAME...		of the host before it, when it is to be
 *					verified
 *	dead IP				it did not answer of late
 *	defer TEXT			not to the host before it, now
 *	never|later TEXT		there is no host
 * dest is in lower case. */
void foretell(struct str *out, const struct conf *conf, const char *dest);

#endif
