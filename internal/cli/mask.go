package cli

import (
	"errors"
	"strings"

	"github.com/kballard/go-shellquote"

	"github.com/codexctl/codexctl/internal/config"
)

// maskedSetting is a value without what must not be shown. What cannot be read may be a
// secret in the wrong place, so it is hidden whole.
func maskedSetting(flag, text string) string {
	switch flag {
	case "header":
		name, value, ok := strings.Cut(text, ":")
		switch {
		case !ok:
			return maskedHeader
		case strings.TrimSpace(value) == "":
			return text
		}
		return name + ": " + maskedHeader
	case "render", "browser-command":
		text = firstWord(text)
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		words[i] = maskUserinfo(word)
	}
	text = strings.Join(words, " ")
	if config.IsSecret(text) {
		return maskedHeader
	}
	return text
}

// firstWord is a command without its arguments, which may hold a key.
func firstWord(command string) string {
	words, err := shellquote.Split(command)
	switch {
	case err != nil:
		return maskedHeader
	case len(words) < 2:
		return command
	}
	return words[0] + " …"
}

// maskUserinfo hides the user and the password of an address. A password may hold any
// character, so all in front of the last @ goes. Without a scheme, a name with a colon
// in front of an @ is taken for a user with a password.
func maskUserinfo(text string) string {
	at := strings.LastIndex(text, "@")
	if at < 0 {
		return text
	}
	if scheme, _, isURL := strings.Cut(text[:at], "://"); isURL {
		return scheme + "://" + maskedHeader + text[at:]
	}
	if strings.Contains(text[:at], ":") {
		return maskedHeader + text[at:]
	}
	return text
}

// withoutValue is an error about a setting that names the setting and what it takes, but
// not what it holds, which may be a secret in the wrong place.
func withoutValue(err error) error {
	var file *config.Error
	var setting *settingError
	switch {
	case errors.As(err, &file):
		bare := *file
		bare.Reason, _, _ = strings.Cut(file.Reason, ", not ")
		bare.Text = ""
		return &bare
	case errors.As(err, &setting):
		wants, _, _ := strings.Cut(setting.err.Error(), ", not ")
		return &settingError{setting.origin, errors.New(wants)}
	}
	return err
}
