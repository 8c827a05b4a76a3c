/* SPDX-License-Identifier: 0BSD */
#include "local/vars.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/stamp.h"
#include "local/handdown.h"
#include "wire/job.h"

extern char **environ;

enum { LINES_MAX = 16384, BLOCK_MAX = 1 << 19, VARS_MAX = 200 };

void
vars_init(struct vars *v)
{
	str_init(&v->rcpt, LINES_MAX);
	str_init(&v->rpline, LINES_MAX);
	str_init(&v->dtline, LINES_MAX);
	str_init(&v->ufline, LINES_MAX);
}

/* One line stays one line. */
static void
put_safe(struct str *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_putc(s, p[i] == '\n' || p[i] == '\r' ? '_' : p[i]);
}

/* RFC 5322 3.2.3: dot-atom; 8-bit bytes are atext by RFC 6532. */
static bool
is_dotatom(const char *p, size_t n)
{
	static const char more[] = "!#$%&'*+-/=?^_`{|}~";

	if (!n || p[0] == '.' || p[n - 1] == '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '.' ? p[i - 1] == '.'
				: !ascii_isalnum(p[i]) &&
					  !((unsigned char)p[i] & 0x80) &&
					  !(p[i] && strchr(more, p[i])))
			return false;
	}
	return true;
}

/* An envelope address as it is written in a header. */
static void
put_quoted(struct str *s, const char *addr)
{
	const char *at = strrchr(addr, '@');
	size_t n = at ? (size_t)(at - addr) : strlen(addr);

	if (!*addr)
		return;
	if (is_dotatom(addr, n)) {
		put_safe(s, addr, n);
	} else {
		str_putc(s, '"');
		for (size_t i = 0; i < n; i++) {
			if (addr[i] == '"' || addr[i] == '\\')
				str_putc(s, '\\');
			put_safe(s, addr + i, 1);
		}
		str_putc(s, '"');
	}
	if (at)
		put_safe(s, at, strlen(at));
}

/* RFC 4155: blanks would move the date. */
static void
put_ufline(struct str *s, const char *sender)
{
	char date[STAMP_FMT];

	str_puts(s, "From ");
	if (!*sender)
		sender = "MAILER-DAEMON";
	for (; *sender; sender++)
		str_putc(s, *sender == ' ' || *sender == '\t' ||
					    *sender == '\n' || *sender == '\r'
				    ? '-'
				    : *sender);
	str_putc(s, ' ');
	str_put(s, date, stamp_mbox(date, stamp_now()));
	str_putc(s, '\n');
}

void
vars_lines(struct vars *v, const struct delivery *d)
{
	str_clear(&v->rcpt);
	put_safe(&v->rcpt, d->local, strlen(d->local));
	str_putc(&v->rcpt, '@');
	put_safe(&v->rcpt, d->host, strlen(d->host));

	str_clear(&v->rpline);
	str_puts(&v->rpline, "Return-Path: <");
	put_quoted(&v->rpline, d->sender);
	str_puts(&v->rpline, ">\n");

	str_clear(&v->dtline);
	str_puts(&v->dtline, "Delivered-To: ");
	str_put(&v->dtline, v->rcpt.s, v->rcpt.len);
	str_putc(&v->dtline, '\n');

	str_clear(&v->ufline);
	put_ufline(&v->ufline, d->sender);
}

/* The strings of the environment one after the other; pointers are taken when
 * the last one is there. */
static struct str block = STR_INIT(BLOCK_MAX);
static size_t count;

static void
put(const char *name, const char *val, size_t n)
{
	if (count >= VARS_MAX)
		return;
	count++;
	str_puts(&block, name);
	str_putc(&block, '=');
	str_put(&block, val, n);
	str_putc(&block, 0);
}

static void
puts_var(const char *name, const char *val)
{
	put(name, val, strlen(val));
}

