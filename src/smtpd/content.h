/* SPDX-License-Identifier: 0BSD */
/* content - what happens to message text between the network and the queue
 *
 * Of a submission the header is collected, completed by the code that
 * quill-inject has (mail/compose.h: Date, Message-ID, From, host names), and
 * then goes on; all else goes through as it is. On the way the Message-ID is
 * noted for the log.
 */
#ifndef SMTPD_CONTENT_H
#define SMTPD_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/str.h"
#include "smtpd/msgid.h"
#include "wire/qclient.h"

enum { CONTENT_HEADER_MAX = 512 << 10 }; /* of a submission */

enum content_result {
	CONTENT_OK,
	CONTENT_HEADER, /* the header is too large: permanent */
	CONTENT_CONFIG, /* a control file is bad: control_error() */
};

struct content {
	struct qclient *queue;
	struct msgid id;
	bool header;	  /* of a submission; it has not ended yet */
	const char *from; /* the sender, for From */
	struct str block; /* the header so far */
	size_t pos;	  /* of header_scan */
};

/* A message begins. complete: it is a submission by from (kept). */
void content_begin(
	struct content *c, struct qclient *q, bool complete, const char *from);
/* More text; after anything but CONTENT_OK no more may come. */
enum content_result content_put(struct content *c, const char *p, size_t n);
/* The text has ended, or (whatever came before) is not wanted any more. */
enum content_result content_end(struct content *c);
void content_drop(struct content *c);

#endif
