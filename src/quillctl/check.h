/* SPDX-License-Identifier: 0BSD */
/* check - what is wrong with a set-up: its parts, and how they say so
 *
 * Each part is a file check*.c and a row of the table in check.c. What is good
 * or bad is decided by the programs and modules that use it, which are asked;
 * a part says what it heard, and what to do.
 */
#ifndef QUILLCTL_CHECK_H
#define QUILLCTL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/str.h"
#include "wire/site.h"

enum check_severity {
	CHECK_OK,      /* was looked at: shown with -v */
	CHECK_NOTE,    /* worth to know, or for somebody else to look at */
	CHECK_WARNING, /* something does not work as it should, or will not */
	CHECK_ERROR,   /* mail is lost, refused or open to misuse */
	CHECK_SEVERITIES
};

extern struct check {
	bool json, quiet, verbose, nodns;
	const char *services;		  /* directory, NULL: the usual ones */
	const char *addresses, *selector; /* for DNS; NULL: not given */
	bool root;
	bool known; /* ids and alias are */
	struct site_ids ids;
	char alias[64];
	struct str me; /* control/me in lower case; empty when it is bad */
} check;

/* One finding. about: the file or name, NULL none; line of the file, 0 none;
 * text: a sentence; todo: what to do, NULL nothing. The same about, line and
 * text are said once. What others wrote may be in all of them. */
void check_say(enum check_severity s, const char *about, uint64_t line,
	const char *text, const char *todo);
/* The strings up to NULL in one, good for the next seven calls. */
const char *check_join(const char *first, ...) __attribute__((sentinel));
#define check_text(...) check_join(__VA_ARGS__, (char *)0)
/* A number as such a string. */
const char *check_number(uint64_t n);
/* Run argv as that user, and say what its log lines complain of; its standard
 * output goes to out when that is not NULL. Its exit code, or -1. */
int check_ask(const char *const *argv, uid_t uid, gid_t gid, struct str *out);
/* Say what control_error() has. */
void check_control_error(void);

/* Call fn for each domain whose mail is delivered here, in lower case. */
void check_domains(void (*fn)(const char *domain));

void check_files(void);
void check_control(void);
/* Of control: open relays, and routes that come back. */
void check_relay(void);
void check_users(void);
/* Of users: is there somebody for the addresses that there must be? */
void check_who(void);
void check_dns(void);
void check_tls(void);
/* SHA-256 of the key of this host's certificate, in hex; "" it has none; NULL
 * that cannot be told. */
const char *check_key(void);
void check_services(void);
void check_system(void);

#endif
