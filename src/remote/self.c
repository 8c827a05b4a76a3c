/* SPDX-License-Identifier: 0BSD */
#include "remote/self.h"

#include <string.h>

#include "lib/ascii.h"

static const struct conf *own;

void
self_init(const struct conf *conf)
{
	own = conf;
}

bool
self_name(const char *host)
{
	const char *helo = conf_helo(own, NULL, NULL);
	size_t n = strlen(host);

	return (n == own->me.len && ascii_caseeqn(host, own->me.s, n)) ||
	       (n == strlen(helo) && ascii_caseeqn(host, helo, n));
}
