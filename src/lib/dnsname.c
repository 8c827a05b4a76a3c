/* SPDX-License-Identifier: 0BSD */
#include "lib/dnsname.h"

#include <string.h>

#include "lib/ascii.h"

enum {
	HEADER = 12, /* of a packet: no name begins there */
	JUMPS = 127, /* no name has more labels */
};

bool
dnsname_fromtext(struct dnsname *n, const char *text)
{
	size_t at = 0, label;

	if (text[0] == '.' && !text[1])
		text++;
	while (*text) {
		label = strcspn(text, ".");
		if (!label || label > 63 || at + 1 + label + 1 > sizeof n->w)
			return false;
		n->w[at++] = (uint8_t)label;
		memcpy(n->w + at, text, label);
		ascii_tolower((char *)n->w + at, label);
		at += label;
		text += label;
		if (*text)
			text++;
	}
	n->w[at++] = 0;
	n->len = (uint8_t)at;
	return true;
}

/* Host names, and the underscore and such of service names. A dot or backslash
 * inside a label would make two different names look the same. */
static bool
plain(char c)
{
	return ascii_isalnum(c) || (c && strchr("-_/*+=", c));
}

bool
dnsname_totext(const struct dnsname *n, char out[DNSNAME_TEXT])
{
	size_t at = 0, o = 0, i, label;

	if (n->len == 1) {
		strcpy(out, ".");
		return true;
	}
	while ((label = n->w[at++]) != 0) {
		if (o)
			out[o++] = '.';
		for (i = 0; i < label; i++) {
			if (!plain((char)n->w[at])) {
				out[0] = 0;
				return false;
			}
			out[o++] = (char)n->w[at++];
		}
	}
	out[o] = 0;
	return true;
}

bool
dnsname_get(const uint8_t *p, size_t n, size_t *pos, struct dnsname *out)
{
	size_t at = *pos, run = *pos, o = 0, label, to;
	unsigned jumps = 0;

	for (;;) {
		if (at >= n)
			return false;
		label = p[at];
		if ((label & 0xc0) == 0xc0) {
			if (n - at < 2)
				return false;
			to = (label & 0x3f) << 8 | p[at + 1];
			if (!jumps)
				*pos = at + 2;
			if (to >= run || to < HEADER || ++jumps > JUMPS)
				return false;
			at = run = to;
			continue;
		}
		if (label > 63 || o + 1 + label > sizeof out->w ||
			n - at < 1 + label)
			return false;
		memcpy(out->w + o, p + at, 1 + label);
		ascii_tolower((char *)out->w + o + 1, label);
		o += 1 + label;
		at += 1 + label;
		if (!label)
			break;
	}
	if (!jumps)
		*pos = at;
	out->len = (uint8_t)o;
	return true;
}

bool
dnsname_same(const struct dnsname *a, const struct dnsname *b)
{
	return a->len == b->len && !memcmp(a->w, b->w, a->len);
}
