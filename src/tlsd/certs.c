/* SPDX-License-Identifier: 0BSD */
#include "tlsd/certs.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "lib/ascii.h"
#include "lib/log.h"
#include "lib/rand.h"
#include "tlsd/proxy.h"
#include "wire/site.h"

struct certs_name {
	const char *name; /* the bundle's */
	X509 *cert;	  /* NULL: this one is no server */
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
	X509_STORE *clients; /* NULL: clients are not asked for certificates */
	STACK_OF(X509_NAME) * client_names;
	X509_STORE *ca;
};

/* Forward secrecy only, and nothing that would need the key to decrypt. */
static const char server_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:"
				     "!aNULL:!PSK:@SECLEVEL=1";
/* A peer that can do no better than this is better than plain text. */
static const char client_ciphers[] = "DEFAULT:!PSK:@SECLEVEL=0";

static bool
refuse(struct str *why, const char *name, const char *file, const char *reason)
{
	str_clear(why);
	str_puts(why, site_control);
	str_puts(why, "/tls/");
	str_puts(why, name);
	str_putc(why, '/');
	str_puts(why, file);
	str_puts(why, ": ");
	str_puts(why, reason);
	return false;
}

/* All certificates of a PEM file, in order; NULL: none, or one is malformed. */
static STACK_OF(X509) * parse(const struct str *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->s, (int)pem->len);
	STACK_OF(X509) *all = sk_X509_new_null();
	X509 *x;

	while (bio && all && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		if (!sk_X509_push(all, x))
			break;
	BIO_free(bio);
	if (all && sk_X509_num(all) > 0 &&
		ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return all;
	}
	sk_X509_pop_free(all, X509_free);
	ERR_clear_error();
	return NULL;
}

static X509_STORE *
make_store(STACK_OF(X509) * all)
{
	X509_STORE *store = X509_STORE_new();

	for (int i = 0; store && i < sk_X509_num(all); i++)
		(void)X509_STORE_add_cert(store, sk_X509_value(all, i));
	ERR_clear_error();
	return store;
}

static X509_STORE *
load_ca(const struct bundle_name *b, struct str *why)
{
	STACK_OF(X509) *all = parse(b->ca);
	X509_STORE *store = all ? make_store(all) : NULL;

	if (!store)
		refuse(why, b->name, "ca.pem",
			"has no certificates, or a malformed one");
	sk_X509_pop_free(all, X509_free);
	return store;
}

static bool
load_clients(struct certs_name *n, const struct bundle_name *b, struct str *why)
{
	STACK_OF(X509) *all = parse(b->clients);

	if (!all)
		return refuse(why, b->name, "clients.pem",
			"has no certificates, or a malformed one");
	n->clients = make_store(all);
	n->client_names = sk_X509_NAME_new_null();
	for (int i = 0; n->client_names && i < sk_X509_num(all); i++) {
		X509_NAME *name = X509_NAME_dup(
			X509_get_subject_name(sk_X509_value(all, i)));

		if (!name || !sk_X509_NAME_push(n->client_names, name))
			X509_NAME_free(name);
	}
	sk_X509_pop_free(all, X509_free);
	return n->clients && n->client_names;
}

/* Does the signer have the key of this certificate? */
static bool
try_key(EVP_PKEY *public, EVP_PKEY *key)
{
	static const unsigned char text[] = "does it fit?";
	unsigned char sig[2048];
	size_t n = sizeof sig;
	EVP_MD_CTX *c = EVP_MD_CTX_new(), *v = EVP_MD_CTX_new();
	bool fits;

	fits = c && v &&
	       EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
	       EVP_DigestSign(c, sig, &n, text, sizeof text) == 1 &&
	       EVP_DigestVerifyInit(v, NULL, EVP_sha256(), NULL, public) == 1 &&
	       EVP_DigestVerify(v, sig, n, text, sizeof text) == 1;
	EVP_MD_CTX_free(c);
	EVP_MD_CTX_free(v);
	ERR_clear_error();
	return fits;
}

static bool
load_cert(struct certs_name *n, size_t index, const struct bundle_name *b,
	struct str *why)
{
	EVP_PKEY *public;

	n->chain = parse(b->cert);
	n->cert = n->chain ? sk_X509_shift(n->chain) : NULL;
	public = n->cert ? X509_get0_pubkey(n->cert) : NULL;
	if (!public)
		return refuse(why, b->name, "cert.pem",
			"has no certificates, or a malformed one");
	n->key = proxy_key(public, index);
	if (!n->key)
		return refuse(why, b->name, "cert.pem",
			"its key is neither RSA nor ECDSA");
	if (!try_key(public, n->key))
		return refuse(why, b->name, "key.pem",
			"cannot be used: not the key of cert.pem, malformed, "
			"or with a pass phrase");
	return true;
}

static bool
load_name(struct certs_name *n, size_t index, const struct bundle_name *b,
	struct str *why)
{
	n->name = b->name;
	if (b->ca && !(n->ca = load_ca(b, why)))
		return false;
	if (b->clients && !load_clients(n, b, why))
		return false;
	return !b->cert || load_cert(n, index, b, why);
}

