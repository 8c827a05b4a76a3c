/* SPDX-License-Identifier: 0BSD */
#include "tlsd/conn.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "tlsd/cache.h"
#include "tlsd/peer.h"
#include "tlsd/proxy.h"
#include "tlsd/relay.h"
#include "wire/tlsrec.h"

struct conn {
	const struct certs *certs;
	int link, net;
	SSL *ssl;
	int64_t until; /* for the handshake */
	struct tls_ask ask;
	struct tls_state state;
};

static char record[TLSREC_ASK_MAX];

/* The question, and the socket. false: the caller changed its mind, or sent
 * what no caller sends. */
static bool
take(struct conn *c, enum tls_role role, uint64_t handshake)
{
	uint32_t ms = 0;
	ssize_t n;

	c->net = -1;
	if (fd_send(c->link, "R", 2, -1) < 0 ||
		fd_wait(c->link, POLLIN, stamp_mono() + CONN_ASK_S * 1000) < 0)
		return false;
	n = fd_recv(c->link, record, sizeof record, &c->net);
	if (n == 0)
		return false;
	if (n < 0 || c->net < 0 ||
		!tlsrec_asked(&c->ask, &ms, role, record, (size_t)n)) {
		log_warning("a caller sent what it should not");
		return false;
	}
	if (ms > handshake * 1000)
		ms = (uint32_t)(handshake * 1000);
	c->until = stamp_mono() + ms;
	return fd_nonblock(c->net) == 0;
}

/* --- sessions that a client can resume */
static int
keep_session(SSL *ssl, SSL_SESSION *session)
{
	const struct conn *c = SSL_get_app_data(ssl);
	unsigned char der[CACHE_DATA], *p = der;
	int n = i2d_SSL_SESSION(session, NULL);

	if (n > 0 && n <= CACHE_DATA && i2d_SSL_SESSION(session, &p) == n)
		cache_put(c->ask.session, der, (size_t)n);
	return 0; /* the session stays the library's */
}

static void
resume(struct conn *c)
{
	unsigned char der[CACHE_DATA];
	const unsigned char *p = der;
	size_t n;
	SSL_SESSION *session;
	SSL_CTX *ctx = SSL_get_SSL_CTX(c->ssl);

	if (c->ask.policy != TLS_UNVERIFIED || !c->ask.session ||
		!*c->ask.session)
		return;
	SSL_CTX_set_session_cache_mode(
		ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	SSL_set_app_data(c->ssl, c);
	n = cache_take(c->ask.session, der);
	session = n ? d2i_SSL_SESSION(NULL, &p, (long)n) : NULL;
	if (session)
		SSL_set_session(c->ssl, session);
	SSL_SESSION_free(session);
	ERR_clear_error();
}

static bool
prepare(struct conn *c)
{
	bool server = c->ask.role == TLS_AS_SERVER;

	c->ssl = SSL_new(server ? c->certs->server : c->certs->client);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->net)) {
		c->state.outcome = TLS_FAILED;
		memcpy(c->state.error, "out of memory", 14);
		return false;
	}
	if (server) {
		SSL_set_accept_state(c->ssl);
		return true;
	}
	SSL_set_connect_state(c->ssl);
	resume(c);
	return peer_demand(c->ssl, c->certs, &c->ask, &c->state);
}

/* --- the handshake */
static bool
late(struct conn *c)
{
	memset(&c->state, 0, sizeof c->state);
	c->state.outcome = TLS_LATE;
	memcpy(c->state.error, "no handshake in time", 21);
	return false;
}

/* Wait for the peer; the caller that hangs up meanwhile ends it all. */
static bool
wait_peer(struct conn *c, short events)
{
	struct pollfd p[2] = { { .fd = c->net, .events = events },
		{ .fd = c->link, .events = POLLIN } };
	int64_t left = c->until - stamp_mono();

	if (left <= 0)
		return late(c);
	if (poll(p, 2, (int)left) < 0 && errno != EINTR)
		return late(c);
	if (p[1].revents)
		_exit(0);
	return true;
}

