/* SPDX-License-Identifier: 0BSD */
#include "lib/crypted.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "lib/rand.h"

/* In the order of crypt(3)'s own base 64. */
static const char salt_chars[] =
	"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static const struct {
	const char *prefix;
	size_t nsalt;
} methods[] = {
	/* 21 characters and two bits are 16 bytes: see salted() */
	{ "$y$j9T$", 22 },
	{ "$6$rounds=200000$", 16 },
};

/* A password that is nobody's, of the kind crypted_make makes. */
static const char nobody[] = "$y$j9T$UbC2kG3LrvX5D3Gn4nS3d.$"
			     "Q0WD4hOGAHujCON45X6iivXHw8ZUfxjt8XEehWhOL9.";

/* crypt(3)'s hash; NULL: it does not know the setting, or will not. */
static const char *
hashed(const char *password, const char *setting)
{
	const char *h;

	if (strlen(password) > CRYPTED_PASSWORD)
		return NULL;
	h = crypt(password, setting);
	return h && *h && *h != '*' && strlen(h) <= CRYPTED_MAX ? h : NULL;
}

/* Compare without telling by the time how far they are equal. */
static bool
equal(const char *a, const char *b)
{
	size_t n = strlen(a);
	unsigned char diff = 0;

	if (strlen(b) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		diff = (unsigned char)(diff | (a[i] ^ b[i]));
	return diff == 0;
}

bool
crypted_matches(const char *password, const char *hash)
{
	const char *h;

	/* A short hash is DES, or one that lets everybody in. */
	if (strlen(hash) < 13 || strchr("!*", *hash))
		return false;
	h = hashed(password, hash);
	return h && equal(h, hash);
}

void
crypted_waste(const char *password, const char *like)
{
	crypted_matches(password, like ? like : nobody);
}

static void
salted(char *setting, size_t method)
{
	size_t n = strlen(methods[method].prefix), i;

	memcpy(setting, methods[method].prefix, n);
	for (i = 0; i < methods[method].nsalt; i++)
		setting[n++] = salt_chars[rand_below(64)];
	if (method == 0)
		setting[n - 1] = salt_chars[rand_below(4)];
	setting[n] = 0;
}

bool
crypted_make(char hash[CRYPTED_MAX + 1], const char *password)
{
	char setting[64];
	const char *h;

	for (size_t i = 0; *password && i < sizeof methods / sizeof *methods;
		i++) {
		salted(setting, i);
		h = hashed(password, setting);
		/* old libraries take an unknown method for DES */
		if (h && strncmp(h, setting, strlen(setting)) == 0) {
			strcpy(hash, h);
			return true;
		}
	}
	return false;
}
