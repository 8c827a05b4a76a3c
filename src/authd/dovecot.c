/* SPDX-License-Identifier: 0BSD */
/* dovecot - ask the auth server of Dovecot, by its client protocol: lines of
 * fields with TABs between; we use one request, mechanism PLAIN */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "authd/backend.h"
#include "lib/base64.h"
#include "lib/fd.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/obuf.h"
#include "lib/stamp.h"

enum { LINE_MAX_DOVECOT = 8192 };

static enum authreq_class
trouble(const struct backend *b, const char *what)
{
	log_warning("dovecot at ", b->arg, ": ", what);
	return AUTHREQ_TEMP;
}

static int
dial(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof sa.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	return connect(fd, (const struct sockaddr *)&sa, sizeof sa) < 0 ? -1
									: fd;
}

/* A parameter: TAB, key, value; what would end a field is escaped. */
static void
param(struct str *s, const char *key, const char *value)
{
	static const char bad[] = "\1\t\n\r", code[] = "1tnr";
	const char *c;

	str_putc(s, '\t');
	str_puts(s, key);
	for (; *value; value++) {
		c = strchr(bad, *value);
		if (c)
			str_putc(s, 1);
		str_putc(s, c ? code[c - bad] : *value);
	}
}

static bool
ask(int fd, const struct authreq *q)
{
	struct str s = STR_INIT(8192), plain = STR_INIT(4096);

	str_puts(&s, "VERSION\t1\t2\nCPID\t");
	str_putnum(&s, (uint64_t)getpid());
	str_puts(&s, "\nAUTH\t1\tPLAIN");
	param(&s, "service=", "smtp");
	param(&s, "rip=", q->client);
	if (q->tls)
		param(&s, "secured", "");
	param(&s, "nologin", "");
	str_putc(&plain, 0);
	str_put(&plain, q->user, strlen(q->user) + 1);
	str_puts(&plain, q->password);
	str_puts(&s, "\tresp=");
	base64_encode(&s, plain.s, plain.len);
	str_putc(&s, '\n');
	return !s.over && fd_writeall(fd, s.s, s.len) == 0;
}

/* The field of a line that starts with key, unescaped; false without. */
static bool
field(const char *line, const char *key, struct str *value)
{
	static const char code[] = "1tnr", byte[] = "\1\t\n\r";
	size_t n = strlen(key);
	const char *c;

	while (line && strncmp(line, key, n) != 0) {
		line = strchr(line, '\t');
		line = line ? line + 1 : NULL;
	}
	if (!line)
		return false;
	str_clear(value);
	for (line += n; *line && *line != '\t'; line++) {
		c = *line == 1 && line[1] ? strchr(code, *++line) : NULL;
		str_putc(value, c ? byte[c - code] : *line);
	}
	return true;
}

/* line has the answer to request 1. */
static enum authreq_class
answer(const struct backend *b, const struct authreq *q, const char *line,
	struct str *user)
{
	struct str code = STR_INIT(200);

	if (strncmp(line, "OK\t", 3) == 0) {
		if (!field(line, "user=", user))
			str_puts(user, q->user);
		return AUTHREQ_YES;
	}
	if (strncmp(line, "FAIL\t", 5) != 0)
		return trouble(b, "it wants to be told more");
	if (field(line, "temp", &code) ||
		(field(line, "code=", &code) && str_is(&code, "temp_fail")))
		return trouble(b, "it has a temporary problem");
	return AUTHREQ_NO;
}

enum authreq_class
dovecot_check(
	const struct backend *b, const struct authreq *q, struct str *user)
{
	struct str line = STR_INIT(LINE_MAX_DOVECOT + 1);
	char buf[4096];
	struct ibuf in;
	int fd = dial(b->arg);

	if (fd < 0) {
		log_warning_sys("dovecot at ", b->arg);
		return AUTHREQ_TEMP;
	}
	if (!ask(fd, q))
		return trouble(b, "it does not listen");
	ibuf_init(&in, fd, buf, sizeof buf);
	ibuf_deadline(&in, stamp_mono() + b->timeout);
	while (ibuf_getline(&in, &line, LINE_MAX_DOVECOT) == IBUF_LINE) {
		str_cut(&line, line.len - 1);
		if (strncmp(str_c(&line), "VERSION\t", 8) == 0 &&
			strncmp(line.s + 8, "1\t", 2) != 0)
			return trouble(b, "it speaks another protocol");
		if (strncmp(line.s, "OK\t1", 4) == 0 ||
			strncmp(line.s, "FAIL\t1", 6) == 0 ||
			strncmp(line.s, "CONT\t1", 6) == 0)
			return answer(b, q, line.s, user);
	}
	return trouble(b, "it does not answer");
}
