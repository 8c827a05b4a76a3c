/* SPDX-License-Identifier: 0BSD */
/* quillctl top: status, live, with rates and the busiest destinations */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/json.h"
#include "lib/num.h"
#include "lib/sig.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/ask.h"
#include "quillctl/facts.h"
#include "quillctl/paint.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "quillctl/walk.h"
#include "wire/status.h"

enum {
	DESTINATIONS = 200,
	COUNTERS = 64,
	NAME = 48,
	SLOW_MS = 60000, /* the queue is counted that seldom, at least */
};

struct destination {
	char name[NAME], state[8], text[FACTS_TEXT];
	uint64_t running, limit, waiting, failures;
};

struct counter {
	char name[NAME];
	uint64_t n, before;
};

static struct top {
	struct facts facts;
	struct destination dest[DESTINATIONS];
	size_t ndest;
	struct counter counter[COUNTERS];
	size_t ncounters;
	int64_t asked, before; /* stamp_mono() */
	bool screen, raw;
	struct termios saved;
	unsigned rows, cols;
} top;

static volatile sig_atomic_t ended;

static void
end(int sig)
{
	(void)sig;
	ended = 1;
}

/* --- asking --------------------------------------------------------------- */

static void
take_destination(
	void *arg, const char *object, const char *key, const char *value)
{
	struct top *t = arg;
	struct destination *d;
	uint64_t *n = NULL;

	if (!key && t->ndest < DESTINATIONS) {
		d = &t->dest[t->ndest++];
		memset(d, 0, sizeof(*d));
		ask_keep(d->name, sizeof(d->name), object);
	}
	if (!key || t->ndest == 0)
		return;
	d = &t->dest[t->ndest - 1];
	if (strncmp(d->name, object, sizeof(d->name) - 1) != 0)
		return; /* beyond those there is room for */
	if (strcmp(key, "state") == 0)
		ask_keep(d->state, sizeof(d->state), value);
	else if (strcmp(key, "text") == 0)
		ask_keep(d->text, sizeof(d->text), value);
	else if (strcmp(key, "running") == 0)
		n = &d->running;
	else if (strcmp(key, "limit") == 0)
		n = &d->limit;
	else if (strcmp(key, "waiting") == 0)
		n = &d->waiting;
	else if (strcmp(key, "failures") == 0)
		n = &d->failures;
	if (n)
		ask_number(n, UINT64_MAX, value);
}

static void
take_counter(void *arg, const char *object, const char *key, const char *value)
{
	struct top *t = arg;
	uint64_t n;
	size_t i;

	(void)object;
	if (!key || !num_parses(value, UINT64_MAX, &n))
		return;
	for (i = 0; i < t->ncounters; i++)
		if (strcmp(t->counter[i].name, key) == 0)
			break;
	if (i == COUNTERS)
		return;
	if (i == t->ncounters) {
		ask_keep(t->counter[i].name, NAME, key);
		t->counter[i].n = n;
		t->ncounters++;
	}
	t->counter[i].before = t->counter[i].n;
	t->counter[i].n = n;
}

