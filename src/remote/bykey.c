/* SPDX-License-Identifier: 0BSD */
#include "remote/bykey.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/table.h"
#include "mail/idna.h"
#include "wire/site.h"

void
bykey_init(struct bykey *b)
{
	map_init(&b->map);
	b->line = 0;
}

char *
bykey_split(char *line, const char **key)
{
	size_t n = strcspn(line, " \t");
	char *val = line + n;

	*key = "";
	if (!*val)
		return line;
	*val++ = 0;
	ascii_tolower(line, n);
	*key = line;
	return val + strspn(val, " \t");
}

const char *
bykey_put(struct bykey *b, const char *key, const char *val)
{
	const char *why = table_ascii(key, strlen(key));

	if (!why)
		table_keep(
			&b->map, key, strlen(key), val, strlen(val), b->line);
	return why;
}

static const char *
get(const struct bykey *b, const char *key)
{
	return map_get(&b->map, key, strlen(key), NULL);
}

void
bykey_sender(struct str *out, const char *sender)
{
	const char *at = strrchr(sender, '@');
	size_t start = out->len;

	if (at) {
		str_put(out, sender, (size_t)(at + 1 - sender));
		/* what is no domain is no key, either */
		idna_toascii(out, at + 1);
	} else {
		str_puts(out, sender);
	}
	str_c(out);
	ascii_tolower(out->s + start, out->len - start);
}

static const char *
by_sender(const struct bykey *b, const char *sender)
{
	struct str low = STR_INIT(2 * ADDR_MAX);
	const char *at, *val;

	if (!*sender)
		return NULL;
	bykey_sender(&low, sender);
	val = get(b, str_c(&low));
	at = strrchr(low.s, '@');
	if (!val && at)
		val = get(b, at);
	str_free(&low);
	return val;
}

const char *
bykey_special(const struct bykey *b, const char *sender, const char *dest)
{
	const char *val = NULL;

	if (!b->map.count)
		return NULL;
	if (sender)
		val = by_sender(b, sender);
	if (val || !dest || !*dest)
		return val;
	val = get(b, dest);
	while (!val && (dest = strchr(dest, '.'))) {
		val = get(b, dest);
		dest++;
	}
	return val;
}

const char *
bykey_find(const struct bykey *b, const char *sender, const char *dest)
{
	const char *val = bykey_special(b, sender, dest);

	return val || !b->map.count ? val : get(b, "");
}

size_t
bykey_line(const char *val)
{
	return table_kept(val);
}
