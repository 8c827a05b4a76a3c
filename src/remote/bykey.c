/* SPDX-License-Identifier: 0BSD */
#include "remote/bykey.h"

#include <string.h>

#include "lib/ascii.h"
#include "wire/site.h"

void
bykey_init(struct bykey *b)
{
	map_init(&b->map);
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

void
bykey_put(struct bykey *b, const char *key, const char *val)
{
	map_put(&b->map, key, strlen(key), val, strlen(val));
}

static const char *
get(const struct bykey *b, const char *key)
{
	return map_get(&b->map, key, strlen(key), NULL);
}

static const char *
by_sender(const struct bykey *b, const char *sender)
{
	char low[ADDR_MAX + 1];
	size_t n = strlen(sender);
	const char *at, *val;

	if (!n || n >= sizeof low)
		return NULL;
	memcpy(low, sender, n + 1);
	ascii_tolower(low, n);
	val = get(b, low);
	at = strrchr(low, '@');
	return val || !at ? val : get(b, at);
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
