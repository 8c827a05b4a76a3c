/* SPDX-License-Identifier: 0BSD */
#include "wire/tlsrec.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static enum tls_role role;

static bool
asked(char *p, size_t n)
{
	struct tls_ask a;
	uint32_t ms;
	size_t sum = 0;

	if (!tlsrec_asked(&a, &ms, role, p, n))
		return false;
	sum += strlen(a.peer);
	for (size_t i = 0; i < a.nname; i++)
		sum += strlen(a.name[i]);
	for (size_t i = 0; i < a.ntlsa; i++)
		for (size_t j = 0; j < a.tlsa[i].n; j++)
			sum += a.tlsa[i].data[j] != 0;
	return sum < n + TLSREC_ASK_MAX;
}

static bool
answered(char *p, size_t n)
{
	struct tls_state s;

	return tlsrec_answered(&s, p, n) && strlen(s.subject) < n;
}

static const uint8_t digest[32] = { 0, 1, 0xab, 0xff };

static struct tls_ask
full(void)
{
	return (struct tls_ask){ .role = TLS_AS_CLIENT,
		.peer = "mx.example[192.0.2.1]",
		.policy = TLS_DANE,
		.sni = "mx.example",
		.name = { "mx.example", "example" },
		.nname = 2,
		.tlsa = { { 3, 1, 1, digest, 32 }, { 2, 0, 2, digest, 1 } },
		.ntlsa = 2,
		.ca = "default",
		.session = "mx.example 25",
		.alpn = "smtp" };
}

static void
test_ask(void)
{
	struct str s = STR_INIT(TLSREC_ASK_MAX);
	struct tls_ask a = full(), b;
	uint32_t ms = 0;
	char *copy;

	role = TLS_AS_CLIENT;
	tlsrec_ask(&s, &a, 60000);
	is_num(hostile_cut(asked, s.s, s.len), 0, "truncated");
	hostile_flip(asked, s.s, s.len);
	copy = malloc(s.len);
	memcpy(copy, s.s, s.len);
	ok(tlsrec_asked(&b, &ms, TLS_AS_CLIENT, copy, s.len), "a client's");
	is_num(ms, 60000, "ms");
	is_num(b.role, TLS_AS_CLIENT, "role");
	is_num(b.policy, TLS_DANE, "policy");
	is_str(b.peer, a.peer, "peer");
	is_str(b.sni, a.sni, "sni");
	is_num(b.nname, 2, "names");
	is_str(b.name[1], "example", "the second");
	is_num(b.ntlsa, 2, "TLSA records");
	ok(b.tlsa[0].usage == 3 && b.tlsa[0].selector == 1 &&
			b.tlsa[0].matching == 1 && b.tlsa[0].n == 32 &&
			!memcmp(b.tlsa[0].data, digest, 32),
		"the first");
	ok(b.tlsa[1].usage == 2 && b.tlsa[1].matching == 2 && b.tlsa[1].n == 1,
		"the second");
	is_str(b.ca, "default", "ca");
	is_str(b.session, a.session, "session");
	is_str(b.alpn, "smtp", "alpn");
	memcpy(copy, s.s, s.len);
	ok(!tlsrec_asked(&b, &ms, TLS_AS_SERVER, copy, s.len),
		"not from the server's socket");
	free(copy);

	str_clear(&s);
	a = (struct tls_ask){ .role = TLS_AS_SERVER, .peer = "" };
	tlsrec_ask(&s, &a, 1);
	ok(tlsrec_asked(&b, &ms, TLS_AS_SERVER, s.s, s.len), "a server's");
	is_num(b.nname + b.ntlsa, 0, "has nothing else");
	role = TLS_AS_SERVER;
	is_num(hostile_cut(asked, s.s, s.len), 0, "truncated");
	str_free(&s);
}

/* What must be refused; each is one change of a record that is taken. */
static void
test_refused(void)
{
	static const struct {
		const char *record;
		size_t n;
		bool good;
		const char *why;
	} table[] = {
#define RECORD(text, good, why) { text "\0", sizeof(text "\0") - 1, good, why }
		RECORD("d1\0px\0v0\0", true, "unverified"),
		RECORD("d1\0px\0v1\0nx\0", true, "pkix with a name"),
		RECORD("d1\0px\0v1\0", false, "pkix without names"),
		RECORD("d1\0px\0v1\0n\0", false, "an empty name"),
		RECORD("d1\0px\0v2\0nx\0t3 1 1 00\0", true, "dane"),
		RECORD("d1\0px\0v2\0nx\0", false, "dane without records"),
		RECORD("d1\0px\0v2\0t3 1 1 00\0", false, "dane without names"),
		RECORD("d1\0px\0v2\0nx\0t3 1 1 0\0", false, "half a byte"),
		RECORD("d1\0px\0v2\0nx\0t3 1 1 \0", false, "no data"),
		RECORD("d1\0px\0v2\0nx\0t3 1 1 AA\0", true, "capitals"),
		RECORD("d1\0px\0v2\0nx\0t3 1 1 0g\0", false, "no digit"),
		RECORD("d1\0px\0v2\0nx\0t3 1 256 00\0", false, "no octet"),
		RECORD("d1\0px\0v2\0nx\0t3 1\0", false, "parts missing"),
		RECORD("d1\0px\0v3\0nx\0", false, "unknown policy"),
		RECORD("d1\0px\0v0\0z\0", false, "unknown field"),
		RECORD("d1\0px\0v0\0ly\0kx\0", false, "wrong order"),
		RECORD("d1\0px\0v0\0sx\0sx\0", false, "twice"),
		RECORD("d1\0p\xc3\xa9\0v0\0", false, "not ASCII"),
		RECORD("d1\0px\ny\0v0\0", false, "a control character"),
		RECORD("d120001\0px\0v0\0", false, "too long a time"),
		RECORD("d-1\0px\0v0\0", false, "less than none"),
		RECORD("px\0v0\0", false, "no time"),
		RECORD("d1\0v0\0", false, "no peer"),
		RECORD("d1\0px\0", false, "no policy"),
		RECORD("d1\0px\0v0\0\0", false, "something behind"),
	};
	char p[100];

	role = TLS_AS_CLIENT;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		memcpy(p, table[i].record, table[i].n);
		is_num(asked(p, table[i].n), table[i].good, "%s", table[i].why);
	}
}

