/* SPDX-License-Identifier: 0BSD */
#include "authd/backend.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/control.h"
#include "lib/log.h"

static const struct {
	const char *name;
	bool arg;
	backend_fn *check;
} words[] = {
	{ "file", false, file_check },
	{ "shadow", false, shadow_check },
	{ "checkpassword", true, program_check },
	{ "rootcheckpassword", true, program_check },
	{ "dovecot", true, dovecot_check },
};

/* /etc/shadow is read by its group where the system has it so; elsewhere root
 * alone can. */
static void
need_shadow(struct backend *b)
{
	struct stat st;

	if (stat("/etc/shadow", &st) == 0 && (st.st_mode & S_IRGRP) &&
		st.st_gid != 0) {
		b->gid = st.st_gid;
		return;
	}
	log_info("no group can read /etc/shadow: passwords are checked by"
		 " root");
	b->uid = 0;
	b->gid = 0;
}

static bool
set(struct backend *b, char *value)
{
	char *colon = strchr(value, ':');

	if (colon)
		*colon++ = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(value, words[i].name) != 0)
			continue;
		if (words[i].arg ? !colon || !*colon : colon != NULL)
			return false;
		b->name = words[i].name;
		b->arg = colon;
		b->check = words[i].check;
		return true;
	}
	return false;
}

bool
backend_read(struct backend *b, const struct site_ids *ids)
{
	struct str line = STR_INIT(CONTROL_LINE_MAX);

	switch (control_line("passwords", &line)) {
	case CONTROL_BAD:
		return false;
	case CONTROL_ABSENT:
		str_puts(&line, "file");
		break;
	case CONTROL_OK:
		break;
	}
	b->quilla = b->uid = ids->quilla;
	b->gid = ids->nofiles;
	/* for good: b points into it */
	if (!set(b, xstrdup(str_c(&line)))) {
		control_bad("passwords", 1,
			"must be file, shadow, checkpassword:COMMAND,"
			" rootcheckpassword:COMMAND or dovecot:PATH");
		return false;
	}
	if (b->check == shadow_check)
		need_shadow(b);
	if (strcmp(b->name, "rootcheckpassword") == 0)
		b->uid = b->gid = 0;
	str_free(&line);
	return true;
}
