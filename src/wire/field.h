/* SPDX-License-Identifier: 0BSD */
/* field - what records between programs, and envelopes, are made of: a byte
 * that says what it is, text, NUL */
#ifndef WIRE_FIELD_H
#define WIRE_FIELD_H

#include <stdint.h>

#include "lib/str.h"

void field_put(struct str *out, char kind, const char *text);
void field_putnum(struct str *out, char kind, uint64_t n);

#endif
