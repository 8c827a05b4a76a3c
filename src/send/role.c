/* SPDX-License-Identifier: 0BSD */
#include "send/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "wire/site.h"

enum { GROUPS = 128 };

static struct site_ids ids;

int
role_init(void)
{
	return site_ids(&ids, NULL);
}

/* Is it in group quill? */
static bool
in_group(int fd, const struct ucred *cred)
{
	gid_t list[GROUPS];
	socklen_t n = sizeof(list);
	size_t i;

	if (cred->gid == ids.quill)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &n) < 0)
		return false;
	for (i = 0; i < n / sizeof(*list); i++)
		if (list[i] == ids.quill)
			return true;
	return false;
}

enum role
role_of(int fd, unsigned long *uid)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) < 0)
		return ROLE_NOBODY;
	*uid = cred.uid;
	if (cred.uid == 0 || cred.uid == ids.quills || in_group(fd, &cred))
		return ROLE_ADMIN;
	return cred.uid == ids.quilld ? ROLE_MAILER : ROLE_NOBODY;
}
