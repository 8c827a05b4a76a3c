/* SPDX-License-Identifier: 0BSD */
/* What Dovecot says to quill-authd, and requests from any user and password. */
#include "authd/dovecot.h"

#include "fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str line = STR_INIT(8192), user = STR_INIT(AUTHREQ_USER_MAX);
	struct str out = STR_INIT(8192);
	struct authreq q = { "joe", "pw", "192.0.2.1", "submission", true };
	enum authreq_class class;
	const char *why, *p;
	int lines = 0;

	str_put(&line, data, size < 8000 ? size : 8000);
	why = dovecot_answer(str_c(&line), &q, &class, &user);
	require(class != AUTHREQ_YES || (why && !*why));
	touch(why);
	touch(str_c(&user));

	q.client = q.user = str_c(&line);
	if (strlen(q.user) <= AUTHREQ_WORD_MAX) {
		dovecot_request(&out, &q, 1);
		for (p = str_c(&out); *p; p++)
			lines += *p == '\n';
		require(lines == 3);
	}
	str_free(&line);
	str_free(&user);
	str_free(&out);
	return 0;
}
