package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

func TestCredentialRenewsWhenItShould(t *testing.T) {
	tests := []struct {
		name  string
		ttl   time.Duration
		calls int
	}{
		{"row 7: a valid token needs no request", time.Hour, 0},
		{"row 4: six minutes left is enough", 6 * time.Minute, 0},
		{"row 5: one second more than five minutes", 5*time.Minute + time.Second, 0},
		{"row 5: exactly five minutes", 5 * time.Minute, 1},
		{"row 4: one minute left", time.Minute, 1},
		{"row 27: expired", -time.Hour, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newIssuer(t, grants)
			path := stored(t, tt.ttl)
			s := source(t, path, i.URL)
			var got credentials.Credential
			for range 3 {
				c, err := s.Credential(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got = c
			}
			if i.count() != tt.calls {
				t.Errorf("%d requests, want %d", i.count(), tt.calls)
			}
			if tt.calls == 1 && got.AccessToken.Reveal() != freshToken(1) {
				t.Errorf("token is not the fresh one")
			}
			if _, err := os.Stat(path + ".lock"); (err == nil) != (tt.calls == 1) {
				t.Errorf("lock file: %v, want one only for a renewal", err)
			}
		})
	}
}

func TestRenewalRequestAndStore(t *testing.T) {
	i := newIssuer(t, grants)
	path := stored(t, -time.Hour)
	if _, err := source(t, path, i.URL).Credential(t.Context()); err != nil {
		t.Fatal(err)
	}
	diff(t, "row 8: requests", []string{"client_id=" + DefaultClientID + "&grant_type=refresh_token&refresh_token=rt-old"}, i.requests)
	want := fmt.Sprintf(`{"access_token":%q,"refresh_token":"rt-fresh-1","expires_at":"2026-06-01T13:00:00.000000+00:00","account_id":"acc","extra":[1, 2],"plan_type":"plus"}`, freshToken(1))
	diff(t, "row 8: store", want, read(t, path))
	only(t, path)
}

