/* SPDX-License-Identifier: 0BSD */
/* status - exit codes of quill-queue and of everything that stands in for it,
 * with their class, SMTP code, enhanced status code (RFC 3463) and text, in
 * one table. */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

enum {
	STATUS_OK = 0,
	STATUS_ADDRESS = 11, /* envelope address too long */
	STATUS_REFUSED = 31, /* message refused for good */
	STATUS_MEMORY = 51,
	STATUS_TIMEOUT = 52,
	STATUS_WRITE = 53, /* write error, disk full, file too large */
	STATUS_READ = 54,  /* read error, early end of input */
	STATUS_CONFIG = 55,
	STATUS_NETWORK = 56,
	STATUS_HOME = 61,
	STATUS_QUEUEDIR = 62,
	STATUS_PID = 63, /* no id for the message could be had */
	STATUS_MESS = 64,
	STATUS_ENV = 65,
	STATUS_HANDOVER = 66,
	STATUS_LATER = 71,   /* message refused for now */
	STATUS_CONNECT = 72, /* connection refused, timed out, lost: 72-74 */
	STATUS_BUG = 81,
	STATUS_CUSTOM = 82, /* text on fd 6, D or Z first */
	STATUS_CUSTOM_OLD = 88,
	STATUS_ENVELOPE = 91, /* bad envelope format or over its size limit */
	STATUS_EXEC = 120,
	/* other programs */
	STATUS_PERM = 100,
	STATUS_TEMP = 111,
};

enum status_class {
	STATUS_ACCEPTED,
	STATUS_PERMANENT,
	STATUS_TEMPORARY,
};

struct status {
	int code;
	enum status_class class;
	int smtp;	      /* 451, 552, ... */
	const char *enhanced; /* "4.3.0" */
	const char *text;     /* "unable to write message to disk" */
};

/* Row of an exit code of a program run as quill-queue: always one; codes not
 * in the table give the row of their class (11-40 permanent, else temporary).
 * A code of -1 (ended by a signal) is temporary. */
const struct status *status_of(int code);

/* What a program of a .qmail line, or one in the place of quill-local, says by
 * its exit code, negative for a signal: 'K' done, 'D' failed for good, 'Z'
 * failed for now (dot-qmail.5). */
char status_delivery(int code);

#endif
