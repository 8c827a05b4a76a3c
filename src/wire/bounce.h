/* SPDX-License-Identifier: 0BSD */
/* bounce - quill-send runs quill-bounce for one finished message
 *
 * It is handed the open files, and answers on BOUNCE_FD_OUT with the words for
 * the log: "qp <pid> id <id>", or "dropped: <reason>"; exit STATUS_OK. Any
 * other exit: nothing was queued, to be tried again.
 */
#ifndef WIRE_BOUNCE_H
#define WIRE_BOUNCE_H

enum {
	BOUNCE_FD_MESS = 0,
	BOUNCE_FD_OUT = 1,
	BOUNCE_FD_ENV = 3,
	BOUNCE_FD_NOTE = 4,
	BOUNCE_WORDS_MAX = 200,
};

#endif
