/* SPDX-License-Identifier: 0BSD */
/* rand - random bytes from the kernel */
#ifndef LIB_RAND_H
#define LIB_RAND_H

#include <stddef.h>
#include <stdint.h>

/* Cannot fail: waits for the kernel's pool, aborts where there is none. */
void rand_bytes(void *p, size_t n);
uint32_t rand_u32(void);
/* 0 to n - 1, n > 0, without bias. */
uint32_t rand_below(uint32_t n);

enum { RAND_LETTERS = 11 };
/* Ten random characters 0-9a-v and a NUL, for names that must be unique. */
void rand_letters(char out[RAND_LETTERS]);

#endif
