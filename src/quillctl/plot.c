/* SPDX-License-Identifier: 0BSD */
#include "quillctl/plot.h"

#include <stdbool.h>
#include <string.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "quillctl/html.h"

enum {
	HOUR = 3600,
	LABELS = 8, /* at most, along the time */
	LINES = 5,  /* at most, across it */
	ROW = 30,   /* px of a lying bar */
};

/* --- words ---------------------------------------------------------------- */

unsigned
plot_hours(size_t hours)
{
	static const unsigned lengths[] = { 1, 2, 3, 4, 6, 12, 24, 48 };
	size_t i = 0;

	while (lengths[i] < 48 &&
		(hours + 2 * lengths[i] - 2) / lengths[i] > PLOT_BARS)
		i++;
	return lengths[i];
}

/* "14:00", or "20 Nov" at midnight. */
static void
tick_label(struct obuf *o, int64_t t)
{
	char s[STAMP_FMT];
	const char *month;

	if (t % 86400) {
		stamp_rfc3339(s, t);
		obuf_put(o, s + 11, 5);
		return;
	}
	stamp_date(s, t);
	month = strchr(s, ' ');
	obuf_put(o, s, (size_t)(month - s) + 4);
}

/* --- numbers -------------------------------------------------------------- */

static uint64_t
total(const struct plot *p, size_t i)
{
	uint64_t sum = 0;
	size_t k;

	for (k = 0; k < p->nseries; k++)
		sum += p->value[i][k];
	return sum;
}

static size_t
highest(const struct plot *p)
{
	size_t i, best = 0;

	for (i = 1; i < p->n; i++)
		if (total(p, i) > total(p, best))
			best = i;
	return best;
}

/* From line to line: 1, 2 or 5 and zeros. */
static uint64_t
step_for(uint64_t most)
{
	static const uint64_t steps[] = { 1, 2, 5 };
	uint64_t ten = 1;
	size_t i = 0;

	while (steps[i] * ten * LINES < most && ten < UINT64_MAX / 100) {
		i = (i + 1) % 3;
		if (i == 0)
			ten *= 10;
	}
	return steps[i] * ten;
}

/* --- pieces --------------------------------------------------------------- */

static void
attribute(struct obuf *o, const char *name, uint64_t n, uint64_t of)
{
	obuf_puts(o, name);
	obuf_puts(o, "=\"");
	html_percent(o, n, of);
	obuf_putc(o, '"');
}

static void
begin(struct obuf *o, const struct plot *p, const char *class)
{
	obuf_puts(o, "<svg class=\"");
	obuf_puts(o, class);
	obuf_puts(o, "\" role=\"img\" aria-labelledby=\"");
	obuf_puts(o, p->id);
	obuf_puts(o, "-title ");
	obuf_puts(o, p->id);
	obuf_puts(o, "-desc\"");
}

static void
title(struct obuf *o, const struct plot *p)
{
	obuf_puts(o, "<title id=\"");
	obuf_puts(o, p->id);
	obuf_puts(o, "-title\">");
	obuf_puts(o, p->title);
	obuf_puts(o, "</title>\n<desc id=\"");
	obuf_puts(o, p->id);
	obuf_puts(o, "-desc\">");
}

static void
legend(struct obuf *o, const struct plot *p)
{
	if (p->nseries < 2)
		return;
	obuf_puts(o, "<ul class=\"legend\">\n");
	for (size_t k = 0; k < p->nseries; k++) {
		obuf_puts(o, "<li><svg aria-hidden=\"true\" width=\"12\" "
			     "height=\"12\"><rect class=\"k");
		obuf_putnum(o, p->colour[k]);
		obuf_puts(o, "\" width=\"12\" height=\"12\"/></svg> ");
		obuf_puts(o, p->name[k]);
		obuf_puts(o, "</li>\n");
	}
	obuf_puts(o, "</ul>\n");
}

static void
table_begin(struct obuf *o, const struct plot *p, const char *what,
	const char *caption)
{
	size_t k;

	obuf_puts(o, "<details><summary>The numbers</summary>\n"
		     "<div class=\"scroll\"><table>\n<caption>");
	obuf_puts(o, p->title);
	obuf_puts(o, caption);
	obuf_puts(o, "</caption>\n<thead><tr><th scope=\"col\">");
	obuf_puts(o, what);
	obuf_puts(o, "</th>");
	for (k = 0; k < p->nseries; k++) {
		obuf_puts(o, "<th scope=\"col\" class=\"n\">");
		obuf_puts(o, p->name[k]);
		obuf_puts(o, "</th>");
	}
	obuf_puts(o, "</tr></thead>\n<tbody>\n");
}

