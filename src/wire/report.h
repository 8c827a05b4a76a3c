/* SPDX-License-Identifier: 0BSD */
/* report - the outcome of one job, one record of a SEQPACKET socket
 *
 * From the child to its spawner and from there to send. NUL-terminated fields:
 *	N<number>
 *	I<key=value>...          relay=host[ip]:port tls=... connect=MS xfer=MS
 *	                         (for the log; at most REPORT_INFO);
 *	                         dsn=passed: who has it now reports success
 *	                         itself; dsn=expanded: passed on to several;
 *	                         group=NAME: those with the same NAME share one
 *	                         limit in send (send/dest.h). remote: all mail
 *	                         exchangers, the best first, equal ones by the
 *	                         alphabet, with commas; or the relay, with its
 *	                         port. local: the user
 *	( R<class><status> <text>  [G<smtp reply>] )+   one per recipient, in
 *	                         the order of the job
 * class: K delivered, Z try later, D failed for good. status: "2.0.0".
 */
#ifndef WIRE_REPORT_H
#define WIRE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/site.h"

enum { REPORT_INFO = 8 };

struct report_rcpt {
	char class;	    /* 'K', 'Z', 'D' */
	const char *status; /* "5.1.1"; not NUL-terminated when decoded */
	size_t status_len;
	const char *text;  /* may hold LF; cut at REPORT_TEXT_MAX */
	const char *reply; /* the remote's words, "" none */
};

struct report {
	uint32_t number;
	const char *info[REPORT_INFO];
	size_t ninfo;
	struct report_rcpt rcpt[JOB_RCPT_MAX];
	size_t nrcpt;
};

/* Append one record; texts are cut so that it fits REPORT_RECORD_MAX, and a
 * status that does not fit its class is replaced (4.3.0, 5.3.0, 2.0.0).
 * status_len 0: status is a C string; NULL: look in text. */
void report_encode(struct str *out, const struct report *r);
/* false: refused. Pointers go into p, which must stay. */
bool report_decode(struct report *r, const char *p, size_t n);
/* Value of an info key, NULL without. */
const char *report_info(const struct report *r, const char *key);
/* A report with the same outcome for nrcpt recipients. status is derived from
 * a "(#x.y.z)" in text when NULL, else class.0.0. */
void report_all(struct str *out, uint32_t number, size_t nrcpt, char class,
	const char *status, const char *text);
/* Find "(#x.y.z)" in text whose class fits; copy it to out (12 bytes) or put
 * the default for class: 2.0.0, 4.3.0, 5.3.0. */
void report_status(char out[12], char class, const char *text);

#endif
