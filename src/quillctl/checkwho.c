/* SPDX-License-Identifier: 0BSD */
/* checkwho - does somebody get the mail for postmaster, of every domain, and
 * for the other addresses that every host has? quillctl explain is asked. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/file.h"
#include "lib/num.h"
#include "quillctl/check.h"
#include "quillctl/program.h"

enum {
	PASSWD_MAX = 64 << 20,
	PERSONS = 1000, /* the first uid of persons, if UID_MIN is not there */
};

/* What explain says; text points into words. */
struct answer {
	struct str words;
	bool bounces, alias, later;
	const char *rcpt; /* "550 5.7.1 ...", NULL: 2xx */
	const char *home; /* NULL: not local */
};

/* The text of a fact, up to its end. */
static char *
fact(struct str *words, const char *name)
{
	char *p = strstr(words->s,
		     check_text("{\"fact\":\"", name, "\",\"text\":\"")),
	     *end;

	if (!p)
		return NULL;
	p = strstr(p, "\"text\":\"") + 8;
	for (end = p; *end && *end != '"'; end++)
		if (*end == '\\' && end[1])
			end++;
	/* the quote is kept for whoever asks for the next fact */
	return end > p ? p : NULL;
}

static void
ask(const char *address, struct answer *a)
{
	const char *argv[] = { "quillctl", "explain", "-j", "--", address,
		NULL };
	char *p, *home;
	int code;

	*a = (struct answer){ .words = STR_INIT(PROGRAM_OUT_MAX) };
	code = check_ask(argv, 0, 0, &a->words);
	str_c(&a->words);
	a->bounces = fact(&a->words, "bounces") != NULL;
	a->later = code != 0 && code != 1;
	p = fact(&a->words, "found");
	a->alias = p && strncmp(p, "no account", 10) == 0;
	home = fact(&a->words, "user");
	p = fact(&a->words, "rcpt");
	if (home && (home = strstr(home, ", home ")))
		home += 7;
	if (home)
		home[strcspn(home, "\"\n")] = 0;
	if (p && *p != '2') {
		a->rcpt = p;
		p[strcspn(p, "\"\n")] = 0;
	}
	a->home = home;
}

/* --- addresses that there must be ----------------------------------------- */

static void
must_be(const char *local, const char *domain)
{
	const char *address = check_text(local, "@", domain);
	struct answer a;

	ask(address, &a);
	if (a.later)
		check_say(CHECK_WARNING, address, 0,
			"what becomes of its mail cannot be told now",
			check_text("quillctl explain ", address));
	else if (a.bounces)
		check_say(CHECK_ERROR, address, 0,
			"its mail bounces: there is no alias, no .qmail file "
			"and no account for it",
			check_text(
				"an alias in alias/aliases, then newaliases; "
				"or alias/.qmail-",
				local));
	else if (a.home && a.rcpt && strncmp(a.rcpt, "550 5.7.1", 9) == 0)
		check_say(CHECK_WARNING, domain, 0,
			"is delivered here, but mail for it is not taken by "
			"SMTP from strangers",
			"add it to control/rcpthosts");
	str_free(&a.words);
}

/* --- accounts of the system ----------------------------------------------- */

static uint64_t
first_person(void)
{
	struct str s = STR_INIT(1 << 20);
	uint64_t n = PERSONS;
	const char *p;

	if (file_read("/etc/login.defs", &s) == 0 &&
		(p = strstr(str_c(&s), "\nUID_MIN"))) {
		p += 8;
		p += strspn(p, " \t");
		if (!num_parse(p, strspn(p, "0123456789"), UINT32_MAX, &n))
			n = PERSONS;
	}
	str_free(&s);
	return n;
}

static bool
is_plain(const char *name)
{
	const char *p = name;

	while (ascii_isalnum(*p) || (*p && strchr("_.-", *p)))
		p++;
	return p > name && !*p && *name != '-';
}

static bool
has_mailbox(const char *home)
{
	static const char *const files[] = { "/.qmail", "/Maildir",
		"/Mailbox" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (access(check_text(home, files[i]), F_OK) == 0)
			return true;
	return false;
}

/* Those whose mail bounces, and those whose mail goes where nobody may look. */
struct accounts {
	struct str lonely, unread;
};

static void
system_account(const char *name, struct accounts *those)
{
	const char *address = check_text(name, "@", str_c(&check.me));
	struct answer a;

	ask(address, &a);
	if (a.bounces) {
		str_putc(&those->lonely, ' ');
		str_puts(&those->lonely, name);
	} else if (a.home && !a.alias && !a.later && !has_mailbox(a.home)) {
		str_putc(&those->unread, ' ');
		str_puts(&those->unread, name);
		str_puts(&those->unread, " (");
		str_puts(&those->unread, a.home);
		str_putc(&those->unread, ')');
	}
	str_free(&a.words);
}

/* Of /etc/passwd, because a directory service lists persons. */
static void
system_accounts(void)
{
	struct str passwd = STR_INIT(PASSWD_MAX);
	struct accounts those = { STR_INIT(3000), STR_INIT(3000) };
	uint64_t persons = first_person(), uid;
	char *p, *next, *colon;

	file_read("/etc/passwd", &passwd);
	str_c(&passwd);
	for (p = passwd.s; p && *p; p = next) {
		next = p + strcspn(p, "\n");
		if (*next)
			*next++ = 0;
		colon = strchr(p, ':');
		if (!colon)
			continue;
		*colon = 0;
		ascii_tolower(p, strlen(p));
		if (!is_plain(p) || strcmp(p, "root") == 0 ||
			!(colon = strchr(colon + 1, ':')) ||
			!num_parse(colon + 1, strcspn(colon + 1, ":"),
				UINT32_MAX, &uid) ||
			uid >= persons)
			continue;
		system_account(p, &those);
	}
	if (those.lonely.len)
		check_say(CHECK_WARNING, NULL, 0,
			check_text("system accounts without an alias, whose "
				   "mail bounces:",
				str_c(&those.lonely)),
			check_text("for n in", str_c(&those.lonely),
				"; do echo \"$n: root\"; done >>", site_home,
				"/alias/aliases; ", site_home,
				"/bin/newaliases"));
	if (those.unread.len)
		check_say(CHECK_NOTE, NULL, 0,
			check_text("system accounts whose mail goes to their "
				   "homes, which have no Maildir:",
				str_c(&those.unread)),
			"to send it to root: echo '&root' >HOME/.qmail");
	str_free(&passwd);
	str_free(&those.lonely);
	str_free(&those.unread);
}

static void
postmaster(const char *domain)
{
	must_be("postmaster", domain);
}

void
check_who(void)
{
	static const char *const names[] = { "postmaster", "mailer-daemon",
		"root", "abuse" };

	if (!check.me.len)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		must_be(names[i], str_c(&check.me));
	check_domains(postmaster);
	system_accounts();
}
