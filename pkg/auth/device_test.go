package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

const (
	deviceAnswer = `{"device_auth_id":"` + canaryHandle + `","user_code":"ABCD-12345","interval":"2"}`
	ticketAnswer = `{"authorization_code":"` + canaryCode + `","code_challenge":"x","code_verifier":"` + canaryVerifier + `"}`
	stillPending = `{"error":{"code":"deviceauth_authorization_pending","message":"Not yet."}}`
)

// step is one answer of an issuer in memory.
type step struct {
	status int
	body   string
	header http.Header
	err    error // of the transport, in place of an answer
}

// tape is an issuer in memory: no sockets, so that it works on synctest's clock. It
// plays the steps for the polls, the last one for ever.
type tape struct {
	start, token step
	polls        []step

	requests []exchanged
	at       []time.Time // of the polls
}

func (s *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	got := exchanged{path: r.URL.Path, contentType: r.Header.Get("Content-Type")}
	body, _ := io.ReadAll(r.Body)
	if got.contentType == typeForm {
		got.form, _ = url.ParseQuery(string(body))
	} else {
		got.body = string(body)
	}
	s.requests = append(s.requests, got)
	answer := s.token
	switch r.URL.Path {
	case deviceStartPath:
		answer = s.start
	case devicePollPath:
		answer = s.polls[min(len(s.at), len(s.polls)-1)]
		s.at = append(s.at, time.Now())
	}
	if answer.err != nil {
		return nil, answer.err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	header := answer.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: answer.status, Header: header, Body: io.NopCloser(strings.NewReader(answer.body)), Request: r}, nil
}

func newTape(polls ...step) *tape {
	return &tape{start: step{status: 200, body: deviceAnswer}, token: step{status: 200, body: tokens()}, polls: polls}
}

func (s *tape) login() *DeviceLogin {
	return &DeviceLogin{Config: Config{Issuer: "https://issuer.test", HTTPClient: &http.Client{Transport: s}}}
}

// pauses are the times between the start and the polls.
func (s *tape) pauses(start time.Time) []time.Duration {
	var out []time.Duration
	for _, at := range s.at {
		out = append(out, at.Sub(start))
		start = at
	}
	return out
}

func TestDeviceLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pending := step{status: 403, body: stillPending}
		s := newTape(pending, step{status: 404, body: stillPending}, step{status: 200, body: ticketAnswer})
		l := s.login()
		v := &vault{}
		l.Store = v.Store
		began := time.Now()
		code, err := l.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "code", []any{"ABCD-12345", "https://issuer.test/codex/device", 2 * time.Second, 15 * time.Minute},
			[]any{code.UserCode, code.VerifyURL, code.Interval, code.Expires.Sub(began)})
		login, err := l.Wait(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		v.holds(t, 1)
		if !login.LastRefresh.Equal(time.Now()) || !login.ExpiresAt.Equal(time.Now().Add(time.Hour)) || login.AccountID != "from-id" {
			t.Errorf("login %+v", login)
		}
		diff(t, "row 37: pauses", []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second}, s.pauses(began))
		poll := exchanged{path: devicePollPath, contentType: typeJSON, body: `{"device_auth_id":"` + canaryHandle + `","user_code":"ABCD-12345"}`}
		want := []exchanged{
			{path: deviceStartPath, contentType: typeJSON, body: `{"client_id":"` + DefaultClientID + `"}`},
			poll, poll, poll,
			{path: "/oauth/token", contentType: typeForm, form: url.Values{
				"grant_type": {"authorization_code"}, "code": {canaryCode}, "client_id": {DefaultClientID},
				"redirect_uri": {"https://issuer.test/deviceauth/callback"}, "code_verifier": {canaryVerifier},
			}},
		}
		if got, want := fmt.Sprintf("%+v", s.requests), fmt.Sprintf("%+v", want); got != want {
			t.Errorf("row 37: requests\ngot  %s\nwant %s", got, want)
		}
	})
}