static void
put_inherited(void)
{
	static const char *const keep[] = { "PATH=", "TZ=", "LANG=", "LC_",
		"QUILL", "QMAIL" };

	for (char **e = environ; *e; e++)
		for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
			if (strncmp(*e, keep[i], strlen(keep[i])) == 0 &&
				strlen(*e) < 4096 && count < 64) {
				str_put(&block, *e, strlen(*e) + 1);
				count++;
			}
	if (!getenv("PATH"))
		puts_var("PATH", "/usr/local/bin:/usr/bin:/bin");
}

/* HOST2 is HOST before its last dot, HOST3 HOST2 before its last, ... */
static void
put_hosts(const char *host)
{
	static const char *const names[] = { "HOST2", "HOST3", "HOST4" };
	size_t n = strlen(host);

	for (size_t i = 0; i < 3; i++) {
		size_t k = n;

		while (k && host[k - 1] != '.')
			k--;
		if (k)
			n = k - 1;
		put(names[i], host, n);
	}
}

/* EXT2 is EXT after its first dash, ... */
static void
put_exts(const char *ext)
{
	static const char *const names[] = { "EXT2", "EXT3", "EXT4" };

	for (size_t i = 0; i < 3; i++) {
		const char *dash = strchr(ext, '-');

		ext = dash ? dash + 1 : ext + strlen(ext);
		puts_var(names[i], ext);
	}
}

static int
hexdigit(char c)
{
	return ascii_isdigit(c)	      ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* RFC 3461 4: xtext. A decoded NUL or line end would change the variable. */
static void
put_xtext(const char *name, const char *p)
{
	struct str s = STR_INIT(2000);

	for (; *p; p++) {
		int hi = -1, lo = -1, c = (unsigned char)*p;

		if (*p == '+' && p[1]) {
			hi = hexdigit(p[1]);
			lo = hexdigit(p[2]);
		}
		if (hi >= 0 && lo >= 0) {
			c = hi * 16 + lo;
			p += 2;
		}
		str_putc(&s, c < 32 || c == 127 ? '_' : (char)c);
	}
	puts_var(name, str_c(&s));
	str_free(&s);
}

static void
put_dsn(const struct delivery *d)
{
	struct str s = STR_INIT(2000);
	const char *v;

	v = d->params ? job_param(d->params, "ENVID") : 0;
	if (v)
		put_xtext("ENVID", v);
	v = d->rcptparams ? job_param(d->rcptparams, "ORCPT") : 0;
	if (v && strchr(v, ';'))
		put_xtext("ORIGINAL_RECIPIENT", strchr(v, ';') + 1);
	handdown_sender(&s, d);
	if (s.len)
		put("DSNSENDER", s.s, s.len);
	handdown_recipient(&s, d);
	if (s.len)
		put("DSNRECIPIENT", s.s, s.len);
	str_free(&s);
}

const char *const *
vars_env(const struct vars *v, const struct delivery *d, const char *newsender,
	const char *deflt)
{
	static const char *env[VARS_MAX + 1];
	size_t i = 0;

	str_clear(&block);
	count = 0;
	put_inherited();
	puts_var("USER", d->user);
	puts_var("LOGNAME", d->user);
	puts_var("HOME", d->home);
	puts_var("SHELL", "/bin/sh");
	puts_var("SENDER", d->sender);
	puts_var("NEWSENDER", newsender);
	put("RECIPIENT", v->rcpt.s, v->rcpt.len);
	puts_var("LOCAL", d->local);
	puts_var("HOST", d->host);
	put_hosts(d->host);
	puts_var("EXT", d->ext);
	put_exts(d->ext);
	if (deflt)
		puts_var("DEFAULT", deflt);
	put("DTLINE", v->dtline.s, v->dtline.len);
	put("RPLINE", v->rpline.s, v->rpline.len);
	put("UFLINE", v->ufline.s, v->ufline.len);
	put_dsn(d);
	for (const char *p = block.s; i < count; i++, p += strlen(p) + 1)
		env[i] = p;
	env[i] = 0;
	return env;
}
