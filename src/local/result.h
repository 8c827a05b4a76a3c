/* SPDX-License-Identifier: 0BSD */
/* result - what became of one delivery: a class and the text for the log and
 * for the bounce */
#ifndef LOCAL_RESULT_H
#define LOCAL_RESULT_H

#include "lib/str.h"

struct result {
	char class;	  /* 'K' delivered, 'Z' try later, 'D' for good */
	struct str text;  /* lines, each with its LF; no NUL */
	const char *info; /* what was passed on (wire/report.h dsn=), or NULL */
	const char *how;  /* the file that decided, until the next delivery */
};

void result_init(struct result *r);
/* Success so far, no text; memory is kept for the next delivery. */
void result_clear(struct result *r);
/* Set the class and add a line: the strings up to a NULL joined, then
 * " (#code)". Always false, so that a failing function can return it. */
bool result_set(struct result *r, char class, const char *code,
	const char *first, ...) __attribute__((sentinel));
#define result_temp(r, code, ...)                                              \
	result_set((r), 'Z', (code), __VA_ARGS__, (char *)0)
#define result_perm(r, code, ...)                                              \
	result_set((r), 'D', (code), __VA_ARGS__, (char *)0)
/* Temporary, "WHAT PATH: text of errno" and its code. */
bool result_sys(struct result *r, const char *what, const char *path);
/* Add a line without code: the strings up to a NULL joined. */
void result_say(struct result *r, const char *first, ...)
	__attribute__((sentinel));

#endif
