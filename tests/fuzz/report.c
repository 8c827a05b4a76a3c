/* SPDX-License-Identifier: 0BSD */
/* report: a report that is taken encodes to one that says the same. */
#include "wire/report.h"

#include "fuzz/fuzz.h"

static struct report r, back;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT(REPORT_RECORD_MAX);
	size_t i;

	if (!report_decode(&r, (const char *)data, size))
		return 0;
	touch(report_info(&r, "relay"));
	report_encode(&out, &r);
	require(!out.over && report_decode(&back, out.s, out.len));
	require(back.number == r.number && back.nrcpt == r.nrcpt &&
		back.ninfo == r.ninfo);
	for (i = 0; i < r.ninfo; i++)
		require(!strcmp(r.info[i], back.info[i]));
	for (i = 0; i < r.nrcpt; i++) {
		const struct report_rcpt *a = &r.rcpt[i], *b = &back.rcpt[i];

		require(a->class == b->class &&
			a->status_len == b->status_len &&
			!memcmp(a->status, b->status, a->status_len));
		require(!strncmp(a->text, b->text, 500) &&
			!strncmp(a->reply, b->reply, 500));
	}
	str_free(&out);
	return 0;
}
