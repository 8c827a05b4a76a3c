/* SPDX-License-Identifier: 0BSD */
#include "lib/ipaddr.h"

#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Exactly a.b.c.d; 010 is 8 to some and 10 to others, so neither. */
static bool
parse4(const char *p, size_t n, uint8_t out[4])
{
	size_t pos = 0;

	for (int i = 0; i < 4; i++) {
		size_t start = pos;
		uint64_t v;

		while (pos < n && ascii_isdigit(p[pos]))
			pos++;
		if (!num_parse(p + start, pos - start, 255, &v))
			return false;
		if (pos - start > 1 && p[start] == '0')
			return false;
		out[i] = (uint8_t)v;
		if (i < 3 && (pos == n || p[pos++] != '.'))
			return false;
	}
	return pos == n;
}

/* One group of one to four hex digits; its length, 0 if there is none. */
static size_t
parse_group(const char *p, size_t n, unsigned *v)
{
	size_t i = 0;

	*v = 0;
	while (i < n && i < 4 && ascii_hexval(p[i]) >= 0)
		*v = *v << 4 | (unsigned)ascii_hexval(p[i++]);
	return i;
}

static bool
parse6(const char *p, size_t n, uint8_t out[16])
{
	size_t used = 0, gap = 17, pos = 0;

	memset(out, 0, 16);
	if (n >= 2 && p[0] == ':' && p[1] == ':') {
		gap = 0;
		pos = 2;
	}
	while (pos < n) {
		unsigned v;
		size_t len;

		if (used <= 12 && parse4(p + pos, n - pos, out + used)) {
			used += 4;
			pos = n;
			break;
		}
		len = parse_group(p + pos, n - pos, &v);
		if (!len || used > 14)
			return false;
		out[used++] = (uint8_t)(v >> 8);
		out[used++] = (uint8_t)v;
		pos += len;
		if (pos == n)
			break;
		if (p[pos++] != ':' || pos == n)
			return false;
		if (p[pos] == ':') {
			if (gap <= 16)
				return false;
			gap = used;
			pos++;
		}
	}
	if (gap > 16)
		return used == 16;
	/* "::" stands for at least one group */
	if (used > 14)
		return false;
	memmove(out + 16 - (used - gap), out + gap, used - gap);
	memset(out + gap, 0, 16 - used);
	return true;
}

/* RFC 4007 11: a name or number after "%". */
static bool
parse_scope(const char *p, size_t n, uint32_t *scope)
{
	char name[IF_NAMESIZE];
	uint64_t v;

	if (!n || n >= sizeof name)
		return false;
	if (num_parse(p, n, UINT32_MAX, &v)) {
		*scope = (uint32_t)v;
		return v != 0;
	}
	memcpy(name, p, n);
	name[n] = 0;
	*scope = if_nametoindex(name);
	return *scope != 0;
}

static bool
is_linklocal(const uint8_t b[16])
{
	return b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
}

static void
from16(struct ipaddr *a, const uint8_t b[16])
{
	memset(a, 0, sizeof *a);
	if (memcmp(b, mapped, sizeof mapped) == 0) {
		a->family = AF_INET;
		memcpy(a->b, b + 12, 4);
	} else {
		a->family = AF_INET6;
		memcpy(a->b, b, 16);
	}
}

bool
ipaddr_parse(const char *p, size_t n, struct ipaddr *a)
{
	const char *percent = n ? memchr(p, '%', n) : 0;
	uint32_t scope = 0;
	uint8_t b[16];

	if (parse4(p, n, b)) {
		memset(a, 0, sizeof *a);
		a->family = AF_INET;
		memcpy(a->b, b, 4);
		return true;
	}
	if (!parse6(p, percent ? (size_t)(percent - p) : n, b))
		return false;
	if (percent) {
		size_t used = (size_t)(percent - p) + 1;

		if (!is_linklocal(b) ||
			!parse_scope(percent + 1, n - used, &scope))
			return false;
	}
	from16(a, b);
	a->scope = scope;
	return true;
}

bool
ipaddr_parse_literal(const char *p, size_t n, struct ipaddr *a)
{
	static const char tag[] = "IPv6:";
	const size_t taglen = sizeof tag - 1;
	uint8_t b[16];

	if (n < 2 || p[0] != '[' || p[n - 1] != ']')
		return false;
	p++;
	n -= 2;
	if (n >= taglen && ascii_caseeqn(p, tag, taglen)) {
		if (!parse6(p + taglen, n - taglen, b))
			return false;
		from16(a, b);
		return true;
	}
	if (!parse4(p, n, b))
		return false;
	memset(a, 0, sizeof *a);
	a->family = AF_INET;
	memcpy(a->b, b, 4);
	return true;
}

