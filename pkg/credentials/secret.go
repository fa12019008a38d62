package credentials

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

const mask = "[secret]"

// Secret is a text that must not be shown: it prints, logs and marshals as a
// mask. The zero value is the empty secret.
type Secret struct {
	// fmt calls no methods on the unexported fields of other structs and prints
	// what it finds there. Behind a pointer it finds an address.
	value *string

	// Comparing with == would compare addresses; see Equal.
	_ [0]func()
}

// NewSecret hides value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the hidden text. It is the only way to it.
func (s Secret) Reveal() string { return s.plain() }

// plain serves the methods below, so that a search for Reveal finds only those who
// take a secret out.
func (s Secret) plain() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.value == nil }

// Equal reports whether both hide the same text. Its duration tells nothing about
// where they differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.plain()), []byte(other.plain())) == 1
}

// Fingerprint returns the first 8 hexadecimal digits of the text's SHA-256, enough
// to tell two tokens apart and no help in guessing one. The empty secret has none.
func (s Secret) Fingerprint() string {
	if s.Empty() {
		return ""
	}
	sum := sha256.Sum256([]byte(s.plain()))
	return hex.EncodeToString(sum[:4])
}

// String returns the mask, or nothing for the empty secret.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return mask
}

// GoString returns the mask, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format writes the mask whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns the mask, for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns the mask, for every encoder of texts.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON returns the mask as a JSON string.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
