/* SPDX-License-Identifier: 0BSD */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "inject/fail.h"
#include "inject/submit.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/obuf.h"
#include "mail/addrlist.h"
#include "mail/header.h"
#include "wire/notify.h"
#include "wire/qclient.h"

enum { CHUNK = 65536 };

/* Addresses of an argument. */
struct arg {
	const struct qualify *hosts;
	struct str *out; /* a NUL after each */
	size_t count;
	bool rcpt; /* the null address is none */
};

static void
take_arg(void *arg, struct addrlist_addr *a)
{
	struct arg *x = arg;

	if (x->rcpt && a->local.len == 0)
		fail(FAIL_USAGE, "empty recipient address", NULL);
	qualify_addr(x->hosts, a);
	addrlist_join(x->out, a);
	str_putc(x->out, '\0');
	x->count++;
}

static void
parse_arg(struct arg *x, const char *text, const char *what)
{
	enum addrlist e = addrlist_walk(text, strlen(text), NULL, take_arg, x);

	if (e != ADDRLIST_OK)
		fail(FAIL_USAGE, "unable to parse ", what, " ", text, ": ",
			addrlist_error(e), NULL);
	if (x->out->over)
		fail(FAIL_USAGE, "too many recipients", NULL);
}

/* The recipients among the arguments. */
static void
argument_rcpts(struct submit *s, struct str *out)
{
	struct arg x = { .hosts = &s->compose.hosts, .out = out, .rcpt = true };

	for (const char *const *p = s->rcpts; *p != NULL; p++)
		parse_arg(&x, *p, "recipient");
}

/* The envelope sender of -f. */
static void
argument_sender(struct submit *s, struct str *out)
{
	struct arg x = { .hosts = &s->compose.hosts, .out = out };

	parse_arg(&x, s->sender, "sender");
	if (x.count > 1)
		fail(FAIL_USAGE, "more than one address in sender ", s->sender,
			NULL);
	str_putc(out, '\0');
}

/* The envelope sender when neither -f nor Return-Path gives one; as a VERP
 * sender when asked for, which quill-send expands. */
static void
default_sender(struct submit *s, struct str *out)
{
	const struct settings *e = &s->settings;
	struct addrlist_addr a;

	qualify_user(&s->compose.hosts, &a, e->suser, e->shost);
	if (e->verp_mess) {
		str_putc(&a.local, '-');
		str_putnum(&a.local, (uint64_t)s->compose.now);
		str_putc(&a.local, '.');
		str_putnum(&a.local, (uint64_t)getpid());
	}
	if (e->verp_rcpt) {
		str_putc(&a.local, '-');
		str_puts(&a.domain, "-@[]");
	}
	if (a.local.over || a.domain.over)
		fail(FAIL_DATA, "sender: ", addrlist_error(ADDRLIST_LONG),
			NULL);
	addrlist_join(out, &a);
	str_putc(out, '\0');
	str_free(&a.local);
	str_free(&a.domain);
}

/* Read until the end of the header is known to be at *pos. */
static void
read_header(struct submit *s, struct str *block, size_t *pos)
{
	ssize_t r = 1;

	for (*pos = 0; !header_scan(block->s, block->len, r == 0, pos);) {
		if (block->len > SUBMIT_HEADER_MAX)
			fail(FAIL_DATA, "header larger than 4 MiB", NULL);
		str_room(block, CHUNK);
		r = input_read(&s->in, block->s + block->len, CHUNK);
		if (r < 0)
			fail(FAIL_TEMP,
				"unable to read message: ", strerror(errno),
				NULL);
		block->len += (size_t)r;
	}
	if (*pos > SUBMIT_HEADER_MAX)
		fail(FAIL_DATA, "header larger than 4 MiB", NULL);
}

/* Where the message goes: one of the two. */
struct sink {
	struct qclient *queue;
	struct obuf *out;
};

static void
sink_put(struct sink *k, const void *p, size_t n)
{
	if (k->queue != NULL)
		qclient_put(k->queue, p, n);
	else
		obuf_put(k->out, p, n);
}

/* Header, empty line, body as it is. block is used up. -1 errno when the
 * message could not be read to its end. */
static int
put_message(struct submit *s, struct sink *k, struct str *block, size_t body)
{
	ssize_t r;

	sink_put(k, s->compose.head.s, s->compose.head.len);
	sink_put(k, "\n", 1);
	if (body < block->len &&
		header_empty(block->s + body, block->len - body))
		body += block->s[body] == '\r' ? 2 : 1;
	sink_put(k, block->s + body, block->len - body);
	str_clear(block);
	str_room(block, CHUNK);
	while ((r = input_read(&s->in, block->s, CHUNK)) > 0)
		sink_put(k, block->s, (size_t)r);
	return r < 0 ? -1 : 0;
}

static void
put_param(struct qclient *q, const char *key, const char *value)
{
	struct str s = STR_INIT(16 + 3 * ENVID_MAX);

	str_puts(&s, key);
	str_puts(&s, value);
	qclient_param(q, str_c(&s));
	str_free(&s);
}

