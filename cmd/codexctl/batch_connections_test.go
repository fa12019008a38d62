//go:build unix

package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// A batch goes on with the connections it has: one for each of -j, and not one for each
// record.
func TestBatchKeepsItsConnections(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(h.emulator)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	h.url = server.URL
	h.keep(credentials.LangChain, h.own(), emulator.LoginOptions{})
	in := filepath.Join(h.home, "in.txt")
	if err := os.WriteFile(in, []byte(strings.Repeat("hi\n", 300)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := h.run("batch", "--lines", in, "-j", "6", "-o", filepath.Join(h.home, "out.jsonl")); code != 0 {
		t.Fatalf("exit %d: %s", code, out)
	}
	// A dial that loses against a connection that becomes free is kept as well.
	if n := opened.Load(); n > 2*6 {
		t.Errorf("%d connections for 300 records, want about one for each of 6 jobs", n)
	}
}
