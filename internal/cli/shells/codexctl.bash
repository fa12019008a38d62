# Completion of codexctl for bash 3.2 and later. What may be typed is known to codexctl
# itself; this only asks it. It needs no other package.
_codexctl() {
	local answer part front path strip word
	COMPREPLY=()
	answer=$(command codexctl __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null) || return 0
	{
		IFS= read -r part
		case $part in
		line*)
			# The words behind -- are another program's line.
			if declare -F _command_offset >/dev/null; then
				local i
				for ((i = 1; i < COMP_CWORD; i++)); do
					if [[ ${COMP_WORDS[i]} == -- ]]; then
						_command_offset $((i + 1))
						return
					fi
				done
			fi
			part=files front='' path=${COMP_WORDS[COMP_CWORD]} strip=''
			;;
		*)
			IFS= read -r front
			IFS= read -r path
			IFS= read -r strip
			;;
		esac
		while IFS= read -r word; do
			COMPREPLY[${#COMPREPLY[@]}]=$word
		done
	} <<<"$answer"
	local -a flags
	case $part in
	files) flags=(-f) ;;
	folders) flags=(-d) ;;
	commands) flags=(-c) ;;
	*) return 0 ;;
	esac
	# Then bash quotes what has to be quoted, and puts a slash behind folders.
	[[ $part != commands || $path == */* ]] && compopt -o filenames 2>/dev/null
	while IFS= read -r word; do
		[[ -n $word ]] && COMPREPLY[${#COMPREPLY[@]}]=$front${word#"$strip"}
	done <<<"$(compgen "${flags[@]}" -- "$path")"
	return 0
}
complete -o nosort -F _codexctl codexctl 2>/dev/null || complete -F _codexctl codexctl
