/* SPDX-License-Identifier: 0BSD */
#include "mail/mboxname.h"

#include <string.h>

#include "lib/ascii.h"

static const char prefix[] = ".qmail-", rest[] = "default";

enum { PREFIX = sizeof prefix - 1, REST = sizeof rest - 1, LABEL_MAX = 63 };

static const char *
label(const char *s, size_t n)
{
	if (n == 0)
		return "a domain has no empty label";
	if (n > LABEL_MAX)
		return "a label of the domain is too long";
	if (s[0] == '-' || s[n - 1] == '-')
		return "a label of a domain does not start or end with -";
	for (size_t i = 0; i < n; i++)
		if (!ascii_isalnum(s[i]) && s[i] != '-')
			return "a domain is of letters, digits, - and dots";
	return NULL;
}

const char *
mboxname_domain(const char *s, size_t n, struct str *out)
{
	size_t wild = n > 0 && s[0] == '.', start = wild, labels = 0;

	if (n > MBOXNAME_DOMAIN_MAX)
		return "the domain is too long";
	for (size_t i = wild; i <= n; i++) {
		const char *why;

		if (i < n && s[i] != '.')
			continue;
		why = label(s + start, i - start);
		if (why)
			return why;
		labels++;
		start = i + 1;
	}
	if (labels + wild < 2)
		return "a domain has a dot in it";
	str_clear(out);
	str_put(out, s, n);
	ascii_tolower(out->s, out->len);
	return out->over ? "the domain is too long" : NULL;
}

static bool
ends_in_rest(const char *s, size_t n)
{
	return n >= REST && memcmp(s + n - REST, rest, REST) == 0 &&
	       (n == REST || s[n - REST - 1] == '-');
}

/* In lower case. A colon would be taken for a dot, the word default for the
 * file of the rest. */
static const char *
local_fault(const char *s, size_t n)
{
	bool star = n > 0 && s[n - 1] == '*' && (n == 1 || s[n - 2] == '-');
	size_t fixed = star ? n - 1 : n;

	if (n == 0)
		return "the local part is empty";
	if (n > MBOXNAME_LOCAL_MAX)
		return "the local part is too long";
	for (size_t i = 0; i < fixed; i++)
		if (!ascii_isalnum(s[i]) &&
			(s[i] == '\0' || !strchr("._-+=~&'", s[i])))
			return "a local part is of letters, digits and "
			       "._-+=~&', or is *, or ends in -*";
	if (s[0] == '.' || s[0] == '-' || s[n - 1] == '.')
		return "a local part does not start with . or -, "
		       "nor end with a dot";
	for (size_t i = 1; i < n; i++)
		if (s[i] == '.' && s[i - 1] == '.')
			return "a local part has no two dots in a row";
	if (ends_in_rest(s, n))
		return "a local part is not default, nor ends in -default: "
		       "write * for it";
	return NULL;
}

const char *
mboxname_local(const char *s, size_t n, struct str *out)
{
	const char *why;

	str_clear(out);
	str_put(out, s, n);
	if (out->over)
		return "the local part is too long";
	if (n > 0)
		ascii_tolower(out->s, out->len);
	why = local_fault(out->s, n);
	if (why)
		str_clear(out);
	return why;
}

const char *
mboxname_split(const char *addr, struct str *local, struct str *domain)
{
	const char *at = strrchr(addr, '@'), *why;

	if (!at)
		return "an address has an @";
	why = mboxname_local(addr, (size_t)(at - addr), local);
	return why ? why : mboxname_domain(at + 1, strlen(at + 1), domain);
}

const char *
mboxname_target(const char *s)
{
	struct str domain = STR_INIT(MBOXNAME_DOMAIN_MAX + 1);
	const char *at = strrchr(s, '@'), *why;
	size_t n = strlen(s);

	if (!at || at == s)
		return "an address to forward to is LOCAL@DOMAIN";
	if (n > MBOXNAME_TARGET_MAX)
		return "the address is too long";
	/* & and blanks before an address are no part of it in a .qmail file */
	if (s[0] == '&')
		return "an address to forward to does not start with &";
	for (size_t i = 0; i < n; i++)
		if (!ascii_isgraph(s[i]) && (unsigned char)s[i] < 0x80)
			return "there is a blank or a control character in it";
	if (at[1] == '[' && s[n - 1] == ']')
		return NULL;
	why = at[1] == '.' ? "the domain starts with a dot"
			   : mboxname_domain(at + 1, strlen(at + 1), &domain);
	str_free(&domain);
	return why;
}

static void
put_rest(struct str *out, const char *local, char dot)
{
	size_t start = out->len;

	str_puts(out, local);
	if (out->len > start && out->s[out->len - 1] == '*') {
		str_cut(out, out->len - 1);
		str_puts(out, rest);
	}
	for (size_t i = start; i < out->len; i++)
		if (out->s[i] == '.')
			out->s[i] = dot;
}

void
mboxname_file(struct str *out, const char *local)
{
	str_clear(out);
	str_puts(out, prefix);
	put_rest(out, local, ':');
}

void
mboxname_dir(struct str *out, const char *local)
{
	str_clear(out);
	put_rest(out, local, '.');
}

bool
mboxname_of_file(const char *name, struct str *local)
{
	struct str s = STR_INIT(MBOXNAME_LOCAL_MAX + REST);
	struct str back = STR_INIT(PREFIX + MBOXNAME_LOCAL_MAX + REST);
	bool good = false;

	if (strncmp(name, prefix, PREFIX) != 0)
		return false;
	str_puts(&s, name + PREFIX);
	for (size_t i = 0; i < s.len; i++)
		if (s.s[i] == ':')
			s.s[i] = '.';
	if (!s.over && ends_in_rest(s.s ? s.s : "", s.len)) {
		str_cut(&s, s.len - REST);
		str_putc(&s, '*');
	}
	if (!s.over && !mboxname_local(str_c(&s), s.len, local)) {
		/* upper case, or a dot: no name that mail is delivered by */
		mboxname_file(&back, str_c(local));
		good = str_is(&back, name);
	}
	str_free(&back);
	str_free(&s);
	return good;
}
