/* SPDX-License-Identifier: 0BSD */
/* str - growable bytes with a ceiling
 *
 * A struct str holds any bytes, NUL included. It never grows past its
 * ceiling: what fits is kept, the rest and all later appends are dropped, and
 * the string is marked "over", so that a long run of appends needs one check
 * at its end. What is appended must not lie in the string itself. Out of
 * memory is decided once per program: str_oom is called and must not return.
 */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *s;    /* the bytes; NULL until the first append */
	size_t len; /* bytes in use */
	size_t cap; /* bytes allocated */
	size_t max; /* ceiling for len; 0 means STR_MAX */
	bool over;  /* something was dropped; str_clear resets it */
};

enum { STR_MAX = 1 << 20 };

#define STR_INIT(ceiling)                                                      \
	{                                                                      \
		.max = (ceiling)                                               \
	}

/* Called when memory runs out; the default logs "out of memory" to fd 2 and
 * _exits 111. main may point it elsewhere. It must not return. */
extern void (*str_oom)(void);

void str_init(struct str *s, size_t max);
/* Empty it, keep the memory, forget "over". */
void str_clear(struct str *s);
/* Give the memory back and empty it; the ceiling stays. */
void str_free(struct str *s);
/* Make room for n more bytes within the ceiling; false (and over) if that
 * does not fit. */
bool str_room(struct str *s, size_t n);
void str_put(struct str *s, const void *p, size_t n);
void str_puts(struct str *s, const char *cstr);
void str_putc(struct str *s, char c);
void str_putnum(struct str *s, uint64_t n);
/* The bytes as a C string: a NUL is kept after the last byte (not counted in
 * len). Valid until the next change of s. Never NULL. */
const char *str_c(struct str *s);
/* Cut to n bytes, n <= len. */
void str_cut(struct str *s, size_t n);
/* Remove trailing spaces, tabs and CRs. */
void str_chomp(struct str *s);
bool str_is(const struct str *s, const char *cstr);
/* malloc and strdup that end in str_oom instead of returning NULL. */
void *xmalloc(size_t n);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif
