/* SPDX-License-Identifier: 0BSD */
/* facts - what status and top tell: of quill-send, the queue, the disk and the
 * services */
#ifndef QUILLCTL_FACTS_H
#define QUILLCTL_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/qpath.h"

enum { FACTS_ERRORS = 16, FACTS_SERVICES = 64, FACTS_TEXT = 600 };

struct facts_error {
	int64_t when;
	char id[QID_LEN + 1], channel[16], to[FACTS_TEXT], text[FACTS_TEXT];
};

struct facts_service {
	char name[64];
	uint64_t pid; /* 0: down */
	int64_t since;
	bool wanted; /* supervise has to keep it up */
	bool send;   /* it is to run quill-send */
};

/* Numbers of quill-send, wire/ctl.h; the names are FACTS_NAMES. */
enum {
	FACTS_PID,
	FACTS_SINCE,
	FACTS_NEW,
	FACTS_ACTIVE,
	FACTS_WAITING,
	FACTS_HELD,
	FACTS_SCANNING,
	FACTS_BOUNCES,
	FACTS_LOCAL,
	FACTS_LOCAL_LIMIT,
	FACTS_REMOTE,
	FACTS_REMOTE_LIMIT,
	FACTS_STOPPING,
	FACTS_NUMBERS
};

struct facts {
	bool runs;     /* quill-send holds its lock */
	bool answered; /* and has told the numbers */
	uint64_t n[FACTS_NUMBERS];
	struct facts_error error[FACTS_ERRORS]; /* newest first */
	size_t nerrors;
	int64_t messages, lost;
	uint64_t damaged;  /* of messages; 0 where quill-send answers: it sets
	                   * them aside */
	struct qid oldest; /* when messages */
	uint64_t free_bytes, free_inodes;
	unsigned free_percent, inode_percent;
	struct facts_service service[FACTS_SERVICES];
	size_t nservices;
};

extern const char *const facts_names[FACTS_NUMBERS];

/* Ask quill-send: runs, answered, n and errors. 0; -1 errno. */
int facts_send(struct facts *f);
/* Count messages and what is set aside; without an answer of quill-send also
 * new, waiting and held ones, which takes a look into each. 0; -1 errno. */
int facts_queue(struct facts *f);
int facts_disk(struct facts *f);
/* What supervise says of the service whose directory is open: pid, since and
 * wanted. false: nothing. */
bool facts_supervise(int dir, struct facts_service *s);
/* Call fn for each service of this home below dir (NULL: as below), whether it
 * runs or not, with its open directory and the text of its run file. Returns
 * how many there are. */
typedef void facts_service_fn(void *arg, const char *path, const char *name,
	int dir, const char *run);
size_t facts_each_service(const char *dir, facts_service_fn *fn, void *arg);
/* Services of this home below dir (NULL: /service, else /etc/service,
 * else HOME/service). */
void facts_services(struct facts *f, const char *dir);

#endif
