/* SPDX-License-Identifier: 0BSD */
/* ask - connections to the running quill-send, wire/ctl.h, and words for
 * what goes wrong */
#ifndef QUILLCTL_ASK_H
#define QUILLCTL_ASK_H

#include <stdbool.h>

#include "lib/map.h"
#include "wire/ctl.h"

/* The connected socket; -1 errno: ESRCH quill-send does not run. Unless quiet
 * one line on fd 2 says what is wrong, and who may. */
int ask_connect(bool quiet);
/* Does it run (it holds lock/send)? cwd is the queue. 1, 0, -1 errno. */
int ask_runs(void);

/* Ask a question with at most one id, silently. fn is called with each key of
 * each object, and with key NULL at the beginning of an object. 0; -1 when
 * there is no answer (errno). */
typedef void ask_fn(
	void *arg, const char *object, const char *key, const char *value);
int ask_question(enum ctl_verb v, const char *id, ask_fn *fn, void *arg);
/* For an ask_fn: keep a value, cut to size; a number, which stays as it is when
 * value is none up to max. */
void ask_keep(char *to, size_t size, const char *value);
void ask_number(uint64_t *n, uint64_t max, const char *value);
/* Order "delete" for the n recipients of a message. 0; -1 errno. */
int ask_delete(int fd, const char *id, const uint32_t *rcpts, size_t n);

#endif
