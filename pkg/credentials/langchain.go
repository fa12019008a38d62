package credentials

import (
	"bytes"
	"fmt"
	"time"
)

// decodeLangChain reads the seven keys. The refresh token may be missing, which
// LangChain itself does not accept: such a login serves until it expires.
func decodeLangChain(o object) (Credential, error) {
	r := reader{from: o}
	c := Credential{
		AccessToken:  r.required("access_token"),
		RefreshToken: r.secret("refresh_token"),
		IDToken:      r.secret("id_token"),
		AccountID:    r.account("account_id"),
		UserID:       r.text("user_id"),
		Plan:         r.text("plan_type"),
		ExpiresAt:    r.instant("expires_at"),
	}
	if r.err != nil {
		return Credential{}, r.err
	}
	return c.complete(), nil
}

// encodeLangChain writes what LangChain's own json.dump does: two spaces of
// indent, keys in alphabetical order, all of them always, no newline at the end.
func encodeLangChain(c Credential) ([]byte, error) {
	if c.AccessToken.Empty() {
		return nil, fmt.Errorf("%w: no access token", ErrIncomplete)
	}
	var out bytes.Buffer
	out.WriteString("{")
	for i, field := range [...]struct{ key, value string }{
		{"access_token", c.AccessToken.Reveal()},
		{"account_id", c.AccountID},
		{"expires_at", langchainInstant(c.ExpiresAt)},
		{"id_token", c.IDToken.Reveal()},
		{"plan_type", c.Plan},
		{"refresh_token", c.RefreshToken.Reveal()},
		{"user_id", c.UserID},
	} {
		if i > 0 {
			out.WriteString(",")
		}
		value := []byte("null")
		if field.value != "" {
			value = quote(field.value)
		}
		fmt.Fprintf(&out, "\n  %q: %s", field.key, value)
	}
	out.WriteString("\n}")
	return out.Bytes(), nil
}

func editLangChain(o object, old, c Credential, stranger bool) (object, error) {
	w := writer{into: o}
	w.edited("access_token", old.AccessToken.Reveal(), c.AccessToken.Reveal(), stranger)
	w.edited("account_id", old.AccountID, c.AccountID, stranger)
	if !c.ExpiresAt.Equal(old.ExpiresAt) || !o.has("expires_at") {
		w.text("expires_at", langchainInstant(c.ExpiresAt))
	}
	w.edited("id_token", old.IDToken.Reveal(), c.IDToken.Reveal(), stranger)
	w.edited("plan_type", old.Plan, c.Plan, stranger)
	w.edited("refresh_token", old.RefreshToken.Reveal(), c.RefreshToken.Reveal(), stranger)
	w.edited("user_id", old.UserID, c.UserID, stranger)
	return w.into, w.err
}

func langchainInstant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(langchainLayout)
}
