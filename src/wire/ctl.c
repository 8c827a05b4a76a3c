/* SPDX-License-Identifier: 0BSD */
#include "wire/ctl.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/fd.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/usock.h"
#include "wire/field.h"
#include "wire/site.h"

static const char *const verbs[CTL_VERBS] = {
	[CTL_NONE] = "",
	[CTL_RETRY] = "retry",
	[CTL_HOLD] = "hold",
	[CTL_RELEASE] = "release",
	[CTL_BOUNCE] = "bounce",
	[CTL_DELETE] = "delete",
	[CTL_REROUTE] = "reroute",
	[CTL_DOMAIN] = "domain",
	[CTL_MESSAGE] = "message",
	[CTL_STATUS] = "status",
	[CTL_DESTINATIONS] = "destinations",
	[CTL_COUNTERS] = "counters",
};

static const char *const results[CTL_RESULTS] = {
	[CTL_DONE] = "done",
	[CTL_NOTHING] = "nothing",
	[CTL_BUSY] = "busy",
	[CTL_GONE] = "gone",
	[CTL_FAILED] = "failed",
};

const char *
ctl_verb_name(enum ctl_verb v)
{
	return verbs[v];
}

void
ctl_put_key(struct str *out, const char *key, const char *value)
{
	field_put(out, 'K', key);
	field_put(out, '=', value);
}

void
ctl_put_num(struct str *out, const char *key, uint64_t n)
{
	char num[NUM_FMT];

	num_fmt(num, n);
	ctl_put_key(out, key, num);
}

void
ctl_put_outcome(struct str *out, const struct ctl_outcome *o)
{
	field_put(out, 'I', o->id);
	field_put(out, 'R', results[o->result]);
	field_putnum(out, 'c', o->changed);
	field_putnum(out, 'b', o->busy);
	if (o->text && *o->text)
		field_put(out, 'x', o->text);
}

/* --- requests ------------------------------------------------------------- */

/* One line that may go into a log or a note: no control bytes. */
static bool
is_line(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 32 || s[i] == 127)
			return false;
	return n <= CTL_ARGUMENT;
}

void
ctl_begin(struct ctl_request *req, enum ctl_verb v, const char *argument)
{
	req->record.max = CTL_RECORD;
	str_clear(&req->record);
	req->nids = req->nrcpts = 0;
	field_put(&req->record, 'V', verbs[v]);
	if (argument)
		field_put(&req->record, 'A', argument);
}

bool
ctl_id(struct ctl_request *req, const char *id)
{
	/* room for this one and for the end */
	if (req->nids == CTL_IDS || req->record.len + QID_LEN + 3 > CTL_RECORD)
		return false;
	field_put(&req->record, 'I', id);
	req->nids++;
	return true;
}

bool
ctl_rcpt(struct ctl_request *req, size_t rcpt)
{
	if (req->nrcpts == CTL_RCPTS ||
		req->record.len + NUM_FMT + 3 > CTL_RECORD)
		return false;
	field_putnum(&req->record, 'n', rcpt);
	req->nrcpts++;
	return true;
}

/* A reader of fields: the next one when it is of that kind. */
static const char *
take(const char *p, size_t n, size_t *pos, char kind, size_t *len)
{
	const char *s = p + *pos, *nul;

	if (*pos >= n || *s != kind)
		return NULL;
	nul = memchr(s, 0, n - *pos);
	if (!nul)
		return NULL;
	*len = (size_t)(nul - s) - 1;
	*pos += *len + 2;
	return s + 1;
}

static bool
take_num(const char *p, size_t n, size_t *pos, char kind, uint64_t max,
	uint64_t *num)
{
	size_t len, at = *pos;
	const char *s = take(p, n, &at, kind, &len);

	if (!s || !num_parse(s, len, max, num))
		return false;
	*pos = at;
	return true;
}

bool
ctl_number(const struct ctl_asked *q, size_t *rcpts, size_t *rcpt)
{
	uint64_t num;

	if (!take_num(q->p, q->n, rcpts, 'n', UINT32_MAX, &num))
		return false;
	*rcpt = (size_t)num;
	return true;
}

bool
ctl_target(
	const struct ctl_asked *q, size_t *pos, struct qid *id, size_t *rcpts)
{
	size_t len, rcpt;
	const char *s = take(q->p, q->n, pos, 'I', &len);

	if (!s || len != QID_LEN || !qid_parse(s, id))
		return false;
	*rcpts = *pos;
	while (ctl_number(q, pos, &rcpt))
		;
	return true;
}

