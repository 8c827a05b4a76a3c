/* SPDX-License-Identifier: 0BSD */
/* program - run a program line (dot-qmail.5) */
#ifndef LOCAL_PROGRAM_H
#define LOCAL_PROGRAM_H

#include <stdint.h>

#include "local/conf.h"
#include "local/result.h"

enum program_end {
	PROGRAM_DONE,	/* exit 0 */
	PROGRAM_STOP,	/* exit 99: done, skip the rest */
	PROGRAM_FAILED, /* r says why */
};

enum { PROGRAM_TEXT = 600 }; /* bytes of output kept for the report, in all */

/* The last line of output of a program that has passed the message on with what
 * $DSNSENDER and $DSNRECIPIENT say (local/handdown.h), and so has made several
 * deliveries of one: r->info then says so, and the line is not part of the
 * report. */
#define PROGRAM_EXPANDED "dsn=expanded"

/* Run sh -c command with fd as its descriptor 0 at offset 0 and 1 and 2 into
 * the report, in a process group of its own, which is killed when it outstays
 * limit ms or when we are told to end. It has the resource limits of l, where
 * ours are not lower. What it leaves running behind it when it exits is not
 * waited for. Does not return without having reaped it. The report of one that
 * did not come to its own end says at, its file and line. */
enum program_end program_run(const char *command, const char *at, int fd,
	const char *const *env, const struct conf_limits *l, int64_t limit,
	struct result *r);

#endif
