//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
)

// authority signs certificates; its own is in a file.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	root *x509.Certificate
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	var der []byte
	a.key, der = a.sign(template, nil)
	var err error
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(a.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// sign makes a key and its certificate; without an issuer it signs itself.
func (a *authority) sign(template, issuer *x509.Certificate) (*ecdsa.PrivateKey, []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	by := a.key
	if issuer == nil {
		issuer, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, der
}

// server is an emulator behind a certificate; change bends it before it is signed.
func (a *authority) server(change func(*x509.Certificate)) string {
	a.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "a backend"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if change != nil {
		change(template)
	}
	key, der := a.sign(template, a.root)
	server := httptest.NewUnstartedServer(emulator.New(emulator.Config{Seed: 1}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	a.t.Cleanup(server.Close)
	return server.URL
}

// listener talks TCP by itself: talk has each connection, once what was asked is there.
func listener(t *testing.T, talk func(*net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 64<<10))
				talk(conn.(*net.TCPConn))
			}()
		}
	}()
	return l.Addr().String()
}

// writing answers everything in the same words, and closes.
func writing(text string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) { _, _ = io.WriteString(conn, text) }
}

// Issue 7: DNS failure, TLS failure, a proxy that answers garbage, half-closed connections.
// Each is the exit code of the contract (cli.md 4), one message that names whom it is about,
// and no token ever goes there in the clear.
func TestTroubleOnTheWay(t *testing.T) {
	t.Parallel()
	known, stranger := newAuthority(t), newAuthority(t)
	good := known.server(nil)
	const events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunk := func(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }
	begun := chunk(`data: {"type":"response.created","response":{"id":"resp_1"}}` + "\n\n" +
		`data: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}` + "\n\n" +
		`data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_1","delta":"Hel"}` + "\n\n")
	halfClosed := func(text string) func(*net.TCPConn) {
		return func(conn *net.TCPConn) {
			_, _ = io.WriteString(conn, text)
			_ = conn.CloseWrite()
			_, _ = io.Copy(io.Discard, conn) // until the other side has enough
		}
	}
	silent := func(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }
	hidden := "https://backend.invalid/backend-api/codex" // only a proxy would know it
	tests := []struct {
		name  string
		base  string
		proxy string
		args  []string
		code  int
		text  string // stdout
		says  string // on stderr, a pattern
	}{
		{"a name that nobody knows", hidden, "", nil, 6, "", `backend\.invalid`},
		{"a certificate that nobody vouches for", stranger.server(nil) + "/b", "", []string{"--ca-cert", known.file}, 6, "", `(?i)certificate.*unknown authority`},
		{"a certificate that is over", known.server(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }) + "/b", "", []string{"--ca-cert", known.file}, 6, "", `(?i)certificate has expired`},
		{"a certificate that is not valid yet", known.server(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }) + "/b", "", []string{"--ca-cert", known.file}, 6, "", `(?i)certificate.*not yet valid`},
		{"a certificate of another host", known.server(func(c *x509.Certificate) {
			c.IPAddresses, c.DNSNames = nil, []string{"other.example"}
		}) + "/b", "", []string{"--ca-cert", known.file}, 6, "", `(?i)certificate|x509`},
		{"no TLS where TLS should be", "https://" + listener(t, writing("220 mail.example ESMTP\r\n")) + "/b", "", nil, 6, "", `(?i)tls`},
		{"closed during the handshake", "https://" + listener(t, writing("")) + "/b", "", nil, 6, "", `Failed to connect`},
		{"silent during the handshake", "https://" + listener(t, silent) + "/b", "", []string{"--connect-timeout", "300ms"}, 7, "", `300ms|0\.3|timeout|no connection`},

		{"a proxy that answers garbage", hidden, "http://" + listener(t, writing("\x00\x01 garbage \xff\r\n\r\n")), nil, 6, "", `(?i)proxy`},
		{"a proxy that closes", hidden, "http://" + listener(t, writing("")), nil, 6, "", `(?i)proxy`},
		{"a proxy that lets us through to garbage", hidden, "http://" + listener(t, writing("HTTP/1.1 200 OK\r\n\r\n")), nil, 6, "", `Failed to connect`},
		{"a proxy with a page of its own", hidden, "http://" + listener(t, writing("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>")), nil, 6, "", `502`},
		{"a proxy that wants a password", hidden, "http://" + listener(t, writing("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")), nil, 6, "", `407`},

		{"an answer that is no HTTP", "http://" + listener(t, writing("garbage\r\n\r\n")) + "/b", "", nil, 6, "", `Failed to connect`},
		{"half closed before the answer", "http://" + listener(t, halfClosed("")) + "/b", "", nil, 6, "", `Failed to connect`},
		{"half closed inside the head", "http://" + listener(t, halfClosed("HTTP/1.1 200 OK\r\nContent-")) + "/b", "", nil, 6, "", `Failed to connect`},
		{"half closed before the first event", "http://" + listener(t, halfClosed(events)) + "/b", "", nil, 6, "", ``},
		{"half closed after text", "http://" + listener(t, halfClosed(events+begun)) + "/b", "", nil, 8, "Hel\n", `cut short|ended before`},
		{"closed inside a chunk", "http://" + listener(t, writing(events+begun+"ff\r\ndata: {")) + "/b", "", nil, 8, "Hel\n", `cut short|ended before|broke`},
		{"a chunk whose length is no number", "http://" + listener(t, writing(events+begun+"zz\r\n")) + "/b", "", nil, 8, "Hel\n", ``},
		{"silent after text", "http://" + listener(t, func(conn *net.TCPConn) { _, _ = io.WriteString(conn, events+begun); silent(conn) }) + "/b", "", []string{"--idle-timeout", "4s"}, 7, "Hel\n", ``},
		{"a head without end", "http://" + listener(t, func(conn *net.TCPConn) {
			for _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n"); err == nil; {
				_, err = io.WriteString(conn, "X-More: "+strings.Repeat("x", 32<<10)+"\r\n")
			}
		}) + "/b", "", nil, 6, "", ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const token = "a-token-that-nobody-may-see"
			command := codexctl(good, append([]string{"--retries", "0", "--base-url", tt.base, "ask", "hi"}, tt.args...)...)
			command.Env = append(command.Env, "CODEXCTL_ACCESS_TOKEN="+token, "HTTPS_PROXY="+tt.proxy)
			var out, said bytes.Buffer
			command.Stdout, command.Stderr = &out, &said
			start := time.Now()
			err := command.Run()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			if got := command.ProcessState.ExitCode(); got != tt.code || out.String() != tt.text {
				t.Errorf("exit %d with %q, want %d with %q; stderr: %s", got, &out, tt.code, tt.text, &said)
			}
			if n := strings.Count("\n"+said.String(), "\ncodexctl: "); n != 1 || !regexp.MustCompile(tt.says).MatchString(said.String()) {
				t.Errorf("stderr has %d messages, want 1 that matches %q: %s", n, tt.says, &said)
			}
			if strings.Contains(said.String(), token) {
				t.Errorf("the token is on stderr: %s", &said)
			}
			if took := time.Since(start); took > patience {
				t.Errorf("it took %v", took)
			}
		})
	}
	// With the authority known and the certificate good, the same way works.
	t.Run("a good certificate", func(t *testing.T) {
		t.Parallel()
		h := newHousehold(t)
		login := h.emulator.Login(emulator.LoginOptions{})
		command := codexctl(good, "--retries", "0", "--ca-cert", known.file, "--base-url", good+"/backend-api/codex", "auth", "status", "--check")
		command.Env = append(command.Env, "CODEXCTL_ACCESS_TOKEN="+login.AccessToken)
		// Another emulator's login: it is refused, and so the connection was made.
		if out, err := command.CombinedOutput(); err == nil || command.ProcessState.ExitCode() != 4 {
			t.Errorf("exit %d, want 4: %s", command.ProcessState.ExitCode(), out)
		}
	})
}

