/* SPDX-License-Identifier: 0BSD */
/* here - is it an address of this machine? */
#ifndef LIB_HERE_H
#define LIB_HERE_H

#include <stdbool.h>

#include "lib/ipaddr.h"

/* Would a connection to it come to this machine? */
bool here_address(const struct ipaddr *a);

#endif
