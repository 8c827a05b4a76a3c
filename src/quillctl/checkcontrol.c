/* SPDX-License-Identifier: 0BSD */
/* checkcontrol - the control files: names that nobody reads, values that those
 * who read them do not take */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/control.h"
#include "lib/num.h"
#include "mail/addr.h"
#include "quillctl/check.h"

/* Every file of quill-control(5), in its order. Who reads it is asked; the
 * kind is of what readers take as it is. */
enum kind { ASKED, HOST, ADDRESS, HOSTS };

static const struct known {
	const char *name;
	enum kind kind;
} files[] = {
	{ "aliases", ASKED },
	{ "auth", ASKED },
	{ "authdelay", ASKED },
	{ "authfailures", ASKED },
	{ "authplain", ASKED },
	{ "badhelo", ASKED },
	{ "badmailfrom", ASKED },
	{ "badrcptto", ASKED },
	{ "barelf", ASKED },
	{ "bouncefrom", ADDRESS },
	{ "bouncehost", HOST },
	{ "bouncemaxbytes", ASKED },
	{ "concurrencyauth", ASKED },
	{ "concurrencybounce", ASKED },
	{ "concurrencydomain", ASKED },
	{ "concurrencylocal", ASKED },
	{ "concurrencyremote", ASKED },
	{ "concurrencyuser", ASKED },
	{ "databytes", ASKED },
	{ "defaultdomain", HOST },
	{ "defaulthost", HOST },
	{ "delaywarn", ASKED },
	{ "doublebouncehost", HOST },
	{ "doublebounceto", ADDRESS },
	{ "envelopebytes", ASKED },
	{ "envnoathost", HOST },
	{ "etrn", ASKED },
	{ "greetdelay", ASKED },
	{ "helohost", ASKED },
	{ "hideclient", ASKED },
	{ "idhost", HOST },
	{ "idlelocal", ASKED },
	{ "idleremote", ASKED },
	{ "localiphost", HOST },
	{ "locals", HOSTS },
	{ "maildircreate", ASKED },
	{ "maxcommands", ASKED },
	{ "maxerrors", ASKED },
	{ "maxload", ASKED },
	{ "maxmessages", ASKED },
	{ "maxperclient", ASKED },
	{ "maxrcpt", ASKED },
	{ "maxsession", ASKED },
	{ "me", HOST },
	{ "milters", ASKED },
	{ "mininodes", ASKED },
	{ "minrate", ASKED },
	{ "minspace", ASKED },
	{ "morercpthosts", HOSTS },
	{ "morercpthosts.cdb", ASKED },
	{ "mtasts", ASKED },
	{ "outgoingip", ASKED },
	{ "passwords", ASKED },
	{ "percenthack", HOSTS },
	{ "plusdomain", HOST },
	{ "programlimits", ASKED },
	{ "qmqpservers", ASKED },
	{ "queuelifetime", ASKED },
	{ "rcpthosts", HOSTS },
	{ "remoteage", ASKED },
	{ "remotemsgs", ASKED },
	{ "remoterecipients", ASKED },
	{ "remotetimeouts", ASKED },
	{ "rescan", ASKED },
	{ "retrylocal", ASKED },
	{ "retryremote", ASKED },
	{ "retrytrouble", ASKED },
	{ "senders", ASKED },
	{ "smtpauth", ASKED },
	{ "smtpgreeting", ASKED },
	{ "smtproutes", ASKED },
	{ "starttls", ASKED },
	{ "tarpitcount", ASKED },
	{ "tarpitdelay", ASKED },
	{ "tcp.smtp", ASKED },
	{ "tcp.submission", ASKED },
	{ "timeoutauth", ASKED },
	{ "timeoutbusy", ASKED },
	{ "timeoutconnect", ASKED },
	{ "timeoutlocal", ASKED },
	{ "timeoutlock", ASKED },
	{ "timeoutlookup", ASKED },
	{ "timeoutprogram", ASKED },
	{ "timeoutqmqpc", ASKED },
	{ "timeoutremote", ASKED },
	{ "timeoutsmtpd", ASKED },
	{ "timeouttls", ASKED },
	{ "timeoutverify", ASKED },
	{ "tls", ASKED },
	{ "tlsconnections", ASKED },
	{ "tlspolicy", ASKED },
	{ "usermessages", ASKED },
	{ "userrcpts", ASKED },
	{ "verify", ASKED },
	{ "virtualdomains", ASKED },
	{ "vrfy", ASKED },
};

enum { FILES = sizeof(files) / sizeof(*files) };

/* --- names ---------------------------------------------------------------- */

static bool
is_known(const char *name, size_t n)
{
	for (size_t i = 0; i < FILES; i++)
		if (strlen(files[i].name) == n &&
			memcmp(files[i].name, name, n) == 0)
			return true;
	return false;
}

/* Compiled lists and TCP rules belong to the file that they are made of. */
static bool
belongs(const char *name)
{
	size_t n = strlen(name);

	if (strncmp(name, "tcp.", 4) == 0)
		return true;
	return n > 4 && strcmp(name + n - 4, ".cdb") == 0 &&
	       is_known(name, n - 4);
}

