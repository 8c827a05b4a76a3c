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
#include "send/message.h"
#include "send/order.h"
#include "send/tally.h"
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
static size_t checks; /* asked for, not answered */

size_t
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
	ring[tail % cap] = (struct request){ id, op };
	checks += op == CLEAN_CHECK;
	return tail++;
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

/* In line for the check: due then, unless a hint has come meanwhile. */
static void
checked(uint32_t slot, char answer)
{
	int64_t when = stamp_now();
	char name[QID_LEN + 1];
	int c;

	if (known_trusted(slot))
		return;
	if (answer == CLEAN_DIFFERS) {
		qid_fmt(name, known_id(slot));
		log_alert("message ", name,
			" set aside in queue/lost: its "
			"message file does not have the checksum on record "
			"(a power cut before it was accepted, or damage)");
		known_rest(slot);
		cleaner_ask(CLEAN_LOST, known_id(slot));
		return;
	}
	if (answer == CLEAN_DONE)
		known_trust(slot);
	else
		when += (int64_t)conf.trouble;
	for (c = 0; c < NCHAN; c++)
		if (known_when(slot, c) == KNOWN_INLINE)
			known_wait(slot, c, when);
}

static void
answered(struct request r, size_t ticket, char answer)
{
	uint32_t slot = known_find(r.id);
	char name[QID_LEN + 1];

	if (r.op == CLEAN_NOTE)
		message_noted(r.id, ticket, answer == CLEAN_DONE);
	if (r.op == CLEAN_CHECK && slot != KNOWN_NONE)
		checked(slot, answer);
	if (r.op == CLEAN_SYNC || r.op == CLEAN_NOTE || r.op == CLEAN_CHECK) {
		order_answered(ticket, answer == CLEAN_DONE);
		return;
	}
	if (slot == KNOWN_NONE)
		return;
	if (answer != CLEAN_DONE) {
		/* loaded again, it is found finished and asked for anew */
		known_wait(
			slot, CHAN_LOCAL, stamp_now() + (int64_t)conf.trouble);
		return;
	}
	known_forget(slot);
	tally_add(r.op == CLEAN_REMOVE ? SEND_ENDED : SEND_LOST, 1);
	if (r.op != CLEAN_REMOVE)
		return;
	qid_fmt(name, r.id);
	event_begin("end msg ");
	event_puts(name);
	event_end();
}

bool
cleaner_answers(void)
{
	char buf[512];
	struct request r;
	ssize_t n, i;

	n = read(SEND_FD_CLEANED, buf, sizeof(buf));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	for (i = 0; i < n; i++) {
		if (head == sent) {
			log_alert("quill-clean answers what was not asked");
			return false;
		}
		r = ring[head % cap];
		checks -= r.op == CLEAN_CHECK;
		answered(r, head++, buf[i]);
	}
	return n > 0;
}

size_t
cleaner_waiting(void)
{
	return tail - head;
}

size_t
cleaner_checks(void)
{
	return checks;
}
