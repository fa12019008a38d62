package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

func TestBrowserLogin(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		t.Run("row 32: the full flow by "+host, func(t *testing.T) {
			if host == "[::1]" {
				occupy(t, "tcp6", "[::1]:0") // skips without IPv6
			}
			i := newSigner(t)
			keeper := keeperAt(t)
			s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL + "/", UserAgent: "test/1"}, Store: keeper.Store})
			got := visit(t, "GET", strings.Replace(s.back("code", canaryCode, "state", s.state()), "localhost", host, 1))
			got.wants(t, 200, "You are signed in", "close this tab", "terminal")
			secretless(t, "page", got.body+fmt.Sprint(got.header))
			login, err := s.end()
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "login", plain(wantLogin()), plain(login))
			kept, _, err := keeper.File.Read(t.Context())
			if err != nil || !kept.SameTokens(login) {
				t.Errorf("store holds %v, %v, want the login", kept, err)
			}
			requests := i.seen()
			if len(requests) != 1 {
				t.Fatalf("%d requests, want 1", len(requests))
			}
			form := requests[0].form
			if challenge(credentials.NewSecret(form.Get("code_verifier"))) != s.address.Query().Get("code_challenge") {
				t.Error("row 13: the verifier does not fit the challenge")
			}
			if n := len(form.Get("code_verifier")); n != 86 {
				t.Errorf("verifier has %d characters, want 86", n)
			}
			if strings.Contains(s.address.String(), form.Get("code_verifier")) {
				t.Error("the address shows the verifier")
			}
			form.Del("code_verifier")
			diff(t, "exchange", url.Values{
				"grant_type": {"authorization_code"}, "code": {canaryCode}, "client_id": {DefaultClientID},
				"redirect_uri": {s.address.Query().Get("redirect_uri")},
			}, form)
		})
	}
}

func TestAuthorizeAddress(t *testing.T) {
	s := begin(t, BrowserLogin{Config: Config{Issuer: "https://issuer.test", ClientID: "client"}})
	if got := s.address.Scheme + "://" + s.address.Host + s.address.Path; got != "https://issuer.test/oauth/authorize" {
		t.Errorf("address %q", got)
	}
	if !strings.Contains(s.address.RawQuery, "scope=openid+profile+email+offline_access") ||
		!strings.Contains(s.address.RawQuery, "redirect_uri=http%3A%2F%2Flocalhost%3A") {
		t.Errorf("row 12: query %q", s.address.RawQuery)
	}
	query := s.address.Query()
	if len(query.Get("state")) != 43 || len(query.Get("code_challenge")) != 43 {
		t.Errorf("state %q and challenge %q, want 43 characters each", query.Get("state"), query.Get("code_challenge"))
	}
	redirect, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || redirect.Hostname() != "localhost" || redirect.Path != "/auth/callback" {
		t.Errorf("rows 17 to 19: redirect %v, %v: want localhost always", redirect, err)
	}
	for _, key := range []string{"state", "code_challenge", "redirect_uri"} {
		query.Del(key)
	}
	diff(t, "row 12: parameters", url.Values{
		"response_type": {"code"}, "client_id": {"client"}, "scope": {"openid profile email offline_access"},
		"code_challenge_method": {"S256"}, "id_token_add_organizations": {"true"}, "codex_cli_simplified_flow": {"true"},
	}, query)
	named := begin(t, BrowserLogin{Originator: "somebody"})
	if got := named.address.Query().Get("originator"); got != "somebody" || !strings.HasPrefix(named.address.String(), DefaultIssuer+"/oauth/authorize?") {
		t.Errorf("address %v with originator %q", named.address, got)
	}
	if named.state() == s.state() {
		t.Error("two sign-ins share a state")
	}
}

