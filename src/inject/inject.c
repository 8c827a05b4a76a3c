/* SPDX-License-Identifier: 0BSD */
/* inject.c - make a valid message of what a person or a script wrote, queue it
 *
 * runs as     the caller
 * started by  anybody; sendmail
 * fd 0        the message
 * fd 1        the completed message, with -n only
 * reads       control/me, idhost, defaulthost, defaultdomain, plusdomain;
 *             $QUILLMFTFILE
 * writes      nothing
 * runs        quill-queue, or $QUILLQUEUE, by wire/qclient.h
 * trusts      its caller, whose privileges it has
 * exits       0 queued; STATUS_PERM; STATUS_TEMP; with -S codes of sysexits(3)
 */
#include <string.h>
#include <unistd.h>

#include "inject/fail.h"
#include "inject/submit.h"
#include "lib/fd.h"
#include "lib/log.h"
#include "lib/rand.h"
#include "lib/sig.h"
#include "lib/stamp.h"

static void
usage(void)
{
	fail(FAIL_USAGE, "usage: quill-inject [-aAhHnNSi] [-f sender] ",
		"[-d notify] [-r full|hdrs] [-e id] [recipient ...]", NULL);
}

/* Fill *s from the arguments. */
static void
options(struct submit *s, int argc, char **argv)
{
	char where = 'A';
	bool dots = true;
	int c;

	while ((c = getopt(argc, argv, "+aAhHnNSif:d:r:e:")) != -1) {
		switch (c) {
		case 'a':
		case 'A':
		case 'h':
		case 'H':
			where = (char)c;
			break;
		case 'n':
		case 'N':
			s->print = c == 'n';
			break;
		case 'S':
			fail_sysexits();
			s->in.lines = true;
			s->once = true;
			break;
		case 'i':
			dots = false;
			break;
		case 'f':
			s->sender = optarg;
			break;
		case 'd':
			s->notify = optarg;
			break;
		case 'r':
			s->ret = optarg;
			break;
		case 'e':
			s->envid = optarg;
			break;
		default:
			usage();
		}
	}
	s->in.dots = dots;
	s->rcpts = (const char *const *)(argv + optind);
	s->from_args = where != 'h';
	s->from_header = where == 'h' || where == 'H' ||
			 (where == 'A' && argv[optind] == NULL);
}

int
main(int argc, char **argv)
{
	static struct submit s;
	static char unique[RAND_LETTERS];

	log_init("quill-inject");
	opterr = 0;
	if (fd_sane() == -1)
		_exit(111);
	sig_ignore(SIGPIPE);
	options(&s, argc, argv);
	settings_read(&s.settings, &s.compose);
	s.compose.now = stamp_now();
	rand_letters(unique);
	s.compose.unique = unique;
	submit_message(&s);
	return 0;
}
