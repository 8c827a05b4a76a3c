/* SPDX-License-Identifier: 0BSD */
#include "send/cleaner.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "send/conf.h"
#include "send/event.h"
#include "send/known.h"
#include "wire/fds.h"

enum {
	BURST = 4096 / CLEAN_REQUEST, /* requests in one write */
};

struct request {
	struct qid id;
	enum clean_op op;
};

/* A ring: asked [head, sent), to be written [sent, tail). */
static struct request *ring;
static size_t cap, head, sent, tail;
static bool blocked;

void
cleaner_ask(enum clean_op op, struct qid id)
{
	if (tail - head == cap) {
		size_t n = cap ? cap * 2 : 64;
		struct request *r = xmalloc(n * sizeof(*r));
		size_t i;

		for (i = head; i != tail; i++)
			r[i % n] = ring[i % cap];
		free(ring);
		ring = r;
		cap = n;
	}
	ring[tail++ % cap] = (struct request){ id, op };
}

void
cleaner_flush(void)
{
	char buf[BURST * CLEAN_REQUEST];

	blocked = false;
	while (sent != tail) {
		size_t n, burst = tail - sent;
		ssize_t w;

		if (burst > BURST)
			burst = BURST;
		for (n = 0; n < burst; n++) {
			const struct request *r = &ring[(sent + n) % cap];

			clean_encode(buf + n * CLEAN_REQUEST, r->op, r->id);
		}
		/* up to PIPE_BUF bytes: written whole or not at all */
		w = write(SEND_FD_CLEAN, buf, n * CLEAN_REQUEST);
		if (w < 0) {
			blocked = errno == EAGAIN;
			return;
		}
		sent += n;
	}
}

bool
cleaner_blocked(void)
{
	return blocked;
}

static void
answered(const struct request *r, bool done)
{
	uint32_t slot = known_find(r->id);
	char name[QID_LEN + 1];

	if (slot == KNOWN_NONE || r->op == CLEAN_SYNC)
		return;
	if (!done) {
		/* loaded again, it is found finished and asked for anew */
		known_wait(
			slot, CHAN_LOCAL, stamp_now() + (int64_t)conf.trouble);
		return;
	}
	known_forget(slot);
	if (r->op != CLEAN_REMOVE)
		return;
	qid_fmt(name, r->id);
	event_begin("end msg ");
	event_puts(name);
	event_end();
}

bool
cleaner_answers(void)
{
	char buf[512];
	ssize_t n, i;

	n = read(SEND_FD_CLEANED, buf, sizeof(buf));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	for (i = 0; i < n; i++) {
		if (head == sent) {
			log_alert("quill-clean answers what was not asked");
			return false;
		}
		answered(&ring[head % cap], buf[i] == CLEAN_DONE);
		head++;
	}
	return n > 0;
}

size_t
cleaner_waiting(void)
{
	return tail - head;
}
