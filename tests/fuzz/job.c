/* SPDX-License-Identifier: 0BSD */
/* job: a job that is taken encodes to the same bytes. */
#include "wire/job.h"

#include "fuzz/fuzz.h"

static struct job j;

static void
params(const char *list)
{
	touch(job_param(list, "NOTIFY"));
	touch(job_param(list, "no such key"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT(1 << 20);
	size_t i;

	if (!job_decode(&j, (const char *)data, size))
		return 0;
	require(j.nrcpt > 0 && j.nrcpt <= JOB_RCPT_MAX);
	params(j.params);
	for (i = 0; i < j.nrcpt; i++)
		params(j.rcpt[i].params);
	job_encode(&out, &j);
	/* numbers may have had leading zeros */
	require(out.len <= size);
	if (out.len == size)
		require(!memcmp(out.s, data, size));
	str_free(&out);
	return 0;
}
