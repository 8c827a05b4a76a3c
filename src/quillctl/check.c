/* SPDX-License-Identifier: 0BSD */
/* check - everything that can be wrong with a set-up, and what to do then */
#include "quillctl/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/json.h"
#include "lib/map.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "quillctl/args.h"
#include "quillctl/dnsrec.h"
#include "quillctl/paint.h"
#include "quillctl/program.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"

struct check check;

/* In the order of a set-up: what comes first breaks what follows. */
static const struct part {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "files", check_files },
	{ "control", check_control },
	{ "users", check_users },
	{ "dns", check_dns },
	{ "tls", check_tls },
	{ "services", check_services },
	{ "system", check_system },
};

enum { PARTS = sizeof(parts) / sizeof(*parts), TEXT_MAX = 4000 };

static const char *current; /* part */
static size_t count[CHECK_SEVERITIES];

static const char *const severities[] = {
	[CHECK_OK] = "ok",
	[CHECK_NOTE] = "note",
	[CHECK_WARNING] = "warning",
	[CHECK_ERROR] = "error",
};

/* --- findings ------------------------------------------------------------- */

static bool
said_before(const char *about, uint64_t line, const char *text)
{
	static struct map said;
	struct str key = STR_INIT(2 * TEXT_MAX);
	bool before;

	if (!said.nslots)
		map_init(&said);
	str_puts(&key, about ? about : "");
	str_putc(&key, '\n');
	str_putnum(&key, line);
	str_putc(&key, '\n');
	str_puts(&key, text);
	before = map_get(&said, key.s, key.len, NULL) != NULL;
	if (!before)
		map_put(&said, key.s, key.len, "", 0);
	str_free(&key);
	return before;
}

static void
as_json(enum check_severity s, const char *about, uint64_t line,
	const char *text, const char *todo)
{
	const char *sep = "";

	obuf_putc(&out, '{');
	say_string(&sep, "part", current);
	say_string(&sep, "severity", severities[s]);
	if (about)
		say_string(&sep, "about", about);
	if (line)
		say_int(&sep, "line", line);
	say_string(&sep, "text", text);
	if (todo)
		say_string(&sep, "do", todo);
	obuf_puts(&out, "}\n");
}

static void
as_text(enum check_severity s, const char *about, uint64_t line,
	const char *text, const char *todo)
{
	if (s < CHECK_WARNING)
		obuf_puts(&out, severities[s]);
	else
		paint(s == CHECK_ERROR ? PAINT_BAD : PAINT_TITLE,
			severities[s]);
	obuf_puts(&out, ": ");
	if (about) {
		json_plain(&out, about);
		if (line) {
			obuf_puts(&out, " line ");
			obuf_putnum(&out, line);
		}
		obuf_puts(&out, ": ");
	}
	json_plain(&out, text);
	obuf_putc(&out, '\n');
	if (todo) {
		obuf_puts(&out, "\tdo: ");
		json_plain(&out, todo);
		obuf_putc(&out, '\n');
	}
}

void
check_say(enum check_severity s, const char *about, uint64_t line,
	const char *text, const char *todo)
{
	static const char *bad; /* the part that is not ok */

	if (said_before(about, line, text) || (s == CHECK_OK && bad == current))
		return;
	if (s > CHECK_NOTE)
		bad = current;
	count[s]++;
	if (s == CHECK_OK && !check.verbose)
		return;
	if (s == CHECK_NOTE && check.quiet)
		return;
	(check.json ? as_json : as_text)(s, about, line, text, todo);
	/* what comes next may take its time */
	obuf_flush(&out);
}

const char *
check_join(const char *first, ...)
{
	static struct str ring[8];
	static size_t turn;
	struct str *s = &ring[turn++ % 8];
	va_list ap;

	s->max = TEXT_MAX;
	str_clear(s);
	va_start(ap, first);
	for (; first; first = va_arg(ap, const char *))
		str_puts(s, first);
	va_end(ap);
	return str_c(s);
}

const char *
check_number(uint64_t n)
{
	char num[NUM_FMT];

	num_fmt(num, n);
	return check_text(num);
}

/* --- words of programs ---------------------------------------------------- */

/* "/home/control/NAME: line N: reason", or of another file, or no file. */
static void
complaint(enum check_severity s, char *p)
{
	size_t n = strlen(site_control);
	bool control = strncmp(p, site_control, n) == 0 && p[n] == '/';
	char *colon = strstr(p, control ? ": " : ": line "), *reason, *end;
	const char *about = p;
	uint64_t line = 0;

	if (!check.root && strstr(p, strerror(EACCES)))
		return; /* it may be readable for those who need it */
	if (!colon) {
		check_say(s, NULL, 0, p, NULL);
		return;
	}
	*colon = 0;
	reason = colon + 2;
	end = strchr(reason, ':');
	if (end && strncmp(reason, "line ", 5) == 0 &&
		num_parse(reason + 5, (size_t)(end - reason) - 5, INT64_MAX,
			&line))
		reason = end + 1 + (end[1] == ' ');
	if (strncmp(p, site_home, strlen(site_home)) == 0 &&
		p[strlen(site_home)] == '/')
		about = p + strlen(site_home) + 1;
	/* several programs read the same file, and call it by other words */
	if (!said_before(about, line, "a complaint"))
		check_say(s, about, line, reason,
			control ? "quill-control(5) says what it may be"
				: NULL);
}

