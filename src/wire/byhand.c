/* SPDX-License-Identifier: 0BSD */
#include "wire/byhand.h"

#include <string.h>

#include "wire/report.h"
#include "wire/site.h"

struct byhand {
	const char *text[JOB_RCPT_MAX];
	char letter[JOB_RCPT_MAX];
	size_t n;
	char verdict; /* 0 none */
	const char *why;
};

/* false: malformed, or without a verdict. */
static bool
byhand_parse(struct byhand *b, size_t nrcpt, const char *p, size_t n)
{
	const char *end = p + n, *nul;

	b->n = 0;
	for (; p < end; p = nul + 1) {
		nul = memchr(p, 0, (size_t)(end - p));
		if (!nul)
			return false;
		switch (*p) {
		case 'r':
		case 'h':
		case 's':
			if (b->n == nrcpt)
				return false;
			b->letter[b->n] = *p;
			b->text[b->n++] = p + 1;
			break;
		case 'K':
		case 'Z':
		case 'D':
			b->verdict = *p;
			b->why = p + 1;
			return true;
		default:
			return false;
		}
	}
	return false;
}

static struct report_rcpt
byhand_result(const struct byhand *b, size_t i)
{
	struct report_rcpt r = { 0, NULL, 0, "", "" };

	if (i < b->n && b->letter[i] != 'r') {
		r.class = b->letter[i] == 'h' ? 'D' : 'Z';
		r.text = b->text[i];
	} else if (i >= b->n && b->verdict == 'K') {
		r.class = 'Z';
		r.text = "No result was reported for this recipient. (#4.3.0)";
	} else {
		r.class = b->verdict;
		r.text = b->why;
	}
	return r;
}

void
byhand_to_report(
	struct str *out, uint32_t number, size_t nrcpt, const char *p, size_t n)
{
	struct byhand b;
	struct report r;
	size_t i;

	if (nrcpt > JOB_RCPT_MAX)
		nrcpt = JOB_RCPT_MAX;
	if (!byhand_parse(&b, nrcpt, p, n)) {
		report_all(out, number, nrcpt, 'Z', "4.3.0",
			"Unable to understand the delivery program's report. "
			"(#4.3.0)");
		return;
	}
	r.number = number;
	r.ninfo = 0;
	r.nrcpt = nrcpt;
	for (i = 0; i < nrcpt; i++)
		r.rcpt[i] = byhand_result(&b, i);
	report_encode(out, &r);
}
