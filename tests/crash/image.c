/* SPDX-License-Identifier: 0BSD */
#include "image.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static uint64_t next_ino = 2;

static void *
grown(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		errx(1, "out of memory");
	return p;
}

static void *
copied(const void *p, size_t n)
{
	void *q = grown(NULL, n);

	if (n)
		memcpy(q, p, n);
	return q;
}

/* Room for one more; arrays grow by powers of two. */
#define ROOM(v, n)                                                             \
	do {                                                                   \
		if (((n) & ((n)-1)) == 0)                                      \
			(v) = grown((v), ((n) ? (n)*2 : 1) * sizeof *(v));     \
	} while (0)

/* --- directories ---------------------------------------------------------- */

static struct entry *
find(const struct dir *d, const char *name)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->v[i].name, name) == 0)
			return &d->v[i];
	return NULL;
}

struct entry *
dir_find(const struct inode *d, const char *name)
{
	return find(&d->dir, name);
}

static void
put(struct dir *d, const char *name, uint64_t ino)
{
	struct entry *e = find(d, name);

	if (e) {
		e->ino = ino;
		return;
	}
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 4;
		d->v = grown(d->v, d->cap * sizeof *d->v);
	}
	d->v[d->n++] = (struct entry){ copied(name, strlen(name) + 1), ino };
}

static void
drop(struct dir *d, const char *name)
{
	struct entry *e = find(d, name);

	if (!e)
		return;
	free(e->name);
	*e = d->v[--d->n];
}

static void
dir_free(struct dir *d)
{
	while (d->n)
		free(d->v[--d->n].name);
	free(d->v);
	memset(d, 0, sizeof *d);
}

static struct dir
dir_copy(const struct dir *d)
{
	struct dir c = { NULL, 0, 0 };
	size_t i;

	for (i = 0; i < d->n; i++)
		put(&c, d->v[i].name, d->v[i].ino);
	return c;
}

/* --- states --------------------------------------------------------------- */

struct inode *
state_inode(const struct state *s, uint64_t ino)
{
	if (ino == 1)
		return s->v[0];
	if (ino < s->first || ino - s->first + 1 >= s->n)
		return NULL;
	return s->v[ino - s->first + 1];
}

uint64_t
state_make(struct state *s, mode_t mode, uid_t uid, gid_t gid)
{
	struct inode *i = grown(NULL, sizeof *i);

	memset(i, 0, sizeof *i);
	i->mode = mode;
	i->uid = uid;
	i->gid = gid;
	clock_gettime(CLOCK_REALTIME, &i->mtime);
	i->mtime0 = i->mtime;
	ROOM(s->v, s->n);
	s->v[s->n++] = i;
	if (s->n == 1)
		return 1;
	/* only the newest state grows */
	return next_ino++;
}

struct state *
state_new(void)
{
	struct state *s = grown(NULL, sizeof *s);

	memset(s, 0, sizeof *s);
	s->first = next_ino;
	state_make(s, S_IFDIR | 0755, 0, 0);
	s->v[0]->parent = 1;
	s->v[0]->nlink = 1;
	return s;
}

void
state_free(struct state *s)
{
	size_t i, k;

	if (!s)
		return;
	for (i = 0; i < s->n; i++) {
		struct inode *p = s->v[i];

		for (k = 0; k < p->nbytes; k++)
			free(p->bytes[k].data);
		dir_free(&p->dir);
		dir_free(&p->dir0);
		free(p->bytes);
		free(p->times);
		free(p->data);
		free(p->data0);
		free(p->link);
		free(p);
	}
	for (i = 0; i < s->nchanges; i++)
		free(s->changes[i].name);
	free(s->changes);
	free(s->v);
	free(s);
}

void
name_set(struct state *s, uint64_t op, uint64_t dir, const char *name,
	uint64_t ino)
{
	struct inode *d = state_inode(s, dir), *i = state_inode(s, ino);
	struct entry *e = dir_find(d, name);

	if (e && e->ino != ino)
		state_inode(s, e->ino)->nlink--;
	if (!e || e->ino != ino)
		i->nlink++;
	put(&d->dir, name, ino);
	if (S_ISDIR(i->mode))
		i->parent = dir;
	clock_gettime(CLOCK_REALTIME, &d->mtime);
	ROOM(s->changes, s->nchanges);
	s->changes[s->nchanges++] = (struct change){ op, dir, ino,
		copied(name, strlen(name) + 1), { false, false } };
}

