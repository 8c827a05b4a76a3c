/* SPDX-License-Identifier: 0BSD */
/* authreq: questions to quill-authd and its answers. */
#include "wire/authreq.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *user;
	struct str out = STR_INIT(AUTHREQ_RECORD_MAX);
	enum authreq_class class;
	struct authreq q, b;

	if (authreq_decode(&q, p, size)) {
		touch(q.client);
		touch(q.service);
		require(authreq_put(&out, &q));
		require(authreq_decode(&b, out.s, out.len));
		require(strcmp(q.user, b.user) == 0 && q.tls == b.tls &&
			strcmp(q.password, b.password) == 0);
	}
	if (authreq_answered(&class, &user, p, size)) {
		require(touch(user) < size);
		str_clear(&out);
		authreq_answer(&out, class, user);
		require(out.len == size && memcmp(out.s, p, size) == 0);
	}
	str_free(&out);
	return 0;
}
