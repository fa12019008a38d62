package cli

import "strings"

// isClientVersion says whether a text is a version as the Codex CLI has them: 0.169.0, or
// 0.169.0-alpha.1.
func isClientVersion(text string) bool {
	number, suffix, early := strings.Cut(text, "-")
	parts := strings.Split(number, ".")
	if len(parts) != 3 || early && suffix == "" {
		return false
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return strings.IndexFunc(suffix, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '.' && r != '-'
	}) < 0
}
