/* SPDX-License-Identifier: 0BSD */
/* wire/sessions: who is connected */
#include "wire/sessions.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct sessions *s;

static uint64_t
client(const char *text)
{
	struct ipaddr a = { 0 };

	ipaddr_parse(text, strlen(text), &a);
	return sessions_client(&a);
}

static void
counts(uint32_t service, const char *ip, unsigned nclient, unsigned nservice,
	const char *name)
{
	struct sessions_count n = sessions_count(s, service, client(ip));

	is_num(n.client, nclient, "%s: of the client", name);
	is_num(n.service, nservice, "%s: of the service", name);
}

/* A process that enters and stays until it is killed. */
static pid_t
session(uint32_t service, const char *ip)
{
	int p[2];
	char c;
	pid_t pid;

	if (pipe(p) < 0 || (pid = fork()) < 0)
		return -1;
	if (!pid) {
		sessions_enter(s, (uint32_t)getpid(), service, client(ip));
		close(p[0]);
		(void)!write(p[1], "", 1);
		close(p[1]);
		for (;;)
			pause();
	}
	close(p[1]);
	(void)!read(p[0], &c, 1);
	close(p[0]);
	return pid;
}

int
main(void)
{
	struct sessions_slot *slot;
	uint32_t me = (uint32_t)getpid(), fake = 1u << 30;
	pid_t a, b;

	s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ok(client("192.0.2.1") != client("192.0.2.2"), "IPv4: by address");
	ok(client("::ffff:192.0.2.1") == client("192.0.2.1"), "mapped IPv4");
	ok(client("2001:db8:0:1::1") == client("2001:db8:0:1:f::2"),
		"IPv6: by the first 64 bits");
	ok(client("2001:db8:0:1::1") != client("2001:db8:0:2::1"), "of them");
	ok(client("192.0.2.1") != client("::c000:201"), "IPv4 is not IPv6");
	is_num(client("x"), 0, "no address");

	counts(25, "192.0.2.1", 0, 0, "nobody");
	slot = sessions_enter(s, me, 25, client("192.0.2.1"));
	counts(25, "192.0.2.1", 1, 1, "one");
	a = session(25, "192.0.2.1");
	b = session(587, "192.0.2.1");
	counts(25, "192.0.2.1", 3, 2, "three");
	counts(587, "192.0.2.2", 0, 1, "another client");
	counts(587, "x", 0, 1, "a client without address");
	sessions_leave(slot);
	counts(25, "192.0.2.1", 2, 1, "one has left");
	sessions_sweep(s, 1);
	counts(25, "192.0.2.1", 2, 1, "the others live");
	kill(a, SIGKILL);
	waitpid(a, NULL, 0);
	counts(25, "192.0.2.1", 2, 1, "one was killed");
	sessions_sweep(s, 1);
	counts(25, "192.0.2.1", 2, 1, "swept this second already");
	sessions_sweep(s, 2);
	counts(25, "192.0.2.1", 1, 0, "swept");
	kill(b, SIGKILL);
	waitpid(b, NULL, 0);
	slot = sessions_enter(s, (uint32_t)b, 25, client("192.0.2.2"));
	counts(25, "192.0.2.1", 0, 1, "the next of that id takes the slot");
	sessions_leave(slot);

	for (uint32_t i = 0; i < SESSIONS_MAX; i++)
		sessions_enter(s, fake + i, 25, client("192.0.2.9"));
	counts(25, "192.0.2.9", SESSIONS_MAX, SESSIONS_MAX, "full");
	ok(!sessions_enter(s, me, 25, 1), "no slot when it is full");
	sessions_sweep(s, 3);
	counts(25, "192.0.2.9", 0, 0, "all those were dead");
	s->high = UINT32_MAX;
	counts(25, "192.0.2.9", 0, 0, "a count that cannot be");
	ok(sessions_enter(s, me, 25, 1), "does no harm");
	return done_testing();
}
