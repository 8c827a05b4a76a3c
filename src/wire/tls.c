/* SPDX-License-Identifier: 0BSD */
#include "wire/tls.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/dial.h"
#include "lib/fd.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "lib/usock.h"
#include "wire/site.h"
#include "wire/tlsrec.h"

/* quill-tlsd is the one who says that it is late; only one that hangs is told
 * by the caller's clock. */
enum { GRACE_MS = 2000 };

bool
tls_usable(const struct tls_tlsa *t)
{
	static const size_t length[] = { 0, 32, 64 };

	if ((t->usage != 2 && t->usage != 3) || t->selector > 1 ||
		t->matching > 2 || t->n == 0 || t->n > TLS_TLSA_DATA)
		return false;
	return !length[t->matching] || t->n == length[t->matching];
}

/* HOME/run/tls/ROLE; 0: the name is too long. */
static socklen_t
address(struct sockaddr_storage *to, enum tls_role role)
{
	char name[20] = "tls/";

	strcat(name, tlsrec_name(role));
	return usock_address(to, site_run, name);
}

static void
copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		n = size - 1;
	memcpy(to, from, n);
	to[n] = 0;
}

static int
fail(struct tls_state *s, enum tls_outcome outcome, const char *why)
{
	memset(s, 0, sizeof *s);
	s->outcome = outcome;
	copy(s->error, sizeof s->error, why);
	return -1;
}

bool
tls_present(enum tls_role role)
{
	struct sockaddr_storage at;

	return address(&at, role) &&
	       access(((struct sockaddr_un *)&at)->sun_path, W_OK) == 0;
}

/* What quill-tlsd says first. */
static int
greeted(int link, int64_t deadline, struct tls_state *s)
{
	char p[TLSREC_HELLO_MAX];
	ssize_t n;
	int passed = -1;

	if (fd_wait(link, POLLIN, deadline) < 0)
		return fail(s, TLS_BUSY, "quill-tlsd does not answer");
	n = fd_recv(link, p, sizeof p, &passed);
	if (passed >= 0)
		close(passed);
	if (n <= 0 || p[n - 1])
		return fail(s, TLS_DOWN, "quill-tlsd hung up");
	if (p[0] == 'B')
		return fail(s, TLS_BUSY, p + 1);
	if (p[0] != 'R')
		return fail(s, TLS_DOWN, "quill-tlsd: unknown greeting");
	return 0;
}

int
tls_reserve(enum tls_role role, int64_t deadline, struct tls_state *s)
{
	struct sockaddr_storage to;
	socklen_t len = address(&to, role);
	int link;

	if (!len)
		return fail(s, TLS_DOWN, "the name of the home is too long");
	link = dial(SOCK_SEQPACKET, &to, len, NULL, deadline);
	if (link < 0) {
		if (errno == ETIMEDOUT)
			return fail(s, TLS_BUSY, "quill-tlsd does not answer");
		return fail(s, TLS_DOWN,
			errno == ECONNREFUSED || errno == ENOENT
				? "quill-tlsd is not running"
				: strerror(errno));
	}
	if (greeted(link, deadline, s) == 0)
		return link;
	close(link);
	return -1;
}

static bool
send_ask(int link, int sock, const struct tls_ask *a, int64_t left)
{
	struct str rec = STR_INIT(TLSREC_ASK_MAX);
	bool ok;

	if (left > TLS_HANDSHAKE_S * 1000)
		left = TLS_HANDSHAKE_S * 1000;
	tlsrec_ask(&rec, a, (uint32_t)left);
	ok = !rec.over && fd_send(link, rec.s, rec.len, sock) == 0;
	str_free(&rec);
	return ok;
}

static int
hear(int link, int64_t deadline, struct tls_state *s)
{
	char p[TLSREC_STATE_MAX];
	int plain = -1;
	ssize_t n;

	if (fd_wait(link, POLLIN, deadline + GRACE_MS) < 0)
		return fail(s, TLS_LATE, "quill-tlsd does not answer");
	n = fd_recv(link, p, sizeof p, &plain);
	if (n > 0 && tlsrec_answered(s, p, (size_t)n) &&
		(s->outcome == TLS_DONE) == (plain >= 0))
		return plain;
	if (plain >= 0)
		close(plain);
	return fail(s, TLS_BROKEN, "quill-tlsd hung up");
}

int
tls_start(int link, int sock, const struct tls_ask *a, int64_t deadline,
	struct tls_state *s)
{
	int64_t left = deadline - stamp_mono();
	int plain;

	if (left <= 0)
		plain = fail(s, TLS_LATE, "no time left");
	else if (!send_ask(link, sock, a, left))
		plain = fail(s, TLS_BROKEN, "quill-tlsd hung up");
	else
		plain = hear(link, deadline, s);
	close(link);
	return plain;
}

void
tls_tag(const struct tls_state *s, char out[TLS_TAG_MAX])
{
	struct str tag = STR_INIT(TLS_TAG_MAX - 1);

	if (s->outcome == TLS_DONE) {
		str_puts(&tag, s->version);
		str_putc(&tag, '/');
		str_puts(&tag, s->cipher);
		str_putc(&tag, '/');
		str_puts(&tag, s->verified);
	}
	memcpy(out, str_c(&tag), tag.len + 1);
	str_free(&tag);
}
