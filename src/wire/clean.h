/* SPDX-License-Identifier: 0BSD */
/* clean - from quill-send to quill-clean and back
 *
 * Request: one letter, the id, LF (QID_LEN + 2 bytes, atomic on a pipe):
 *	r  remove .env, then .mess
 *	o  remove .mess, an orphan (refused when there is an .env)
 *	l  move .env and .mess to lost/
 *	s  sync .env: marks made before the request are durable at the answer
 *	n  sync bounce/<id>: the same for notes, and the file's name
 *	c  check .mess against the size and the checksum in .env
 * Answer: one byte per request in order: + done, ! failed (logged by clean),
 * to c also - it is not the message of that envelope. + to c says that, or
 * that there is no envelope, or no message, to tell.
 * What r, o and l change is durable at the answer, too.
 */
#ifndef WIRE_CLEAN_H
#define WIRE_CLEAN_H

#include <stdbool.h>

#include "wire/qpath.h"

enum clean_op {
	CLEAN_REMOVE = 'r',
	CLEAN_ORPHAN = 'o',
	CLEAN_LOST = 'l',
	CLEAN_SYNC = 's',
	CLEAN_NOTE = 'n',
	CLEAN_CHECK = 'c'
};
enum {
	CLEAN_REQUEST = QID_LEN + 2,
	CLEAN_DONE = '+',
	CLEAN_DIFFERS = '-',
	CLEAN_FAILED = '!'
};

void clean_encode(char out[CLEAN_REQUEST], enum clean_op op, struct qid id);
bool clean_decode(
	const char in[CLEAN_REQUEST], enum clean_op *op, struct qid *id);

#endif