// place is where a connection keeps count of its requests.
type place struct{}

// Issue 7: a backend that closes kept connections under us, at the worst moment: when the
// next request is on its way. It is asked again over a new one, no answer is lost, and no
// question is answered twice.
func TestKeptConnectionsClosedUnderUs(t *testing.T) {
	t.Parallel()
	const questions = 30
	h := newHousehold(t)
	var closed atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(place{}).(*atomic.Int64).Add(1) > 1 {
			closed.Add(1)
			panic(http.ErrAbortHandler)
		}
		h.emulator.ServeHTTP(w, r)
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, place{}, &atomic.Int64{})
	}
	server.Start()
	t.Cleanup(server.Close)
	h.url = server.URL
	h.keep("langchain", h.own(), emulator.LoginOptions{})
	var lines strings.Builder
	for i := range questions {
		fmt.Fprintf(&lines, "question %d.\n", i)
	}
	in := filepath.Join(h.home, "in.txt")
	if err := os.WriteFile(in, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(h.home, "out.jsonl")
	if code, said := h.run("batch", "--lines", in, "-o", out, "-j", "2"); code != 0 {
		t.Fatalf("exit %d: %s", code, said)
	}
	for line := range strings.Lines(readFile(t, out)) {
		want := fmt.Sprintf("You said: question %d.", gjson.Get(line, "index").Int())
		if got := gjson.Get(line, "text").Str; got != want {
			t.Errorf("index %d: %q, want %q", gjson.Get(line, "index").Int(), got, want)
		}
	}
	if n := len(h.emulator.Journal(endpoint("responses"))); n != questions {
		t.Errorf("%d questions were answered, want %d", n, questions)
	}
	if closed.Load() == 0 {
		t.Error("no connection was used twice: the test is deaf")
	}
}
