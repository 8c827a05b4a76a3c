/* SPDX-License-Identifier: 0BSD */
#include "wire/site.h"

#include "tap.h"

int
main(void)
{
	char name[100];
	size_t n = strlen(site_home);

	ok(site_home[0] == '/', "home is absolute");
	is_num(strncmp(site_queue, site_home, n), 0, "queue is below home");
	is_str(site_queue + n, "/queue", "queue");
	is_str(site_control + n, "/control", "control");
	is_str(site_bin + n, "/bin", "bin");
	is_str(site_users + n, "/users", "users");
	unsetenv("QUILLTEST");
	unsetenv("QMAILTEST");
	ok(!site_env("TEST"), "neither is set");
	setenv("QMAILTEST", "old", 1);
	is_str(site_env("TEST"), "old", "the twin");
	setenv("QUILLTEST", "new", 1);
	is_str(site_env("TEST"), "new", "ours goes first");
	setenv("QUILLTEST", "", 1);
	is_str(site_env("TEST"), "", "also when empty");
	memset(name, 'A', sizeof name);
	name[sizeof name - 1] = 0;
	ok(!site_env(name), "a name too long");
	return done_testing();
}
