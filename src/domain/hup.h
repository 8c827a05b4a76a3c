/* SPDX-License-Identifier: 0BSD */
/* hup - tell those that read them that control files were changed */
#ifndef DOMAIN_HUP_H
#define DOMAIN_HUP_H

/* SIGHUP to the quill-send and the quill-verifyd of this home, by whatever they
 * are supervised: they are found by what they are. When a quill-send runs but
 * cannot be seen, a warning says what to do. The working directory is the
 * home. */
void hup_send(void);

#endif
