# SPDX-License-Identifier: 0BSD
# Completion of quillctl for bash: . HOME/doc/quillctl.bash
# Subcommands and options come from its own usage, ids from the queue.
# shellcheck shell=bash

# Names of files are anybody's: readline must quote them, or one of them would
# be a command when the line is entered.
_quillctl_names()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_quillctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local ctl=${COMP_WORDS[0]} sub=${COMP_WORDS[1]} line words=
	local select='--all --from --to --domain --older --younger --state
		--reason --match'

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		words=$("$ctl" help 2>/dev/null |
			sed -n 's/^ *\(usage: \)\{0,1\}quillctl \([a-z]*\).*/\2/p')
		mapfile -t COMPREPLY < <(compgen -W "$words help" -- "$cur")
		return
	fi
	line=$("$ctl" help 2>/dev/null | grep "quillctl $sub\( \|\$\)")
	case $prev in
	--state) words='new active waiting held damaged' ;;
	--older | --younger) words='15m 1h 4h 1d 2d 5d' ;;
	--domain) words=$("$ctl" ages -j 2>/dev/null |
		sed -n 's/^{"domain":"\([A-Za-z0-9.-]*\)",.*/\1/p') ;;
	--days) words='1 7 30 400' ;;
	--services | --logs)
		_quillctl_names -d "$cur"
		return
		;;
	--from | --to | --reason | --match | --text | --via | --ip | --dkim)
		return
		;;
	*)
		case $cur in
		-*)
			words=$(printf '%s\n' "$line" | grep -o -e '--[a-z-]*')
			case $line in *' [-nj]'*) words="$words -n -j" ;; esac
			case $line in *' [-j'*) words="$words -j" ;; esac
			case $line in *' [-o '*) words="$words -o" ;; esac
			case $line in *SELECTOR*) words="$words $select" ;; esac
			;;
		*)
			case $line in
			*PART*)
				words='files control users dns tls services
					system'
				;;
			*SELECTOR* | *\ ID*)
				# only the first: a queue may be long
				words=$("$ctl" queue -j 2>/dev/null |
					sed -n '1,200s/.*"queue_id":"\([0-9a-v]*\)".*/\1/p')
				;;
			*)
				_quillctl_names -f "$cur"
				return
				;;
			esac
			;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _quillctl quillctl
