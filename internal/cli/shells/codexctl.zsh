#compdef codexctl
# Completion of codexctl for zsh. What may be typed is known to codexctl itself; this only
# asks it. Put it as _codexctl into a folder of $fpath, or evaluate it after compinit.
_codexctl() {
	local part before
	local -a lines
	lines=("${(@f)$(command codexctl __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)}")
	part=${lines[1]%%$'\t'*}
	[[ ${lines[1]} == *$'\t'* ]] && before=${lines[1]#*$'\t'}
	lines=("${(@)lines[2,-1]}")
	local found=1
	if (( $#lines )); then
		_describe -V codexctl lines && found=0
	fi
	case $part in
	files | folders | commands)
		[[ -n $before ]] && compset -p ${#before}
		case $part in
		files) _files && found=0 ;;
		folders) _files -/ && found=0 ;;
		commands) _command_names -e && found=0 ;;
		esac
		;;
	line)
		# The words behind -- are another program's line.
		shift $(( before + 1 )) words
		(( CURRENT -= before + 1 ))
		_normal && found=0
		;;
	esac
	return found
}
if [[ ${funcstack[1]} == _codexctl ]]; then
	_codexctl "$@"
else
	compdef _codexctl codexctl
fi
