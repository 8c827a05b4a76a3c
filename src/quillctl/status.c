/* SPDX-License-Identifier: 0BSD */
/* quillctl status: what runs, what is in the queue, what went wrong last */
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/stamp.h"
#include "quillctl/args.h"
#include "quillctl/facts.h"
#include "quillctl/paint.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "quillctl/walk.h"
#include "wire/site.h"
#include "wire/status.h"

enum {
	SCARCE = 10,	  /* per cent */
	SHOWN_ERRORS = 6, /* lines */
	YOUNG = 6,	  /* s: supervise waits one between two starts */
};

/* Its service, when that was started just now, or is about to be: a quill-send
 * that cannot go on is started every second. NULL otherwise. */
static const struct facts_service *
restarting(const struct facts *f)
{
	const struct facts_service *s = f->service;
	size_t i;

	for (i = 0; i < f->nservices && !f->answered; i++, s++)
		if (s->send && s->wanted && stamp_now() - s->since < YOUNG)
			return s;
	return NULL;
}

/* --- for people ----------------------------------------------------------- */

static void
plain_send(const struct facts *f)
{
	const struct facts_service *s = restarting(f);

	obuf_puts(&out, "quill-send: ");
	if (s) {
		paint(PAINT_BAD, "starting, or restarting again and again");
		obuf_puts(&out, s->pid ? ": up " : ": down ");
		say_span(stamp_now() - s->since);
		obuf_puts(&out, ", see ");
		obuf_puts(&out, site_home);
		obuf_puts(&out, "/log/send/current\n");
		return;
	}
	paint(f->runs ? PAINT_GOOD : PAINT_BAD,
		f->runs ? "running" : "not running");
	if (f->answered) {
		obuf_puts(&out, ", pid ");
		obuf_putnum(&out, f->n[FACTS_PID]);
		obuf_puts(&out, ", since ");
		say_when((int64_t)f->n[FACTS_SINCE]);
		if (f->n[FACTS_SCANNING])
			obuf_puts(&out, ", reading the queue");
		if (f->n[FACTS_STOPPING])
			obuf_puts(&out, ", about to exit");
	} else if (f->runs) {
		obuf_puts(&out, ", but it does not answer");
	}
	obuf_putc(&out, '\n');
}

static void
plain_queue(const struct facts *f)
{
	static const struct {
		const char *name;
		size_t n;
	} counts[] = { { "  new ", FACTS_NEW }, { ", active ", FACTS_ACTIVE },
		{ ", waiting ", FACTS_WAITING }, { ", held ", FACTS_HELD } };
	size_t i;

	obuf_puts(&out, "messages in queue: ");
	obuf_putnum(&out, (uint64_t)f->messages);
	obuf_putc(&out, '\n');
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		obuf_puts(&out, counts[i].name);
		obuf_putnum(&out, f->n[counts[i].n]);
	}
	if (f->damaged) {
		obuf_puts(&out, ", damaged ");
		obuf_putnum(&out, f->damaged);
	}
	obuf_puts(&out, "\nmessages set aside: ");
	obuf_putnum(&out, (uint64_t)f->lost);
	if (f->lost)
		paint(PAINT_BAD, "  damaged, in queue/lost");
	if (f->messages) {
		char name[QID_LEN + 1];

		qid_fmt(name, f->oldest);
		obuf_puts(&out, "\noldest message: ");
		obuf_puts(&out, name);
		obuf_puts(&out, ", ");
		say_when(qid_birth(f->oldest));
	}
	obuf_putc(&out, '\n');
}

static void
plain_disk(const struct facts *f)
{
	obuf_puts(&out, "free: ");
	say_bytes(f->free_bytes);
	obuf_puts(&out, " (");
	obuf_putnum(&out, f->free_percent);
	obuf_puts(&out, "%), inodes: ");
	obuf_putnum(&out, f->free_inodes);
	obuf_puts(&out, " (");
	obuf_putnum(&out, f->inode_percent);
	obuf_puts(&out, "%)");
	if (f->free_percent < SCARCE || f->inode_percent < SCARCE)
		paint(PAINT_BAD, "  scarce");
	obuf_putc(&out, '\n');
}

