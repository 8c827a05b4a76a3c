/* SPDX-License-Identifier: 0BSD */
/* html - text that others wrote, numbers and times, in a page */
#ifndef QUILLCTL_HTML_H
#define QUILLCTL_HTML_H

#include <stdint.h>

#include "lib/obuf.h"

/* As text or as the value of an attribute in quotes: & < > " ' as character
 * references; what is no UTF-8, and what gives orders (utf8_orders), as
 * U+FFFD. */
void html_text(struct obuf *o, const char *text);
/* "1,234,567" */
void html_number(struct obuf *o, uint64_t n);
/* n / of, in per cent with 3 digits: "12.345%". */
void html_percent(struct obuf *o, uint64_t n, uint64_t of);
/* "hour", "4 hours", "day", "2 days" */
void html_span(struct obuf *o, unsigned hours);
/* "2026-11-20 14:00" */
void html_date(struct obuf *o, int64_t t);

#endif
