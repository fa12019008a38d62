package cli

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// cli.md 11: `doctor` looks at the ports of sign-in.
func TestDoctorPorts(t *testing.T) {
	taken := func() int {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return portOf(l)
	}
	// Port 0 is any free one, and so never taken.
	for _, tt := range []struct {
		name   string
		ports  []int
		status string
	}{
		{"both free", []int{0, 0}, statusOK},
		{"one taken", []int{taken(), 0}, statusWarning},
		{"both taken", []int{taken(), taken()}, statusFail},
	} {
		got := checkPorts(context.Background(), tt.ports)
		if got.status != tt.status || (got.remedy == "") != (tt.status == statusOK) {
			t.Errorf("%s: %+v, want %s", tt.name, got, tt.status)
		}
	}
}

// cli.md 11: `doctor` tells of TLS and of the certificates in use.
func TestDoctorTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer server.Close()
	server.Config.ErrorLog = nil
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	p := newProgram(t)
	p.Transport = nil
	p.variables["CODEXCTL_BASE_URL"] = server.URL

	row := func(id, field string) string {
		return gjson.Get(p.out.String(), `items.#(id=="`+id+`").`+field).String()
	}
	p.run("doctor", "--json")
	if row("tls", "status") != statusFail || !strings.Contains(row("tls", "remediation"), "CODEXCTL_CA_CERT") || row("clock", "status") != statusWarning {
		t.Errorf("an unknown authority: %s", p.out.String())
	}
	p.variables["CODEXCTL_CA_CERT"] = ca
	p.run("doctor", "--json")
	if row("tls", "status") != statusOK || !strings.Contains(row("tls", "summary"), "Acme Co") || !strings.Contains(row("tls", "summary"), ca) {
		t.Errorf("a known authority: %s", p.out.String())
	}
	if !strings.Contains(row("clock", "summary"), "behind") {
		t.Errorf("the clock: %s", row("clock", "summary"))
	}
	// A refused login names the sign-in, not the switch that doctor itself has set.
	if row("backend", "status") != statusFail || strings.Contains(row("backend", "remediation"), "no-refresh") {
		t.Errorf("the backend: %s %s", row("backend", "summary"), row("backend", "remediation"))
	}
}

// cli.md 11: `doctor` looks at the terminal.
func TestDoctorTerminal(t *testing.T) {
	p := newProgram(t)
	p.StdoutTerminal = true
	p.Size = func() (int, int) { return 80, 24 }
	p.variables["LANG"] = "C.UTF-8"
	p.run("doctor", "--offline")
	if out := p.out.String(); !strings.Contains(out, "80 columns, 24 lines, colours, UTF-8") || !strings.Contains(out, "\x1b[") {
		t.Errorf("a good terminal: %q", out)
	}
	p.variables["LC_ALL"], p.variables["TERM"] = "C", "dumb"
	p.run("doctor", "--offline")
	if out := p.out.String(); !strings.Contains(out, "no colours, no UTF-8") || strings.Contains(out, "\x1b[") {
		t.Errorf("a poor terminal: %q", out)
	}
}

// cli.md 5: progress is shown on a terminal alone, and goes away.
func TestDoctorProgress(t *testing.T) {
	p := newProgram(t)
	p.run("doctor")
	if got := p.talk.String(); strings.Contains(got, "checking") {
		t.Errorf("no terminal: %q", got)
	}
	p.StderrTerminal = true
	p.run("doctor")
	if got := p.talk.String(); !strings.Contains(got, "checking 1 of 11") || !strings.HasSuffix(got, "\r\x1b[2K") {
		t.Errorf("terminal: %q", got)
	}
	p.variables["CI"] = "1"
	p.run("doctor")
	if got := p.talk.String(); strings.Contains(got, "checking") {
		t.Errorf("CI: %q", got)
	}
}

// cli.md 11: `doctor` is "safe to paste in public".
func TestTilde(t *testing.T) {
	for text, want := range map[string]string{
		"/home/ann/x is open; see /home/ann": "~/x is open; see ~",
		"/home/anna/x":                       "/home/anna/x",
		"/srv/home/ann/x":                    "/srv/home/ann/x",
		`open "/home/ann/a b": denied`:       `open "~/a b": denied`,
		"":                                   "",
	} {
		if got := tilde(text, "/home/ann"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
