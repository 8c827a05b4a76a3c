/* SPDX-License-Identifier: 0BSD */
#include "smtpd/content.h"

#include <string.h>

#include "lib/control.h"
#include "lib/rand.h"
#include "lib/stamp.h"
#include "mail/addr.h"
#include "mail/compose.h"
#include "mail/header.h"

/* Host names as they are asked for (mail/qualify.h): quill-inject's control
 * files, but not its variables, which are about a caller. */
struct names {
	struct str line[QUALIFY_IDHOST + 1];
	bool bad;
};

static const char *
host(void *arg, enum qualify_host which)
{
	static const char *const files[] = {
		[QUALIFY_DEFAULTHOST] = "defaulthost",
		[QUALIFY_DEFAULTDOMAIN] = "defaultdomain",
		[QUALIFY_PLUSDOMAIN] = "plusdomain",
		[QUALIFY_IDHOST] = "idhost",
	};
	struct names *n = arg;
	struct str *s = &n->line[which];

	if (!s->len && control_line_or_me(files[which], s) != CONTROL_OK) {
		n->bad = true;
		str_puts(s, "localhost"); /* is not used: bad */
	}
	return str_c(s);
}

void
content_begin(
	struct content *c, struct qclient *q, bool complete, const char *from)
{
	*c = (struct content){ .queue = q, .header = complete, .from = from };
	str_init(&c->block, CONTENT_HEADER_MAX);
	msgid_init(&c->id);
}

void
content_drop(struct content *c)
{
	str_free(&c->block);
	c->header = false;
}

static void
pass(struct content *c, const char *p, size_t n)
{
	msgid_feed(&c->id, p, n);
	qclient_put(c->queue, p, n);
}

/* The header ended at pos. From, if it is missing, is the envelope sender's;
 * with the null sender, one of this host's. */
static enum content_result
complete(struct content *c)
{
	struct names names = { .bad = false };
	size_t at = addr_at(c->from, strlen(c->from)), body = c->pos;
	struct str user = STR_INIT(at + 1);
	char unique[RAND_LETTERS];
	struct compose head = { .hosts = { host, &names },
		.now = stamp_now(),
		.unique = unique,
		.only_complete = true };
	bool good;

	rand_letters(unique);
	str_put(&user, c->from, at);
	head.user = at ? str_c(&user) : "postmaster";
	head.host = c->from[at] ? c->from + at + 1 : NULL;
	good = compose_header(&head, c->block.s, c->pos) && !names.bad;
	if (good) {
		pass(c, head.head.s, head.head.len);
		pass(c, "\n", 1);
		if (body < c->block.len && c->block.s[body] == '\n')
			body++;
		pass(c, c->block.s + body, c->block.len - body);
	}
	compose_free(&head);
	for (size_t i = 0; i < sizeof names.line / sizeof *names.line; i++)
		str_free(&names.line[i]);
	str_free(&user);
	content_drop(c);
	return good ? CONTENT_OK : names.bad ? CONTENT_CONFIG : CONTENT_HEADER;
}

enum content_result
content_put(struct content *c, const char *p, size_t n)
{
	enum content_result r;
	size_t take;

	if (!c->header) {
		pass(c, p, n);
		return CONTENT_OK;
	}
	take = CONTENT_HEADER_MAX - c->block.len;
	if (take > n)
		take = n;
	str_put(&c->block, p, take);
	if (!header_scan(c->block.s, c->block.len, false, &c->pos))
		return take < n ? CONTENT_HEADER : CONTENT_OK;
	r = complete(c);
	if (r == CONTENT_OK)
		pass(c, p + take, n - take);
	return r;
}

enum content_result
content_end(struct content *c)
{
	if (!c->header)
		return CONTENT_OK;
	header_scan(c->block.s, c->block.len, true, &c->pos);
	return complete(c);
}
