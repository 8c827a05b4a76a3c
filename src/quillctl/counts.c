/* SPDX-License-Identifier: 0BSD */
#include "quillctl/counts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/ascii.h"
#include "lib/num.h"
#include "lib/str.h"
#include "quillctl/reason.h"

enum { HOUR = 3600, VALUE = 1024, PER_DECADE = 20 };

/* Classes of delays for people: up to that many ms; the last one is open. */
static const uint32_t took_ms[COUNTS_TOOK - 1] = { 100, 1000, 10000, 60000,
	600000, 3600000, 4 * 3600000, 24 * 3600000 };

void
counts_init(struct counts *c, int64_t from, int64_t to)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	from -= from % HOUR;
	c->hours = to > from ? (size_t)((to - from + HOUR - 1) / HOUR) : 1;
	if (c->hours > COUNTS_HOURS) {
		from += (int64_t)(c->hours - COUNTS_HOURS) * HOUR;
		c->hours = COUNTS_HOURS;
	}
	c->from = from;
	c->hour = xmalloc(c->hours * sizeof(*c->hour));
	memset(c->hour, 0, c->hours * sizeof(*c->hour));
	for (i = 0; i < COUNTS_TOPS; i++) {
		c->top[i] = xmalloc(sizeof(*c->top[i]));
		topk_init(c->top[i]);
	}
	idset_init(&c->queued);
	sendlog_init(&c->log);
	c->log.anyway = true;
}

/* --- delays --------------------------------------------------------------- */

uint64_t
counts_delay_ms(size_t i)
{
	/* 10^(i/20), rounded up */
	static const unsigned short mantissa[PER_DECADE] = { 1000, 1123, 1259,
		1413, 1585, 1779, 1996, 2239, 2512, 2819, 3163, 3549, 3982,
		4467, 5012, 5624, 6310, 7080, 7944, 8913 };
	uint64_t ms = mantissa[i % PER_DECADE];

	for (i /= PER_DECADE; i > 0; i--)
		ms *= 10;
	return (ms + 999) / 1000;
}

