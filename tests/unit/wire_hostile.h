/* SPDX-License-Identifier: 0BSD */
/* wire_hostile - feed a decoder every truncation and every flipped bit of a
 * good record, each in memory of exactly its size, so that a sanitizer sees
 * one byte too many */
#ifndef UNIT_WIRE_HOSTILE_H
#define UNIT_WIRE_HOSTILE_H

#include <stdlib.h>
#include <string.h>

/* Returns whether the bytes were taken for a record. */
typedef bool hostile_fn(char *p, size_t n);

static inline bool
hostile_one(hostile_fn *fn, const char *p, size_t n)
{
	char *copy = malloc(n ? n : 1);
	bool r;

	memcpy(copy, p, n);
	r = fn(copy, n);
	free(copy);
	return r;
}

/* How many of the n truncations were accepted. */
static inline int
hostile_cut(hostile_fn *fn, const char *p, size_t n)
{
	int taken = 0;

	for (size_t i = 0; i < n; i++)
		taken += hostile_one(fn, p, i);
	return taken;
}

/* How many of the 8 * n records with one wrong bit were accepted. */
static inline int
hostile_flip(hostile_fn *fn, const char *p, size_t n)
{
	char *copy = malloc(n);
	int taken = 0;

	memcpy(copy, p, n);
	for (size_t i = 0; i < n * 8; i++) {
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
		taken += hostile_one(fn, copy, n);
		copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
	}
	free(copy);
	return taken;
}

#endif
