#!/bin/sh
# SPDX-License-Identifier: 0BSD
# quill-service - write daemontools service directories: see quill-service(8)
#
# DIR/NAME/.quill-service lists the checksum of every file as this program
# wrote it. A file that is different now was edited: it is kept.
set -eu
umask 022
PATH=$PATH:/command:/usr/local/bin:/usr/sbin:/sbin:/usr/bin:/bin
home=@HOME@
me=$(id -u)

usage()
{
	cat >&2 <<-END
	usage: quill-service DIR [--smtp ADDR:PORT ...] [--submission ADDR:PORT]
	       [--tls-submission ADDR:PORT] [--tls] [--qmqp ADDR:PORT]
	       [--default DELIVERY] [--verify yes|no] [--auth yes|no]
	--smtp none: no listener. ADDR: an IPv4 address, or [IPv6].
	END
	exit 100
}

refuse()
{
	echo "quill-service: $*" >&2
	exit 1
}

# --- arguments -------------------------------------------------------------
# listen OPTION ADDR:PORT: sets addr and port.
listen()
{
	case $2 in
	\[*\]:*)
		addr=${2%\]:*} port=${2##*\]:}
		addr=${addr#\[}
		case $addr in
		*[!0-9A-Fa-f:.]* | '') refuse "$1 $2: not an IPv6 address" ;;
		esac
		v6_check "$1 $2" ;;
	*:*:*) refuse "$1 $2: an IPv6 address goes in brackets: [ADDR]:PORT" ;;
	*:*)
		addr=${2%:*} port=${2#*:}
		case $addr in
		*[!0-9.]* | '') refuse "$1 $2: not an IPv4 address" ;;
		*.*.*.*) ;;
		*) refuse "$1 $2: not an IPv4 address" ;;
		esac ;;
	*) refuse "$1 $2: must be ADDR:PORT" ;;
	esac
	case $port in
	*[!0-9]* | '' | ??????*) refuse "$1 $2: not a port number" ;;
	esac
	if [ "$port" -lt 1 ] || [ "$port" -gt 65535 ]; then
		refuse "$1 $2: not a port number"
	fi
}

# The tcpserver of ucspi-tcp knows IPv4 only and ends at once on ::1.
v6_check()
{
	v6=0
	timeout 1 tcpserver -RHl0 ::1 0 true >/dev/null 2>&1 || v6=$?
	[ $v6 = 124 ] ||
		refuse "$1: this tcpserver cannot do IPv6: install ucspi-tcp-ipv6"
}

# daemon OPTION WORD: whether to have a daemon that listeners ask.
daemon()
{
	case $2 in
	yes | no) ;;
	*) refuse "$1 $2: must be yes or no" ;;
	esac
}

dir='' default='' default_given='' listeners='' smtp_given='' smtp_n=0
tls='' verify='' auth=''
add_listener()
{
	listeners="$listeners$1 $2 $3
"
}

while [ $# -gt 0 ]; do
	opt=$1
	case $opt in
	--*=*)
		val=${opt#*=} opt=${opt%%=*} ;;
	--tls) ;;
	--smtp | --submission | --tls-submission | --qmqp | --default | \
		--verify | --auth)
		[ $# -ge 2 ] || usage
		val=$2
		shift ;;
	-*) usage ;;
	*)
		[ -z "$dir" ] || usage
		dir=$opt opt='' ;;
	esac
	case $opt in
	--smtp)
		smtp_given=1
		if [ "$val" != none ]; then
			listen "$opt" "$val"
			smtp_n=$((smtp_n + 1))
			name=smtp
			[ $smtp_n = 1 ] || name=smtp-$smtp_n
			add_listener $name "$addr" "$port"
		fi ;;
	--submission)
		listen "$opt" "$val"
		add_listener submission "$addr" "$port" ;;
	--tls-submission)
		listen "$opt" "$val"
		add_listener submissions "$addr" "$port" ;;
	--tls)
		tls=1 ;;
	--qmqp)
		listen "$opt" "$val"
		add_listener qmqp "$addr" "$port" ;;
	--default)
		default=$val default_given=1
		[ "$default" ] || refuse "--default: empty" ;;
	--verify)
		daemon "$opt" "$val"
		verify=$val ;;
	--auth)
		daemon "$opt" "$val"
		auth=$val ;;
	'') ;;
	*) usage ;;
	esac
	shift
done
[ "$dir" ] || usage

