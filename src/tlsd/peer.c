/* SPDX-License-Identifier: 0BSD */
#include "tlsd/peer.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/str.h"

static void
copy(char *to, size_t size, const char *from)
{
	size_t n = from ? strlen(from) : 0;

	if (n >= size)
		n = size - 1;
	if (n)
		memcpy(to, from, n);
	to[n] = 0;
}

#define COPY(member, from) copy((member), sizeof(member), (from))

static bool
refuse(struct tls_state *s, enum tls_outcome outcome, const char *why)
{
	s->outcome = outcome;
	COPY(s->error, why);
	return false;
}

/* --- before the handshake */
/* One of the names, with wildcards only as a whole label: RFC 6125. */
static bool
demand_names(SSL *ssl, const struct tls_ask *a)
{
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	for (size_t i = 0; i < a->nname; i++)
		if (!SSL_add1_host(ssl, a->name[i]))
			return false;
	return a->nname > 0;
}

static bool
demand_pkix(SSL *ssl, const struct certs *c, const struct tls_ask *a,
	struct tls_state *s)
{
	X509_STORE *ca = certs_ca(c, a->ca ? a->ca : "default");

	if (!ca)
		return refuse(s, TLS_UNTRUSTED,
			a->ca ? "there is no such list of CAs in control/tls"
			      : "there are no CAs to verify it by");
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (SSL_set1_verify_cert_store(ssl, ca) && demand_names(ssl, a)) {
		/* a common name is no host name: RFC 8461 4.1, RFC 9525 */
		SSL_set_hostflags(
			ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
				     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
		return true;
	}
	return refuse(s, TLS_FAILED, "the TLS library refused a name");
}

/* RFC 7672: usages 2 and 3 only; for 3, names and dates do not matter. */
static bool
demand_dane(SSL *ssl, const struct tls_ask *a, struct tls_state *s)
{
	size_t usable = 0;

	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (SSL_dane_enable(ssl, a->name[0]) != 1 || !demand_names(ssl, a))
		return refuse(s, TLS_FAILED, "the TLS library refused a name");
	SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	for (size_t i = 0; i < a->ntlsa; i++) {
		const struct tls_tlsa *t = &a->tlsa[i];

		if (tls_usable(t) &&
			SSL_dane_tlsa_add(ssl, t->usage, t->selector,
				t->matching, t->data, t->n) > 0)
			usable++;
	}
	ERR_clear_error();
	return usable > 0 ||
	       refuse(s, TLS_UNTRUSTED, "none of its TLSA records is usable");
}

bool
peer_demand(SSL *ssl, const struct certs *c, const struct tls_ask *a,
	struct tls_state *s)
{
	unsigned char alpn[256];
	char sni[TLS_TEXT_MAX + 1]; /* the library's macro wants no const */
	size_t n = a->alpn ? strlen(a->alpn) : 0;

	if (a->policy != TLS_UNVERIFIED &&
		!SSL_set_cipher_list(ssl, "DEFAULT:!PSK:@SECLEVEL=1"))
		return refuse(s, TLS_FAILED, "the TLS library refused ciphers");
	COPY(sni, a->sni);
	if (*sni && !SSL_set_tlsext_host_name(ssl, sni))
		return refuse(s, TLS_FAILED, "the TLS library refused a name");
	if (n && n < sizeof alpn) {
		alpn[0] = (unsigned char)n;
		memcpy(alpn + 1, a->alpn, n);
		SSL_set_alpn_protos(ssl, alpn, (unsigned int)n + 1);
	}
	switch (a->policy) {
	case TLS_PKIX:
		return demand_pkix(ssl, c, a, s);
	case TLS_DANE:
		return demand_dane(ssl, a, s);
	case TLS_UNVERIFIED:
	default:
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
		return true;
	}
}

/* --- after it */
/* RFC 2253, one line; bytes that are not ASCII escaped. */
static void
put_subject(X509 *x, struct tls_state *s)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n;

