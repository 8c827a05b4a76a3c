/* SPDX-License-Identifier: 0BSD */
#include "milter/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/num.h"

static void
say(struct talk *t, const char *words)
{
	size_t n = 0;

	for (; *words && *words != '\r' && *words != '\n' &&
		n < FILTER_TEXT - 1;
		words++)
		t->text[n++] = *words >= ' ' && *words <= '~' ? *words : '?';
	t->text[n] = 0;
}

bool
talk_over(struct talk *t, enum verdict v, const char *words)
{
	t->verdict = v;
	say(t, words);
	return false;
}

bool
talk_broken(struct talk *t, const char *words)
{
	if (t->changed)
		return talk_over(t, VERDICT_LATER,
			"451 4.3.0 a filter failed in the middle");
	return talk_over(t, VERDICT_BROKEN, words);
}

static void
string(struct talk *t, const char *s)
{
	str_puts(&t->data, s);
	str_putc(&t->data, 0);
}

/* The macro name, when it has a value. */
static void
macro(struct talk *t, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	string(t, name);
	string(t, value);
}

void
talk_macros(struct talk *t, char letter, const char *address)
{
	const struct origin *o = t->origin;

	str_clear(&t->data);
	str_putc(&t->data, letter);
	switch (letter) {
	case 'C':
		macro(t, "j", o->me);
		macro(t, "{daemon_name}", "quill");
		macro(t, "{client_addr}", o->ip);
		macro(t, "{client_name}", o->host);
		macro(t, "v", "quill");
		break;
	case 'H':
		macro(t, "{tls_version}", o->tls);
		macro(t, "{cipher}", o->cipher);
		break;
	case 'M':
		macro(t, "i", o->id);
		macro(t, "{mail_addr}", address);
		macro(t, "{auth_authen}", o->user);
		macro(t, "{auth_type}", o->user ? "PLAIN" : NULL);
		break;
	case 'R':
		macro(t, "{rcpt_addr}", address);
		break;
	default:
		macro(t, "i", o->id);
	}
	link_put(&t->link, 'D', &t->data);
	str_clear(&t->data);
}

bool
talk_judge(struct talk *t, char letter)
{
	size_t at = 0;
	const char *s;

	switch (letter) {
	case 'c':
	case 's':
		return true;
	case 'a':
		return talk_over(t, VERDICT_ACCEPT, "");
	case 'd':
		return talk_over(t, VERDICT_DISCARD, "");
	case 'r':
		return talk_over(t, VERDICT_REJECT, "");
	case 't':
	case '4':
		return talk_over(t, VERDICT_LATER, "");
	case 'y':
		s = link_string(&t->link, &at);
		if (!s || (*s != '4' && *s != '5'))
			return talk_broken(t, "a reply that is no refusal");
		return talk_over(
			t, *s == '5' ? VERDICT_REJECT : VERDICT_LATER, s);
	case 0:
		if (t->link.in.err == ETIMEDOUT || t->link.out.err == ETIMEDOUT)
			return talk_broken(t, "no answer in time");
		return talk_broken(t, t->link.in.eof ? "hung up" : "no packet");
	default:
		return talk_broken(t, "an answer that is none");
	}
}

/* Send a command, unless the filter left it out, and hear the answer, unless
 * it gives none to this one. *skip: it wants no more of these. */
static bool
command(struct talk *t, char letter, uint32_t out, uint32_t noreply, bool *skip)
{
	char got;

	if (t->steps & out)
		return true;
	link_put(&t->link, letter, &t->data);
	if (t->steps & noreply)
		return true;
	got = link_get(&t->link, t->filter->timeout);
	if (got == 's' && skip)
		*skip = true;
	return talk_judge(t, got);
}

static bool
negotiate(struct talk *t)
{
	static const uint32_t offer[3] = { VERSION, ACTIONS, STEPS };
	uint32_t version;

	str_clear(&t->data);
	for (int i = 0; i < 3; i++)
		for (int shift = 24; shift >= 0; shift -= 8)
			str_putc(&t->data, (char)(offer[i] >> shift));
	link_put(&t->link, 'O', &t->data);
	switch (link_get(&t->link, t->filter->timeout)) {
	case 'O':
		break;
	case 0:
		return talk_judge(t, 0);
	default:
		return talk_broken(t, "no negotiation");
	}
	if (!link_number(&t->link, 0, &version) || version < 2 ||
		version > VERSION || !link_number(&t->link, 4, &t->actions) ||
		!link_number(&t->link, 8, &t->steps))
		return talk_broken(t, "a version that is not known");
	if ((t->actions & ~(uint32_t)ACTIONS) || (t->steps & ~(uint32_t)STEPS))
		return talk_broken(t, "wants what was not offered");
	return true;
}

