/* SPDX-License-Identifier: 0BSD */
/* delivery - one delivery as it was asked for, by argv or by a job record */
#ifndef LOCAL_DELIVERY_H
#define LOCAL_DELIVERY_H

#include <stdbool.h>

struct delivery {
	const char *user, *home, *local, *dash, *ext, *host, *sender;
	const char *dflt;	/* default delivery: text as in a .qmail file */
	const char *params;	/* of the sender (wire/job.h), or NULL */
	const char *rcptparams; /* of the recipient, or NULL */
	int fd;			/* the message */
	bool dry;		/* only say what would be done (-n) */
	bool direct; /* by dflt alone, whatever .qmail files say (-d) */
};

#endif
