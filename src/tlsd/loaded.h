/* SPDX-License-Identifier: 0BSD */
/* loaded - which certificates the running quill-tlsd has, for quill-tlsd -n
 *
 * HOME/run/tls/loaded: a line "NAME/FILE CHECKSUM" for each file of control/tls
 * but the keys, locked by the process of root as long as it lives. Nobody but
 * root can read it, and nothing depends on it but what -n says.
 */
#ifndef TLSD_LOADED_H
#define TLSD_LOADED_H

#include "lib/str.h"
#include "tlsd/bundle.h"

/* The lines for a bundle replace out. */
void loaded_list(struct str *out, const struct bundle *b);
/* They count from now on. 0; -1, which was said: -n will not know. */
int loaded_keep(const struct str *list);
/* In a child: the lock is the parent's. */
void loaded_leave(void);
/* Append a line "changed NAME/FILE" for each that differs from what the one
 * that runs has; nothing when none runs. */
void loaded_compare(const struct str *list, struct str *out);

#endif
