/* SPDX-License-Identifier: 0BSD */
/* compose: the first byte is flags, the rest a message. */
#include "mail/compose.h"

#include "fuzz/fuzz.h"
#include "mail/header.h"

static const char *
host(void *arg, enum qualify_host which)
{
	(void)arg;
	return which == QUALIFY_DEFAULTHOST ? "dh" : "dd.test";
}

static void
setup(struct compose *c, unsigned flags)
{
	memset(c, 0, sizeof *c);
	c->hosts.host = host;
	c->now = 1795159320;
	c->unique = "u";
	c->user = "joe";
	c->name = flags & 1 ? "Joe \"X\"" : NULL;
	c->comment_from = flags & 2;
	c->drop_from = flags & 4;
	c->drop_id = flags & 8;
	c->use_rcpt = flags & 16;
	c->use_sender = flags & 32;
	c->only_complete = flags & 64;
}

/* A header and nothing but a header, without what nobody must see. */
static void
check(const struct compose *c)
{
	struct header_field f;
	size_t pos = 0;

	while (header_next(c->head.s, c->head.len, &pos, &f))
		require(c->only_complete ||
			(!header_is(&f, "Bcc") &&
				!header_is(&f, "Resent-Bcc") &&
				!header_is(&f, "Return-Path")));
	require(pos == c->head.len && pos > 0);
	require(c->head.s[pos - 1] == '\n');
}

/* Compose the header of c again, into *again: nothing must be left to do, when
 * same is set. */
static void
twice(const struct compose *c, struct compose *again, unsigned flags, bool same)
{
	setup(again, flags & ~12U); /* nothing is dropped this time */
	if (!compose_header(again, c->head.s, c->head.len) || !same)
		return;
	require(again->head.len == c->head.len);
	require(memcmp(again->head.s, c->head.s, c->head.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct compose c, again, third;
	unsigned flags = size > 0 ? data[0] : 0;
	bool cr;

	if (size < 1 || size > 60000)
		return 0;
	setup(&c, flags);
	if (!compose_header(&c, (const char *)data + 1, size - 1)) {
		require(c.error != NULL);
		compose_free(&c);
		return 0;
	}
	check(&c);
	require(c.nrcpts > 0 || c.rcpts.len == 0);
	/* A list may make sense only after CRs before line ends are gone. */
	cr = memchr(data, '\r', size) != NULL;
	twice(&c, &again, flags, !cr);
	if (cr && again.error == NULL) {
		check(&again);
		twice(&again, &third, flags, true);
		compose_free(&third);
	}
	compose_free(&again);
	compose_free(&c);
	return 0;
}
