package emulator

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program is a client's callback server, as small as can be.
type program struct {
	*httptest.Server
	connections atomic.Int32

	mu    sync.Mutex
	calls []url.Values
}

// newProgram listens on a free port.
func newProgram(t *testing.T) *program {
	t.Helper()
	p := &program{}
	mux := http.NewServeMux()
	mux.HandleFunc("/auth/callback", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.calls = append(p.calls, r.URL.Query())
		p.mu.Unlock()
		switch {
		case r.Header.Get("Sec-Fetch-Mode") != "navigate":
			http.Error(w, "not a browser", http.StatusForbidden)
		case r.URL.Query().Get("state") != "st4te":
			http.Error(w, "wrong state", http.StatusBadRequest)
		case r.URL.Query().Get("code") == "":
			http.Redirect(w, r, "http://elsewhere.example.com/", http.StatusFound)
		default:
			http.Redirect(w, r, "/success", http.StatusFound)
		}
	})
	mux.HandleFunc("/success", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("signed in")) })
	p.Server = httptest.NewUnstartedServer(mux)
	p.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.connections.Add(1)
		}
	}
	p.Start()
	t.Cleanup(p.Close)
	return p
}

// redirect is where the issuer sends the browser.
func (p *program) redirect() string {
	return "http://localhost:" + p.URL[strings.LastIndex(p.URL, ":")+1:] + "/auth/callback"
}

// address is the sign-in page.
func (p *program) address(issuer string) string {
	return issuer + "/oauth/authorize?" + authorizeQuery("redirect_uri="+p.redirect()).Encode()
}

// browse opens the sign-in page of an emulator that listens.
func browse(t *testing.T, e *Emulator, p *program, b *Browser) (Page, error) {
	t.Helper()
	issuer := httptest.NewServer(e)
	defer issuer.Close()
	if err := b.Open(p.address(issuer.URL)); err != nil {
		t.Fatal(err)
	}
	return b.Wait()
}

func TestBrowserSignsIn(t *testing.T) {
	e, p := start(t, Config{}), newProgram(t)
	page, err := browse(t, e, p, &Browser{})
	want := Page{Status: 200, Body: "signed in", URL: strings.Replace(p.redirect(), "/auth/callback", "/success", 1)}
	if diff := cmp.Diff(want, page); err != nil || diff != "" {
		t.Errorf("%v, page (-want +got):\n%s", err, diff)
	}
	if len(p.calls) != 1 {
		t.Fatalf("the callback was called %d times, want once", len(p.calls))
	}
	if got := e.trade(t, p.calls[0].Get("code"), "redirect_uri="+p.redirect()); got.status != 403 {
		t.Errorf("exchange from a free port: %d %s, want 403", got.status, got.body)
	}
	if err := e.SetScene(named(t, "login-any-port")); err != nil {
		t.Fatal(err)
	}
	if got := e.trade(t, p.calls[0].Get("code"), "redirect_uri="+p.redirect()); got.status != 200 {
		t.Errorf("exchange from any port: %d %s, want 200", got.status, got.body)
	}
}

func TestBrowserReachesAnIssuerInMemory(t *testing.T) {
	e, p := start(t, Config{}), newProgram(t)
	b := &Browser{Issuer: e.Transport()}
	if err := b.Open(p.address("https://auth.openai.com")); err != nil {
		t.Fatal(err)
	}
	if page, err := b.Wait(); err != nil || page.Body != "signed in" {
		t.Errorf("%v %+v", err, page)
	}
}