func TestRenewalKeepsWhatTheAnswerLacks(t *testing.T) {
	id := raw(`{"https://api.openai.com/auth":{"chatgpt_account_id":"acc"}}`)
	for name, tt := range map[string]struct{ answer, refresh, expires string }{
		"row 3, row 8: no refresh token":              {`{"access_token":"opaque","expires_in":60}`, "rt-old", "2026-06-01T12:01:00.000000+00:00"},
		"row 20: no expires_in, the claim counts":     {fmt.Sprintf(`{"access_token":%q,"refresh_token":"r2"}`, token("acc", clock().Add(2*time.Hour), "x")), "r2", "2026-06-01T14:00:00.000000+00:00"},
		"row 20: no expiry at all: unknown":           {`{"access_token":"opaque","refresh_token":"r2"}`, "r2", ""},
		"row 20: senseless expires_in: unknown":       {`{"access_token":"opaque","refresh_token":"r2","expires_in":-5}`, "r2", ""},
		"row 20: expires_in that is no number at all": {`{"access_token":"opaque","refresh_token":"r2","expires_in":{}}`, "r2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t, replies(200, tt.answer))
			path := storedAs(t, fmt.Sprintf(`{"access_token":"old","account_id":"acc","expires_at":"2026-05-01","id_token":%q,"plan_type":"pro","refresh_token":"rt-old","user_id":"user-1"}`, id))
			s := source(t, path, i.URL)
			for range 2 {
				if _, err := s.Credential(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			got := gjson.Parse(read(t, path))
			if got.Get("id_token").Str != id || got.Get("account_id").Str != "acc" || got.Get("user_id").Str != "user-1" {
				t.Errorf("store lost something: %s", got.Raw)
			}
			if got.Get("refresh_token").Str != tt.refresh || got.Get("expires_at").Str != tt.expires || i.count() != 1 {
				t.Errorf("store %s after %d requests, want %q until %q after 1", got.Raw, i.count(), tt.refresh, tt.expires)
			}
		})
	}
}

func TestRenewalOfARealShapedOfficialFile(t *testing.T) {
	old, id := token("acc", clock().Add(-time.Hour), "old"), token("acc", clock(), "id")
	before := "{\n  \"auth_mode\": \"chatgpt\",\n  \"OPENAI_API_KEY\": null,\n  \"tokens\": {\n    \"id_token\": \"" + id + "\",\n    \"access_token\": \"" + old +
		"\",\n    \"refresh_token\": \"rt-old\",\n    \"account_id\": \"acc\",\n    \"later\": {\"b\": 2, \"a\": 1}\n  },\n  \"last_refresh\": \"2026-05-01T05:54:43.123456Z\",\n  \"future\": [1,  2]\n}"
	i := newIssuer(t, grants)
	path := storedAs(t, before)
	if _, err := source(t, path, i.URL).Credential(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer(old, freshToken(1), "rt-old", "rt-fresh-1", "2026-05-01T05:54:43.123456Z", "2026-06-01T12:00:00.000000Z").Replace(before)
	diff(t, "store", want, read(t, path))
}

func TestAnswersThatAreNoToken(t *testing.T) {
	nested := func(code string) string {
		return `{"error":{"message":"Sorry about that.","type":"invalid_request_error","param":null,"code":"` + code + `"}}`
	}
	refusedAs := func(status int, code, text string) error {
		return &RefusedError{Status: status, Code: code, Description: text}
	}
	other := func(status int, code, text string, html bool) error {
		return &EndpointError{Status: status, Code: code, Description: text, HTML: html}
	}
	tests := []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"row 25, row 29: invalid_grant", 400, `{"error":"invalid_grant","error_description":"Gone."}`, refusedAs(400, "invalid_grant", "Gone.")},
		{"expired", 401, nested("refresh_token_expired"), refusedAs(401, "refresh_token_expired", "Sorry about that.")},
		{"reused, upper case", 401, nested("Refresh_Token_REUSED"), refusedAs(401, "refresh_token_reused", "Sorry about that.")},
		{"invalidated, whatever the status", 500, nested("refresh_token_invalidated"), refusedAs(500, "refresh_token_invalidated", "Sorry about that.")},
		{"seen by others", 403, nested("account_deactivated"), refusedAs(403, "account_deactivated", "Sorry about that.")},
		{"any 401", 401, `{"message":"no"}`, refusedAs(401, "", "no")},
		{"code at the top", 400, `{"code":"token_revoked"}`, refusedAs(400, "token_revoked", "")},
		{"error with status 200", 200, `{"error":"invalid_grant"}`, refusedAs(200, "invalid_grant", "")},
		{"row 26, row 30: server error", 500, `oops`, other(500, "", "oops", false)},
		{"invalid_grant of a broken server", 503, `{"error":"invalid_grant"}`, other(503, "invalid_grant", "", false)},
		{"too many requests", 429, nested("rate_limit"), other(429, "rate_limit", "Sorry about that.", false)},
		{"edge block", 403, "\n <!DOCTYPE html><title>blocked</title>", other(403, "", "a web page instead of an answer", true)},
		{"edge block with 401", 401, "<html>", other(401, "", "a web page instead of an answer", true)},
		{"row 22: no access token", 200, `{"expires_in":1}`, other(200, "", "answer holds no access token", false)},
		{"access token that no header can carry", 200, `{"access_token":"a\nb"}`, other(200, "", "answer holds no access token", false)},
		{"not JSON", 200, `token`, other(200, "", "answer is not a JSON object", false)},
		{"too long", 200, `{"a":"` + strings.Repeat("x", maxAnswer) + `"}`, other(200, "", "answer is too long", false)},
		{"description with secrets and colours", 400, `{"error":"x","error_description":"\u001b[31mtoken rt-old or ` + token("a", clock(), "b") + `\n bad"}`, other(400, "x", "[31mtoken [redacted] or [redacted] bad", false)},
		{"code that is a token", 400, `{"error":"` + strings.Repeat("a1", 20) + `"}`, other(400, "", "", false)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newIssuer(t, replies(tt.status, tt.body))
			path := stored(t, -time.Hour)
			before := read(t, path)
			s := source(t, path, i.URL)
			_, err := s.Credential(t.Context())
			got := errors.Unwrap(err)
			diff(t, "error", tt.want, got)
			diff(t, "store", before, read(t, path))
			only(t, path)
			if errors.Is(err, ErrRenewalRefused) != errors.Is(tt.want, ErrRenewalRefused) {
				t.Errorf("errors.Is(%v, ErrRenewalRefused) is wrong", err)
			}
			calls := 2
			if errors.Is(err, ErrRenewalRefused) {
				calls = 1 // a final refusal is remembered
			}
			if _, again := s.Credential(t.Context()); again == nil || i.count() != calls {
				t.Errorf("second try: error %v after %d requests, want one after %d", again, i.count(), calls)
			}
			if strings.Contains(err.Error(), "rt-old") {
				t.Errorf("error shows the refresh token: %v", err)
			}
		})
	}
}