func TestCallbacksThatAreNoAnswer(t *testing.T) {
	tests := []struct {
		name   string
		method string
		path   string // in place of the callback's
		params []string
		status int
		says   string
	}{
		{"row 43: unrelated path", "GET", "/", nil, 404, "nothing here"},
		{"row 43: icon", "GET", "/favicon.ico", nil, 404, "nothing here"},
		{"row 43: path with a slash more", "GET", "/auth/callback/", []string{"code", canaryCode}, 404, "nothing here"},
		{"row 43: path that would be cleaned", "GET", "/auth//callback", nil, 404, "nothing here"},
		{"row 33: wrong state", "GET", "", []string{"code", canaryCode, "state", "wrong"}, 400, "state differs"},
		{"row 33: no state", "GET", "", []string{"code", canaryCode}, 400, "state differs"},
		{"row 34: wrong state with an error", "GET", "", []string{"error", "access_denied", "state", "wrong"}, 400, "state differs"},
		{"row 35: no code", "GET", "", []string{"state", "="}, 400, "no authorization code"},
		{"row 35: empty code", "GET", "", []string{"code", "", "state", "="}, 400, "no authorization code"},
		{"code that is none", "GET", "", []string{"code", "a\nb", "state", "="}, 400, "no authorization code"},
		{"endless code", "GET", "", []string{"code", strings.Repeat("x", maxCode+1), "state", "="}, 400, "no authorization code"},
		{"posted", "POST", "", []string{"code", canaryCode, "state", "="}, 405, "only be read"},
		{"options", "OPTIONS", "", nil, 405, "only be read"},
	}
	i := newSigner(t)
	v := &vault{}
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: v.Store})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for n, param := range tt.params {
				if param == "=" {
					tt.params[n] = s.state()
				}
			}
			address := s.back(tt.params...)
			if tt.path != "" {
				address = strings.Replace(address, callbackPath, tt.path, 1)
			}
			got := visit(t, tt.method, address)
			got.wants(t, tt.status, tt.says)
			secretless(t, "page", got.body)
			if strings.Contains(got.body, s.state()) {
				t.Error("page shows the state")
			}
		})
	}
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())+"&code=other").wants(t, 400, "same thing twice")
	if n := len(i.seen()); n != 0 {
		t.Errorf("%d requests so far, want none", n)
	}
	// All that time the sign-in has waited, and takes the right one.
	visit(t, "GET", s.back("code", canaryCode, "state", s.state()+onboarding)).wants(t, 200)
	if _, err := s.end(); err != nil {
		t.Errorf("row 42: right state after wrong ones: %v", err)
	}
	v.holds(t, 1)
}

func TestTheIssuerSaysNo(t *testing.T) {
	tests := []struct {
		name   string
		params []string
		kind   error
		want   SignInError
		page   []string
	}{
		{"row 44, row 46: denied", []string{"error", "access_denied", "error_description", "You said no."}, ErrDenied, SignInError{"access_denied", "You said no."}, []string{"access_denied: You said no."}},
		{"row 47: no description", []string{"error", "server_error"}, ErrSignInFailed, SignInError{"server_error", ""}, []string{"Sign-in failed: server_error"}},
		{"row 48: escaped", []string{"error", "x", "error_description", "<script>alert(1)</script>&\"'"}, ErrSignInFailed, SignInError{"x", "<script>alert(1)</script>&\"'"}, []string{"&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;&#39;"}},
		{"no Codex", []string{"error", "access_denied", "error_description", "Sorry (missing_codex_entitlement)"}, ErrNoEntitlement, SignInError{"access_denied", "Sorry (missing_codex_entitlement)"}, []string{"does not include Codex"}},
		{"error besides a code", []string{"error", "access_denied", "code", canaryCode}, ErrDenied, SignInError{"access_denied", ""}, []string{"declined"}},
		{"colours and tokens", []string{"error", "\x1b[31m", "error_description", "\x1b[31mred " + idToken("a") + "\n"}, ErrSignInFailed, SignInError{"", "[31mred [redacted]"}, []string{"[redacted]"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newSigner(t)
			v := &vault{}
			s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: v.Store, Retry: "prog login <again>"})
			got := visit(t, "GET", s.back(append(tt.params, "state", s.state())...))
			got.wants(t, 400, append(tt.page, "Sign-in failed", "You are not signed in", "<code>prog login &lt;again&gt;</code>")...)
			if strings.Contains(got.body, "<script") {
				t.Error("page holds a script")
			}
			_, err := s.end()
			said, _ := errors.AsType[*SignInError](err)
			if said == nil || *said != tt.want {
				t.Errorf("row 49: error %v, want %+v", err, tt.want)
			}
			for _, kind := range []error{ErrDenied, ErrNoEntitlement, ErrSignInFailed, ErrDeviceCodeExpired} {
				if errors.Is(err, kind) != (kind == tt.kind) {
					t.Errorf("errors.Is(%v, %v) = %v", err, kind, kind != tt.kind)
				}
			}
			v.holds(t, 0)
			if n := len(i.seen()); n != 0 {
				t.Errorf("%d requests, want none", n)
			}
		})
	}
}

