/* SPDX-License-Identifier: 0BSD */
/* quillctl import DIR|FILE|-: put a backup's messages into this queue
 *
 * Every file is checked before it gets its name (arrive.h); to import again
 * does no harm. What the logs say was delivered is marked so, and a message
 * that the logs say is done is left out. One that is in the queue already gets
 * the marks of both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/crc32c.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "quillctl/archive.h"
#include "quillctl/args.h"
#include "quillctl/arrive.h"
#include "quillctl/ask.h"
#include "quillctl/below.h"
#include "quillctl/done.h"
#include "quillctl/offline.h"
#include "quillctl/quillctl.h"
#include "quillctl/walk.h"
#include "wire/env.h"
#include "wire/hint.h"
#include "wire/site.h"
#include "wire/status.h"

enum { NOTES_MAX = 64 << 20 };

static struct import {
	bool dry, runs;
	int ctl; /* the running quill-send */
	struct site_ids ids;
	struct done done;
	/* the message at hand */
	struct qid id;
	bool have;  /* it has begun: its .mess was read */
	bool known; /* in the queue before */
	int mess;   /* written aside, or -1 */
	uint64_t bytes;
	uint32_t sum;
	struct str notes;
	/* in all */
	uint64_t imported, merged, skipped, failed;
} import;

static void
complain(struct import *i, const char *why)
{
	char name[QID_LEN + 1];

	qid_fmt(name, i->id);
	log_warning("not imported: ", name, ": ", why);
	i->failed++;
}

/* Forget what is written aside. */
static void
drop(struct import *i)
{
	if (i->mess >= 0)
		arrive_drop(i->id, i->mess);
	i->mess = -1;
	i->have = false;
	str_clear(&i->notes);
}

/* --- the files of a message ----------------------------------------------- */

