/* SPDX-License-Identifier: 0BSD */
/* conf - what quill-local reads from control/: each value when it is first
 * needed, once */
#ifndef LOCAL_CONF_H
#define LOCAL_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/proc.h"

enum { CONF_RLIMITS = 6 };

struct conf_limits {
	int64_t program; /* timeoutprogram, ms */
	int64_t lock;	 /* timeoutlock, ms */
	int64_t job;	 /* timeoutlocal less what it takes to end before
			  * lspawn's patience does, ms */
	struct proc_limit rlimit[CONF_RLIMITS]; /* programlimits */
	size_t nrlimit;
};

/* control/me, for unique names. */
const char *conf_host(void);
/* control/maildircreate: make the missing Maildir of a default delivery? */
enum conf_create { CONF_CREATE, CONF_LEAVE, CONF_BAD };
enum conf_create conf_maildircreate(void);
/* Look at all of them, and say on fd 2 what is bad; false: something was. */
bool conf_look(void);
/* NULL and control_error() when a value is bad. */
const struct conf_limits *conf_limits(void);

#endif
