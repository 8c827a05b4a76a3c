/* SPDX-License-Identifier: 0BSD */
/* explain - what would happen to mail for an address, and why
 *
 * Nothing is decided here: mail/route.h says where it goes, quill-local -n,
 * quill-remote -n and quill-smtpd -n, run as the users they always run as,
 * say what they would do.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/ipaddr.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "lib/table.h"
#include "mail/route.h"
#include "quillctl/args.h"
#include "quillctl/program.h"
#include "quillctl/quillctl.h"
#include "quillctl/say.h"
#include "wire/bydomain.h"
#include "wire/lookup.h"
#include "wire/routes.h"
#include "wire/site.h"
#include "wire/status.h"
#include "wire/verify.h"

enum { VERIFY_WAIT_MS = 30000 };

static struct explain {
	bool json;
	const char *from, *as, *delivery, *rules;
	struct site_ids ids;
	char alias[64];
	struct routes routes;
	bool bounces, unknown, refused;
} x;

/* --- facts --- */

static void
fact_at(const char *fact, const char *text, const char *file, uint64_t line)
{
	const char *sep = "";

	if (x.json) {
		obuf_putc(&out, '{');
		say_string(&sep, "fact", fact);
		say_string(&sep, "text", text);
		if (file)
			say_string(&sep, "file", file);
		if (line)
			say_int(&sep, "line", line);
		obuf_puts(&out, "}\n");
		return;
	}
	obuf_puts(&out, fact);
	obuf_puts(&out, ": ");
	json_plain(&out, text);
	if (file) {
		obuf_puts(&out, " (");
		obuf_puts(&out, file);
		if (line) {
			obuf_puts(&out, " line ");
			obuf_putnum(&out, line);
		}
		obuf_putc(&out, ')');
	}
	obuf_putc(&out, '\n');
}

static void
fact(const char *name, const char *text)
{
	fact_at(name, text, NULL, 0);
}

/* The lines of a text, each a fact. */
static void
facts(const char *name, struct str *text)
{
	const char *p = str_c(text);
	char one[PROGRAM_OUT_MAX / 64];

	for (size_t n; *p; p += n + (p[n] != 0)) {
		size_t len;

		n = strcspn(p, "\n");
		len = n < sizeof(one) ? n : sizeof(one) - 1;
		memcpy(one, p, len);
		one[len] = 0;
		if (n)
			fact(name, one);
	}
}

/* --- which line decides --- */

/* Where is a key that was found? */
struct where {
	struct table_kind kind;
	const char *key;
	size_t line;
};

static const char *
look(void *arg, size_t line, char *entry, size_t n)
{
	struct where *w = arg;
	const char *val;
	size_t len;

	if (!table_split(&w->kind, entry, n, &len, &val) &&
		len == strlen(w->key) && memcmp(entry, w->key, len) == 0)
		w->line = line;
	return NULL;
}

/* The last of several equal lines, because that is the one that counts. */
static size_t
line_of(const char *name, char sep, const char *key)
{
	struct where w = { { sep, NULL }, key, 0 };

	control_list(name, look, &w);
	return w.line;
}

static const struct {
	const char *name, *file;
	char sep;
} lists[] = {
	[ROUTE_LOCALS] = { "locals", "control/locals", 0 },
	[ROUTE_VIRTUALDOMAINS] = { "virtualdomains", "control/virtualdomains",
		':' },
	[ROUTE_PERCENTHACK] = { "percenthack", "control/percenthack", 0 },
};

/* route_find_fn; what is found is said. */
static bool
find(void *arg, enum route_list list, const char *key, size_t n,
	struct str *val)
{
	struct str text = STR_INIT(2 * CONTROL_LINE_MAX);
	char k[2 * ADDR_MAX];
	size_t line;

	if (n >= sizeof(k) || !routes_find(arg, (int)list, key, n, val))
		return false;
	memcpy(k, key, n);
	k[n] = 0;
	line = line_of(lists[list].name, lists[list].sep, k);
	str_puts(&text, *k ? k : "every domain");
	if (list == ROUTE_LOCALS)
		str_puts(&text, " is local");
	else if (list == ROUTE_PERCENTHACK)
		str_puts(&text, ": % in the local part means @");
	else if (val && val->len == 0)
		str_puts(&text, " is an exception: not virtual");
	else if (val) {
		str_puts(&text, " is virtual: ");
		str_put(&text, val->s, val->len);
		str_puts(&text, "- goes before the local part");
	}
	if (list == ROUTE_LOCALS && !line)
		fact_at("decides", str_c(&text), "control/me, without locals",
			0);
	else
		fact_at("decides", str_c(&text), lists[list].file, line);
	str_free(&text);
	return true;
}

