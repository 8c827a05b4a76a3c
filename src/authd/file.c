/* SPDX-License-Identifier: 0BSD */
/* file - passwords in users/passwd */
#include <errno.h>
#include <fcntl.h>

#include "authd/backend.h"
#include "lib/crypted.h"
#include "lib/fd.h"
#include "lib/file.h"
#include "lib/log.h"
#include "wire/pwfile.h"

enum authreq_class
file_check(const struct backend *b, const struct authreq *q, struct str *user)
{
	static struct pwfile_line line, first;
	struct str text = STR_INIT(PWFILE_MAX);
	char name[PWFILE_USER_MAX + 1];
	const char *why = NULL;
	size_t pos = 0;
	int fd = fd_open(pwfile_path(), O_RDONLY | O_NONBLOCK, 0);

	if (fd < 0 && errno != ENOENT)
		why = log_strerror();
	if (fd >= 0)
		why = pwfile_check(fd, b->quilla);
	if (fd >= 0 && !why && file_readfd(fd, &text) < 0)
		why = log_strerror();
	if (why) {
		log_warning(pwfile_path(), " ", why);
		return AUTHREQ_TEMP;
	}
	if (pwfile_user(name, q->user) && pwfile_find(&text, name, &line)) {
		str_puts(user, line.user);
		return crypted_matches(q->password, line.hash) ? AUTHREQ_YES
							       : AUTHREQ_NO;
	}
	/* as long as for one who is there */
	while (pwfile_next(&text, &pos, &first))
		if (first.user[0])
			break;
	crypted_waste(q->password, first.user[0] ? first.hash : NULL);
	return AUTHREQ_NO;
}
