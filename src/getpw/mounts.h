/* SPDX-License-Identifier: 0BSD */
/* mounts - on which mount a path lies, by the text of mountinfo (proc_pid_
 * mountinfo(5)): without looking at the path, which may hang
 */
#ifndef GETPW_MOUNTS_H
#define GETPW_MOUNTS_H

#include <stddef.h>

#include "lib/str.h"

/* The longest mount point at or above path, an absolute one, into *out. It is
 * path itself when there is none but "/" (what hangs is not all we have), when
 * the mount is an automounter's (each name in it is another server's), or
 * when the lines of text make no sense. Names with symbolic links in them are
 * taken as they are written. */
void mounts_above(
	const char *text, size_t n, const char *path, struct str *out);
/* The same from /proc/self/mountinfo. */
void mounts_find(const char *path, struct str *out);

#endif
