/* SPDX-License-Identifier: 0BSD */
#include "smtpd/audit.h"

#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/str.h"

enum {
	VALUE_MAX = 1000, /* bytes of one escaped value; the rest is cut */
	RCPTS_MAX = 500,  /* no recipient is begun after so many bytes */
	AUDIT_MAX = 4096, /* a line; a pipe takes it in one piece */
};

/* Bytes a reader of the log could take for ours: blanks, controls, quotes, 8
 * bits, and the escape itself come out as %XX. */
static void
escape(struct str *out, const char *p, size_t n)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t start = out->len;

	for (size_t i = 0; i < n && out->len - start < VALUE_MAX; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c > 32 && c < 127 && c != '%' && c != '"') {
			str_putc(out, p[i]);
			continue;
		}
		str_putc(out, '%');
		str_putc(out, hex[c >> 4]);
		str_putc(out, hex[c & 15]);
	}
}

static void
put(struct str *out, const char *key, const char *p, size_t n)
{
	str_putc(out, ' ');
	str_puts(out, key);
	str_putc(out, '=');
	escape(out, p, n);
}

static void
put_addr(struct str *out, const char *key, const struct str *addr)
{
	str_putc(out, ' ');
	str_puts(out, key);
	str_puts(out, "=<");
	escape(out, addr->s, addr->len);
	str_putc(out, '>');
}

static void
put_num(struct str *out, const char *key, uint64_t n)
{
	str_putc(out, ' ');
	str_puts(out, key);
	str_putc(out, '=');
	str_putnum(out, n);
}

/* Words of ours or of a policy program, in quotes; blanks may stay. */
static void
put_text(struct str *out, const char *p, size_t n)
{
	str_puts(out, " text=\"");
	for (size_t i = 0; i < n && i < VALUE_MAX; i++)
		if (p[i] == ' ')
			str_putc(out, ' ');
		else
			escape(out, p + i, 1);
	str_putc(out, '"');
}

/* One buffer for all lines: a refused dictionary attack is many of them. */
static struct str *
start(const char *event, const char *ip)
{
	static struct str line = STR_INIT(AUDIT_MAX);
	struct str *out = &line;

	str_clear(out);
	str_puts(out, "quill-smtpd: ");
	str_puts(out, event);
	put_num(out, "pid", (uint64_t)getpid());
	put(out, "ip", ip ? ip : "-", ip ? strlen(ip) : 1);
	return out;
}

static void
finish(struct str *out)
{
	if (out->len == AUDIT_MAX)
		str_cut(out, AUDIT_MAX - 1);
	str_putc(out, '\n');
	/* a log that cannot be written must not stop mail */
	(void)!fd_writeall(2, out->s, out->len);
}

/* Who it is; while nobody is known, who a password was given for. */
static void
put_user(struct str *line, const struct session *s)
{
	const struct str *user = s->user.len ? &s->user : &s->login;

	if (user->len)
		put(line, "user", user->s, user->len);
}

void
audit_refused(const struct session *s)
{
	struct str *line = start("refused", s->conf->remoteip);
	const char *text = s->out.s;
	size_t n = s->out.len;

	put(line, "helo", s->helo.s, s->helo.len);
	put_addr(line, "from", &s->from);
	put_addr(line, "to", &s->rcpt);
	put_num(line, "code", (uint64_t)s->refused);
	/* after the code, without CRLF */
	if (n > 6)
		put_text(line, text + 4, n - 6);
	put(line, "what", s->what, strlen(s->what));
	put_user(line, s);
	finish(line);
}

/* " to=<a@b>,<c@d>": as many as a line has room for. */
static void
put_rcpts(struct str *line, const struct session *s)
{
	const char *p = s->rcpts.s, *end = p + s->rcpts.len;
	size_t start = line->len;

	str_puts(line, " to=");
	for (; p < end && line->len - start < RCPTS_MAX; p += strlen(p) + 1) {
		if (p > s->rcpts.s)
			str_putc(line, ',');
		str_putc(line, '<');
		escape(line, p, strlen(p));
		str_putc(line, '>');
	}
	if (p < end)
		str_puts(line, ",...");
}

/* The first word: "TLSv1.3/TLS_AES_256_GCM_SHA384". */
static void
put_tls(struct str *line, const struct session *s)
{
	const char *p = s->cipher.s;
	const char *blank = s->tls ? memchr(p, ' ', s->cipher.len) : NULL;

	if (s->tls)
		put(line, "tls", p,
			blank ? (size_t)(blank - p) : s->cipher.len);
}

void
audit_accepted(const struct session *s, const struct qverdict *v,
	uint64_t octets, const char *id)
{
	struct str *line = start("accepted", s->conf->remoteip);

	put(line, "helo", s->helo.s, s->helo.len);
	put(line, "id", v->id, strlen(v->id));
	put_num(line, "qp", (uint64_t)v->pid);
	put_addr(line, "from", &s->from);
	put_num(line, "nrcpt", s->nrcpt);
	put_num(line, "bytes", octets);
	put(line, "message-id", id, strlen(id));
	put_user(line, s);
	put_tls(line, s);
	put_rcpts(line, s);
	finish(line);
}

void
audit_session(const struct session *s, uint64_t octets)
{
	struct str *line = start("session", s->conf->remoteip);

	put(line, "helo", s->helo.s, s->helo.len);
	put_num(line, "cmds", s->ncommands);
	put_num(line, "msgs", s->nmessages);
	put_num(line, "bytes", octets);
	put(line, "end", s->end, strlen(s->end));
	put_num(line, "refused", s->nrefused);
	put_user(line, s);
	put_tls(line, s);
	finish(line);
}

void
audit_failed(const char *ip, const char *reason)
{
	struct str *line = start("failed", ip);

	put_text(line, reason, strlen(reason));
	finish(line);
}