static const struct certs_name *
find(const struct certs *c, const char *name)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int r = strcmp(name, c->name[mid].name);

		if (!r)
			return &c->name[mid];
		if (r < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

X509_STORE *
certs_ca(const struct certs *c, const char *name)
{
	const struct certs_name *n = find(c, name);

	return n ? n->ca : NULL;
}

/* --- the library asks, in a handshake */
/* Which certificate? */
static int
choose(SSL *ssl, void *arg)
{
	const struct certs *c = arg;
	const char *asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct certs_name *n = NULL;
	char name[256];
	size_t len = asked ? strlen(asked) : 0;

	if (len && len < sizeof name) {
		memcpy(name, asked, len + 1);
		ascii_tolower(name, len);
		n = find(c, name);
	}
	if (!n || !n->cert)
		n = find(c, "default");
	if (!n || !n->cert)
		return 0;
	if (n->clients) {
		/* Nobody is refused for what the certificate is like. */
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
		SSL_set1_verify_cert_store(ssl, n->clients);
		SSL_set0_CA_list(ssl, SSL_dup_CA_list(n->client_names));
	}
	return SSL_use_cert_and_key(ssl, n->cert, n->key, n->chain, 1);
}

/* A client that names protocols, and none of them is SMTP, wants something
 * else of us, and may be somebody's browser that was led astray. */
static int
choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *outlen,
	const unsigned char *in, unsigned int inlen, void *arg)
{
	(void)ssl;
	(void)arg;
	for (unsigned int i = 0; i < inlen && in[i] < inlen - i;
		i += 1U + in[i])
		if (in[i] == 4 && !memcmp(in + i + 1, "smtp", 4)) {
			*out = in + i + 1;
			*outlen = 4;
			return SSL_TLSEXT_ERR_OK;
		}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int
accept_any(X509_STORE_CTX *x, void *arg)
{
	(void)arg;
	/* The result stays in the store's context, and is asked for later. */
	(void)X509_verify_cert(x);
	return 1;
}

/* --- contexts */
static SSL_CTX *
make_ctx(const SSL_METHOD *method, const char *ciphers)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (!SSL_CTX_set_cipher_list(ctx, ciphers)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

void
certs_new_tickets(struct certs *c)
{
	unsigned char keys[80];

	rand_bytes(keys, sizeof keys);
	SSL_CTX_set_tlsext_ticket_keys(c->server, keys, sizeof keys);
}

bool
certs_load(struct certs *c, const struct bundle *b, struct str *why)
{
	static const unsigned char id[] = "quill";
	struct certs_name *n;

	memset(c, 0, sizeof *c);
	n = xmalloc((b->count + 1) * sizeof *n);
	memset(n, 0, (b->count + 1) * sizeof *n);
	for (size_t i = 0; i < b->count; i++)
		if (!load_name(&n[i], i, &b->name[i], why))
			return false;
	c->name = n;
	c->count = b->count;
	c->serving = b->server;
	c->server = make_ctx(TLS_server_method(), server_ciphers);
	c->client = make_ctx(TLS_client_method(), client_ciphers);
	if (!c->server || !c->client || SSL_CTX_dane_enable(c->client) != 1) {
		str_clear(why);
		str_puts(why, "the TLS library cannot be set up");
		return false;
	}
	SSL_CTX_set_cert_cb(c->server, choose, c);
	SSL_CTX_set_alpn_select_cb(c->server, choose_alpn, NULL);
	SSL_CTX_set_cert_verify_callback(c->server, accept_any, NULL);
	SSL_CTX_set_session_id_context(c->server, id, sizeof id - 1);
	SSL_CTX_set_num_tickets(c->server, 1);
	certs_new_tickets(c);
	return true;
}

void
certs_warn(const struct certs *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->name[i].cert && X509_cmp_current_time(X509_get0_notAfter(
					       c->name[i].cert)) < 0)
			log_warning(site_control, "/tls/", c->name[i].name,
				"/cert.pem: it has expired");
}

/* --- quill-tlsd -n */
static uint64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;
	time_t when = ASN1_TIME_to_tm(t, &tm) == 1 ? timegm(&tm) : 0;

	return when > 0 ? (uint64_t)when : 0;
}

/* SHA-256 of the key, as a TLSA record "3 1 1" has it. */
static void
put_digest(struct str *out, const X509 *cert)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned int n = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (len > 0)
		EVP_Digest(der, (size_t)len, digest, &n, EVP_sha256(), NULL);
	OPENSSL_free(der);
	for (unsigned int i = 0; i < n; i++) {
		str_putc(out, hex[digest[i] >> 4]);
		str_putc(out, hex[digest[i] & 15]);
	}
}

void
certs_tell(const struct certs *c, const char *host, struct str *out)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct certs_name *n = &c->name[i];
		const char *is = strcmp(n->name, "default") ? n->name : host;

		if (!n->cert)
			continue;
		str_puts(out, "certificate ");
		str_puts(out, n->name);
		str_puts(out, " from=");
		str_putnum(out, seconds(X509_get0_notBefore(n->cert)));
		str_puts(out, " until=");
		str_putnum(out, seconds(X509_get0_notAfter(n->cert)));
		str_puts(out, " key=");
		put_digest(out, n->cert);
		str_puts(out, " fits=");
		str_puts(out, X509_check_host(n->cert, is, 0, 0, NULL) == 1
				      ? "yes"
				      : "no");
		str_putc(out, '\n');
	}
}
