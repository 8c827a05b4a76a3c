/* SPDX-License-Identifier: 0BSD */
#include "wire/field.h"

#include <string.h>

void
field_put(struct str *out, char kind, const char *text)
{
	str_putc(out, kind);
	str_put(out, text, strlen(text) + 1);
}

void
field_putnum(struct str *out, char kind, uint64_t n)
{
	str_putc(out, kind);
	str_putnum(out, n);
	str_putc(out, 0);
}