func TestARefusalIsForgottenWhenTheStoreHasANewLogin(t *testing.T) {
	i := newIssuer(t, replies(401, `{"error":{"code":"refresh_token_expired"}}`))
	path := stored(t, -time.Hour)
	s := source(t, path, i.URL)
	if _, err := s.Credential(t.Context()); !errors.Is(err, ErrRenewalRefused) {
		t.Fatalf("error = %v, want %v", err, ErrRenewalRefused)
	}
	write(t, path, `{"access_token":"new","refresh_token":"rt-new","expires_at":"2026-05-01"}`)
	i.answer = grants
	if _, err := s.Credential(t.Context()); err != nil {
		t.Errorf("after a new login: error = %v, want none", err)
	}
}

func TestARefusalReadsTheStoreOnceMore(t *testing.T) {
	for _, code := range []string{"refresh_token_reused", "refresh_token_invalidated", "refresh_token_expired"} {
		path := stored(t, -time.Hour)
		i := newIssuer(t, func(w http.ResponseWriter, n int) {
			write(t, path, `{"access_token":"theirs","refresh_token":"rt-theirs","expires_at":"2026-07-01T00:00:00Z"}`)
			replies(401, `{"error":{"code":"`+code+`"}}`)(w, n)
		})
		c, err := source(t, path, i.URL).Credential(t.Context())
		if err != nil || c.AccessToken.Reveal() != "theirs" {
			t.Errorf("%s: Credential = %q, %v, want theirs", code, c.AccessToken.Reveal(), err)
		}
	}
}

func TestAdoptsWhatAnotherProcessRenewed(t *testing.T) {
	i := newIssuer(t, grants)
	path := stored(t, -time.Hour)
	s := source(t, path, i.URL)
	lock, err := credentials.File{Path: path}.Lock(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		// Expired by our clock all the same: adopted, and used without a renewal.
		_ = os.WriteFile(path, []byte(`{"access_token":"theirs","refresh_token":"rt","expires_at":"2026-05-01"}`), 0o600)
		lock.Unlock()
	})
	for range 2 {
		c, err := s.Credential(t.Context())
		if err != nil || c.AccessToken.Reveal() != "theirs" || i.count() != 0 {
			t.Errorf("row 9: Credential = %q, %v after %d requests, want theirs after none", c.AccessToken.Reveal(), err, i.count())
		}
	}
}

