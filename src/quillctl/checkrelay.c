/* SPDX-License-Identifier: 0BSD */
/* checkrelay - may strangers send what they like through this host, and does
 * mail come back that it sends?
 *
 * Strangers are three addresses of documentation (RFC 5737): where two of them
 * may relay, all may. The rules of tcpserver are asked by tcprulescheck, then
 * quill-smtpd, in the environment of the service.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ascii.h"
#include "lib/control.h"
#include "lib/dnsq.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/here.h"
#include "lib/map.h"
#include "lib/num.h"
#include "lib/stamp.h"
#include "quillctl/check.h"
#include "quillctl/facts.h"
#include "quillctl/program.h"
#include "wire/relay.h"
#include "wire/routes.h"

enum {
	PORTS = 32,
	ENV_MAX = 65536,   /* bytes of a variable */
	ROUTES_MAX = 1000, /* relays that are looked at */
	DNS_MS = 10000,
};

static const char *const strangers[] = { "192.0.2.1", "198.51.100.1",
	"203.0.113.1" };
enum { STRANGERS = sizeof(strangers) / sizeof(*strangers) };

/* What listens here. */
static struct {
	uint64_t port[PORTS];
	size_t nport;
} ours;

/* --- a listener's environment --------------------------------------------- */

static struct map changed; /* variables */
static char *names[1000];
static size_t nnames;

static void
set(const char *name, const char *value)
{
	if (nnames == sizeof(names) / sizeof(*names) ||
		strcmp(name, "PATH") == 0 || strncmp(name, "LD_", 3) == 0)
		return;
	names[nnames++] = xstrdup(name);
	setenv(name, value, 1);
}

static void
unset_all(void)
{
	while (nnames) {
		unsetenv(names[--nnames]);
		free(names[nnames]);
	}
}

/* As envdir does: the first line of each file in env/. */
static void
environment(int dir)
{
	struct str s = STR_INIT(ENV_MAX);
	int env = openat(dir, "env", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	DIR *d = env < 0 ? NULL : fdopendir(env);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		fd = openat(env, e->d_name, O_RDONLY | O_CLOEXEC);
		str_clear(&s);
		if (fd >= 0 && file_readfd(fd, &s) == 0 && s.len > 0) {
			str_cut(&s, strcspn(str_c(&s), "\n"));
			str_chomp(&s);
			set(e->d_name, str_c(&s));
		}
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
	str_free(&s);
}

/* What the rules add for a client; false: it may not connect. */
static bool
rules(const char *file, const char *ip)
{
	const char *argv[] = { "tcprulescheck", file, NULL };
	const char *const prefix = "set environment variable ";
	struct str text = STR_INIT(PROGRAM_OUT_MAX);
	char *p, *end, *equals;
	bool may = true;

	set("PROTO", "TCP");
	set("TCPREMOTEIP", ip);
	if (!file || access(file, F_OK) < 0)
		return true;
	program_run(argv, true, check.ids.quilld, check.ids.nofiles, &text);
	str_c(&text);
	for (p = text.s; (end = strchr(p, '\n')); p = end + 1) {
		*end = 0;
		if (strcmp(p, "deny connection") == 0)
			may = false;
		if (strncmp(p, prefix, strlen(prefix)) != 0)
			continue;
		p += strlen(prefix);
		equals = strchr(p, '=');
		if (equals) {
			*equals = 0;
			set(p, equals + 1);
		}
	}
	str_free(&text);
	return may;
}

/* --- open relay ----------------------------------------------------------- */

/* Is a recipient taken from a client of this environment? */
static bool
takes(const char *rcpt)
{
	const char *argv[] = { "quill-smtpd", "-n", "--",
		"stranger@relay.invalid", rcpt, NULL };
	struct str text = STR_INIT(PROGRAM_OUT_MAX);
	bool yes;

	check_ask(argv, check.ids.quilld, check.ids.nofiles, &text);
	yes = strncmp(str_c(&text), "rcpt 2", 6) == 0;
	str_free(&text);
	return yes;
}

/* A line of rcpthosts for a whole top-level domain, or for all. */
static void
whole_domains(void)
{
	static const char *const tops[] = { "com", "net", "org" };

	for (size_t i = 0; i < sizeof(tops) / sizeof(*tops); i++) {
		if (!takes(check_text("victim@relay-test.", tops[i])))
			continue;
		check_say(CHECK_ERROR, "control/rcpthosts", 0,
			check_text("open relay: strangers may send to every "
				   "domain below .",
				tops[i]),
			"name only domains whose mail this host takes");
		return;
	}
}

static void
listener(int dir, const char *rulefile, bool submission, bool qmqp)
{
	const char *look[] = { "quill-smtpd", "-n", NULL };
	struct str file = STR_INIT(4096);
	size_t may = 0;

	for (size_t i = 0; i < STRANGERS; i++) {
		if (dir >= 0)
			environment(dir);
		str_clear(&file);
		if (getenv("RULES") && dir >= 0)
			str_puts(&file, getenv("RULES"));
		else if (rulefile)
			str_puts(&file, rulefile);
		if (rules(str_c(&file), strangers[i])) {
			bool relay = getenv("RELAYCLIENT") != NULL;

			/* a submission service asks for a password all the
			 * same, QMQP for nothing else than this variable */
			may += relay &&
			       (qmqp || (!submission &&
						takes("victim@relay.invalid")));
			if (i == 0 && !qmqp) {
				/* the twins of control files, too */
				check_ask(look, check.ids.quilld,
					check.ids.nofiles, NULL);
				if (!relay && !submission)
					whole_domains();
			}
		}
		unset_all();
	}
	if (file.len > 4 && strcmp(file.s + file.len - 4, ".cdb") == 0)
		str_cut(&file, file.len - 4);
	if (may > 1)
		check_say(CHECK_ERROR, file.len ? str_c(&file) : NULL, 0,
			check_text("open relay: strangers get RELAYCLIENT and "
				   "may send anything to anybody",
				qmqp ? " by QMQP" : ""),
			"RELAYCLIENT only for addresses that are yours; then "
			"quill-service, which compiles the rules");
	str_free(&file);
}

/* "# listens on ADDR port PORT", as quill-service writes it */
static void
port_of(const char *run)
{
	const char *p = strstr(run, "# listens on "), *port;

	port = p ? strstr(p, " port ") : NULL;
	if (!port || ours.nport == PORTS)
		return;
	port += 6;
	if (num_parse(port, strspn(port, "0123456789"), 65535,
		    &ours.port[ours.nport]))
		ours.nport++;
}

static void
each_listener(
	void *arg, const char *path, const char *name, int dir, const char *run)
{
	bool qmqp = strstr(run, "bin/quill-qmqpd") != NULL;

	(void)arg;
	(void)path;
	(void)name;
	if (!qmqp && !strstr(run, "bin/quill-smtpd"))
		return;
	port_of(run);
	listener(dir, NULL, strstr(run, "bin/quill-smtpd -s") != NULL, qmqp);
}

/* --- routes that come back ------------------------------------------------ */

static bool
is_here(const struct relay *r)
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA };
	struct dnspkt_rr rr;
	struct dnsq q;
	bool here = false;

	if (r->ip.family)
		return here_address(&r->ip);
	if (ascii_caseis(r->host, str_c(&check.me)) ||
		ascii_caseis(r->host, "localhost"))
		return true;
	for (size_t i = 0; !check.nodns && i < 2; i++) {
		dnsq_init(&q, r->host, types[i]);
		dnsq_ask(&q, 1, stamp_mono() + DNS_MS);
		while (q.result == DNSQ_OK && dnsq_next(&q, &rr))
			here |= here_address(&rr.ip);
		dnsq_free(&q, 1);
	}
	return here;
}

