/* SPDX-License-Identifier: 0BSD */
#include "wire/relay.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static const struct {
	const char *in;
	bool good;
	const char *to; /* host, address or path */
	unsigned port;
	bool lmtp, tls;
} parse[] = {
	{ "", true, "", 25, false, false },
	{ ":2525", true, "", 2525, false, false },
	{ "Relay.Example", true, "relay.example", 25, false, false },
	{ "relay.example.:587", true, "relay.example", 587, false, false },
	{ "relay.example:465", true, "relay.example", 465, false, true },
	{ "192.0.2.1", true, "192.0.2.1", 25, false, false },
	{ "192.0.2.1:26", true, "192.0.2.1", 26, false, false },
	{ "[192.0.2.1]:26", true, "192.0.2.1", 26, false, false },
	{ "[2001:db8::1]", true, "2001:db8::1", 25, false, false },
	{ "[IPv6:2001:db8::1]:26", true, "2001:db8::1", 26, false, false },
	{ "lmtp:/run/x/lmtp", true, "/run/x/lmtp", 24, true, false },
	{ "LMTP:store.example", true, "store.example", 24, true, false },
	{ "lmtp:store.example:2424", true, "store.example", 2424, true, false },
	{ "lmtp:[::1]:465", true, "::1", 465, true, false },
	{ "lmtp:25", true, "lmtp", 25, false, false },
	{ "lmtp:", false, NULL, 0, false, false },
	{ "lmtp::25", false, NULL, 0, false, false },
	{ "/run/x/lmtp", false, NULL, 0, false, false },
	{ "2001:db8::1", false, NULL, 0, false, false },
	{ "[2001:db8::1", false, NULL, 0, false, false },
	{ "[]", false, NULL, 0, false, false },
	{ "[x]", false, NULL, 0, false, false },
	{ "[192.0.2.1]26", false, NULL, 0, false, false },
	{ "relay:", false, NULL, 0, false, false },
	{ "relay:0", false, NULL, 0, false, false },
	{ "relay:65536", false, NULL, 0, false, false },
	{ "relay:x", false, NULL, 0, false, false },
	{ "re\tlay", false, NULL, 0, false, false },
	{ "re..lay", false, NULL, 0, false, false },
};

static const struct {
	const char *in;
	size_t n; /* 0: bad */
	const char *last;
} lists[] = {
	{ "", 1, "" },
	{ "  ", 1, "" },
	{ "a", 1, "a" },
	{ " a:26  b\tc ", 3, "c" },
	{ "a b c d e f g h", 8, "h" },
	{ "a b c d e f g h i", 0, NULL },
	{ "a :26", 0, NULL },
	{ ":26 a", 0, NULL },
	{ "a b..c", 0, NULL },
};

static const char file[] = "x.Example:exact\n.example:suffix\n"
			   ".b.example:longer other\nmx.example:\n"
			   "[192.0.2.9]:literal\n"
			   "[IPv6:2001:db8::9]:literal6:26\n:default\n";

static const struct {
	const char *domain, *host;
} find[] = {
	{ "x.example", "exact" },
	{ "y.example", "suffix" },
	{ "a.x.example", "suffix" },
	{ "example", "default" },
	{ "a.b.example", "longer" },
	{ "b.example", "suffix" },
	{ "mx.example", "" },
	{ "[192.0.2.9]", "literal" },
	{ "[ipv6:2001:db8::9]", "literal6" },
	{ "notexample", "default" },
	{ "", "default" },
};

static char dir[] = "/tmp/quill-relay.XXXXXX";

static void
put(const char *text)
{
	char path[100];
	int fd;

	sprintf(path, "%s/smtproutes", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (write(fd, text, strlen(text)) < 0)
		tap_diag("write");
	close(fd);
}

int
main(void)
{
	char text[IPADDR_FMT], longest[300], path[100];
	struct relays l;
	struct relay r;
	struct table t;
	size_t i;

	for (i = 0; i < sizeof parse / sizeof *parse; i++) {
		const char *s = parse[i].in;
		const char *why = relay_parse(s, strlen(s), &r);

		is_num(!why, parse[i].good, "relay \"%s\"", s);
		if (why)
			continue;
		if (r.ip.family)
			ipaddr_fmt(text, &r.ip);
		is_str(r.ip.family ? text
			: *r.path  ? r.path
				   : r.host,
			parse[i].to, "to");
		is_num(r.port, parse[i].port, "port");
		is_num(r.lmtp, parse[i].lmtp, "LMTP");
		is_num(r.tls, parse[i].tls, "TLS");
	}
	memset(longest, 'x', sizeof longest);
	ok(relay_parse(longest, 299, &r), "a name that is too long");
	memcpy(longest, "lmtp:/", 6);
	ok(relay_parse(longest, 200, &r), "a path that is too long");
	for (i = 0; i < sizeof lists / sizeof *lists; i++) {
		const char *why = relay_list(lists[i].in, &l);

		is_num(why ? 0 : l.n, lists[i].n, "list \"%s\"", lists[i].in);
		if (!why)
			is_str(l.r[l.n - 1].host, lists[i].last, "the last");
	}

	if (!mkdtemp(dir))
		return 1;
	control_init(dir);
	is_num(table_open(&t, "smtproutes", &relay_kind), CONTROL_ABSENT,
		"no file");
	is_num(relay_find(&t, "x.example", &l), 0, "nothing found");
	ok(relay_is_mx(&l.r[0]) && l.r[0].port == 25 && l.n == 1, "MX then");
	put(file);
	is_num(table_open(&t, "smtproutes", &relay_kind), CONTROL_OK,
		"the file");
	for (i = 0; i < sizeof find / sizeof *find; i++) {
		is_num(relay_find(&t, find[i].domain, &l), 1, "\"%s\" is found",
			find[i].domain);
		is_str(l.r[0].host, find[i].host, "goes to");
	}
	is_str(relay_key(&t, "x.example"), "x.example", "its key");
	is_str(relay_key(&t, "a.b.example"), ".b.example", "a suffix");
	is_str(relay_key(&t, "other"), "", "the default");
	is_num(table_line(&t, ".b.example", 10), 3, "its line");
	table_close(&t);
	put("a:b\n");
	is_num(table_open(&t, "smtproutes", &relay_kind), CONTROL_OK, "one");
	ok(!relay_key(&t, "c"), "no key");
	table_close(&t);
	put("a:b\nx:y:z\n");
	is_num(table_open(&t, "smtproutes", &relay_kind), CONTROL_BAD,
		"a bad relay");
	ok(strstr(control_error(), "line 2"), "says where: %s",
		control_error());
	table_close(&t);
	put("no colon\n");
	is_num(table_open(&t, "smtproutes", &relay_kind), CONTROL_BAD,
		"no colon");
	put("[1.2.3.4:x\n");
	is_num(table_open(&t, "smtproutes", &relay_kind), CONTROL_BAD,
		"half a literal");
	sprintf(path, "%s/smtproutes", dir);
	unlink(path);
	rmdir(dir);
	return done_testing();
}