static bool
shake(struct conn *c)
{
	for (;;) {
		int r, what;

		ERR_clear_error();
		errno = 0;
		r = SSL_do_handshake(c->ssl);
		if (r == 1)
			break;
		what = SSL_get_error(c->ssl, r);
		if (what != SSL_ERROR_WANT_READ &&
			what != SSL_ERROR_WANT_WRITE) {
			peer_failed(c->ssl, what, &c->state);
			return false;
		}
		if (!wait_peer(
			    c, what == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
			return false;
	}
	peer_describe(c->ssl, &c->ask, &c->state);
	return c->state.outcome == TLS_DONE;
}

/* --- what is said about it */
static void
put(struct str *line, const char *key, const char *value, bool quoted)
{
	if (!*value)
		return;
	str_putc(line, ' ');
	str_puts(line, key);
	str_putc(line, '=');
	if (quoted)
		str_putc(line, '"');
	for (; *value; value++)
		str_putc(line, quoted && *value == '"' ? '\'' : *value);
	if (quoted)
		str_putc(line, '"');
}

static void
report(const struct conn *c)
{
	static const char *const policies[] = { "none", "pkix", "dane" };
	const struct tls_state *s = &c->state;
	struct str line = STR_INIT(LOG_MAX);

	put(&line, "peer", *c->ask.peer ? c->ask.peer : "unknown", false);
	put(&line, "tls", s->version, false);
	put(&line, "cipher", s->cipher, false);
	put(&line, "bits", s->bits, false);
	if (c->ask.role == TLS_AS_CLIENT)
		put(&line, "demanded", policies[c->ask.policy], false);
	put(&line, "verified", s->verified, false);
	put(&line, "sni",
		c->ask.role == TLS_AS_CLIENT && c->ask.sni ? c->ask.sni
							   : s->sni,
		false);
	put(&line, "alpn", s->alpn, false);
	if (s->resumed)
		put(&line, "resumed", "1", false);
	put(&line, "fingerprint", s->fingerprint, false);
	put(&line, "subject", s->subject, true);
	put(&line, "error", s->error, true);
	log_info(tlsrec_name(c->ask.role), str_c(&line));
	str_free(&line);
}

/* Tell the caller; the plain socket goes along when all is well. Our end of
 * it, or -1. */
static int
answer(struct conn *c)
{
	struct str rec = STR_INIT(TLSREC_STATE_MAX);
	int pair[2] = { -1, -1 };
	bool sent;

	if (c->state.outcome == TLS_DONE &&
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		c->state.outcome = TLS_FAILED;
		memcpy(c->state.error, "no descriptors", 15);
	}
	tlsrec_answer(&rec, &c->state);
	sent = !rec.over && fd_send(c->link, rec.s, rec.len, pair[1]) == 0;
	str_free(&rec);
	close(c->link);
	if (pair[1] >= 0)
		close(pair[1]);
	if (pair[0] >= 0 && (!sent || fd_nonblock(pair[0]) < 0)) {
		close(pair[0]);
		pair[0] = -1;
	}
	return pair[0];
}

void
conn_run(const struct certs *certs, enum tls_role role, int link,
	uint64_t handshake)
{
	/* 0, 1 and 2 are open; poll(2) wants it to be 2 at least. */
	static const struct rlimit none = { 2, 2 };
	static struct conn c;
	int plain;

	c.certs = certs;
	c.link = link;
	if (!take(&c, role, handshake))
		return;
	if (prepare(&c))
		shake(&c);
	report(&c);
	plain = answer(&c);
	if (plain < 0)
		return;
	/* From here on nothing is signed, and nothing opened. */
	proxy_done();
	(void)setrlimit(RLIMIT_NOFILE, &none);
	relay(c.ssl, c.net, plain);
}
