/* SPDX-License-Identifier: 0BSD */
#include "quillctl/pagetables.h"

#include "quillctl/html.h"
#include "quillctl/say.h"

enum { SHOWN = 20 };

static const struct {
	enum counts_top top;
	const char *id, *title, *what, *count, *more[TOPK_MORE];
	unsigned colour;
} tops[] = {
	{ COUNTS_SENDERS, "senders", "Busiest senders", "Sender", "Messages",
		{ "Size" }, 0 },
	{ COUNTS_DESTINATIONS, "destinations", "Destinations", "Domain",
		"Attempts", { "Delivered", "Deferred", "Failed" }, 1 },
	{ COUNTS_REFUSALS, "refusals", "Refusals by reason", "Reply", "Times",
		{ NULL }, 4 },
	{ COUNTS_DEFERRALS, "deferrals", "Deferrals by reason", "Reason",
		"Times", { NULL }, 2 },
	{ COUNTS_FAILURES, "failures", "Failures by reason", "Reason", "Times",
		{ NULL }, 3 },
};

enum { TOPS = sizeof(tops) / sizeof(*tops) };

static void
top_row(struct obuf *o, size_t which, const struct topk_item *item,
	uint64_t most)
{
	size_t k;

	obuf_puts(o, "<tr><th scope=\"row\"><bdi>");
	html_text(o, *item->key ? item->key : "(none)");
	obuf_puts(o, "</bdi><svg class=\"bar\" aria-hidden=\"true\">"
		     "<rect height=\"100%\" class=\"k");
	obuf_putnum(o, tops[which].colour);
	obuf_puts(o, "\" width=\"");
	html_percent(o, item->count, most);
	obuf_puts(o, "\"/></svg></th><td class=\"n\">");
	html_number(o, item->count);
	if (item->error) {
		obuf_puts(o, "<br><small>or ");
		html_number(o, item->error);
		obuf_puts(o, " fewer</small>");
	}
	obuf_puts(o, "</td>");
	for (k = 0; k < TOPK_MORE && tops[which].more[k]; k++) {
		obuf_puts(o, "<td class=\"n\">");
		if (tops[which].top == COUNTS_SENDERS)
			say_bytes_to(o, item->more[k]);
		else
			html_number(o, item->more[k]);
		obuf_puts(o, "</td>");
	}
	obuf_puts(o, "</tr>\n");
}

static void
top_table(struct obuf *o, const struct counts *c, size_t which, size_t n)
{
	const struct topk *t = c->top[tops[which].top];
	size_t i, k;

	obuf_puts(o, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
		     "aria-labelledby=\"");
	obuf_puts(o, tops[which].id);
	obuf_puts(o, "-title\"><table>\n<thead><tr><th scope=\"col\">");
	obuf_puts(o, tops[which].what);
	obuf_puts(o, "</th><th scope=\"col\" class=\"n\">");
	obuf_puts(o, tops[which].count);
	obuf_puts(o, "</th>");
	for (k = 0; k < TOPK_MORE && tops[which].more[k]; k++) {
		obuf_puts(o, "<th scope=\"col\" class=\"n\">");
		obuf_puts(o, tops[which].more[k]);
		obuf_puts(o, "</th>");
	}
	obuf_puts(o, "</tr></thead>\n<tbody>\n");
	for (i = 0; i < n; i++)
		top_row(o, which, &t->item[i], t->item[0].count);
	obuf_puts(o, "</tbody>\n</table></div>\n");
}

/* How many rows: as long as no more than half of a count may be too much.
 * What follows is in its place by chance. */
static size_t
rows(const struct topk *t)
{
	size_t n = 0;

	while (n < t->n && n < SHOWN &&
		t->item[n].error <= t->item[n].count / 2)
		n++;
	return n;
}

static void
top_section(struct obuf *o, const struct counts *c, size_t which)
{
	const struct topk *t = c->top[tops[which].top];
	size_t n = rows(t);

	obuf_puts(o, "\n<section id=\"");
	obuf_puts(o, tops[which].id);
	obuf_puts(o, "\">\n<h2 id=\"");
	obuf_puts(o, tops[which].id);
	obuf_puts(o, "-title\">");
	obuf_puts(o, tops[which].title);
	obuf_puts(o, "</h2>\n");
	if (t->n == 0) {
		obuf_puts(o, "<p>None.</p>\n</section>\n");
		return;
	}
	if (t->n > n) {
		obuf_puts(o, "<p class=\"note\">The first ");
		obuf_putnum(o, n);
		obuf_puts(o, " of ");
		html_number(o, t->n);
		obuf_puts(o, t->n == TOPK ? " or more.</p>\n" : ".</p>\n");
	}
	if (n > 0)
		top_table(o, c, which, n);
	obuf_puts(o, "</section>\n");
}

void
pagetables_links(struct obuf *o)
{
	size_t i;

	for (i = 0; i < TOPS; i++) {
		obuf_puts(o, "<li><a href=\"#");
		obuf_puts(o, tops[i].id);
		obuf_puts(o, "\">");
		obuf_puts(o, tops[i].title);
		obuf_puts(o, "</a></li>\n");
	}
}

void
pagetables_write(struct obuf *o, const struct counts *c)
{
	size_t i;

	for (i = 0; i < TOPS; i++)
		top_section(o, c, i);
}
