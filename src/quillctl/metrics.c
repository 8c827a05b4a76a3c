/* SPDX-License-Identifier: 0BSD */
/* quillctl metrics: counters and gauges as Prometheus reads them (text format
 * 0.0.4), to standard output, to a file for node_exporter, or as the answer to
 * one HTTP request under tcpserver */
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "quillctl/args.h"
#include "quillctl/aside.h"
#include "quillctl/facts.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"
#include "wire/counters.h"
#include "wire/status.h"

enum {
	METRICS_MAX = 1 << 20,
	REQUEST_MAX = 8192, /* bytes of an HTTP request */
	REQUEST_MS = 10000
};

static void
metric(struct str *s, const char *name, const char *type, const char *help,
	uint64_t n)
{
	str_puts(s, "# HELP quill_");
	str_puts(s, name);
	str_putc(s, ' ');
	str_puts(s, help);
	str_puts(s, "\n# TYPE quill_");
	str_puts(s, name);
	str_putc(s, ' ');
	str_puts(s, type);
	str_puts(s, "\nquill_");
	str_puts(s, name);
	str_putc(s, ' ');
	str_putnum(s, n);
	str_putc(s, '\n');
}

/* Counters of one program, each "NAME HELP". What was never counted is not
 * said: there is no file before the program's first start. */
static void
counted(struct str *s, const char *program, const char *const *names)
{
	uint64_t n[COUNTERS_MAX];
	struct str name = STR_INIT(200);
	int64_t since;

	if (counters_read(program, n, &since, NULL, 0) < 0)
		return;
	for (size_t i = 0; names[i]; i++) {
		size_t len = strcspn(names[i], " ");

		str_clear(&name);
		str_puts(&name, program);
		str_putc(&name, '_');
		str_put(&name, names[i], len);
		str_puts(&name, "_total");
		metric(s, str_c(&name), "counter", names[i] + len + 1, n[i]);
	}
	str_clear(&name);
	str_puts(&name, program);
	str_puts(&name, "_counters_since_seconds");
	metric(s, str_c(&name), "gauge",
		"when these counters began, seconds since 1970",
		(uint64_t)since);
	str_free(&name);
}

static int
collect(struct str *s)
{
	static const struct {
		int which;
		const char *name, *help;
	} gauges[] = {
		{ FACTS_NEW, "queue_new", "messages not tried yet" },
		{ FACTS_ACTIVE, "queue_active", "messages being delivered" },
		{ FACTS_WAITING, "queue_waiting",
			"messages that wait for "
			"their next attempt" },
		{ FACTS_HELD, "queue_held", "messages held" },
		{ FACTS_LOCAL, "deliveries_local", "local deliveries running" },
		{ FACTS_REMOTE, "deliveries_remote",
			"remote deliveries "
			"running" },
	};
	static struct facts f;
	int64_t now = stamp_now();

	if (facts_send(&f) < 0 || facts_queue(&f) < 0 || facts_disk(&f) < 0) {
		walk_trouble();
		return -1;
	}
	metric(s, "up", "gauge", "1 when quill-send runs", f.runs);
	metric(s, "queue_messages", "gauge", "messages in the queue",
		(uint64_t)f.messages);
	for (size_t i = 0; i < sizeof gauges / sizeof *gauges; i++)
		metric(s, gauges[i].name, "gauge", gauges[i].help,
			f.n[gauges[i].which]);
	metric(s, "queue_lost", "gauge", "messages set aside as damaged",
		(uint64_t)f.lost);
	metric(s, "queue_oldest_seconds", "gauge", "age of the oldest message",
		f.messages && now > qid_birth(f.oldest)
			? (uint64_t)(now - qid_birth(f.oldest))
			: 0);
	metric(s, "queue_free_bytes", "gauge", "free on the queue's disk",
		f.free_bytes);
	metric(s, "queue_free_inodes", "gauge",
		"free inodes on the queue's disk", f.free_inodes);
	counted(s, "smtpd", counters_smtpd);
	counted(s, "send", counters_send);
	return 0;
}

static int
to_file(const char *path, const struct str *s)
{
	int fd = aside_open(path), r = -1;

	if (fd >= 0) {
		r = fd_writeall(fd, s->s, s->len);
		/* whoever reads it is another user, whatever our umask */
		if (r == 0)
			r = fchmod(fd, 0644);
		r = aside_close(fd, path, r == 0);
	}
	if (r < 0)
		log_alert_sys("unable to write ", path);
	return r;
}

static void
answer(const char *status, const char *type, const struct str *body)
{
	obuf_deadline(&out, stamp_mono() + REQUEST_MS);
	obuf_puts(&out, "HTTP/1.1 ");
	obuf_puts(&out, status);
	obuf_puts(&out, "\r\nContent-Type: ");
	obuf_puts(&out, type);
	obuf_puts(&out, "\r\nContent-Length: ");
	obuf_putnum(&out, body->len);
	obuf_puts(&out, "\r\nConnection: close\r\n\r\n");
	obuf_put(&out, body->s, body->len);
}

/* Read the request to its empty line. NULL, or the status of a refusal. */
static const char *
request(void)
{
	struct str line = STR_INIT(REQUEST_MAX);
	char buf[1024];
	struct ibuf in;
	size_t left = REQUEST_MAX;
	const char *why = NULL;
	bool first = true;

	ibuf_init(&in, 0, buf, sizeof buf);
	ibuf_deadline(&in, stamp_mono() + REQUEST_MS);
	for (;;) {
		if (ibuf_getline(&in, &line, left) != IBUF_LINE)
			return "400 Bad Request";
		left -= line.len;
		if (first && strncmp(line.s, "GET ", 4) != 0)
			why = "405 Method Not Allowed";
		else if (first && strncmp(line.s, "GET /metrics ", 13) != 0)
			why = "404 Not Found";
		first = false;
		if (*line.s == '\n' || *line.s == '\r')
			break;
		if (left == 0)
			return "400 Bad Request";
	}
	str_free(&line);
	return why;
}

static int
serve(void)
{
	struct str s = STR_INIT(METRICS_MAX);
	const char *why = request();

	if (!why && collect(&s) < 0)
		why = "500 Internal Server Error";
	if (why) {
		str_clear(&s);
		str_puts(&s, why);
		str_putc(&s, '\n');
	}
	answer(why ? why : "200 OK",
		why ? "text/plain" : "text/plain; version=0.0.4", &s);
	str_free(&s);
	return CTL_YES;
}

int
ctl_metrics(int argc, char **argv)
{
	struct str s = STR_INIT(METRICS_MAX);
	const char *file = NULL;
	bool http = false;
	const struct args_option options[] = {
		{ 0, "http", &http, NULL },
		{ 'f', "file", NULL, &file },
	};
	int r = CTL_YES;

	if (!args_exactly(0, options, 2, argc, argv))
		return CTL_USAGE;
	if (http && file)
		return args_bad("either --http or ", "--file");
	if (file)
		file = args_absolute(file);
	ctl_enter_queue();
	if (http)
		return serve();
	if (collect(&s) < 0)
		r = STATUS_TEMP;
	else if (!file)
		obuf_put(&out, s.s, s.len);
	else if (to_file(file, &s) < 0)
		r = STATUS_TEMP;
	str_free(&s);
	return r;
}
