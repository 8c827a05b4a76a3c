/* SPDX-License-Identifier: 0BSD */
/* hosts - the addresses to try for a destination, best first
 *
 * smtproutes, address literals, MX, and the domain's own address when it has
 * no MX. Addresses are looked up one preference, or one relay, at a time, when
 * they are needed. Those that are known not to answer (wire/dead.h) come last,
 * and so do those that did not answer at once, once more.
 */
#ifndef REMOTE_HOSTS_H
#define REMOTE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote/conf.h"
#include "remote/mx.h"
#include "remote/result.h"
#include "wire/relay.h"

enum {
	HOSTS_TRY_MAX = 24,   /* addresses tried for one job */
	HOSTS_LEVEL_MAX = 16, /* hosts of one preference looked up */
	HOSTS_LAST_MAX = 4,   /* addresses put off to the end */
	HOSTS_LOST_MAX = 4,   /* preferences that cannot be looked up now */
	HOSTS_GROUP = 480,    /* bytes of hosts_group, with the NUL */
};

struct target {
	char host[DNSNAME_TEXT];  /* the address as text when it has none */
	char alias[DNSNAME_TEXT]; /* where its address was, if that is
	                              * another name, else "" */
	struct ipaddr ip;	  /* family 0: path */
	uint16_t port;
	bool lmtp;
	bool tls;    /* from the first byte */
	bool routed; /* smtproutes names it */
	bool secure; /* its names and address are authentic (DNSSEC) */
	bool hasty;  /* there are others: not worth a long wait yet */
	bool again;  /* it was given before */
	char path[RELAY_PATH];
};

struct hosts {
	const struct conf *conf;
	struct dead *dead;
	const char *dest;
	int64_t limit; /* stamp_mono() */
	enum { HOSTS_MX, HOSTS_IMPLICIT, HOSTS_RELAY } kind;
	bool secure; /* the MX records are authentic */
	struct mxlist mx;
	struct relays relays;
	size_t level; /* first entry not looked up yet */
	uint16_t port;
	struct target list[HOSTS_TRY_MAX]; /* of the present level */
	size_t n, pos;
	struct target last[HOSTS_LAST_MAX];
	size_t nlast, poslast;
	size_t given;
	bool temporary; /* a look-up failed for now */
	size_t lost;	/* preferences without an address, for now */
	const char *dnswhy;
};

/* dest in lower case, kept. false: there is nothing to try, *why says so. */
bool hosts_start(struct hosts *h, const char *dest, const char *via,
	const struct conf *conf, struct dead *dead, int64_t limit,
	struct verdict *why);
/* After hosts_start: what it shares with other destinations (wire/report.h,
 * group=), NULL nothing. Until the next call. It names all that may answer for
 * the destination: one who puts another's exchangers before his own must not be
 * counted with them. */
const char *hosts_group(const struct hosts *h);
/* Next address; false at the end, and when there never was one, *why is
 * set. */
bool hosts_next(struct hosts *h, struct target *t, struct verdict *why);
/* t, which was hasty, did not answer in that time: it is given again after all
 * others, and is to be waited for then. */
void hosts_later(struct hosts *h, const struct target *t);

#endif
