/* SPDX-License-Identifier: 0BSD */
/* self - does a name mean this machine? */
#ifndef REMOTE_SELF_H
#define REMOTE_SELF_H

#include <stdbool.h>

#include "remote/conf.h"

/* Before self_name. */
void self_init(const struct conf *conf);
/* control/me, or the default of control/helohost. */
bool self_name(const char *host);

#endif
