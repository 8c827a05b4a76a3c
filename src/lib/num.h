/* SPDX-License-Identifier: 0BSD */
/* num - strict, bounded decimal */
#ifndef LIB_NUM_H
#define LIB_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUM_FMT = 21 }; /* room for any number and its NUL */

/* All n bytes are digits (at least one) and the value is at most max: true
 * and *out is set. No sign, no blanks. */
bool num_parse(const char *p, size_t n, uint64_t max, uint64_t *out);
/* The same for a C string. */
bool num_parses(const char *s, uint64_t max, uint64_t *out);
/* Write n and a NUL to buf (NUM_FMT bytes); returns the length. */
size_t num_fmt(char *buf, uint64_t n);
/* The same with leading zeros to at least width digits (width < NUM_FMT). */
size_t num_fmt0(char *buf, uint64_t n, size_t width);

#endif
