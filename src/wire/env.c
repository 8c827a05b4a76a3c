/* SPDX-License-Identifier: 0BSD */
#include "wire/env.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "wire/site.h"

enum { HEAD_RECORDS = 5 };

static const char head_kinds[HEAD_RECORDS + 1] = "1BSOF";

static bool
is_mark(char c)
{
	return c && strchr("THMmDXR", c);
}

static bool
end_shape(const char *p, uint32_t *sum)
{
	size_t i;

	if (p[0] != 'E' || p[1 + ENV_END_DIGITS] != ' ' ||
		p[ENV_END_LEN - 1] != 0)
		return false;
	for (i = 0; i < ENV_END_DIGITS; i++)
		if (!ascii_isdigit(p[1 + i]))
			return false;
	return crc32c_parse(p + 2 + ENV_END_DIGITS, sum);
}

/* Could these bytes be what a write that never finished left? Some beginning
 * of an envelope file that nobody has marked yet, then perhaps zeros (a size
 * that reached the disk before the data). Everything else was whole once. */
static bool
is_beginning(const char *p, size_t size)
{
	size_t n = size, i = 0, len;
	const char *nul, *end;

	if (size == 0)
		return true;
	while (n > 0 && p[n - 1] == 0)
		n--;
	for (end = p + n; p < end; p += len + 1, i++) {
		nul = memchr(p, 0, (size_t)(end - p));
		len = nul ? (size_t)(nul - p) : (size_t)(end - p);
		if (i < HEAD_RECORDS ? *p != head_kinds[i]
				     : *p != 'T' && *p != 'P' && *p != 'E')
			return false;
		if (i >= HEAD_RECORDS && *p == 'E' &&
			(nul || n != size || len >= ENV_END_LEN))
			return false;
	}
	return true;
}

static bool
head_number(struct env *e, char kind, const char *p, size_t n)
{
	struct env_head *h = &e->head;
	const char *sp;

	switch (kind) {
	case '1':
		return n == 0;
	case 'B':
		return num_parse(p, n, INT64_MAX, &h->birth);
	case 'S':
		return env_message(e->data, e->size, &h->bytes, &h->sum);
	case 'O':
		sp = memchr(p, ' ', n);
		return sp &&
		       num_parse(p, (size_t)(sp - p), UINT32_MAX, &h->pid) &&
		       num_parse(sp + 1, n - (size_t)(sp - p) - 1, UINT32_MAX,
			       &h->uid);
	default: /* F */
		e->sender = p;
		return n <= ADDR_MAX;
	}
}

static bool
param_fits(const char *p, size_t n)
{
	return n > 0 && n <= PARAM_MAX && p[0] != '=' && memchr(p, '=', n);
}

/* Records of the first n bytes, which end in NUL. With e->rcpt NULL the
 * recipients are only counted. */
static bool
parse_records(struct env *e, size_t n)
{
	size_t pos, len, i = 0;
	const char *p, *nul;

	e->nrcpt = 0;
	for (pos = 0; pos < n; pos += len + 2, i++) {
		p = e->data + pos + 1;
		nul = memchr(e->data + pos, 0, n - pos);
		if (!nul || nul < p)
			return false;
		len = (size_t)(nul - p);
		if (i < HEAD_RECORDS) {
			if (p[-1] != head_kinds[i] ||
				!head_number(e, p[-1], p, len))
				return false;
		} else if (is_mark(p[-1]) && len <= ADDR_MAX) {
			if (e->rcpt) {
				e->rcpt[e->nrcpt].off = (uint32_t)pos;
				e->rcpt[e->nrcpt].nparam = 0;
			}
			e->nrcpt++;
		} else if (p[-1] == 'P' && param_fits(p, len)) {
			if (e->nrcpt == 0 && !e->sender_param)
				e->sender_param = pos;
			else if (e->nrcpt > 0 && e->rcpt)
				e->rcpt[e->nrcpt - 1].nparam++;
		} else {
			return false;
		}
	}
	return i >= HEAD_RECORDS;
}

