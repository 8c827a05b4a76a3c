/* SPDX-License-Identifier: 0BSD */
#include "wire/job.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "wire/field.h"
#include "wire/qpath.h"

static void
put_params(struct str *out, const char *p)
{
	size_t n;

	for (; p && *p == 'P'; p += n) {
		n = strlen(p) + 1;
		str_put(out, p, n);
	}
}

void
job_encode(struct str *out, const struct job *j)
{
	size_t i;

	field_putnum(out, 'N', j->number);
	field_put(out, 'I', j->id);
	field_putnum(out, 'B', j->birth > 0 ? (uint64_t)j->birth : 0);
	field_putnum(out, 'S', j->bytes);
	field_put(out, 'F', j->sender);
	put_params(out, j->params);
	if (j->host)
		field_put(out, 'H', j->host);
	if (j->host && j->via)
		field_put(out, 'V', j->via);
	for (i = 0; i < j->nrcpt; i++) {
		field_put(out, 'T', j->rcpt[i].addr);
		put_params(out, j->rcpt[i].params);
	}
	if (j->user) {
		field_put(out, 'u', j->user);
		field_put(out, 'h', j->home);
		field_put(out, 'd', j->dash);
		field_put(out, 'e', j->ext);
		field_put(out, 'a', j->defaultdelivery);
	}
	str_putc(out, 0);
}

/* A reader of fields: the field at pos is there and ends within n. */
struct fields {
	const char *p;
	size_t n, pos;
};

/* The next field if it is of that kind, without its kind byte. */
static const char *
take(struct fields *f, char kind, size_t *len)
{
	const char *s = f->p + f->pos, *nul;

	if (f->pos >= f->n || *s != kind)
		return NULL;
	nul = memchr(s, 0, f->n - f->pos);
	if (!nul)
		return NULL;
	*len = (size_t)(nul - s) - 1;
	f->pos += *len + 2;
	return s + 1;
}

static const char *
take_text(struct fields *f, char kind, size_t max)
{
	size_t len;
	const char *s = take(f, kind, &len);

	return s && len <= max ? s : NULL;
}

static bool
take_num(struct fields *f, char kind, uint64_t max, uint64_t *n)
{
	size_t len;
	const char *s = take(f, kind, &len);

	return s && num_parse(s, len, max, n);
}

/* Any number of P fields; false when one is no parameter. */
static bool
take_params(struct fields *f, const char **list)
{
	size_t len;
	const char *s;

	*list = NULL;
	while (f->pos < f->n && f->p[f->pos] == 'P') {
		s = take(f, 'P', &len);
		if (!s || len > PARAM_MAX || s[0] == '=' ||
			!memchr(s, '=', len))
			return false;
		if (!*list)
			*list = s - 1;
	}
	return true;
}

static bool
take_head(struct fields *f, struct job *j)
{
	uint64_t number, birth;
	struct qid id;
	size_t len;

	if (!take_num(f, 'N', UINT32_MAX, &number))
		return false;
	j->number = (uint32_t)number;
	j->id = take(f, 'I', &len);
	if (!j->id || len != QID_LEN || !qid_parse(j->id, &id))
		return false;
	if (!take_num(f, 'B', INT64_MAX, &birth) ||
		!take_num(f, 'S', INT64_MAX, &j->bytes))
		return false;
	j->birth = (int64_t)birth;
	j->sender = take_text(f, 'F', ADDR_MAX);
	return j->sender && take_params(f, &j->params);
}

static bool
take_rcpts(struct fields *f, struct job *j)
{
	struct job_rcpt *r;

	while (f->pos < f->n && f->p[f->pos] == 'T') {
		if (j->nrcpt == JOB_RCPT_MAX)
			return false;
		r = &j->rcpt[j->nrcpt++];
		r->addr = take_text(f, 'T', ADDR_MAX);
		if (!r->addr || !take_params(f, &r->params))
			return false;
	}
	return j->nrcpt > 0;
}

static bool
take_user(struct fields *f, struct job *j)
{
	j->user = take_text(f, 'u', JOB_RECORD_MAX);
	j->home = take_text(f, 'h', JOB_RECORD_MAX);
	j->dash = take_text(f, 'd', JOB_RECORD_MAX);
	j->ext = take_text(f, 'e', JOB_RECORD_MAX);
	j->defaultdelivery = take_text(f, 'a', JOB_RECORD_MAX);
	return j->user && j->home && j->dash && j->ext && j->defaultdelivery;
}

bool
job_decode(struct job *j, const char *p, size_t n)
{
	struct fields f = { p, n, 0 };

	j->host = j->via = j->user = j->home = j->dash = j->ext = NULL;
	j->defaultdelivery = NULL;
	j->nrcpt = 0;
	if (!take_head(&f, j))
		return false;
	if (f.pos < n && p[f.pos] == 'H') {
		j->host = take_text(&f, 'H', ADDR_MAX);
		if (!j->host)
			return false;
		if (f.pos < n && p[f.pos] == 'V') {
			j->via = take_text(&f, 'V', ADDR_MAX);
			if (!j->via)
				return false;
		}
	}
	if (!take_rcpts(&f, j))
		return false;
	if (f.pos < n && p[f.pos] == 'u' && (j->host || !take_user(&f, j)))
		return false;
	return f.pos + 1 == n && p[f.pos] == 0;
}

const char *
job_param(const char *params, const char *key)
{
	size_t n = strlen(key);
	const char *p;

	for (p = params; p && *p == 'P'; p += strlen(p) + 1)
		if (ascii_caseeqn(p + 1, key, n) && p[1 + n] == '=')
			return p + n + 2;
	return NULL;
}
