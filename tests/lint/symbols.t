#!/bin/sh
# SPDX-License-Identifier: 0BSD
# What a module of a layer exports starts with the module's name; exceptions
# are written down in symbols.ok, with "module symbol" lines.
. "$(dirname "$0")/../lib.sh"
need nm
cd "$TOP" || exit 99

for layer in lib mail wire spawn; do
	: >"$T/bad"
	n=0
	for o in "$B/o/$layer"/*.o; do
		[ -f "$o" ] || continue
		m=$(basename "$o" .o)
		[ -f "src/$layer/$m.c" ] || continue
		for s in $(nm -g --defined-only "$o" | awk '$2 ~ /[TDBRC]/ {
			print $3 }'); do
			n=$((n + 1))
			case $s in
			"$m" | "$m"_* | __asan* | __odr_asan*) continue ;;
			esac
			grep -qx "$m $s" tests/lint/symbols.ok ||
				echo "$m $s" >>"$T/bad"
		done
	done
	ok "$layer: symbols were looked at" test $n -gt 5
	is "$layer: exported symbols start with their module" \
		"$(cat "$T/bad")" ''
done
while read -r m s; do
	case $m in '#'*) continue ;; esac
	found=$(nm -g --defined-only "$B"/o/*/"$m.o" 2>/dev/null | grep -c " $s\$")
	is "exception is still needed: $m $s" "$found" 1
done <tests/lint/symbols.ok
done_testing
