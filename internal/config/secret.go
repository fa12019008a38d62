package config

import "strings"

// secretKey says whether a key's name asks for a secret.
func secretKey(name string) bool {
	name = fold(name)
	for _, word := range []string{
		"token", "api_key", "apikey", "secret", "secrets", "password", "passwd", "passphrase",
		"private_key", "authorization", "bearer", "cookie", "credential", "credentials",
	} {
		if name == word || strings.HasSuffix(name, "_"+word) {
			return true
		}
	}
	return false
}

// IsSecret says whether a text is or holds what only secrets look like, so that it must
// not be shown.
func IsSecret(text string) bool { return secretText(text) }

// secretText says whether a value is or holds what only secrets look like: a JSON Web
// Token, an API key, a header that carries one, a URL with a password.
func secretText(text string) bool {
	for _, header := range secretHeaders() {
		if strings.HasPrefix(strings.ToLower(text), header) {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(text, isNoToken) {
		if isToken(word) {
			return true
		}
	}
	_, rest, isURL := strings.Cut(text, "://")
	authority, _, _ := strings.Cut(rest, "/")
	userinfo, _, isSigned := strings.Cut(authority, "@")
	_, password, _ := strings.Cut(userinfo, ":")
	return isURL && isSigned && password != "" && !strings.ContainsAny(text, " \t\n")
}

// secretLine is secretText for a line of a file that is not TOML, of which nobody
// knows where a value begins.
func secretLine(line string) bool {
	for _, sign := range append(secretHeaders(), "bearer ") {
		if strings.Contains(strings.ToLower(line), sign) {
			return true
		}
	}
	return secretText(line) || strings.Contains(line, "://") && strings.Contains(line, "@")
}

func secretHeaders() []string {
	return []string{"authorization:", "proxy-authorization:", "cookie:", "x-api-key:", "api-key:"}
}

// isToken says whether a word is a JSON Web Token, or a key or token as OpenAI makes
// them.
func isToken(word string) bool {
	if strings.HasPrefix(word, "eyJ") {
		return strings.Count(word, ".") >= 2
	}
	known := strings.HasPrefix(word, "sk-") || strings.HasPrefix(word, "at-")
	return known && len(word) >= 20 && strings.ContainsAny(word, "0123456789")
}

// isNoToken says whether a character ends a token.
func isNoToken(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return !letter && !strings.ContainsRune("-_.", r)
}

// fold makes names equal that differ by spelling alone.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "_") }
