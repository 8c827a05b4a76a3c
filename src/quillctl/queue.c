/* SPDX-License-Identifier: 0BSD */
/* quillctl queue [-j] [--count]: what is in the queue */
#include <errno.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

static void
show_plain(const struct walk_message *m)
{
	char when[STAMP_FMT];
	size_t i;

	stamp_rfc3339(when, qid_birth(m->id));
	obuf_puts(&out, m->name);
	obuf_puts(&out, "  ");
	obuf_puts(&out, when);
	obuf_puts(&out, "  ");
	obuf_putnum(&out, m->env.head.bytes);
	obuf_puts(&out, "  <");
	json_plain(&out, m->env.sender);
	obuf_puts(&out, ">\n");
	for (i = 0; i < m->env.nrcpt; i++) {
		enum env_mark k = env_mark(&m->env, i);

		obuf_puts(&out, k == ENV_DONE	   ? "\tdone\t"
				: k == ENV_FAILED  ? "\tfailed\t"
				: k == ENV_REMOVED ? "\tremoved\t"
				: env_isheld(k)	   ? "\theld\t"
				: m->tried	   ? "\twaits\t"
						   : "\tnew\t");
		json_plain(&out, env_rcpt(&m->env, i));
		obuf_putc(&out, '\n');
	}
}

static void
show_json(const struct walk_message *m)
{
	const char *sep = "";
	size_t i;

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
	for (i = 0; i < m->env.nrcpt; i++) {
		enum env_mark k = env_mark(&m->env, i);

		if (!env_istodo(k) && !env_isheld(k))
			continue;
		obuf_puts(&out, sep);
		sep = ",";
		obuf_puts(&out, "{\"address\":");
		json_string(&out, env_rcpt(&m->env, i));
		obuf_putc(&out, '}');
	}
	obuf_puts(&out, "]}\n");
}

static int
trouble(void)
{
	log_alert_sys("unable to look into ", site_queue);
	return STATUS_TEMP;
}

static int
count(void)
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
	void (*show)(const struct walk_message *m) = show_plain;
	uint64_t odd;

	if (argc == 2 && strcmp(argv[1], "--count") == 0)
		return count();
	if (argc == 2 &&
		(strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0))
		show = show_json;
	else if (argc != 1)
		return CTL_USAGE;
	if (walk_each(show, &odd) < 0)
		return trouble();
	if (odd)
		log_warning("some envelope files are unfinished or damaged");
	return CTL_YES;
}