func TestExchangeAnswers(t *testing.T) {
	refusal := func(status int, code, text string) error {
		return &EndpointError{Status: status, Code: code, Description: text}
	}
	access := `{"access_token":"opaque"`
	tests := []struct {
		name   string
		status int
		body   string
		want   error
		page   int
	}{
		{"code not known, as a text", 400, `{"error":"invalid_grant","error_description":"Bad code ` + canaryCode + `."}`, refusal(400, "invalid_grant", "Bad code [redacted]."), 502},
		{"code not known, as an object", 401, `{"error":{"code":"token_expired","message":"No."}}`, refusal(401, "token_expired", "No."), 502},
		{"port not registered", 403, `{"error":{"code":"","message":"Forbidden"}}`, refusal(403, "", "Forbidden"), 502},
		{"error inside a success", 200, `{"error":"invalid_request"}`, refusal(200, "invalid_request", ""), 502},
		{"row 22: no access token", 200, `{"refresh_token":"rt_canary"}`, refusal(200, "", "answer holds no access token"), 502},
		{"row 21: no refresh token", 200, access + `}`, refusal(200, "", "answer holds no refresh token"), 502},
		{"edge block", 403, `<html><body>` + canaryCode, &EndpointError{Status: 403, Description: "a web page instead of an answer", HTML: true}, 502},
		{"busy", 503, `later`, refusal(503, "", "later"), 502},
		{"endless", 200, `"` + strings.Repeat("x", maxAnswer), refusal(200, "", "answer is too long"), 502},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newSigner(t)
			i.on("/oauth/token", say(tt.status, tt.body))
			v := &vault{}
			s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: v.Store})
			got := visit(t, "GET", s.back("code", canaryCode, "state", s.state()))
			got.wants(t, tt.page, "Sign-in failed")
			secretless(t, "page", got.body)
			_, err := s.end()
			answered, _ := errors.AsType[*EndpointError](err)
			diff(t, "error", tt.want, error(answered))
			if !errors.Is(err, ErrSignInFailed) || errors.Is(err, ErrRenewalRefused) {
				t.Errorf("error %v, want %v", err, ErrSignInFailed)
			}
			secretless(t, "error", err.Error())
			v.holds(t, 0)
			if n := len(i.seen()); n != 1 {
				t.Errorf("%d requests, want 1: a code serves once", n)
			}
		})
	}
}

func TestWhatALoginHolds(t *testing.T) {
	account := func(id string) string {
		return raw(`{"exp":1780000000,"https://api.openai.com/auth":{"chatgpt_account_id":"` + id + `","chatgpt_plan_type":"plus"}}`)
	}
	tests := []struct {
		name, answer                string
		account, plan, user, expiry string
	}{
		{"all of it: the id token counts", tokens(), "from-id", "pro", "user-1", "2026-06-01T13:00:00Z"},
		{"no id token: the access token counts", `{"access_token":"` + account("acc") + `","refresh_token":"r","expires_in":"60"}`, "acc", "plus", "", "2026-06-01T12:01:00Z"},
		{"no expires_in: the claim counts", `{"access_token":"` + account("acc") + `","refresh_token":"r"}`, "acc", "plus", "", "2026-05-28T20:26:40Z"},
		{"row 20: opaque and silent: unknown", `{"access_token":"opaque","refresh_token":"r"}`, "", "", "", "0001-01-01T00:00:00Z"},
		{"account that no header can carry", `{"access_token":"` + account(`a b`) + `","refresh_token":"r","expires_in":60}`, "", "plus", "", "2026-06-01T12:01:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newSigner(t)
			i.on("/oauth/token", say(200, tt.answer))
			c, err := Config{Issuer: i.URL, Now: clock}.exchange(t.Context(), credentials.NewSecret("c"), credentials.NewSecret("v"), "http://localhost:1/auth/callback")
			if err != nil {
				t.Fatal(err)
			}
			diff(t, "login", []string{tt.account, tt.plan, tt.user, tt.expiry, "2026-06-01T12:00:00Z"},
				[]string{c.AccountID, c.Plan, c.UserID, c.ExpiresAt.UTC().Format(time.RFC3339), c.LastRefresh.Format(time.RFC3339)})
		})
	}
}

