/* SPDX-License-Identifier: 0BSD */
#include "wire/tlsrec.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "wire/field.h"

const char *
tlsrec_name(enum tls_role role)
{
	return role == TLS_AS_SERVER ? "server" : "client";
}

static void
put_optional(struct str *out, char tag, const char *text)
{
	if (text)
		field_put(out, tag, text);
}

static void
put_tlsa(struct str *out, const struct tls_tlsa *t)
{
	static const char digit[] = "0123456789abcdef";

	str_putc(out, 't');
	str_putnum(out, t->usage);
	str_putc(out, ' ');
	str_putnum(out, t->selector);
	str_putc(out, ' ');
	str_putnum(out, t->matching);
	str_putc(out, ' ');
	for (size_t i = 0; i < t->n; i++) {
		str_putc(out, digit[t->data[i] >> 4]);
		str_putc(out, digit[t->data[i] & 15]);
	}
	str_putc(out, 0);
}

void
tlsrec_ask(struct str *out, const struct tls_ask *a, uint32_t ms)
{
	field_putnum(out, 'd', ms);
	field_put(out, 'p', a->peer ? a->peer : "");
	if (a->role == TLS_AS_CLIENT) {
		field_putnum(out, 'v', (uint64_t)a->policy);
		put_optional(out, 's', a->sni);
		for (size_t i = 0; i < a->nname; i++)
			field_put(out, 'n', a->name[i]);
		for (size_t i = 0; i < a->ntlsa; i++)
			put_tlsa(out, &a->tlsa[i]);
		put_optional(out, 'c', a->ca);
		put_optional(out, 'k', a->session);
		put_optional(out, 'l', a->alpn);
	}
	str_putc(out, 0);
}

/* --- decoding: a cursor that looks at one field at a time */
struct fields {
	char *p, *end; /* end: one beyond the last NUL */
};

/* The field that comes next if its tag is this one, without the tag; NULL
 * (and nothing happens) if it is another. */
static char *
next(struct fields *f, char tag)
{
	char *s = f->p;

	if (s >= f->end || *s != tag)
		return NULL;
	f->p += strlen(s) + 1;
	return s + 1;
}

/* A text field: printable ASCII, not too long. A bad one stays where it is,
 * and nothing else will accept it. */
static const char *
text(struct fields *f, char tag)
{
	struct fields was = *f;
	const char *s = next(f, tag);
	size_t i;

	if (!s)
		return NULL;
	for (i = 0; s[i] >= 32 && s[i] <= 126; i++)
		;
	if (!s[i] && i <= TLS_TEXT_MAX)
		return s;
	*f = was;
	return NULL;
}

static bool
number(struct fields *f, char tag, uint64_t max, uint64_t *n)
{
	const char *s = next(f, tag);

	return s && num_parses(s, max, n);
}

/* The end of it: an empty field, and nothing more. */
static bool
ends(const struct fields *f)
{
	return f->p + 1 == f->end && !*f->p;
}

static bool
start(struct fields *f, char *p, size_t n, size_t max)
{
	f->p = p;
	f->end = p + n;
	return n > 0 && n <= max && p[n - 1] == 0;
}

/* A number up to 255 and the blank after it. */
static bool
octet(char **s, uint8_t *out)
{
	char *blank = strchr(*s, ' ');
	uint64_t n;

	if (!blank || !num_parse(*s, (size_t)(blank - *s), 255, &n))
		return false;
	*out = (uint8_t)n;
	*s = blank + 1;
	return true;
}

static bool
get_tlsa(struct tls_tlsa *t, char *s)
{
	uint8_t *to;

	if (!octet(&s, &t->usage) || !octet(&s, &t->selector) ||
		!octet(&s, &t->matching))
		return false;
	t->data = to = (uint8_t *)s;
	t->n = 0;
	for (; s[0]; s += 2) {
		int high = ascii_hexval(s[0]),
		    low = high < 0 ? -1 : ascii_hexval(s[1]);

		if (low < 0 || t->n == TLS_TLSA_DATA)
			return false;
		to[t->n++] = (uint8_t)(high << 4 | low);
	}
	return t->n > 0;
}

