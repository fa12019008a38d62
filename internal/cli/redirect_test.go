package cli

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// wayward answers everything with a redirect, and knows who was asked.
type wayward struct {
	status int
	to     string

	mu   sync.Mutex
	seen []string // scheme and host of each request
}

func (w *wayward) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.seen = append(w.seen, r.URL.Scheme+"://"+r.URL.Host)
	w.mu.Unlock()
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: w.status, Header: http.Header{"Location": {w.to}}, Body: io.NopCloser(strings.NewReader("")), Request: r,
	}, nil
}

// quality.md, Security: the token goes only to the configured host: a redirect to another
// host, port or scheme is refused, by every command that goes to the network, and by both
// routes of the server. rulings.md, Who may get the token: exit 6, naming the host.
func TestNobodyFollowsARedirect(t *testing.T) {
	t.Parallel()
	const elsewhere = "elsewhere.example"
	commands := []struct {
		line    string
		expired bool
		code    int
	}{
		{"ask hi", false, 6}, {"ask --json hi", false, 6}, {"respond --sse hi", false, 6}, {"models --refresh", false, 6}, {"usage", false, 6},
		{"auth status --check", false, 6}, {"ask --max-used 50 hi", false, 6}, {"ask --model gpt-9 hi", false, 6},
		{"ask hi", true, 6}, {"auth refresh", false, 6}, {"auth token --min-ttl 9000h", false, 6},
		{"auth login-device --force", false, 6}, {"auth logout --revoke -y", false, 0}, // forgotten here in any case
		{"doctor", false, 1},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"https://" + elsewhere + "/backend-api/codex/responses", "http://127.0.0.1:1/x", "https://127.0.0.1/x", "//" + elsewhere, "ftp://" + elsewhere, "javascript:x", "\x1b"} {
			t.Run(fmt.Sprintf("%d to %q", status, to), func(t *testing.T) {
				t.Parallel()
				for _, c := range commands {
					p, _ := newcomer(t, emulator.Scene{})
					p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{Expired: c.expired}))
					network := &wayward{status: status, to: to}
					p.Transport = network
					if code := p.run(append(strings.Fields(c.line), "--retries", "0", "-v", "--debug")...); code != c.code {
						t.Errorf("%q: exit %d, want %d: %s", c.line, code, c.code, &p.talk)
					}
					if strings.Contains(to, elsewhere) && c.code == 6 && !strings.Contains(p.talk.String(), elsewhere) {
						t.Errorf("%q does not name the host: %s", c.line, &p.talk)
					}
					network.stayed(t, c.line)
				}
				p, _ := newcomer(t, emulator.Scene{})
				p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{}))
				network := &wayward{status: status, to: to}
				p.Transport = network
				address := p.serving(t)
				for path, body := range map[string]string{"/v1/responses": `{"model":"gpt-5.5","input":"hi"}`, "/v1/chat/completions": `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`} {
					if got := posted(t, address+path, body); !strings.HasPrefix(got, "502 ") {
						t.Errorf("%s: %s", path, got)
					}
				}
				network.stayed(t, "serve")
			})
		}
	}
}

// stayed fails if another than the configured host was asked, or nobody.
func (w *wayward) stayed(t *testing.T, who string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) == 0 {
		t.Errorf("%s asked nobody", who)
	}
	for _, host := range w.seen {
		if host != base {
			t.Errorf("%s asked %s", who, host)
		}
	}
}
