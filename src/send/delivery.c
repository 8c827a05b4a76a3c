/* SPDX-License-Identifier: 0BSD */
#include "send/delivery.h"

#include <string.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "send/event.h"

void
delivery_log_start(
	const struct delivery *d, const struct job *j, const char *channel)
{
	size_t i;

	for (i = 0; i < j->nrcpt; i++) {
		event_begin("starting delivery ");
		event_putnum(d->first + i);
		event_puts(": msg ");
		event_puts(j->id);
		event_puts(" to ");
		event_puts(channel);
		event_puts(" ");
		event_text(j->rcpt[i].addr);
		event_end();
	}
}

static void
put_info(const char *key, const char *value)
{
	event_puts(key);
	event_text(value ? value : "-");
}

static int64_t
info_ms(const struct report *r, const char *key)
{
	const char *v = report_info(r, key);
	uint64_t ms = 0;

	if (v)
		num_parses(v, 86400000, &ms);
	return (int64_t)ms;
}

void
delivery_log_result(const struct delivery *d, size_t i, const struct report *r)
{
	const struct report_rcpt *out = &r->rcpt[i];
	const struct message *m = d->m;
	int64_t now = stamp_us(), connect = info_ms(r, "connect");
	int64_t xfer = info_ms(r, "xfer");
	int64_t waited = (d->started - (int64_t)m->id.us) / 1000;
	bool sent = out->class == 'K', gone = out->class == 'D';
	char status[16] = "-";

	if (out->status_len < sizeof(status))
		((char *)memcpy(status, out->status,
			out->status_len))[out->status_len] = '\0';
	event_begin("delivery ");
	event_putnum(d->first + i);
	event_puts(sent	  ? ": success: "
		   : gone ? ": failure: "
			  : ": deferral: ");
	event_text(out->text);
	put_info(" to=", env_rcpt(&m->env, d->rcpts[i]));
	event_puts(" from=<");
	event_text(m->env.sender);
	put_info("> relay=", report_info(r, "relay"));
	event_puts(" delay=");
	event_putms((now - (int64_t)m->id.us) / 1000);
	event_puts(" delays=");
	event_putms(waited);
	event_puts("/");
	event_putms((now - d->started) / 1000 - connect - xfer);
	event_puts("/");
	event_putms(connect);
	event_puts("/");
	event_putms(xfer);
	put_info(" tls=", report_info(r, "tls"));
	put_info(" dsn=", status);
	event_puts(sent	  ? " status=sent"
		   : gone ? " status=bounced"
			  : " status=deferred");
	event_end();
}

static bool
has_status(const struct report_rcpt *r, const char *prefix)
{
	size_t n = strlen(prefix);

	return r->status_len >= n && memcmp(r->status, prefix, n) == 0;
}

/* Not reached, or it sends everybody away? Without a relay nobody was asked:
 * 4.3.x is trouble of this machine then, which says nothing. */
static enum dest_news
deferred(const struct report_rcpt *r, const char *relay)
{
	if (!relay)
		return has_status(r, "4.3.") ? DEST_NEUTRAL : DEST_HARD;
	if (has_status(r, "4.4.") || strncmp(r->reply, "421", 3) == 0)
		return DEST_HARD;
	return DEST_SOFT;
}

enum dest_news
delivery_news(const struct report *r, const char **text)
{
	const char *relay = report_info(r, "relay");
	enum dest_news news = DEST_NEUTRAL;
	size_t i;

	if (relay && (!*relay || strcmp(relay, "-") == 0))
		relay = NULL;
	for (i = 0; i < r->nrcpt; i++) {
		const struct report_rcpt *out = &r->rcpt[i];

		if (out->class == 'K')
			return DEST_TAKEN;
		if (out->class == 'D' && relay)
			news = DEST_GOOD;
		if (out->class != 'Z' || news == DEST_GOOD)
			continue;
		news = deferred(out, relay);
		*text = out->text;
	}
	return news;
}

void
delivery_log_change(const struct dest *d, enum dest_change c, int64_t now)
{
	event_begin("destination ");
	event_text(d->name);
	if (c == DEST_UP) {
		event_puts(": up");
		event_end();
		return;
	}
	event_puts(": down: failures=");
	event_putnum(d->failures);
	event_puts(" next=");
	event_putms(d->until - now);
	event_puts(" text=");
	event_text(d->text ? d->text : "-");
	event_end();
}
