/* SPDX-License-Identifier: 0BSD */
/* fds - the descriptors quill-start gives the programs it wires together
 *
 * Everybody's 2 is the log (multilog's pipe). The rest:
 *	quill-send    0 /dev/null, 1 the log, and the five below
 *	quill-lspawn  0 jobs and reports
 *	quill-rspawn  0 jobs and reports
 *	quill-getpw   0 questions and answers (quill-lspawn starts it)
 *	quill-clean   0 requests, 1 answers
 *	quill-queue   0 a pipe that nothing is written to, 1 the log
 *	quill-verifyd 0 /dev/null, 1 the log, 3 jobs to its quill-lspawn
 */
#ifndef WIRE_FDS_H
#define WIRE_FDS_H

enum {
	SEND_FD_LOCAL = 3,     /* SEQPACKET: wire/job.h out, wire/report.h in */
	SEND_FD_REMOTE = 4,    /* the same for remote deliveries */
	SEND_FD_CLEAN = 5,     /* pipe: wire/clean.h requests */
	SEND_FD_CLEANED = 6,   /* pipe: its answers */
	SEND_FD_POOL = 7,      /* pipe: it ends with quill-send */
	VERIFYD_FD_LSPAWN = 3, /* SEQPACKET: wire/job.h out, wire/report.h in */
};

#endif
