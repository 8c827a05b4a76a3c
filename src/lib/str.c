/* SPDX-License-Identifier: 0BSD */
#include "lib/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/num.h"

static void
oom_exit(void)
{
	static const char text[] = "out of memory\n";

	if (write(2, text, sizeof text - 1) < 0) {
		/* nobody left to tell */
	}
	_exit(111);
}

void (*str_oom)(void) = oom_exit;

void *
xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p) {
		str_oom();
		_exit(111);
	}
	return p;
}

void *
xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p) {
		str_oom();
		_exit(111);
	}
	return p;
}

char *
xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xmalloc(n), s, n);
}

static size_t
ceiling(const struct str *s)
{
	return s->max ? s->max : STR_MAX;
}

/* Memory for len + n bytes and the NUL; the ceiling allows it. */
static void
grow(struct str *s, size_t n)
{
	size_t need = s->len + n + 1, cap = s->cap ? s->cap : 32;

	if (need <= s->cap)
		return;
	while (cap < need)
		cap *= 2;
	if (cap > ceiling(s) + 1)
		cap = ceiling(s) + 1;
	s->s = xrealloc(s->s, cap);
	s->cap = cap;
}

void
str_init(struct str *s, size_t max)
{
	*s = (struct str)STR_INIT(max);
}

void
str_clear(struct str *s)
{
	s->len = 0;
	s->over = false;
}

void
str_free(struct str *s)
{
	free(s->s);
	str_init(s, s->max);
}

bool
str_room(struct str *s, size_t n)
{
	if (n > ceiling(s) - s->len) {
		s->over = true;
		return false;
	}
	grow(s, n);
	return true;
}

void
str_put(struct str *s, const void *p, size_t n)
{
	/* Nothing may follow a gap: what is held stays a prefix. */
	if (s->over || !n)
		return;
	if (n > ceiling(s) - s->len) {
		n = ceiling(s) - s->len;
		s->over = true;
	}
	if (!n)
		return;
	grow(s, n);
	memcpy(s->s + s->len, p, n);
	s->len += n;
}

void
str_puts(struct str *s, const char *cstr)
{
	str_put(s, cstr, strlen(cstr));
}

void
str_putc(struct str *s, char c)
{
	str_put(s, &c, 1);
}

void
str_putnum(struct str *s, uint64_t n)
{
	char buf[NUM_FMT];

	str_put(s, buf, num_fmt(buf, n));
}

const char *
str_c(struct str *s)
{
	grow(s, 0);
	s->s[s->len] = 0;
	return s->s;
}

void
str_cut(struct str *s, size_t n)
{
	if (n < s->len)
		s->len = n;
}

void
str_chomp(struct str *s)
{
	while (s->len && (s->s[s->len - 1] == ' ' || s->s[s->len - 1] == '\t' ||
				 s->s[s->len - 1] == '\r'))
		s->len--;
}

bool
str_is(const struct str *s, const char *cstr)
{
	size_t n = strlen(cstr);

	return s->len == n && (!n || !memcmp(s->s, cstr, n));
}