static uint32_t
crc_unmarked(const struct env *e, size_t n)
{
	uint32_t crc = 0;
	size_t pos = 0, i;

	for (i = 0; i < e->nrcpt; i++) {
		if (e->data[e->rcpt[i].off] == ENV_TODO)
			continue;
		crc = crc32c(crc, e->data + pos, e->rcpt[i].off - pos);
		crc = crc32c(crc, "T", 1);
		pos = e->rcpt[i].off + 1;
	}
	return crc32c(crc, e->data + pos, n - pos);
}

enum env_result
env_decode(struct env *e, const char *data, size_t size)
{
	const char *end;
	uint64_t bytes;
	uint32_t sum;
	size_t n;

	memset(e, 0, sizeof *e);
	e->data = data;
	e->size = size;
	n = size > ENV_END_LEN ? size - ENV_END_LEN : 0;
	end = data + n;
	if (n == 0 || !end_shape(end, &sum))
		return is_beginning(data, size) ? ENV_UNFINISHED : ENV_DAMAGED;
	if (n > UINT32_MAX || end[-1] != 0 ||
		!num_parse(end + 1, ENV_END_DIGITS, UINT64_MAX, &bytes) ||
		bytes != n || !parse_records(e, n))
		return ENV_DAMAGED;
	if (e->nrcpt > 0) {
		e->rcpt = xmalloc(e->nrcpt * sizeof e->rcpt[0]);
		parse_records(e, n);
	}
	if (crc_unmarked(e, n) != sum) {
		env_free(e);
		return ENV_DAMAGED;
	}
	return ENV_OK;
}

void
env_free(struct env *e)
{
	free(e->rcpt);
	e->rcpt = NULL;
	e->nrcpt = 0;
}

/* --- access --------------------------------------------------------------- */

const char *
env_rcpt(const struct env *e, size_t i)
{
	return e->data + e->rcpt[i].off + 1;
}

enum env_mark
env_mark(const struct env *e, size_t i)
{
	return (enum env_mark)e->data[e->rcpt[i].off];
}

bool
env_istodo(enum env_mark m)
{
	return m == ENV_TODO || m == ENV_TODO_VIA;
}

bool
env_isheld(enum env_mark m)
{
	return m == ENV_HELD || m == ENV_HELD_VIA;
}

bool
env_isvia(enum env_mark m)
{
	return m == ENV_TODO_VIA || m == ENV_HELD_VIA;
}

/* The P records of i, NULL without; a byte that is no P ends them. */
static const char *
params_of(const struct env *e, size_t i)
{
	const char *p;

	if (i == ENV_SENDER)
		return e->sender_param ? e->data + e->sender_param : NULL;
	if (e->rcpt[i].nparam == 0)
		return NULL;
	p = env_rcpt(e, i);
	return p + strlen(p) + 1;
}

const char *
env_param(const struct env *e, size_t i, size_t k)
{
	const char *p = params_of(e, i);

	for (; p && *p == 'P'; p += strlen(p) + 1)
		if (k-- == 0)
			return p + 1;
	return NULL;
}

const char *
env_value(const struct env *e, size_t i, const char *key)
{
	const char *p = params_of(e, i);
	size_t n = strlen(key);

	for (; p && *p == 'P'; p += strlen(p) + 1)
		if (ascii_caseeqn(p + 1, key, n) && p[1 + n] == '=')
			return p + n + 2;
	return NULL;
}

int
env_setmark(struct env *e, int fd, size_t i, enum env_mark m)
{
	char c = (char)m;
	ssize_t r;

	do
		r = pwrite(fd, &c, 1, (off_t)e->rcpt[i].off);
	while (r == -1 && errno == EINTR);
	if (r != 1) {
		if (r == 0)
			errno = EIO;
		return -1;
	}
	env_setmem(e, i, m);
	return 0;
}

void
env_setmem(struct env *e, size_t i, enum env_mark m)
{
	/* the contract: data is the caller's writable memory */
	*(char *)(uintptr_t)(e->data + e->rcpt[i].off) = (char)m;
}
