# SPDX-License-Identifier: 0BSD
# setup.sh - a home for the crash tests; source it after lib.sh
# shellcheck shell=sh

# crash_setup: the suite in $H, with the queue, alias's and two users' homes on
# a cutfs at $M. What is there at the beginning is in $T/tree.
crash_setup()
{
	need_root
	need python3
	[ -c /dev/fuse ] || skip_all "no /dev/fuse"
	unshare -p -f true 2>/dev/null || skip_all "no pid namespaces here"
	make -s -C "$TOP" B="${B#"$TOP"/}" crash-tools >"$T/tools.log" 2>&1 || {
		sed 's/^/# /' "$T/tools.log"
		give_up "the crash tests' tools do not build"
	}
	quill_config local.example
	M=$T/mnt
	mkdir "$M" "$T/work" "$T/tree" "$T/tree/home"
	for crash_c in locals me; do
		echo local.example >"$H/control/$crash_c"
	done
	echo u2 >"$H/control/doublebounceto"
	for crash_c in 1 2; do
		crash_d=$T/tree/home/u$crash_c
		mkdir -m 700 "$crash_d" "$crash_d/Maildir" \
			"$crash_d/Maildir/tmp" "$crash_d/Maildir/new" \
			"$crash_d/Maildir/cur"
		crash_u=u$crash_c:6100$crash_c:6100$crash_c:$M/home/u$crash_c
		printf '=%s:%s:::\n+%s-:%s:-::\n' u$crash_c "$crash_u" \
			u$crash_c "$crash_u"
		[ $crash_c = 2 ] ||
			echo '&u2@local.example' >"$crash_d/.qmail-fwd"
		chown -R 6100$crash_c:6100$crash_c "$crash_d"
	done >"$H/users/assign"
	echo . >>"$H/users/assign"
	"$H/bin/quill-newu" || give_up quill-newu
	mv "$H/queue" "$T/tree/queue" && ln -s "$M/queue" "$H/queue"
	mv "$H/alias" "$T/tree/alias" && ln -s "$M/alias" "$H/alias"
}

# crash WORDS...: crash.py with them.
crash()
{
	python3 "$TOP/tests/crash/crash.py" --home "$H" --tree "$T/tree" \
		--mount "$M" --work "$T/work" --cutfs "$B/crash/cutfs" \
		--box "$B/crash/box" "$@"
}