/* Letters that were left out, added, changed or swapped, at most two. */
static size_t
distance(const char *a, const char *b)
{
	enum { LETTERS = 40 };
	size_t row[3][LETTERS + 1], n = strlen(a), m = strlen(b);
	size_t i, j, best;

	if (n > LETTERS || m > LETTERS)
		return LETTERS;
	for (j = 0; j <= m; j++)
		row[0][j] = j;
	for (i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3];

		now[0] = i;
		for (j = 1; j <= m; j++) {
			best = up[j - 1] + (a[i - 1] != b[j - 1]);
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] &&
				row[(i + 1) % 3][j - 2] + 1 < best)
				best = row[(i + 1) % 3][j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

static void
unknown(const char *name)
{
	const char *like = NULL;
	size_t best = 3, d;

	for (size_t i = 0; i < FILES; i++) {
		d = distance(name, files[i].name);
		if (d < best && d < strlen(name) / 2) {
			best = d;
			like = files[i].name;
		}
	}
	check_say(CHECK_WARNING, check_text("control/", name), 0,
		"no program reads a file of that name",
		like ? check_text("call it ", like, ", if it is meant")
		     : "remove it");
}

static void
names(void)
{
	DIR *dir = opendir(site_control);
	const struct dirent *d;

	if (!dir) {
		check_say(CHECK_ERROR, "control", 0, strerror(errno),
			"make install");
		return;
	}
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.' && !belongs(d->d_name) &&
			!is_known(d->d_name, strlen(d->d_name)))
			unknown(d->d_name);
	closedir(dir);
}

/* --- values --------------------------------------------------------------- */

/* Its file, or what is wrong with it, as the kind has it. */
static const char *
host_entry(void *arg, size_t line, char *entry, size_t n)
{
	const char *name = arg;
	size_t dot = *entry == '.', i;

	for (i = 0; i < n; i++)
		if (entry[i] & 0x80)
			return NULL; /* idna is looked at where it is used */
	if (dot == n || !addr_isdomain(entry + dot, n - dot))
		check_say(CHECK_WARNING, check_text("control/", name), line,
			"not a domain: this line stands for nothing",
			"one domain a line, .domain for all below it");
	return NULL;
}

static void
one_host(const char *name)
{
	struct str s = STR_INIT(CONTROL_LINE_MAX);
	enum control c = control_line(name, &s);

	if (c == CONTROL_BAD)
		check_control_error();
	else if (c == CONTROL_OK && !addr_isdomain(s.s, s.len))
		check_say(CHECK_ERROR, check_text("control/", name), 1,
			"not a host name",
			"one name, of letters, digits, dots and hyphens");
	str_free(&s);
}

static void
one_address(const char *name)
{
	struct str s = STR_INIT(CONTROL_LINE_MAX), a = STR_INIT(ADDR_MAX);
	enum control c = control_line(name, &s);
	enum addr_result r = ADDR_OK;

	if (c == CONTROL_BAD)
		check_control_error();
	if (c == CONTROL_OK) {
		if (!memchr(s.s, '@', s.len))
			str_puts(&s, "@host");
		r = addr_mailbox(&a, s.s, s.len);
	}
	if (r != ADDR_OK && r != ADDR_UTF8)
		check_say(CHECK_ERROR, check_text("control/", name), 1,
			"not an address", NULL);
	str_free(&s);
	str_free(&a);
}

static void
taken_as_they_are(void)
{
	static char name[40];

	for (size_t i = 0; i < FILES; i++) {
		switch (files[i].kind) {
		case ASKED:
			break;
		case HOST:
			one_host(files[i].name);
			break;
		case ADDRESS:
			one_address(files[i].name);
			break;
		case HOSTS:
			strcpy(name, files[i].name);
			if (control_list(name, host_entry, name) == CONTROL_BAD)
				check_control_error();
			break;
		}
	}
}

/* Those who read control/, each as the user that it is when it does. */
static void
readers(void)
{
	const struct site_ids *u = &check.ids;
	const struct {
		const char *name;
		uid_t uid;
		gid_t gid;
		bool root; /* nobody else may run it */
	} programs[] = {
		{ "quill-send", u->quills, u->quill, false },
		{ "quill-bounce", u->quills, u->quill, false },
		{ "quill-lspawn", 0, 0, true },
		{ "quill-local", u->alias, u->nofiles, false },
		{ "quill-rspawn", u->quillr, u->nofiles, false },
		{ "quill-remote", u->quillr, u->nofiles, false },
		{ "quill-smtpd", u->quilld, u->nofiles, false },
		{ "quill-verifyd", u->quillv, u->nofiles, false },
		{ "quill-authd", 0, 0, false },
		{ "quill-milter", u->quilld, u->nofiles, false },
		{ "quill-qmqpd", u->quilld, u->nofiles, false },
		{ "quill-qmqpc", u->quilld, u->nofiles, false },
	};

	if (!check.known)
		return;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		const char *argv[] = { programs[i].name, "-n", NULL };

		if (check.root || !programs[i].root)
			check_ask(argv, programs[i].uid, programs[i].gid, NULL);
	}
}

/* quill-queue takes no options: it is setuid. */
static void
envelopebytes(void)
{
	uint64_t n;

	if (control_num("envelopebytes", 1, ENVELOPE_MAX, &n) == CONTROL_BAD)
		check_control_error();
}

void
check_control(void)
{
	struct str me = STR_INIT(CONTROL_LINE_MAX);

	if (control_line("me", &me) == CONTROL_ABSENT) {
		check_say(CHECK_ERROR, "control/me", 0,
			"missing: this host has no name, and nothing works",
			"quill-config FQDN, or the name into that file");
		str_free(&me);
		return;
	}
	str_free(&me);
	names();
	readers();
	envelopebytes();
	taken_as_they_are();
	check_relay();
	check_say(CHECK_OK, "control", 0, "looked at: names and values", NULL);
}
