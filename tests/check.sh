#!/bin/sh
# SPDX-License-Identifier: 0BSD
# check.sh - make check: install what the tests need, build, run every test
#
# PASSES (make check PASSES="..."), each a build of its own with all its tests:
#	default   conf-cc as it stands (musl-gcc -static), lint/ and crash/
#	gcc clang the system's C library, dynamic, -Werror; of the scenarios
#		those that show that mail flows
#	san       ASan and UBSan, and some scenarios more; SAN=1 runs this alone
# ALL=1: every scenario with each build.
# The last line is "N passed, M failed", with ", K skipped" when there are any.
set -u
cd "$(dirname "$0")/.." || exit 99
MAKE=${MAKE:-make}
# What started us may have options of its own (-j, V=1, B=): take none over.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS
PATH=$PATH:/usr/sbin:/sbin
# scenarios wait more than they work
JOBS=$(($(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1))
export JOBS
if [ "${SAN:-}" ]; then
	PASSES=san
else
	PASSES=${PASSES:-default gcc clang san}
fi

# --- what the tests need ---------------------------------------------------
# command:package
needs='cc:gcc make:make ar:binutils musl-gcc:musl-tools clang:clang
clang-format:clang-format prove:perl svscan:daemontools tcpserver:ucspi-tcp
tinydns:tinydns dnscache:dnscache dnsq:djbdns-utils swaks:swaks mandoc:mandoc
shellcheck:shellcheck strace:strace unshare:util-linux ip:iproute2
python3:python3 socat:socat cdb:tinycdb mkfs.xfs:xfsprogs
mkfs.btrfs:btrfs-progs pkg-config:pkg-config
fusermount3:fuse3 procmail:procmail maildrop:maildrop vacation:vacation
pgrep:procps nft:nftables
openssl:openssl opendkim:opendkim opendkim-genkey:opendkim-tools
spamd:spamd spamass-milter:spamass-milter spamc:spamc
/usr/bin/dkimverify:python3-dkim /usr/lib/dovecot/imap:dovecot-imapd
/usr/lib/dovecot/pop3:dovecot-pop3d offlineimap:offlineimap3 mbsync:isync
notmuch:notmuch getmail:getmail6
msmtp:msmtp s-nail:s-nail mutt:mutt git:git
/usr/lib/git-core/git-send-email:git-email
nsd:nsd unbound:unbound ldns-signzone:ldnsutils
/usr/lib/dovecot/dovecot-lda:dovecot-core
/usr/lib/dovecot/lmtp:dovecot-lmtpd mta-sts-daemon:postfix-mta-sts-resolver
promtool:prometheus tidy:tidy chromium:chromium'
# and smtp-sink and smtp-source of Postfix, unpacked, not installed
. tests/peers.sh

missing=''
for n in $needs; do
	command -v "${n%%:*}" >/dev/null || missing="$missing ${n##*:}"
done
# cc without the C library's headers
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
# what git send-email needs
perl -MMail::Address -e 1 2>/dev/null || missing="$missing libmailtools-perl"
perl -MAuthen::SASL -e 1 2>/dev/null || missing="$missing libauthen-sasl-perl"
perl -MIO::Socket::SSL -e 1 2>/dev/null ||
	missing="$missing libio-socket-ssl-perl"
# what swaks needs for TLS
perl -MNet::SSLeay -e 1 2>/dev/null || missing="$missing libnet-ssleay-perl"
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null ||
	missing="$missing python3-aiosmtpd"
[ -e /usr/include/openssl/ssl.h ] || missing="$missing libssl-dev"
[ -e /usr/include/fuse3/fuse_lowlevel.h ] || missing="$missing libfuse3-dev"

# Nothing that is installed for the tests may start a daemon.
policy()
{
	[ ! -e /usr/sbin/policy-rc.d ] || return 0
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	policy_ours=1
}

if [ "$missing" ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "check: installing$missing"
		policy_ours=''
		policy
		set -- -o DPkg::Lock::Timeout=300 install -y \
			--no-install-recommends
		export DEBIAN_FRONTEND=noninteractive
		# shellcheck disable=SC2086
		apt-get "$@" $missing >/tmp/check.$$ 2>&1 </dev/null || {
			apt-get -o DPkg::Lock::Timeout=300 update \
				>/dev/null 2>&1 </dev/null
			apt-get "$@" $missing >/tmp/check.$$ 2>&1 </dev/null
		} || {
			tail -n 5 /tmp/check.$$
			echo "check: could not install all of:$missing"
		}
		rm -f /tmp/check.$$
		[ -z "$policy_ours" ] || rm -f /usr/sbin/policy-rc.d
	else
		echo "check: not installed:$missing"
		echo "check: tests that need them are skipped or fail" \
			"(as root, with apt-get, they would be installed)"
	fi
fi
if [ ! -x "$POSTFIX/usr/sbin/qmqp-sink" ]; then
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "check: fetching smtp-sink"
		peers_fetch || echo "check: no smtp-sink: see $PEERS/log"
	else
		echo "check: no smtp-sink: tests that need it are skipped"
	fi
fi
while read -r dir program packages; do
	if [ -x "$PEERS/$dir/$program" ] || [ "$(id -u)" != 0 ] ||
		! command -v apt-get >/dev/null; then
		continue
	fi
	echo "check: fetching $dir"
	# shellcheck disable=SC2086
	peers_unpack "$dir" "$program" $packages ||
		echo "check: no $dir: see $PEERS/$dir.log"
done <<'END'
mlmmj usr/bin/mlmmj-receive mlmmj
mailx usr/bin/bsd-mailx bsd-mailx liblockfile1
cron usr/sbin/cron cron
END
[ "$(id -u)" = 0 ] ||
	echo "check: not root: tests that install the suite are skipped"

# --- building and running --------------------------------------------------
harden='-O2 -pipe -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fno-strict-aliasing'
relro='-pie -Wl,-z,relro,-z,now,-z,noexecstack'
counts=$(mktemp)
trap 'rm -f "$counts"' EXIT
passed=0 failed=0 skipped=0

# one PASS BUILD-DIR VARIABLE=VALUE...
one()
{
	pass=$1 dir=$2
	shift 2
	echo "--- $pass: make B=$dir $*"
	tls=''
	[ ! -e /usr/include/openssl/ssl.h ] || tls=tls
	# shellcheck disable=SC2086
	if ! $MAKE -s -j"$JOBS" B="$dir" WERROR=-Werror "$@" all $tls units \
		</dev/null; then
		echo "not ok - $pass: does not build"
		failed=$((failed + 1))
		return
	fi
	lint='' scenarios='tests/scenario/*.t'
	[ "$pass" != default ] || lint=lint
	case ${ALL:-}$pass in
	gcc | clang | san)
		scenarios='flow smtp remote'
		[ "$pass" != san ] || scenarios="$scenarios queue bounce badinput
			submission milter quillctl"
		# shellcheck disable=SC2086
		scenarios=$(printf 'tests/scenario/%s.t ' $scenarios) ;;
	esac
	# shellcheck disable=SC2086
	for f in tests/unit/*.c tests/"${lint:-golden}"/*.t \
		tests/"${lint:+crash/}"quick.t tests/golden/*.t \
		$scenarios; do
		case $f in
		tests/unit/*)
			f=${f#tests/unit/}
			f=$dir/tests/unit/${f%.c} ;;
		esac
		[ ! -f "$f" ] || printf '%s\n' "$f"
	done | sort -u | B=$dir perl tests/harness.pl "$counts"
	# shellcheck disable=SC2034
	read -r p f s <"$counts" || p=0 f=1 s=0
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

SAN='' TESTCC='' TESTLD=''
export SAN TESTCC TESTLD
# Tests of single programs need the accounts, too.
[ "$(id -u)" != 0 ] ||
	sh src/tools/install.sh accounts "$(head -n 1 conf-home)"
for name in $PASSES; do
	SAN='' TESTCC='' TESTLD=''
	case $name in
	default) one default "${B:-build}" ;;
	gcc | clang)
		command -v "$name" >/dev/null || {
			echo "--- $name: not installed: SKIPPED"
			skipped=$((skipped + 1))
			continue
		}
		TESTCC="$name $harden" TESTLD="$name $relro"
		one "$name" "build/$name" CC="$TESTCC" LD="$TESTLD" ;;
	san)
		SAN=1
		one san build/san SAN=1 ;;
	*)
		echo "check: unknown pass $name" >&2
		exit 100 ;;
	esac
done

line="$passed passed, $failed failed"
[ $skipped = 0 ] || line="$line, $skipped skipped"
echo "$line"
[ $failed = 0 ] && [ $passed != 0 ]
