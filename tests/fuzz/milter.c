/* SPDX-License-Identifier: 0BSD */
/* What a filter answers: any bytes. The message stays one that can be queued,
 * and the dialogue ends. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "lib/fd.h"
#include "lib/spool.h"
#include "milter/filter.h"
#include "wire/envelope.h"
#include "wire/field.h"

static const char text[] = "Subject: a\nX: b\n\tc\n\nbody\n.\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct filter f = { .timeout = 50 };
	struct origin o = { .me = "me", .id = "id" };
	struct str env = STR_INIT(1000);
	struct message m;
	char words[FILTER_TEXT];
	int pair[2], fd = spool_open();

	if (size > 60000)
		return 0;
	require(fd >= 0 && !fd_writeall(fd, text, sizeof text - 1));
	require(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	field_put(&env, 'F', "a@b");
	field_put(&env, 'T', "c@d");
	envelope_end(&env);
	require(!message_read(&m, fd, sizeof text - 1, false, &env));
	require(!fd_writeall(pair[1], data, size));
	require(!shutdown(pair[1], SHUT_WR));
	filter_talk(pair[0], &f, &m, &o, words);
	require(strlen(words) < FILTER_TEXT && m.headerlen <= HEADER_MAX);
	for (size_t i = 0; i < m.nfield; i++) {
		const struct field *p = &m.field[i];

		require(p->len > 2 && p->raw[p->len - 1] == '\n');
		require(!memchr(p->raw, 0, p->len));
		for (size_t k = 0; k + 1 < p->len; k++)
			require(p->raw[k] != '\n' || p->raw[k + 1] == ' ' ||
				p->raw[k + 1] == '\t');
		free(p->raw);
	}
	for (size_t i = 0; i < m.nto; i++) {
		free(m.to[i].addr);
		free(m.to[i].params);
	}
	free(m.to);
	free(m.field);
	free(m.from.addr);
	free(m.from.params);
	str_free(&m.trace);
	str_free(&env);
	close(m.body);
	close(pair[1]);
	return 0;
}