/* What was given before is in seen, which is NULL where that does not matter:
 * callers of sendmail rely on one copy for each address. */
static void
put_rcpts(struct qclient *q, const struct str *rcpts, const char *notify,
	struct map *seen)
{
	const char *p = rcpts->s;
	size_t n;

	for (; rcpts->len > 0 && p < rcpts->s + rcpts->len; p += n + 1) {
		n = strlen(p);
		if (seen != NULL) {
			if (map_get(seen, p, n, NULL) != NULL)
				continue;
			map_put(seen, p, n, "", 0);
		}
		qclient_to(q, p);
		if (notify != NULL)
			put_param(q, "NOTIFY=", notify);
	}
}

static void
put_sender(struct qclient *q, const struct submit *s, const char *sender)
{
	struct str xtext = STR_INIT(3 * ENVID_MAX);

	qclient_from(q, sender);
	if (s->ret != NULL)
		put_param(q, "RET=", s->ret);
	if (s->envid != NULL) {
		notify_encode(&xtext, s->envid, strlen(s->envid));
		put_param(q, "ENVID=", str_c(&xtext));
	}
	str_free(&xtext);
}

/* What was asked for by way of reports. */
static void
check_requests(const struct submit *s)
{
	struct str xtext = STR_INIT(3 * ENVID_MAX);

	if (s->notify != NULL && !notify_parse(s->notify, strlen(s->notify)))
		fail(FAIL_USAGE, "notify is never, or a list of success, ",
			"failure and delay: ", s->notify, NULL);
	if (s->ret != NULL && !notify_isret(s->ret, strlen(s->ret)))
		fail(FAIL_USAGE, "what to return is full or hdrs: ", s->ret,
			NULL);
	if (s->envid != NULL) {
		notify_encode(&xtext, s->envid, strlen(s->envid));
		if (xtext.over || !notify_isenvid(str_c(&xtext), xtext.len))
			fail(FAIL_USAGE, "envelope id is empty or too long",
				NULL);
	}
	str_free(&xtext);
}

static void
print(struct submit *s, struct str *block, size_t body)
{
	char buf[8192];
	struct obuf out;
	struct sink k = { .out = &out };

	obuf_init(&out, 1, buf, sizeof buf);
	if (put_message(s, &k, block, body) == -1)
		fail(FAIL_TEMP, "unable to read message: ", strerror(errno),
			NULL);
	if (obuf_flush(&out) == -1)
		fail(FAIL_TEMP, "unable to write message: ", strerror(out.err),
			NULL);
}

static void
queue(struct submit *s, struct str *block, size_t body, const char *sender,
	const struct str *args)
{
	static struct qclient q;
	struct sink k = { .queue = &q };
	struct qverdict v;
	struct map once, *seen = s->once ? &once : NULL;
	int err = 0;

	map_init(&once);
	if (qclient_open(&q) == -1)
		fail(FAIL_TEMP, "unable to run quill-queue: ", strerror(errno),
			NULL);
	if (put_message(s, &k, block, body) == -1) {
		err = errno;
		qclient_abort(&q);
	}
	put_sender(&q, s, sender);
	put_rcpts(&q, args, s->notify, seen);
	if (s->from_header)
		put_rcpts(&q, &s->compose.rcpts, s->notify, seen);
	map_free(&once);
	qclient_close(&q, &v);
	if (err != 0)
		fail(FAIL_TEMP, "unable to read message: ", strerror(err),
			NULL);
	if (v.class != STATUS_ACCEPTED)
		fail(v.class == STATUS_PERMANENT ? FAIL_REFUSED : FAIL_TEMP,
			v.text, NULL);
}

void
submit_message(struct submit *s)
{
	struct compose *c = &s->compose;
	struct str block = STR_INIT(SUBMIT_HEADER_MAX + 2 * CHUNK);
	struct str args = STR_INIT(COMPOSE_MAX), sender = STR_INIT(4096);
	size_t body;

	check_requests(s);
	if (s->from_args)
		argument_rcpts(s, &args);
	if (s->sender != NULL)
		argument_sender(s, &sender);
	read_header(s, &block, &body);
	c->use_rcpt = s->from_header;
	c->use_sender = s->sender == NULL && !s->settings.ignore_return_path;
	if (!compose_header(c, block.s, body))
		fail(FAIL_DATA, c->errfield.len > 0 ? "unable to parse " : "",
			str_c(&c->errfield), c->errfield.len > 0 ? ": " : "",
			c->error, NULL);
	if (sender.len == 0) {
		if (c->use_sender && c->has_sender)
			str_puts(&sender, str_c(&c->sender));
		else
			default_sender(s, &sender);
	}
	if (s->print) {
		print(s, &block, body);
	} else {
		if (args.len == 0 && !(s->from_header && c->nrcpts > 0))
			fail(FAIL_USAGE, "no recipients", NULL);
		queue(s, &block, body, str_c(&sender), &args);
	}
	str_free(&block);
	str_free(&args);
	str_free(&sender);
	compose_free(c);
}
