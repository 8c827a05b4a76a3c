/* SPDX-License-Identifier: 0BSD */
/* usock - Unix sockets with a name: daemons that answer requests of this
 * machine, SOCK_SEQPACKET (one record, one request; lib/fd.h sends them) */
#ifndef LIB_USOCK_H
#define LIB_USOCK_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Fill in the address of dir/name (dir NULL: of name) and return its length; 0
 * errno: ENAMETOOLONG, no socket can have that name. */
socklen_t usock_address(
	struct sockaddr_storage *to, const char *dir, const char *name);
/* Connect to dir/name (dir NULL: to name) by the stamp_mono() deadline, as
 * lib/dial.h says. A blocking descriptor; -1 errno: ENOENT and ECONNREFUSED
 * mean that nobody listens, ENAMETOOLONG as above. */
int usock_connect(const char *dir, const char *name, int64_t deadline);

/* Listen on name in the current directory, mode as given; a socket that an
 * earlier process left is replaced, while a lock on the file "lock" there
 * keeps a second daemon out. Both last as long as the process; a child that may
 * live longer closes *keep (NULL: there is none). A descriptor (non-blocking,
 * close-on-exec); -1 errno (EADDRINUSE: another one runs). */
int usock_listen(const char *name, mode_t mode, int backlog, int *keep);
/* Accept a connection: close-on-exec, flags SOCK_NONBLOCK or 0, with the uid of
 * the peer; -1 errno. */
int usock_accept(int listener, int flags, uid_t *uid);

#endif