static bool
takes_ids(enum ctl_verb v)
{
	return (v >= CTL_RETRY && v <= CTL_REROUTE) || v == CTL_MESSAGE;
}

/* Do all of its targets parse, up to the empty field at the end? */
static bool
check_targets(struct ctl_asked *q)
{
	size_t pos = 0, at, rcpt, nrcpts = 0;
	struct qid id;

	q->nids = 0;
	while (ctl_target(q, &pos, &id, &at)) {
		q->nids++;
		while (ctl_number(q, &at, &rcpt))
			nrcpts++;
	}
	return pos + 1 == q->n && q->p[pos] == 0 && q->nids <= CTL_IDS &&
	       nrcpts <= CTL_RCPTS && (q->nids > 0) == takes_ids(q->verb);
}

bool
ctl_decode(struct ctl_asked *q, const char *p, size_t n)
{
	size_t pos = 0, len;
	const char *s = take(p, n, &pos, 'V', &len);
	int v;

	if (!s)
		return false;
	q->verb = CTL_NONE;
	for (v = CTL_NONE + 1; v < CTL_VERBS; v++)
		if (strcmp(s, verbs[v]) == 0)
			q->verb = (enum ctl_verb)v;
	if (q->verb == CTL_NONE)
		return false;
	q->argument = take(p, n, &pos, 'A', &len);
	if (q->argument && !is_line(q->argument, len))
		return false;
	q->p = p + pos;
	q->n = n - pos;
	return check_targets(q);
}

/* --- the client's side ---------------------------------------------------- */

int
ctl_connect(void)
{
	return usock_connect(
		site_run, "send/ctl", stamp_mono() + CTL_ANSWER_MS);
}

int
ctl_ask(int fd, struct ctl_request *req)
{
	if (req->record.len == 0 || req->record.s[req->record.len - 1] != 0 ||
		req->record.over) {
		errno = EINVAL;
		return -1;
	}
	str_putc(&req->record, 0);
	if (fd_wait(fd, POLLOUT, stamp_mono() + CTL_ANSWER_MS) == -1)
		return -1;
	return fd_send(fd, req->record.s, req->record.len, -1);
}

int
ctl_read(int fd, char *buf, struct ctl_answer *a)
{
	size_t len;
	ssize_t n;
	int passed;

	if (fd_wait(fd, POLLIN, stamp_mono() + CTL_ANSWER_MS) == -1)
		return -1;
	n = fd_recv(fd, buf, CTL_RECORD, &passed);
	if (passed != -1)
		close(passed);
	if (n <= 0) {
		if (n == 0)
			errno = EPIPE;
		return -1;
	}
	if (n < 2 || buf[n - 1] != 0 || (buf[0] != '+' && buf[0] != '.') ||
		buf[1] != 0) {
		errno = EPROTO;
		return -1;
	}
	*a = (struct ctl_answer){
		.p = buf, .n = (size_t)n, .pos = 2, .last = buf[0] == '.'
	};
	a->refused = take(buf, (size_t)n, &a->pos, 'X', &len);
	return 0;
}

bool
ctl_outcome(struct ctl_answer *a, struct ctl_outcome *o)
{
	size_t len;
	const char *r;
	int i;

	o->id = take(a->p, a->n, &a->pos, 'I', &len);
	if (!o->id)
		return false;
	r = take(a->p, a->n, &a->pos, 'R', &len);
	o->result = CTL_FAILED;
	for (i = 0; r && i < CTL_RESULTS; i++)
		if (strcmp(r, results[i]) == 0)
			o->result = (enum ctl_result)i;
	if (!take_num(a->p, a->n, &a->pos, 'c', UINT32_MAX, &o->changed) ||
		!take_num(a->p, a->n, &a->pos, 'b', UINT32_MAX, &o->busy))
		return false;
	o->text = take(a->p, a->n, &a->pos, 'x', &len);
	if (!o->text)
		o->text = "";
	return true;
}

char
ctl_field(struct ctl_answer *a, const char **text, const char **value)
{
	size_t len;
	char kind = a->pos < a->n ? a->p[a->pos] : 0;

	if (kind != 'O' && kind != 'K')
		return 0;
	*text = take(a->p, a->n, &a->pos, kind, &len);
	*value = "";
	if (kind == 'K' && *text)
		*value = take(a->p, a->n, &a->pos, '=', &len);
	return *text && *value ? kind : 0;
}