static size_t
delay_cell(uint64_t ms)
{
	size_t low = 0, high = COUNTS_DELAYS - 1, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (counts_delay_ms(mid) < ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t
counts_within_ms(const struct counts *c, unsigned percent)
{
	uint64_t all = 0, n = 0;
	size_t i;

	for (i = 0; i < COUNTS_DELAYS; i++)
		all += c->delay[i];
	for (i = 0; i < COUNTS_DELAYS; i++) {
		n += c->delay[i];
		if (n && n * 100 >= all * percent)
			return counts_delay_ms(i);
	}
	return 0;
}

static void
add_delay(struct counts *c, uint64_t ms, bool remote)
{
	size_t i = 0;

	while (i < COUNTS_TOOK - 1 && ms > took_ms[i])
		i++;
	c->took[i][remote]++;
	c->delay[delay_cell(ms)]++;
}

/* "12.345" in ms. */
static bool
take_ms(const char *s, uint64_t *ms)
{
	size_t n = strspn(s, "0123456789");
	uint64_t more = 0;

	if (!num_parse(s, n, UINT32_MAX, ms))
		return false;
	if (s[n] == '.' &&
		(!num_parse(s + n + 1, strlen(s + n + 1), 999, &more) ||
			strlen(s + n + 1) != 3))
		return false;
	*ms = *ms * 1000 + more;
	return true;
}

/* --- the queue ------------------------------------------------------------ */

static void
note_queue(struct counts *c, struct counts_hour *h)
{
	if (!h->seen || c->inqueue > h->most)
		h->most = (int32_t)c->inqueue;
	h->last = (int32_t)c->inqueue;
	h->seen = true;
}

/* A message that the log has told nothing of was there before. */
static void
is_queued(struct counts *c, const char *id)
{
	enum idset_added r = idset_add(&c->queued, id);

	c->before += r == IDSET_NEW;
	c->full |= r == IDSET_FULL;
}

static void
comes(struct counts *c, struct counts_hour *h, const char *id)
{
	enum idset_added r = idset_add(&c->queued, id);

	if (r == IDSET_KNOWN)
		return; /* quill-send was started again before it tried it */
	c->full |= r == IDSET_FULL;
	/* the hour began without it */
	note_queue(c, h);
	c->inqueue++;
	note_queue(c, h);
}

static void
goes(struct counts *c, struct counts_hour *h, const char *id)
{
	note_queue(c, h);
	if (!idset_remove(&c->queued, id) && !c->full)
		c->before++;
	c->inqueue--;
	note_queue(c, h);
}

/* --- lines of quill-send -------------------------------------------------- */

static struct topk_item *
count_reason(struct counts *c, enum counts_top top, const char *dsn,
	const char *text)
{
	static struct str s = STR_INIT(2 * LOGDIR_LINE);

	str_clear(&s);
	if (*dsn && strcmp(dsn, "-") != 0) {
		str_puts(&s, dsn);
		str_putc(&s, ' ');
	}
	reason_shape(&s, text);
	return topk_add(c->top[top], str_c(&s));
}

/* ": bytes B from <S> qp ..." */
static void
info(struct counts *c, const char *s)
{
	static struct str sender = STR_INIT(LOGDIR_LINE);
	const char *from = strstr(s, " from <"), *end;
	char address[VALUE];
	uint64_t bytes = 0;
	size_t n;

	if (strncmp(s, ": bytes ", 8) == 0)
		num_parse(
			s + 8, strspn(s + 8, "0123456789"), INT64_MAX, &bytes);
	c->bytes += bytes;
	end = from ? strstr(from, "> qp ") : NULL;
	if (!end)
		return;
	from += 7;
	n = (size_t)(end - from);
	if (n >= sizeof(address))
		n = sizeof(address) - 1;
	memcpy(address, from, n);
	address[n] = '\0';
	str_clear(&sender);
	reason_sender(&sender, *address ? address : "<>");
	topk_add(c->top[COUNTS_SENDERS], str_c(&sender))->more[0] += bytes;
}

static void
result(struct counts *c, struct counts_hour *h, const struct sendlog_event *e)
{
	static const struct {
		enum counts_series series;
		int top;
	} kinds[] = {
		[SENDLOG_SUCCESS] = { COUNTS_SENT, -1 },
		[SENDLOG_FAILURE] = { COUNTS_FAILED, COUNTS_FAILURES },
		[SENDLOG_DEFERRAL] = { COUNTS_DEFERRED, COUNTS_DEFERRALS },
	};
	enum counts_series series = kinds[e->kind].series;
	char v[VALUE], relay[VALUE];
	const char *domain;
	uint64_t ms;

	h->n[series]++;
	c->total[series]++;
	sendlog_value(e->rest, "to", v, sizeof(v));
	domain = strrchr(v, '@');
	domain = domain ? domain + 1 : v;
	ascii_tolower(v, strlen(v));
	topk_add(c->top[COUNTS_DESTINATIONS], domain)
		->more[series - COUNTS_SENT]++;
	if (series == COUNTS_SENT) {
		sendlog_value(e->rest, "delay", v, sizeof(v));
		sendlog_value(e->rest, "relay", relay, sizeof(relay));
		if (take_ms(v, &ms))
			add_delay(c, ms, strcmp(relay, "-") != 0);
		return;
	}
	sendlog_value(e->rest, "dsn", v, sizeof(v));
	count_reason(c, (enum counts_top)kinds[e->kind].top, v, e->text);
}

static void
of_send(struct counts *c, struct counts_hour *h, const struct sendlog_event *e)
{
	switch (e->kind) {
	case SENDLOG_NEW:
		comes(c, h, e->id);
		break;
	case SENDLOG_INFO:
		h->n[COUNTS_MESSAGES]++;
		c->total[COUNTS_MESSAGES]++;
		info(c, e->text);
		break;
	case SENDLOG_START:
		is_queued(c, e->id);
		break;
	case SENDLOG_SUCCESS:
	case SENDLOG_FAILURE:
	case SENDLOG_DEFERRAL:
		result(c, h, e);
		break;
	case SENDLOG_END:
		goes(c, h, e->id);
		break;
	default:
		break;
	}
}

/* --- lines of quill-smtpd ------------------------------------------------- */

/* n bytes with %XX into out, which is a string then. */
static void
unescape(struct str *out, const char *s, size_t n)
{
	size_t i;
	int c;

	for (i = 0; i < n; i++) {
		c = (unsigned char)s[i];
		if (c == '%' && i + 2 < n && ascii_hexval(s[i + 1]) >= 0 &&
			ascii_hexval(s[i + 2]) >= 0) {
			c = ascii_hexval(s[i + 1]) << 4 |
			    ascii_hexval(s[i + 2]);
			i += 2;
		}
		str_putc(out, c ? (char)c : '?');
	}
	str_c(out);
}

static void
refused(struct counts *c, struct counts_hour *h, const char *s)
{
	static struct str text = STR_INIT(LOGDIR_LINE);
	const char *from = strstr(s, " text=\""), *end;
	char code[8];

	h->n[COUNTS_REFUSED]++;
	c->total[COUNTS_REFUSED]++;
	str_clear(&text);
	end = from ? strchr(from + 7, '"') : NULL;
	if (end)
		unescape(&text, from + 7, (size_t)(end - from - 7));
	sendlog_value(s, "code", code, sizeof(code));
	count_reason(c, COUNTS_REFUSALS, code, str_c(&text));
}

static void
of_smtpd(struct counts *c, struct counts_hour *h, const char *s)
{
	if (strncmp(s, "refused ", 8) == 0)
		refused(c, h, s + 7);
	else if (strncmp(s, "accepted ", 9) == 0)
		c->accepted++;
	else if (strncmp(s, "session ", 8) == 0)
		c->sessions++;
}

/* --- all ------------------------------------------------------------------ */

void
counts_line(struct counts *c, const struct logs_line *l)
{
	static const char smtpd[] = "quill-smtpd: ";
	struct sendlog_event e;
	int64_t at = (l->us / 1000000 - c->from) / HOUR;

	c->lines++;
	if (l->torn)
		c->torn++;
	else if (l->us == 0)
		c->undated++;
	else if (l->us / 1000000 < c->from)
		c->earlier++;
	else if (at >= (int64_t)c->hours)
		c->later++;
	else if (strncmp(l->text, smtpd, sizeof(smtpd) - 1) == 0)
		of_smtpd(c, &c->hour[at], l->text + sizeof(smtpd) - 1);
	else {
		sendlog_line(&c->log, l->text, &e);
		of_send(c, &c->hour[at], &e);
	}
}

static bool
is_empty(const struct counts_hour *h)
{
	static const uint32_t none[COUNTS_SERIES];

	return !h->seen && memcmp(h->n, none, sizeof(none)) == 0;
}

void
counts_end(struct counts *c, bool trim)
{
	int32_t last = 0;
	size_t i, first = 0;

	while (trim && first + 1 < c->hours && is_empty(&c->hour[first]))
		first++;
	c->from += (int64_t)first * HOUR;
	c->hours -= first;
	memmove(c->hour, c->hour + first, c->hours * sizeof(*c->hour));
	for (i = 0; i < c->hours; i++) {
		struct counts_hour *h = &c->hour[i];

		if (!h->seen)
			h->most = h->last = last;
		last = h->last;
		h->most += (int32_t)c->before;
	}
	for (i = 0; i < COUNTS_TOPS; i++)
		topk_sort(c->top[i]);
}

void
counts_free(struct counts *c)
{
	size_t i;

	free(c->hour);
	for (i = 0; i < COUNTS_TOPS; i++)
		free(c->top[i]);
	idset_free(&c->queued);
	map_free(&c->log.running);
	str_free(&c->log.text);
}
