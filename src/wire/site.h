/* SPDX-License-Identifier: 0BSD */
/* site - where this quill lives and its limits, on one screen */
#ifndef WIRE_SITE_H
#define WIRE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define QUILL_VERSION "0.1"

/* The home directory, compiled in ("/var/quill"), and places below it. */
extern const char site_home[];
extern const char site_control[];   /* HOME/control */
extern const char site_queue[];	    /* HOME/queue */
extern const char site_bin[];	    /* HOME/bin */
extern const char site_users[];	    /* HOME/users */
extern const char site_queueprog[]; /* HOME/bin/quill-queue */
extern const char site_run[];	    /* HOME/run: tls, auth, verify, ... */

enum {
	ADDR_MAX = 1000,	 /* bytes in an envelope address */
	ENVELOPE_MAX = 64 << 20, /* ceiling of control/envelopebytes */
	ENVELOPE_DEFAULT = 16 << 20,
	PARAMS_MAX = 16,	 /* parameters of one address */
	PARAM_MAX = 1200,	 /* bytes in one KEY=VALUE parameter */
	JOB_RCPT_MAX = 100,	 /* recipients in one job */
	JOB_RECORD_MAX = 160000, /* bytes of one job record on a socket */
	REPORT_TEXT_MAX = 900,	 /* bytes of one recipient's result text */
	REPORT_RECORD_MAX = 160000,
	QUEUE_TIMEOUT = 86400, /* s a quill-queue may live */
	HOPS_MAX = 100,	       /* Received lines before a loop is assumed */
};

/* The accounts of one home, as make install wrote them to users/ids. */
struct site_ids {
	uid_t quilld, quillq, quills, quillr, quillp, quilll, alias;
	uid_t quillt, quilla, quillv;
	gid_t quill, nofiles;
};
/* Read HOME/users/ids: lines "u NAME UID" and "g NAME GID". Roles are told by
 * order: the ten users of conf-users, then the two groups of conf-groups; more
 * users, of a newer version, do not matter. 0; -1 errno (EINVAL: malformed;
 * ENODATA: of an older version, with fewer users). alias_name, when not NULL,
 * gets the name of the alias user (64 bytes). */
int site_ids(struct site_ids *ids, char *alias_name);
/* After -1: one line for a log, with what to do. */
const char *site_ids_error(void);

/* $QUILL<name>, or else its twin $QMAIL<name>, or NULL. */
const char *site_env(const char *name);

#endif
