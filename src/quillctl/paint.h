/* SPDX-License-Identifier: 0BSD */
/* paint - colour, only on a terminal that has it ($TERM, $NO_COLOR) */
#ifndef QUILLCTL_PAINT_H
#define QUILLCTL_PAINT_H

#include <stdbool.h>

enum paint { PAINT_GOOD, PAINT_BAD, PAINT_TITLE };

/* Our own words, no others'. */
void paint(enum paint how, const char *words);
/* Is the standard output such a terminal? */
bool paint_terminal(void);

#endif
