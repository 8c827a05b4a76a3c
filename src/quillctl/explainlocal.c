/* SPDX-License-Identifier: 0BSD */
#include <string.h>

#include "lib/log.h"
#include "lib/stamp.h"
#include "quillctl/delivery.h"
#include "quillctl/explain.h"
#include "quillctl/program.h"
#include "wire/lookup.h"
#include "wire/status.h"
#include "wire/verify.h"

enum { VERIFY_WAIT_MS = 30000 };

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
		explain_fact_at("found", "a line for the local part",
			&(struct explain_place){ .file = "users/cdb" });
		return 1;
	case LOOKUP_FAILED:
		log_alert_sys("unable to read ", path);
		return -1;
	case LOOKUP_NONE:
		break;
	}
	r = program_getpw(local, explain.ids.quillp, explain.ids.nofiles,
		explain.alias, u, &why);
	if (r == 0)
		explain_fact("later", why);
	else if (r > 0)
		explain_fact(
			"found", u->uid == explain.ids.alias
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
	explain_fact("user", str_c(&text));
	str_clear(&text);
	str_puts(&text, ".qmail");
	str_puts(&text, u->dash);
	str_puts(&text, u->ext);
	explain_fact("looks for", str_c(&text));
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
		explain_fact("uses", a.how);
	verify_close(&v);
}

/* What a user without .qmail files gets. */
static const char *
delivery(void)
{
	static struct str from = STR_INIT(5000);
	struct explain_place at;

	if (explain.delivery)
		return explain.delivery;
	explain.delivery = delivery_default(&from);
	if (explain.delivery) {
		at = (struct explain_place){ .file = str_c(&from) };
		explain_fact_at("default", explain.delivery, &at);
	} else {
		explain.delivery = DELIVERY_USUAL;
		explain_fact("default",
			DELIVERY_USUAL " is assumed: quill-send does not run, "
				       "and no service of this home was found");
	}
	return explain.delivery;
}

void
explain_local(const char *address, const char *to)
{
	struct str part = STR_INIT(2 * ADDR_MAX), text;
	const char *at = strrchr(to, '@');
	struct pwuser u;
	int r;

	str_init(&text, 2 * PROGRAM_OUT_MAX);
	str_put(&part, to, (size_t)(at - to));
	explain.bounces = part.len == 0;
	if (explain.bounces) {
		explain_fact("bounces", "an empty mailbox name is nobody's");
	} else if (find_user(str_c(&part), &u) < 0) {
		explain.unknown = true;
	} else if (u.uid == 0) {
		explain_fact("later", "nothing is ever delivered as root");
		explain.unknown = true;
	} else {
		const char *argv[] = { "quill-local", "-n", "--", u.user,
			u.home, str_c(&part), u.dash, u.ext, at + 1, "",
			delivery(), NULL };

		say_user(&u);
		ask_verifyd(address);
		r = program_run(argv, false, u.uid, u.gid, &text);
		explain.bounces = r == STATUS_PERM;
		explain.unknown = r != STATUS_OK && r != STATUS_PERM;
		explain_facts(explain.bounces	? "bounces"
			      : explain.unknown ? "later"
						: "does",
			&text);
	}
	str_free(&text);
	str_free(&part);
}
