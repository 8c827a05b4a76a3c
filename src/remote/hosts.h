/* SPDX-License-Identifier: 0BSD */
/* hosts - the addresses to try for a destination, best first
 *
 * smtproutes, address literals, MX, and the domain's own address when it has
 * no MX. Addresses are looked up one preference at a time, when they are
 * needed.
 */
#ifndef REMOTE_HOSTS_H
#define REMOTE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "remote/conf.h"
#include "remote/mx.h"
#include "remote/relay.h"
#include "remote/result.h"

enum {
	HOSTS_TRY_MAX = 24,   /* addresses tried for one job */
	HOSTS_LEVEL_MAX = 16, /* hosts of one preference looked up */
};

struct target {
	char host[DNSPKT_TEXT_MAX]; /* the address as text when it has none */
	struct ipaddr ip;
	uint16_t port;
};

struct hosts {
	const struct conf *conf;
	const char *dest;
	int64_t limit; /* stamp_mono() */
	enum { HOSTS_MX, HOSTS_IMPLICIT, HOSTS_RELAY } kind;
	struct mxlist mx;
	size_t level; /* first entry not looked up yet */
	uint16_t port;
	struct target list[HOSTS_TRY_MAX]; /* of the present level */
	size_t n, pos;
	size_t given;
	bool temporary; /* a look-up failed for now */
	const char *dnswhy;
};

/* dest in lower case, kept. false: there is nothing to try, *why says so. */
bool hosts_start(struct hosts *h, const char *dest, const struct conf *conf,
	int64_t limit, struct verdict *why);
/* Next address; false at the end, and when there never was one, *why is
 * set. */
bool hosts_next(struct hosts *h, struct target *t, struct verdict *why);

#endif