static void
table_numbers(struct obuf *o, const struct plot *p, size_t i)
{
	size_t k;

	for (k = 0; k < p->nseries; k++) {
		obuf_puts(o, "<td class=\"n\">");
		html_number(o, p->value[i][k]);
		obuf_puts(o, "</td>");
	}
	obuf_puts(o, "</tr>\n");
}

static void
table_end(struct obuf *o)
{
	obuf_puts(o, "</tbody>\n</table></div></details>\n");
}

/* "Local 3, remote 4" */
static void
numbers(struct obuf *o, const struct plot *p, size_t i)
{
	size_t k;

	for (k = 0; k < p->nseries; k++) {
		if (p->nseries > 1) {
			obuf_puts(o, k ? ", " : "");
			obuf_puts(o, p->name[k]);
			obuf_putc(o, ' ');
		}
		html_number(o, p->value[i][k]);
	}
}

/* --- over time ------------------------------------------------------------ */

static void
grid(struct obuf *o, uint64_t step, uint64_t top)
{
	obuf_puts(o, "<g class=\"grid\">\n");
	for (uint64_t v = 0; v <= top; v += step) {
		obuf_puts(o, "<line x2=\"100%\"");
		attribute(o, " y1", top - v, top);
		attribute(o, " y2", top - v, top);
		obuf_puts(o, "/><text x=\"-6\" dy=\".32em\"");
		attribute(o, " y", top - v, top);
		obuf_putc(o, '>');
		html_number(o, v);
		obuf_puts(o, "</text>\n");
	}
	obuf_puts(o, "</g>\n");
}

/* Every so many hours a label, and no more than LABELS. */
static void
ticks(struct obuf *o, int64_t from, uint64_t length)
{
	static const unsigned steps[] = { 1, 3, 6, 12, 24, 48, 120, 240, 480,
		960, 1920 };
	size_t i = 0;
	int64_t t, step;
	unsigned count = 0;

	while (steps[i] < 1920 && length / HOUR > LABELS * steps[i])
		i++;
	step = (int64_t)steps[i] * HOUR;
	obuf_puts(o, "<g class=\"ticks\">\n");
	t = from + (step - from % step) % step;
	/* the last one needs room for its text */
	for (; t - from <= (int64_t)(length - length / 30); t += step) {
		obuf_puts(o, count++ % 2 ? "<g class=\"odd\">" : "<g>");
		obuf_puts(o, "<line y1=\"100%\" y2=\"100%\"");
		attribute(o, " x1", (uint64_t)(t - from), length);
		attribute(o, " x2", (uint64_t)(t - from), length);
		obuf_puts(o, "/><text y=\"100%\" dy=\"1.5em\"");
		attribute(o, " x", (uint64_t)(t - from), length);
		obuf_putc(o, '>');
		tick_label(o, t);
		obuf_puts(o, "</text></g>\n");
	}
	obuf_puts(o, "</g>\n");
}

static void
bar(struct obuf *o, const struct plot *p, size_t i, uint64_t top, int64_t t)
{
	/* so thin that rounding would show as gaps: they overlap a little */
	bool many = p->n > 60;
	uint64_t below = 0;
	size_t k;

	obuf_puts(o, "<g><title>");
	html_date(o, t);
	obuf_puts(o, ": ");
	numbers(o, p, i);
	obuf_puts(o, "</title>");
	for (k = 0; k < p->nseries; k++) {
		if (p->value[i][k] == 0)
			continue;
		below += p->value[i][k];
		obuf_puts(o, "<rect class=\"k");
		obuf_putnum(o, p->colour[k]);
		obuf_putc(o, '"');
		attribute(o, " x", 20 * i + !many, 20 * p->n);
		attribute(o, " width", many ? 21 : 18, 20 * p->n);
		attribute(o, " y", top - below, top);
		attribute(o, " height", p->value[i][k], top);
		obuf_puts(o, "/>");
	}
	obuf_puts(o, "</g>\n");
}