void
name_drop(struct state *s, uint64_t op, uint64_t dir, const char *name)
{
	struct inode *d = state_inode(s, dir);
	struct entry *e = dir_find(d, name);

	if (!e)
		return;
	state_inode(s, e->ino)->nlink--;
	drop(&d->dir, name);
	clock_gettime(CLOCK_REALTIME, &d->mtime);
	ROOM(s->changes, s->nchanges);
	s->changes[s->nchanges++] = (struct change){ op, dir, 0,
		copied(name, strlen(name) + 1), { false, false } };
}

/* --- bytes and times ------------------------------------------------------ */

static void
resize(char **data, size_t *size, size_t *cap, size_t want)
{
	if (want > *cap) {
		*cap = want + want / 2;
		*data = grown(*data, *cap);
	}
	if (want > *size)
		memset(*data + *size, 0, want - *size);
	*size = want;
}

static void
record(struct inode *i, struct bytes b)
{
	ROOM(i->bytes, i->nbytes);
	i->bytes[i->nbytes++] = b;
	clock_gettime(CLOCK_REALTIME, &i->mtime);
}

void
bytes_write(struct inode *i, uint64_t op, const char *p, size_t n, off_t off)
{
	size_t end = (size_t)off + n;

	if (end > i->size)
		resize(&i->data, &i->size, &i->cap, end);
	if (n)
		memcpy(i->data + off, p, n);
	record(i, (struct bytes){ op, off, n, copied(p, n), false, false });
}

void
bytes_truncate(struct inode *i, uint64_t op, off_t size)
{
	resize(&i->data, &i->size, &i->cap, (size_t)size);
	record(i, (struct bytes){ op, size, 0, NULL, true, false });
}

void
times_set(struct inode *i, uint64_t op, struct timespec t)
{
	i->mtime = t;
	ROOM(i->times, i->ntimes);
	i->times[i->ntimes++] = (struct times){ op, t, false };
}

void
state_sync(struct state *s, uint64_t ino, bool data_only)
{
	struct inode *i = state_inode(s, ino);
	size_t k;

	for (k = 0; k < i->nbytes; k++)
		i->bytes[k].durable = true;
	if (data_only)
		return;
	for (k = 0; k < i->ntimes; k++)
		i->times[k].durable = true;
	for (k = 0; k < s->nchanges; k++) {
		s->changes[k].durable[JOURNAL] = true;
		if (s->changes[k].dir == ino)
			s->changes[k].durable[STRICT] = true;
	}
}

/* --- after the cut -------------------------------------------------------- */

struct dice {
	uint64_t x;
	unsigned odds; /* of 4, that something survives */
};

static uint64_t
roll(struct dice *d, uint64_t below)
{
	d->x ^= d->x << 13;
	d->x ^= d->x >> 7;
	d->x ^= d->x << 17;
	return below ? (d->x >> 11) % below : 0;
}

/* Apply one change of bytes. zeros: the length made it to the disk and the
 * bytes did not; what is overwritten is old or new, never zeros. */
static void
apply(struct inode *i, const struct bytes *b, size_t n, bool zeros)
{
	size_t end = (size_t)b->off + n, had = i->size;

	if (b->trunc) {
		resize(&i->data, &i->size, &i->cap, (size_t)b->off);
		return;
	}
	if (end > i->size)
		resize(&i->data, &i->size, &i->cap, end);
	if (!zeros)
		memcpy(i->data + b->off, b->data, n);
	else if ((size_t)b->off > had)
		memset(i->data + had, 0, end - had);
}

static void
survive_bytes(struct inode *to, const struct inode *from, enum policy policy,
	uint64_t until, struct dice *d)
{
	size_t k;

	for (k = 0; k < from->nbytes; k++) {
		const struct bytes *b = &from->bytes[k];

		if (b->durable || policy == ALL ||
			(policy == PREFIX && b->op <= until)) {
			apply(to, b, b->len, false);
		} else if (policy == RANDOM && roll(d, 4) < d->odds) {
			switch (roll(d, 4)) {
			case 0:
				apply(to, b, b->len, true);
				break;
			case 1:
				apply(to, b, (size_t)roll(d, b->len), false);
				break;
			default:
				apply(to, b, b->len, false);
			}
		}
	}
	to->mtime = from->mtime0;
	for (k = 0; k < from->ntimes; k++)
		if (from->times[k].durable || policy == ALL ||
			(policy == PREFIX && from->times[k].op <= until) ||
			(policy == RANDOM && roll(d, 2)))
			to->mtime = from->times[k].t;
}

/* Names of every directory: begin with what there was. */
static void
survive_names(const struct state *s, struct dir *dirs, enum profile profile,
	enum policy policy, uint64_t until, struct dice *d)
{
	size_t k;

