/* SPDX-License-Identifier: 0BSD */
/* smtpd_auth: the first byte chooses the mechanism, the rest are the client's
 * responses, a line each. What comes out as name and password must, encoded
 * again, be what went in. */
#include "fuzz.h"
#include "lib/base64.h"
#include "smtpd/verbs.h"

static void
clean(const struct str *s)
{
	require(s->len && s->len <= 255);
	for (size_t i = 0; i < s->len; i++)
		require((unsigned char)s->s[i] >= 32 && s->s[i] != 127);
}

/* n bytes at p must decode to want. */
static void
is(const char *p, size_t n, const struct str *want)
{
	struct str got = STR_INIT(1000), again = STR_INIT(2000);

	require(base64_decode(&got, p, n));
	require(got.len == want->len && !memcmp(str_c(&got), want->s, got.len));
	base64_encode(&again, str_c(&got), got.len);
	require(again.len == n && !memcmp(str_c(&again), p, n));
	str_free(&got);
	str_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf c = { .auth = true };
	struct session s;
	const char *p = (const char *)data + 1, *line = p;
	bool login;
	enum effect e;

	if (!size)
		return 0;
	login = data[0] & 1;
	size--;
	session_init(&s, &c);
	str_puts(&s.helo, "c");
	s.esmtp = s.tls = true;
	e = session_line(&s, login ? "AUTH LOGIN" : "AUTH PLAIN", 10, false);
	require(e == EFFECT_NONE);
	for (int turn = 0; s.auth != AUTH_NONE; turn++) {
		const char *lf = memchr(p, '\n', size);
		size_t n = lf ? (size_t)(lf - p) : size;
		/* at the end of its memory */
		char *copy = malloc(n ? n : 1);

		require(turn < 2);
		if (n)
			memcpy(copy, p, n);
		e = session_line(&s, copy, n, false);
		free(copy);
		line = p;
		size -= lf ? n + 1 : n;
		p += lf ? n + 1 : n;
		if (e != EFFECT_AUTH)
			continue;
		clean(&s.login);
		clean(&s.password);
		if (login)
			is(line, n, &s.password);
	}
	if (e == EFFECT_AUTH) {
		require(session_auth(&s, AUTH_WRONG, "") == EFFECT_NONE);
		require(!s.password.len && s.refused == 535);
	} else {
		require(s.refused >= 500 && !s.password.len);
	}
	session_free(&s);
	return 0;
}
