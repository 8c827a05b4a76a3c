/* SPDX-License-Identifier: 0BSD */
/* settings - what the environment and the control files say */
#ifndef INJECT_SETTINGS_H
#define INJECT_SETTINGS_H

#include <stdbool.h>

#include "mail/compose.h"

struct settings {
	const char *suser, *shost; /* default envelope sender; shost NULL:
				     * default host */
	bool ignore_return_path;   /* letter s */
	bool verp_rcpt, verp_mess; /* letters r, m */
};

/* Fill what of *s and *c comes from the environment; host names are read when
 * they are asked for. Exits STATUS_TEMP when a file cannot be read. */
void settings_read(struct settings *s, struct compose *c);

#endif
