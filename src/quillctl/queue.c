/* SPDX-License-Identifier: 0BSD */
/* quillctl queue: what is in the queue, all of it or what fits */
#include <errno.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/quillctl.h"
#include "quillctl/replies.h"
#include "quillctl/select.h"
#include "quillctl/walk.h"
#include "wire/status.h"

static struct query {
	struct select select;
	bool json, count;
	uint64_t shown, odd;
	bool head; /* the message of its recipients was shown */
	const char *sep;
} query;

/* --- one message ---------------------------------------------------------- */

static void
plain_head(const struct walk_message *m)
{
	char when[STAMP_FMT];

	stamp_rfc3339(when, qid_birth(m->id));
	obuf_puts(&out, m->name);
	obuf_puts(&out, "  ");
	obuf_puts(&out, when);
	obuf_puts(&out, "  ");
	obuf_putnum(&out, m->env.head.bytes);
	obuf_puts(&out, "  <");
	json_plain(&out, m->env.sender);
	obuf_puts(&out, ">\n");
}

static void
plain_rcpt(const struct walk_message *m, size_t i)
{
	struct reply r;

	obuf_putc(&out, '\t');
	obuf_puts(&out, select_state(m, i));
	obuf_putc(&out, '\t');
	json_plain(&out, env_rcpt(&m->env, i));
	obuf_putc(&out, '\n');
	if (replies_get(m, i, &r) && env_mark(&m->env, i) != ENV_DONE) {
		obuf_puts(&out, "\t  (");
		json_plain(&out, r.text);
		obuf_puts(&out, ")\n");
	}
}

static void
json_head(const struct walk_message *m)
{
	obuf_puts(&out, "{\"queue_name\":\"");
	obuf_puts(&out, m->tried ? "deferred" : "active");
	obuf_puts(&out, "\",\"queue_id\":\"");
	obuf_puts(&out, m->name);
	obuf_puts(&out, "\",\"arrival_time\":");
	obuf_putnum(&out, (uint64_t)qid_birth(m->id));
	obuf_puts(&out, ",\"message_size\":");
	obuf_putnum(&out, m->env.head.bytes);
	obuf_puts(&out, ",\"sender\":");
	json_string(&out, m->env.sender);
	obuf_puts(&out, ",\"recipients\":[");
	query.sep = "";
}

static void
json_rcpt(const struct walk_message *m, size_t i)
{
	enum env_mark k = env_mark(&m->env, i);
	struct reply r;

	if (!env_istodo(k) && !env_isheld(k))
		return;
	obuf_puts(&out, query.sep);
	query.sep = ",";
	obuf_puts(&out, "{\"address\":");
	json_string(&out, env_rcpt(&m->env, i));
	obuf_puts(&out, ",\"state\":\"");
	obuf_puts(&out, select_state(m, i));
	obuf_putc(&out, '"');
	if (replies_get(m, i, &r)) {
		obuf_puts(&out, ",\"delay_reason\":");
		json_string(&out, r.text);
	}
	obuf_putc(&out, '}');
}

static void
message(void *arg, const struct walk_message *m)
{
	struct query *q = arg;
	bool head = false;
	size_t i;

	if (out.err) { /* nobody reads it: a long queue need not be */
		errno = out.err;
		log_die_sys(STATUS_TEMP, "unable to write");
	}
	if (q->select.state == SELECT_DAMAGED || !select_message(&q->select, m))
		return;
	for (i = 0; i < m->env.nrcpt; i++) {
		if (!select_rcpt(&q->select, m, i))
			continue;
		if (!head)
			q->shown++;
		if (q->count)
			return;
		if (!head)
			(q->json ? json_head : plain_head)(m);
		head = true;
		(q->json ? json_rcpt : plain_rcpt)(m, i);
	}
	if (head) {
		if (q->json)
			obuf_puts(&out, "]}\n");
		return;
	}
	if (m->env.nrcpt == 0 && select_whole(&q->select)) {
		q->shown++;
		if (q->count)
			return;
		(q->json ? json_head : plain_head)(m);
		if (q->json)
			obuf_puts(&out, "]}\n");
	}
}

static void
damaged(void *arg, const struct walk_message *m)
{
	struct query *q = arg;
	bool json = q->json;

	q->odd++;
	if (q->select.state != SELECT_DAMAGED)
		return;
	q->shown++;
	if (q->count)
		return;
	obuf_puts(&out,
		json ? "{\"queue_name\":\"damaged\",\"queue_id\":\"" : "");
	obuf_puts(&out, m->name);
	obuf_puts(&out, json ? "\",\"reason\":\"" : "  ");
	obuf_puts(&out, m->result == ENV_UNFINISHED
				? "its envelope file is not finished"
				: "its envelope file is not valid");
	obuf_puts(&out, json ? "\"}\n" : "\n");
}

/* --- all ------------------------------------------------------------------ */

static int
trouble(void)
{
	walk_trouble();
	return STATUS_TEMP;
}

/* Of the whole queue: without a look into envelopes. */
static int
count_all(void)
{
	int64_t n = walk_count();

	if (n < 0)
		return trouble();
	obuf_putnum(&out, (uint64_t)n);
	obuf_putc(&out, '\n');
	return CTL_YES;
}

int
ctl_queue(int argc, char **argv)
{
	struct query *q = &query;
	const struct args_option options[] = {
		{ 'j', "json", &q->json, NULL },
		{ 0, "count", &q->count, NULL },
		SELECT_OPTIONS(q->select),
	};
	int n = args_parse(
		options, sizeof(options) / sizeof(*options), argc, argv);

	if (n < 0 || select_ready(&q->select, n, argv) != 0)
		return CTL_USAGE;
	if (q->json && q->count)
		return args_bad("either --json or ", "--count");
	if (q->count && !select_given(&q->select))
		return count_all();
	if (select_each(&q->select, message, damaged, q) < 0)
		return trouble();
	if (q->count) {
		obuf_putnum(&out, q->shown);
		obuf_putc(&out, '\n');
	}
	if (q->odd && q->select.state != SELECT_DAMAGED)
		log_warning("some envelope files are unfinished or damaged: "
			    "quillctl queue --state damaged");
	if (q->shown == 0 && select_given(&q->select)) {
		log_info("nothing fits");
		return CTL_NO;
	}
	return CTL_YES;
}
