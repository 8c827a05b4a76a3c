/* SPDX-License-Identifier: 0BSD */
/* The methods of RSA and EC keys are how OpenSSL lets somebody else do the
 * private operation without a provider of several hundred lines; since 3.0 it
 * calls them deprecated. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tlsd/proxy.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>
#include <unistd.h>

#include "tlsd/signer.h"

static RSA_METHOD *rsa_method;
static EC_KEY_METHOD *ec_method;
static int signer = -1;
/* As ex_data of a key: a pointer into numbers, whose offset is its number. */
static char numbers[SIGNREQ_INDEX + 1];

static int
rsa_sign(int n, const unsigned char *from, unsigned char *to, RSA *rsa,
	int padding)
{
	const char *number = RSA_get_ex_data(rsa, 0);
	uint8_t out[SIGNREQ_DATA];
	struct signreq q = { .padding = padding, .data = from, .n = (size_t)n };
	size_t len;

	if (!number || n <= 0 || n > SIGNREQ_DATA)
		return -1;
	q.index = (size_t)(number - numbers);
	len = signer_sign(signer, &q, out);
	/* The library gives room for a number as large as the modulus. */
	if (!len || len > (size_t)RSA_size(rsa))
		return -1;
	memcpy(to, out, len);
	return (int)len;
}

/* Cipher suites that decrypt with the key are not offered. */
static int
rsa_decrypt(int n, const unsigned char *from, unsigned char *to, RSA *rsa,
	int padding)
{
	(void)n;
	(void)from;
	(void)to;
	(void)rsa;
	(void)padding;
	return -1;
}

static int
ec_sign(int type, const unsigned char *digest, int n, unsigned char *sig,
	unsigned int *len, const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
{
	const char *number = EC_KEY_get_ex_data(key, 0);
	uint8_t out[SIGNREQ_DATA];
	struct signreq q = { .data = digest, .n = (size_t)n };
	size_t got;

	(void)type;
	(void)kinv;
	(void)r;
	if (!number || n <= 0 || n > SIGNREQ_DATA)
		return 0;
	q.index = (size_t)(number - numbers);
	got = signer_sign(signer, &q, out);
	if (!got || got > (size_t)ECDSA_size(key))
		return 0;
	memcpy(sig, out, got);
	*len = (unsigned int)got;
	return 1;
}

void
proxy_init(int sock)
{
	signer = sock;
	rsa_method = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	ec_method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	if (!rsa_method || !ec_method)
		return;
	RSA_meth_set_priv_enc(rsa_method, rsa_sign);
	RSA_meth_set_priv_dec(rsa_method, rsa_decrypt);
	EC_KEY_METHOD_set_sign(ec_method, ec_sign, NULL, NULL);
}

void
proxy_done(void)
{
	if (signer >= 0)
		close(signer);
	signer = -1;
}

static EVP_PKEY *
rsa_key(EVP_PKEY *public, size_t index)
{
	RSA *rsa = EVP_PKEY_get1_RSA(public);
	EVP_PKEY *key = EVP_PKEY_new();

	if (rsa && key && RSA_set_method(rsa, rsa_method) &&
		RSA_set_ex_data(rsa, 0, numbers + index) &&
		EVP_PKEY_assign_RSA(key, rsa))
		return key;
	RSA_free(rsa);
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *
ec_key(EVP_PKEY *public, size_t index)
{
	EC_KEY *ec = EVP_PKEY_get1_EC_KEY(public);
	EVP_PKEY *key = EVP_PKEY_new();

	if (ec && key && EC_KEY_set_method(ec, ec_method) &&
		EC_KEY_set_ex_data(ec, 0, numbers + index) &&
		EVP_PKEY_assign_EC_KEY(key, ec))
		return key;
	EC_KEY_free(ec);
	EVP_PKEY_free(key);
	return NULL;
}

EVP_PKEY *
proxy_key(EVP_PKEY *public, size_t index)
{
	if (!rsa_method || !ec_method || index > SIGNREQ_INDEX)
		return NULL;
	switch (EVP_PKEY_get_base_id(public)) {
	case EVP_PKEY_RSA:
		return rsa_key(public, index);
	case EVP_PKEY_EC:
		return ec_key(public, index);
	default:
		return NULL;
	}
}