func TestTheExchangeFollowsNoRedirect(t *testing.T) {
	elsewhere, i := newSigner(t), newSigner(t)
	i.on("/oauth/token", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/oauth/token", http.StatusTemporaryRedirect)
	})
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}})
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 503, "not completed")
	_, err := s.end()
	if _, moved := errors.AsType[*RedirectError](err); !moved || len(elsewhere.seen()) != 0 {
		t.Errorf("error %v after %d requests elsewhere, want a redirect after none", err, len(elsewhere.seen()))
	}
}

func TestASecondCallbackWaitsForTheFirst(t *testing.T) {
	i := newSigner(t)
	arrived, leave := make(chan struct{}), make(chan struct{})
	i.on("/oauth/token", func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-leave
		say(200, tokens())(w, r)
	})
	v := &vault{}
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: v.Store})
	pages := make([]seenPage, 3)
	var browsers sync.WaitGroup
	for n := range pages {
		browsers.Go(func() {
			pages[n] = visit(t, "GET", s.back("code", fmt.Sprintf("%s-%d", canaryCode, n), "state", s.state()))
		})
		if n == 0 {
			<-arrived
		}
	}
	time.Sleep(50 * time.Millisecond) // let the others get there
	close(leave)
	browsers.Wait()
	for _, page := range pages {
		page.wants(t, 200, "You are signed in")
	}
	if _, err := s.end(); err != nil || len(i.seen()) != 1 {
		t.Errorf("error %v after %d requests, want none after 1", err, len(i.seen()))
	}
	v.holds(t, 1)
}

func TestTheSuccessPageComesAfterStoring(t *testing.T) {
	i := newSigner(t)
	storing, leave := make(chan struct{}), make(chan struct{})
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: func(credentials.Credential) error {
		close(storing)
		<-leave
		return nil
	}})
	page := make(chan seenPage, 1)
	go func() { page <- visit(t, "GET", s.back("code", canaryCode, "state", s.state())) }()
	<-storing
	select {
	case <-page:
		t.Error("a page came before the login was stored")
	case <-time.After(50 * time.Millisecond):
	}
	// From here on the caller's leaving changes nothing any more.
	s.cancel()
	close(leave)
	(<-page).wants(t, 200, "You are signed in")
	if _, err := s.end(); err != nil {
		t.Errorf("cancelled while storing: error %v, want none", err)
	}
}

func TestAStoreThatFails(t *testing.T) {
	i := newSigner(t)
	full := errors.New("disk full " + canaryRefresh)
	v := &vault{fails: full}
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: v.Store})
	got := visit(t, "GET", s.back("code", canaryCode, "state", s.state()))
	got.wants(t, 500, "could not be stored", "You are not signed in")
	secretless(t, "page", got.body)
	if _, err := s.end(); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestSilentConnectionsBlockNobody(t *testing.T) {
	i := newSigner(t)
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}})
	redirect, _ := url.Parse(s.address.Query().Get("redirect_uri"))
	for range 3 {
		conn, err := net.Dial("tcp4", "127.0.0.1:"+redirect.Port())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	began := time.Now()
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 200)
	if _, err := s.end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v with silent connections open, want less than 1 s", took)
	}
}

func TestHalfARequestDoesNotHoldUpTheEnd(t *testing.T) {
	i := newSigner(t)
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}})
	redirect, _ := url.Parse(s.address.Query().Get("redirect_uri"))
	conn, err := net.Dial("tcp4", "127.0.0.1:"+redirect.Port())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("GET /auth/callback HTTP/1.1\r\nHost: "))
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 200)
	began := time.Now()
	if _, err := s.end(); err != nil || time.Since(began) > farewell+time.Second {
		t.Errorf("ended with %v after %v", err, time.Since(began))
	}
}

