/* SPDX-License-Identifier: 0BSD */
#include "wire/dead.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/file.h"
#include "lib/lock.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "wire/site.h"

enum { SET = DEAD_WAYS * DEAD_ENTRY, LOCK_MS = 1000 };

static const char head[DEAD_HEAD] = "quill: addresses that are dead 2\n";

static void
put(uint8_t *p, size_t n, uint64_t v)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t
get(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static void
encode(uint8_t p[DEAD_ENTRY], const struct dead_entry *e)
{
	memset(p, 0, DEAD_ENTRY);
	p[0] = e->ip.family == AF_INET ? 4 : 6;
	p[1] = (uint8_t)e->reason;
	put(p + 2, 2, e->failures);
	put(p + 4, 2, e->port);
	memcpy(p + 8, e->ip.b, e->ip.family == AF_INET ? 4 : 16);
	put(p + 24, 8, (uint64_t)e->first);
	put(p + 32, 8, (uint64_t)e->last);
	put(p + 40, 8, (uint64_t)e->until);
}

/* false: it is free, or nothing that we wrote. */
static bool
decode(struct dead_entry *e, const uint8_t p[DEAD_ENTRY])
{
	if ((p[0] != 4 && p[0] != 6) || p[1] < DEAD_TIMEOUT ||
		p[1] > DEAD_SILENT)
		return false;
	memset(e, 0, sizeof *e);
	e->ip.family = p[0] == 4 ? AF_INET : AF_INET6;
	memcpy(e->ip.b, p + 8, p[0] == 4 ? 4 : 16);
	e->reason = (enum dead_reason)p[1];
	e->failures = (unsigned)get(p + 2, 2);
	e->port = (uint16_t)get(p + 4, 2);
	e->first = (int64_t)(get(p + 24, 8) & INT64_MAX);
	e->last = (int64_t)(get(p + 32, 8) & INT64_MAX);
	e->until = (int64_t)(get(p + 40, 8) & INT64_MAX);
	return true;
}

static off_t
set_of(const struct ipaddr *ip)
{
	uint32_t h = 2166136261u; /* FNV-1a: a cache, nothing to attack */
	size_t i, n = ip->family == AF_INET ? 4 : 16;

	for (i = 0; i < n; i++)
		h = (h ^ ip->b[i]) * 16777619u;
	return DEAD_HEAD + (off_t)(h % DEAD_SETS) * SET;
}

static bool
get_set(const struct dead *d, off_t at, uint8_t set[SET])
{
	return d->fd >= 0 && pread(d->fd, set, SET, at) == SET;
}

/* The place of ip in the set, or DEAD_WAYS; port 0: any. A scope is not
 * kept. */
static size_t
find(const uint8_t *set, const struct ipaddr *ip, uint16_t port,
	struct dead_entry *e)
{
	size_t i;

	for (i = 0; i < DEAD_WAYS; i++)
		if (decode(e, set + i * DEAD_ENTRY) &&
			e->ip.family == ip->family &&
			(!port || e->port == port) &&
			!memcmp(e->ip.b, ip->b, sizeof e->ip.b))
			break;
	return i;
}

static bool
is_old(const struct dead_entry *e, int64_t now)
{
	/* a clock that was put back must not make an entry last */
	return e->last + DEAD_FORGET < now || e->last > now + DEAD_MOST;
}

static int
unlock(int fd)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_SETLK, &l);
}

static bool
lock(const struct dead *d)
{
	return d->writable && lock_wait(d->fd, stamp_mono() + LOCK_MS) == 0;
}

static bool
sound(int fd)
{
	char got[DEAD_HEAD];
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       st.st_size == DEAD_HEAD + (off_t)DEAD_SETS * SET &&
	       pread(fd, got, sizeof got, 0) == sizeof got &&
	       !memcmp(got, head, sizeof got);
}

/* By hand, root may be the first to come: the file is the directory's
 * owner's. One with another name, too, may be anything that the owner found
 * elsewhere: it is left alone. */
static bool
hand_over(int fd)
{
	struct str dir = STR_INIT(4096);
	struct stat st;
	bool ok = true;

	if (file_alone(fd) < 0)
		return false;

	str_puts(&dir, site_run);
	str_puts(&dir, "/remote");
	if (!geteuid() && !stat(str_c(&dir), &st))
		ok = !fchown(fd, st.st_uid, (gid_t)-1);
	str_free(&dir);
	return ok;
}

/* Empty, or of an earlier version: begin anew. */
static bool
begin(struct dead *d)
{
	bool ok;

	if (!lock(d))
		return false;
	/* whatever the umask is: group quill may look */
	ok = sound(d->fd) ||
	     (hand_over(d->fd) && !fchmod(d->fd, 0640) &&
		     !ftruncate(d->fd, 0) &&
		     !ftruncate(d->fd, DEAD_HEAD + (off_t)DEAD_SETS * SET) &&
		     pwrite(d->fd, head, sizeof head, 0) == sizeof head);
	unlock(d->fd);
	return ok;
}

static int
open_file(int flags)
{
	struct str path = STR_INIT(4096);
	int fd;

	str_puts(&path, site_run);
	str_puts(&path, "/remote/dead");
	fd = fd_open(str_c(&path), flags | O_NOFOLLOW | O_NONBLOCK, 0640);
	str_free(&path);
	return fd;
}

