/* SPDX-License-Identifier: 0BSD */
/* checktls - certificates and keys: quill-tlsd -n is asked */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/num.h"
#include "lib/stamp.h"
#include "quillctl/check.h"
#include "quillctl/program.h"

enum { DAY = 86400, SOON = 14, KEY_MAX = 128 };

static struct {
	bool asked, good;
	struct str text; /* what it prints, a line for each certificate */
} told = { .text = STR_INIT(PROGRAM_OUT_MAX) };

static bool
there(const char *path)
{
	return access(check_text(site_home, "/", path), F_OK) == 0;
}

/* Once; its complaints are findings. false: nothing is known. */
static bool
ask(void)
{
	const char *argv[] = { "quill-tlsd", "-n", NULL };

	if (!told.asked && check.root && there("bin/quill-tlsd")) {
		told.asked = true;
		told.good = check_ask(argv, 0, 0, &told.text) == 0;
		str_c(&told.text);
	}
	return told.good;
}

/* The value of key= in a line; its length in *n. */
static const char *
value(const char *line, const char *key, size_t *n)
{
	const char *end = line + strcspn(line, "\n"), *p = strstr(line, key);

	if (!p || p > end)
		return NULL;
	p += strlen(key);
	*n = strcspn(p, " \n");
	return p;
}

static int64_t
number(const char *line, const char *key)
{
	uint64_t n;
	size_t len;
	const char *p = value(line, key, &len);

	return p && num_parse(p, len, INT64_MAX, &n) ? (int64_t)n : 0;
}

static void
certificate(const char *line)
{
	const char *name = line + strlen("certificate "), *about, *fits;
	struct str host = STR_INIT(300);
	int64_t now = stamp_now(), until = number(line, " until=");
	char text[STAMP_FMT];
	size_t n;

	str_put(&host, name, strcspn(name, " \n"));
	about = check_text("control/tls/", str_c(&host), "/cert.pem");
	stamp_rfc3339(text, until);
	if (until < now)
		check_say(CHECK_ERROR, about, 0,
			check_text("has expired, at ", text),
			"get a new one, then svc -h the service tls");
	else if (until < now + SOON * DAY)
		check_say(CHECK_WARNING, about, 0,
			check_text("expires soon, at ", text),
			"get a new one, then svc -h the service tls");
	if (number(line, " from=") > now)
		check_say(CHECK_ERROR, about, 0, "is not valid yet",
			"is the clock right?");
	fits = value(line, " fits=", &n);
	if (strcmp(str_c(&host), "default") == 0) {
		str_clear(&host);
		str_puts(&host, str_c(&check.me));
	}
	if (fits && strncmp(fits, "yes", n) != 0)
		check_say(CHECK_WARNING, about, 0,
			check_text("is not for the name ", str_c(&host)),
			"get one that has this name");
	str_free(&host);
}

/* A file that the quill-tlsd that runs has not read. */
static void
changed(const char *line)
{
	struct str about = STR_INIT(400);
	const char *name = line + strlen("changed ");

	str_puts(&about, "control/tls/");
	str_put(&about, name, strcspn(name, "\n"));
	check_say(CHECK_WARNING, str_c(&about), 0,
		"was changed, but quill-tlsd still uses what was there before",
		"svc -h the service tls");
	str_free(&about);
}

const char *
check_key(void)
{
	static char digest[KEY_MAX];
	const char *line, *p = NULL, *own;
	size_t n = 0;

	*digest = 0;
	if (!ask())
		return NULL;
	own = check_text("certificate ", str_c(&check.me), " ");
	line = strstr(told.text.s, own);
	if (!line)
		line = strstr(told.text.s, "certificate default ");
	if (line)
		p = value(line, " key=", &n);
	if (!p || n >= sizeof(digest))
		return digest;
	memcpy(digest, p, n);
	digest[n] = 0;
	return digest;
}

void
check_tls(void)
{
	const char *p;

	if (!there("bin/quill-tlsd")) {
		if (there("control/tls"))
			check_say(CHECK_ERROR, "control/tls", 0,
				"quill-tlsd, which reads it, is not installed: "
				"there is no TLS",
				"make tls; make install");
		else
			check_say(CHECK_OK, "tls", 0, "there is no quill-tlsd",
				NULL);
		return;
	}
	if (!ask())
		return;
	if (!strstr(told.text.s, "certificate "))
		check_say(CHECK_NOTE, "control/tls", 0,
			"no certificate: mail comes in the clear",
			"section 15 of doc/INSTALL");
	for (p = told.text.s; *p; p += strcspn(p, "\n"), p += *p != 0) {
		if (strncmp(p, "certificate ", 12) == 0)
			certificate(p);
		else if (strncmp(p, "changed ", 8) == 0)
			changed(p);
	}
	check_say(CHECK_OK, "control/tls", 0,
		"looked at: certificates and keys", NULL);
}
