#!/bin/sh
# SPDX-License-Identifier: 0BSD
# run.sh DIR SECONDS NAME... - run built fuzz targets one after the other;
# inputs that were worth keeping stay in DIR/corpus/NAME. Exit 1 if any failed.
set -u
dir=$1 seconds=$2
shift 2
bad=0

# What would take long to be found by chance.
seed()
{
	case $1 in
	envelope) printf 'Fa@b\0PRET=FULL\0Tc@d\0PNOTIFY=NEVER\0T\0\0' ;;
	env) printf '1\0B1\0S2\0O3 4\0Fa\0PRET=FULL\0Tb\0Dc\0PX=y\0Xd\0' ;;
	job) printf 'N1\0I0123456789abcdef\0B2\0S3\0Fa\0PA=b\0Hh\0Tc\0PN=d\0\0' ;;
	report) printf 'N1\0Irelay=h\0RK2.0.0 ok\0RD5.1.1 no\0G550 no\0' ;;
	note) printf '\0N1 2\0S5.1.1\0Rtext\0Greply\0Hhost\0\0' ;;
	pwreq) printf 'N1\0=joe\0001000\000100\0/home/joe\0-\0ext\0' ;;
	assign) printf '+joe-:joe:1000:100:/home/joe:-:ext:' ;;
	byhand) printf '\002r\0hno (#5.1.1)\0slater\0Kok\0' ;;
	aliases) printf 'a: b, "|c d",\n :include:/e,\n \\\\f, /g/\n"h i": j@k\n' ;;
	aliasdb) printf '&a@b\0|c d\0//e\0:/f\0\\g\0' ;;
	ctl) printf 'Vbounce\0Awhy\0I0123456789abcdef\0n1\0n2\0\0' ;;
	clean) printf 'r0123456789abcdef\n' ;;
	smtpd_data) printf '\001S: x\r\n\r\n..a\nb\n.\r\nc\n.\nd\r\n.\re\0f\r\n.\r\n' ;;
	smtpd_session) printf '%s\r\n' 'EHLO [192.0.2.1]' \
		'MAIL FROM:<a@b.c> SIZE=5 BODY=8BITMIME RET=HDRS ENVID=x+2By' \
		'RCPT TO:<"a b"@[IPv6:2001:db8::1]> NOTIFY=NEVER ORCPT=rfc822;z' \
		'RCPT TO:<@x,@y:postmaster>' DATA 'S: x' '' ..a . RSET 'HELO c' \
		'VRFY x' 'EXPN x' HELP NOOP 'ETRN b.c' STARTTLS 'EHLO d' \
		'AUTH PLAIN AGEAYg==' 'AUTH LOGIN' YQ== Yg== \
		'MAIL FROM:<ä@b.c> SMTPUTF8' 'RCPT TO:<x@y>' QUIT ;;
	tlsrec) printf 'd60000\0pmx.example[192.0.2.1]\0v2\0smx.example\0nmx.example\0t3 1 1 00ff\0cdefault\0kx\0lsmtp\0\0' ;;
	tlsd_signreq) printf '1\0003\0digest' ;;
	authd_dovecot) printf 'FAIL\t1\tuser=j\001t\tcode=temp_fail' ;;
	pwfile) printf '# x\nann:x:1:2\nbob:!\n\n' ;;
	verify) printf 'N1\0=\0001000\0joe\0joe-x\0.qmail-x\0\0' ;;
	socketmap) printf '38:OK secure match=.b:mx.a servername=hos,' ;;
	idna) printf 'm\303\274nchen\343\200\202\344\276\213.x' ;;
	sevenbit) printf 'xContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n\351 = \n--b\nContent-Type: message/rfc822\n\nContent-Type: a/b\n\n\351\n--b--\n' ;;
	smtpreply) printf '%s\r\n' '250-x.example' '250-SIZE 10240000' \
		'250-AUTH PLAIN LOGIN' '250 LIMITS RCPTMAX=5' '550-5.1.1 no' \
		'550 5.1.1 such user' '452' '354 go' ;;
	dnspkt) printf '\306\003a.b\0\0\201\200\0\001\0\003\0\0\0\0\001a\001b\0\0\017\0\001\300\014\0\005\0\001\0\0\0\074\0\004\001c\300\014\001c\300\014\0\017\0\001\0\0\0\074\0\006\0\012\001m\300\014\001c\300\014\0\017\0\001\0\0\0\074\0\003\0\0\0' ;;
	checkdns) printf 'v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~a:b.example/24//64 mx include:c exp=d -all; p=none; id=7; rua=x' ;;
	tlsa) printf '\0\0\201\240\0\1\0\1\0\0\0\0\003_25\004_tcp\1a\1b\0\0\064\0\1\300\014\0\064\0\1\0\0\0\074\0\043\003\001\00101234567890123456789012345678901' ;;
	smtpd_auth) printf '1am9l\ncHc=\n' ;;
	milter) printf '\0\0\0\015O\0\0\0\006\0\0\0\377\0\035\366\377\0\0\0\006hX\0y\0\0\0\0\002bz\0\0\0\001c' ;;
	quillctl) printf 'lstarting delivery 1: msg 0123456789abcdef to local a\ndelivery 1: success: ok/ to=a relay=-\n' ;;
	quillctl_report) printf 'info msg 0123456789abcdef: bytes 7 from <a@b> qp 1\nstarting delivery 1: msg 0123456789abcdef to local a\ndelivery 1: deferral: no/ to=a relay=- delay=1.000 dsn=4.0.0\nquill-smtpd: refused pid=1 code=550 text="no%%3C" what=\nend msg 0123456789abcdef\n' ;;
	authreq) printf '1\0joe\0pw\000192.0.2.1\0smtp\0T\0' ;;
	esac
}

for name in "$@"; do
	mkdir -p "$dir/corpus/$name"
	seed "$name" >"$dir/corpus/$name/seed"
	max=4096
	# shellcheck disable=SC2086
	if "$dir/$name" -max_total_time="$seconds" -max_len=$max -timeout=10 \
		-rss_limit_mb=1024 -artifact_prefix="$dir/$name-" \
		"$dir/corpus/$name" >"$dir/$name.log" 2>&1 </dev/null; then
		echo "ok - $name: $(grep -a '^Done' "$dir/$name.log")"
	else
		echo "not ok - $name"
		tail -n 40 "$dir/$name.log" | sed 's/^/# /'
		bad=1
	fi
done
exit $bad