func TestDeviceStartAnswers(t *testing.T) {
	with := func(field string) string { return `{"device_auth_id":"d","user_code":"U-1"` + field + `}` }
	tests := []struct {
		name     string
		answer   string
		interval time.Duration
		expires  time.Duration
	}{
		{"interval as a text", with(`,"interval":"7"`), 7 * time.Second, 15 * time.Minute},
		{"interval as a number", with(`,"interval":7`), 7 * time.Second, 15 * time.Minute},
		{"interval with a fraction", with(`,"interval":1.5`), 1500 * time.Millisecond, 15 * time.Minute},
		{"no interval", with(``), 5 * time.Second, 15 * time.Minute},
		{"interval null", with(`,"interval":null`), 5 * time.Second, 15 * time.Minute},
		{"interval that is no number", with(`,"interval":"soon"`), 5 * time.Second, 15 * time.Minute},
		{"interval zero", with(`,"interval":0`), time.Second, 15 * time.Minute},
		{"interval below a second", with(`,"interval":"0.1"`), time.Second, 15 * time.Minute},
		{"other spelling of the code", `{"device_auth_id":"d","usercode":"U-1"}`, 5 * time.Second, 15 * time.Minute},
		{"lifetime as a number", with(`,"expires_in":600`), 5 * time.Second, 10 * time.Minute},
		{"lifetime as a text", with(`,"expires_in":"600","expires_at":"2026-06-01T13:00:00Z"`), 5 * time.Second, 10 * time.Minute},
		{"end as a text", with(`,"expires_at":"2026-06-01T14:20:00+02:00"`), 5 * time.Second, 20 * time.Minute},
		{"end as a number", with(fmt.Sprintf(`,"expires_at":%d`, clock().Add(5*time.Minute).Unix())), 5 * time.Second, 5 * time.Minute},
		{"end in the past", with(`,"expires_at":"2020-01-01T00:00:00Z"`), 5 * time.Second, 15 * time.Minute},
		{"end that is no time", with(`,"expires_at":true,"expires_in":-1`), 5 * time.Second, 15 * time.Minute},
		{"life of a year", with(`,"expires_in":31536000`), 5 * time.Second, 15 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newTape()
			s.start = step{status: 200, body: tt.answer}
			l := s.login()
			l.Config.Now = clock
			code, err := l.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "code", []any{"U-1", tt.interval, tt.expires}, []any{code.UserCode, code.Interval, code.Expires.Sub(clock())})
		})
	}
}

func TestDeviceStartThatFails(t *testing.T) {
	lost := errors.New("connection lost")
	answered := func(status int, code, text string) error {
		return &EndpointError{Endpoint: "device code endpoint", Status: status, Code: code, Description: text}
	}
	tests := []struct {
		name   string
		answer step
		kind   error
		want   error
	}{
		{"switched off", step{status: 404, body: `{"detail":"Not Found"}`}, ErrDeviceLoginOff, nil},
		{"switched off, no body", step{status: 404}, ErrDeviceLoginOff, nil},
		{"edge block", step{status: 403, body: "<html>"}, ErrSignInFailed, &EndpointError{Endpoint: "device code endpoint", Status: 403, Description: "a web page instead of an answer", HTML: true}},
		{"busy", step{status: 429, body: `{"error":{"code":"rate_limit","message":"Slow."}}`}, ErrSignInFailed, answered(429, "rate_limit", "Slow.")},
		{"unwanted body", step{status: 400, body: `{"error":"model_attributes_type"}`}, ErrSignInFailed, answered(400, "model_attributes_type", "")},
		{"no device id", step{status: 200, body: `{"user_code":"x"}`}, ErrSignInFailed, answered(200, "", "answer holds no device id")},
		{"no user code", step{status: 200, body: `{"device_auth_id":"x"}`}, ErrSignInFailed, answered(200, "", "answer holds no user code")},
		{"user code that no terminal should show", step{status: 200, body: `{"device_auth_id":"x","user_code":"\u001b[31mX"}`}, ErrSignInFailed, answered(200, "", "answer holds no user code")},
		{"endless user code", step{status: 200, body: `{"device_auth_id":"x","user_code":"` + strings.Repeat("A", 65) + `"}`}, ErrSignInFailed, answered(200, "", "answer holds no user code")},
		{"no JSON", step{status: 200, body: `ok`}, ErrSignInFailed, answered(200, "", "answer is not a JSON object")},
		{"connection", step{err: lost}, lost, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newTape()
			s.start = tt.answer
			_, err := s.login().Start(t.Context())
			if !errors.Is(err, tt.kind) || !strings.HasPrefix(err.Error(), "start device login: ") {
				t.Errorf("error %v, want %v", err, tt.kind)
			}
			if got, _ := errors.AsType[*EndpointError](err); tt.want != nil {
				diff(t, "answer", tt.want, error(got))
			}
		})
	}
}

