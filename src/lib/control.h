/* SPDX-License-Identifier: 0BSD */
/* control - configuration files with one value each, or one entry a line
 *
 * Names are relative to the directory given to control_init. First line for
 * single values; trailing blanks and CR are stripped; in lists, blank lines
 * and lines that start with # are skipped. A failed call leaves one line in
 * control_error(): file, line and reason, ready for the log.
 */
#ifndef LIB_CONTROL_H
#define LIB_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

enum control {
	CONTROL_OK,
	CONTROL_ABSENT, /* no such file (or an empty single value) */
	CONTROL_BAD,	/* unreadable or a bad value: see control_error() */
};

enum {
	CONTROL_LINE_MAX = 2000,      /* bytes in one line */
	CONTROL_FILE_MAX = 256 << 20, /* bytes in one file */
};

/* dir is kept, not copied. */
void control_init(const char *dir);
/* Look once which files there are: what is not there now is absent from here
 * on, without being looked for. For a process that asks for many, most of them
 * absent, and does not stay. Where that cannot be told nothing changes. */
void control_glance(void);
/* Was that file absent then? false without a glance. */
bool control_missing(const char *name);
const char *control_error(void);
/* Append the file's path. */
void control_path(struct str *out, const char *name);
/* Say that a value that was read is no good: fills control_error() with
 * "control/NAME: line N: REASON" (no line part when line is 0) and returns
 * CONTROL_BAD, in a survey CONTROL_ABSENT. */
enum control control_bad(const char *name, size_t line, const char *reason);
/* For a program that only looks (-n): from here on each bad value is said on
 * fd 2, and reading goes on as if it were not there. */
void control_survey(void);
/* Were there any? */
bool control_surveyed(void);
/* First line. s is untouched unless CONTROL_OK. */
enum control control_line(const char *name, struct str *s);
/* First line, or when absent the first line of `me`; used for host names. */
enum control control_line_or_me(const char *name, struct str *s);
/* A decimal between min and max; *n keeps its value (the default) when the
 * file is absent. */
enum control control_num(
	const char *name, uint64_t min, uint64_t max, uint64_t *n);

/* Called for each entry of a list: line number from 1, NUL-terminated entry of
 * n bytes (may be changed in place). Return NULL, or the reason why the entry
 * is bad, which ends the reading. */
typedef const char *control_entry_fn(
	void *arg, size_t line, char *entry, size_t n);
enum control control_list(const char *name, control_entry_fn *fn, void *arg);

#endif
