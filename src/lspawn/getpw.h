/* SPDX-License-Identifier: 0BSD */
/* getpw - the quill-getpw of a quill-lspawn: started when there is a question
 *
 * It leaves by itself when nothing was asked for a while, and one that dies or
 * hangs costs the questions it had: the next one starts another, at most one
 * in GETPW_RESTART_MS.
 */
#ifndef LSPAWN_GETPW_H
#define LSPAWN_GETPW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/str.h"
#include "wire/pwreq.h"

enum { GETPW_RESTART_MS = 5000 };

struct getpw {
	const char *path;  /* of the program */
	int fd;		   /* its socket; -1: there is none */
	pid_t pid;	   /* 0: it has ended */
	bool ever;	   /* one was started, */
	int64_t started;   /* then */
	int64_t answer_ms; /* how long to wait for an answer */
	unsigned open;	   /* questions that wait for one */
	bool stuck;	   /* a question was not answered in time, */
	bool again;	   /* and another one went out since */
	int64_t asked;	   /* when the last one did */
	struct str ask;
};

void getpw_init(struct getpw *g, const char *path, int64_t answer_ms);
/* Ask for the n bytes of a local part, ADDR_MAX at most: NULL, or why that
 * cannot be done now, one line with (#4.3.0). */
const char *getpw_ask(
	struct getpw *g, uint32_t token, const char *local, size_t n);
/* fd is readable. The bytes of an answer, in buf with *a pointing into them; 0
 * nothing yet; -1 it is gone, with all questions. */
ssize_t getpw_answer(
	struct getpw *g, char *buf, size_t size, struct pwanswer *a);
/* A question was given up. */
void getpw_expired(struct getpw *g);
/* A process that was started here has ended. */
void getpw_ended(struct getpw *g, pid_t pid, int status);

#endif
