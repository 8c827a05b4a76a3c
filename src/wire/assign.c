/* SPDX-License-Identifier: 0BSD */
#include "wire/assign.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "wire/site.h"

enum {
	FIELDS = 6, /* user uid gid home dash ext */
	ID_MAX = UINT32_MAX - 1,
};

void
assign_init(struct assign *a)
{
	memset(a, 0, sizeof *a);
	str_init(&a->key, ADDR_MAX + 2);
}

/* Split "user:uid:gid:home:dash:ext:" in place: NULs for colons. */
static const char *
split(struct assign *a, char *p, size_t n)
{
	char *field[FIELDS], *colon, *end = p + n;
	uint64_t uid, gid;

	a->data = p;
	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = p;
		colon = memchr(p, ':', (size_t)(end - p));
		if (colon == NULL)
			return "fewer than seven fields, each with a colon";
		*colon = '\0';
		p = colon + 1;
	}
	a->len = (size_t)(p - 1 - a->data);
	if (field[0][0] == '\0')
		return "the user is empty";
	if (!num_parses(field[1], ID_MAX, &uid))
		return "the uid is not a number";
	if (!num_parses(field[2], ID_MAX, &gid))
		return "the gid is not a number";
	if (field[3][0] != '/')
		return "the home directory does not start with /";
	a->root = uid == 0;
	return NULL;
}

const char *
assign_line(struct assign *a, char *line, size_t n)
{
	char *colon;
	size_t len;

	if (n == 0)
		return "it is empty";
	if (memchr(line, '\0', n) != NULL)
		return "there is a NUL in it";
	a->prefix = line[0] == '+';
	if (!a->prefix && line[0] != '=')
		return "it starts with neither = nor +";
	colon = memchr(line, ':', n);
	if (colon == NULL)
		return "there is no colon";
	len = (size_t)(colon - line) - 1;
	if (len == 0 && !a->prefix)
		return "the local part is empty";
	if (len > ADDR_MAX)
		return "the local part is too long";
	str_clear(&a->key);
	str_putc(&a->key, '!');
	str_put(&a->key, line + 1, len);
	ascii_tolower(a->key.s, a->key.len);
	if (!a->prefix)
		str_putc(&a->key, '\0');
	return split(a, colon + 1, n - len - 2);
}
