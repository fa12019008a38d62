package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

func TestRevoke(t *testing.T) {
	login := func(access, refresh string) credentials.Credential {
		return credentials.Credential{AccessToken: credentials.NewSecret(access), RefreshToken: credentials.NewSecret(refresh)}
	}
	at := token("acc", clock(), "at")
	revocation := func(status int, code, text string) error {
		return &EndpointError{Endpoint: "revocation endpoint", Status: status, Code: code, Description: text}
	}
	tests := []struct {
		name  string
		login credentials.Credential
		body  string
		step  step
		want  error
	}{
		{"a refresh token", login(at, canaryRefresh), `{"token":"` + canaryRefresh + `","token_type_hint":"refresh_token","client_id":"client"}`, step{status: 200, body: "{}"}, nil},
		{"an access token alone", login(at, ""), `{"token":"` + at + `","token_type_hint":"access_token"}`, step{status: 204}, nil},
		{"an answer that is no JSON", login(at, "rt"), "", step{status: 200, body: "ok"}, nil},
		{"refused", login(at, canaryRefresh), "", step{status: 400, body: `{"error":"invalid_client","error_description":"no ` + canaryRefresh + `"}`}, revocation(400, "invalid_client", "no [redacted]")},
		{"error inside a success", login(at, "rt"), "", step{status: 200, body: `{"error":{"code":"x","message":"y"}}`}, revocation(200, "x", "y")},
		{"broken", login(at, "rt"), "", step{status: 503, body: "later"}, revocation(503, "", "later")},
		{"edge block", login(at, "rt"), "", step{status: 403, body: "<html>"}, &EndpointError{Endpoint: "revocation endpoint", Status: 403, Description: "a web page instead of an answer", HTML: true}},
		{"elsewhere", login(at, "rt"), "", step{status: 307, header: http.Header{"Location": {"https://elsewhere.test/x"}}}, &RedirectError{Endpoint: "revocation endpoint", Status: 307, Host: "elsewhere.test"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newTape()
			var got exchanged
			answer := roundTrip(func(r *http.Request) (*http.Response, error) {
				s.token = tt.step
				resp, err := s.RoundTrip(r)
				got = s.requests[0]
				return resp, err
			})
			err := Revoke(t.Context(), Config{Issuer: "https://issuer.test", ClientID: "client", HTTPClient: &http.Client{Transport: answer}}, tt.login)
			diff(t, "error", tt.want, errors.Unwrap(err))
			if tt.body != "" {
				diff(t, "request", []string{"/oauth/revoke", typeJSON, tt.body}, []string{got.path, got.contentType, got.body})
			}
			if err != nil {
				secretless(t, "error", err.Error())
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRevokeSendsNothingAway(t *testing.T) {
	real := credentials.Credential{
		AccessToken:  credentials.NewSecret(raw(`{"iss":"https://auth.openai.com"}`)),
		RefreshToken: credentials.NewSecret(canaryRefresh),
	}
	opaque := credentials.Credential{AccessToken: credentials.NewSecret("at"), RefreshToken: credentials.NewSecret(canaryRefresh)}
	i := newSigner(t)
	for name, c := range map[string]credentials.Credential{"the real issuer's": real, "nobody's": opaque} {
		if err := Revoke(t.Context(), Config{Issuer: i.URL}, c); !errors.Is(err, ErrForeignHost) {
			t.Errorf("%s: error %v, want %v", name, err, ErrForeignHost)
		}
	}
	if err := Revoke(t.Context(), Config{Issuer: i.URL}, credentials.Credential{}); !errors.Is(err, ErrLoginRequired) {
		t.Errorf("no token: error %v, want %v", err, ErrLoginRequired)
	}
	if err := Revoke(t.Context(), Config{Issuer: "http://[::1"}, real); err == nil || strings.Contains(err.Error(), canaryRefresh) {
		t.Errorf("no address: error %v", err)
	}
	if n := len(i.seen()); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}

func TestRevokeWaitsTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		silent := roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		err := Revoke(t.Context(), Config{HTTPClient: &http.Client{Transport: silent}}, credentials.Credential{AccessToken: credentials.NewSecret("at")})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second {
			t.Errorf("error %v after %v, want a timeout after 10 s", err, time.Since(began))
		}
	})
}
