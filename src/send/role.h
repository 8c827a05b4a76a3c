/* SPDX-License-Identifier: 0BSD */
/* role - what somebody at the other end of a Unix socket may order */
#ifndef SEND_ROLE_H
#define SEND_ROLE_H

enum role {
	ROLE_NOBODY,
	ROLE_MAILER, /* quilld: CTL_DOMAIN, not too often */
	ROLE_ADMIN,  /* root, quills, group quill: everything */
	ROLES
};

/* 0; -1 errno: users/ids cannot be read. */
int role_init(void);
/* As the kernel knows who connected; *uid, too. */
enum role role_of(int fd, unsigned long *uid);

#endif
