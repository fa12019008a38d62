package auth

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// saying is a network on which everybody answers the same.
type saying struct {
	status      int
	contentType string
	body        []byte
}

func (s saying) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	return &http.Response{
		StatusCode: s.status, Header: http.Header{"Content-Type": {s.contentType}, "Location": {string(s.body)}},
		Body: io.NopCloser(bytes.NewReader(s.body)), Request: r,
	}, nil
}

// status is one that a server can send.
func status(n int) int { return 200 + (n%400+400)%400 }

// The token endpoint may answer what it likes: a grant has an access token, or there is an
// error, and neither error shows what was sent.
func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a","refresh_token":"b","id_token":"c","expires_in":3600}`, `{"access_token":null,"expires_in":"60"}`, `{"error":"invalid_grant","error_description":"x"}`,
		`{"error":{"code":"refresh_token_reused","message":"rt-secret-refresh-token was used"}}`, `<html>`, ``, `[]`, `{"access_token":"a\nb"}`, `{"expires_in":1e400,"access_token":"x"}`,
	} {
		f.Add(0, "application/json", []byte(seed))
		f.Add(200, "text/html", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, n int, contentType string, body []byte) {
		const secret = "rt-secret-refresh-token-of-somebody"
		c := Config{HTTPClient: &http.Client{Transport: saying{status(n), contentType, body}}, Now: clock}
		g, err := c.refresh(t.Context(), credentials.NewSecret(secret))
		if err == nil && g.access.Empty() {
			t.Errorf("%d %q is a grant without a token", status(n), body)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%d %q: the error shows the refresh token: %v", status(n), body, err)
		}
		if g.lifetime < 0 {
			t.Errorf("%q lives %v", body, g.lifetime)
		}
	})
}

// So may the endpoints of the device login: a code can be shown on a terminal, has an end
// within reach and a pause that is no storm.
func FuzzDeviceAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"device_auth_id":"d","user_code":"ABCD-EFGH","interval":"5","expires_at":"2026-06-01T12:15:00Z"}`, `{"device_auth_id":"d","usercode":"X","interval":-3,"expires_in":1e9}`,
		`{"device_auth_id":"d","user_code":"\u001b[31mX"}`, `{"authorization_code":"c","code_verifier":"v"}`, `{"error":{"code":"deviceauth_authorization_unknown"}}`, `{"error":"authorization_pending"}`, ``, `{`,
	} {
		f.Add(0, "application/json", []byte(seed))
		f.Add(203, "application/json", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, n int, contentType string, body []byte) {
		l := &DeviceLogin{Config: Config{HTTPClient: &http.Client{Transport: saying{status(n), contentType, body}}, Now: clock}}
		code, err := l.start(t.Context())
		if err == nil {
			if code.handle.Empty() || !visible(code.UserCode) || code.Interval <= 0 || !code.Expires.After(clock()) || code.Expires.After(clock().Add(24*time.Hour)) {
				t.Errorf("%q starts %+v", body, code)
			}
			data, err := EncodePending(code)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := DecodePending(data); err != nil || again.ID != code.ID || again.UserCode != code.UserCode || !again.handle.Equal(code.handle) {
				t.Errorf("%q does not survive a pause: %+v, %v", body, again, err)
			}
		}
		if got, err := l.ask(t.Context(), DeviceCode{UserCode: "X", handle: credentials.NewSecret("deviceauth_0123456789")}); err == nil && (got.code.Empty() || got.verifier.Empty()) {
			t.Errorf("%q is a ticket without a code", body)
		}
	})
}

// A sign-in that waits in a file is one that can go on, or is refused without a quotation.
func FuzzDecodePending(f *testing.F) {
	f.Add([]byte(`{"version":1,"id":"01234567","issuer":"https://auth.openai.com","user_code":"ABCD","verify_url":"https://x/","interval_ms":5000,"expires_at":"2026-06-01T12:15:00Z","device_auth_id":"deviceauth_1"}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"interval_ms":-1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		code, err := DecodePending(data)
		if err != nil {
			return
		}
		if code.handle.Empty() || code.Interval < 0 {
			t.Errorf("%q goes on as %+v", data, code)
		}
		if _, err := EncodePending(code); err != nil {
			t.Errorf("%q cannot be kept again: %v", data, err)
		}
	})
}
