/* SPDX-License-Identifier: 0BSD */
/* wire/counters: the names that quillctl metrics shows */
#include "wire/counters.h"

#include <string.h>

#include "tap.h"

static void
names(const char *const *table, int n, const char *which)
{
	int i;

	for (i = 0; table[i]; i++) {
		size_t word = strspn(
			table[i], "abcdefghijklmnopqrstuvwxyz0123456789_");

		ok(word && table[i][word] == ' ' && table[i][word + 1],
			"%s: a word, then words: %s", which, table[i]);
		for (int k = 0; k < i; k++)
			if (!strncmp(table[i], table[k], word + 1))
				ok(false, "%s: twice: %s", which, table[i]);
	}
	is_num(i, n, "%s: a name for each", which);
	ok(i <= COUNTERS_MAX, "%s: they have room", which);
}

int
main(void)
{
	names(counters_smtpd, SMTPD_COUNTERS, "smtpd");
	names(counters_send, SEND_COUNTERS, "send");
	is_num(SMTPD_CONNECTIONS, 0, "places do not change");
	is_num(SMTPD_ACCEPTED, 3, "places do not change");
	is_num(SMTPD_AUTH_FAILED, 14, "places do not change");
	is_num(sizeof(struct shared_head), 64, "nor does the head");
	return done_testing();
}
