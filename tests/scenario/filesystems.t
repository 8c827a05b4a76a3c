#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The suite on other file systems: queue, homes and logs on tmpfs, ext4, xfs and
# btrfs, the last three in images on loop devices. Runs other scenario tests
# with their files there; FS=all runs more of them.
# runs alone
. "$(dirname "$0")/../lib.sh"
need_root
need losetup unshare
[ "${quill_test_fs:-}" ] || {
	cd / && rm -rf "$T"
	trap - EXIT
	exec unshare -m env quill_test_fs=1 \
		sh "$TOP/tests/scenario/filesystems.t"
}

case ${FS:-} in
all) tests='bounce bytes queue flow' ;;
*) tests='bounce' ;;
esac

for fs in tmpfs ext4 xfs btrfs; do
	at=$T/$fs
	mkdir "$at"
	if [ $fs = tmpfs ]; then
		mount -t tmpfs -o size=300m tmpfs "$at"
	else
		truncate -s 600m "$T/$fs.img"
		if ! command -v mkfs.$fs >/dev/null ||
			! mkfs.$fs -q "$T/$fs.img" >"$T/mkfs" 2>&1 ||
			! mount -o loop "$T/$fs.img" "$at" 2>"$T/mkfs"; then
			for t in $tests; do
				skip "$t on $fs" \
					"no mkfs.$fs, or not in this kernel"
			done
			continue
		fi
	fi
	chmod 755 "$at"
	for t in $tests; do
		ok "$t on $fs" env TMPDIR="$at" \
			sh "$TOP/tests/scenario/$t.t"
	done
	# a loop device goes with its mount
	ok "$fs: unmounted" wait_until 10 umount "$at"
done
done_testing
