/* SPDX-License-Identifier: 0BSD */
/* aside - a file that is there whole or not at all: written as PATH.tmp, then
 * renamed. For others to read at any time; not synced. */
#ifndef QUILLCTL_ASIDE_H
#define QUILLCTL_ASIDE_H

/* Make PATH.tmp, in place of what was left there; never through a link. The
 * descriptor, or -1 errno. Mode 0666 but for the umask. */
int aside_open(const char *path);
/* Close it; rename it when good, else remove it. 0; -1 errno, PATH as it was.
 */
int aside_close(int fd, const char *path, int good);

#endif
