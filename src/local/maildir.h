/* SPDX-License-Identifier: 0BSD */
/* maildir - deliver into a Maildir (quill-maildir.5)
 *
 *	1. tmp/<name> is created, written and synced
 *	2. it is renamed to new/<name>, never over an existing file
 *	3. new/ is synced                    committed: success is reported
 * Two journal commits. A crash before 3 leaves the file in tmp/, where readers
 * remove it, or in new/ although no success was reported: the message then
 * comes once more, but never not at all. One rename instead of link and unlink
 * leaves no second name behind at any instant.
 */
#ifndef LOCAL_MAILDIR_H
#define LOCAL_MAILDIR_H

#include <stdbool.h>

#include "lib/str.h"
#include "local/message.h"
#include "local/result.h"

struct maildir {
	const char *path; /* ends in / */
	const char *host; /* for the unique name */
	bool create;	  /* make it, when nothing has that name and the
		      * administrator allows it */
};

/* The message with the bytes of before in front of it. false: r says why, and
 * nothing is left behind (but see above). */
bool maildir_deliver(const struct maildir *md, const struct message *m,
	const struct str *before, struct result *r);

#endif