func TestAFreshTokenThatLooksExpiredIsUsed(t *testing.T) {
	i := newIssuer(t, func(w http.ResponseWriter, n int) {
		replies(200, fmt.Sprintf(`{"access_token":%q}`, token("acc", clock().Add(-24*time.Hour), fmt.Sprint(n))))(w, n)
	})
	s := source(t, stored(t, -time.Hour), i.URL)
	for range 3 {
		if _, err := s.Credential(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if i.count() != 1 {
		t.Errorf("%d requests with a clock a day ahead, want 1", i.count())
	}
}

func TestAShortLivedTokenIsRenewedAtItsExpiryOnly(t *testing.T) {
	i := newIssuer(t, func(w http.ResponseWriter, n int) {
		replies(200, fmt.Sprintf(`{"access_token":"t%d","refresh_token":"r%d","expires_in":60}`, n, n))(w, n)
	})
	s := source(t, stored(t, -time.Hour), i.URL)
	at := clock()
	s.Config.Now = func() time.Time { return at }
	for _, step := range []struct {
		ahead time.Duration
		calls int
	}{{0, 1}, {30 * time.Second, 1}, {31 * time.Second, 2}, {10 * time.Second, 2}} {
		at = at.Add(step.ahead)
		if _, err := s.Credential(t.Context()); err != nil || i.count() != step.calls {
			t.Errorf("at %v: %d requests, %v, want %d", at.Sub(clock()), i.count(), err, step.calls)
		}
	}
}

func TestEarlyRenewalThatFailsIsNoError(t *testing.T) {
	i := newIssuer(t, replies(503, "later"))
	path := stored(t, 2*time.Minute)
	s := source(t, path, i.URL)
	at := clock()
	s.Config.Now = func() time.Time { return at }
	var warnings []string
	s.Warn = func(err error) { warnings = append(warnings, err.Error()) }
	for _, step := range []struct {
		ahead    time.Duration
		calls    int
		wantFail bool
	}{{0, 1, false}, {30 * time.Second, 1, false}, {31 * time.Second, 2, false}, {2 * time.Minute, 3, true}} {
		at = at.Add(step.ahead)
		_, err := s.Credential(t.Context())
		if (err != nil) != step.wantFail || i.count() != step.calls {
			t.Errorf("at %v: error %v after %d requests, want %d requests", at.Sub(clock()), err, i.count(), step.calls)
		}
	}
	const warning = "renew login: token endpoint answered HTTP 503 Service Unavailable: later"
	diff(t, "warnings", []string{warning, warning}, warnings)
}

func TestAnotherAccountIsRefusedAndNothingIsLost(t *testing.T) {
	i := newIssuer(t, replies(200, fmt.Sprintf(`{"access_token":%q,"refresh_token":"rt-2"}`, token("stranger", clock().Add(time.Hour), "x"))))
	path := stored(t, -time.Hour)
	before := read(t, path)
	s := source(t, path, i.URL)
	for range 2 {
		_, err := s.Credential(t.Context())
		var saved *credentials.RescueError
		if !errors.Is(err, ErrAccountChanged) || !errors.As(err, &saved) {
			t.Fatalf("error = %v, want %v with a rescue file", err, ErrAccountChanged)
		}
		c, _, err := credentials.File{Path: saved.Path}.Read(t.Context())
		if err != nil || c.AccountID != "acc" || c.RefreshToken.Reveal() != "rt-2" {
			t.Errorf("rescue file holds %+v, %v", c, err)
		}
	}
	diff(t, "store", before, read(t, path))
	if i.count() != 1 {
		t.Errorf("%d requests, want 1", i.count())
	}
}

func TestAStoredAccountThatNeverWasOneDoesNotMatter(t *testing.T) {
	i := newIssuer(t, grants)
	path := storedAs(t, fmt.Sprintf(`{"tokens":{"access_token":%q,"refresh_token":"r","account_id":"google-oauth2|1"}}`, token("acc", clock(), "old")))
	if _, err := source(t, path, i.URL).Credential(t.Context()); err != nil {
		t.Errorf("error = %v, want none", err)
	}
	if got := gjson.Get(read(t, path), "tokens.account_id").Str; got != "google-oauth2|1" {
		t.Errorf("account_id = %q, want it intact", got)
	}
}

func TestARotatedRefreshTokenWithoutAccessTokenIsRescued(t *testing.T) {
	i := newIssuer(t, replies(200, `{"refresh_token":"rt-2"}`))
	path := stored(t, -time.Hour)
	_, err := source(t, path, i.URL).Credential(t.Context())
	var saved *credentials.RescueError
	if !errors.As(err, &saved) || !strings.Contains(read(t, saved.Path), "rt-2") {
		t.Errorf("error = %v, want a rescue file with the new refresh token", err)
	}
}

func TestAFailedRenameEndsInARescueFileAndTheProcessGoesOn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "auth.json")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, path, read(t, stored(t, -time.Hour)))
	before := read(t, path)
	i := newIssuer(t, func(w http.ResponseWriter, n int) {
		if n == 1 { // pull the rug: the temporary file is gone when it is renamed
			list, _ := filepath.Glob(filepath.Join(dir, "sub", ".auth.json.*.tmp"))
			for _, temp := range list {
				_ = os.Remove(temp)
			}
		}
		grants(w, n)
	})
	s := source(t, path, i.URL)
	_, err := s.Credential(t.Context())
	var saved *credentials.RescueError
	if !errors.As(err, &saved) || !errors.Is(err, credentials.ErrNotWritable) || !strings.Contains(err.Error(), saved.Path) {
		t.Fatalf("error = %v, want one that names a rescue file", err)
	}
	if info, _ := os.Stat(saved.Path); info.Mode().Perm() != 0o600 || !strings.Contains(read(t, saved.Path), "rt-fresh-1") {
		t.Errorf("rescue file %v holds %s", info.Mode(), read(t, saved.Path))
	}
	diff(t, "store", before, read(t, path))
	c, err := s.Credential(t.Context())
	if err != nil || c.AccessToken.Reveal() != freshToken(1) || i.count() != 1 {
		t.Errorf("next call: %v after %d requests, want the fresh token after 1", err, i.count())
	}
	if c, err = s.Renew(t.Context()); err != nil || c.AccessToken.Reveal() != freshToken(2) {
		t.Errorf("Renew: %v, want the second token", err)
	}
	if !strings.Contains(i.requests[1], "rt-fresh-1") || !strings.Contains(read(t, path), "rt-fresh-2") {
		t.Errorf("second renewal sent %q, store %s", i.requests[1], read(t, path))
	}
}

