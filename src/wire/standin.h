/* SPDX-License-Identifier: 0BSD */
/* standin - a program that takes the place of quill-queue: $QUILLQUEUE names it
 *
 * It is given what quill-queue is given, the message on fd 0 and the envelope
 * on fd 1 (wire/envelope.h), and answers as it does: by an exit code of
 * wire/status.h, and on fd 6, where that is a pipe, by words of its own or the
 * queue id (wire/qclient.h). fd 2 is its log.
 */
#ifndef WIRE_STANDIN_H
#define WIRE_STANDIN_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

/* First of all, after log_init. From here on whatever keeps it from its work,
 * lack of memory and the end of its time (QUEUE_TIMEOUT) included, ends the
 * program with the code that quill-queue would give. */
void standin_begin(void);
/* The message, in a file without a name that can be read more than once (it is
 * open at its end), *size its bytes; the envelope, checked and whole, is
 * appended to env, whose ceiling is ENVELOPE_MAX. */
int standin_read(uint64_t *size, struct str *env);
/* The caller is told that it was queued under that id, if it listens. */
void standin_queued(const char *id);
/* Ends the program. It is refused, for good (kind 'D') or for now ('Z'), with n
 * bytes of words; without them when the caller does not listen. */
void standin_refuse(char kind, const char *words, size_t n)
	__attribute__((noreturn));

#endif