	for (k = 0; k < s->n; k++)
		dirs[k] = dir_copy(&s->v[k]->dir0);
	for (k = 0; k < s->nchanges; k++) {
		const struct change *c = &s->changes[k];
		size_t at = c->dir == 1 ? 0 : (size_t)(c->dir - s->first + 1);

		/* a journal loses the newest, never one between others */
		if (!(c->durable[profile] || policy == ALL ||
			    (policy == RANDOM && profile == STRICT
					    ? roll(d, 4) < d->odds
					    : policy != NONE &&
						      c->op <= until)))
			continue;
		if (c->ino)
			put(&dirs[at], c->name, c->ino);
		else
			drop(&dirs[at], c->name);
	}
}

static void
begin_durable(struct inode *i)
{
	i->mtime0 = i->mtime;
	i->size0 = i->size;
	i->data0 = copied(i->data, i->size);
	i->dir0 = dir_copy(&i->dir);
}

/* The inode and all below it, into the new state; map: its number there. */
static uint64_t
transplant(struct state *to, const struct state *from, const struct dir *dirs,
	uint64_t ino, uint64_t parent, uint64_t *map)
{
	size_t at = ino == 1 ? 0 : (size_t)(ino - from->first + 1), k;
	const struct inode *f = from->v[at];
	struct inode *t;

	if (map[at]) {
		state_inode(to, map[at])->nlink++;
		return map[at];
	}
	map[at] = ino == 1 ? 1 : state_make(to, f->mode, f->uid, f->gid);
	t = state_inode(to, map[at]);
	t->mode = f->mode;
	t->uid = f->uid;
	t->gid = f->gid;
	t->nlink = 1;
	t->parent = parent;
	t->mtime = f->mtime;
	if (f->link)
		t->link = copied(f->link, strlen(f->link) + 1);
	for (k = 0; k < dirs[at].n; k++) {
		uint64_t n = transplant(
			to, from, dirs, dirs[at].v[k].ino, map[at], map);

		put(&t->dir, dirs[at].v[k].name, n);
	}
	return map[at];
}

/* New state out of from, with the names in dirs (which are freed). */
static struct state *
rebuild(const struct state *from, struct dir *dirs, enum policy policy,
	uint64_t until, struct dice *d)
{
	uint64_t *map = calloc(from->n, sizeof *map);
	struct state *to = state_new();
	size_t k;

	if (!map)
		errx(1, "out of memory");
	transplant(to, from, dirs, 1, 1, map);
	for (k = 0; k < from->n; k++) {
		const struct inode *f = from->v[k];
		struct inode *t;

		dir_free(&dirs[k]);
		if (!map[k])
			continue;
		t = state_inode(to, map[k]);
		if (d) {
			resize(&t->data, &t->size, &t->cap, f->size0);
			if (f->size0)
				memcpy(t->data, f->data0, f->size0);
			survive_bytes(t, f, policy, until, d);
		} else {
			resize(&t->data, &t->size, &t->cap, f->size);
			if (f->size)
				memcpy(t->data, f->data, f->size);
		}
		begin_durable(t);
	}
	free(dirs);
	free(map);
	return to;
}

struct state *
state_copy(const struct state *s)
{
	struct dir *dirs = grown(NULL, s->n * sizeof *dirs);
	size_t k;

	for (k = 0; k < s->n; k++)
		dirs[k] = dir_copy(&s->v[k]->dir);
	return rebuild(s, dirs, ALL, 0, NULL);
}

struct state *
state_survivors(const struct state *s, enum profile profile, enum policy policy,
	uint64_t seed)
{
	struct dir *dirs = grown(NULL, s->n * sizeof *dirs);
	struct dice d = { seed * 0x9e3779b97f4a7c15u + 1, 0 };
	uint64_t last = 0, oldest = UINT64_MAX, until;
	size_t k;

	for (k = 0; k < s->nchanges; k++) {
		last = s->changes[k].op;
		if (!s->changes[k].durable[profile] && last < oldest)
			oldest = last;
	}
	for (k = 0; k < 8; k++)
		roll(&d, 0);
	d.odds = 1 + (unsigned)roll(&d, 3);
	if (oldest == UINT64_MAX)
		oldest = last + 1;
	until = oldest - 1 + roll(&d, last - oldest + 2);
	survive_names(s, dirs, profile, policy, until, &d);
	/* bytes do not wait for names, nor names for bytes */
	if (policy == PREFIX && roll(&d, 3) == 0)
		until = 0;
	else if (policy == PREFIX && roll(&d, 2) == 0)
		until = UINT64_MAX;
	return rebuild(s, dirs, policy, until, &d);
}
