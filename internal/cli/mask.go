package cli

import (
	"strings"

	"github.com/codexctl/codexctl/internal/config"
)

// maskedSetting is a value without what must not be shown.
func maskedSetting(flag, text string) string {
	if flag == "header" {
		name, value, _ := strings.Cut(text, ":")
		if strings.TrimSpace(value) == "" {
			return text
		}
		return name + ": " + maskedHeader
	}
	text = maskUserinfo(text)
	if config.IsSecret(text) {
		return maskedHeader
	}
	return text
}

// maskUserinfo hides the user and the password of an address.
func maskUserinfo(text string) string {
	scheme, rest, isURL := strings.Cut(text, "://")
	if !isURL {
		return text
	}
	end := strings.IndexAny(rest, "/?# \t\n")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndex(rest[:end], "@")
	if at < 0 {
		return text
	}
	return scheme + "://" + maskedHeader + rest[at:]
}