static bool
is_our_port(const struct relay *r)
{
	for (size_t i = 0; i < ours.nport; i++)
		if (ours.port[i] == r->port)
			return true;
	return ours.nport == 0 && r->port == RELAY_PORT;
}

static const char *
route_entry(void *arg, size_t line, char *entry, size_t n)
{
	size_t klen, *left = arg;
	struct relays l;
	const char *where;

	if (table_split(&relay_kind, entry, n, &klen, &where) ||
		relay_list(where, &l) || *left == 0)
		return NULL;
	/* a provider's list has thousands of the same relay */
	if (map_get(&changed, where, strlen(where), NULL))
		return NULL;
	map_put(&changed, where, strlen(where), "", 0);
	--*left;
	for (size_t i = 0; i < l.n; i++) {
		const struct relay *r = &l.r[i];

		if (r->lmtp || relay_is_mx(r) || !is_our_port(r) || !is_here(r))
			continue;
		entry[klen] = 0;
		check_say(CHECK_ERROR, "control/smtproutes", line,
			check_text("mail for ",
				klen ? entry : "all other domains",
				" is sent to this host itself, and comes back "
				"until it has gone round too often"),
			"name another host, or make the domain local: "
			"control/locals, virtualdomains");
		break;
	}
	return NULL;
}

static const char *
catch_all(void *arg, size_t line, char *entry, size_t n)
{
	(void)arg;
	if (n > 1 && *entry == ':')
		check_say(CHECK_WARNING, "control/virtualdomains", line,
			check_text("every domain that is not local is ",
				entry + 1, "'s: no mail leaves this host"),
			"name the domains");
	return NULL;
}

void
check_relay(void)
{
	const char *file = check_text(site_control, "/tcp.smtp.cdb");
	size_t left = ROUTES_MAX;

	if (!check.known)
		return;
	map_init(&changed);
	if (facts_each_service(check.services, each_listener, NULL) == 0)
		listener(-1, file, false, false);
	(void)control_list("smtproutes", route_entry, &left);
	(void)control_list("virtualdomains", catch_all, NULL);
	map_free(&changed);
}