func TestBrowserKnobs(t *testing.T) {
	t.Run("never visits", func(t *testing.T) {
		p := newProgram(t)
		if page, err := browse(t, start(t, Config{}), p, &Browser{NeverVisit: true}); err != nil || page != (Page{}) || len(p.calls) != 0 {
			t.Errorf("%v %+v, %d calls", err, page, len(p.calls))
		}
	})
	t.Run("does not start", func(t *testing.T) {
		failure := errors.New("no browser here")
		b := &Browser{StartError: failure}
		if err := b.Open("http://127.0.0.1:1/"); !errors.Is(err, failure) {
			t.Errorf("Open: %v, want %v", err, failure)
		}
		if page, err := b.Wait(); err != nil || page != (Page{}) {
			t.Errorf("%v %+v", err, page)
		}
	})
	t.Run("tampers with the state", func(t *testing.T) {
		p := newProgram(t)
		page, err := browse(t, start(t, Config{}), p, &Browser{TamperState: true})
		if err != nil || page.Status != 400 || !strings.Contains(page.Body, "wrong state") || p.calls[0].Get("code") == "" {
			t.Errorf("%v %+v %v", err, page, p.calls)
		}
	})
	t.Run("visits twice", func(t *testing.T) {
		p := newProgram(t)
		page, err := browse(t, start(t, Config{}), p, &Browser{VisitTwice: true})
		if err != nil || page.Body != "signed in" || page.Again == nil || page.Again.Body != "signed in" {
			t.Errorf("%v %+v", err, page)
		}
		if len(p.calls) != 2 || p.calls[0].Get("code") != p.calls[1].Get("code") {
			t.Errorf("calls %v", p.calls)
		}
	})
	t.Run("preconnects", func(t *testing.T) {
		p := newProgram(t)
		page, err := browse(t, start(t, Config{}), p, &Browser{Preconnect: true})
		if err != nil || page.Body != "signed in" {
			t.Errorf("%v %+v", err, page)
		}
		if got := p.connections.Load(); got < 2 {
			t.Errorf("%d connections, want a silent one besides", got)
		}
	})
}

func TestBrowserEndsWhereItMust(t *testing.T) {
	t.Run("on the issuer's page", func(t *testing.T) {
		p := newProgram(t)
		page, err := browse(t, start(t, Config{ClientID: "app_other"}), p, &Browser{})
		if err != nil || page.Status != 400 || !strings.Contains(page.Body, "invalid_client") || len(p.calls) != 0 {
			t.Errorf("%v %+v", err, page)
		}
	})
	t.Run("never on another machine", func(t *testing.T) {
		p := newProgram(t)
		if _, err := browse(t, start(t, Config{Scene: named(t, "login-no-code")}), p, &Browser{}); err == nil || !strings.Contains(err.Error(), "elsewhere.example.com") {
			t.Errorf("redirected away by the callback: %v", err)
		}
		away := http.RedirectHandler("http://elsewhere.example.com/", http.StatusFound)
		issuer := httptest.NewServer(away)
		defer issuer.Close()
		b := &Browser{}
		if err := b.Open(issuer.URL); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Wait(); err == nil || !strings.Contains(err.Error(), "elsewhere.example.com") {
			t.Errorf("redirected away by the issuer: %v", err)
		}
	})
	t.Run("when nobody listens", func(t *testing.T) {
		p := newProgram(t)
		address := p.address("http://127.0.0.1:1")
		p.Close()
		for _, b := range []*Browser{{}, {Preconnect: true}} {
			if err := b.Open(address); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Wait(); err == nil {
				t.Error("no error")
			}
		}
	})
	t.Run("in a loop", func(t *testing.T) {
		e := start(t, Config{Now: time.Now})
		var loop *httptest.Server
		loop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, loop.URL, http.StatusFound) }))
		defer loop.Close()
		b := &Browser{Issuer: e.Transport()}
		redirect := "http://localhost:" + loop.URL[strings.LastIndex(loop.URL, ":")+1:] + "/auth/callback"
		if err := b.Open("http://issuer/oauth/authorize?" + authorizeQuery("redirect_uri="+redirect).Encode()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Wait(); err == nil || !strings.Contains(err.Error(), "redirects") {
			t.Errorf("%v, want an error about redirects", err)
		}
	})
}
