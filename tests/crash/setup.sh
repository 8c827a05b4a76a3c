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
	pkg-config --exists fuse3 2>/dev/null ||
		skip_all "libfuse3-dev is not installed"
	unshare -p -f true 2>/dev/null || skip_all "no pid namespaces here"
	make -s -C "$TOP" B="${B#"$TOP"/}" crash-tools >"$T/tools.log" 2>&1 || {
		sed 's/^/# /' "$T/tools.log"
		give_up "the crash tests' tools do not build"
	}
	quill_config local.example
	M=$T/mnt
	mkfifo "$T/fifo"
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

# crash WORDS...: crash.py with them; its verdicts become tests.
crash()
{
	python3 "$TOP/tests/crash/crash.py" --home "$H" --tree "$T/tree" \
		--mount "$M" --work "$T/work" --cutfs "$B/crash/cutfs" \
		--box "$B/crash/box" --failed "$B/crash/failed" --seed "${SEED:-1}" "$@" \
		>"$T/fifo" 2>"$T/crash.err" </dev/null &
	crash_pid=$!
	echo $crash_pid >>"$T/.pids"
	while read -r crash_verb crash_text; do
		case $crash_verb in
		pass) pass "$crash_text" ;;
		fail) fail "$crash_text" ;;
		skip) skip "${crash_text%%: *}" "${crash_text#*: }" ;;
		'#') echo "# $crash_text" ;;
		*) diag "$crash_verb $crash_text" ;;
		esac
	done <"$T/fifo"
	wait "$crash_pid"
	crash_rc=$?
	sed -i "/^$crash_pid\$/d" "$T/.pids"
	[ $crash_rc = 0 ] || {
		fail "crash.py $*"
		diag "$(tail -n 20 "$T/crash.err")"
	}
}

# crash_long: what takes long, without cutfs.
crash_long()
{
	for crash_c in ext4 xfs; do
		crash kernel $crash_c
	done
	crash long "${MESSAGES:-20000}"
}

# broken NAME: how the build of that control differs: PROGRAM, FILE and an sed
# script; and WORKLOADS in which it is to be seen.
broken()
{
	case $1 in
	no-directory-sync)
		program=quill-queue file=src/queue/commit.c
		script='s/ || fsync(c->dir) == -1//' workloads=local1 ;;
	message-without-sync)
		program=quill-queue file=src/queue/commit.c
		script='s/fsync(c->mess) == -1/0/' workloads=local1 ;;
	found-without-check)
		program=quill-send file=src/send/admit.c
		script='s/if (!known_trusted(slot)) {/if (0) {/'
		workloads='local1 big' ;;
	check-of-size-only)
		program=quill-clean file=src/clean/check.c
		script='s/ || sum != expect//' workloads='local1 big' ;;
	mark-before-maildir-entry)
		program=quill-local file=src/local/maildir.c
		script='s/ else if (sync_dir(dir) < 0) {/ else if (0) {/'
		workloads=local1 ;;
	mark-before-bounce-text)
		program=quill-clean file=src/clean/clean.c
		script='s/return verdict(sync_file(id, QFILE_BOUNCE) .*/return CLEAN_DONE;/'
		workloads=bounce ;;
	maildir-without-sync)
		program=quill-local file=src/local/maildir.c
		script='s/return n < 0 ? -1 : fsync(fd);/return n < 0 ? -1 : 0;/'
		workloads=local1 ;;
	removal-without-sync)
		program=quill-clean file=src/clean/clean.c
		script='s/^		sync_dirs();//' workloads='local1 remote' ;;
	marks-without-sync)
		program=quill-send file=src/send/result.c
		script='s/cleaner_ask(CLEAN_SYNC, m->id);/;/'
		workloads='mixed local2' ;;
	esac
}

# controls [NAME...]: is each of these defects caught?
controls()
{
	[ $# != 0 ] || set -- no-directory-sync message-without-sync \
		found-without-check check-of-size-only \
		mark-before-maildir-entry mark-before-bounce-text \
		maildir-without-sync removal-without-sync marks-without-sync
	for control do
		broken "$control"
		rm -rf "$T/broken"
		mkdir "$T/broken"
		cp -R "$TOP"/src "$TOP"/Makefile "$TOP"/conf-* "$T/broken"
		sed -e "$script" "$TOP/$file" >"$T/broken/$file"
		if cmp -s "$TOP/$file" "$T/broken/$file"; then
			fail "control $control: $file has changed, adapt it"
			continue
		fi
		make -s -C "$T/broken" B=build R="$T/broken/link" \
			rhome="$H" "$T/broken/link/bin/$program" \
			>"$T/broken.log" 2>&1 || {
			fail "control $control: does not build"
			diag "$(tail -n 5 "$T/broken.log")"
			continue
		}
		mv "$H/bin/$program" "$T/whole"
		install -m 700 "$T/broken/link/bin/$program" "$H/bin/$program"
		chown --reference="$T/whole" "$H/bin/$program"
		chmod --reference="$T/whole" "$H/bin/$program"
		# shellcheck disable=SC2086
		crash control "$control" $workloads
		mv "$T/whole" "$H/bin/$program"
	done
}
