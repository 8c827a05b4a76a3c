/* SPDX-License-Identifier: 0BSD */
#include "remote/sasl.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/base64.h"
#include "wire/site.h"

static bool
printable(const char *s, size_t n)
{
	for (; n; s++, n--)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return true;
}

const char *
sasl_add(struct bykey *b, char *line)
{
	const char *key;
	char *user = bykey_split(line, &key), *password;
	size_t n = strcspn(user, " \t");

	if (!*key || !user[n])
		return "not relay, user, password";
	password = user + n + strspn(user + n, " \t");
	if (n >= SASL_MAX || strlen(password) >= SASL_MAX || !*password ||
		!printable(user, n) || !printable(password, strlen(password)))
		return "user or password is too long, or odd";
	return bykey_put(b, key, user);
}

static const char *
get(const struct bykey *b, const char *relay, const char *slash,
	const char *sender)
{
	struct str key = STR_INIT(2 * ADDR_MAX);
	const char *val;

	str_puts(&key, relay);
	str_puts(&key, slash);
	bykey_sender(&key, sender);
	val = map_get(&b->map, str_c(&key), key.len, NULL);
	str_free(&key);
	return val;
}

bool
sasl_find(const struct bykey *b, const char *relay, const char *sender,
	struct sasl *a)
{
	const char *at = strrchr(sender, '@'), *val;
	size_t n;

	if (!b->map.count)
		return false;
	val = get(b, relay, "/", sender);
	if (!val && at)
		val = get(b, relay, "/", at);
	if (!val)
		val = get(b, relay, "", "");
	if (!val)
		return false;
	/* sasl_add saw to the lengths */
	n = strcspn(val, " \t");
	memcpy(a->user, val, n);
	a->user[n] = 0;
	val += n + strspn(val + n, " \t");
	strcpy(a->password, val);
	return true;
}

unsigned
sasl_mechanisms(const char *p, size_t n)
{
	unsigned found = 0;
	size_t len;

	for (; n; p += len, n -= len) {
		for (len = 0; len < n && p[len] != ' ';)
			len++;
		if (len == 5 && ascii_caseeqn(p, "PLAIN", 5))
			found |= SASL_PLAIN;
		else if (len == 5 && ascii_caseeqn(p, "LOGIN", 5))
			found |= SASL_LOGIN;
		len += len < n;
	}
	return found;
}

bool
sasl_tells(const struct sasl *a, const struct str *sent, const char *words)
{
	enum { ENOUGH = 8 };
	size_t n = sent->len < ENOUGH ? sent->len : ENOUGH;
	const char *p = words;

	for (; n && *p; p++)
		if (!strncmp(p, sent->s, n))
			return true;
	return strstr(words, a->password) != NULL;
}

void
sasl_plain(struct str *out, const struct sasl *a)
{
	char buf[2 * SASL_MAX + 2];
	size_t user = strlen(a->user), password = strlen(a->password);

	buf[0] = 0;
	memcpy(buf + 1, a->user, user + 1);
	memcpy(buf + user + 2, a->password, password);
	base64_encode(out, buf, user + password + 2);
}