static int
by_work(const void *p, const void *q)
{
	const struct destination *a = p, *b = q;

	if (a->running != b->running)
		return a->running > b->running ? -1 : 1;
	if (a->waiting != b->waiting)
		return a->waiting > b->waiting ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int
look(struct top *t)
{
	static int64_t counted;
	int64_t began;

	if (facts_send(&t->facts) < 0)
		return -1;
	/* to read a full queue's directories takes a while */
	began = stamp_mono();
	if (!counted || began - counted > SLOW_MS || !t->facts.answered) {
		if (facts_queue(&t->facts) < 0)
			return -1;
		counted = stamp_mono() + 20 * (stamp_mono() - began) - SLOW_MS;
	}
	if (facts_disk(&t->facts) < 0)
		return -1;
	t->ndest = 0;
	t->before = t->asked;
	t->asked = stamp_mono();
	if (t->facts.answered &&
		ask_question(CTL_DESTINATIONS, NULL, take_destination, t) == 0)
		ask_question(CTL_COUNTERS, NULL, take_counter, t);
	if (t->ndest)
		qsort(t->dest, t->ndest, sizeof(*t->dest), by_work);
	return 0;
}

/* --- the screen ----------------------------------------------------------- */

static void
end_line(const struct top *t)
{
	obuf_puts(&out, t->screen ? "\033[K\r\n" : "\n");
}

static void
head(const struct top *t)
{
	const struct facts *f = &t->facts;

	obuf_puts(&out, "quill-send ");
	paint(f->runs ? PAINT_GOOD : PAINT_BAD,
		f->runs ? "running" : "not running");
	if (f->answered) {
		obuf_puts(&out, " for ");
		say_span(stamp_now() - (int64_t)f->n[FACTS_SINCE]);
	}
	obuf_puts(&out, "   free ");
	say_bytes(f->free_bytes);
	if (t->screen)
		obuf_puts(&out, "   q: quit");
	end_line(t);
	obuf_puts(&out, "queue ");
	obuf_putnum(&out, (uint64_t)f->messages);
	obuf_puts(&out, "  new ");
	obuf_putnum(&out, f->n[FACTS_NEW]);
	obuf_puts(&out, "  active ");
	obuf_putnum(&out, f->n[FACTS_ACTIVE]);
	obuf_puts(&out, "  waiting ");
	obuf_putnum(&out, f->n[FACTS_WAITING]);
	obuf_puts(&out, "  held ");
	obuf_putnum(&out, f->n[FACTS_HELD]);
	obuf_puts(&out, "  set aside ");
	obuf_putnum(&out, (uint64_t)f->lost);
	end_line(t);
	obuf_puts(&out, "running  local ");
	obuf_putnum(&out, f->n[FACTS_LOCAL]);
	obuf_putc(&out, '/');
	obuf_putnum(&out, f->n[FACTS_LOCAL_LIMIT]);
	obuf_puts(&out, "  remote ");
	obuf_putnum(&out, f->n[FACTS_REMOTE]);
	obuf_putc(&out, '/');
	obuf_putnum(&out, f->n[FACTS_REMOTE_LIMIT]);
	end_line(t);
}

/* What was counted since the last look, a second: only what moved. */
static void
rates(const struct top *t)
{
	int64_t ms = t->asked - t->before;
	uint64_t tenths;
	size_t i, shown = 0;

	obuf_puts(&out, "a second:");
	for (i = 0; t->before && ms > 0 && i < t->ncounters && shown < 6; i++) {
		const struct counter *c = &t->counter[i];

		if (c->n <= c->before)
			continue;
		tenths = (c->n - c->before) * 10000 / (uint64_t)ms;
		obuf_puts(&out, shown++ ? ", " : " ");
		json_plain(&out, c->name);
		obuf_putc(&out, ' ');
		obuf_putnum(&out, tenths / 10);
		obuf_putc(&out, '.');
		obuf_putnum(&out, tenths % 10);
	}
	end_line(t);
}

static void
destinations(const struct top *t, size_t lines)
{
	static const char title[] =
		"destination                    running  limit waiting "
		"failures state";
	size_t i, used = 31 + 7 + 7 + 8 + 9 + 1 + 6;

	paint(PAINT_TITLE, title);
	end_line(t);
	for (i = 0; i < t->ndest && i < lines; i++) {
		const struct destination *d = &t->dest[i];

		say_padded(d->name, 31);
		say_number(d->running, 7);
		say_number(d->limit, 7);
		say_number(d->waiting, 8);
		say_number(d->failures, 9);
		obuf_putc(&out, ' ');
		say_padded(d->state, 5);
		obuf_putc(&out, ' ');
		if (*d->text && t->cols > used)
			say_padded(d->text, t->cols - used);
		end_line(t);
	}
}

static void
draw(struct top *t)
{
	struct winsize w;

	t->rows = 24;
	t->cols = 80;
	if (t->screen && ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_row &&
		w.ws_col) {
		t->rows = w.ws_row;
		t->cols = w.ws_col;
	}
	if (t->screen)
		obuf_puts(&out, "\033[H");
	head(t);
	rates(t);
	destinations(t, t->rows > 7 ? t->rows - 7 : 1);
	if (t->screen)
		obuf_puts(&out, "\033[J");
	else
		obuf_putc(&out, '\n');
	obuf_flush(&out);
}

static void
screen_on(struct top *t)
{
	struct termios raw;

	t->screen = paint_terminal();
	if (!t->screen)
		return;
	/* without line wrap: what is too wide is cut by the terminal */
	obuf_puts(&out, "\033[?1049h\033[?25l\033[?7l\033[2J");
	if (isatty(0) && tcgetattr(0, &t->saved) == 0) {
		raw = t->saved;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		t->raw = tcsetattr(0, TCSANOW, &raw) == 0;
	}
}

static void
screen_off(struct top *t)
{
	if (t->raw)
		tcsetattr(0, TCSANOW, &t->saved);
	if (t->screen)
		obuf_puts(&out, "\033[?7h\033[?25h\033[?1049l");
	obuf_flush(&out);
}

/* true: go on. Other keys than q only redraw. */
static bool
wait_key(const struct top *t, uint64_t seconds)
{
	struct pollfd p = { .fd = t->raw ? 0 : -1, .events = POLLIN };
	char c;

	if (poll(&p, 1, (int)seconds * 1000) <= 0)
		return !ended;
	if (fd_read(0, &c, 1) != 1 || c == 'q' || c == 'Q')
		return false;
	return !ended;
}

int
ctl_top(int argc, char **argv)
{
	struct top *t = &top;
	const char *every = NULL, *turns = NULL;
	uint64_t seconds = 2, n = UINT64_MAX;
	const struct args_option options[] = {
		{ 'd', "delay", NULL, &every },
		{ 'n', "turns", NULL, &turns },
	};
	int r = 0;

	if (!args_exactly(0, options, 2, argc, argv))
		return CTL_USAGE;
	if (every && (!num_parses(every, 3600, &seconds) || seconds == 0))
		return args_bad("not a number of seconds: ", every);
	if (turns && (!num_parses(turns, UINT32_MAX, &n) || n == 0))
		return args_bad("not a number: ", turns);
	sig_catch(SIGINT, end);
	sig_catch(SIGTERM, end);
	sig_catch(SIGHUP, end);
	screen_on(t);
	while (!ended && (r = look(t)) == 0) {
		draw(t);
		if (out.err || --n == 0 || !wait_key(t, seconds))
			break;
	}
	screen_off(t);
	if (r == 0)
		return CTL_YES;
	walk_trouble();
	return STATUS_TEMP;
}
