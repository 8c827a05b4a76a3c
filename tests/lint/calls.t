#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Calls that no program of the suite makes, read off the objects.
. "$(dirname "$0")/../lib.sh"
need nm
cd "$TOP" || exit 99

# What our objects ask libc for; __x_chk is x under FORTIFY, x64 is x.
for o in "$B"/o/*/*.o "$B"/os/*/*.o; do
	f=${o#"$B"/}
	[ -f "src/${f#*/}" ] || [ -f "src/$(echo "${f#*/}" | sed 's/o$/c/')" ] ||
		continue
	nm -u "$o" | awk -v f="$f" '{ print f, $NF }'
done | sed 's/@.*//; s/ __\([a-z0-9_]*\)_chk$/ \1/; s/ __isoc[0-9]*_/ /' \
	>"$T/calls"
ok "objects were looked at" test "$(wc -l <"$T/calls")" -gt 200

none()
{
	none_what=$1
	shift
	for none_c in "$@"; do
		grep " $none_c\$" "$T/calls"
	done >"$T/bad"
	is "no $none_what" "$(cat "$T/bad")" ''
}

none "stdio" printf fprintf vfprintf sprintf vsprintf snprintf vsnprintf \
	dprintf fopen fdopen fgets fputs fputc putc puts putchar fwrite fread \
	getc fgetc getline perror sscanf scanf fflush stdin stdout stderr
none "strtol and its kin" strtol strtoul strtoll strtoull strtod atoi atol \
	atoll
none "string traps" strtok strtok_r strncpy strncat gets
none "ctype or locale" isalpha isdigit isalnum isspace isupper islower \
	isprint toupper tolower __ctype_b_loc __ctype_tolower_loc setlocale \
	strcasecmp strncasecmp
none "local time" localtime localtime_r mktime strftime
none "select" select pselect FD_SET __fdelt_chk
none "shell" system popen
none "guessable names" tmpnam tempnam mktemp
none "resolver of libc" getaddrinfo gethostbyname gethostbyname2 res_query \
	res_search res_init getservbyname

grep '^o.*/' "$T/calls" | grep -v '^os/' | grep -E \
	' (getpwnam|getpwuid|getgrnam|getgrgid|initgroups|getpwent)(_r)?$' \
	>"$T/bad"
is "no name service in programs on the path of a message" \
	"$(cat "$T/bad")" ''
grep -E '^o/queue/.* (getenv|secure_getenv|site_env|environ)$' "$T/calls" \
	>"$T/bad"
is "no environment in setuid code" "$(cat "$T/bad")" ''
# In the queue root goes one way, quillctl/below.h, and by names of others
# nowhere. (offline.c writes a log, import.c looks at the backup, as archive.c
# and export.c do.)
for f in fsck fsckmess mend import arrive walk queue show order replies doing \
	ask offline; do
	grep "^o/quillctl/$f\.o " "$T/calls"
done | grep -E ' (l?stat|open|openat|opendir|faccessat|access|l?chown|fchownat|chmod|fchmodat|link|linkat|unlink|unlinkat|remove|rename|renameat|symlink|mkdir|mkdirat|mkfifo|mkfifoat|mknod|truncate|utimensat|file_read|file_replace|file_syncdir|fd_open|hint_send)$' |
	grep -vE '/(offline[.]o (fd_open|mkdir)|import[.]o access)$' >"$T/bad"
is "in the queue quillctl follows no link" "$(cat "$T/bad")" ''
is "no header of those" "$(grep -nE \
	'^ *# *include <(ctype|locale|netdb|resolv|sys/select)\.h>' \
	src/*/*.[ch])" ''
# No stack of a size that input decides.
is "no alloca" "$(grep -nE '\<alloca\(' src/*/*.[ch])" ''
done_testing