int
dead_read(struct dead *d)
{
	d->writable = false;
	d->fd = open_file(O_RDONLY);
	if (d->fd < 0)
		return -1;
	if (sound(d->fd))
		return 0;
	close(d->fd);
	d->fd = -1;
	errno = EINVAL;
	return -1;
}

void
dead_use(struct dead *d, int fd)
{
	d->fd = fd;
	d->writable = fd >= 0;
	if (fd >= 0 && !sound(fd) && !begin(d))
		dead_close(d);
}

void
dead_open(struct dead *d)
{
	dead_use(d, open_file(O_RDWR | O_CREAT));
	if (d->fd < 0)
		dead_read(d);
}

void
dead_close(struct dead *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

bool
dead_is(struct dead *d, const struct ipaddr *ip, uint16_t port, int64_t now,
	struct dead_entry *e)
{
	uint8_t set[SET];

	return get_set(d, set_of(ip), set) &&
	       find(set, ip, port, e) < DEAD_WAYS && !is_old(e, now) &&
	       now < e->until;
}

static int64_t
back_off(unsigned failures)
{
	unsigned shift = failures < 8 ? failures - 1 : 7;
	int64_t s = (int64_t)DEAD_FIRST << shift;

	return s < DEAD_MOST ? s : DEAD_MOST;
}

/* A place for a new entry: free, or old, or the one of longest ago. */
static size_t
victim(const uint8_t *set)
{
	struct dead_entry e;
	int64_t oldest = INT64_MAX;
	size_t i, at = 0;

	for (i = 0; i < DEAD_WAYS; i++) {
		if (!decode(&e, set + i * DEAD_ENTRY))
			return i;
		if (e.last < oldest) {
			oldest = e.last;
			at = i;
		}
	}
	return at;
}

void
dead_failed(struct dead *d, const struct ipaddr *ip, uint16_t port,
	enum dead_reason reason, int64_t now)
{
	uint8_t set[SET], p[DEAD_ENTRY];
	struct dead_entry e;
	off_t at = set_of(ip);
	size_t i;

	if (!lock(d))
		return;
	if (!get_set(d, at, set))
		goto out;
	i = find(set, ip, port, &e);
	if (i == DEAD_WAYS || is_old(&e, now)) {
		if (i == DEAD_WAYS)
			i = victim(set);
		memset(&e, 0, sizeof e);
		e.ip = *ip;
		e.port = port;
		e.first = now;
	}
	e.reason = reason;
	e.last = now;
	if (now >= e.until) {
		if (e.failures < UINT16_MAX)
			e.failures++;
		e.until = now + back_off(e.failures);
	}
	encode(p, &e);
	/* when it fails, the host is waited for once more: no harm */
	if (pwrite(d->fd, p, sizeof p, at + (off_t)(i * DEAD_ENTRY)) < 0)
		d->writable = false;
out:
	unlock(d->fd);
}

static int
clear_all(struct dead *d)
{
	static const uint8_t zero[SET];
	struct dead_entry e;
	uint8_t set[SET];
	size_t k, i;
	int found = 0;

	for (k = 0; k < DEAD_SETS; k++) {
		off_t at = DEAD_HEAD + (off_t)k * SET;

		if (!get_set(d, at, set))
			return -1;
		for (i = 0; i < DEAD_WAYS; i++)
			if (decode(&e, set + i * DEAD_ENTRY))
				found = 1;
		if (memcmp(set, zero, SET) != 0 &&
			pwrite(d->fd, zero, SET, at) != SET)
			return -1;
	}
	return found;
}

/* Of one address, in its set. */
static int
clear_one(struct dead *d, const struct ipaddr *ip, uint16_t port)
{
	static const uint8_t zero[DEAD_ENTRY];
	struct dead_entry e;
	uint8_t set[SET];
	off_t at = set_of(ip);
	size_t i;
	int r = 0;

	if (!get_set(d, at, set))
		return 0;
	while ((i = find(set, ip, port, &e)) < DEAD_WAYS) {
		set[i * DEAD_ENTRY] = 0;
		r = 1;
		if (pwrite(d->fd, zero, sizeof zero,
			    at + (off_t)(i * DEAD_ENTRY)) < 0)
			return -1;
	}
	return r;
}

int
dead_clear(struct dead *d, const struct ipaddr *ip, uint16_t port)
{
	struct dead_entry e;
	uint8_t set[SET];
	int r;

	/* the usual case, without the lock: it is not there */
	if (ip && (!get_set(d, set_of(ip), set) ||
			  find(set, ip, port, &e) == DEAD_WAYS))
		return 0;
	if (!lock(d))
		return -1;
	r = ip ? clear_one(d, ip, port) : clear_all(d);
	unlock(d->fd);
	return r;
}

bool
dead_next(struct dead *d, size_t *at, int64_t now, struct dead_entry *e)
{
	uint8_t p[DEAD_ENTRY];

	while (*at < (size_t)DEAD_SETS * DEAD_WAYS) {
		off_t off = DEAD_HEAD + (off_t)(*at * DEAD_ENTRY);

		++*at;
		if (pread(d->fd, p, sizeof p, off) != sizeof p)
			return false;
		if (decode(e, p) && !is_old(e, now))
			return true;
	}
	return false;
}

const char *
dead_text(enum dead_reason reason)
{
	switch (reason) {
	case DEAD_TIMEOUT:
		return "did not answer in time";
	case DEAD_REFUSED:
		return "refused the connection";
	case DEAD_UNREACHABLE:
		return "was unreachable";
	case DEAD_SILENT:
		return "sent no greeting";
	}
	return "failed";
}
