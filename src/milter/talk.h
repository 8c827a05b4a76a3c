/* SPDX-License-Identifier: 0BSD */
/* talk - inside of filter_talk: its state, shared by the steps of the dialogue
 * (talk.c) and the changes at its end (changes.c) */
#ifndef MILTER_TALK_H
#define MILTER_TALK_H

#include "milter/filter.h"
#include "milter/link.h"

/* What a filter may change, and steps it may leave out or not answer. */
enum {
	VERSION = 6,
	ACT_ADDHEADER = 0x01,
	ACT_BODY = 0x02,
	ACT_ADDRCPT = 0x04,
	ACT_DELRCPT = 0x08,
	ACT_HEADERS = 0x10,
	ACT_QUARANTINE = 0x20,
	ACT_SENDER = 0x40,
	ACT_ADDRCPT_ARGS = 0x80,
	ACTIONS = 0xff,
	NO_CONNECT = 0x01,
	NO_HELO = 0x02,
	NO_MAIL = 0x04,
	NO_RCPT = 0x08,
	NO_BODY = 0x10,
	NO_HEADERS = 0x20,
	NO_EOH = 0x40,
	NR_HEADER = 0x80,
	NO_DATA = 0x200,
	SKIP = 0x400,
	NR_CONNECT = 0x1000,
	NR_HELO = 0x2000,
	NR_MAIL = 0x4000,
	NR_RCPT = 0x8000,
	NR_DATA = 0x10000,
	NR_EOH = 0x40000,
	NR_BODY = 0x80000,
	LEADING_BLANK = 0x100000,
	STEPS = NO_CONNECT | NO_HELO | NO_MAIL | NO_RCPT | NO_BODY |
		NO_HEADERS | NO_EOH | NR_HEADER | NO_DATA | SKIP | NR_CONNECT |
		NR_HELO | NR_MAIL | NR_RCPT | NR_DATA | NR_EOH | NR_BODY |
		LEADING_BLANK,
};

struct talk {
	struct link link;
	const struct filter *filter;
	const struct origin *origin;
	struct message *m;
	uint32_t actions, steps;
	int body; /* what replaces the body; -1 nothing */
	uint64_t bodysize;
	bool cr;      /* of which the last byte was a CR not written yet */
	bool changed; /* the message is not as it was */
	enum verdict verdict;
	char *text;
	struct str data; /* of the packet being made */
};

/* The dialogue is over: false. */
bool talk_over(struct talk *t, enum verdict v, const char *words);
/* The filter fails: false. Half of its changes are worse than none: then the
 * message must wait, whatever may be done without the filter. */
bool talk_broken(struct talk *t, const char *words);
/* Macros for the command that follows: its letter, names and values. */
void talk_macros(struct talk *t, char letter, const char *address);
/* What an answer says of the whole message; false: nothing more is to be
 * said. */
bool talk_judge(struct talk *t, char letter);
/* The end of the message: changes, then the verdict. */
void talk_finish(struct talk *t);

#endif
