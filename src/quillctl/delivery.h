/* SPDX-License-Identifier: 0BSD */
/* delivery - the default delivery: what a user without .qmail files gets
 *
 * It is quill-lspawn's argument, which quill-start passed on, and in no file
 * of its own: the running one is asked, by /proc; while none runs, the service
 * that starts it, where quill-service(8) has put it into env/DEFAULT.
 */
#ifndef QUILLCTL_DELIVERY_H
#define QUILLCTL_DELIVERY_H

#include "lib/str.h"

#define DELIVERY_USUAL "./Maildir/"

/* The file that tells is appended to *from. NULL: it cannot be found out. */
const char *delivery_default(struct str *from);

#endif