static size_t
fmt4(char *buf, const uint8_t b[4])
{
	size_t n = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			buf[n++] = '.';
		n += num_fmt(buf + n, b[i]);
	}
	return n;
}

static size_t
fmt_group(char *buf, unsigned v)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (int shift = 12; shift >= 0; shift -= 4)
		if (n || v >> shift || !shift)
			buf[n++] = hex[v >> shift & 15];
	return n;
}

/* RFC 5952 4.2: the longest run of zero groups, the first of equals, never
 * a single one, becomes "::". */
static size_t
fmt6(char *buf, const uint8_t b[16])
{
	int best = -1, bestlen = 1;
	size_t n = 0;

	for (int i = 0; i < 8; i++) {
		int k = i;

		while (k < 8 && !b[2 * k] && !b[2 * k + 1])
			k++;
		if (k - i > bestlen) {
			best = i;
			bestlen = k - i;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == best) {
			buf[n++] = ':';
			buf[n++] = ':';
			i += bestlen - 1;
			continue;
		}
		if (n && buf[n - 1] != ':')
			buf[n++] = ':';
		n += fmt_group(buf + n, (unsigned)b[2 * i] << 8 | b[2 * i + 1]);
	}
	return n;
}

size_t
ipaddr_fmt(char buf[IPADDR_FMT], const struct ipaddr *a)
{
	size_t n = 0;

	if (a->family == AF_INET) {
		n = fmt4(buf, a->b);
	} else if (a->family == AF_INET6) {
		if (memcmp(a->b, mapped, sizeof mapped) == 0) {
			memcpy(buf, "::ffff:", 7);
			n = 7 + fmt4(buf + 7, a->b + 12);
		} else {
			n = fmt6(buf, a->b);
		}
		if (a->scope) {
			buf[n++] = '%';
			n += num_fmt(buf + n, a->scope);
		}
	}
	buf[n] = 0;
	return n;
}

bool
ipaddr_equal(const struct ipaddr *a, const struct ipaddr *b)
{
	if (a->family != b->family || a->scope != b->scope)
		return false;
	return !memcmp(a->b, b->b, a->family == AF_INET ? 4 : 16);
}

bool
ipaddr_isloopback(const struct ipaddr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	if (a->family == AF_INET)
		return a->b[0] == 127;
	return a->family == AF_INET6 && !memcmp(a->b, one, sizeof one);
}

socklen_t
ipaddr_tosock(
	const struct ipaddr *a, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in s4;
	struct sockaddr_in6 s6;

	memset(ss, 0, sizeof *ss);
	if (a->family == AF_INET) {
		memset(&s4, 0, sizeof s4);
		s4.sin_family = AF_INET;
		s4.sin_port = htons(port);
		memcpy(&s4.sin_addr, a->b, 4);
		memcpy(ss, &s4, sizeof s4);
		return sizeof s4;
	}
	memset(&s6, 0, sizeof s6);
	s6.sin6_family = AF_INET6;
	s6.sin6_port = htons(port);
	s6.sin6_scope_id = a->scope;
	memcpy(&s6.sin6_addr, a->b, 16);
	memcpy(ss, &s6, sizeof s6);
	return sizeof s6;
}

bool
ipaddr_fromsock(
	const struct sockaddr_storage *ss, struct ipaddr *a, uint16_t *port)
{
	struct sockaddr_in s4;
	struct sockaddr_in6 s6;

	memset(a, 0, sizeof *a);
	if (ss->ss_family == AF_INET) {
		memcpy(&s4, ss, sizeof s4);
		a->family = AF_INET;
		memcpy(a->b, &s4.sin_addr, 4);
		*port = ntohs(s4.sin_port);
		return true;
	}
	if (ss->ss_family != AF_INET6)
		return false;
	memcpy(&s6, ss, sizeof s6);
	from16(a, s6.sin6_addr.s6_addr);
	if (is_linklocal(a->b) && a->family == AF_INET6)
		a->scope = s6.sin6_scope_id;
	*port = ntohs(s6.sin6_port);
	return true;
}
