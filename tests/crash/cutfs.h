/* SPDX-License-Identifier: 0BSD */
/* cutfs - what the file system and its control socket share */
#ifndef CRASH_CUTFS_H
#define CRASH_CUTFS_H

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include "image.h"

enum { LOG_MAX = 20000 };

struct counter {
	volatile uint64_t ops, cut;
};

struct cutfs {
	struct fuse_session *session;
	struct counter *counter;
	struct state *live;  /* what is mounted */
	struct state *base;  /* what each run begins with */
	struct state *wreck; /* what was mounted at the cut */
	bool counting;
	bool quit;
	uint64_t cut;  /* before this operation; 0 never */
	pid_t victim;  /* dies with the cut */
	uint64_t kill; /* who asks for this operation is killed */
	uint64_t fail_from, fail_count; /* these fail */
	int fail_errno;
	bool fail_short; /* writes are cut short instead */
	struct {
		uint64_t ino;
		char text[64];
	} log[LOG_MAX];
};

extern struct cutfs fs;

/* Answer what is waiting on the control socket; false: it was closed. */
bool control_serve(int fd);

#endif
