/* SPDX-License-Identifier: 0BSD */
/* hup - tell quill-send that control files were changed */
#ifndef DOMAIN_HUP_H
#define DOMAIN_HUP_H

/* SIGHUP to the quill-send of this home, by whatever it is supervised: it is
 * found by what it is. When one runs but cannot be seen, a warning says what
 * to do. The working directory is the home. */
void hup_send(void);

#endif
