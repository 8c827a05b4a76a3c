#!/bin/sh
# SPDX-License-Identifier: 0BSD
# closure.sh - how much source is linked into one program (make closure)
#
#	closure.sh NAME MAIN.c OBJDIR LD [OPTIONS] OBJECTS ARCHIVES
#
# Prints: name, who it runs as (from its process card), lines of its own folder
# and of all that is linked, comments included. The linker itself says which
# members of the archives it took.
set -eu
name=$1 main=$2 objdir=$3
shift 3
user=$(sed -n 's/^ \* runs as  *\([^;,(]*[^;,( ]\).*/\1/p' "$main" | head -n 1)
"$@" -Wl,--trace,--trace -o /dev/null | tr '()' '  ' |
	awk -v dir="$objdir/" '
	index($0, dir) {
		# build/o/lib.a str.o, or build/o/queue/queue.o
		f = substr($0, index($0, dir) + length(dir))
		if (split(f, part, " ") == 2) {
			sub(/\.a$/, "", part[1])
			f = part[1] "/" part[2]
		} else if (f !~ /\.o$/)
			next
		sub(/\.o$/, ".c", f)
		if (!(f in seen)) {
			seen[f]
			print "src/" f
		}
	}' | xargs awk -v name="$name" -v user="${user:-?}" '
	{ all++ }
	FILENAME !~ /^src\/(lib|mail|wire|spawn)\// { own++ }
	END { printf "%-14s %-10s %6d %6d\n", name, user, own, all }'
