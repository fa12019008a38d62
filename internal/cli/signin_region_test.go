package cli

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// answering is a network that answers one path itself.
type answering struct {
	path   string
	status int
	body   string
	next   http.RoundTripper
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != a.path {
		return a.next.RoundTrip(r)
	}
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

// cli.md 4, `Not available in your region` (4 `region_blocked`, no login hint). The
// issuer says it too, when a code is traded and when a login is renewed
// (docs/protocol.md, table of codes: openclaw/openclaw#3709).
func TestRegionAtTheTokenEndpoint(t *testing.T) {
	t.Parallel()
	p, _ := newcomer(t, emulator.Scene{})
	p.Transport = answering{
		"/oauth/token", 403,
		`{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","param":null,"type":"request_forbidden"}}`,
		p.Transport,
	}
	for name, run := range map[string]func() int{
		"login": func() int { return p.login(t, "--force") },
		"renewal": func() int {
			p.keep(t, p.store(), credentials.LangChain, p.emulator.Login(emulator.LoginOptions{Expired: true}))
			return p.run("ask", "hi")
		},
	} {
		p.wants(t, run(), 4, "codexctl: Not available in your region")
		for line := range strings.Lines(p.talk.String()) {
			if strings.HasPrefix(line, "hint: ") && strings.Contains(line, "login") {
				t.Errorf("%s: a hint that cannot help: %s", name, line)
			}
		}
	}
}
