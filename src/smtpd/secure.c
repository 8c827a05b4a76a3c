/* SPDX-License-Identifier: 0BSD */
#include "smtpd/secure.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"

static int64_t
soon(const struct loop *l)
{
	uint64_t s = l->conf->timeout;

	if (s > TLS_HANDSHAKE_S)
		s = TLS_HANDSHAKE_S;
	return stamp_mono() + (int64_t)s * 1000;
}

/* The descriptor that a variable names; -1. */
static int
named_fd(const char *name)
{
	const char *value = getenv(name);
	uint64_t fd;

	return value && num_parses(value, 65535, &fd) ? (int)fd : -1;
}

/* For filters and policy programs, by the names that wrappers use. */
static void
tell_environment(const struct tls_state *t)
{
	setenv("SSL_PROTOCOL", t->version, 1);
	setenv("SSL_CIPHER", t->cipher, 1);
	if (t->subject[0])
		setenv("SSL_CLIENT_S_DN", t->subject, 1);
	else
		unsetenv("SSL_CLIENT_S_DN");
	setenv("SSL_CLIENT_VERIFY",
		!strcmp(t->verified, "pkix") ? "SUCCESS" : "NONE", 1);
}

/* What came in plain text and was not read yet is thrown away (RFC 3207 4.2:
 * it may be somebody else's). */
static bool
adopt(struct loop *l, int in, int out)
{
	ibuf_discard(&l->in);
	return dup2(in, l->in.fd) != -1 && dup2(out, l->out.fd) != -1;
}

/* The wrapper's two descriptors become ours. */
static bool
by_wrapper(struct loop *l)
{
	int ctl = named_fd("SSLCTLFD"), in = named_fd("SSLREADFD"),
	    out = named_fd("SSLWRITEFD");
	bool good = ctl != -1 && in != -1 && out != -1 &&
		    fd_writeall(ctl, "y", 1) == 0 && adopt(l, in, out);

	l->tls = (struct tls_state){ .outcome = TLS_DONE,
		.version = "TLS",
		.cipher = "by-wrapper",
		.verified = "none" };
	return good;
}

static bool
by_tlsd(struct loop *l)
{
	struct tls_ask a = { .role = TLS_AS_SERVER,
		.peer = l->conf->remoteip ? l->conf->remoteip : "-" };
	int plain = tls_start(l->link, l->in.fd, &a, soon(l), &l->tls);
	bool good = plain != -1 && adopt(l, plain, plain);

	l->link = -1;
	if (plain != -1)
		close(plain);
	if (good)
		tell_environment(&l->tls);
	return good;
}

/* A process is there that will do it. */
static bool
reserve(struct loop *l)
{
	if (getenv("SSLCTLFD"))
		return true;
	l->link = tls_reserve(TLS_AS_SERVER, soon(l), &l->tls);
	if (l->link == -1)
		log_warning(l->tls.error);
	return l->link != -1;
}

enum effect
secure_reserve(struct loop *l)
{
	return session_ready(&l->s, reserve(l));
}

/* "TLSv1.3/TLS_AES_256_GCM_SHA384", and who a certificate says the client is.
 * A CA of control/tls must say so, too, or it is nobody's word. */
static void
words(const struct tls_state *t, struct str *out)
{
	str_puts(out, t->version);
	str_putc(out, '/');
	str_puts(out, t->cipher);
	if (!strcmp(t->verified, "pkix")) {
		str_puts(out, " client ");
		str_puts(out, t->subject);
	}
}

enum effect
secure_start(struct loop *l)
{
	struct str tls = STR_INIT(400);
	enum effect e;
	bool good;

	obuf_put(&l->out, l->s.out.s, l->s.out.len);
	str_clear(&l->s.out);
	if (obuf_flush(&l->out) == -1)
		return session_lost(&l->s, "write");
	good = l->link == -1 ? by_wrapper(l) : by_tlsd(l);
	words(&l->tls, &tls);
	e = session_tls(&l->s, good ? str_c(&tls) : NULL);
	str_free(&tls);
	return e;
}

enum effect
secure_first(struct loop *l)
{
	if (!reserve(l))
		return session_lost(&l->s, "tls");
	return secure_start(l);
}