twice=$(printf %s "$listeners" | cut -d' ' -f1 | sort | uniq -d)
[ -z "$twice" ] || refuse "more than one --submission, --tls-submission or --qmqp"
twice=$(printf %s "$listeners" | cut -d' ' -f2- | sort | uniq -d)
[ -z "$twice" ] || refuse "two listeners on $twice"

role()
{
	sed -n "$1s/^u \([^ ]*\) [0-9]*\$/\1/p" "$home/users/ids" 2>/dev/null
}
quilld=$(role 1) quilll=$(role 6)
if [ -z "$quilld" ] || [ -z "$quilll" ]; then
	refuse "$home/users/ids: unusable (run make install)"
fi
mkdir -p "$dir" || refuse "$dir: cannot be made"
dir=$(cd "$dir" && pwd)

# Listeners of an earlier run stay where they are when no option names them.
earlier=''
for d in "$dir"/*/.quill-service; do
	[ -f "$d" ] || continue
	earlier=1
	name=$(basename "$(dirname "$d")")
	listen=$(sed -n 's/^listen //p' "$d")
	[ "$listen" ] || continue
	case $listeners in
	"$name "* | *"
$name "*) continue ;;
	esac
	case $name in
	smtp*)
		if [ "$smtp_given" ]; then
			echo "$dir/$name: not asked for any more. To end it:" \
				"svc -dx $dir/$name $dir/$name/log;" \
				"rm -r $dir/$name"
			continue
		fi ;;
	esac
	listeners="$listeners$name $listen
"
done
if [ -z "$earlier$smtp_given" ]; then
	listeners="smtp 0.0.0.0 25
$listeners"
fi

# --- what the files say ----------------------------------------------------
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# value NAME TEXT: a file of env/. envdir reads one line and turns NUL into
# LF, so a delivery of several lines can be given.
value()
{
	printf %s "$2" | tr '\n' '\0' >"$stage/$1"
	[ -z "$2" ] || echo >>"$stage/$1"
}

# stage_log NAME
stage_log()
{
	mkdir -p "$stage/$1/env" "$stage/$1/log/env"
	value "$1/log/env/SIZE" 1000000
	value "$1/log/env/KEEP" 20
	cat >"$stage/$1/log/run" <<END
#!/bin/sh
# written by quill-service(8); values to tune are in env/
exec envdir ./env sh -c '
	exec setuidgid $quilll multilog t \\
		"s\${SIZE:-1000000}" "n\${KEEP:-20}" $home/log/$1'
END
}

stage_send()
{
	stage_log send
	value send/env/DEFAULT "$default"
	value send/env/MEMORY ''
	# quill-start becomes quill-send: svc -t, -h and -a reach that one.
	cat >"$stage/send/run" <<END
#!/bin/sh
# written by quill-service(8); values to tune are in env/
exec 2>&1
exec env - PATH="$home/bin:\$PATH" envdir ./env sh -c '
	exec softlimit \${MEMORY:+-m "\$MEMORY"} \\
		$home/bin/quill-start "\${DEFAULT:-./Maildir/}"'
END
}

# stage_daemon NAME COMMAND: one that listeners ask, on a socket below HOME/run.
stage_daemon()
{
	stage_log "$1"
	value "$1/env/MEMORY" ''
	cat >"$stage/$1/run" <<END
#!/bin/sh
# written by quill-service(8); values to tune are in env/
exec 2>&1
exec env - PATH="$home/bin:\$PATH" envdir ./env sh -c '
	exec softlimit \${MEMORY:+-m "\$MEMORY"} \\
		$home/bin/$2'
END
}

# stage_listener NAME ADDR PORT RULES [OPTIONS]: of quill-smtpd
stage_listener()
{
	program=quill-smtpd
	[ "$1" != qmqp ] || program=quill-qmqpd
	stage_log "$1"
	value "$1/env/CONCURRENCY" 40
	value "$1/env/MEMORY" 128000000
	value "$1/env/RULES" "$4.cdb"
	value "$1/env/TCPSERVER" "-vRHl0 -b 200"
	value "$1/env/WRAPPER" ''
	cat >"$stage/$1/run" <<END
#!/bin/sh
# written by quill-service(8); values to tune are in env/
# listens on $2 port $3
exec 2>&1
exec env - PATH="$home/bin:\$PATH" envdir ./env sh -c '
	exec envuidgid $quilld softlimit \${MEMORY:+-m "\$MEMORY"} \\
		tcpserver \${TCPSERVER:--vRHl0 -b 200} -U \\
		-c "\${CONCURRENCY:-40}" \${RULES:+-x "\$RULES"} \\
		$2 $3 \$WRAPPER $home/bin/$program${5:+ $5}'
END
}

# Without quill-tlsd the listener would refuse every client: it is written down
# and says why.
stage_no_tls()
{
	stage_log "$1"
	: >"$stage/$1/down"
	cat >"$stage/$1/run" <<END
#!/bin/sh
# written by quill-service(8)
# listens on $2 port $3
echo "quill-tlsd is not installed: nothing listens on $2 port $3"
sleep 60
exit 111
END
}

# --- putting them there ----------------------------------------------------
sum()
{
	cksum <"$1"
}

say()
{
	echo "$*"
	said=1
}
said=''

files_of()
{
	(cd "$1" && find . -type f ! -name .quill-service | sed 's,^\./,,' | sort)
}

# manifest NAME: what this run would have written.
manifest()
{
	echo '# quill-service: checksums of the files as it wrote them'
	[ -z "$2" ] || echo "listen $2"
	files_of "$stage/$1" | while read -r f; do
		echo "$(sum "$stage/$1/$f") $f"
	done
}

install_new()
{
	# svscan looks at a directory once: it must be complete when it is seen.
	new=$dir/.$1.new
	rm -rf "$new"
	cp -Rp "$stage/$1" "$new"
	mv "$new" "$dir/$1"
	say "$dir/$1: written"
}

# put SOURCE TARGET
put()
{
	mkdir -p "$(dirname "$2")"
	cp -p "$1" "$2.new$$"
	mv -f "$2.new$$" "$2"
}

# update NAME: change what is as an earlier run wrote it, keep the rest.
update()
{
	old=$dir/$1/.quill-service
	files_of "$stage/$1" | while read -r f; do
		target=$dir/$1/$f
		was=$(sed -n "s,^\([0-9]* [0-9]*\) $f\$,\1,p" "$old")
		if [ ! -e "$target" ]; then
			# A removed env file unsets a variable: that is an edit.
			case $was$f in
			*env/* | *down) [ -z "$was" ] || continue ;;
			esac
			put "$stage/$1/$f" "$target"
			echo "$target: written"
		elif cmp -s "$stage/$1/$f" "$target"; then
			continue
		elif [ "$f$default_given" = env/DEFAULT1 ] ||
			[ "$(sum "$target")" = "$was" ]; then
			put "$stage/$1/$f" "$target"
			echo "$target: changed"
		else
			# An env value is meant to be edited: no word about it.
			case $f in
			*env/*) ;;
			*) echo "$target: kept, it was edited" ;;
			esac
		fi
	done >"$stage/.said"
	sed -n 's/^[0-9]* [0-9]* //p' "$old" | while read -r f; do
		[ ! -e "$stage/$1/$f" ] || continue
		[ -e "$dir/$1/$f" ] || continue
		was=$(sed -n "s,^\([0-9]* [0-9]*\) $f\$,\1,p" "$old")
		[ "$(sum "$dir/$1/$f")" = "$was" ] || continue
		rm -f "$dir/$1/$f"
		echo "$dir/$1/$f: removed"
	done >>"$stage/.said"
	if [ -s "$stage/.said" ]; then
		cat "$stage/.said"
		said=1
	fi
	cmp -s "$stage/$1/.quill-service" "$old" ||
		put "$stage/$1/.quill-service" "$old"
}

# service NAME [ADDR PORT]
service()
{
	name=$1
	shift
	find "$stage/$name" -name run -exec chmod 755 {} +
	# Nothing but a service of ours is ever changed.
	if [ -e "$dir/$name" ] && [ ! -f "$dir/$name/.quill-service" ]; then
		refuse "$dir/$name: exists and was not written by quill-service"
	fi
	manifest "$name" "$*" >"$stage/$name/.quill-service"
	chmod 1755 "$stage/$name"
	log=$home/log/$name
	if [ ! -d "$log" ]; then
		mkdir -m 750 "$log"
		[ "$me" != 0 ] || chown "$quilll:0" "$log"
		say "$log/: created, for its log"
	fi
	if [ -d "$dir/$name" ]; then
		update "$name"
	else
		install_new "$name"
	fi
}

# rules FILE: TCP rules and their cdb, when missing or out of date.
rules()
{
	case $1 in
	*/tcp.qmqp) others=deny ;;
	*) others=allow ;;
	esac
	if [ ! -e "$1" ]; then
		cat >"$1" <<-'END'
		# Who may connect, and with what environment: tcprules(1). After
		# a change: quill-service again, or
		# tcprules FILE.cdb FILE.tmp <FILE
		END
		case $1 in
		*/tcp.submission) cat <<-'END' ;;
			# RELAYCLIENT: this machine is no stranger, when limits
			# are near; it has to authenticate itself all the same.
			END
		*) cat <<-'END' ;;
			# RELAYCLIENT: mail to any domain is taken from this machine.
			END
		esac >>"$1"
		printf '%s\n' '127.:allow,RELAYCLIENT=""' ":$others" >>"$1"
		say "$1: written"
	fi
	if [ ! -e "$1.cdb" ] || [ "$(find "$1" -newer "$1.cdb")" ]; then
		tcprules "$1.cdb" "$1.tmp" <"$1" ||
			refuse "$1: tcprules cannot make $1.cdb"
		say "$1.cdb: made"
	fi
}

