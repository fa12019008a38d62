# Functions for bash and zsh. Read this file from ~/.bashrc or ~/.zshrc, or take what
# you like.

# explain COMMAND...: run it, and when it fails, say why.
explain() {
	local output code
	output=$("$@" 2>&1)
	code=$?
	printf '%s\n' "$output"
	[ "$code" -eq 0 ] && return 0
	printf '%s\n' "$output" | tail -n 200 |
		codexctl ask "The command \`$*\` ended with status $code. Explain the failure in at most five lines and name the fix." >&2
	return "$code"
}

# commit-message: a message for what is staged, to read before it is used.
commit-message() {
	git diff --cached --quiet && { echo "nothing is staged" >&2; return 1; }
	git diff --cached | codexctl ask "Write a commit message for this change: a subject of at most 60 characters, an empty line, then why."
}

# about FILE QUESTION...: a question about a file.
about() {
	local file=$1
	shift
	codexctl ask --file "$file" "$*"
}