static void
describe(struct obuf *o, const struct plot *p, int64_t from, unsigned hours)
{
	size_t best = highest(p);

	obuf_puts(o, "A bar for each ");
	html_span(o, hours);
	obuf_puts(o, " from ");
	html_date(o, from);
	obuf_puts(o, " to ");
	html_date(o, from + (int64_t)p->n * hours * HOUR);
	obuf_puts(o, " UTC. The most, ");
	html_number(o, total(p, best));
	obuf_puts(o, ", at ");
	html_date(o, from + (int64_t)best * hours * HOUR);
	obuf_puts(o, ". The numbers are in the table below.</desc>\n");
}

void
plot_time(struct obuf *o, const struct plot *p, int64_t from, unsigned hours)
{
	uint64_t most = total(p, highest(p)), step, top;
	int64_t length = (int64_t)hours * HOUR;
	size_t i;

	if (most == 0) {
		obuf_puts(o, "<p>None.</p>\n");
		return;
	}
	step = step_for(most);
	top = (most + step - 1) / step * step;
	legend(o, p);
	begin(o, p, "plot");
	obuf_puts(o, ">\n");
	title(o, p);
	describe(o, p, from, hours);
	grid(o, step, top);
	for (i = 0; i < p->n; i++)
		if (total(p, i))
			bar(o, p, i, top, from + (int64_t)i * length);
	ticks(o, from, p->n * (uint64_t)length);
	obuf_puts(o, "</svg>\n");
	table_begin(o, p, "From (UTC)", ", without times that have none");
	for (i = 0; i < p->n; i++) {
		if (total(p, i) == 0)
			continue;
		obuf_puts(o, "<tr><th scope=\"row\">");
		html_date(o, from + (int64_t)i * length);
		obuf_puts(o, "</th>");
		table_numbers(o, p, i);
	}
	table_end(o);
}

/* --- lying bars ----------------------------------------------------------- */

static void
lying_bar(struct obuf *o, const struct plot *p, size_t i, const char *label,
	uint64_t most)
{
	uint64_t before = 0;
	size_t k;

	obuf_puts(o, "<text class=\"label\" x=\"-8\" y=\"");
	obuf_putnum(o, i * ROW + ROW / 2);
	obuf_puts(o, "\" dy=\".32em\">");
	html_text(o, label);
	obuf_puts(o, "</text>");
	for (k = 0; k < p->nseries; k++) {
		if (p->value[i][k] == 0)
			continue;
		obuf_puts(o, "<rect class=\"k");
		obuf_putnum(o, p->colour[k]);
		obuf_putc(o, '"');
		attribute(o, " x", before, most);
		attribute(o, " width", p->value[i][k], most);
		obuf_puts(o, " y=\"");
		obuf_putnum(o, i * ROW + 5);
		obuf_puts(o, "\" height=\"");
		obuf_putnum(o, ROW - 10);
		obuf_puts(o, "\"/>");
		before += p->value[i][k];
	}
	obuf_puts(o, "<text dx=\"6\"");
	attribute(o, " x", before, most);
	obuf_puts(o, " y=\"");
	obuf_putnum(o, i * ROW + ROW / 2);
	obuf_puts(o, "\" dy=\".32em\">");
	html_number(o, before);
	obuf_puts(o, "</text>\n");
}

void
plot_labels(struct obuf *o, const struct plot *p, const char *const label[],
	const char *what)
{
	size_t i, best = highest(p);

	if (total(p, best) == 0) {
		obuf_puts(o, "<p>None.</p>\n");
		return;
	}
	legend(o, p);
	begin(o, p, "bars");
	obuf_puts(o, " height=\"");
	obuf_putnum(o, p->n * ROW);
	obuf_puts(o, "\">\n");
	title(o, p);
	obuf_puts(o, "The most, ");
	html_number(o, total(p, best));
	obuf_puts(o, ", at ");
	html_text(o, label[best]);
	obuf_puts(o, ". The numbers are in the table below.</desc>\n");
	for (i = 0; i < p->n; i++)
		lying_bar(o, p, i, label[i], total(p, best));
	obuf_puts(o, "</svg>\n");
	table_begin(o, p, what, "");
	for (i = 0; i < p->n; i++) {
		obuf_puts(o, "<tr><th scope=\"row\">");
		html_text(o, label[i]);
		obuf_puts(o, "</th>");
		table_numbers(o, p, i);
	}
	table_end(o);
}
