/* SPDX-License-Identifier: 0BSD */
/* conf - what quill-local reads from control/, once at its start */
#ifndef LOCAL_CONF_H
#define LOCAL_CONF_H

#include <stdbool.h>
#include <stdint.h>

struct local_conf {
	const char *host;	 /* control/me, for unique names */
	bool create;		 /* maildircreate: make a missing Maildir of
	                          * the default delivery */
	int64_t program_timeout; /* timeoutprogram, ms */
	int64_t lock_timeout;	 /* timeoutlock, ms */
	int64_t job_timeout;	 /* timeoutlocal less what it takes to end
	                          * before lspawn's patience does, ms */
	const char *error;	 /* NULL; else a value is bad: nothing may be
	                          * delivered, this is the reason */
};

void
conf_read(struct local_conf *c);

#endif
