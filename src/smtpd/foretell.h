/* SPDX-License-Identifier: 0BSD */
/* foretell - the reply that a recipient would get, without a session
 *
 * For quill-smtpd -n SENDER RECIPIENT [USER]; quillctl explain reads it. The
 * client is the one of the environment. */
#ifndef SMTPD_FORETELL_H
#define SMTPD_FORETELL_H

#include "lib/str.h"
#include "smtpd/conf.h"

/* Append "mail|rcpt CODE ENHANCED TEXT": which command would be answered so.
 * user: who logged in, NULL nobody. */
void foretell(struct str *out, const struct conf *c, const char *sender,
	const char *rcpt, const char *user);

/* For quill-smtpd -n: look at every control file that a session might come to
 * need, in a control_survey; append "mail CODE ENHANCED TEXT" when mail of
 * strangers is refused for lack of room, or the load. */
void foretell_control(struct str *out, const struct conf *c);

#endif
