package cli

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// cli.md 2, --connect-timeout: it bounds a proxy that accepts and stays silent, too.
func TestConnectTimeoutBoundsASilentProxy(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p := newProgram(t)
	p.Transport = nil
	p.variables["HTTPS_PROXY"] = "http://" + silent.Addr().String()
	p.variables["CODEXCTL_BASE_URL"] = "https://host.invalid/x"
	code := p.run("ask", "--connect-timeout", "300ms", "--timeout", "20s", "--retries", "0", "hi")
	if code != exitTimeout || !strings.Contains(p.talk.String(), "--connect-timeout") {
		t.Errorf("exit %d, stderr %q; want %d and the flag", code, p.talk.String(), exitTimeout)
	}
}

// rulings.md, Exit codes: 407 is 6. Nothing is gained by asking the proxy again.
func TestProxyThatRefusesIsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		asked.Store(0)
		p := newProgram(t)
		p.Transport = nil
		p.variables[variable] = proxy.URL
		p.variables["CODEXCTL_BASE_URL"] = "https://host.invalid/x"
		code := p.run("ask", "hi")
		if code != exitNetwork || asked.Load() != 1 || !strings.Contains(p.talk.String(), "407") || !strings.Contains(p.talk.String(), "hint: check the proxy") {
			t.Errorf("%s: exit %d after %d requests, stderr %q; want %d after 1", variable, code, asked.Load(), p.talk.String(), exitNetwork)
		}
	}
}

// rulings.md, Who may get the token: plain http stays on this machine, and a proxy
// is not this machine.
func TestPlainHTTPNeverMeetsAProxy(t *testing.T) {
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer proxy.Close()
	for address, want := range map[string]int{
		"http://127.0.0.1:1/x":      exitNetwork,
		"http://localhost:1/x":      exitNetwork,
		"http://LOCALHOST:1/x":      exitNetwork,
		"http://[::1]:1/x":          exitNetwork,
		"http://api.localhost:1/x":  exitUsage,
		"http://192.0.2.1/x":        exitUsage,
		"http://localhost.invalid/": exitUsage,
	} {
		p := newProgram(t)
		p.Transport = nil
		p.variables["HTTP_PROXY"] = proxy.URL
		if code := p.run("ask", "--retries", "0", "--base-url", address, "hi"); code != want {
			t.Errorf("%s: exit %d, want %d: %s", address, code, want, p.talk.String())
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the proxy got %d requests, want none", asked.Load())
	}
}