func TestASignInDuringTheRenewalIsNotOverwritten(t *testing.T) {
	path := stored(t, -time.Hour)
	const theirs = `{"access_token":"theirs","refresh_token":"rt-theirs","expires_at":"2026-07-01T00:00:00Z"}`
	i := newIssuer(t, func(w http.ResponseWriter, n int) { write(t, path, theirs); grants(w, n) })
	s := source(t, path, i.URL)
	var warned error
	s.Warn = func(err error) { warned = err }
	c, err := s.Credential(t.Context())
	if err != nil || c.AccessToken.Reveal() != "theirs" || !errors.Is(warned, credentials.ErrChanged) {
		t.Errorf("Credential = %q, %v, warned %v, want theirs and a warning", c.AccessToken.Reveal(), err, warned)
	}
	diff(t, "store", theirs, read(t, path))
}

func TestNoRequestWithoutRoomForTheAnswer(t *testing.T) {
	i := newIssuer(t, grants)
	path := stored(t, -time.Hour)
	long := strings.Repeat("n", 240) + ".json" // the temporary name becomes too long for the file system
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), long)); err != nil {
		t.Fatal(err)
	}
	_, err := source(t, filepath.Join(filepath.Dir(path), long), i.URL).Credential(t.Context())
	if !errors.Is(err, credentials.ErrNotWritable) || i.count() != 0 {
		t.Errorf("error = %v after %d requests, want %v after none", err, i.count(), credentials.ErrNotWritable)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := newIssuer(t, grants)
	i := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/oauth/token", http.StatusTemporaryRedirect))
	defer i.Close()
	_, err := source(t, stored(t, -time.Hour), i.URL).Credential(t.Context())
	var moved *RedirectError
	if !errors.As(err, &moved) || "http://"+moved.Host != elsewhere.URL || elsewhere.count() != 0 {
		t.Errorf("error = %v after %d requests there, want a redirect to %s", err, elsewhere.count(), elsewhere.URL)
	}
}

func TestTheCallerLeavingDoesNotLoseTheAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	i := newIssuer(t, func(w http.ResponseWriter, n int) {
		cancel()
		time.Sleep(100 * time.Millisecond)
		grants(w, n)
	})
	path := stored(t, -time.Hour)
	if _, err := source(t, path, i.URL).Credential(ctx); err != nil {
		t.Errorf("error = %v, want the answer that came", err)
	}
	if !strings.Contains(read(t, path), "rt-fresh-1") {
		t.Errorf("store %s lacks the fresh token", read(t, path))
	}
}
