/* SPDX-License-Identifier: 0BSD */
#include "wire/clean.h"

void
clean_encode(char out[CLEAN_REQUEST], enum clean_op op, struct qid id)
{
	char text[QID_LEN + 1];
	size_t i;

	qid_fmt(text, id);
	out[0] = (char)op;
	for (i = 0; i < QID_LEN; i++)
		out[1 + i] = text[i];
	out[1 + QID_LEN] = '\n';
}

bool
clean_decode(const char in[CLEAN_REQUEST], enum clean_op *op, struct qid *id)
{
	if (in[0] != CLEAN_REMOVE && in[0] != CLEAN_ORPHAN &&
		in[0] != CLEAN_LOST && in[0] != CLEAN_SYNC &&
		in[0] != CLEAN_CHECK && in[0] != CLEAN_NOTE)
		return false;
	if (in[1 + QID_LEN] != '\n' || !qid_parse(in + 1, id))
		return false;
	*op = (enum clean_op)in[0];
	return true;
}
