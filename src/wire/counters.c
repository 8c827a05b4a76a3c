/* SPDX-License-Identifier: 0BSD */
#include "wire/counters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "wire/site.h"

enum { NUMBERS = COUNTERS_MAX * sizeof(uint64_t), PATH_LIMIT = 4096 };

static const char magic[8] = "quill c1";

const char *const counters_smtpd[] = {
	"connections SMTP sessions begun",
	"turned_away sessions ended at once: too many, too early, too busy",
	"commands SMTP commands",
	"accepted messages queued",
	"recipients recipients of messages queued",
	"bytes octets of messages queued",
	"received octets read from clients",
	"refused_4xx temporary refusals",
	"refused_5xx permanent refusals",
	"timeouts sessions ended for waiting",
	"lost messages not queued because their client was gone",
	"tls sessions under TLS",
	"tls_failed TLS handshakes that failed",
	"auth successful authentications",
	"auth_failed failed authentications",
	NULL,
};
_Static_assert(
	sizeof counters_smtpd / sizeof *counters_smtpd == SMTPD_COUNTERS + 1 &&
		(int)SMTPD_COUNTERS <= COUNTERS_MAX,
	"a name for each");

const char *const counters_send[] = {
	"starts starts of quill-send",
	"messages messages taken up",
	"recipients recipients of messages taken up",
	"bytes octets of messages taken up",
	"ended messages that left the queue",
	"local_delivered recipients delivered here",
	"local_deferred local deliveries to be tried again",
	"local_failed local recipients failed for good",
	"remote_delivered recipients delivered elsewhere",
	"remote_deferred remote deliveries to be tried again",
	"remote_failed remote recipients failed for good",
	"bounces reports to senders, queued or dropped",
	"warnings warnings of a delay, queued or dropped",
	"down destinations found down",
	"orders messages held, released, bounced, deleted, rerouted, hurried",
	"lost damaged messages set aside",
	NULL,
};
_Static_assert(
	sizeof counters_send / sizeof *counters_send == SEND_COUNTERS + 1 &&
		(int)SEND_COUNTERS <= COUNTERS_MAX,
	"a name for each");

static void
path_of(struct str *path, const char *program)
{
	str_puts(path, site_run);
	str_puts(path, "/count/");
	str_puts(path, program);
	str_puts(path, "/counters");
}

int
counters_open(struct counters *c, const char *program, size_t extra)
{
	struct str path = STR_INIT(PATH_LIMIT);
	int r, e;

	path_of(&path, program);
	r = shared_open(&c->file, str_c(&path), magic,
		sizeof *c->file.head + NUMBERS + extra);
	e = errno;
	c->n = c->file.p;
	c->extra = (char *)c->file.p + NUMBERS;
	str_free(&path);
	errno = e;
	return r;
}

int
counters_read(const char *program, uint64_t n[COUNTERS_MAX], int64_t *since,
	void *extra, size_t nextra)
{
	struct str path = STR_INIT(PATH_LIMIT);
	struct shared_head head;
	size_t size = sizeof head + NUMBERS + nextra;
	char *buf = xmalloc(size);
	int r, e;

	path_of(&path, program);
	r = shared_read(str_c(&path), magic, buf, size);
	e = errno;
	if (r == 0) {
		memcpy(&head, buf, sizeof head);
		memcpy(n, buf + sizeof head, NUMBERS);
		*since = (int64_t)head.born;
		if (extra)
			memcpy(extra, buf + sizeof head + NUMBERS, nextra);
	}
	free(buf);
	str_free(&path);
	errno = e;
	return r;
}