func TestCancelling(t *testing.T) {
	t.Run("while waiting: the port is free at once", func(t *testing.T) {
		v := &vault{}
		port := freePort(t)
		s := begin(t, BrowserLogin{Ports: []int{port}, Store: v.Store})
		began := time.Now()
		s.cancel()
		_, err := s.end()
		if !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
			t.Errorf("error %v after %v, want %v within 1 s", err, time.Since(began), context.Canceled)
		}
		held, err := hold(t.Context(), port)
		if err != nil {
			t.Errorf("port is not free: %v", err)
		}
		held.release()
		v.holds(t, 0)
	})
	t.Run("during the exchange: nothing is stored", func(t *testing.T) {
		i := newSigner(t)
		arrived, leave := make(chan struct{}), make(chan struct{})
		i.on("/oauth/token", func(w http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-leave
			say(200, tokens())(w, r)
		})
		keeper := keeperAt(t)
		s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Store: keeper.Store})
		page := make(chan seenPage, 1)
		go func() { page <- visit(t, "GET", s.back("code", canaryCode, "state", s.state())) }()
		<-arrived
		s.cancel()
		_, err := s.end()
		close(leave)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
		(<-page).wants(t, 503, "not completed")
		if _, err := os.Stat(keeper.File.Path); !os.IsNotExist(err) {
			t.Errorf("store: %v, want none", err)
		}
	})
	t.Run("row 39, row 50: a time limit", func(t *testing.T) {
		limit := errors.New("waited long enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, limit)
		defer cancel()
		l := BrowserLogin{Ports: []int{0, 0, 0}}
		if _, err := l.Login(ctx); !errors.Is(err, limit) {
			t.Errorf("error %v, want %v", err, limit)
		}
		plain, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := l.Login(plain); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func TestOpeningTheBrowser(t *testing.T) {
	i := newSigner(t)
	opened := make(chan string, 1)
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Open: func(address string) error {
		opened <- address
		return errors.New("no browser here")
	}})
	diff(t, "opened address", s.address.String(), <-opened)
	until(t, "a warning", func() bool { return len(s.warned()) == 1 })
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 200)
	if _, err := s.end(); err != nil {
		t.Errorf("error %v, want none", err)
	}
	diff(t, "warnings", []string{"open browser: no browser here"}, s.warned())
}

func TestABrowserThatSignsInWhileItIsOpened(t *testing.T) {
	i := newSigner(t)
	var got seenPage
	l := BrowserLogin{Config: Config{Issuer: i.URL}, Ports: []int{0, 0, 0}, Open: func(address string) error {
		u, err := url.Parse(address)
		got = visit(t, "GET", u.Query().Get("redirect_uri")+"?code=c&state="+u.Query().Get("state"))
		return err
	}}
	if _, err := l.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	got.wants(t, 200, "You are signed in")
}

func TestABrowserThatIsNotClosedHoldsUpNothing(t *testing.T) {
	leave := make(chan struct{})
	defer close(leave)
	s := begin(t, BrowserLogin{Open: func(string) error { <-leave; return nil }})
	began := time.Now()
	s.cancel()
	if _, err := s.end(); !errors.Is(err, context.Canceled) || time.Since(began) > farewell+time.Second {
		t.Errorf("ended with %v after %v", err, time.Since(began))
	}
}

func TestRow36NothingIsOpenedUnlessWanted(t *testing.T) {
	s := begin(t, BrowserLogin{})
	s.cancel()
	if _, err := s.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if len(s.warned()) != 0 {
		t.Errorf("warnings %q, want none", s.warned())
	}
}

func TestAListenerThatBreaks(t *testing.T) {
	try := &attempt{BrowserLogin: &BrowserLogin{}, callback: newCallback()}
	broken := make(chan error, 1)
	broken <- errors.New("gone")
	if _, err := try.wait(t.Context(), broken, nil); err == nil || !strings.Contains(err.Error(), "callback server: gone") {
		t.Errorf("error %v, want the server's", err)
	}
}
