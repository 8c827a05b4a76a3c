/* SPDX-License-Identifier: 0BSD */
/* sendlog - the lines of quill-send's log, taken apart (quill-send-log(5))
 *
 * Results name only the number of their delivery; which message that was is
 * remembered from the line that started it.
 */
#ifndef QUILLCTL_SENDLOG_H
#define QUILLCTL_SENDLOG_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/map.h"
#include "lib/str.h"
#include "wire/qpath.h"

enum sendlog_kind {
	SENDLOG_OTHER, /* no line of quill-send that names a message */
	SENDLOG_NEW,
	SENDLOG_INFO,
	SENDLOG_START,
	SENDLOG_SUCCESS,
	SENDLOG_FAILURE,
	SENDLOG_DEFERRAL,
	SENDLOG_BOUNCE,
	SENDLOG_WARNING,
	SENDLOG_END,
	SENDLOG_ORDER,
};

struct sendlog {
	struct map running; /* delivery number: message id */
	/* Results count though their start was not seen, with id "", and starts
	 * are not remembered: the log may be of any length. */
	bool anyway;
	struct str text;
};

struct sendlog_event {
	enum sendlog_kind kind;
	char id[QID_LEN + 1];
	const char *text; /* result or what follows the id, blanks for '_' */
	const char *rest; /* of the line: key=value ... */
};

void sendlog_init(struct sendlog *l);
/* Take a line apart; *e is valid until the next. */
void sendlog_line(struct sendlog *l, const char *line, struct sendlog_event *e);
/* The value behind " key=" in the rest of a line, up to a blank, into out
 * (cut there); "" when it is not there. */
const char *sendlog_value(
	const char *rest, const char *key, char *out, size_t size);
/* An address as it stands in the log, so that it can be compared. */
void sendlog_address(struct str *out, const char *address);

#endif
