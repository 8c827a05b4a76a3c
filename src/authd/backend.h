/* SPDX-License-Identifier: 0BSD */
/* backend - where passwords are: control/passwords
 *
 *	file                    users/passwd, made by quill-passwd
 *	shadow                  the system's accounts
 *	checkpassword:COMMAND   a checkpassword program, run by quilla
 *	rootcheckpassword:COMMAND   the same by root
 *	dovecot:PATH            Dovecot's auth socket
 *
 * A check is one process, which ends with it: none of these functions gives
 * back what it takes, and none need be afraid to wait, for the process has a
 * deadline.
 */
#ifndef AUTHD_BACKEND_H
#define AUTHD_BACKEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"
#include "wire/authreq.h"
#include "wire/site.h"

struct backend;

/* Is it so? user, empty, is replaced by the canonical name for YES. TEMP after
 * a line in the log that says why, and nothing of user or password. */
typedef enum authreq_class backend_fn(
	const struct backend *b, const struct authreq *q, struct str *user);
backend_fn file_check, shadow_check, program_check, dovecot_check;

struct backend {
	const char *name; /* the word of control/passwords */
	const char *arg;  /* what follows it, NULL without */
	backend_fn *check;
	uid_t quilla;
	uid_t uid; /* who checks run as */
	gid_t gid;
	int64_t timeout; /* ms, of a check */
};

/* Read control/passwords (absent: file). false: control_error() tells. */
bool backend_read(struct backend *b, const struct site_ids *ids);

#endif
