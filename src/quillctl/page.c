/* SPDX-License-Identifier: 0BSD */
#include "quillctl/page.h"

#include <string.h>

#include "lib/str.h"
#include "quillctl/html.h"
#include "quillctl/pagetables.h"
#include "quillctl/plot.h"
#include "quillctl/say.h"

static void
heading(struct obuf *o, const char *id, const char *class)
{
	obuf_puts(o, "\n<section id=\"");
	obuf_puts(o, id);
	obuf_puts(o, *class ? "\" class=\"" : "");
	obuf_puts(o, class);
	obuf_puts(o, "\">\n");
}

/* --- plots over time ------------------------------------------------------ */

static const struct {
	const char *id, *title, *class;
	size_t nseries; /* 0: the queue */
	enum counts_series series[PLOT_SERIES];
	const char *name[PLOT_SERIES];
	unsigned colour[PLOT_SERIES];
} times[] = {
	{ "messages", "Messages per ", "wide", 1, { COUNTS_MESSAGES },
		{ "Messages" }, { 0 } },
	{ "attempts", "Delivery attempts per ", "", 3,
		{ COUNTS_SENT, COUNTS_DEFERRED, COUNTS_FAILED },
		{ "Delivered", "Deferred", "Failed" }, { 1, 2, 3 } },
	{ "queue", "Queue size, the most in each ", "", 0, { 0 },
		{ "Messages" }, { 5 } },
	{ "refused", "Refused by SMTP per ", "", 1, { COUNTS_REFUSED },
		{ "Refusals" }, { 4 } },
};

enum { TIMES = sizeof(times) / sizeof(*times) };

/* The hours as bars that begin at whole multiples of their length. */
static int64_t
fill_times(struct plot *p, const struct counts *c, size_t which, unsigned hours)
{
	int64_t length = (int64_t)hours * 3600, from;
	size_t h, i, k;

	from = c->from - c->from % length;
	p->id = times[which].id;
	p->nseries = times[which].nseries ? times[which].nseries : 1;
	memset(p->value, 0, sizeof(p->value));
	for (k = 0; k < p->nseries; k++) {
		p->name[k] = times[which].name[k];
		p->colour[k] = times[which].colour[k];
	}
	for (h = 0; h < c->hours; h++) {
		i = (size_t)((c->from + (int64_t)h * 3600 - from) / length);
		p->n = i + 1;
		for (k = 0; k < times[which].nseries; k++)
			p->value[i][k] += c->hour[h].n[times[which].series[k]];
		if (times[which].nseries == 0 && c->hour[h].most > 0 &&
			(uint64_t)c->hour[h].most > p->value[i][0])
			p->value[i][0] = (uint64_t)c->hour[h].most;
	}
	return from;
}

static void
time_section(struct obuf *o, const struct counts *c, size_t which)
{
	static struct plot p;
	static struct str title = STR_INIT(200);
	unsigned hours = plot_hours(c->hours);
	struct obuf words;
	char buf[100];
	int64_t from = fill_times(&p, c, which, hours);

	obuf_init(&words, -1, buf, sizeof(buf));
	obuf_puts(&words, times[which].title);
	html_span(&words, hours);
	str_clear(&title);
	str_put(&title, buf, words.len);
	p.title = str_c(&title);
	heading(o, p.id, times[which].class);
	obuf_puts(o, "<h2>");
	obuf_puts(o, p.title);
	obuf_puts(o, "</h2>\n");
	plot_time(o, &p, from, hours);
	obuf_puts(o, "</section>\n");
}

/* --- delays --------------------------------------------------------------- */

static void
put_ms(struct obuf *o, uint64_t ms)
{
	if (ms < 1000) {
		obuf_putnum(o, ms);
		obuf_puts(o, " ms");
	} else if (ms < 100000) {
		obuf_putnum(o, ms / 1000);
		if (ms < 10000) {
			obuf_putc(o, '.');
			obuf_putnum(o, ms % 1000 / 100);
		}
		obuf_puts(o, " s");
	} else if (ms < 2 * 3600000) {
		obuf_putnum(o, ms / 60000);
		obuf_puts(o, " min");
	} else {
		obuf_putnum(o, ms / 3600000);
		obuf_puts(o, " h");
	}
}

static void
delays(struct obuf *o, const struct counts *c)
{
	static const char *const label[COUNTS_TOOK] = { "to 0.1 s", "to 1 s",
		"to 10 s", "to 1 min", "to 10 min", "to 1 h", "to 4 h",
		"to 1 day", "more" };
	static struct plot p = { .id = "delay",
		.title = "Delivery delay",
		.nseries = 2,
		.name = { "Local", "Remote" },
		.colour = { 1, 0 },
		.n = COUNTS_TOOK };
	size_t i;

	for (i = 0; i < COUNTS_TOOK; i++) {
		p.value[i][0] = c->took[i][0];
		p.value[i][1] = c->took[i][1];
	}
	heading(o, "delay", "");
	obuf_puts(o, "<h2>Delivery delay</h2>\n");
	if (c->total[COUNTS_SENT]) {
		obuf_puts(o, "<p class=\"note\">From the queue to the "
			     "recipient: half within ");
		put_ms(o, counts_within_ms(c, 50));
		obuf_puts(o, ", 95% within ");
		put_ms(o, counts_within_ms(c, 95));
		obuf_puts(o, ", 99% within ");
		put_ms(o, counts_within_ms(c, 99));
		obuf_puts(o, ".</p>\n");
	}
	plot_labels(o, &p, label, "Delay");
	obuf_puts(o, "</section>\n");
}

