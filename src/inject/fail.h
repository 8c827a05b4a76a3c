/* SPDX-License-Identifier: 0BSD */
/* fail - one line on descriptor 2, and the exit code that goes with it */
#ifndef INJECT_FAIL_H
#define INJECT_FAIL_H

#include <stdbool.h>

enum fail {
	FAIL_USAGE,   /* wrong arguments */
	FAIL_DATA,    /* this message will never work */
	FAIL_REFUSED, /* whoever queues does not want it */
	FAIL_TEMP,    /* try later */
};

/* From now on exit with codes of sysexits(3) (64, 65, 69, 75) instead of 100
 * and 111. */
void fail_sysexits(void);
/* Say "quill-inject: fatal: " and the strings up to a NULL; exit. */
void fail(enum fail why, const char *first, ...)
	__attribute__((sentinel, noreturn));

#endif