	if (!bio)
		return;
	if (X509_NAME_print_ex(
		    bio, X509_get_subject_name(x), 0, XN_FLAG_RFC2253) >= 0) {
		n = BIO_read(bio, s->subject, sizeof s->subject - 1);
		s->subject[n > 0 ? n : 0] = 0;
	}
	BIO_free(bio);
}

static void
put_fingerprint(X509 *x, struct tls_state *s)
{
	static const char digit[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!X509_digest(x, EVP_sha256(), md, &n) ||
		n * 2 >= sizeof s->fingerprint)
		return;
	for (unsigned int i = 0; i < n; i++) {
		s->fingerprint[2 * i] = digit[md[i] >> 4];
		s->fingerprint[2 * i + 1] = digit[md[i] & 15];
	}
}

/* As a host name, or not at all. */
static void
put_sni(SSL *ssl, struct tls_state *s)
{
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	for (size_t i = 0; asked && asked[i]; i++)
		if (!ascii_isalnum(asked[i]) && !strchr(".-_", asked[i]))
			return;
	if (asked && strlen(asked) < sizeof s->sni) {
		COPY(s->sni, asked);
		ascii_tolower(s->sni, strlen(s->sni));
	}
}

static void
put_alpn(SSL *ssl, struct tls_state *s)
{
	const unsigned char *p;
	unsigned int n;

	SSL_get0_alpn_selected(ssl, &p, &n);
	if (n && n < sizeof s->alpn)
		memcpy(s->alpn, p, n);
}

void
peer_describe(SSL *ssl, const struct tls_ask *a, struct tls_state *s)
{
	X509 *x = SSL_get0_peer_certificate(ssl);
	struct str bits = STR_INIT(sizeof s->bits - 1);
	bool good = x && SSL_get_verify_result(ssl) == X509_V_OK;

	memset(s, 0, sizeof *s);
	COPY(s->version, SSL_get_version(ssl));
	COPY(s->cipher, SSL_get_cipher_name(ssl));
	str_putnum(&bits, (uint64_t)SSL_get_cipher_bits(ssl, NULL));
	COPY(s->bits, str_c(&bits));
	str_free(&bits);
	COPY(s->verified, "none");
	s->resumed = SSL_session_reused(ssl);
	put_alpn(ssl, s);
	if (x) {
		put_subject(x, s);
		put_fingerprint(x, s);
	}
	s->outcome = TLS_DONE;
	if (a->role == TLS_AS_SERVER) {
		put_sni(ssl, s);
		if (good)
			COPY(s->verified, "pkix");
		return;
	}
	if (a->policy == TLS_UNVERIFIED)
		return;
	/* The handshake would have failed; twice is safe. */
	if (!good || (a->policy == TLS_DANE &&
			     SSL_get0_dane_authority(ssl, NULL, NULL) < 0)) {
		refuse(s, TLS_UNTRUSTED, "it was not verified");
		return;
	}
	COPY(s->verified, a->policy == TLS_DANE ? "dane" : "pkix");
}

void
peer_failed(SSL *ssl, int what, struct tls_state *s)
{
	long verify = SSL_get_verify_result(ssl);
	unsigned long e = ERR_peek_error();
	const char *reason = ERR_reason_error_string(e);

	memset(s, 0, sizeof *s);
	if (ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED &&
		verify != X509_V_OK)
		refuse(s, TLS_UNTRUSTED, X509_verify_cert_error_string(verify));
	else if (what == SSL_ERROR_SYSCALL && !e)
		refuse(s, TLS_FAILED,
			errno ? strerror(errno)
			      : "the connection ended in the handshake");
	else if (ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		refuse(s, TLS_FAILED, "the connection ended in the handshake");
	else
		refuse(s, TLS_FAILED, reason ? reason : "handshake failed");
	ERR_clear_error();
}
