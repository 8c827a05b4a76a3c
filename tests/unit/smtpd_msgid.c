/* SPDX-License-Identifier: 0BSD */
#include "smtpd/msgid.h"

#include "tap.h"

int
main(void)
{
	static const struct {
		const char *message, *id;
	} t[] = {
		{ "", "" },
		{ "Message-ID: <a@b>\n\n", "<a@b>" },
		{ "Subject: x\nMESSAGE-id:<a@b>\nTo: y\n\n", "<a@b>" },
		{ "Subject: x\n Message-ID: <no@b>\nMessage-ID :\t<a@b> \n",
			"<a@b>" },
		{ "Message-ID:\n  <a\n\t@b>\nX: y\n", "<a@b>" },
		{ "Message-ID: <a@b>\nMessage-ID: <c@d>\n", "<a@b>" },
		{ "Message-ID: <a@b>", "<a@b>" },
		{ "Subject: x\n\nMessage-ID: <no@b>\n", "" },
		{ "\nMessage-ID: <no@b>\n", "" },
		{ "X-Message-ID: <no@b>\nMessage-ID", "" },
		{ "Message-IDs: <no@b>\nMessage-I\nMessage-ID:x\n", "x" },
		{ "Message-ID:\n\nx", "" },
	};
	struct msgid m;
	char line[400];

	for (size_t i = 0; i < sizeof t / sizeof *t; i++)
		for (size_t step = 1; step < 60; step += 6) {
			const char *p = t[i].message;
			size_t n = strlen(p);

			msgid_init(&m);
			for (size_t at = 0; at < n; at += step)
				msgid_feed(&m, p + at,
					n - at < step ? n - at : step);
			is_str(m.text, t[i].id, "row %zu, step %zu", i, step);
		}
	msgid_init(&m);
	memset(line, 'x', sizeof line);
	memcpy(line, "Message-ID:", 11);
	msgid_feed(&m, line, sizeof line);
	is_num(strlen(m.text), MSGID_MAX, "a long one is cut");
	return done_testing();
}