func TestDevicePollAnswers(t *testing.T) {
	says := func(code, text string) string { return `{"error":{"code":"` + code + `","message":"` + text + `"}}` }
	const goesOn = "goes on"
	tests := []struct {
		name   string
		answer step
		want   error // nil for an answer after which polling goes on
		text   string
	}{
		{"row 40: 403 pending", step{status: 403, body: stillPending}, nil, ""},
		{"404 pending", step{status: 404, body: stillPending}, nil, ""},
		{"403 with the other code of pending", step{status: 403, body: says("deviceauth_authorization_unknown", "Please try again.")}, nil, ""},
		{"403 pending as a text", step{status: 403, body: `{"error":"deviceauth_authorization_pending"}`}, nil, ""},
		{"403 without body", step{status: 403}, nil, ""},
		{"404 with a text", step{status: 404, body: "404 page not found"}, nil, ""},
		{"403 with half a body", step{status: 403, body: `{"error":`}, nil, ""},
		{"403 with an empty object", step{status: 403, body: `{}`}, nil, ""},
		{"403 with a list", step{status: 403, body: `[]`}, nil, ""},
		{"403 with a web page", step{status: 403, body: "<!DOCTYPE html>"}, nil, goesOn},
		{"429", step{status: 429, body: "{}"}, nil, goesOn},
		{"500", step{status: 500, body: says("x", "y")}, nil, goesOn},
		{"503 that speaks of denial", step{status: 503, body: says("access_denied", "")}, nil, goesOn},
		{"530", step{status: 530, body: "error 1033"}, nil, goesOn},
		{"connection lost", step{err: errors.New("reset")}, nil, goesOn},

		{"row 38: 400 denied", step{status: 400, body: `{"error":"access_denied","error_description":"No."}`}, ErrDenied, "access_denied: No."},
		{"403 declined", step{status: 403, body: says("deviceauth_authorization_declined", "")}, ErrDenied, "declined"},
		{"403 no Codex", step{status: 403, body: says("access_denied", "missing_codex_entitlement")}, ErrNoEntitlement, "missing_codex_entitlement"},
		{"403 expired", step{status: 403, body: says("deviceauth_expired", "")}, ErrDeviceCodeExpired, "deviceauth_expired"},
		{"404 expired, in words", step{status: 404, body: `{"message":"Device authorization has expired"}`}, ErrDeviceCodeExpired, "has expired"},
		{"403 unknown", step{status: 403, body: says("deviceauth_unknown", "Unknown device authorization")}, ErrSignInFailed, "HTTP 403"},
		{"400 with the pending code", step{status: 400, body: stillPending}, ErrSignInFailed, "HTTP 400"},
		{"row 41: OLD: 400 slow_down is final now", step{status: 400, body: `{"error":"slow_down"}`}, ErrSignInFailed, "slow_down"},
		{"row 41: OLD: 400 authorization_pending is final now", step{status: 400, body: `{"error":"authorization_pending"}`}, ErrSignInFailed, "authorization_pending"},
		{"401", step{status: 401, body: "{}"}, ErrSignInFailed, "HTTP 401"},
		{"error inside a success", step{status: 200, body: `{"error":"access_denied"}`}, ErrDenied, "access_denied"},
		{"no code", step{status: 200, body: `{"code_verifier":"v"}`}, ErrSignInFailed, "no authorization code"},
		{"no verifier", step{status: 200, body: `{"authorization_code":"c"}`}, ErrSignInFailed, "no code verifier"},
		{"a page in a success", step{status: 200, body: "<html>access denied"}, ErrSignInFailed, "a web page"},
		{"handle quoted back", step{status: 400, body: says("x", canaryHandle)}, ErrSignInFailed, "[redacted]"},
		{"elsewhere", step{status: 302, header: http.Header{"Location": {"https://elsewhere.test/"}}}, nil, "redirect"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTape(tt.answer, step{status: 200, body: ticketAnswer})
				l := s.login()
				v := &vault{}
				var warnings []string
				l.Store, l.Warn = v.Store, func(err error) { warnings = append(warnings, err.Error()) }
				code, err := l.Start(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, err = l.Wait(t.Context(), code)
				secretless(t, "error", fmt.Sprint(err, warnings))
				switch {
				case tt.text == "redirect":
					if moved, ok := errors.AsType[*RedirectError](err); !ok || moved.Host != "elsewhere.test" {
						t.Errorf("error %v, want a redirect", err)
					}
				case tt.want == nil:
					if err != nil || len(s.at) != 2 {
						t.Errorf("error %v after %d polls, want none after 2", err, len(s.at))
					}
					if (tt.text == goesOn) != (len(warnings) == 1) {
						t.Errorf("warnings %q", warnings)
					}
				default:
					if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) || len(s.at) != 1 {
						t.Errorf("error %v after %d polls, want %v with %q after 1", err, len(s.at), tt.want, tt.text)
					}
					v.holds(t, 0)
				}
			})
		})
	}
}

