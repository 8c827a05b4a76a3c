/* SPDX-License-Identifier: 0BSD */
/* quill-tcpto.c - the addresses that quill-remote tries last
 *
 * runs as     caller (root, or a member of group quill; clear: root)
 * started by  the administrator, scripts
 * argv        nothing; or clear, or clear ADDRESS...
 * reads       run/remote/dead                              wire/dead.h
 * writes      clear: the same
 * trusts      nothing in the file
 * exits       STATUS_OK; STATUS_PERM usage; STATUS_TEMP trouble
 */
#include <errno.h>
#include <string.h>

#include "lib/fd.h"
#include "lib/log.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/dead.h"
#include "wire/relay.h"
#include "wire/status.h"

static void
put_span(struct str *out, int64_t s)
{
	str_putnum(out, s > 0 ? (uint64_t)s : 0);
	str_puts(out, s == 1 ? " second" : " seconds");
}

static void
put_entry(struct str *out, const struct dead_entry *e, int64_t now)
{
	char ip[IPADDR_FMT];

	ipaddr_fmt(ip, &e->ip);
	str_puts(out, ip);
	if (e->port != RELAY_PORT) {
		str_puts(out, " port ");
		str_putnum(out, e->port);
	}
	str_putc(out, ' ');
	str_puts(out, dead_text(e->reason));
	str_putc(out, ' ');
	put_span(out, now - e->last);
	str_puts(out, " ago; failures: ");
	str_putnum(out, e->failures);
	if (e->until > now) {
		str_puts(out, "; tried last for ");
		put_span(out, e->until - now);
	} else {
		str_puts(out, "; tried in its turn again");
	}
	str_putc(out, '\n');
}

static int
list(void)
{
	struct str out = STR_INIT(0);
	struct dead_entry e;
	struct dead d;
	int64_t now = stamp_now();
	size_t at = 0;

	if (dead_read(&d) < 0) {
		if (errno == ENOENT) /* there never was one */
			return STATUS_OK;
		log_die_sys(STATUS_TEMP, "unable to read run/remote/dead");
	}
	while (dead_next(&d, &at, now, &e))
		put_entry(&out, &e, now);
	dead_close(&d);
	if (fd_writeall(1, str_c(&out), out.len) < 0)
		log_die_sys(STATUS_TEMP, "unable to write");
	return STATUS_OK;
}

static int
clear(char **argv)
{
	struct ipaddr ip;
	struct dead d;

	for (char **p = argv; *p; p++)
		if (!ipaddr_parse(*p, strlen(*p), &ip))
			log_die(STATUS_PERM, *p, ": not an address");
	if (dead_read(&d) < 0 && errno == ENOENT)
		return STATUS_OK;
	dead_close(&d);
	dead_open(&d);
	if (!d.writable)
		log_die_sys(STATUS_TEMP, "unable to write to run/remote/dead");
	if (!*argv && dead_clear(&d, NULL, 0) < 0)
		log_die_sys(STATUS_TEMP, "unable to clear");
	for (; *argv; argv++) {
		ipaddr_parse(*argv, strlen(*argv), &ip);
		switch (dead_clear(&d, &ip, 0)) {
		case -1:
			log_die_sys(STATUS_TEMP, "unable to clear ", *argv);
		case 0:
			log_warning(*argv, ": is not remembered");
		}
	}
	dead_close(&d);
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	log_init("quill-tcpto");
	if (argc == 1)
		return list();
	if (strcmp(argv[1], "clear") != 0)
		log_die(STATUS_PERM, "usage: quill-tcpto [clear [ADDRESS...]]");
	return clear(argv + 2);
}