static void
test_limits(void)
{
	struct str s = STR_INIT(TLSREC_ASK_MAX * 2);
	static uint8_t big[TLS_TLSA_DATA];
	struct tls_ask a = full();
	char name[TLS_TEXT_MAX + 2];

	role = TLS_AS_CLIENT;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	a.nname = TLS_NAMES_MAX;
	for (size_t i = 0; i < TLS_NAMES_MAX; i++)
		a.name[i] = name + 1;
	a.ntlsa = TLS_TLSA_MAX;
	for (size_t i = 0; i < TLS_TLSA_MAX; i++)
		a.tlsa[i] = (struct tls_tlsa){ 255, 255, 255, big, sizeof big };
	tlsrec_ask(&s, &a, TLS_HANDSHAKE_S * 1000);
	ok(s.len < TLSREC_ASK_MAX, "the largest fits");
	ok(asked(s.s, s.len), "and is taken");
	str_clear(&s);
	a.name[3] = name;
	tlsrec_ask(&s, &a, 1);
	ok(!asked(s.s, s.len), "a name too long");
	str_free(&s);
}

static void
test_answer(void)
{
	struct str s = STR_INIT(TLSREC_STATE_MAX);
	struct tls_state a = { .outcome = TLS_DONE,
		.version = "TLSv1.3",
		.cipher = "TLS_AES_256_GCM_SHA384",
		.bits = "256",
		.verified = "dane",
		.subject = "CN=\xff\nx",
		.sni = "mx.example",
		.alpn = "smtp",
		.resumed = true };
	struct tls_state b;
	char tag[TLS_TAG_MAX];

	memset(a.error, 'e', sizeof a.error - 1);
	memset(a.fingerprint, 'f', sizeof a.fingerprint - 1);
	tlsrec_answer(&s, &a);
	ok(tlsrec_answered(&b, s.s, s.len), "answer");
	is_num(b.outcome, TLS_DONE, "outcome");
	is_str(b.error, a.error, "error");
	is_str(b.version, "TLSv1.3", "version");
	is_str(b.cipher, a.cipher, "cipher");
	is_str(b.bits, "256", "bits");
	is_str(b.verified, "dane", "verified");
	is_str(b.subject, "CN=??x", "what is not printable is not passed on");
	is_str(b.fingerprint, a.fingerprint, "fingerprint");
	is_str(b.sni, "mx.example", "sni");
	is_str(b.alpn, "smtp", "alpn");
	ok(b.resumed, "resumed");
	is_num(hostile_cut(answered, s.s, s.len), 0, "truncated");
	hostile_flip(answered, s.s, s.len);
	tls_tag(&b, tag);
	is_str(tag, "TLSv1.3/TLS_AES_256_GCM_SHA384/dane", "tag");
	b.outcome = TLS_LATE;
	tls_tag(&b, tag);
	is_str(tag, "", "no tag without TLS");
	str_putc(&s, 0);
	ok(!answered(s.s, s.len), "something behind");
	str_free(&s);
}

static void
test_usable(void)
{
	static const struct {
		uint8_t usage, selector, matching;
		size_t n;
		bool usable;
	} table[] = {
		{ 3, 1, 1, 32, true },
		{ 3, 0, 1, 32, true },
		{ 2, 0, 1, 32, true },
		{ 2, 1, 1, 32, true },
		{ 2, 1, 2, 64, true },
		{ 3, 1, 0, 100, true },
		{ 3, 1, 0, 0, false },
		{ 0, 1, 1, 32, false },
		{ 1, 1, 1, 32, false },
		{ 4, 1, 1, 32, false },
		{ 3, 2, 1, 32, false },
		{ 3, 1, 3, 32, false },
		{ 3, 1, 1, 31, false },
		{ 3, 1, 1, 64, false },
		{ 3, 1, 2, 32, false },
		{ 3, 1, 0, TLS_TLSA_DATA + 1, false },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct tls_tlsa t = { table[i].usage, table[i].selector,
			table[i].matching, digest, table[i].n };

		is_num(tls_usable(&t), table[i].usable, "%u %u %u, %zu bytes",
			t.usage, t.selector, t.matching, t.n);
	}
}

int
main(void)
{
	test_ask();
	test_refused();
	test_limits();
	test_answer();
	test_usable();
	return done_testing();
}
