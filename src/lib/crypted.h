/* SPDX-License-Identifier: 0BSD */
/* crypted - passwords as crypt(3) hashes them
 *
 * For programs linked with the system's C library and -lcrypt alone: that one
 * knows the methods of the system's accounts. They take tens of milliseconds
 * and megabytes on purpose.
 */
#ifndef LIB_CRYPTED_H
#define LIB_CRYPTED_H

#include <stdbool.h>

enum {
	CRYPTED_MAX = 384,	/* bytes in a hash */
	CRYPTED_PASSWORD = 500, /* and in a password; longer fit none */
};

/* Is the password the one that was hashed? Never for a hash that crypt(3)
 * does not know, or that is locked ("!", "*", empty). */
bool crypted_matches(const char *password, const char *hash);
/* Do what takes as long, for a user who does not exist; like, when not NULL,
 * is the hash of another user. */
void crypted_waste(const char *password, const char *like);
/* Hash with a new salt: yescrypt, or where crypt(3) does not know it SHA-512.
 * false: it knows neither, or the password is too long or empty. */
bool crypted_make(char hash[CRYPTED_MAX + 1], const char *password);

#endif
