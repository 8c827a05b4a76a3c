/* SPDX-License-Identifier: 0BSD */
/* The parameters of MAIL and RCPT (RFC 5321 4.1.1.11). */
#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "lib/utf8.h"
#include "smtpd/verbs.h"
#include "wire/notify.h"
#include "wire/site.h"

/* One extension parameter of MAIL or RCPT (RFC 5321 4.1.1.11). value is NULL
 * when there is no "=". Returns false when it has replied. */
struct param {
	const char *name;
	bool (*take)(struct session *s, const char *value, size_t n);
};

static bool
take_size(struct session *s, const char *value, size_t n)
{
	uint64_t size, limit = s->conf->databytes;

	if (!value || n > 20 || !num_parse(value, n, UINT64_MAX, &size)) {
		session_reply(s, 501, "5.5.4", "SIZE is not a number");
		return false;
	}
	if (limit && size > limit) {
		session_reply(s, 552, "5.3.4", "message too large");
		return false;
	}
	s->size = size;
	return true;
}

/* AUTH=<> or an address: who gave the message to the client, for servers that
 * trust each other (RFC 4954 5). We trust nobody's word. */
static bool
take_auth(struct session *s, const char *value, size_t n)
{
	struct str text = STR_INIT(ADDR_MAX);
	bool good = value && notify_decode(&text, value, n);

	str_free(&text);
	if (!good)
		session_reply(s, 501, "5.5.4", "AUTH is no xtext");
	return good;
}

/* RFC 6531 3.4: for this transaction, mailboxes may be UTF-8; recipients come
 * later, so what was said stays to be seen. */
static bool
take_utf8(struct session *s, const char *value, size_t n)
{
	(void)n;
	if (value) {
		session_reply(s, 501, "5.5.4", "SMTPUTF8 takes no value");
		return false;
	}
	s->utf8 = true;
	str_puts(&s->params, "SMTPUTF8=");
	str_putc(&s->params, 0);
	return true;
}

static bool
take_body(struct session *s, const char *value, size_t n)
{
	if (value && ((n == 4 && ascii_caseeqn(value, "7BIT", n)) ||
			     (n == 8 && ascii_caseeqn(value, "8BITMIME", n))))
		return true;
	session_reply(s, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
	return false;
}

/* A parameter of RFC 3461 becomes a P record as it came, when it is good. */
static bool
keep(struct session *s, bool good, const char *key, const char *value, size_t n,
	const char *refusal)
{
	if (!value || !good) {
		session_reply(s, 501, "5.5.4", refusal);
		return false;
	}
	str_puts(&s->params, key);
	str_put(&s->params, value, n);
	str_putc(&s->params, 0);
	return true;
}

static bool
take_ret(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_isret(value, n), "RET=", value, n,
		"RET is FULL or HDRS");
}

static bool
take_envid(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_isenvid(value, n), "ENVID=", value, n,
		"ENVID is xtext of at most 100 bytes");
}

static bool
take_notify(struct session *s, const char *value, size_t n)
{
	return keep(s, notify_parse(value, n), "NOTIFY=", value, n,
		"NOTIFY is NEVER or of SUCCESS, FAILURE, DELAY");
}

/* Characters beyond ASCII, as RFC 6533 3 lets a client write them with
 * SMTPUTF8, in the form that can be passed on anywhere: \x{E9}. */
static bool
plain_orcpt(struct str *out, const char *p, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t len; n; p += len, n -= len) {
		uint32_t c = (unsigned char)*p;
		int shift = 20;

		len = utf8_len(p, n);
		if (!len)
			return false;
		if (len == 1) {
			str_putc(out, *p);
			continue;
		}
		c &= 0x7fu >> len;
		for (size_t i = 1; i < len; i++)
			c = c << 6 | (p[i] & 0x3f);
		str_puts(out, "\\x{");
		while (!(c >> shift))
			shift -= 4;
		for (; shift >= 0; shift -= 4)
			str_putc(out, digits[c >> shift & 15]);
		str_putc(out, '}');
	}
	return !out->over;
}

static bool
take_orcpt(struct session *s, const char *value, size_t n)
{
	struct str plain = STR_INIT(ORCPT_MAX);
	bool good;

	if (value && s->utf8 && n > 6 && ascii_caseeqn(value, "utf-8;", 6)) {
		good = plain_orcpt(&plain, value, n);
		value = str_c(&plain);
		n = plain.len;
	} else {
		good = true;
	}
	good = keep(s, good && notify_isorcpt(value, n), "ORCPT=", value, n,
		"ORCPT is type;xtext of at most 500 bytes");
	str_free(&plain);
	return good;
}

static const struct param mail_params[] = {
	{ "SIZE", take_size },
	{ "BODY", take_body },
	{ "SMTPUTF8", take_utf8 },
	{ "AUTH", take_auth },
	{ "RET", take_ret },
	{ "ENVID", take_envid },
	{ NULL, NULL },
};

static const struct param rcpt_params[] = {
	{ "NOTIFY", take_notify },
	{ "ORCPT", take_orcpt },
	{ NULL, NULL },
};

static bool
bad_param(struct session *s)
{
	session_reply(s, 501, "5.5.4", "malformed parameter");
	return false;
}

static bool
take_param(struct session *s, const struct param *table, unsigned *seen,
	const char *p, size_t n)
{
	size_t key = 0;

	while (key < n && (ascii_isalnum(p[key]) || (key && p[key] == '-')))
		key++;
	if (!key || (key < n && p[key] != '=') || key + 1 == n)
		return bad_param(s);
	for (size_t i = key + 1; i < n; i++)
		if ((p[i] >= 0 && !ascii_isgraph(p[i])) || p[i] == '=')
			return bad_param(s);
	for (size_t i = 0; table[i].name; i++) {
		if (strlen(table[i].name) != key ||
			!ascii_caseeqn(table[i].name, p, key))
			continue;
		if (*seen & 1u << i)
			return bad_param(s);
		*seen |= 1u << i;
		return table[i].take(s, key < n ? p + key + 1 : NULL,
			key < n ? n - key - 1 : 0);
	}
	session_reply(s, 555, "5.5.4", "unknown parameter");
	return false;
}

static bool
take_params(
	struct session *s, const struct param *table, const char *p, size_t n)
{
	unsigned seen = 0;

	while (n) {
		size_t word = 0;

		/* the path, or the last parameter, must be followed by SP */
		if (*p != ' ' && *p != '\t')
			return bad_param(s);
		while (n && (*p == ' ' || *p == '\t'))
			p++, n--;
		while (word < n && p[word] != ' ' && p[word] != '\t')
			word++;
		if (word && !take_param(s, table, &seen, p, word))
			return false;
		p += word;
		n -= word;
	}
	return true;
}

bool
params_mail(struct session *s, const char *p, size_t n)
{
	return take_params(s, mail_params, p, n);
}

bool
params_rcpt(struct session *s, const char *p, size_t n)
{
	return take_params(s, rcpt_params, p, n);
}