/* --- around them ---------------------------------------------------------- */

static void
fact(struct obuf *o, const char *name, uint64_t n)
{
	obuf_puts(o, "<li>");
	obuf_puts(o, name);
	obuf_puts(o, " <strong>");
	html_number(o, n);
	obuf_puts(o, "</strong> <small>");
}

static void
summary(struct obuf *o, const struct counts *c)
{
	heading(o, "summary", "wide");
	obuf_puts(o, "<h2>In all</h2>\n<ul class=\"sum\">\n");
	fact(o, "Messages", c->total[COUNTS_MESSAGES]);
	say_bytes_to(o, c->bytes);
	obuf_puts(o, "</small></li>\n");
	fact(o, "Delivered", c->total[COUNTS_SENT]);
	obuf_puts(o, "recipients</small></li>\n");
	fact(o, "Deferred", c->total[COUNTS_DEFERRED]);
	obuf_puts(o, "attempts</small></li>\n");
	fact(o, "Failed", c->total[COUNTS_FAILED]);
	obuf_puts(o, "recipients</small></li>\n");
	fact(o, "Refused", c->total[COUNTS_REFUSED]);
	obuf_puts(o, "in ");
	html_number(o, c->sessions);
	obuf_puts(o, " SMTP sessions</small></li>\n");
	fact(o, "Accepted", c->accepted);
	obuf_puts(o, "messages by SMTP</small></li>\n");
	obuf_puts(o, "</ul>\n</section>\n");
}

static void
head(struct obuf *o, const struct page *p)
{
	const struct counts *c = p->counts;

	obuf_puts(o, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		     "<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" "
		     "content=\"width=device-width, initial-scale=1\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\""
		     "default-src 'none'; style-src 'unsafe-inline'\">\n"
		     "<meta name=\"referrer\" content=\"no-referrer\">\n"
		     "<meta name=\"robots\" content=\"noindex\">\n"
		     "<title>Mail report: ");
	html_text(o, p->host);
	obuf_puts(o, "</title>\n<style>\n");
	obuf_puts(o, page_style);
	obuf_puts(o, "</style>\n</head>\n<body>\n<header>\n<h1>Mail report: ");
	html_text(o, p->host);
	obuf_puts(o, "</h1>\n<p>");
	html_date(o, c->from);
	obuf_puts(o, " to ");
	html_date(o, c->from + (int64_t)c->hours * 3600);
	obuf_puts(o, ", times in UTC; made ");
	html_date(o, p->made);
	obuf_puts(o, "</p>\n");
	obuf_puts(o, "<nav aria-label=\"Tables\"><ul>\n");
	pagetables_links(o);
	obuf_puts(o, "<li><a href=\"#method\">How this was counted</a></li>\n"
		     "</ul></nav>\n");
	obuf_puts(o, "</header>\n<main>\n");
}

static void
left_out(struct obuf *o, uint64_t n, const char *why)
{
	if (n == 0)
		return;
	obuf_puts(o, "<li>");
	html_number(o, n);
	obuf_puts(o, why);
	obuf_puts(o, "</li>\n");
}

static void
foot(struct obuf *o, const struct page *p)
{
	const struct counts *c = p->counts;
	const char *name;
	size_t i;

	obuf_puts(o, "</main>\n<footer>\n"
		     "<h2 id=\"method\">How this was counted</h2>\n<ul>\n<li>");
	html_number(o, c->lines);
	obuf_puts(o, " lines of the logs");
	for (i = 0; (name = logs_dir(p->logs, i)); i++) {
		obuf_puts(o, i ? ", <bdi>" : " <bdi>");
		html_text(o, name);
		obuf_puts(o, "</bdi>");
	}
	obuf_puts(o, ".</li>\n");
	left_out(o, logs_unread(p->logs),
		" log directories could not be read, or not all of their "
		"files: what is in them is missing here.");
	left_out(o, c->undated,
		" lines have no time (multilog t) and are left out.");
	left_out(o, c->later, " lines are later than that and left out.");
	left_out(o, c->torn, " lines at the end of files are not complete.");
	obuf_puts(o,
		"<li>Messages: as quill-send took them up, from anywhere. "
		"Refused: as quill-smtpd answered with 4xx or 5xx.</li>\n"
		"<li>In reasons and senders, what differs from one message to "
		"the next is left out: \342\200\246 stands for hosts, "
		"addresses, numbers and ids.</li>\n"
		"<li>Tables have 2,000 places; where more were needed, a count "
		"may be too high, by no more than it says, and what is not "
		"known well enough is left out.</li>\n"
		"<li>Queue size: what came and went by the log; messages of "
		"which it tells nothing, such as held ones, are not in it.");
	if (c->full)
		obuf_puts(o, " There were too many messages to know them all: "
			     "it is not exact.");
	obuf_puts(o, "</li>\n<li>Delays: from the acceptance of a message to "
		     "its delivery, with an error of at most an eighth for "
		     "\"within\".</li>\n</ul>\n</footer>\n</body>\n</html>\n");
}

void
page_write(struct obuf *o, const struct page *p)
{
	size_t i;

	head(o, p);
	summary(o, p->counts);
	for (i = 0; i < TIMES; i++)
		time_section(o, p->counts, i);
	delays(o, p->counts);
	pagetables_write(o, p->counts);
	foot(o, p);
}
