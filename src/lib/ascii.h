/* SPDX-License-Identifier: 0BSD */
/* ascii - character classes and case of US-ASCII, whatever the locale */
#ifndef LIB_ASCII_H
#define LIB_ASCII_H

#include <stdbool.h>
#include <stddef.h>

bool ascii_isdigit(char c);
bool ascii_isalpha(char c);
bool ascii_isalnum(char c);
/* 0x21 to 0x7e */
bool ascii_isgraph(char c);
char ascii_lower(char c);
/* The value of a hexadecimal digit, -1 for another character. */
int ascii_hexval(char c);
/* Lower-case n bytes in place; bytes over 127 stay. */
void ascii_tolower(char *p, size_t n);
/* No byte over 127? */
bool ascii_only(const char *p, size_t n);
/* Compare without regard to ASCII case; true when equal. */
bool ascii_caseis(const char *a, const char *b);
bool ascii_caseeqn(const char *a, const char *b, size_t n);
/* Does the C string s start with prefix, without regard to case? */
bool ascii_casestarts(const char *s, const char *prefix);

#endif
