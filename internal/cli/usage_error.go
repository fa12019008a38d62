package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// usageError is a line that cannot be run as it stands.
type usageError struct {
	message string
	hint    string // what to type instead; empty for the command's help
}

func (e *usageError) Error() string { return e.message }

func usagef(format string, values ...any) error {
	return &usageError{message: fmt.Sprintf(format, values...)}
}

// unknownCommand is about a first word that names nothing. It is never run as
// something else.
func unknownCommand(in command, path []string, word string) error {
	prefix := strings.Join(append([]string{"codexctl"}, path...), " ")
	e := &usageError{message: fmt.Sprintf("%s has no command %q", prefix, word)}
	if here, ok := formerName(path, word); ok {
		e.hint = "codexctl " + here
		return e
	}
	if near, ok := closest(word, in.subNames()); ok {
		e.hint = prefix + " " + near
		return e
	}
	e.hint = prefix + " --help"
	if len(path) == 0 {
		e.hint = fmt.Sprintf("codexctl ask %q", word)
	}
	return e
}

// formerName translates the command names of the guides that people come with.
func formerName(path []string, word string) (string, bool) {
	switch strings.Join(append(slices.Clone(path), word), " ") {
	case "auth login-openai":
		return "auth login", true
	case "auth openai-info":
		return "auth info", true
	case "config", "config codex":
		return "ask (nothing has to be enabled)", true
	}
	return "", false
}

// unknownFlag suggests the nearest flag there is.
func unknownFlag(path []string, flags []flagSpec, spelled string) error {
	e := &usageError{message: "unknown flag " + spelled}
	if len(path) > 0 {
		e.message += " for " + strings.Join(path, " ")
	}
	var all []string
	for _, f := range flags {
		all = append(all, f.name)
	}
	if near, ok := closest(strings.TrimLeft(spelled, "-"), all); ok && strings.HasPrefix(spelled, "--") {
		e.hint = strings.TrimSpace("codexctl "+strings.Join(path, " ")) + " --" + near
		return e
	}
	// A prompt may begin with a dash: a list, a rule, a negative number.
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(spelled, "-"))
	if len(path) > 0 && (strings.Contains(spelled, " ") || !unicode.IsLetter(first)) {
		e.hint = "codexctl " + strings.Join(path, " ") + ` -- "…"`
	}
	return e
}
