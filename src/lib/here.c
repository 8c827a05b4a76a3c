/* SPDX-License-Identifier: 0BSD */
#include "lib/here.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANY_PORT = 25 };

/* The kernel knows: it would come from a itself, or, for all of 127.0.0.0/8,
 * from 127.0.0.1. Nothing is sent. */
bool
here_address(const struct ipaddr *a)
{
	static const uint8_t zero[16];
	struct sockaddr_storage ss;
	struct ipaddr from;
	socklen_t len;
	uint16_t port;
	bool local = false;
	int fd;

	if (!memcmp(a->b, zero, a->family == AF_INET ? 4 : 16) ||
		(a->family == AF_INET && a->b[0] == 127))
		return true;
	fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	len = ipaddr_tosock(a, ANY_PORT, &ss);
	if (!connect(fd, (struct sockaddr *)&ss, len)) {
		len = sizeof ss;
		local = !getsockname(fd, (struct sockaddr *)&ss, &len) &&
			ipaddr_fromsock(&ss, &from, &port) &&
			ipaddr_equal(&from, a);
	}
	close(fd);
	return local;
}
