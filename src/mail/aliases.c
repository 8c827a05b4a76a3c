/* SPDX-License-Identifier: 0BSD */
#include "mail/aliases.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/utf8.h"
#include "mail/addrlist.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void
aliases_init(
	struct aliases *l, const char *p, size_t n, size_t line, bool lines)
{
	*l = (struct aliases){ .p = p, .n = n, .line = line, .at = line };
	l->lines = l->start = lines;
	if (lines && utf8_bom(p, n))
		l->pos = UTF8_BOM;
	str_init(&l->text, ALIASES_TEXT_MAX);
}

void
aliases_free(struct aliases *l)
{
	str_free(&l->text);
}

static enum aliases_kind
bad(struct aliases *l, const char *why)
{
	l->why = why;
	l->pos = l->n;
	return ALIASES_BAD;
}

static void
newline(struct aliases *l)
{
	l->pos++;
	l->at++;
	l->start = true;
}

/* Is there a backslash that hides the end of its line? */
static bool
is_joined(const struct aliases *l, size_t i)
{
	return !l->lines && l->p[i] == '\\' && i + 1 < l->n &&
	       l->p[i + 1] == '\n';
}

/* Over blanks and comments, and over ends of lines where they are blanks too;
 * with commas also over what separates items. */
static void
skip(struct aliases *l, bool commas)
{
	while (l->pos < l->n) {
		char c = l->p[l->pos];

		if (is_blank(c) || is_joined(l, l->pos)) {
			l->pos++;
		} else if (c == '\n' && (commas || !l->lines)) {
			newline(l);
		} else if (c == '#' && l->start) {
			while (l->pos < l->n && l->p[l->pos] != '\n')
				l->pos++;
		} else if (c == ',' && commas) {
			l->pos++;
			l->start = false;
		} else {
			return;
		}
	}
}

/* The quoted string at pos, its meaning appended. NULL or why not. */
static const char *
take_quoted(struct aliases *l)
{
	size_t i = l->pos + 1;

	for (; i < l->n && l->p[i] != '"' && l->p[i] != '\n'; i++) {
		if (l->p[i] == '\\' && i + 1 < l->n && l->p[i + 1] != '\n')
			i++;
		str_putc(&l->text, l->p[i]);
	}
	if (i >= l->n || l->p[i] != '"')
		return "\" without its end";
	l->pos = i + 1;
	return NULL;
}

/* Where the item at pos ends: a comma or an end of line that is not inside
 * quotes, nor, in an address, inside brackets of its own. */
static size_t
find_end(const struct aliases *l, bool address)
{
	bool quoted = false, literal = false;
	size_t depth = 0, i = l->pos;

	for (; i < l->n; i++) {
		char c = l->p[i];

		if (c == '\n' && (l->lines || !address))
			break;
		if (is_joined(l, i))
			break;
		if (c == '\\' && i + 1 < l->n && l->p[i + 1] != '\n')
			i++;
		else if (c == '"' && !depth)
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (c == ',' && !depth && !literal)
			break;
		else if (!address)
			continue;
		else if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (!depth && (c == '[' || c == ']'))
			literal = c == '[';
	}
	return i;
}

/* The bytes to i without the blanks at their end are the item's. */
static void
take_plain(struct aliases *l, size_t i)
{
	size_t end = i;

	while (end > l->pos && is_blank(l->p[end - 1]))
		end--;
	str_put(&l->text, l->p + l->pos, end - l->pos);
	l->pos = i;
}

static const char *
text_fault(const struct aliases *l, const char *what)
{
	if (!l->text.len)
		return what;
	if (l->text.over)
		return "too long";
	for (size_t i = 0; i < l->text.len; i++) {
		unsigned char c = (unsigned char)l->text.s[i];

		if ((c < 32 && c != '\t') || c == 127)
			return "control character";
	}
	return NULL;
}

/* An item of that kind, all of it in l->text. */
static enum aliases_kind
finish(struct aliases *l, enum aliases_kind kind)
{
	const char *why = text_fault(l, "nothing follows |");
	size_t i = 0;

	if (kind == ALIASES_PROGRAM) {
		while (i < l->text.len && is_blank(l->text.s[i]))
			i++;
		if (!why && i == l->text.len)
			why = "nothing follows |";
	} else if (!why && l->text.s[0] != '/') {
		why = "the path does not start with /";
	} else if (!why && l->text.len > ALIASES_PATH_MAX) {
		why = "path too long";
	} else if (!why && (memchr(l->text.s, '\t', l->text.len) ||
				   is_blank(l->text.s[l->text.len - 1]))) {
		why = "path with a TAB, or a blank at its end";
	}
	if (why)
		return bad(l, why);
	skip(l, false);
	if (l->pos < l->n && l->p[l->pos] != ',' && l->p[l->pos] != '\n')
		return bad(l, "no comma between two items");
	return kind;
}

/* "friends: joe" is more likely an alias whose line was moved to the right
 * than a group of RFC 5322. */
