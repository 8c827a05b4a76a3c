/* SPDX-License-Identifier: 0BSD */
#include "wire/domains.h"

#include "tap.h"

int
main(void)
{
	static const struct {
		const char *domain, *dir, *prefix;
	} t[] = {
		{ "example.net", "domains/example.net", "+example.net-:" },
		{ ".example.net", "domains/_.example.net", "+.example.net-:" },
	};
	struct str s = STR_INIT(DOMAINS_PATH_MAX);

	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		domains_dir(&s, t[i].domain);
		is_str(str_c(&s), t[i].dir, "directory %zu", i);
		/* users/assign is of fields that colons end */
		ok(!strchr(str_c(&s), ':'), "has no colon");
		str_clear(&s);
		domains_prefix(&s, t[i].domain);
		is_str(str_c(&s), t[i].prefix, "prefix %zu", i);
	}
	str_free(&s);
	return done_testing();
}
