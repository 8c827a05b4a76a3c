/* SPDX-License-Identifier: 0BSD */
/* offline - orders about messages while quill-send is stopped
 *
 * The lock of quill-send is held meanwhile, so that none starts; what is
 * written, and in which order, is what quill-send would write (wire/ctl.h): a
 * reason or a relay is on disk before the mark that needs it.
 */
#ifndef QUILLCTL_OFFLINE_H
#define QUILLCTL_OFFLINE_H

#include "quillctl/walk.h"
#include "wire/ctl.h"

/* Keep quill-send away. 0; -1 errno (EWOULDBLOCK: it runs). cwd is the
 * queue. Held until the process ends. */
int offline_lock(void);
/* Obey for the n recipients of m. 0 with *changed; -1 errno, some may have
 * been changed. */
int offline_obey(const struct walk_message *m, enum ctl_verb v,
	const char *argument, const uint32_t *rcpts, size_t n,
	uint64_t *changed);
/* A line for HOME/log/quillctl, as quill-send would log the order. */
void offline_log(const char *id, enum ctl_verb v, const char *argument,
	uint64_t changed);

#endif
