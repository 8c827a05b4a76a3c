/* SPDX-License-Identifier: 0BSD */
#include "tlsd/signer.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/stamp.h"

/* --- the process */
static EVP_PKEY *keys[SIGNREQ_INDEX + 1];
_Static_assert((int)BUNDLE_NAMES <= (int)SIGNREQ_INDEX, "numbers of names");

/* A key with a pass phrase is refused, not asked about on a terminal. */
static int
no_password(char *buf, int size, int rw, void *arg)
{
	(void)buf;
	(void)size;
	(void)rw;
	(void)arg;
	return -1;
}

static EVP_PKEY *
parse(const struct str *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->s, (int)pem->len);
	EVP_PKEY *k = NULL;

	if (bio)
		k = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	return k;
}

static size_t
sign(const struct signreq *q, uint8_t *out)
{
	EVP_PKEY *key = keys[q->index];
	EVP_PKEY_CTX *c = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	size_t n = SIGNREQ_DATA;
	bool done;

	done = c && EVP_PKEY_sign_init(c) == 1 &&
	       (!q->padding ||
		       EVP_PKEY_CTX_set_rsa_padding(c, q->padding) == 1) &&
	       EVP_PKEY_sign(c, out, &n, q->data, q->n) == 1;
	EVP_PKEY_CTX_free(c);
	return done ? n : 0;
}

static void
answer(const struct signreq *q, int to)
{
	uint8_t p[1 + SIGNREQ_DATA];
	size_t n = sign(q, p + 1);

	p[0] = n ? '=' : '!';
	/* It never waits: there is room in a new socket, or nobody listens. */
	if (fd_nonblock(to) == 0)
		(void)fd_send(to, p, n + 1, -1);
}

_Noreturn void
signer_run(int sock, const struct bundle *b)
{
	char p[SIGNREQ_MAX];

	for (size_t i = 0; i < b->count; i++)
		if (b->name[i].key)
			keys[i] = parse(b->name[i].key);
	for (;;) {
		struct signreq q;
		int to = -1;
		ssize_t n;

		if (fd_wait(sock, POLLIN, 0) < 0)
			_exit(111);
		n = fd_recv(sock, p, sizeof p, &to);
		if (n == 0)
			_exit(0);
		if (n > 0 && to >= 0 && signreq_decode(&q, p, (size_t)n))
			answer(&q, to);
		if (to >= 0)
			close(to);
	}
}

/* --- the other side */
static size_t
collect(int from, uint8_t *out)
{
	uint8_t p[SIGNREQ_MAX];
	int none = -1;
	ssize_t n;

	if (fd_wait(from, POLLIN, stamp_mono() + SIGNER_WAIT_S * 1000) < 0)
		return 0;
	n = fd_recv(from, p, sizeof p, &none);
	if (none >= 0)
		close(none);
	if (n < 2 || n > 1 + SIGNREQ_DATA || p[0] != '=')
		return 0;
	memcpy(out, p + 1, (size_t)n - 1);
	return (size_t)n - 1;
}

size_t
signer_sign(int sock, const struct signreq *q, uint8_t *out)
{
	char p[SIGNREQ_MAX];
	size_t n = signreq_encode(p, q), len = 0;
	int pair[2];

	if (!n || fd_seqpair(pair) < 0)
		return 0;
	if (fd_wait(sock, POLLOUT, stamp_mono() + SIGNER_WAIT_S * 1000) == 0 &&
		fd_send(sock, p, n, pair[1]) == 0) {
		close(pair[1]);
		len = collect(pair[0], out);
	} else
		close(pair[1]);
	close(pair[0]);
	return len;
}