static int
take_mess(struct import *i, struct archive *a)
{
	static char buf[65536];
	ssize_t n;

	i->have = true;
	i->known = arrive_is(i->id, QFILE_ENV);
	i->bytes = i->sum = 0;
	if (i->known && !i->dry)
		arrive_clean(i->id);
	if (!i->known && !i->dry) {
		i->mess = arrive_begin(i->id, &i->ids);
		if (i->mess < 0)
			return -1;
	}
	while ((n = archive_read(a, buf, sizeof(buf))) > 0) {
		i->sum = crc32c(i->sum, buf, (size_t)n);
		i->bytes += (uint64_t)n;
		if (i->mess >= 0 && fd_writeall(i->mess, buf, (size_t)n) < 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

static int
take_bytes(struct archive *a, struct str *s, uint64_t size)
{
	char buf[8192];
	ssize_t n;

	str_clear(s);
	if (size > s->max) {
		errno = EFBIG;
		return -1;
	}
	while ((n = archive_read(a, buf, sizeof(buf))) > 0)
		str_put(s, buf, (size_t)n);
	return n < 0 || s->over ? -1 : 0;
}

/* Tell quill-send; root writes into nothing but a fifo. */
static void
give_hint(struct qid id)
{
	int fd = below_open("lock/hint", O_WRONLY, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		hint_write(fd, id);
	close(fd);
}

static int
write_message(struct import *i, const struct str *env, int64_t mtime)
{
	int r;

	if (i->dry)
		return 0;
	r = arrive_end(i->id, &i->ids, i->mess, env, &i->notes, mtime);
	if (r == 0 && i->runs)
		give_hint(i->id);
	return r;
}

/* --- marks ---------------------------------------------------------------- */

static bool
is_over(enum env_mark k)
{
	return !env_istodo(k) && !env_isheld(k);
}

/* Mark those whom the logs know as delivered. True: somebody is left, or has
 * to be told of a failure. */
static bool
mark_done(struct import *i, struct env *e, struct str *data)
{
	bool left = e->nrcpt == 0;
	struct map alike;
	size_t k;

	done_alike(&alike, e);
	for (k = 0; k < e->nrcpt; k++) {
		if (!is_over(env_mark(e, k)) &&
			done_rcpt(&i->done, i->id, env_rcpt(e, k), &alike))
			data->s[e->rcpt[k].off] = ENV_DONE;
		left |= !is_over(env_mark(e, k)) ||
			env_mark(e, k) == ENV_FAILED;
	}
	map_free(&alike);
	return left;
}

/* The backup's envelope while one is in the queue. */
struct merge {
	struct import *i;
	const struct env *e;
	bool failed;
};

static void
merge(void *arg, const struct walk_message *m)
{
	struct merge *g = arg;
	uint32_t *rcpts = xmalloc((m->env.nrcpt + 1) * sizeof(*rcpts));
	uint64_t changed = 0;
	size_t k, n = 0;

	for (k = 0; k < m->env.nrcpt && k < g->e->nrcpt; k++)
		if (!is_over(env_mark(&m->env, k)) &&
			(env_mark(g->e, k) == ENV_DONE ||
				env_mark(g->e, k) == ENV_REMOVED))
			rcpts[n++] = (uint32_t)k;
	if (n && !g->i->dry) {
		if (g->i->ctl >= 0)
			g->failed =
				ask_delete(g->i->ctl, m->name, rcpts, n) < 0;
		else
			g->failed = offline_obey(m, CTL_DELETE, "", rcpts, n,
					    &changed) < 0;
	}
	free(rcpts);
}

static void
take_env(struct import *i, struct archive *a, const struct archive_entry *ent)
{
	static struct str data = STR_INIT(2 * ENVELOPE_MAX);
	struct merge g = { .i = i };
	struct env e;

	if (take_bytes(a, &data, ent->size) < 0) {
		complain(i, log_strerror());
		return;
	}
	if (env_decode(&e, str_c(&data), data.len) != ENV_OK) {
		complain(i, "its envelope file is not valid");
		return;
	}
	g.e = &e;
	if (!i->have || i->bytes != e.head.bytes || i->sum != e.head.sum) {
		complain(i, "its message is not what its envelope says");
	} else if (done_message(&i->done, i->id) ||
		   (!mark_done(i, &e, &data) && !i->known)) {
		i->skipped++;
	} else if (i->known) {
		if (walk_one(i->id, merge, NULL, &g) < 0 || g.failed)
			complain(i, "the marks of both could not be joined");
		else
			i->merged++;
	} else if (write_message(i, &data, ent->mtime) < 0) {
		complain(i, log_strerror());
	} else {
		i->imported++;
	}
	env_free(&e);
}

/* --- all ------------------------------------------------------------------ */

/* 0; -1 errno: no use to go on. */
static int
take_entry(struct import *i, struct archive *a, const struct archive_entry *e)
{
	if (e->file == QFILE_MESS || !qid_equal(e->id, i->id)) {
		drop(i);
		i->id = e->id;
	}
	switch (e->file) {
	case QFILE_MESS:
		return take_mess(i, a);
	case QFILE_BOUNCE:
		return take_bytes(a, &i->notes, e->size);
	default:
		take_env(i, a, e);
		drop(i);
		return 0;
	}
}

static void
say_number(struct obuf *o, const char *what, uint64_t n)
{
	obuf_puts(o, what);
	obuf_putnum(o, n);
}

static void
summary(const struct import *i)
{
	say_number(&out,
		i->dry ? "would be imported: " : "imported: ", i->imported);
	say_number(&out, ", in the queue already: ", i->merged);
	say_number(&out, ", done already: ", i->skipped);
	say_number(&out, ", not imported: ", i->failed);
	obuf_putc(&out, '\n');
}

/* quill-send at work, or kept away. */
static void
prepare(struct import *i)
{
	i->ctl = -1;
	i->mess = -1;
	str_init(&i->notes, NOTES_MAX);
	if (geteuid() != 0 && !i->dry)
		log_die(STATUS_TEMP, "only root may import");
	if (site_ids(&i->ids, NULL) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	i->ctl = ask_connect(true);
	i->runs = i->ctl >= 0;
	if (!i->runs && !i->dry && offline_lock() < 0) {
		if (errno != EWOULDBLOCK && errno != EAGAIN)
			log_die_sys(STATUS_TEMP, "unable to lock lock/send");
		log_die(STATUS_TEMP,
			"quill-send holds its lock but does not answer; it is "
			"starting or ending, try again");
	}
}

int
ctl_import(int argc, char **argv)
{
	struct import *i = &import;
	static struct archive a;
	const char *logs = NULL;
	const struct args_option options[] = {
		{ 'n', "dry-run", &i->dry, NULL },
		{ 0, "logs", NULL, &logs },
	};
	enum archive_result r;
	struct archive_entry e;

	if (!args_exactly(1, options, 2, argc, argv))
		return CTL_USAGE;
	if (archive_open(&a, argv[0]) < 0)
		log_die_sys(STATUS_TEMP, "unable to read the backup ", argv[0],
			errno == ENOENT && access(argv[0], F_OK) == 0 ? "/msg"
								      : "");
	if (logs)
		logs = args_absolute(logs);
	ctl_enter_queue();
	prepare(i);
	done_read(&i->done, logs);
	while ((r = archive_next(&a, &e)) == ARCHIVE_ENTRY)
		if (take_entry(i, &a, &e) < 0) {
			log_alert_sys("unable to go on",
				*below_where() ? ": queue/" : "",
				below_where());
			drop(i);
			summary(i);
			return STATUS_TEMP;
		}
	drop(i);
	summary(i);
	if (a.strange)
		log_warning("the backup holds other files, too: passed over");
	if (r == ARCHIVE_CUT)
		log_alert("the backup ends too early: what is behind is lost");
	else if (r == ARCHIVE_BAD && errno)
		log_alert_sys("unable to read the backup");
	else if (r == ARCHIVE_BAD)
		log_alert("the backup is no tar file, or damaged");
	return r != ARCHIVE_END || i->failed ? STATUS_TEMP : CTL_YES;
}
