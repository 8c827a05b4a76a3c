/* SPDX-License-Identifier: 0BSD */
#include "send/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "mail/header.h"
#include "send/cleaner.h"
#include "send/conf.h"
#include "send/event.h"
#include "send/tally.h"
#include "send/tell.h"
#include "wire/qopen.h"
#include "wire/retry.h"
#include "wire/site.h"

enum {
	HEADER_LOOK = 16384,  /* bytes searched for a Message-ID */
	BIG = 256 << 10,      /* bytes of an envelope file that is big */
	BIG_TOTAL = 64 << 20, /* of all big ones in memory, but for the first */
	BIG_WAIT = 5,	      /* s until there may be room for another */
};

/* Bytes of the big envelopes in memory: a few hundred messages with a million
 * recipients each, which any user can send, must not take all there is. */
static size_t big_total;

static size_t
big_bytes(size_t size)
{
	return size >= BIG ? size : 0;
}

int
load_open(struct message *m)
{
	int fd = m->fdmess;

	m->fdmess = -1;
	return fd >= 0 ? fd : qopen(m->id, QFILE_MESS, O_RDONLY, NULL);
}

/* The envelope file as writable bytes; NULL with errno. */
static char *
read_env(struct qid id, int *fd, struct stat *st)
{
	char *data = NULL;
	int saved;

	*fd = qopen(id, QFILE_ENV, O_RDWR, st);
	if (*fd < 0)
		return NULL;
	if (st->st_size > 2 * (off_t)ENVELOPE_MAX) {
		errno = EFBIG;
		goto fail;
	}
	if (big_total && big_bytes((size_t)st->st_size) &&
		big_total + (size_t)st->st_size > BIG_TOTAL) {
		errno = EAGAIN;
		goto fail;
	}
	data = xmalloc((size_t)st->st_size + 1);
	data[st->st_size] = '\0';
	if (fd_readall(*fd, data, (size_t)st->st_size) == 0)
		return data;
fail:
	saved = errno;
	free(data);
	close(*fd);
	errno = saved;
	return NULL;
}

enum verdict {
	GOOD,
	DAMAGED,
	UNFINISHED, /* no END record */
	ALONE,	    /* no message beside it */
	TROUBLE,    /* cannot be told now */
};

/* Does the envelope decode, and is the message there, as long as it says? */
static enum verdict
examine(struct message *m, size_t size, const char **why)
{
	struct stat st;

	switch (env_decode(&m->env, m->data, size)) {
	case ENV_OK:
		break;
	case ENV_UNFINISHED:
		/* quill-queue writes it at once: a part of one was a whole */
		if (size && qid_birth(m->id) + QSTALE < stamp_now()) {
			*why = "its envelope file was cut short";
			return DAMAGED;
		}
		return UNFINISHED;
	case ENV_DAMAGED:
		*why = "its envelope file is not valid";
		return DAMAGED;
	}
	m->fdmess = qopen(m->id, QFILE_MESS, O_RDONLY, &st);
	if (m->fdmess < 0) {
		*why = errno == EINVAL ? "its message is no regular file"
				       : log_strerror();
		return errno == EINVAL	 ? DAMAGED
		       : errno == ENOENT ? ALONE
					 : TROUBLE;
	}
	if ((uint64_t)st.st_size != m->env.head.bytes) {
		*why = "its message file does not have the size on record";
		return DAMAGED;
	}
	return GOOD;
}

static void
log_message_id(struct message *m)
{
	static char head[HEADER_LOOK];
	struct header_field f;
	ssize_t n;
	size_t pos = 0;

	n = pread(m->fdmess, head, sizeof(head) - 1, 0);
	if (n <= 0)
		return;
	while (header_next(head, (size_t)n, &pos, &f)) {
		const char *v = f.value;
		size_t len = f.valuelen;

		if (!header_is(&f, "Message-ID"))
			continue;
		while (len && (*v == ' ' || *v == '\t' || *v == '\n'))
			v++, len--;
		while (len && (v[len - 1] == '\n' || v[len - 1] == ' '))
			len--;
		head[(size_t)(v - head) + len] = '\0';
		event_puts(" message-id=");
		event_text(v);
		return;
	}
}

