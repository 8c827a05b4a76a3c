/* SPDX-License-Identifier: 0BSD */
/* tell - what came out of a question, for the log and for who asked */
#ifndef AUTHD_TELL_H
#define AUTHD_TELL_H

#include "authd/serve.h"

/* "auth status=failed ip=192.0.2.1 service=submission tls=yes user=joe": who
 * the user is comes last, and escaped, since it can be any bytes. */
void tell_log(const struct serve_client *c);
void tell_client(const struct serve_client *c);

#endif
