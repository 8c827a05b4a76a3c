/* SPDX-License-Identifier: 0BSD */
/* aliases: the bytes are a file of aliases, and a .forward file */
#include "mail/aliases.h"

#include "fuzz.h"
#include "mail/aliasfile.h"

static void
item(const struct aliases *l, enum aliases_kind kind)
{
	const char *s = l->text.s;
	size_t n = l->text.len;

	require(n > 0 && !l->text.over && n <= ALIASES_TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		require((unsigned char)s[i] >= 32 || s[i] == '\t');
	if (kind == ALIASES_FILE || kind == ALIASES_INCLUDE)
		require(s[0] == '/' && n <= ALIASES_PATH_MAX &&
			s[n - 1] != ' ' && s[n - 1] != '\t');
}

static void
list(const char *p, size_t n, size_t line, bool lines)
{
	enum aliases_kind kind;
	struct aliases l;
	size_t last = line, pos = 0;

	aliases_init(&l, p, n, line, lines);
	while ((kind = aliases_next(&l)) > ALIASES_BAD) {
		require(kind != ALIASES_NAME);
		require(l.pos > pos && l.pos <= n && l.line >= last);
		pos = l.pos;
		last = l.line;
		item(&l, kind);
	}
	if (kind == ALIASES_BAD) {
		require(touch(l.why) > 0);
		require(aliases_next(&l) == ALIASES_END);
	}
	aliases_free(&l);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	struct aliasfile a;
	enum aliases_kind kind;
	size_t last = 0;

	list(p, size, 1, true);
	list(p, size, 1, false);
	aliasfile_init(&a, p, size);
	while ((kind = aliasfile_next(&a)) != ALIASES_END) {
		require(a.line > last && a.pos <= size);
		last = a.line;
		if (kind == ALIASES_BAD) {
			require(touch(a.why) > 0);
			continue;
		}
		require(kind == ALIASES_NAME && a.name.len && !a.name.over);
		require(a.list >= p && a.list + a.len <= p + size);
		list(a.list, a.len, a.line, false);
	}
	aliasfile_free(&a);
	return 0;
}
