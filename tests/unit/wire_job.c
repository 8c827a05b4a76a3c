/* SPDX-License-Identifier: 0BSD */
#include "wire/job.h"

#include "tap.h"
#include "unit/wire_hostile.h"

static struct job j, k; /* 100 recipients each: not on the stack */

static size_t
lengths(const char *params)
{
	size_t n = 0;

	for (; params && *params == 'P'; params += strlen(params) + 1)
		n += strlen(params) + 1;
	return n;
}

static bool
decodes(char *p, size_t n)
{
	size_t sum;

	if (!job_decode(&k, p, n))
		return false;
	sum = strlen(k.id) + strlen(k.sender) + lengths(k.params);
	for (size_t i = 0; i < k.nrcpt; i++)
		sum += strlen(k.rcpt[i].addr) + lengths(k.rcpt[i].params);
	if (k.user)
		sum += strlen(k.user) + strlen(k.home) + strlen(k.dash) +
		       strlen(k.ext) + strlen(k.defaultdelivery);
	return sum < n;
}

static void
remote_job(void)
{
	memset(&j, 0, sizeof j);
	j.number = 12;
	j.id = "0123456789abcdef";
	j.birth = 1795160000;
	j.bytes = 1234567890123;
	j.sender = "a@b";
	j.params = "PRET=HDRS\0PENVID=x\0Tz";
	j.host = "example.org";
	j.via = "[192.0.2.1]:2525";
	j.rcpt[0] = (struct job_rcpt){ "c@example.org", "PNOTIFY=NEVER\0" };
	j.rcpt[1] = (struct job_rcpt){ "d@example.org", NULL };
	j.rcpt[2] = (struct job_rcpt){ "", "PORCPT=rfc822;x\0" };
	j.nrcpt = 3;
}

static void
test_remote(void)
{
	struct str s = STR_INIT(JOB_RECORD_MAX);

	remote_job();
	job_encode(&s, &j);
	ok(job_decode(&k, s.s, s.len), "remote job");
	is_num(k.number, 12, "number");
	is_str(k.id, j.id, "id");
	is_num(k.birth, j.birth, "birth");
	is_num(k.bytes, j.bytes, "bytes");
	is_str(k.sender, "a@b", "sender");
	is_str(job_param(k.params, "envid"), "x", "its parameter");
	ok(!job_param(k.params, "NOTIFY"), "not the recipient's");
	is_str(k.host, "example.org", "host");
	is_str(k.via, "[192.0.2.1]:2525", "relay");
	is_num(k.nrcpt, 3, "recipients");
	is_str(k.rcpt[0].addr, "c@example.org", "first");
	is_str(job_param(k.rcpt[0].params, "NOTIFY"), "NEVER", "its own");
	ok(!k.rcpt[1].params, "second has none");
	is_str(k.rcpt[2].addr, "", "third is empty");
	is_str(job_param(k.rcpt[2].params, "ORCPT"), "rfc822;x", "last field");
	ok(!job_param(k.rcpt[2].params, "NOTIFY"), "list ends in the record");
	ok(!k.user && !k.home, "no user");
	is_num(hostile_cut(decodes, s.s, s.len), 0, "truncated");
	hostile_flip(decodes, s.s, s.len);
	str_putc(&s, 0);
	ok(!decodes(s.s, s.len), "a byte too many");
	str_free(&s);
}