static bool
get_client(struct tls_ask *a, struct fields *f)
{
	const char *name;
	char *record;
	uint64_t n;

	if (!number(f, 'v', TLS_DANE, &n))
		return false;
	a->policy = (enum tls_policy)n;
	a->sni = text(f, 's');
	while ((name = text(f, 'n'))) {
		if (a->nname == TLS_NAMES_MAX || !*name)
			return false;
		a->name[a->nname++] = name;
	}
	while ((record = next(f, 't')))
		if (a->ntlsa == TLS_TLSA_MAX ||
			!get_tlsa(&a->tlsa[a->ntlsa++], record))
			return false;
	a->ca = text(f, 'c');
	a->session = text(f, 'k');
	a->alpn = text(f, 'l');
	/* A policy without what it is about would accept everybody. */
	return (a->policy == TLS_UNVERIFIED || a->nname > 0) &&
	       (a->policy != TLS_DANE || a->ntlsa > 0);
}

bool
tlsrec_asked(
	struct tls_ask *a, uint32_t *ms, enum tls_role role, char *p, size_t n)
{
	struct fields f;
	uint64_t value;

	memset(a, 0, sizeof *a);
	a->role = role;
	if (!start(&f, p, n, TLSREC_ASK_MAX) ||
		!number(&f, 'd', TLS_HANDSHAKE_S * 1000, &value))
		return false;
	*ms = (uint32_t)value;
	a->peer = text(&f, 'p');
	if (!a->peer || (role == TLS_AS_CLIENT && !get_client(a, &f)))
		return false;
	return ends(&f);
}

/* --- the answer */
/* The text members of a state, with their tags, in the order of the record. */
static const struct member {
	char tag;
	size_t at, size;
} members[] = {
#define MEMBER(tag, m)                                                         \
	{                                                                      \
		tag, offsetof(struct tls_state, m),                            \
			sizeof((struct tls_state *)0)->m                       \
	}
	MEMBER('e', error),
	MEMBER('v', version),
	MEMBER('c', cipher),
	MEMBER('b', bits),
	MEMBER('y', verified),
	MEMBER('u', subject),
	MEMBER('f', fingerprint),
	MEMBER('s', sni),
	MEMBER('l', alpn),
};
enum { MEMBERS = sizeof members / sizeof members[0] };

void
tlsrec_answer(struct str *out, const struct tls_state *s)
{
	field_putnum(out, 'o', (uint64_t)s->outcome);
	for (size_t i = 0; i < MEMBERS; i++) {
		const char *p = (const char *)s + members[i].at;
		size_t left = members[i].size - 1;

		str_putc(out, members[i].tag);
		for (; *p && left; p++, left--)
			str_putc(out, (char)(*p >= 32 && *p <= 126 ? *p : '?'));
		str_putc(out, 0);
	}
	field_putnum(out, 'r', s->resumed);
	str_putc(out, 0);
}

bool
tlsrec_answered(struct tls_state *s, const char *p, size_t n)
{
	char copy[TLSREC_STATE_MAX];
	struct fields f;
	uint64_t value;

	memset(s, 0, sizeof *s);
	if (n > sizeof copy)
		return false;
	memcpy(copy, p, n);
	if (!start(&f, copy, n, sizeof copy) ||
		!number(&f, 'o', TLS_BROKEN, &value))
		return false;
	s->outcome = (enum tls_outcome)value;
	for (size_t i = 0; i < MEMBERS; i++) {
		const char *from = text(&f, members[i].tag);
		size_t len = from ? strlen(from) : 0;

		if (!from || len >= members[i].size)
			return false;
		memcpy((char *)s + members[i].at, from, len + 1);
	}
	if (!number(&f, 'r', 1, &value))
		return false;
	s->resumed = value;
	return ends(&f);
}
