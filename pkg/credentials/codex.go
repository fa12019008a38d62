package credentials

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// The modes of auth.json. The first two are ChatGPT logins.
const (
	modeChatGPT       = "chatgpt"
	modeChatGPTTokens = "chatgptAuthTokens"
	modeAPIKey        = "apikey"
	modePersonal      = "personalAccessToken"
	modeAgent         = "agentIdentity"
	modeBedrock       = "bedrockApiKey"
	modeHeaders       = "headers"
	modeUnknown       = "unknown"
)

// decodeCodex reads the official CLI's nested form. Source: docs/protocol.md,
// auth.json.
func decodeCodex(o object) (Credential, error) {
	mode, err := codexMode(o)
	if err != nil {
		return Credential{}, err
	}
	if mode != modeChatGPT && mode != modeChatGPTTokens {
		return Credential{}, &OtherLoginError{Mode: mode}
	}
	if !o.has("tokens") {
		return Credential{}, &OtherLoginError{}
	}
	tokens, err := codexTokens(o)
	if err != nil {
		return Credential{}, err
	}
	r := reader{from: tokens, parent: "tokens."}
	c := Credential{
		AccessToken:  r.required("access_token"),
		RefreshToken: r.secret("refresh_token"),
		IDToken:      r.secret("id_token"),
		AccountID:    r.account("account_id"),
		LastRefresh:  codexLastRefresh(o),
	}
	if r.err != nil {
		return Credential{}, r.err
	}
	return c.complete(), nil
}

// codexMode says which kind of login the file holds, by the rules that the
// official CLI uses when auth_mode is absent.
func codexMode(o object) (string, error) {
	r := reader{from: o}
	mode := r.text("auth_mode")
	switch {
	case r.err != nil:
		return "", r.err
	case mode != "":
		return knownMode(mode), nil
	case o.has("personal_access_token"):
		return modePersonal, nil
	case o.has("bedrock_api_key"):
		return modeBedrock, nil
	case o.has("OPENAI_API_KEY"):
		return modeAPIKey, nil
	case o.has("agent_identity") && !o.has("tokens"):
		return modeAgent, nil
	}
	return modeChatGPT, nil
}

// knownMode keeps text from the file out of errors.
func knownMode(mode string) string {
	switch mode {
	case modeChatGPT, modeChatGPTTokens, modeAPIKey, modePersonal, modeAgent, modeBedrock, modeHeaders:
		return mode
	}
	return modeUnknown
}

func codexTokens(o object) (object, error) {
	value, err := o.get("tokens")
	if err != nil {
		return object{}, malformed("tokens", err)
	}
	tokens, err := parseObject(value)
	if err != nil {
		return object{}, malformed("tokens", errors.New("not a JSON object"))
	}
	return tokens, nil
}

// codexLastRefresh is lenient: other programs write anything there, and nothing
// depends on it.
func codexLastRefresh(o object) time.Time {
	r := reader{from: o}
	t, _ := parseInstant(r.text("last_refresh"))
	return t
}

// encodeCodex writes a new auth.json. The official CLI rejects the whole file if a
// token is missing, or if the id token is no JWT.
func encodeCodex(c Credential) ([]byte, error) {
	access, _ := c.AccessClaims()
	refreshed := c.LastRefresh
	if refreshed.IsZero() {
		refreshed = access.IssuedAt
	}
	_, noID := c.IDClaims()
	switch {
	case c.AccessToken.Empty():
		return nil, fmt.Errorf("%w: no access token", ErrIncomplete)
	case c.RefreshToken.Empty():
		return nil, fmt.Errorf("%w: no refresh token", ErrIncomplete)
	case noID != nil:
		return nil, fmt.Errorf("%w: no id token", ErrIncomplete)
	case refreshed.IsZero():
		return nil, fmt.Errorf("%w: no time of the last refresh", ErrIncomplete)
	}
	account := []byte("null")
	if c.AccountID != "" {
		account = quote(c.AccountID)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "{\n  \"auth_mode\": %q,\n  \"OPENAI_API_KEY\": null,\n  \"tokens\": {\n", modeChatGPT)
	fmt.Fprintf(&out, "    \"id_token\": %s,\n", quote(c.IDToken.Reveal()))
	fmt.Fprintf(&out, "    \"access_token\": %s,\n", quote(c.AccessToken.Reveal()))
	fmt.Fprintf(&out, "    \"refresh_token\": %s,\n", quote(c.RefreshToken.Reveal()))
	fmt.Fprintf(&out, "    \"account_id\": %s\n  },\n", account)
	fmt.Fprintf(&out, "  \"last_refresh\": %s\n}\n", quote(refreshed.UTC().Format(codexLayout)))
	return out.Bytes(), nil
}

func editCodex(o object, old, c Credential, stranger bool) (object, error) {
	tokens, err := codexTokens(o)
	if err != nil {
		return object{}, err
	}
	inner := writer{into: tokens}
	inner.edited("id_token", old.IDToken.Reveal(), c.IDToken.Reveal(), stranger)
	inner.edited("access_token", old.AccessToken.Reveal(), c.AccessToken.Reveal(), stranger)
	inner.edited("refresh_token", old.RefreshToken.Reveal(), c.RefreshToken.Reveal(), stranger)
	inner.edited("account_id", old.AccountID, c.AccountID, stranger)
	outer := writer{into: o, err: inner.err}
	outer.raw("tokens", inner.into.raw)
	if !c.LastRefresh.IsZero() && !c.LastRefresh.Equal(old.LastRefresh) {
		outer.text("last_refresh", c.LastRefresh.UTC().Format(codexLayout))
	}
	return outer.into, outer.err
}