if [ -z "$default_given" ]; then
	default=./Maildir/
	[ ! -f "$dir/send/env/DEFAULT" ] ||
		default=$(tr '\0' '\n' <"$dir/send/env/DEFAULT")
fi
for tool in envdir softlimit setuidgid multilog tcpserver tcprules; do
	command -v $tool >/dev/null ||
		refuse "$tool is not installed (daemontools, ucspi-tcp)"
done
# TLS: by --tls, where there are certificates, where somebody listens for it.
tlsd=''
[ ! -x "$home/bin/quill-tlsd" ] || tlsd=1
case $listeners in
submissions*|*"
submissions"*) tls=${tls:-$tlsd} ;;
esac
if [ -d "$home/control/tls" ] || [ -f "$dir/tls/.quill-service" ]; then
	tls=${tls:-$tlsd}
fi
[ -z "$tls" ] || [ "$tlsd" ] ||
	refuse "--tls: quill-tlsd is not installed (make tls, make install)"
# want NAME WORD DEFAULT: adds to $daemons what WORD (yes, no or nothing said)
# asks for, what is there, and what there is when DEFAULT is not empty.
daemons=''
want()
{
	if [ "$2" = no ]; then
		[ ! -f "$dir/$1/.quill-service" ] ||
			echo "$dir/$1: not asked for any more. To end it:" \
				"svc -dx $dir/$1 $dir/$1/log; rm -r $dir/$1"
	elif [ "$2$3" ] || [ -d "$dir/$1" ]; then
		daemons="$daemons $1"
	fi
}
want verify "$verify" "$(printf %s "$listeners" | grep -v '^qmqp' || :)"
want auth "$auth" "$(printf %s "$listeners" | grep '^submission' || :)"
# A foreign directory in the way: find it before anything is written.
for name in send ${tls:+tls} $daemons \
	$(printf %s "$listeners" | cut -d' ' -f1); do
	[ ! -e "$dir/$name" ] || [ -f "$dir/$name/.quill-service" ] ||
		refuse "$dir/$name: exists and was not written by quill-service"
