/* SPDX-License-Identifier: 0BSD */
#include "remote/tlspolicy.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/dnspkt.h"
#include "lib/str.h"
#include "lib/table.h"

static const char *const levels[] = {
	[LEVEL_NONE] = "none",
	[LEVEL_MAY] = "may",
	[LEVEL_ENCRYPT] = "encrypt",
	[LEVEL_VERIFY] = "verify",
	[LEVEL_DANE] = "dane",
	[LEVEL_DANE_ONLY] = "dane-only",
};

enum { LEVELS = sizeof levels / sizeof *levels };

/* The level that is the first word, n bytes; LEVELS: none. */
static unsigned
level_of(const char *s, size_t n)
{
	unsigned i;

	for (i = 0; i < LEVELS; i++)
		if (strlen(levels[i]) == n && ascii_caseeqn(s, levels[i], n))
			break;
	return i;
}

static const char *
match_add(struct tlspolicy *p, const char *s, size_t n)
{
	size_t used = 0, i, len;
	struct dnsname name;
	char host[DNSNAME_TEXT];

	if (!n)
		return "no names after match=";
	for (i = 0; i < p->nmatch; i++)
		used += strlen(p->match + used) + 1;
	for (; n; s += len + (n > len), n -= len + (n > len)) {
		const char *comma = memchr(s, ',', n);

		len = comma ? (size_t)(comma - s) : n;
		if (!len || len >= sizeof host ||
			used + len >= sizeof p->match ||
			p->nmatch == TLSPOLICY_MATCH)
			return "bad or too many names after match=";
		memcpy(host, s, len);
		host[len] = 0;
		ascii_tolower(host, len);
		if (!dnsname_fromtext(
			    &name, host[0] == '.' ? host + 1 : host) ||
			table_host(host, len))
			return "bad name after match=";
		strcpy(p->match + used, host);
		used += len + 1;
		p->nmatch++;
	}
	return NULL;
}

static const char *
parse(const char *s, struct tlspolicy *p)
{
	size_t n = strcspn(s, " \t"), i;
	const char *why;

	memset(p, 0, sizeof *p);
	i = level_of(s, n);
	if (i == LEVELS)
		return "no such level";
	p->level = (enum tls_level)i;
	p->given = true;
	for (s += n; *(s += strspn(s, " \t")); s += n) {
		n = strcspn(s, " \t");
		if (p->level == LEVEL_VERIFY && !strncmp(s, "match=", 6)) {
			why = match_add(p, s + 6, n - 6);
			if (why)
				return why;
		} else if (p->level == LEVEL_VERIFY && !strncmp(s, "ca=", 3) &&
			   n > 3 && n - 3 < sizeof p->ca &&
			   !memchr(s, '/', n) && s[3] != '.') {
			memcpy(p->ca, s + 3, n - 3);
			p->ca[n - 3] = 0;
		} else {
			return "an option that this level does not have";
		}
	}
	return NULL;
}

const char *
tlspolicy_add(struct bykey *b, char *line)
{
	struct tlspolicy p;
	const char *key = "", *val = line, *why;

	if (level_of(line, strcspn(line, " \t")) == LEVELS)
		val = bykey_split(line, &key);
	why = parse(val, &p);
	return why ? why : bykey_put(b, key, val);
}

void
tlspolicy_find(const struct bykey *b, const char *relay, const char *dest,
	struct tlspolicy *p, bool *special)
{
	const char *val = NULL;

	if (relay)
		val = bykey_special(b, NULL, relay);
	if (!val)
		val = bykey_special(b, NULL, dest);
	*special = val != NULL;
	if (!val)
		val = bykey_find(b, NULL, NULL);
	if (val && !parse(val, p)) {
		p->line = bykey_line(val);
		return;
	}
	memset(p, 0, sizeof *p);
	p->level = LEVEL_MAY;
}

const char *
tlspolicy_level(const struct tlspolicy *p)
{
	return levels[p->level];
}

const char *
tlspolicy_match(const struct tlspolicy *p, size_t i)
{
	const char *s = p->match;

	while (i--)
		s += strlen(s) + 1;
	return s;
}
