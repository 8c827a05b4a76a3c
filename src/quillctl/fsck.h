/* SPDX-License-Identifier: 0BSD */
/* fsck - what its two halves share: fsck.c walks the directories,
 * fsckmess.c looks at messages */
#ifndef QUILLCTL_FSCK_H
#define QUILLCTL_FSCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/qpath.h"
#include "wire/site.h"

struct check {
	bool json, dry, runs;
	struct site_ids ids;
	uint64_t files, messages, unfinished, findings, failures;
	bool changed; /* names in the directory at hand */
};

/* Tell of a finding. done: what was done about it, or would be; r < 0: that
 * failed, errno. */
void fsck_found(struct check *c, const char *file, const char *problem,
	const char *done, int r);
/* Move a file, or all files of a message, to lost/. */
void fsck_lose(struct check *c, const char *path, const char *problem);
void fsck_lose_message(struct check *c, struct qid id, const char *problem);
/* Open a plain file, and look at its owner; -1 when it is none, or gone. */
int fsck_open(struct check *c, const char *path, uid_t uid, mode_t mode);
bool fsck_exists(struct qid id, enum qfile f);
/* An envelope file; a message file, if it has no envelope. */
void fsck_env(struct check *c, const char *path, struct qid id);
void fsck_mess_alone(struct check *c, const char *path, struct qid id);

#endif
