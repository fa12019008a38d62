package credentials

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// decodeFlat reads the form of the CCProxy guide. Its account_id is a person's as
// often as an account's, so the claims come first.
func decodeFlat(o object) (Credential, error) {
	r := reader{from: o}
	c := Credential{
		AccessToken:  r.required("access_token"),
		RefreshToken: r.secret("refresh_token"),
		IDToken:      r.secret("id_token"),
		ExpiresAt:    r.instant("expires_at"),
	}
	stored := r.account("account_id")
	if r.err != nil {
		return Credential{}, r.err
	}
	c = c.complete()
	if c.AccountID == "" && !strings.HasPrefix(stored, "user-") {
		c.AccountID = stored
	}
	return c, nil
}

// encodeFlat writes the five keys in the guide's order.
func encodeFlat(c Credential) ([]byte, error) {
	if c.AccessToken.Empty() {
		return nil, fmt.Errorf("%w: no access token", ErrIncomplete)
	}
	var out bytes.Buffer
	out.WriteString("{\n")
	for _, field := range [...]struct{ key, value string }{
		{"access_token", c.AccessToken.Reveal()},
		{"refresh_token", c.RefreshToken.Reveal()},
		{"id_token", c.IDToken.Reveal()},
	} {
		if field.value != "" {
			fmt.Fprintf(&out, "  %q: %s,\n", field.key, quote(field.value))
		}
	}
	fmt.Fprintf(&out, "  %q: %s", "expires_at", flatInstant(c.ExpiresAt))
	if c.AccountID != "" {
		fmt.Fprintf(&out, ",\n  %q: %s", "account_id", quote(c.AccountID))
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

func editFlat(o object, old, c Credential, stranger bool) (object, error) {
	w := writer{into: o}
	w.edited("access_token", old.AccessToken.Reveal(), c.AccessToken.Reveal(), stranger)
	w.edited("refresh_token", old.RefreshToken.Reveal(), c.RefreshToken.Reveal(), stranger)
	w.edited("id_token", old.IDToken.Reveal(), c.IDToken.Reveal(), stranger)
	if !c.ExpiresAt.Equal(old.ExpiresAt) || !o.has("expires_at") {
		w.raw("expires_at", flatInstant(c.ExpiresAt))
	}
	w.edited("account_id", old.AccountID, c.AccountID, stranger)
	return w.into, w.err
}

// flatInstant writes whole seconds, as in the guide's example.
func flatInstant(t time.Time) []byte {
	if t.IsZero() {
		return []byte("null")
	}
	return strconv.AppendInt(nil, t.Unix(), 10)
}
