/* SPDX-License-Identifier: 0BSD */
/* plot - bars as SVG, and the same as a table, for those who cannot see them
 *
 * Positions are per cent of the element, so that a page lays it out for any
 * width while text keeps its size. Colours and room for the axes come from the
 * page's style: classes plot, bars, and k0 to k7 for series.
 */
#ifndef QUILLCTL_PLOT_H
#define QUILLCTL_PLOT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/obuf.h"

enum { PLOT_BARS = 200, PLOT_SERIES = 3 };

struct plot {
	const char *id, *title; /* ours */
	size_t nseries;
	const char *name[PLOT_SERIES]; /* of series */
	unsigned colour[PLOT_SERIES];
	size_t n; /* bars, which are stacks of the series */
	uint64_t value[PLOT_BARS][PLOT_SERIES];
};

/* Over time: each bar is hours long, the first begins at from. */
void plot_time(
	struct obuf *o, const struct plot *p, int64_t from, unsigned hours);
/* Lying bars with labels before them. */
void plot_labels(struct obuf *o, const struct plot *p,
	const char *const label[], const char *what);
/* Whole hours for a bar, so that a time of hours needs no more than PLOT_BARS:
 * a part of a day, or days. */
unsigned plot_hours(size_t hours);

#endif
