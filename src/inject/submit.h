/* SPDX-License-Identifier: 0BSD */
/* submit - one message from a descriptor, completed, to the queue or to fd 1 */
#ifndef INJECT_SUBMIT_H
#define INJECT_SUBMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "inject/input.h"
#include "inject/settings.h"
#include "mail/compose.h"

enum { SUBMIT_HEADER_MAX = 4 << 20 }; /* bytes in the header that is read */

struct submit {
	struct input in;
	struct settings settings;
	struct compose compose;
	const char *sender;	     /* -f; NULL: not given */
	const char *const *rcpts;    /* arguments, NULL at the end */
	bool from_args, from_header; /* where recipients come from */
	bool once;		     /* an address twice is sent to once */
	bool print;		     /* to fd 1 instead of the queue */
	/* values of RFC 3461 parameters as given; NULL: not given */
	const char *notify, *ret, *envid;
};

/* Returns when the message is queued or printed; else exits by fail(). */
void submit_message(struct submit *s);

#endif
