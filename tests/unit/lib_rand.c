/* SPDX-License-Identifier: 0BSD */
#include "lib/rand.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static void
test_bytes(void)
{
	static unsigned char big[1 << 20];
	size_t counts[256] = { 0 }, bad = 0;
	unsigned char a[16], b[16], guard[3] = { 1, 2, 3 };

	rand_bytes(a, sizeof a);
	rand_bytes(b, sizeof b);
	ok(memcmp(a, b, sizeof a) != 0, "two draws differ");
	rand_bytes(guard + 1, 0);
	is_mem(guard, 3, "\1\2\3", 3, "0 bytes touch nothing");
	rand_bytes(big, sizeof big);
	for (size_t i = 0; i < sizeof big; i++)
		counts[big[i]]++;
	/* mean 4096, deviation 64: ten deviations never happen */
	for (int i = 0; i < 256; i++)
		bad += counts[i] < 4096 - 640 || counts[i] > 4096 + 640;
	is_num(bad, 0, "1 MiB, each byte as often");
	ok(rand_u32() != rand_u32() || rand_u32() != rand_u32(), "u32");
}

static void
test_below(void)
{
	static const uint32_t limits[] = { 1, 2, 3, 10, 0x80000001,
		UINT32_MAX };
	size_t high = 0, counts[3] = { 0 };

	is_num(rand_below(0), 0, "below 0 does not divide by it");
	for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
		int bad = 0;

		for (int i = 0; i < 2000; i++)
			bad += rand_below(limits[k]) >= limits[k];
		is_num(bad, 0, "below %u", (unsigned)limits[k]);
	}
	for (int i = 0; i < 30000; i++)
		counts[rand_below(3)]++;
	for (int i = 0; i < 3; i++)
		ok(counts[i] > 9000 && counts[i] < 11000, "%d of 3", i);
	/* Without rejection two thirds would be under 2^30. */
	for (int i = 0; i < 30000; i++)
		high += rand_below(0xc0000000) >= 0x40000000;
	ok(high > 19000 && high < 21000, "no bias (%zu)", high);
}

static void
test_fork(void)
{
	uint32_t mine[4], its[4] = { 0 };
	int fds[2], status;
	pid_t pid;

	rand_u32();
	if (pipe(fds) < 0 || (pid = fork()) < 0) {
		ok(0, "fork");
		return;
	}
	if (pid == 0) {
		rand_bytes(its, sizeof its);
		_exit(write(fds[1], its, sizeof its) != sizeof its);
	}
	rand_bytes(mine, sizeof mine);
	waitpid(pid, &status, 0);
	is_num(read(fds[0], its, sizeof its), sizeof its, "child's draw");
	ok(memcmp(mine, its, sizeof its) != 0, "differs after a fork");
}

int
main(void)
{
	test_bytes();
	test_below();
	test_fork();
	return done_testing();
}