static bool
is_group(const char *p, size_t n)
{
	size_t depth = 0;
	bool quoted = false, angle = false, literal = false;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == '\\')
			i++;
		else if (c == '"' && !depth)
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (c == '(')
			depth++;
		else if (c == ')' && depth)
			depth--;
		else if (depth)
			continue;
		else if (c == '<' || c == '>')
			angle = c == '<';
		else if (c == '[' || c == ']')
			literal = c == '[';
		else if (c == ':' && !angle && !literal)
			return true;
	}
	return false;
}

/* One address out of a list of addresses. */
struct one {
	struct str *text;
	size_t count;
};

static void
take_address(void *arg, struct addrlist_addr *a)
{
	struct one *o = arg;

	if (o->count++ == 0)
		addrlist_join(o->text, a);
}

static enum aliases_kind
address(struct aliases *l, enum aliases_kind kind)
{
	struct one one = { .text = &l->text };
	size_t end = find_end(l, true);
	enum addrlist got = addrlist_walk(
		l->p + l->pos, end - l->pos, NULL, take_address, &one);

	if (got != ADDRLIST_OK)
		return bad(l, addrlist_error(got));
	if (is_group(l->p + l->pos, end - l->pos))
		return bad(l, "a colon in an address");
	if (one.count > 1)
		return bad(l, "no comma between two addresses");
	if (!l->text.len)
		return bad(l, "no address");
	if (l->text.len > ADDRLIST_ADDR_MAX || text_fault(l, ""))
		return bad(l, "address too long, or with a control character");
	for (; l->pos < end; l->pos++)
		if (l->p[l->pos] == '\n')
			l->at++;
	l->start = false;
	return kind;
}

static enum aliases_kind
unquoted(struct aliases *l)
{
	static const char word[] = ":include:";
	const char *p = l->p + l->pos;
	size_t left = l->n - l->pos;
	enum aliases_kind kind = ALIASES_FILE;
	const char *why = NULL;

	if (*p == '\\') {
		l->pos++;
		return address(l, ALIASES_FINAL);
	}
	if (*p == '|') {
		kind = ALIASES_PROGRAM;
		l->pos++;
	} else if (*p == ':') {
		if (left < sizeof word - 1 ||
			!ascii_caseeqn(p, word, sizeof word - 1))
			return bad(l, "a : that begins no :include:");
		kind = ALIASES_INCLUDE;
		l->pos += sizeof word - 1;
	} else if (*p != '/') {
		return address(l, ALIASES_ADDRESS);
	}
	while (l->pos < l->n && (l->p[l->pos] == ' ' || l->p[l->pos] == '\t'))
		l->pos++;
	if (l->pos < l->n && l->p[l->pos] == '"') {
		why = take_quoted(l);
	} else {
		take_plain(l, find_end(l, false));
		if (kind != ALIASES_PROGRAM && l->text.len &&
			memchr(l->text.s, ' ', l->text.len))
			why = "blank in a path that is not in quotes";
		else if (kind != ALIASES_PROGRAM && l->text.len &&
			 memchr(l->text.s, '"', l->text.len))
			why = "\" inside a path";
	}
	return why ? bad(l, why) : finish(l, kind);
}

/* "|command", "/path", ":include:/path" and "\user", whose quotes are around
 * all of it; or an address that begins with a quoted string. */
static enum aliases_kind
quoted(struct aliases *l)
{
	static const char word[] = ":include:";
	size_t begin = l->pos, cut = 1;
	enum aliases_kind kind;
	bool final = l->pos + 1 < l->n && l->p[l->pos + 1] == '\\' &&
		     l->pos + 2 < l->n && l->p[l->pos + 2] != '"';
	const char *why = take_quoted(l);
	char c;

	if (why)
		return bad(l, why);
	c = l->text.len ? l->text.s[0] : 0;
	if (l->pos < l->n && (l->p[l->pos] == '@' || l->p[l->pos] == '.')) {
		kind = ALIASES_ADDRESS;
	} else if (c == '|') {
		kind = ALIASES_PROGRAM;
	} else if (c == '/') {
		kind = ALIASES_FILE;
		cut = 0;
	} else if (c == ':' && l->text.len >= sizeof word - 1 &&
		   ascii_caseeqn(l->text.s, word, sizeof word - 1)) {
		kind = ALIASES_INCLUDE;
		cut = sizeof word - 1;
	} else {
		kind = final ? ALIASES_FINAL : ALIASES_ADDRESS;
	}
	if (kind == ALIASES_ADDRESS || kind == ALIASES_FINAL) {
		str_clear(&l->text);
		l->pos = begin;
		return address(l, kind);
	}
	memmove(l->text.s, l->text.s + cut, l->text.len - cut);
	l->text.len -= cut;
	return finish(l, kind);
}

enum aliases_kind
aliases_next(struct aliases *l)
{
	skip(l, true);
	l->line = l->at;
	str_clear(&l->text);
	if (l->pos >= l->n)
		return ALIASES_END;
	l->start = false;
	return l->p[l->pos] == '"' ? quoted(l) : unquoted(l);
}
