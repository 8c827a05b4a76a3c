/* SPDX-License-Identifier: 0BSD */
#include "wire/report.h"

#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"

enum { INFO_MAX = 1000, STATUS_MAX = 11 };

static char
class_digit(char class)
{
	return class == 'K' ? '2' : class == 'D' ? '5' : '4';
}

static const char *
class_default(char class)
{
	return class == 'K' ? "2.0.0" : class == 'D' ? "5.3.0" : "4.3.0";
}

/* Length of an enhanced status code (RFC 3463 2: class "." 1*3digit "."
 * 1*3digit) of that class at the start of n bytes; 0 when there is none. */
static size_t
code_len(char class, const char *p, size_t n)
{
	size_t i = 1, k;
	int part;

	if (n < 5 || p[0] != class_digit(class))
		return 0;
	for (part = 0; part < 2; part++) {
		if (i >= n || p[i++] != '.')
			return 0;
		for (k = 0; i < n && ascii_isdigit(p[i]); k++)
			i++;
		if (k < 1 || k > 3)
			return 0;
	}
	return i;
}

void
report_status(char out[12], char class, const char *text)
{
	const char *p = text;
	size_t n;

	while ((p = strstr(p, "(#"))) {
		p += 2;
		n = code_len(class, p, strlen(p));
		if (n > 0 && n <= STATUS_MAX && p[n] == ')') {
			memcpy(out, p, n);
			out[n] = 0;
			return;
		}
	}
	memcpy(out, class_default(class), 6);
}

static void
put_cut(struct str *out, const char *text, size_t max)
{
	str_put(out, text, strnlen(text, max));
	str_putc(out, 0);
}

static void
put_rcpt(struct str *out, const struct report_rcpt *r, size_t max)
{
	char found[STATUS_MAX + 1];
	const char *status = r->status;
	size_t n = r->status_len;

	if (status && n == 0)
		n = strlen(status);
	if (!status || n > STATUS_MAX || code_len(r->class, status, n) != n ||
		n == 0) {
		report_status(found, r->class, r->text);
		status = found;
		n = strlen(found);
	}
	str_putc(out, 'R');
	str_putc(out, r->class);
	str_put(out, status, n);
	str_putc(out, ' ');
	put_cut(out, r->text, max);
	if (r->reply && r->reply[0]) {
		str_putc(out, 'G');
		put_cut(out, r->reply, max);
	}
}

void
report_encode(struct str *out, const struct report *r)
{
	const size_t room =
		REPORT_RECORD_MAX - REPORT_INFO * (INFO_MAX + 2) - NUM_FMT - 2;
	size_t max = REPORT_TEXT_MAX, i;

	/* two texts each, and class, status and NULs */
	if (r->nrcpt > 0 && room / r->nrcpt < 2 * max + STATUS_MAX + 6)
		max = (room / r->nrcpt - STATUS_MAX - 6) / 2;
	str_putc(out, 'N');
	str_putnum(out, r->number);
	str_putc(out, 0);
	for (i = 0; i < r->ninfo && i < REPORT_INFO; i++) {
		str_putc(out, 'I');
		put_cut(out, r->info[i], INFO_MAX);
	}
	for (i = 0; i < r->nrcpt && i < JOB_RCPT_MAX; i++)
		put_rcpt(out, &r->rcpt[i], max);
}

/* "Kstatus text" of len bytes, NUL-terminated. */
static bool
get_rcpt(struct report *r, const char *p, size_t len)
{
	struct report_rcpt *out;
	size_t n;

	if (r->nrcpt == JOB_RCPT_MAX || len < 1 ||
		(p[0] != 'K' && p[0] != 'Z' && p[0] != 'D'))
		return false;
	out = &r->rcpt[r->nrcpt++];
	out->class = p[0];
	out->status = p + 1;
	n = code_len(p[0], p + 1, len - 1);
	if (n == 0 || n > STATUS_MAX || p[1 + n] != ' ')
		return false;
	out->status_len = n;
	out->text = p + n + 2;
	out->reply = "";
	return len - n - 2 <= REPORT_TEXT_MAX;
}

static bool
get_field(struct report *r, char kind, const char *p, size_t len)
{
	switch (kind) {
	case 'I':
		if (r->nrcpt > 0 || r->ninfo == REPORT_INFO || len > INFO_MAX ||
			!memchr(p, '=', len))
			return false;
		r->info[r->ninfo++] = p;
		return true;
	case 'R':
		return get_rcpt(r, p, len);
	case 'G':
		if (r->nrcpt == 0 || r->rcpt[r->nrcpt - 1].reply[0] ||
			len == 0 || len > REPORT_TEXT_MAX)
			return false;
		r->rcpt[r->nrcpt - 1].reply = p;
		return true;
	default:
		return false;
	}
}

bool
report_decode(struct report *r, const char *p, size_t n)
{
	const char *end = p + n, *nul;
	uint64_t number;

	r->ninfo = r->nrcpt = 0;
	if (n == 0 || p[0] != 'N' || end[-1] != 0)
		return false;
	nul = memchr(p, 0, n);
	if (!num_parse(p + 1, (size_t)(nul - p) - 1, UINT32_MAX, &number))
		return false;
	r->number = (uint32_t)number;
	for (p = nul + 1; p < end; p = nul + 1) {
		nul = memchr(p, 0, (size_t)(end - p));
		if (nul == p ||
			!get_field(r, p[0], p + 1, (size_t)(nul - p) - 1))
			return false;
	}
	return r->nrcpt > 0;
}

const char *
report_info(const struct report *r, const char *key)
{
	size_t n = strlen(key), i;

	for (i = 0; i < r->ninfo; i++)
		if (strncmp(r->info[i], key, n) == 0 && r->info[i][n] == '=')
			return r->info[i] + n + 1;
	return NULL;
}

void
report_all(struct str *out, uint32_t number, size_t nrcpt, char class,
	const char *status, const char *text)
{
	struct report r;
	size_t i;

	r.number = number;
	r.ninfo = 0;
	r.nrcpt = nrcpt < JOB_RCPT_MAX ? nrcpt : JOB_RCPT_MAX;
	for (i = 0; i < r.nrcpt; i++)
		r.rcpt[i] = (struct report_rcpt){ class, status, 0, text, "" };
	report_encode(out, &r);
}
