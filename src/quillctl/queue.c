/* SPDX-License-Identifier: 0BSD */
/* quillctl queue [-j] [--count]: what is in the queue */
#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "lib/stamp.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

/* Length of the well-formed UTF-8 sequence at s (RFC 3629), 0 if none. */
static size_t
utf8(const unsigned char *s)
{
	static const unsigned char low[] = { 0x80, 0xa0, 0x90 };
	size_t n, i;
	unsigned char lo = low[0], hi = 0xbf;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	if (s[0] == 0xe0)
		lo = low[1];
	else if (s[0] == 0xf0)
		lo = low[2];
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (s[1] < lo || s[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return n;
}

/* C0, DEL, and C1 (U+0080 to U+009F), which terminals obey too. s is
 * well-formed there. */
static bool
is_control(const unsigned char *s)
{
	return *s < 32 || *s == 127 || (*s == 0xc2 && s[1] < 0xa0);
}

/* Untrusted text for a terminal: what is no visible UTF-8 becomes ?. */
static void
plain(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	for (; *s; s += n) {
		n = utf8(s);
		if (n == 0 || is_control(s)) {
			n = n ? n : 1;
			obuf_putc(&out, '?');
		} else {
			obuf_put(&out, s, n);
		}
	}
}

/* A JSON string (RFC 8259 7); bytes that are no UTF-8 become U+FFFD. */
static void
json(const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	obuf_putc(&out, '"');
	for (; *s; s += n) {
		n = utf8(s);
		if (n == 0) {
			n = 1;
			obuf_puts(&out, "\\ufffd");
		} else if (is_control(s)) {
			unsigned char c = s[n - 1];

			obuf_puts(&out, "\\u00");
			obuf_putc(&out, hex[c >> 4]);
			obuf_putc(&out, hex[c & 15]);
		} else {
			if (*s == '"' || *s == '\\')
				obuf_putc(&out, '\\');
			obuf_put(&out, s, n);
		}
	}
	obuf_putc(&out, '"');
}

static void
show_plain(const struct walk_message *m)
{
	char when[STAMP_FMT];
	size_t i;

	stamp_rfc3339(when, qid_birth(m->id));
	obuf_puts(&out, m->name);
	obuf_puts(&out, "  ");
	obuf_puts(&out, when);
	obuf_puts(&out, "  ");
	obuf_putnum(&out, m->env.bytes);
	obuf_puts(&out, "  <");
	plain(m->env.sender);
	obuf_puts(&out, ">\n");
	for (i = 0; i < m->env.nrcpt; i++) {
		enum env_mark k = env_mark(&m->env, i);

		obuf_puts(&out, k == ENV_DONE	  ? "\tdone\t"
				: k == ENV_FAILED ? "\tfailed\t"
				: m->tried	  ? "\twaits\t"
						  : "\tnew\t");
		plain(env_rcpt(&m->env, i));
		obuf_putc(&out, '\n');
	}
}

static void
show_json(const struct walk_message *m)
{
	const char *sep = "";
	size_t i;

	obuf_puts(&out, "{\"queue_name\":\"");
	obuf_puts(&out, m->tried ? "deferred" : "active");
	obuf_puts(&out, "\",\"queue_id\":\"");
	obuf_puts(&out, m->name);
	obuf_puts(&out, "\",\"arrival_time\":");
	obuf_putnum(&out, (uint64_t)qid_birth(m->id));
	obuf_puts(&out, ",\"message_size\":");
	obuf_putnum(&out, m->env.bytes);
	obuf_puts(&out, ",\"sender\":");
	json(m->env.sender);
	obuf_puts(&out, ",\"recipients\":[");
	for (i = 0; i < m->env.nrcpt; i++) {
		if (env_mark(&m->env, i) != ENV_TODO)
			continue;
		obuf_puts(&out, sep);
		sep = ",";
		obuf_puts(&out, "{\"address\":");
		json(env_rcpt(&m->env, i));
		obuf_putc(&out, '}');
	}
	obuf_puts(&out, "]}\n");
}

static int
trouble(void)
{
	log_alert_sys("unable to look into ", site_queue);
	return STATUS_TEMP;
}

static int
count(void)
{
	int64_t n = walk_count();

	if (n < 0)
		return trouble();
	obuf_putnum(&out, (uint64_t)n);
	obuf_putc(&out, '\n');
	return CTL_YES;
}

int
ctl_queue(int argc, char **argv)
{
	void (*show)(const struct walk_message *m) = show_plain;
	uint64_t odd;

	if (argc == 2 && strcmp(argv[1], "--count") == 0)
		return count();
	if (argc == 2 &&
		(strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0))
		show = show_json;
	else if (argc != 1)
		return CTL_USAGE;
	if (walk_each(show, &odd) < 0)
		return trouble();
	if (odd)
		log_warning("some envelope files are unfinished or damaged");
	return CTL_YES;
}
