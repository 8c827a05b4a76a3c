/* SPDX-License-Identifier: 0BSD */
/* say - words and numbers for people, and the pieces of JSON objects */
#ifndef QUILLCTL_SAY_H
#define QUILLCTL_SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/obuf.h"

/* All write to out. "3 d 4 h", "12 s". */
void say_span(int64_t seconds);
/* "2026-11-20T07:22:00Z (5 m ago)" or "(in 5 m)". */
void say_when(int64_t when);
/* "1.2 GiB"; to any place. */
void say_bytes(uint64_t n);
void say_bytes_to(struct obuf *o, uint64_t n);
/* Text of others padded, or cut, to width characters. */
void say_padded(const char *text, size_t width);
/* A number, right-aligned. */
void say_number(uint64_t n, size_t width);
/* A key and a value of a JSON object; *sep is "" before the first, then ",". */
void say_key(const char **sep, const char *key);
void say_string(const char **sep, const char *key, const char *value);
void say_int(const char **sep, const char *key, uint64_t n);

#endif