static void
test_local(void)
{
	struct str s = STR_INIT(JOB_RECORD_MAX);

	remote_job();
	j.host = NULL;
	j.nrcpt = 1;
	j.user = "joe";
	j.home = "/home/joe";
	j.dash = "-";
	j.ext = "list";
	j.defaultdelivery = "./Maildir/\n|two lines";
	job_encode(&s, &j);
	ok(job_decode(&k, s.s, s.len), "local job");
	ok(!k.host, "no host");
	is_str(k.user, "joe", "user");
	is_str(k.home, "/home/joe", "home");
	is_str(k.dash, "-", "dash");
	is_str(k.ext, "list", "ext");
	is_str(k.defaultdelivery, j.defaultdelivery, "default");
	is_num(hostile_cut(decodes, s.s, s.len), 0, "truncated");
	hostile_flip(decodes, s.s, s.len);
	/* a decoded job can be passed on */
	ok(job_decode(&k, s.s, s.len), "once more");
	j = k;
	{
		struct str t = STR_INIT(JOB_RECORD_MAX);

		job_encode(&t, &j);
		is_mem(t.s, t.len, s.s, s.len, "encoded again it is the same");
		str_free(&t);
	}
	str_free(&s);
}

static void
test_limits(void)
{
	struct str s = STR_INIT(JOB_RECORD_MAX * 2);
	char addr[ADDR_MAX + 2];

	remote_job();
	for (int i = 0; i < JOB_RCPT_MAX; i++)
		j.rcpt[i] = (struct job_rcpt){ "x@y", NULL };
	j.nrcpt = JOB_RCPT_MAX;
	job_encode(&s, &j);
	ok(decodes(s.s, s.len), "%d recipients", JOB_RCPT_MAX);
	str_cut(&s, s.len - 1);
	str_put(&s, "Tx@y\0\0", 6);
	ok(!decodes(s.s, s.len), "one more is refused");
	for (size_t n = ADDR_MAX; n <= ADDR_MAX + 1; n++) {
		memset(addr, 'a', n);
		addr[n] = 0;
		str_clear(&s);
		j.nrcpt = 1;
		j.rcpt[0].addr = addr;
		job_encode(&s, &j);
		ok(decodes(s.s, s.len) == (n == ADDR_MAX), "address of %zu", n);
	}
	str_clear(&s);
	j.nrcpt = 0;
	job_encode(&s, &j);
	ok(!decodes(s.s, s.len), "no recipient");
	str_free(&s);
}

static void
test_bad(void)
{
#define HEAD "N1\0I0123456789abcdef\0B1\0S1\0F\0"
#define JOB(want, s, name)                                                     \
	ok(decodes((char[]){ s }, sizeof s - 1) == (want), name)
	JOB(true, HEAD "Tx\0\0", "least");
	JOB(false, HEAD "\0", "no recipient");
	JOB(false, HEAD "Tx\0Hh\0\0", "host too late");
	JOB(false, HEAD "Hh\0Hh\0Tx\0\0", "two hosts");
	JOB(true, HEAD "Hh\0Vr\0Tx\0\0", "host and relay");
	JOB(false, HEAD "Hh\0Vr\0Vr\0Tx\0\0", "two relays");
	JOB(false, HEAD "Vr\0Tx\0\0", "relay without host");
	JOB(false, HEAD "Tx\0Qx\0\0", "unknown field");
	JOB(false, HEAD "Tx\0PNOTIFY\0\0", "parameter without =");
	JOB(false, HEAD "Tx\0P=v\0\0", "parameter without key");
	JOB(false, HEAD "Tx\0uu\0hh\0dd\0ee\0\0", "half a user");
	JOB(false, HEAD "Hh\0Tx\0uu\0hh\0dd\0ee\0aa\0\0", "host and user");
	JOB(false, "N1\0I0123456789abcdeF\0B1\0S1\0F\0Tx\0\0", "bad id");
	JOB(false, "N1\0I0123456789abcdef0\0B1\0S1\0F\0Tx\0\0", "long id");
	JOB(false, "N4294967296\0I0123456789abcdef\0B1\0S1\0F\0Tx\0\0",
		"number too large");
	JOB(false, "I0123456789abcdef\0N1\0B1\0S1\0F\0Tx\0\0", "order");
}

int
main(void)
{
	test_remote();
	test_local();
	test_limits();
	test_bad();
	return done_testing();
}
