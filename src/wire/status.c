/* SPDX-License-Identifier: 0BSD */
#include "wire/status.h"

#include <stddef.h>

#define OK(code, text)                                                         \
	{                                                                      \
		code, STATUS_ACCEPTED, 250, "2.0.0", text                      \
	}
#define PERM(code, enh, text)                                                  \
	{                                                                      \
		code, STATUS_PERMANENT, 554, enh, text                         \
	}
#define TEMP(code, smtp, enh, text)                                            \
	{                                                                      \
		code, STATUS_TEMPORARY, smtp, enh, text                        \
	}

static const struct status table[] = {
	OK(STATUS_OK, "queued"),
	PERM(STATUS_ADDRESS, "5.1.3", "an envelope address is too long"),
	PERM(STATUS_REFUSED, "5.3.0", "message refused"),
	TEMP(STATUS_MEMORY, 451, "4.3.0", "out of memory"),
	TEMP(STATUS_TIMEOUT, 451, "4.3.0", "took too long to queue"),
	TEMP(STATUS_WRITE, 452, "4.3.1", "unable to write message to disk"),
	TEMP(STATUS_READ, 451, "4.3.0", "unable to read message or envelope"),
	TEMP(STATUS_CONFIG, 451, "4.3.5", "a configuration file is in error"),
	TEMP(STATUS_NETWORK, 451, "4.4.0", "network trouble while queueing"),
	TEMP(STATUS_HOME, 451, "4.3.5", "unable to enter the home directory"),
	TEMP(STATUS_QUEUEDIR, 451, "4.3.5",
		"unable to enter the queue directory"),
	TEMP(STATUS_PID, 451, "4.3.0", "no queue id could be had"),
	TEMP(STATUS_MESS, 451, "4.3.0", "unable to create the message file"),
	TEMP(STATUS_ENV, 451, "4.3.0", "unable to create the envelope file"),
	TEMP(STATUS_HANDOVER, 451, "4.3.0", "unable to hand the message over"),
	TEMP(STATUS_LATER, 451, "4.3.0", "message refused for now"),
	TEMP(STATUS_CONNECT, 451, "4.4.1", "connection to the queue refused"),
	TEMP(STATUS_CONNECT + 1, 451, "4.4.1",
		"connection to the queue timed out"),
	TEMP(STATUS_CONNECT + 2, 451, "4.4.2", "connection to the queue lost"),
	TEMP(STATUS_BUG, 451, "4.3.0", "internal error while queueing"),
	TEMP(STATUS_CUSTOM, 451, "4.3.0", "refused without a reason"),
	TEMP(STATUS_CUSTOM_OLD, 451, "4.3.0", "refused without a reason"),
	TEMP(STATUS_ENVELOPE, 451, "4.3.0",
		"envelope malformed or over its size limit"),
	TEMP(STATUS_EXEC, 451, "4.3.0", "unable to run the queue program"),
};

/* what is not in the table */
static const struct status permanent =
	PERM(STATUS_PERM, "5.3.0", "message refused");
static const struct status temporary =
	TEMP(STATUS_TEMP, 451, "4.3.0", "temporary trouble while queueing");
static const struct status crashed =
	TEMP(-1, 451, "4.3.0", "the queue program crashed");

const struct status *
status_of(int code)
{
	size_t i;

	for (i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].code == code)
			return &table[i];
	if (code >= 11 && code <= 40)
		return &permanent;
	return code < 0 ? &crashed : &temporary;
}

char
status_delivery(int code)
{
	switch (code) {
	case 0:
	case 99:
		return 'K';
	case 64:
	case 65:
	case 70:
	case 76:
	case 77:
	case 78:
	case 100:
	case 112:
		return 'D';
	default:
		return 'Z';
	}
}
