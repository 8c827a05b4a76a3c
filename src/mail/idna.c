/* SPDX-License-Identifier: 0BSD */
#include "mail/idna.h"

#include <stdint.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/utf8.h"

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, INIT = 128 };

/* The character of UTF-8 at *p; false when it is none. */
static bool
utf8_next(const unsigned char **p, uint32_t *c)
{
	const char *text = (const char *)*p;
	size_t n = utf8_len(text, strnlen(text, 4)), i;

	if (!n)
		return false;
	*c = n == 1 ? **p : **p & (0x7fu >> n);
	for (i = 1; i < n; i++)
		*c = *c << 6 | ((*p)[i] & 0x3fu);
	*p += n;
	return true;
}

static uint32_t
lower(uint32_t c)
{
	if (c < 0x80)
		return (unsigned char)ascii_lower((char)c);
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) ||	    /* Latin-1 */
		(c >= 0x391 && c <= 0x3a9 && c != 0x3a2) || /* Greek */
		(c >= 0x410 && c <= 0x42f))		    /* Cyrillic */
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if (c == 0x178)
		return 0xff;
	/* Latin Extended-A: pairs, even first, then odd first */
	if ((c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) ||
		(c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
		(c >= 0x48a && c <= 0x4bf) || (c >= 0x4d0 && c <= 0x52f))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	return c;
}

/* Controls, blanks of all kinds, and what nobody can see. */
static bool
impossible(uint32_t c)
{
	return c <= ' ' || (c >= 0x7f && c <= 0xa0) || c == 0xad ||
	       (c >= 0x2000 && c <= 0x200b) || (c >= 0x200e && c <= 0x206f) ||
	       c == 0x3000 || (c >= 0xd800 && c <= 0xf8ff) || c == 0xfeff ||
	       (c >= 0xfff0 && c <= 0xffff) || c >= 0xe0000;
}

static char
digit(uint32_t d)
{
	return (char)(d < 26 ? 'a' + d : '0' + (d - 26));
}

static uint32_t
adapt(uint32_t delta, uint32_t points, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

/* A generalized variable-length integer (RFC 3492 3.3). */
static void
put_integer(struct str *out, uint32_t q, uint32_t bias)
{
	uint32_t k, t;

	for (k = BASE;; k += BASE) {
		t = k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
		if (q < t)
			break;
		str_putc(out, digit(t + (q - t) % (BASE - t)));
		q = (q - t) / (BASE - t);
	}
	str_putc(out, digit(q));
}

/* RFC 3492 6.3. With at most 63 characters nothing can overflow. */
static void
punycode(struct str *out, const uint32_t *c, uint32_t n)
{
	uint32_t next = INIT, delta = 0, bias = 72, done = 0, basic, m, i;

	for (i = 0; i < n; i++) {
		if (c[i] < INIT) {
			str_putc(out, (char)c[i]);
			done++;
		}
	}
	basic = done;
	if (basic)
		str_putc(out, '-');
	for (; done < n; next++, delta++) {
		for (m = UINT32_MAX, i = 0; i < n; i++)
			if (c[i] >= next && c[i] < m)
				m = c[i];
		delta += (m - next) * (done + 1);
		next = m;
		for (i = 0; i < n; i++) {
			if (c[i] < next)
				delta++;
			if (c[i] != next)
				continue;
			put_integer(out, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
}

static bool
is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

/* The label at *p up to a dot or the end. */
static bool
label(struct str *out, const unsigned char **p)
{
	uint32_t c[IDNA_LABEL], n = 0, one, i;
	const unsigned char *at;
	size_t start = out->len;
	bool ascii = true;

	for (at = *p; *at; *p = at, n++) {
		if (!utf8_next(&at, &one) || n == IDNA_LABEL)
			return false;
		if (is_dot(one))
			break;
		if (impossible(one))
			return false;
		c[n] = lower(one);
		ascii = ascii && one < 0x80;
	}
	if (ascii) {
		for (i = 0; i < n; i++)
			str_putc(out, (char)c[i]);
	} else {
		str_puts(out, "xn--");
		punycode(out, c, n);
	}
	return n && out->len - start <= IDNA_LABEL;
}

bool
idna_toascii(struct str *out, const char *domain)
{
	const unsigned char *p = (const unsigned char *)domain;
	size_t start = out->len;
	bool ascii = true;
	uint32_t c;

	for (; *p; p++)
		ascii = ascii && *p < 0x80;
	if (ascii) {
		str_puts(out, domain);
		return true;
	}
	for (p = (const unsigned char *)domain;;) {
		if (!label(out, &p))
			return false;
		if (!*p)
			break;
		utf8_next(&p, &c);
		if (!*p) /* a dot at the end */
			break;
		str_putc(out, '.');
	}
	return !out->over && out->len - start <= IDNA_DOMAIN;
}
