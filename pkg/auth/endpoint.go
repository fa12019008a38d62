package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

const (
	// endpointTimeout bounds one call of the token endpoint, body included.
	endpointTimeout = 30 * time.Second

	// maxAnswer is the longest answer that is read, in bytes.
	maxAnswer = 1 << 20
)

// grant is what the token endpoint gave. Every field may be missing.
type grant struct {
	access  credentials.Secret
	refresh credentials.Secret
	id      credentials.Secret

	// lifetime is the wire's expires_in, which is in seconds; 0 if it is missing or
	// makes no sense.
	lifetime time.Duration
}

// refresh trades a refresh token for a grant. It makes exactly one request and
// never repeats it: nobody knows whether an unanswered one has spent the token.
//
// The error is a [*RefusedError], an [*EndpointError], a [*RedirectError] or the
// transport's.
func (c Config) refresh(ctx context.Context, token credentials.Secret) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, endpointTimeout)
	defer cancel()
	form := url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {token.Reveal()},
		"client_id":     {c.clientID()},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.tokenURL(), strings.NewReader(form.Encode()))
	if err != nil {
		return grant{}, fmt.Errorf("token endpoint: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if c.UserAgent != "" {
		req.Header.Set("User-Agent", c.UserAgent)
	}
	resp, err := c.client().Do(req)
	if err != nil {
		return grant{}, fmt.Errorf("token endpoint: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return grant{}, fmt.Errorf("token endpoint: %w", err)
	}
	return readAnswer(resp, body, token)
}

func (c Config) tokenURL() string { return c.issuer() + "/oauth/token" }

// readAnswer sorts an answer into grant, refusal, redirect and anything else.
// sent is kept out of all texts.
func readAnswer(resp *http.Response, body []byte, sent credentials.Secret) (grant, error) {
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return grant{}, redirected(resp)
	case isHTML(resp, body):
		return grant{}, &EndpointError{Status: resp.StatusCode, Description: "a web page instead of an answer", HTML: true}
	case len(body) > maxAnswer:
		return grant{}, &EndpointError{Status: resp.StatusCode, Description: "answer is too long"}
	case resp.StatusCode != http.StatusOK:
		return grant{}, refusal(resp.StatusCode, body, sent)
	}
	answer := gjson.ParseBytes(body)
	if !json.Valid(body) || !answer.IsObject() {
		return grant{}, &EndpointError{Status: resp.StatusCode, Description: "answer is not a JSON object"}
	}
	g := grant{
		access:   tokenField(answer, "access_token"),
		refresh:  tokenField(answer, "refresh_token"),
		id:       tokenField(answer, "id_token"),
		lifetime: lifetime(answer.Get("expires_in")),
	}
	if g.access.Empty() {
		return g, withoutToken(resp.StatusCode, body, sent)
	}
	return g, nil
}

// withoutToken is a success that brought no access token: an error in disguise,
// or nonsense.
func withoutToken(status int, body []byte, sent credentials.Secret) error {
	code, description := errorOf(body, sent)
	if code != "" || description != "" {
		return refusal(status, body, sent)
	}
	return &EndpointError{Status: status, Description: "answer holds no access token"}
}

func tokenField(answer gjson.Result, key string) credentials.Secret {
	value := answer.Get(key)
	if value.Type != gjson.String {
		return credentials.Secret{}
	}
	for _, r := range value.Str {
		// No header could carry it.
		if r <= ' ' || r > '~' {
			return credentials.Secret{}
		}
	}
	return credentials.NewSecret(value.Str)
}

// lifetime accepts a number of seconds, also as a text.
func lifetime(value gjson.Result) time.Duration {
	seconds := value.Float()
	if (value.Type != gjson.Number && value.Type != gjson.String) || math.IsNaN(seconds) || seconds <= 0 || seconds > 1e9 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

func redirected(resp *http.Response) error {
	e := &RedirectError{Status: resp.StatusCode}
	if to, err := resp.Location(); err == nil {
		e.Host = to.Host
	}
	return e
}

func isHTML(resp *http.Response, body []byte) bool {
	if strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "text/html") {
		return true
	}
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
}

// permanent lists the codes after which a refresh token never works again,
// whatever the status. Source: docs/protocol.md, refresh; the second half was seen
// by third parties.
func permanent(code string) bool {
	switch code {
	case "refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated",
		"token_expired", "token_invalidated", "token_revoked", "app_session_terminated",
		"account_deactivated", "account_suspended", "account_deleted":
		return true
	}
	return false
}

// refusal reads an error answer. A 401 is final even without a code; so is
// invalid_grant (RFC 6749, section 5.2), unless the server itself is at fault.
func refusal(status int, body []byte, sent credentials.Secret) error {
	code, description := errorOf(body, sent)
	final := permanent(code) || status == http.StatusUnauthorized ||
		(code == "invalid_grant" && status < http.StatusInternalServerError)
	if final {
		return &RefusedError{Code: code, Status: status, Description: description}
	}
	return &EndpointError{Status: status, Code: code, Description: description}
}

// errorOf finds code and text in the shapes that were seen: error as an object,
// error as a code with a description beside it, and a code at the top.
func errorOf(body []byte, sent credentials.Secret) (code, description string) {
	answer := gjson.ParseBytes(body)
	if !json.Valid(body) || !answer.IsObject() {
		return "", excerpt(without(string(body), sent))
	}
	fault := answer.Get("error")
	switch {
	case fault.IsObject():
		code, description = fault.Get("code").String(), fault.Get("message").String()
	case fault.Type == gjson.String:
		code, description = fault.Str, answer.Get("error_description").String()
	}
	if code == "" {
		code = answer.Get("code").String()
	}
	if description == "" {
		description = firstText(answer, "message", "detail")
	}
	return codeOf(without(code, sent)), excerpt(without(description, sent))
}

func firstText(answer gjson.Result, keys ...string) string {
	for _, key := range keys {
		if value := answer.Get(key); value.Type == gjson.String && value.Str != "" {
			return value.Str
		}
	}
	return ""
}

// codeOf accepts only what a code looks like: it ends up in messages.
func codeOf(code string) string {
	code = strings.ToLower(code)
	if len(code) > 64 || looksSecret(code) {
		return ""
	}
	for i := range len(code) {
		if !isWord(code[i]) {
			return ""
		}
	}
	return code
}

// without takes the token that was sent out of an answer that quotes it.
func without(text string, sent credentials.Secret) string {
	if sent.Empty() {
		return text
	}
	return strings.ReplaceAll(text, sent.Reveal(), hidden)
}
