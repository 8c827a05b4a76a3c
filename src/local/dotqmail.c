/* SPDX-License-Identifier: 0BSD */
#include "local/dotqmail.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/utf8.h"
#include "wire/site.h"

void
dotqmail_init(struct dotqmail *d, const char *p, size_t n)
{
	*d = (struct dotqmail){ .p = p, .n = n };
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A forward goes into an envelope, and from there into a Delivered-To field
 * and a log. */
static const char *
address_fault(const char *p, size_t n)
{
	if (!n)
		return "no address";
	if (n > ADDR_MAX)
		return "address too long";
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[i] < 32 || p[i] == 127)
			return "control character in address";
	return 0;
}

static const char *
command_fault(const char *p, size_t n)
{
	while (n && is_blank(*p)) {
		p++;
		n--;
	}
	/* sh -c "" succeeds: the message would be lost without a word */
	return n ? 0 : "no command";
}

static void
skip_ampersand(struct dotqmail_entry *e)
{
	if (*e->text != '&')
		return;
	do {
		e->text++;
		e->len--;
	} while (e->len && is_blank(*e->text));
}

static enum dotqmail_kind
bad(struct dotqmail *d, struct dotqmail_entry *e, const char *why)
{
	d->why = why;
	return e->kind = DOTQMAIL_BAD;
}

/* One line that is neither empty nor a comment. */
static enum dotqmail_kind
classify(struct dotqmail *d, struct dotqmail_entry *e, const char *p, size_t n)
{
	const char *why = 0;

	if (n > DOTQMAIL_LINE_MAX)
		return bad(d, e, "line too long");
	if (memchr(p, 0, n))
		return bad(d, e, "NUL byte");
	if (p[n - 1] == '\r')
		return bad(d, e, "line ends in a carriage return");
	if (is_blank(*p))
		return bad(d, e, "line starts with a blank");
	e->text = p;
	e->len = n;
	switch (*p) {
	case '|':
		e->kind = DOTQMAIL_PROGRAM;
		why = command_fault(++e->text, --e->len);
		break;
	case '.':
	case '/':
		e->kind = p[n - 1] == '/' ? DOTQMAIL_MAILDIR : DOTQMAIL_MBOX;
		if (n > DOTQMAIL_PATH_MAX)
			why = "path too long";
		break;
	case '+':
		e->kind = DOTQMAIL_LIST;
		if (n != 5 || memcmp(p, "+list", 5) != 0)
			why = "unknown word after +";
		break;
	default:
		skip_ampersand(e);
		e->kind = DOTQMAIL_FORWARD;
		why = address_fault(e->text, e->len);
	}
	return why ? bad(d, e, why) : e->kind;
}

enum dotqmail_kind
dotqmail_next(struct dotqmail *d, struct dotqmail_entry *e)
{
	*e = (struct dotqmail_entry){ .kind = DOTQMAIL_END };
	while (d->pos < d->n) {
		const char *p = d->p + d->pos;
		const char *lf = memchr(p, '\n', d->n - d->pos);
		size_t n = lf ? (size_t)(lf - p) : d->n - d->pos;

		d->pos += n + (lf ? 1 : 0);
		d->line++;
		while (n && is_blank(p[n - 1]))
			n--;
		/* As qmail has it: more likely an accident than the wish to
		 * throw mail away, which a comment says. */
		if (!n && d->line == 1)
			return bad(d, e, "first line is blank");
		/* it would make an address of a Maildir, or of a comment */
		if (d->line == 1 && utf8_bom(p, n))
			return bad(d, e, "starts with a byte order mark");
		if (n && *p != '#')
			return classify(d, e, p, n);
	}
	return DOTQMAIL_END;
}

bool
dotqmail_check(struct dotqmail *d, bool forward_only)
{
	struct dotqmail_entry e;

	for (;;) {
		switch (dotqmail_next(d, &e)) {
		case DOTQMAIL_END:
			return true;
		case DOTQMAIL_BAD:
			return false;
		case DOTQMAIL_LIST:
			forward_only = true;
			break;
		case DOTQMAIL_FORWARD:
			d->sends = true;
			break;
		default:
			if (e.kind == DOTQMAIL_PROGRAM)
				d->sends = true;
			if (e.kind != DOTQMAIL_MAILDIR)
				d->waits = true;
			if (!forward_only)
				break;
			d->why = "only forwards are allowed in a list";
			return false;
		}
	}
}

void
dotqmail_name(struct str *out, const char *dash, const char *ext, size_t extlen,
	const char *suffix)
{
	size_t start;

	str_clear(out);
	str_puts(out, ".qmail");
	str_puts(out, dash);
	start = out->len;
	str_put(out, ext, extlen);
	ascii_tolower(out->s + start, out->len - start);
	for (size_t i = start; i < out->len; i++)
		if (out->s[i] == '.')
			out->s[i] = ':';
	str_puts(out, suffix);
}

void
dotqmail_search(struct dotqmail_search *s, const char *dash, const char *ext)
{
	*s = (struct dotqmail_search){
		.dash = dash, .ext = ext, .extlen = strlen(ext), .deflt = -1
	};
	s->cut = s->extlen;
	str_init(&s->name, 8192);
}

void
dotqmail_search_end(struct dotqmail_search *s)
{
	str_free(&s->name);
}

/* Where "default" itself was asked for it stands for itself. */
static long
own_default(const struct dotqmail_search *s)
{
	size_t n = s->extlen;

	if (n < 7 || !ascii_caseeqn(s->ext + n - 7, "default", 7))
		return -1;
	return n == 7 || s->ext[n - 8] == '-' ? (long)n - 7 : -1;
}

bool
dotqmail_search_next(struct dotqmail_search *s)
{
	if (!s->started) {
		s->started = true;
		dotqmail_name(&s->name, s->dash, s->ext, s->extlen, "");
		s->deflt = own_default(s);
		return true;
	}
	/* Plain .qmail has no default: nothing is left for it to stand for. */
	if (s->done || (!*s->dash && !s->extlen))
		return false;
	while (s->cut && s->ext[s->cut - 1] != '-')
		s->cut--;
	dotqmail_name(&s->name, s->dash, s->ext, s->cut, "default");
	s->deflt = (long)s->cut;
	if (s->cut)
		s->cut--;
	else
		s->done = true;
	return true;
}
