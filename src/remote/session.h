/* SPDX-License-Identifier: 0BSD */
/* session - deliver one message after the other to a destination, over a kept
 * connection where there is one */
#ifndef REMOTE_SESSION_H
#define REMOTE_SESSION_H

#include "remote/conf.h"
#include "remote/hosts.h"
#include "remote/sasl.h"
#include "remote/secure.h"
#include "remote/smtp.h"
#include "remote/transact.h"
#include "wire/dead.h"

struct session {
	const struct conf *conf;
	struct dead dead;
	struct smtp smtp;
	char dest[1024];	 /* the connection's, lower case */
	char group[HOSTS_GROUP]; /* hosts_group of it */
	bool via;		 /* it goes by a relay that was ordered */
	/* who we said we were on it */
	char name[DNSNAME_TEXT + 2];
	struct ipaddr from;
	char user[SASL_MAX];
	struct hosts hosts; /* of the present job */
	struct secure secure;
};

void session_init(struct session *s, const struct conf *conf);
/* Do what can be done for the letter; *r becomes the outcome, every time. */
void session_deliver(
	struct session *s, const struct letter *l, struct result *r);
/* After the report: end a connection that has been used enough. */
void session_rest(struct session *s);
void session_end(struct session *s);

#endif