static void
plain_rest(const struct facts *f)
{
	size_t i;

	if (f->answered) {
		obuf_puts(&out, "deliveries running: local ");
		obuf_putnum(&out, f->n[FACTS_LOCAL]);
		obuf_puts(&out, " of ");
		obuf_putnum(&out, f->n[FACTS_LOCAL_LIMIT]);
		obuf_puts(&out, ", remote ");
		obuf_putnum(&out, f->n[FACTS_REMOTE]);
		obuf_puts(&out, " of ");
		obuf_putnum(&out, f->n[FACTS_REMOTE_LIMIT]);
		obuf_puts(&out, ", bounces ");
		obuf_putnum(&out, f->n[FACTS_BOUNCES]);
		obuf_putc(&out, '\n');
	}
	plain_disk(f);
	for (i = 0; i < f->nservices; i++) {
		const struct facts_service *s = &f->service[i];

		obuf_puts(&out, i ? "         " : "services:");
		obuf_putc(&out, ' ');
		say_padded(s->name, 14);
		paint(s->pid ? PAINT_GOOD : PAINT_BAD, s->pid ? "up" : "down");
		obuf_puts(&out, " since ");
		say_when(s->since);
		obuf_putc(&out, '\n');
	}
	for (i = 0; i < f->nerrors && i < SHOWN_ERRORS; i++) {
		const struct facts_error *e = &f->error[i];

		if (i == 0)
			obuf_puts(&out, "last errors:\n");
		obuf_puts(&out, "  ");
		say_when(e->when);
		obuf_putc(&out, ' ');
		obuf_puts(&out, e->id);
		obuf_puts(&out, " to ");
		json_plain(&out, e->to);
		obuf_puts(&out, ":\n    ");
		json_plain(&out, e->text);
		obuf_putc(&out, '\n');
	}
}

/* --- for programs --------------------------------------------------------- */

static void
json_lists(const struct facts *f, const char **sep)
{
	const char *s;
	size_t i;

	say_key(sep, "services");
	for (i = 0; i < f->nservices; i++) {
		s = "";
		obuf_puts(&out, i ? ",{" : "[{");
		say_string(&s, "name", f->service[i].name);
		say_int(&s, "pid", f->service[i].pid);
		say_int(&s, "since", (uint64_t)f->service[i].since);
		obuf_putc(&out, '}');
	}
	obuf_puts(&out, f->nservices ? "]" : "[]");
	say_key(sep, "errors");
	for (i = 0; i < f->nerrors; i++) {
		const struct facts_error *e = &f->error[i];

		s = "";
		obuf_puts(&out, i ? ",{" : "[{");
		say_int(&s, "when", (uint64_t)e->when);
		say_string(&s, "channel", e->channel);
		say_string(&s, "queue_id", e->id);
		say_string(&s, "to", e->to);
		say_string(&s, "text", e->text);
		obuf_putc(&out, '}');
	}
	obuf_puts(&out, f->nerrors ? "]" : "[]");
}

static void
json(const struct facts *f)
{
	const char *sep = "";
	char name[QID_LEN + 1];
	size_t i;

	obuf_putc(&out, '{');
	say_key(&sep, "running");
	obuf_puts(&out, f->runs ? "true" : "false");
	say_key(&sep, "answers");
	obuf_puts(&out, f->answered ? "true" : "false");
	say_key(&sep, "restarting");
	obuf_puts(&out, restarting(f) ? "true" : "false");
	say_int(&sep, "messages", (uint64_t)f->messages);
	for (i = 0; i < FACTS_NUMBERS; i++)
		say_int(&sep, facts_names[i], f->n[i]);
	say_int(&sep, "damaged", f->damaged);
	say_int(&sep, "set_aside", (uint64_t)f->lost);
	if (f->messages) {
		qid_fmt(name, f->oldest);
		say_string(&sep, "oldest", name);
		say_int(&sep, "oldest_time", (uint64_t)qid_birth(f->oldest));
	}
	say_int(&sep, "free_bytes", f->free_bytes);
	say_int(&sep, "free_inodes", f->free_inodes);
	json_lists(f, &sep);
	obuf_puts(&out, "}\n");
}

int
ctl_status(int argc, char **argv)
{
	static struct facts f;
	const char *services = NULL;
	bool as_json = false;
	const struct args_option options[] = {
		{ 'j', "json", &as_json, NULL },
		{ 0, "services", NULL, &services },
	};

	if (!args_exactly(0, options, 2, argc, argv))
		return CTL_USAGE;
	if (facts_send(&f) < 0 || facts_queue(&f) < 0 || facts_disk(&f) < 0) {
		walk_trouble();
		return STATUS_TEMP;
	}
	facts_services(&f, services);
	if (as_json) {
		json(&f);
	} else {
		plain_send(&f);
		plain_queue(&f);
		plain_rest(&f);
	}
	return f.runs ? CTL_YES : CTL_NO;
}