/* --- local --- */

/* users/cdb, else quill-getpw: as quill-lspawn asks. */
static int
find_user(const char *local, struct pwuser *u)
{
	static struct lookup l;
	static char path[4096];
	const char *why = "";
	int r;

	strcpy(path, site_users);
	strcat(path, "/cdb");
	lookup_init(&l, path);
	switch (lookup_find(&l, local, strlen(local), u)) {
	case LOOKUP_FOUND:
		fact_at("found", "a line for the local part", "users/cdb", 0);
		return 1;
	case LOOKUP_FAILED:
		log_alert_sys("unable to read ", path);
		return -1;
	case LOOKUP_NONE:
		break;
	}
	r = program_getpw(local, x.ids.quillp, x.ids.nofiles, x.alias, u, &why);
	if (r == 0)
		fact("later", why);
	else if (r > 0)
		fact("found", u->uid == x.ids.alias
				      ? "no account: the alias user's"
				      : "an account that owns its home");
	return r > 0 ? 1 : -1;
}

static void
say_user(const struct pwuser *u)
{
	struct str text = STR_INIT(PWREQ_MAX);

	str_puts(&text, u->user);
	str_puts(&text, ", uid ");
	str_putnum(&text, u->uid);
	str_puts(&text, ", home ");
	str_puts(&text, u->home);
	fact("user", str_c(&text));
	str_clear(&text);
	str_puts(&text, ".qmail");
	str_puts(&text, u->dash);
	str_puts(&text, u->ext);
	fact("looks for", str_c(&text));
	str_free(&text);
}

/* Which file it is, as quill-verifyd says when it runs. */
static void
ask_verifyd(const char *address)
{
	struct verify v = VERIFY_INIT;
	static struct verify_answer a;

	if (verify_ask(&v, address, stamp_mono() + VERIFY_WAIT_MS, &a) ==
		VERIFY_YES)
		fact("uses", a.how);
	verify_close(&v);
}

static void
local(const char *address, const char *to)
{
	struct str part = STR_INIT(2 * ADDR_MAX), text;
	const char *at = strrchr(to, '@');
	struct pwuser u;
	int r;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	str_put(&part, to, (size_t)(at - to));
	x.bounces = part.len == 0;
	if (x.bounces) {
		fact("bounces", "an empty mailbox name is nobody's");
	} else if (find_user(str_c(&part), &u) < 0) {
		x.unknown = true;
	} else if (u.uid == 0) {
		fact("later", "nothing is ever delivered as root");
		x.unknown = true;
	} else {
		const char *argv[] = { "quill-local", "-n", "--", u.user,
			u.home, str_c(&part), u.dash, u.ext, at + 1, "",
			x.delivery, NULL };

		say_user(&u);
		ask_verifyd(address);
		r = program_run(argv, false, u.uid, u.gid, &text);
		x.bounces = r == STATUS_PERM;
		x.unknown = r != STATUS_OK && r != STATUS_PERM;
		facts(x.bounces	    ? "bounces"
			: x.unknown ? "later"
				    : "does",
			&text);
	}
	str_free(&text);
	str_free(&part);
}

/* --- remote --- */

static void
limits(const char *domain)
{
	struct str text = STR_INIT(500);
	uint32_t most, every;
	struct bydomain b;

	if (bydomain_lifetime(&b) == CONTROL_BAD) {
		fact("trouble", control_error());
	} else {
		str_putnum(&text, bydomain_seconds(&b, domain));
		str_puts(&text, " s in the queue at most");
		fact_at("limit", str_c(&text), "control/queuelifetime", 0);
	}
	bydomain_free(&b);
	str_clear(&text);
	if (bydomain_concurrency(&b) == CONTROL_BAD) {
		fact("trouble", control_error());
	} else if (bydomain_limits(&b, domain, &most, &every)) {
		if (most) {
			str_putnum(&text, most);
			str_puts(&text, " deliveries at a time");
		}
		if (every) {
			str_puts(&text, most ? ", one each " : "one each ");
			str_putnum(&text, every / 1000);
			str_puts(&text, " ms");
		}
		fact_at("limit", str_c(&text), "control/concurrencydomain", 0);
	}
	bydomain_free(&b);
	str_free(&text);
}

/* "key rest" becomes the fact key: rest. */
static void
told(struct str *text, bool reply)
{
	char *p, *end, *blank;

	str_c(text);
	for (p = text->s; p && *p; p = end + 1) {
		end = strchr(p, '\n');
		if (!end)
			break;
		*end = 0;
		blank = strchr(p, ' ');
		if (!blank)
			continue;
		*blank++ = 0;
		x.refused |= reply && *blank != '2';
		x.bounces |= !reply && strcmp(p, "never") == 0;
		x.unknown |= !reply && strcmp(p, "later") == 0;
		fact(p, blank);
	}
}

