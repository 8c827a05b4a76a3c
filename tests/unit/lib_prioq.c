/* SPDX-License-Identifier: 0BSD */
#include "lib/prioq.h"

#include "tap.h"

static uint32_t seed = 1;

static uint32_t
draw(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

enum order { UP, DOWN, SAME, RANDOM, FEW };

/* n items in that order: they come out sorted, each "what" once. */
static void
test_sorts(size_t n, enum order order)
{
	uint32_t *want = malloc((n + 1) * sizeof *want);
	bool *seen = calloc(n + 1, sizeof *seen);
	struct prioq q = { 0 };
	size_t bad = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t when = order == UP	? (uint32_t)i
				: order == DOWN ? (uint32_t)(n - i)
				: order == SAME ? 7
				: order == FEW	? draw() % 4
						: draw();

		want[i] = when;
		prioq_push(&q, (struct prioq_item){
				       .when = when, .what = (uint32_t)i });
	}
	/* what[i] belongs to when: check it before sorting */
	for (size_t i = 0; i < q.count; i++)
		bad += q.items[i].when != want[q.items[i].what];
	is_num(bad, 0, "%zu items, order %d: pairs stay together", n, order);
	qsort(want, n, sizeof *want, compare);
	bad = 0;
	for (size_t i = 0; i < n; i++) {
		const struct prioq_item *it = prioq_min(&q);

		if (!it || it->when != want[i] || seen[it->what])
			bad++;
		else
			seen[it->what] = true;
		prioq_pop(&q);
	}
	is_num(bad, 0, "%zu items, order %d: sorted", n, order);
	ok(!prioq_min(&q), "%zu items, order %d: empty at the end", n, order);
	prioq_free(&q);
	free(want);
	free(seen);
}

/* Pushes and pops mixed, against a plain array. */
static void
test_mixed(void)
{
	uint32_t model[500];
	struct prioq q = { 0 };
	size_t n = 0, bad = 0;

	for (int step = 0; step < 20000; step++) {
		if (n < 500 && (n == 0 || draw() % 5 < 3)) {
			model[n] = draw() % 1000;
			prioq_push(&q, (struct prioq_item){ model[n++], 0 });
		} else {
			qsort(model, n, sizeof *model, compare);
			bad += prioq_min(&q)->when != model[0];
			prioq_pop(&q);
			memmove(model, model + 1, --n * sizeof *model);
		}
		bad += q.count != n;
	}
	is_num(bad, 0, "pushes and pops mixed");
	prioq_free(&q);
}

int
main(void)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 4, 63, 64, 65, 10000 };
	struct prioq q = { 0 };

	prioq_pop(&q);
	ok(!prioq_min(&q), "pop of nothing");
	prioq_push(&q, (struct prioq_item){ UINT32_MAX, 1 });
	prioq_push(&q, (struct prioq_item){ 0, 2 });
	is_num(prioq_min(&q)->what, 2, "0 before UINT32_MAX");
	prioq_free(&q);
	ok(!q.items && !q.count && !q.cap, "freed");
	prioq_push(&q, (struct prioq_item){ 5, 5 });
	is_num(prioq_min(&q)->when, 5, "usable after free");
	prioq_free(&q);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (int order = UP; order <= FEW; order++)
			test_sorts(sizes[i], order);
	test_mixed();
	return done_testing();
}
