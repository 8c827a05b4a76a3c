#!/bin/sh
# SPDX-License-Identifier: 0BSD
# The programs that send by /usr/sbin/sendmail, for real, with quill's there:
# what they hand over arrives with the right envelope and body. (What sendmail
# makes of each option alone: tests/golden/sendmail.t.)
# The text in single quotes is for perl and php:
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/peers.sh"
own_net "$@"
need svscan setuidgid

sm=/usr/sbin/sendmail
quill_config quill.example
if ! mount -t tmpfs none /mnt || ! mkdir /mnt/up /mnt/work ||
	! mount -t overlay overlay \
		-o lowerdir=/usr/sbin,upperdir=/mnt/up,workdir=/mnt/work \
		/usr/sbin; then
	skip_all "no overlay here"
fi
rm -f $sm
if command -v update-alternatives >/dev/null; then
	mkdir -m 755 "$T/etc" "$T/alternatives"
	exits 'update-alternatives puts it there' 0 update-alternatives \
		--altdir "$T/etc" --admindir "$T/alternatives" \
		--log "$T/alternatives.log" \
		--install $sm sendmail "$H/bin/sendmail" 50
else
	skip 'update-alternatives' 'not installed'
	ln -s "$H/bin/sendmail" $sm
fi
mktestuser
joe=$testuser joehome=$testhome
mktestuser
ann=$testuser M=$testhome/Maildir
echo ./Maildir/ >"$testhome/.qmail-default"
chown "$ann:" "$testhome/.qmail-default"
chmod a+rx "$T"
start_suite

a=$ann-a@quill.example b=$ann-b@quill.example c=$ann-c@quill.example
self=$joe@quill.example
from=bounces@elsewhere.example

# The body: what a transport is likely to break.
cat >"$T/body" <<'END'
first line
.
..
.x
From the start of a line
a line of some seventy characters, which no program has a reason to change
last line
END
printf 'caf\303\251\n' | cat "$T/body" - >"$T/body8"
sed '/^\.$/,$d' "$T/body" >"$T/cut" # without -i
chmod a+r "$T"/body* "$T/cut"

