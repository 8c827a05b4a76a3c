/* SPDX-License-Identifier: 0BSD */
/* tlsrec: questions to quill-tlsd, of both roles, and its answers. */
#include "wire/tlsrec.h"

#include "fuzz/fuzz.h"

static void
question(enum tls_role role, const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1);
	struct str again = STR_INIT(TLSREC_ASK_MAX * 2);
	struct tls_ask a, b;
	uint32_t ms, ms2;

	memcpy(copy, data, size);
	if (tlsrec_asked(&a, &ms, role, copy, size)) {
		require(a.role == role && ms <= TLS_HANDSHAKE_S * 1000);
		require(a.nname <= TLS_NAMES_MAX && a.ntlsa <= TLS_TLSA_MAX);
		require(a.policy == TLS_UNVERIFIED || a.nname > 0);
		require(a.policy != TLS_DANE || a.ntlsa > 0);
		touch(a.peer);
		touch(a.sni);
		touch(a.ca);
		touch(a.session);
		touch(a.alpn);
		for (size_t i = 0; i < a.ntlsa; i++)
			(void)tls_usable(&a.tlsa[i]);
		tlsrec_ask(&again, &a, ms);
		require(!again.over);
		require(tlsrec_asked(&b, &ms2, role, again.s, again.len));
		require(ms == ms2 && a.nname == b.nname && a.ntlsa == b.ntlsa);
	}
	str_free(&again);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_state s, t;
	struct str out = STR_INIT(TLSREC_STATE_MAX);

	question(TLS_AS_CLIENT, data, size);
	question(TLS_AS_SERVER, data, size);
	if (tlsrec_answered(&s, (const char *)data, size)) {
		tlsrec_answer(&out, &s);
		require(tlsrec_answered(&t, out.s, out.len));
		require(s.outcome == t.outcome && !strcmp(s.error, t.error));
	}
	str_free(&out);
	return 0;
}