/* A line that a program wrote on fd 2. */
static void
log_line(char *line)
{
	char *p = strstr(line, ": alert: ");

	if (p) {
		complaint(CHECK_ERROR, p + 9);
		return;
	}
	p = strstr(line, ": warning: ");
	if (p)
		complaint(CHECK_WARNING, p + 11);
}

void
check_control_error(void)
{
	char *copy = xstrdup(control_error());

	complaint(CHECK_ERROR, copy);
	free(copy);
}

int
check_ask(const char *const *argv, uid_t uid, gid_t gid, struct str *output)
{
	struct str mine = STR_INIT(PROGRAM_OUT_MAX);
	struct str words = STR_INIT(PROGRAM_OUT_MAX);
	char *p, *end;
	int r = program_hear(argv, uid, gid, output ? output : &mine, &words);

	str_c(&words);
	for (p = words.s; *p; p = end + 1) {
		end = strchr(p, '\n');
		if (!end)
			break;
		*end = 0;
		log_line(p);
	}
	if (r < 0)
		check_say(CHECK_ERROR, check_text("bin/", argv[0]), 0,
			"could not be run", "make install");
	str_free(&mine);
	str_free(&words);
	return r;
}

/* --- all of it ------------------------------------------------------------ */

static void
summary(void)
{
	size_t wrong = count[CHECK_ERROR] + count[CHECK_WARNING];

	if (check.json || check.quiet)
		return;
	if (!wrong) {
		obuf_puts(&out, "nothing is wrong\n");
		return;
	}
	obuf_putnum(&out, count[CHECK_ERROR]);
	obuf_puts(&out, count[CHECK_ERROR] == 1 ? " error, " : " errors, ");
	obuf_putnum(&out, count[CHECK_WARNING]);
	obuf_puts(
		&out, count[CHECK_WARNING] == 1 ? " warning\n" : " warnings\n");
}

/* What most parts need. */
static void
prepare(void)
{
	control_init(site_control);
	check.root = geteuid() == 0;
	check.known = site_ids(&check.ids, check.alias) == 0;
	if (!check.known)
		check_say(CHECK_ERROR, "users/ids", 0, site_ids_error(),
			"make install");
	if (!check.root)
		check_say(CHECK_WARNING, NULL, 0,
			"not root: much cannot be looked at",
			"as root: quillctl check");
	/* programs are to be told by us alone who the client is */
	unsetenv("RELAYCLIENT");
	unsetenv("TCPREMOTEIP");
	unsetenv("TCPREMOTEHOST");
	unsetenv("RCPTCHECK");
	str_init(&check.me, 255);
	if (control_line("me", &check.me) == CONTROL_OK) {
		str_c(&check.me);
		ascii_tolower(check.me.s, check.me.len);
		if (!addr_isdomain(check.me.s, check.me.len) ||
			check.me.s[0] == '[')
			str_clear(&check.me);
	}
	str_c(&check.me);
}

static bool
choose(char **names, bool wanted[PARTS])
{
	size_t i;

	for (i = 0; i < PARTS; i++)
		wanted[i] = !*names;
	for (; *names; names++) {
		for (i = 0; i < PARTS && strcmp(*names, parts[i].name);)
			i++;
		if (i == PARTS) {
			args_bad("no such part (files, control, users, dns, "
				 "tls, services, system): ",
				*names);
			return false;
		}
		wanted[i] = true;
	}
	return true;
}

int
ctl_check(int argc, char **argv)
{
	const struct args_option options[] = {
		{ 'j', "json", &check.json, NULL },
		{ 'q', "quiet", &check.quiet, NULL },
		{ 'v', "verbose", &check.verbose, NULL },
		{ 0, "no-dns", &check.nodns, NULL },
		{ 0, "services", NULL, &check.services },
		{ 0, "ip", NULL, &check.addresses },
		{ 0, "dkim", NULL, &check.selector },
	};
	struct dnsrec_site given = { .nip = 0 };
	bool wanted[PARTS];

	if (args_parse(options, sizeof(options) / sizeof(*options), argc,
		    argv) < 0 ||
		!choose(argv, wanted))
		return CTL_USAGE;
	if (check.addresses && !dnsrec_given(&given, check.addresses))
		return args_bad("not addresses: ", check.addresses);
	current = "check";
	prepare();
	for (size_t i = 0; i < PARTS; i++) {
		current = parts[i].name;
		if (wanted[i])
			parts[i].run();
	}
	summary();
	return count[CHECK_ERROR]     ? CTL_ERRORS
	       : count[CHECK_WARNING] ? CTL_NO
				      : CTL_YES;
}