static void
remote(const char *host)
{
	const char *argv[] = { "quill-remote", "-n", host, NULL };
	struct str text;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	if (program_run(argv, false, x.ids.quillr, x.ids.nofiles, &text) != 0)
		x.unknown = true;
	told(&text, false);
	str_free(&text);
}

/* --- at RCPT --- */

/* The environment that tcpserver would give this client. true: it may
 * connect. */
static bool
tcp_rules(void)
{
	const char *argv[] = { "tcprulescheck", x.rules, NULL };
	const char *const set = "set environment variable ";
	struct str text;
	char *p, *end, *equals;
	bool may = true;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	setenv("PROTO", "TCP", 1);
	setenv("TCPREMOTEIP", x.from, 1);
	if (access(x.rules, F_OK) < 0) {
		fact("rules", "there are none");
		return true;
	}
	if (program_run(argv, true, x.ids.quilld, x.ids.nofiles, &text) < 0)
		x.unknown = true;
	str_c(&text);
	for (p = text.s; p && (end = strchr(p, '\n')); p = end + 1) {
		*end = 0;
		fact("rules", p);
		if (strcmp(p, "deny connection") == 0)
			may = false;
		if (strncmp(p, set, strlen(set)) != 0)
			continue;
		p += strlen(set);
		equals = strchr(p, '=');
		if (!equals)
			continue;
		*equals = 0;
		setenv(p, equals + 1, 1);
	}
	str_free(&text);
	return may;
}

static void
at_rcpt(const char *address)
{
	const char *sender = x.as && strchr(x.as, '@') ? x.as : "";
	const char *argv[] = { "quill-smtpd", "-n", "--", sender, address, x.as,
		NULL };
	struct str text;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	if (x.from && !tcp_rules()) {
		x.refused = true;
		return;
	}
	if (program_run(argv, false, x.ids.quilld, x.ids.nofiles, &text) != 0)
		x.unknown = true;
	told(&text, true);
	str_free(&text);
}

/* --- all of it --- */

static void
whole(const char *address)
{
	struct str to = STR_INIT(3 * ADDR_MAX), host = STR_INIT(ADDR_MAX);
	struct route route = { find, &x.routes, x.routes.envnoathost };
	enum route_kind kind;

	kind = route_address(&route, address, &to);
	str_puts(&host, route_host(str_c(&to)));
	str_c(&host);
	ascii_tolower(host.s, host.len);
	if (kind == ROUTE_LOCAL) {
		fact("local", to.s);
		local(address, to.s);
	} else {
		fact("remote", to.s);
		remote(host.s);
	}
	limits(host.s);
	at_rcpt(address);
	str_free(&to);
	str_free(&host);
}

static bool
parse(int argc, char **argv)
{
	const struct args_option options[] = {
		{ 'j', "json", &x.json, NULL },
		{ 0, "from", NULL, &x.from },
		{ 0, "as", NULL, &x.as },
		{ 0, "default", NULL, &x.delivery },
		{ 0, "rules", NULL, &x.rules },
	};
	static char rules[4096];
	struct ipaddr ip;

	strcpy(rules, site_control);
	strcat(rules, "/tcp.smtp.cdb");
	x.rules = rules;
	x.delivery = "./Maildir/";
	if (args_parse(options, 5, argc, argv) != 1)
		return false;
	if (x.from && !ipaddr_parse(x.from, strlen(x.from), &ip)) {
		args_bad("not an address of a client: ", x.from);
		return false;
	}
	if (!*argv[0] || strlen(argv[0]) > ADDR_MAX) {
		args_bad("not an address: ", argv[0]);
		return false;
	}
	return true;
}

int
ctl_explain(int argc, char **argv)
{
	if (!parse(argc, argv))
		return CTL_USAGE;
	if (geteuid() != 0)
		log_die(STATUS_TEMP, "only root may look into the homes of "
				     "users and be the users of quill");
	/* programs are to be told by us alone who the client is */
	unsetenv("RELAYCLIENT");
	unsetenv("TCPREMOTEIP");
	unsetenv("TCPREMOTEHOST");
	unsetenv("RCPTCHECK");
	if (site_ids(&x.ids, x.alias) < 0)
		log_die(STATUS_TEMP, site_ids_error());
	control_init(site_control);
	if (routes_read(&x.routes) < 0)
		log_die(STATUS_TEMP, control_error());
	whole(argv[0]);
	if (x.unknown)
		return STATUS_TEMP;
	return x.bounces || ((x.from || x.as) && x.refused) ? CTL_NO : CTL_YES;
}