done

stage_send
service send
# Before those who ask them.
for name in $daemons; do
	case $name in
	verify) stage_daemon verify 'quill-start -v' ;;
	auth) stage_daemon auth quill-authd ;;
	esac
	service "$name"
done
notes=''
if [ "$tls" ]; then
	if [ ! -d "$home/control/tls" ]; then
		mkdir -m 700 "$home/control/tls"
		say "$home/control/tls/: created, for certificates"
	fi
	stage_daemon tls quill-tlsd
	service tls
	[ -e "$home/control/tls/default/cert.pem" ] || notes="$notes
tls: no certificate in $home/control/tls/default yet: quill-tlsd(8)."
fi
while read -r name addr port; do
	case $name in
	'') continue ;;
	submissions)
		if [ "$tlsd" ]; then
			rules=$home/control/tcp.submission
			rules "$rules"
			stage_listener "$name" "$addr" "$port" "$rules" '-s -t'
		else
			stage_no_tls "$name" "$addr" "$port"
			notes="$notes
submissions: quill-tlsd is not installed; the service is down and says so."
		fi ;;
	submission)
		rules=$home/control/tcp.submission
		rules "$rules"
		stage_listener "$name" "$addr" "$port" "$rules" -s ;;
	*)
		rules=$home/control/tcp.${name%-[0-9]*}
		rules "$rules"
		stage_listener "$name" "$addr" "$port" "$rules" ;;
	esac
	service "$name" "$addr" "$port"
done <<END
$listeners
END

if [ -z "$said" ]; then
	echo "$dir: nothing to do"
elif [ -z "$earlier" ]; then
	cat <<-END
	To run them: svscan $dir
	or, with a running daemontools, links such as:
	ln -s $dir/send /etc/service/quill-send
	END
fi
[ -z "$notes" ] || echo "$notes"
