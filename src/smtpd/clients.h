/* SPDX-License-Identifier: 0BSD */
/* clients - control files that list clients by address
 *
 * An entry is an address (192.0.2.1, 2001:db8::1), the beginning of addresses
 * as tcprules(1) has it (192.0.2. or 2001:db8:), or a network
 * (192.0.2.0/24, 2001:db8::/32).
 */
#ifndef SMTPD_CLIENTS_H
#define SMTPD_CLIENTS_H

#include <stdbool.h>

#include "lib/control.h"

/* Is the client with address ip (NULL: none is known, it is in no list) in
 * control/NAME? *found is set whatever is returned. An entry that is none of
 * the above is CONTROL_BAD. */
enum control clients_has(const char *name, const char *ip, bool *found);

#endif
