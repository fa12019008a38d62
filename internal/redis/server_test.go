package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAddresses(t *testing.T) {
	tests := []struct {
		address, shown string
	}{
		{"redis://", "redis://"},
		{"redis://host", "redis://host"},
		{"rediss://user:secret@host:1234/3", "rediss://host:1234/3"},
		{"redis://:secret@[::1]:6379/", "redis://[::1]:6379/"},
		{"redis://secret@host", "redis://host"},
		{"", ""},
		{"host:6379", ""},
		{"http://:secret@host", ""},
		{"redis:secret@host", ""},
		{"redis://:se/cret@host", ""},
		{"redis://:12/secret@host", ""},
		{"redis://:se%zzcret@host", ""},
		{"redis://:secret@host/0?db=1", ""},
		{"redis://:12#secret@host", ""},
		{"redis://host/secret", ""},
	}
	for _, tt := range tests {
		shown, err := check(tt.address)
		if shown != tt.shown || (err == nil) != (tt.shown != "") {
			t.Errorf("%q is shown as %q, error %v; want %q", tt.address, shown, err, tt.shown)
		}
		if err == nil {
			continue
		}
		if _, err := Open(t.Context(), tt.address); err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("Open(%q): got error %v, want one without the password", tt.address, err)
		}
	}
}

func TestPasswords(t *testing.T) {
	host := startServer(t, "--requirepass", "right",
		"--user", "ann", "on", ">sesame", "allcommands", "allkeys", "allchannels")
	tests := []struct {
		address string
		ok      bool
	}{
		{"redis://:right@" + host, true},
		{"redis://right@" + host, true},
		{"redis://ann:sesame@" + host + "/2", true},
		{"redis://:wrong@" + host, false},
		{"redis://ann:wrong@" + host, false},
		{"redis://" + host, false},
		{"redis://:right@" + host + "/99", false},
	}
	for _, tt := range tests {
		s, err := Open(t.Context(), tt.address)
		if err == nil {
			_ = s.Close()
		}
		if (err == nil) != tt.ok {
			t.Errorf("Open(%q): got error %v, want ok %v", tt.address, err, tt.ok)
		}
		if err != nil && (strings.Contains(err.Error(), "wrong@") || strings.Contains(err.Error(), ":right") ||
			!strings.Contains(err.Error(), host)) {
			t.Errorf("Open(%q): error %q must name the host and no password", tt.address, err)
		}
	}
}

func TestDatabasesAreApart(t *testing.T) {
	host := startServer(t)
	do(t, connect(t, "redis://"+host+"/1"), "SET", "a", "1")
	if n := do(t, connect(t, "redis://"+host), "EXISTS", "a"); n != int64(0) {
		t.Error("database 0 has what was put into 1")
	}
	if n := do(t, connect(t, "redis://"+host+"/1"), "EXISTS", "a"); n != int64(1) {
		t.Error("database 1 has lost it")
	}
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cause := errors.New("the person left")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	_, err = Open(ctx, "redis://:secret@"+l.Addr().String())
	wantErr(t, "a server that does not answer", err, cause)

	closed := l.Addr().String()
	_ = l.Close()
	_, err = Open(t.Context(), "redis://:secret@"+closed)
	if err == nil || !strings.Contains(err.Error(), closed) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got error %v, want one that names %s", err, closed)
	}
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, err := Open(t.Context(), "rediss://:secret@"+server.Listener.Addr().String())
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("a server with a certificate that nobody has signed: got error %v", err)
	}
}

// Connections that the server has closed meanwhile are not used.
func TestServerClosesIdleConnections(t *testing.T) {
	address := "redis://" + startServer(t)
	s, other := connect(t, address), connect(t, address)
	do(t, s, "PING")
	do(t, other, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	s.now = func() time.Time { return time.Now().Add(time.Minute) }
	do(t, s, "PING")
}
