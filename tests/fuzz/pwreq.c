/* SPDX-License-Identifier: 0BSD */
/* pwreq: questions, answers and records of users/cdb. */
#include "wire/pwreq.h"

#include "fuzz/fuzz.h"

static void
user(const struct pwuser *u)
{
	require(u->user[0]);
	require(u->uid != (uid_t)-1 && u->gid != (gid_t)-1);
	touch(u->home);
	touch(u->dash);
	touch(u->ext);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *local;
	struct str out = STR_INIT(PWREQ_MAX * 2);
	struct pwanswer a, b;
	struct pwuser u;
	uint32_t number;

	if (pwreq_question(p, size, &number, &local))
		require(touch(local) < size);
	if (pwuser_decode(&u, p, size))
		user(&u);
	if (pwreq_decode(&a, p, size)) {
		if (a.found)
			user(&a.u);
		else
			touch(a.text);
		pwreq_answer(&out, &a);
		require(pwreq_decode(&b, out.s, out.len));
		require(a.number == b.number && a.found == b.found);
	}
	str_free(&out);
	return 0;
}
