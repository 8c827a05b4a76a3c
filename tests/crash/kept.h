/* SPDX-License-Identifier: 0BSD */
/* kept.h - messages to one quill-queue -k of the box, one after the other
 *
 * Says "queued TAG CODE ID" for each, as the box does for the others.
 */
#ifndef CRASH_KEPT_H
#define CRASH_KEPT_H

#include <stdbool.h>
#include <sys/types.h>

/* Two files; their turn may come later. */
void kept_queue(const char *program, char *const *words);
/* To be polled for reading, or -1; then call kept_heard. */
int kept_fd(void);
void kept_heard(void);
/* A child was reaped: true when it was ours. */
bool kept_ended(pid_t pid, int code);

#endif