static bool
client(struct talk *t)
{
	const struct origin *o = t->origin;
	const char *ip = o->ip ? o->ip : "127.0.0.1";
	uint64_t port = 0;

	if (o->port)
		num_parses(o->port, 65535, &port);
	talk_macros(t, 'C', NULL);
	if (o->host || !o->ip) {
		string(t, o->host ? o->host : "localhost");
	} else {
		str_putc(&t->data, '[');
		str_puts(&t->data, ip);
		str_putc(&t->data, ']');
		str_putc(&t->data, 0);
	}
	str_putc(&t->data, strchr(ip, ':') ? '6' : '4');
	str_putc(&t->data, (char)(port >> 8));
	str_putc(&t->data, (char)port);
	string(t, ip);
	if (!command(t, 'C', NO_CONNECT, NR_CONNECT, NULL))
		return false;
	talk_macros(t, 'H', NULL);
	string(t, o->helo ? o->helo : "localhost");
	return command(t, 'H', NO_HELO, NR_HELO, NULL);
}

static bool
address(struct talk *t, char letter, const char *addr, uint32_t out,
	uint32_t noreply)
{
	talk_macros(t, letter, addr);
	str_putc(&t->data, '<');
	str_puts(&t->data, addr);
	str_putc(&t->data, '>');
	str_putc(&t->data, 0);
	return command(t, letter, out, noreply, NULL);
}

static bool
envelope(struct talk *t)
{
	if (!address(t, 'M', t->m->from.addr, NO_MAIL, NR_MAIL))
		return false;
	/* SMTP is past the point where one recipient could be refused: what a
	 * filter says of one is said of the message, so that nobody is left
	 * out without the sender knowing. */
	for (size_t i = 0; i < t->m->nto; i++)
		if (!t->m->to[i].gone &&
			!address(t, 'R', t->m->to[i].addr, NO_RCPT, NR_RCPT))
			return false;
	talk_macros(t, 'T', NULL);
	return command(t, 'T', NO_DATA, NR_DATA, NULL);
}

static bool
headers(struct talk *t)
{
	bool skip = false;

	talk_macros(t, 'L', NULL);
	for (size_t i = 0; i < t->m->nfield && !skip; i++) {
		const struct field *f = &t->m->field[i];
		const char *colon = memchr(f->raw, ':', f->len);
		size_t from = (size_t)(colon - f->raw) + 1, to = f->len;

		str_clear(&t->data);
		str_put(&t->data, f->raw, f->namelen);
		str_putc(&t->data, 0);
		if (!(t->steps & LEADING_BLANK) && from < to &&
			f->raw[from] == ' ')
			from++;
		while (to > from &&
			(f->raw[to - 1] == '\n' || f->raw[to - 1] == '\r'))
			to--;
		for (; from < to; from++)
			if (f->raw[from])
				str_putc(&t->data, f->raw[from]);
		str_putc(&t->data, 0);
		if (!command(t, 'L', NO_HEADERS, NR_HEADER, &skip))
			return false;
	}
	talk_macros(t, 'N', NULL);
	return command(t, 'N', NO_EOH, NR_EOH, NULL);
}

/* The body, lines ending in CRLF. */
static bool
body(struct talk *t)
{
	uint64_t at = t->m->start;
	char buf[CHUNK_MAX / 2], last = 0;
	bool skip = false;

	if (t->steps & NO_BODY)
		return true;
	while (at < t->m->end && !skip) {
		size_t want = sizeof buf;
		ssize_t r;

		if (want > t->m->end - at)
			want = (size_t)(t->m->end - at);
		r = pread(t->m->body, buf, want, (off_t)at);
		if (r <= 0)
			return talk_over(t, VERDICT_LATER,
				"451 4.3.0 unable to read the message");
		at += (uint64_t)r;
		str_clear(&t->data);
		for (ssize_t i = 0; i < r; i++) {
			if (buf[i] == '\n' && last != '\r')
				str_putc(&t->data, '\r');
			str_putc(&t->data, last = buf[i]);
		}
		if (!command(t, 'B', NO_BODY, NR_BODY, &skip))
			return false;
	}
	return true;
}

enum verdict
filter_talk(int fd, const struct filter *f, struct message *m,
	const struct origin *o, char text[FILTER_TEXT])
{
	struct talk *t = xmalloc(sizeof *t);
	enum verdict v;

	memset(t, 0, sizeof *t);
	t->filter = f;
	t->origin = o;
	t->m = m;
	t->text = text;
	t->body = -1;
	text[0] = 0;
	link_init(&t->link, fd, f->timeout);
	str_init(&t->data, HEADER_MAX + CHUNK_MAX);
	if (negotiate(t) && client(t) && envelope(t) && headers(t) && body(t))
		talk_finish(t);
	if (t->verdict == VERDICT_ACCEPT && t->body >= 0)
		message_body(m, t->body, t->bodysize);
	else if (t->body >= 0)
		close(t->body);
	v = t->verdict;
	if (v != VERDICT_BROKEN) {
		str_clear(&t->data);
		link_put(&t->link, 'Q', &t->data);
		obuf_flush(&t->link.out);
	}
	close(fd);
	str_free(&t->link.packet);
	str_free(&t->data);
	free(t);
	return v;
}
