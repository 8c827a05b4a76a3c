/* SPDX-License-Identifier: 0BSD */
#include "wire/pwreq.h"

#include <string.h>

#include "lib/num.h"

/* The largest uid and gid; one more means "no change" to the kernel. */
#define ID_MAX (UINT32_MAX - 1)

static void
put_text(struct str *out, const char *text)
{
	str_put(out, text, strlen(text) + 1);
}

static void
put_num(struct str *out, uint64_t n)
{
	str_putnum(out, n);
	str_putc(out, 0);
}

/* The NUL-terminated text at *p; moves *p beyond it. NULL when n is short. */
static const char *
get_text(const char **p, const char *end, size_t *len)
{
	const char *s = *p, *nul;

	nul = s < end ? memchr(s, 0, (size_t)(end - s)) : NULL;
	if (!nul)
		return NULL;
	*len = (size_t)(nul - s);
	*p = nul + 1;
	return s;
}

static bool
get_number(const char **p, const char *end, uint32_t *number)
{
	size_t len;
	const char *s = get_text(p, end, &len);
	uint64_t n;

	if (!s || len == 0 || s[0] != 'N' ||
		!num_parse(s + 1, len - 1, UINT32_MAX, &n))
		return false;
	*number = (uint32_t)n;
	return true;
}

void
pwreq_ask(struct str *out, uint32_t number, const char *local)
{
	str_putc(out, 'N');
	put_num(out, number);
	put_text(out, local);
}

bool
pwreq_question(const char *p, size_t n, uint32_t *number, const char **local)
{
	const char *end = p + n;
	size_t len;

	if (n > PWREQ_MAX || !get_number(&p, end, number))
		return false;
	*local = get_text(&p, end, &len);
	return *local && p == end;
}

void
pwreq_answer(struct str *out, const struct pwanswer *a)
{
	str_putc(out, 'N');
	put_num(out, a->number);
	if (!a->found) {
		str_putc(out, 'Z');
		put_text(out, a->text);
		return;
	}
	str_putc(out, '=');
	put_text(out, a->u.user);
	put_num(out, a->u.uid);
	put_num(out, a->u.gid);
	put_text(out, a->u.home);
	put_text(out, a->u.dash);
	put_text(out, a->u.ext);
}

bool
pwuser_decode(struct pwuser *u, const char *p, size_t n)
{
	const char *end = p + n, *s;
	uint64_t id;
	size_t len;

	u->user = get_text(&p, end, &len);
	if (!u->user || len == 0)
		return false;
	s = get_text(&p, end, &len);
	if (!s || !num_parse(s, len, ID_MAX, &id))
		return false;
	u->uid = (uid_t)id;
	s = get_text(&p, end, &len);
	if (!s || !num_parse(s, len, ID_MAX, &id))
		return false;
	u->gid = (gid_t)id;
	u->home = get_text(&p, end, &len);
	u->dash = get_text(&p, end, &len);
	u->ext = get_text(&p, end, &len);
	return u->home && u->dash && u->ext && p == end;
}

bool
pwreq_decode(struct pwanswer *a, const char *p, size_t n)
{
	const char *end = p + n;
	size_t len;

	if (n > PWREQ_MAX || !get_number(&p, end, &a->number) || p == end)
		return false;
	a->text = NULL;
	a->found = *p == '=';
	if (a->found)
		return pwuser_decode(&a->u, p + 1, (size_t)(end - p) - 1);
	if (*p++ != 'Z')
		return false;
	a->text = get_text(&p, end, &len);
	return a->text && p == end;
}
