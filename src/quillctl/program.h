/* SPDX-License-Identifier: 0BSD */
/* program - ask another program of quill, as the user that it runs as */
#ifndef QUILLCTL_PROGRAM_H
#define QUILLCTL_PROGRAM_H

#include <sys/types.h>

#include "lib/str.h"
#include "wire/pwreq.h"

enum {
	PROGRAM_OUT_MAX = 256 << 10,
	PROGRAM_WAIT_MS = 120000,
};

/* Run argv (argv[0] a name in HOME/bin, or with search in $PATH) with an empty
 * standard input, as uid and gid unless we are not root; what it prints is
 * appended to out, errors go to fd 2. Its exit code; -1: it could not be run,
 * crashed, hung or printed too much, said on fd 2. */
int program_run(const char *const *argv, bool search, uid_t uid, gid_t gid,
	struct str *out);
/* The same, and what it says on fd 2 is appended to words. */
int program_hear(const char *const *argv, uid_t uid, gid_t gid, struct str *out,
	struct str *words);
/* Ask a quill-getpw for the user of a local part. 1 *u points into storage of
 * its own; 0 not now, *why says so; -1 said on fd 2. */
int program_getpw(const char *local, uid_t uid, gid_t gid, const char *alias,
	struct pwuser *u, const char **why);

#endif