func TestPausesOfADeviceLogin(t *testing.T) {
	asks := func(value string) step {
		return step{status: 429, body: "{}", header: http.Header{"Retry-After": {value}}}
	}
	s := time.Second
	tests := []struct {
		name  string
		polls []step
		want  []time.Duration
	}{
		{"growing while it is broken, to 30 s", []step{{status: 500}, {err: io.ErrUnexpectedEOF}, {status: 502}, {status: 500}, {status: 500}, {status: 500}},
			[]time.Duration{2 * s, 4 * s, 8 * s, 16 * s, 30 * s, 30 * s, 30 * s}},
		{"as before when it is mended", []step{{status: 500}, {status: 500}, {status: 403}}, []time.Duration{2 * s, 4 * s, 8 * s, 2 * s}},
		{"as long as asked", []step{asks("20")}, []time.Duration{2 * s, 20 * s}},
		{"no shorter than its own", []step{asks("1")}, []time.Duration{2 * s, 4 * s}},
		{"a minute at most", []step{asks("3600")}, []time.Duration{2 * s, 60 * s}},
		{"until the time asked", []step{asks("Sat, 01 Jan 2000 00:00:42 GMT")}, []time.Duration{2 * s, 40 * s}},
		{"asked for nonsense", []step{asks("-5"), asks("soon")}, []time.Duration{2 * s, 4 * s, 8 * s}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tape := newTape(append(tt.polls, step{status: 200, body: ticketAnswer})...)
				l := tape.login()
				began := time.Now()
				code, err := l.Start(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := l.Wait(t.Context(), code); err != nil {
					t.Fatal(err)
				}
				diff(t, "pauses", tt.want, tape.pauses(began))
			})
		})
	}
}

func TestTheEndOfADeviceCode(t *testing.T) {
	for name, tt := range map[string]struct {
		answer step
		polls  int
		text   string
	}{
		"row 39: never entered":  {step{status: 403, body: stillPending}, 449, "device login: device code has expired"},
		"row 39: broken all day": {step{status: 503, body: "later"}, 32, "device code has expired; the last answer: device code endpoint answered HTTP 503 Service Unavailable: later"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newTape(tt.answer)
				// One second off, so that no poll falls on the end.
				s.start.body = strings.Replace(deviceAnswer, "{", `{"expires_in":899,`, 1)
				l := s.login()
				code, err := l.Start(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, err = l.Wait(t.Context(), code)
				if !errors.Is(err, ErrDeviceCodeExpired) || !strings.HasSuffix(err.Error(), tt.text) {
					t.Errorf("error %v, want %q", err, tt.text)
				}
				if !time.Now().Equal(code.Expires) || len(s.at) != tt.polls {
					t.Errorf("%d polls until %v, want %d until %v", len(s.at), time.Now(), tt.polls, code.Expires)
				}
				if _, err := l.Wait(t.Context(), code); !errors.Is(err, ErrDeviceCodeExpired) || len(s.at) != tt.polls {
					t.Errorf("again: error %v, want %v and no poll", err, ErrDeviceCodeExpired)
				}
			})
		})
	}
}

