/* SPDX-License-Identifier: 0BSD */
/* smtp - one connection to an SMTP or LMTP server: commands and replies */
#ifndef REMOTE_SMTP_H
#define REMOTE_SMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ibuf.h"
#include "lib/obuf.h"
#include "mail/smtpreply.h"
#include "remote/conf.h"
#include "remote/hosts.h"
#include "remote/result.h"
#include "wire/tls.h"

enum {
	SMTP_PIPELINING = 1,
	SMTP_SIZE = 2,
	SMTP_8BITMIME = 4,
	SMTP_UTF8 = 8,
	SMTP_DSN = 16,
	SMTP_STARTTLS = 32,
};

enum { SMTP_LABEL = DNSNAME_TEXT + RELAY_PATH + IPADDR_FMT + 2 };

struct smtp {
	int fd; /* -1: not connected */
	const struct conf *conf;
	int64_t limit;	   /* stamp_mono(): nothing of this job after it */
	int64_t since;	   /* when the connection was made */
	uint64_t messages; /* transactions begun on it */
	bool dirty;	   /* RSET before the next MAIL */
	struct target to;
	char label[SMTP_LABEL]; /* host[ip] */
	char tls[TLS_TAG_MAX];	/* for the log; "" none */
	/* what the last EHLO said */
	unsigned ext;
	unsigned auth;	  /* mechanisms (remote/sasl.h) */
	uint64_t sizemax; /* of SIZE; 0 no limit known */
	uint64_t rcptmax; /* of LIMITS (RFC 9422); UINT64_MAX no limit known */
	uint64_t mailmax;
	struct smtpreply reply;
	struct str line;
	struct ibuf in;
	struct obuf out;
	char inbuf[4096];
	char outbuf[32768];
};

enum smtp_got {
	SMTP_REPLY, /* s->reply */
	SMTP_LOST,  /* the connection is gone, errno or 0 */
	SMTP_LATE,
	SMTP_GARBAGE, /* not an SMTP reply */
};

void smtp_init(struct smtp *s, const struct conf *conf);
/* Speak over fd from now on, which is s's to close. */
void smtp_attach(struct smtp *s, int fd);
/* Queue a command: strings up to NULL, and CRLF. Sent when a reply is waited
 * for. */
void smtp_command(struct smtp *s, const char *first, ...)
	__attribute__((sentinel));
/* Flush and wait for one reply. */
enum smtp_got smtp_get(struct smtp *s, enum phase phase);
/* From now on, writing must be done within the time of phase. */
void smtp_clock(struct smtp *s, enum phase phase);
/* When phase must end, if it begins now. */
int64_t smtp_until(const struct smtp *s, enum phase phase);
/* A deferral in words for a got that is no reply; when: "after MAIL". */
void smtp_trouble(struct smtp *s, enum smtp_got got, const char *when,
	struct verdict *why);
/* Nothing has come unasked, not even an end of file. */
bool smtp_alive(const struct smtp *s);
/* Close at once; or say QUIT and give the peer a moment to answer. */
void smtp_drop(struct smtp *s);
void smtp_quit(struct smtp *s);

#endif