# user CMD...: as joe, with an environment that a login would give
user()
{
	(cd "$joehome" && exec setuidgid "$joe" env -i HOME="$joehome" \
		PATH=/usr/bin:/bin:/usr/sbin USER="$joe" LOGNAME="$joe" \
		TERM=dumb ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
		UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" "$@")
}

# arrived DIR SUBJECT RECIPIENT: $got is its file
arrived()
{
	got=$(grep -lFx "Subject: $2" "$1"/new/* 2>/dev/null |
		xargs -r grep -lFx "Delivered-To: $3" | head -n 1)
	[ "$got" ]
}

# came SUBJECT SENDER BODY RECIPIENT...: one copy for each of ann's addresses,
# from that envelope sender, with exactly the body in that file; and no Bcc
came()
{
	c_name=$1 c_from=$2 c_body=$3
	shift 3
	for c_to; do
		ok "$c_name: to ${c_to%@*}" wait_until 60 \
			arrived "$M" "$c_name" "$c_to" || {
			sed 's/^/#   /' "$T/out"
			suite_diag
			return
		}
		is "$c_name: sender" "$(head -n 1 "$got")" \
			"Return-Path: <$c_from>"
		sed '1,/^$/d' "$got" >"$T/got"
		if sed '/^$/q' "$got" | grep -qi ': quoted-printable$'; then
			perl -MMIME::QuotedPrint -0777 -pe \
				'$_ = decode_qp($_)' "$T/got" >"$T/decoded"
			mv "$T/decoded" "$T/got"
		fi
		same "$c_name: body" "$T/got" "$c_body"
		unlike "$c_name: no Bcc" "$(sed '/^$/q' "$got")" '^[Bb]cc:'
	done
	is "$c_name: no more than that" \
		"$(grep -lFx "Subject: $c_name" "$M"/new/* | wc -l)" $#
}

# run NAME CMD...: CMD succeeds (not in a pipeline: tests are counted)
run()
{
	r_name=$1
	shift
	"$@" >"$T/out" 2>&1 && pass "$r_name: runs" && return
	fail "$r_name: exit $?"
	sed 's/^/#   /' "$T/out"
}

# --- mail readers -------------------------------------------------------------
if command -v mutt >/dev/null; then
	run mutt user mutt -n -F /dev/null \
		-e "set from=$from; set envelope_from=yes; set copy=no" \
		-e "set sendmail=\"$sm -oem -oi\"" -s mutt -c "$b" -b "$c" \
		-- "$a" <"$T/body"
	came mutt "$from" "$T/body" "$a" "$b" "$c"
else
	skip mutt "not installed"
fi
if command -v s-nail >/dev/null; then
	run s-nail user s-nail -:/ -S v15-compat=yes -S mta=$sm -r "$from" \
		-s s-nail -c "$b" -b "$c" "$a" <"$T/body"
	came s-nail "$from" "$T/body" "$a" "$b" "$c"
else
	skip s-nail "not installed"
fi
mailx=$(command -v bsd-mailx) || mailx=$PEERS/mailx/usr/bin/bsd-mailx
if [ -x "$mailx" ]; then
	# A copy that its user can reach; -I: the input is no terminal, so ~ is
	# not asked for.
	cp "$mailx" "$T/bsd-mailx"
	cp "$PEERS"/mailx/usr/lib/*/liblockfile.so.1* "$T/" 2>/dev/null
	run bsd-mailx user LD_LIBRARY_PATH="$T" "$T/bsd-mailx" -r "$from" \
		-s bsd-mailx -c "$b" -b "$c" "$a" <"$T/body"
	came bsd-mailx "$from" "$T/body" "$a" "$b" "$c"
else
	skip bsd-mailx "not in $PEERS (make check fetches it)"
fi

# --- git ----------------------------------------------------------------------
if [ -x "$(git --exec-path 2>/dev/null)/git-send-email" ] &&
	perl -MMail::Address -e 1 2>/dev/null; then
	{
		echo "From 0123456789012345678901234567890123456789" \
			"Mon Sep 17 00:00:00 2001"
		printf 'From: %s\nSubject: git\n\n' "$self"
		cat "$T/body"
	} >"$joehome/0001.patch"
	chmod a+r "$joehome/0001.patch"
	run git user GIT_CONFIG_NOSYSTEM=1 git -c user.name=x \
		-c user.email="$self" send-email --confirm=never --quiet \
		--no-validate --suppress-cc=all --from="$self" \
		--envelope-sender="$from" --to="$a" --cc="$b" --bcc="$c" \
		--smtp-server=$sm 0001.patch </dev/null
	came git "$from" "$T/body" "$a" "$b" "$c"
else
	skip "git send-email" "not installed"
fi

# --- scripts ------------------------------------------------------------------
# message SUBJECT BODY: to three, one of them in Bcc
message()
{
	printf 'To: A <%s>\nCc: %s\nBcc: %s,\n %s\nSubject: %s\n\n' \
		"$a" "$b" "$c" "$a" "$1"
	cat "$2"
}
message 'script -oi' "$T/body" >"$T/in"
run 'script -oi' user $sm -t -oi <"$T/in"
came 'script -oi' "$self" "$T/body" "$a" "$b" "$c"
message script "$T/body" >"$T/in"
run script user $sm -t <"$T/in"
came script "$self" "$T/cut" "$a" "$b" "$c"
message 'script -f' "$T/body8" >"$T/in"
run 'script -f' user $sm -ti -f "$from" -B8BITMIME <"$T/in"
came 'script -f' "$from" "$T/body8" "$a" "$b" "$c"
# the last line ends with the file
message 'script cut' "$T/body" | head -c -1 >"$T/in"
run 'script cut' user $sm -oi -t -odb -oem <"$T/in"
came 'script cut' "$self" "$T/body" "$a" "$b" "$c"
# addresses in the arguments alone: Bcc is nobody's business there
printf 'Subject: script rcpt\n\nbody\n' >"$T/in"
run 'script rcpt' user $sm "$a" "$b" <"$T/in"
echo body >"$T/short"
came 'script rcpt' "$self" "$T/short" "$a" "$b"
# CR LF, as scripts for the web write it
printf 'To: %s\r\nSubject: script crlf\r\n\r\nbody\r\n' "$a" >"$T/in"
run 'script crlf' user $sm -t -i <"$T/in"
came 'script crlf' "$self" "$T/short" "$a"

# logwatch's fields and its call
{
	printf 'To: %s\nFrom: Logwatch <%s>\nSubject: logwatch\n' "$a" "$self"
	printf 'Auto-Submitted: auto-generated\nPrecedence: bulk\n\n'
	sed '/^\.$/d' "$T/body"
} >"$T/in"
run logwatch user perl -e '
	open(OUTFILE, "|/usr/sbin/sendmail -t") or die;
	select OUTFILE;
	print while (<STDIN>);
	close(OUTFILE) or die "exit $?"' <"$T/in"
sed '/^\.$/d' "$T/body" >"$T/nodots"
came logwatch "$self" "$T/nodots" "$a"

# --- what cron says -----------------------------------------------------------
{
	printf 'From: root (Cron Daemon)\nTo: %s\nSubject: cron form\n' "$joe"
	printf 'Content-Type: text/plain; charset=UTF-8\n\n'
	cat "$T/body8"
} >"$T/in"
run 'cron form' user $sm -FCronDaemon -i -B8BITMIME -oem "$ann-a" <"$T/in"
came 'cron form' "$self" "$T/body8" "$a"

cron=$(command -v cron) || cron=$PEERS/cron/usr/sbin/cron
if [ -x "$cron" ]; then
	# Nobody else's jobs: tables, pid file and mark of a boot of its own.
	mkdir -p /var/spool/cron /etc/cron.d
	for dir in /var/spool/cron /etc/cron.d /run; do
		mount -t tmpfs none $dir || give_up "tmpfs on $dir"
	done
	[ ! -e /etc/crontab ] || mount --bind /dev/null /etc/crontab
	mkdir -m 755 /var/spool/cron/crontabs
	cat >"/var/spool/cron/crontabs/$joe" <<END
MAILTO=$ann-a
@reboot cat $T/body8; exit 1 #$joe
END
	chown "$joe:" "/var/spool/cron/crontabs/$joe"
	chmod 600 "/var/spool/cron/crontabs/$joe"
	: >"$T/out"
	bg "$cron" -f
	subject="Cron <$joe@$(hostname)> cat $T/body8; exit 1 #$joe"
	came "$subject" "$self" "$T/body8" "$a"
	like "cron: From" "$(sed '/^$/q' "$got")" '^From: .*Cron Daemon'
else
	skip cron "not in $PEERS (make check fetches it)"
fi

# --- languages ----------------------------------------------------------------
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3)
if [ "$python" ]; then
	run python user "$python" -c '
import email.message, subprocess, sys
a, b, c, body = sys.argv[1:]
m = email.message.EmailMessage()
m["To"], m["Cc"], m["Bcc"], m["Subject"] = a, b, c, "python"
m.set_content(open(body).read())
subprocess.run(["/usr/sbin/sendmail", "-t", "-oi"], input=m.as_bytes(),
               check=True)' "$a" "$b" "$c" "$T/body"
	came python "$self" "$T/body" "$a" "$b" "$c"
else
	skip python "not installed"
fi
run perl user perl -e '
my ($from, $a, $b, $body) = @ARGV;
open(my $in, "<", $body) or die;
open(my $mail, "|-", "/usr/sbin/sendmail", "-oi", "-f", $from, $a, $b) or die;
print $mail "From: $from\nTo: $a\nSubject: perl\n\n", <$in>;
close($mail) or die "exit $?"' "$from" "$a" "$b" "$T/body"
came perl "$from" "$T/body" "$a" "$b"
if command -v php >/dev/null; then
	run php user php -n -d "sendmail_path=$sm -t -i" -r '
exit(mail($argv[1], "php", rtrim(file_get_contents($argv[4])), # it adds the end
	array("Cc" => $argv[2], "Bcc" => $argv[3], "From" => "php@quill.example"),
	"-f " . $argv[5]) ? 0 : 1);' "$a" "$b" "$c" "$T/body" "$from"
	came php "$from" "$T/body" "$a" "$b" "$c"
else
	skip php "not installed"
fi

# --- delivery agents ----------------------------------------------------------
if command -v maildrop >/dev/null; then
	echo "to \"!$a\"" >"$joehome/filter"
	chmod 600 "$joehome/filter"
	chown "$joe:" "$joehome/filter"
	# it calls sendmail -oi -f "" then
	{
		printf 'From: %s\nTo: %s\nSubject: maildrop\n\n' "$from" "$joe"
		cat "$T/body"
	} >"$T/in"
	run maildrop user SENDER= maildrop filter <"$T/in"
	came maildrop "" "$T/body" "$a"
else
	skip maildrop "not installed"
fi
ok "nothing waits" wait_until 30 queue_empty
done_testing