func TestLeavingADeviceLogin(t *testing.T) {
	t.Run("while sleeping", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTape(step{status: 403})
			l := s.login()
			code, _ := l.Start(t.Context())
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if _, err := l.Wait(ctx, code); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("error %v after %v", err, time.Since(began))
			}
		})
	})
	t.Run("while exchanging", func(t *testing.T) {
		i := newSigner(t)
		arrived, leave := make(chan struct{}), make(chan struct{})
		i.on(deviceStartPath, say(200, strings.Replace(deviceAnswer, `"2"`, `"1"`, 1)))
		i.on(devicePollPath, say(200, ticketAnswer))
		i.on("/oauth/token", func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-leave
			say(200, tokens())(w, r)
		})
		v := &vault{}
		l := &DeviceLogin{Config: Config{Issuer: i.URL}, Store: v.Store}
		code, err := l.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		if _, err := l.Wait(ctx, code); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		close(leave)
		v.holds(t, 0)
	})
	t.Run("before storing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		v := &vault{}
		if _, err := deliver(ctx, v.Store, credentials.Credential{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		v.holds(t, 0)
	})
	t.Run("a store that fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTape(step{status: 200, body: ticketAnswer})
			l := s.login()
			full := errors.New("disk full")
			l.Store = (&vault{fails: full}).Store
			code, _ := l.Start(t.Context())
			if _, err := l.Wait(t.Context(), code); !errors.Is(err, full) {
				t.Errorf("error %v, want %v", err, full)
			}
		})
	})
	t.Run("an exchange that fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newTape(step{status: 200, body: ticketAnswer})
			s.token = step{status: 400, body: `{"error":"invalid_grant","error_description":"` + canaryVerifier + `"}`}
			l := s.login()
			code, _ := l.Start(t.Context())
			_, err := l.Wait(t.Context(), code)
			if !errors.Is(err, ErrSignInFailed) {
				t.Errorf("error %v, want %v", err, ErrSignInFailed)
			}
			secretless(t, "error", err.Error())
		})
	})
}

func TestADeviceLoginInTwoProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTape(step{status: 403}, step{status: 200, body: ticketAnswer})
		code, err := s.login().Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		data, err := EncodePending(code)
		if err != nil || !strings.Contains(string(data), canaryHandle) {
			t.Fatalf("EncodePending = %s, %v, want the secret half in it", data, err)
		}
		again, err := DecodePending(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := asJSON(again), asJSON(code); got != want {
			t.Errorf("decoded %s, want %s", got, want)
		}
		if _, err := s.login().Wait(t.Context(), again); err != nil {
			t.Error(err)
		}
		other := s.login()
		other.Config.Issuer = "https://other.test"
		polls := len(s.at)
		if _, err := other.Wait(t.Context(), again); !errors.Is(err, ErrForeignHost) || len(s.at) != polls {
			t.Errorf("with another issuer: error %v, want %v and no poll", err, ErrForeignHost)
		}
	})
}

func TestADeviceCodeDoesNotShowItsSecretHalf(t *testing.T) {
	code, err := newTape().login().Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(code)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{string(data), fmt.Sprint(code), fmt.Sprintf("%v %+v %#v %v", code, code, code, &code), code.ID} {
		secretless(t, "device code", text)
	}
	if len(code.ID) != 8 {
		t.Errorf("ID %q, want 8 digits", code.ID)
	}
}

func TestPendingSignInsThatAreBroken(t *testing.T) {
	code, err := newTape().login().Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good, _ := EncodePending(code)
	for name, data := range map[string]string{
		"empty":            "",
		"half":             string(good[:len(good)/2]),
		"list":             "[]",
		"nothing in it":    "{}",
		"other version":    strings.Replace(string(good), `"version":1`, `"version":2`, 1),
		"other handle":     strings.Replace(string(good), canaryHandle, "x", 1),
		"no handle":        strings.Replace(string(good), canaryHandle, "", 1),
		"wild user code":   strings.Replace(string(good), "ABCD-12345", "A B", 1),
		"wrong kind":       strings.Replace(string(good), `"version":1`, `"version":"1"`, 1),
		"not UTF-8 at all": "\xff\xfe",
	} {
		_, err := DecodePending([]byte(data))
		if !errors.Is(err, credentials.ErrMalformed) {
			t.Errorf("%s: error %v, want %v", name, err, credentials.ErrMalformed)
			continue
		}
		secretless(t, name, err.Error())
	}
	if _, err := EncodePending(DeviceCode{UserCode: "x"}); err == nil {
		t.Error("a code that was never started was encoded")
	}
	if _, err := (&DeviceLogin{}).Wait(t.Context(), DeviceCode{UserCode: "x"}); !errors.Is(err, errNoHandle) {
		t.Errorf("error %v, want %v", err, errNoHandle)
	}
}

func TestDeviceLoginOverARealConnection(t *testing.T) {
	i := newSigner(t)
	i.on(deviceStartPath, say(200, strings.Replace(deviceAnswer, `"2"`, `"1"`, 1)))
	i.on(devicePollPath, say(200, ticketAnswer))
	keeper := keeperAt(t)
	l := &DeviceLogin{Config: Config{Issuer: i.URL}, Store: keeper.Store}
	code, err := l.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Wait(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(keeper.File.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("store: %v, %v", info, err)
	}
}
