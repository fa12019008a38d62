package auth_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// A stranger's ten lines: call a server with the login of this machine.
func Example() {
	server, file := exampleServer()
	defer server.Close()
	ctx := context.Background()

	source, err := auth.Open(ctx, credentials.Locator{AuthFile: file}, auth.Config{})
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := source.Authorize(req); err != nil {
		log.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err)
	// Output: hello, account acc-1 <nil>
}

// exampleServer is a server that wants a login, and a file that holds one.
func exampleServer() (server *httptest.Server, file string) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	file = filepath.Join(dir, "auth.json")
	const login = `{"access_token": "opaque", "account_id": "acc-1", "expires_at": "2999-01-01T00:00:00+00:00"}`
	if err := os.WriteFile(file, []byte(login), 0o600); err != nil {
		log.Fatal(err)
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer opaque" {
			fmt.Fprintf(w, "hello, account %s", r.Header.Get("ChatGPT-Account-Id"))
		}
	})), file
}
