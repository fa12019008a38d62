package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// maxID is the longest id, in bytes.
const maxID = 128

// ValidID says whether a conversation can have this id: 1 to 128 of A-Za-z0-9._-, of
// which the first is a letter or digit, and none of the names that routes have: v1,
// responses, chat, models, sessions, usage. The error wraps [ErrBadID].
func ValidID(id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%w: it is empty", ErrBadID)
	case len(id) > maxID:
		return fmt.Errorf("%w: it is longer than %d characters", ErrBadID, maxID)
	case !alphanumeric(id[0]):
		return fmt.Errorf("%w: it begins with neither a letter nor a digit", ErrBadID)
	case slices.Contains(reserved(), id):
		return fmt.Errorf("%w: %q is reserved", ErrBadID, id)
	}
	for i := range len(id) {
		if c := id[i]; !alphanumeric(c) && c != '.' && c != '_' && c != '-' {
			return fmt.Errorf("%w: only letters, digits, dot, underscore and hyphen are allowed", ErrBadID)
		}
	}
	return nil
}

func reserved() []string {
	return []string{"v1", "responses", "chat", "models", "sessions", "usage"}
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// newID is an id that nobody has: 130 random bits.
func newID() string { return "gen-" + strings.ToLower(rand.Text()) }

// keyOf is what a backend calls the conversation: the hex SHA-256 of its id. Whatever
// an id says, as a file name it is harmless.
func keyOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}
