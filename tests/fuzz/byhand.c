/* SPDX-License-Identifier: 0BSD */
/* byhand: whatever a delivery program wrote becomes a report for each of its
 * recipients; the first byte is their number. */
#include "wire/byhand.h"

#include "fuzz/fuzz.h"
#include "wire/report.h"

static struct report r;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT(REPORT_RECORD_MAX);
	size_t n;

	if (size < 1)
		return 0;
	n = data[0] % JOB_RCPT_MAX + 1;
	byhand_to_report(&out, 1, n, (const char *)data + 1, size - 1);
	require(!out.over && report_decode(&r, out.s, out.len));
	require(r.nrcpt == n);
	str_free(&out);
	return 0;
}
