package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// modeVariable makes the test binary play another process.
const modeVariable = "AUTH_TEST_MODE"

func TestMain(m *testing.M) {
	if mode := os.Getenv(modeVariable); mode != "" {
		os.Exit(play(mode, os.Args[1], os.Args[2]))
	}
	goleak.VerifyTestMain(m)
}

// play renews the login at path with the issuer, as another process.
func play(mode, path, issuer string) int {
	s, err := Open(context.Background(), credentials.Locator{AuthFile: path}, Config{Issuer: issuer})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	s.RescueDir = filepath.Join(filepath.Dir(path), "state")
	get := s.Credential
	if mode == "renew" {
		get = s.Renew
	}
	c, err := get(context.Background())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(c.AccessToken.Fingerprint())
	return 0
}

func command(mode, path, issuer string) *exec.Cmd {
	cmd := exec.Command(self(), path, issuer)
	cmd.Env = append(os.Environ(), modeVariable+"="+mode)
	return cmd
}

// issuer is a token endpoint with rotation and single use.
type issuer struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	requests []string // bodies, in order
	answer   func(w http.ResponseWriter, n int)
}

func newIssuer(t *testing.T, answer func(w http.ResponseWriter, n int)) *issuer {
	t.Helper()
	i := &issuer{t: t, answer: answer}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/oauth/token" || r.ParseForm() != nil {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	i.mu.Lock()
	i.requests = append(i.requests, r.PostForm.Encode())
	n := len(i.requests)
	i.mu.Unlock()
	i.answer(w, n)
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.requests)
}

// replies answers every request with status and body.
func replies(status int, body string) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, _ int) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// grants answers the n-th request with the n-th token, good for an hour.
func grants(w http.ResponseWriter, n int) {
	replies(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"refresh_token":"rt-fresh-%d","expires_in":3600}`, freshToken(n), n))(w, n)
}

func freshToken(n int) string {
	return token("acc", clock().Add(time.Hour), fmt.Sprintf("fresh-%d", n))
}

// clock stands still, so that whole documents can be compared.
func clock() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

func token(account string, exp time.Time, id string) string {
	payload, err := json.Marshal(map[string]any{
		"exp": exp.Unix(), "jti": id, "iss": "https://issuer.test",
		"https://api.openai.com/auth": map[string]any{"chatgpt_account_id": account, "chatgpt_plan_type": "plus"},
	})
	if err != nil {
		panic(err)
	}
	return raw(string(payload))
}

func raw(payload string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(payload)) + ".c2ln"
}

// stored is a LangChain store; its token expires in ttl.
func stored(t *testing.T, ttl time.Duration) string {
	t.Helper()
	return storedAs(t, fmt.Sprintf(`{"access_token":%q,"refresh_token":"rt-old","expires_at":%q,"account_id":"acc","extra":[1, 2]}`,
		token("acc", clock().Add(ttl), "old"), clock().Add(ttl).Format("2006-01-02T15:04:05.000000+00:00")))
}

func storedAs(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "auth.json")
	write(t, path, content)
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// source opens the store at path as one that the user named.
func source(t *testing.T, path, issuer string) *Source {
	t.Helper()
	s, err := Open(t.Context(), credentials.Locator{AuthFile: path}, Config{Issuer: issuer, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	s.RescueDir = filepath.Join(t.TempDir(), "state")
	return s
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// only checks that the store is the only file in its folder, besides locks.
func only(t *testing.T, path string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if name := e.Name(); name != filepath.Base(path) && !strings.HasSuffix(name, ".lock") && name != "state" {
			t.Errorf("%s was left behind", name)
		}
	}
}

// self is the test binary, which stands in for other programs.
func self() string {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return path
}
