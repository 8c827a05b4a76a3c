/* SPDX-License-Identifier: 0BSD */
/* cache - sessions of unverified client connections, to be resumed
 *
 * Memory that all processes share: slots, found by a hash of the key, that
 * the last one wins. Nobody locks: a record that was half overwritten does not
 * fit its checksum, and a session that is lost costs one full handshake.
 * Sessions of verified connections are not kept: with them, a process that was
 * taken over by one server could vouch for another.
 */
#ifndef TLSD_CACHE_H
#define TLSD_CACHE_H

#include <stddef.h>
#include <stdint.h>

enum {
	CACHE_SLOTS = 1024,
	CACHE_SLOT_SIZE = 4096,
	CACHE_DATA = CACHE_SLOT_SIZE - 32,
};

/* Before any process is forked. 0 or -1 errno; without, nothing is kept. */
int cache_init(void);
void cache_put(const char *key, const uint8_t *p, size_t n);
/* Bytes put to out (CACHE_DATA), 0: nothing. Each is given out once: what a
 * ticket of TLS 1.3 is for. */
size_t cache_take(const char *key, uint8_t *out);

#endif
