/* SPDX-License-Identifier: 0BSD */
/* daemon - what the daemons that answer at a socket have in common: the socket,
 * their signals, their sleep (quill-authd, quill-verifyd)
 */
#ifndef WIRE_DAEMON_H
#define WIRE_DAEMON_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon {
	bool (*reread)(void *arg); /* control files; false: one is bad, which
	                            * control_error() tells */
	void *arg;
	/* set below: */
	int sigfd, listener;
	bool ended;  /* SIGTERM came */
	int64_t now; /* stamp_mono() after the last sleep */
};

/* Entries of the poll array that are its own. */
enum { DAEMON_SIGNAL, DAEMON_LISTENER, DAEMON_FIRST };

/* Listen on "socket" in the current directory, HOME/run/NAME. Ends the program
 * when that is not possible. */
void daemon_open(struct daemon *d, const char *name);
/* Sleep until there is something for the n entries of p, its own included, or
 * for that many ms, -1 for ever. Connections are waited for when there is room.
 * HUP rereads. Ends the program when it cannot wait. */
void daemon_sleep(
	struct daemon *d, struct pollfd *p, size_t n, bool room, int ms);

#endif
