/* SPDX-License-Identifier: 0BSD */
/* dovecot - ask the auth server of Dovecot, by its client protocol: lines of
 * fields with TABs between; we use one request, mechanism PLAIN */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "authd/backend.h"
#include "authd/dovecot.h"
#include "lib/base64.h"
#include "lib/dial.h"
#include "lib/fd.h"
#include "lib/ibuf.h"
#include "lib/log.h"
#include "lib/obuf.h"
#include "lib/stamp.h"
#include "lib/usock.h"

enum { LINE_MAX_DOVECOT = 8192 };

static enum authreq_class
trouble(const struct backend *b, const char *what)
{
	log_warning("dovecot at ", b->arg, ": ", what);
	return AUTHREQ_TEMP;
}

static int
connect_to(const char *path, int64_t deadline)
{
	struct sockaddr_storage to;
	socklen_t len = usock_address(&to, NULL, path);

	return len ? dial(SOCK_STREAM | SOCK_NONBLOCK, &to, len, NULL, deadline)
		   : -1;
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

bool
dovecot_request(struct str *s, const struct authreq *q, unsigned long pid)
{
	struct str plain = STR_INIT(4096);

	str_puts(s, "VERSION\t1\t2\nCPID\t");
	str_putnum(s, pid);
	str_puts(s, "\nAUTH\t1\tPLAIN");
	param(s, "service=", "smtp");
	param(s, "rip=", q->client);
	if (q->tls)
		param(s, "secured", "");
	param(s, "nologin", "");
	str_putc(&plain, 0);
	str_put(&plain, q->user, strlen(q->user) + 1);
	str_puts(&plain, q->password);
	str_puts(s, "\tresp=");
	base64_encode(s, plain.s, plain.len);
	str_putc(s, '\n');
	authreq_wipe(plain.s, plain.len);
	str_free(&plain);
	return !s->over;
}

/* The field of a line that starts with key, unescaped; false without. */
static bool
field(const char *line, const char *key, struct str *value)
{
	static const char code[] = "1tnr", byte[] = "\1\t\n\r";
	size_t n = strlen(key);
	const char *c;

	while (line &&
		(strncmp(line, key, n) != 0 ||
			(key[n - 1] != '=' && line[n] && line[n] != '\t'))) {
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

/* Is it KEYWORD, TAB and the number of our request? */
static bool
is_ours(const char *line, const char *keyword)
{
	size_t n = strlen(keyword);

	return strncmp(line, keyword, n) == 0 &&
	       strncmp(line + n, "\t1", 2) == 0 &&
	       (line[n + 2] == '\t' || !line[n + 2]);
}

const char *
dovecot_answer(const char *line, const struct authreq *q,
	enum authreq_class *class, struct str *user)
{
	struct str code = STR_INIT(200);
	bool temp;

	*class = AUTHREQ_TEMP;
	str_clear(user);
	if (strncmp(line, "VERSION\t", 8) == 0)
		return strncmp(line + 8, "1\t", 2) == 0
			       ? NULL
			       : "it speaks another protocol";
	if (is_ours(line, "CONT"))
		return "it wants to be told more";
	if (is_ours(line, "OK")) {
		if (!field(line, "user=", user))
			str_puts(user, q->user);
		*class = AUTHREQ_YES;
		return "";
	}
	if (!is_ours(line, "FAIL"))
		return NULL;
	temp = field(line, "temp", &code) ||
	       (field(line, "code=", &code) && str_is(&code, "temp_fail"));
	str_free(&code);
	if (temp)
		return "it has a temporary problem";
	*class = AUTHREQ_NO;
	return "";
}

enum authreq_class
dovecot_check(
	const struct backend *b, const struct authreq *q, struct str *user)
{
	struct str line = STR_INIT(LINE_MAX_DOVECOT + 1);
	struct str out = STR_INIT(8192);
	enum authreq_class class;
	const char *why;
	char buf[4096];
	struct ibuf in;
	int64_t deadline = stamp_mono() + b->timeout;
	int fd = connect_to(b->arg, deadline);

	if (fd < 0) {
		log_warning_sys("dovecot at ", b->arg);
		return AUTHREQ_TEMP;
	}
	if (!dovecot_request(&out, q, (unsigned long)getpid()) ||
		fd_writeall(fd, out.s, out.len) < 0)
		return trouble(b, "it does not listen");
	authreq_wipe(out.s, out.len);
	ibuf_init(&in, fd, buf, sizeof buf);
	ibuf_deadline(&in, deadline);
	while (ibuf_getline(&in, &line, LINE_MAX_DOVECOT) == IBUF_LINE) {
		str_cut(&line, line.len - 1);
		why = dovecot_answer(str_c(&line), q, &class, user);
		if (why)
			return *why ? trouble(b, why) : class;
	}
	return trouble(b, "it does not answer");
}
