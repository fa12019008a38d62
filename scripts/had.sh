# shellcheck shell=sh
# To be sourced by a script with a `set -e`. had WHO WHAT COMMAND...: whether the modules that a
# command wants are here or can be fetched; if not, a line of WHO says so. A module that is not
# what go.sum says is no matter of the network, and ends all.
had() {
	had_who=$1 had_what=$2
	shift 2
	if had_said=$("$@" 2>&1 >/dev/null); then
		return 0
	fi
	case $had_said in
	*'SECURITY ERROR'* | *'checksum mismatch'* | *'missing go.sum entry'* | *'updates to go.mod needed'*)
		echo "$had_said" >&2
		exit 1
		;;
	esac
	echo "$had_who: SKIP $had_what: modules cannot be had: $(echo "$had_said" | tail -n 1)"
	return 1
}
