/* SPDX-License-Identifier: 0BSD */
/* utf8 - is it UTF-8? (RFC 3629) */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes (1 to 4) of the character at p, of which n bytes are there; 0 when it
 * is malformed, overlong, a surrogate, or n is 0. */
size_t utf8_len(const char *p, size_t n);
/* Is that character, of n bytes, no text but an order to what shows it? C0,
 * DEL, C1, those that turn the direction of what follows (Unicode's
 * Bidi_Control: "moc.elpmaxe" is to be seen as it is), and the separators of
 * lines and paragraphs. */
bool utf8_orders(const char *p, size_t n);
/* They begin with a byte order mark, which is UTF8_BOM bytes. */
enum { UTF8_BOM = 3 };
bool utf8_bom(const char *p, size_t n);

#endif
