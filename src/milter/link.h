/* SPDX-License-Identifier: 0BSD */
/* link - packets to and from one filter: 4 bytes length, a letter, data */
#ifndef MILTER_LINK_H
#define MILTER_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/ibuf.h"
#include "lib/obuf.h"
#include "lib/str.h"

enum {
	PACKET_MAX = 1 << 20, /* the largest answer that is read */
	CHUNK_MAX = 65535,    /* data of a packet that we send */
};

struct link {
	int64_t timeout;   /* ms */
	struct str packet; /* the last answer, without its letter */
	struct ibuf in;
	struct obuf out;
	char inbuf[4096], outbuf[65536 + 64];
};

void link_init(struct link *l, int fd, int64_t timeout);
/* Sent when an answer is waited for. */
void link_put(struct link *l, char letter, const struct str *data);
/* The letter of the next answer within ms of now; 0: there is none, or it is
 * no packet. "p" (I still think about it) is not shown; it gives more time. */
char link_get(struct link *l, int64_t ms);
/* A 32-bit number at offset at of the packet; false: it is too short. */
bool link_number(const struct link *l, size_t at, uint32_t *n);
/* The NUL-terminated string at *at, which moves behind it; NULL: none. */
const char *link_string(const struct link *l, size_t *at);

#endif
