/* SPDX-License-Identifier: 0BSD */
/* conf - what one session is told by control files and its environment */
#ifndef SMTPD_CONF_H
#define SMTPD_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipaddr.h"
#include "lib/str.h"

/* Defaults of the control files with the same names in lower case; each has
 * a twin in the environment with its name in upper case (tcprules sets them by
 * client). 0 means no limit in those that say so. */
enum {
	TIMEOUTSMTPD = 1200,  /* s without a byte from the client */
	MAXSESSION = 86400,   /* s a session may last, 0 none */
	MAXRCPT = 1000,	      /* recipients of one message */
	MAXERRORS = 20,	      /* replies of 4xx and 5xx since a message */
	MAXCOMMANDS = 200,    /* commands other than RCPT since a message */
	MAXMESSAGES = 0,      /* messages in one session, 0 none */
	DATABYTES = 0,	      /* octets of a message, 0 none */
	USERMESSAGES = 200,   /* messages of a user in an hour, 0 none */
	USERRCPTS = 1000,     /* their recipients, 0 none */
	LINE_MAX_SMTPD = 2048 /* octets of a command line with its CRLF */
};

/* control/verify: are recipients checked with quill-verifyd? */
enum conf_check {
	CHECK_OR_ACCEPT, /* yes; taken unchecked while it is down */
	CHECK_OR_DEFER,	 /* yes; put off while it is down */
	CHECK_NO,
};

/* What smtpd's arguments say. */
enum {
	CONF_SUBMISSION = 1, /* -s: for our users (RFC 6409) */
	CONF_TLS = 2,	     /* -t: TLS from the first byte (RFC 8314) */
};

struct conf {
	struct str me;	     /* control/me: our name */
	struct str greeting; /* control/smtpgreeting, else me */
	uint64_t timeout, maxsession, maxrcpt, maxerrors, maxcommands,
		maxmessages, databytes;
	const char *relayclient; /* $RELAYCLIENT; NULL: may not relay */
	/* tcp-environ(5); NULL when unset or empty, as in sendmail -bs */
	const char *remoteip, *remotehost, *localip;
	char ip[IPADDR_FMT];   /* what remoteip points at, in its usual form */
	const char *rcptcheck; /* $RCPTCHECK: a program, or NULL */

	bool submission;  /* AUTH is required, messages are completed */
	bool implicit;	  /* TLS comes first */
	bool starttls;	  /* it is offered, if there is no TLS yet */
	bool tlsrequired; /* no mail without it */
	bool auth;	  /* AUTH is offered */
	bool authplain;	  /* without TLS, too */
	bool vrfy;	  /* VRFY and EXPN tell the truth */
	bool etrn;	  /* the client may use ETRN */
	bool hideclient;  /* of users, Received does not name the client */
	enum conf_check verify;
	uint64_t usermessages, userrcpts; /* of a user in an hour, 0 no limit */
};

/* Fill c from flags (above), the environment and control files (control_init
 * was called). false: a value is bad, control_error() says which. */
bool conf_read(struct conf *c, unsigned flags);

#endif