static void
log_new(struct message *m)
{
	event_begin("new msg ");
	event_puts(m->name);
	event_end();
	event_begin("info msg ");
	event_puts(m->name);
	event_puts(": bytes ");
	event_putnum(m->env.head.bytes);
	event_puts(" from <");
	event_text(m->env.sender);
	event_puts("> qp ");
	event_putnum(m->env.head.pid);
	event_puts(" uid ");
	event_putnum(m->env.head.uid);
	log_message_id(m);
	event_puts(" nrcpt=");
	event_putnum(m->env.nrcpt);
	event_end();
	tally_add(SEND_MESSAGES, 1);
	tally_add(SEND_RECIPIENTS, m->env.nrcpt);
	tally_add(SEND_BYTES, m->env.head.bytes);
}

static void
release(struct message *m)
{
	int c;

	big_total -= big_bytes(m->size);
	for (c = 0; c < NCHAN; c++)
		free(m->pass[c].order);
	close(m->fdenv);
	if (m->fdmess >= 0)
		close(m->fdmess);
	tell_forget(m);
	free(m->unsure);
	env_free(&m->env);
	free(m->data);
	free(m);
}

void
load_free(struct message *m)
{
	known_attach(m->slot, NULL);
	release(m);
}

/* An envelope file that cannot be used. */
static void
reject(uint32_t slot, enum verdict v, const char *why)
{
	struct qid id = known_id(slot);
	char name[QID_LEN + 1];

	qid_fmt(name, id);
	known_rest(slot);
	switch (v) {
	case DAMAGED:
		log_alert("message ", name, " set aside in queue/lost: ", why);
		cleaner_ask(CLEAN_LOST, id);
		break;
	case ALONE:
		log_info("envelope ", name, " without a message removed");
		cleaner_ask(CLEAN_REMOVE, id);
		break;
	case UNFINISHED:
		if (qid_birth(id) + QSTALE < stamp_now()) {
			log_info("unfinished message ", name, " removed");
			cleaner_ask(CLEAN_REMOVE, id);
		} else {
			/* being written: a hint or a scan will tell */
			known_forget(slot);
		}
		break;
	default:
		log_warning("unable to read message ", name, ": ", why);
		known_wait(
			slot, CHAN_LOCAL, stamp_now() + (int64_t)conf.trouble);
	}
}

/* True when some are to go by a relay of their own. */
static bool
count_marks(struct message *m)
{
	bool via = false;
	size_t i;

	for (i = 0; i < m->env.nrcpt; i++) {
		enum env_mark k = env_mark(&m->env, i);

		m->todo += env_istodo(k);
		m->held += env_isheld(k);
		via |= env_isvia(k);
		m->failed |= k == ENV_FAILED;
	}
	return via;
}

static bool
has_notes(const struct message *m)
{
	char path[QPATH_MAX];

	qpath_fmt(path, m->id, QFILE_BOUNCE);
	return faccessat(AT_FDCWD, path, F_OK, 0) == 0;
}

/* Loaded again when others may be done. */
static void
postpone(uint32_t slot)
{
	int c;

	for (c = 0; c < NCHAN; c++)
		known_wait(slot, c, stamp_now() + BIG_WAIT);
}

struct message *
load_message(uint32_t slot)
{
	struct message *m = xmalloc(sizeof(*m));
	const char *why = NULL;
	enum verdict v;
	struct stat st;
	int64_t last;

	*m = (struct message){ .slot = slot,
		.id = known_id(slot),

		.fdmess = -1 };
	qid_fmt(m->name, m->id);
	m->data = read_env(m->id, &m->fdenv, &st);
	if (!m->data) {
		if (errno == ENOENT)
			known_forget(slot); /* a hint that came late */
		else if (errno == EAGAIN)
			postpone(slot);
		else if (errno == EINVAL)
			reject(slot, DAMAGED,
				"its envelope is no regular file");
		else
			reject(slot, TROUBLE, log_strerror());
		free(m);
		return NULL;
	}
	m->size = (size_t)st.st_size;
	big_total += big_bytes(m->size);
	v = examine(m, m->size, &why);
	if (v != GOOD) {
		reject(slot, v, why);
		release(m);
		return NULL;
	}
	known_attach(slot, m);
	if (count_marks(m) && tell_relays(m) < 0)
		log_warning_sys("unable to read the relays of ", m->name);
	m->now = stamp_now();
	m->fresh = !retry_last(m->id, &st, st.st_mtim.tv_sec, &last);
	if (m->fresh && known_first(slot))
		log_new(m);
	if (!m->fresh)
		m->noted = m->failed || has_notes(m);
	return m;
}
