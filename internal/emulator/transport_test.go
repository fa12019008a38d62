package emulator

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTransportWithHTTPClient(t *testing.T) {
	e := start(t, Config{})
	client := &http.Client{Transport: e.Transport()}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://chatgpt.com"+usagePath, nil)
	r.Header.Set("Authorization", "Bearer "+e.Login(LoginOptions{}).AccessToken)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 403 {
		t.Errorf("without User-Agent: %d, want the 403 that Go's own gets", response.StatusCode)
	}
	r.Header.Set("User-Agent", "x/1")
	if response, err = client.Do(r); err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.StatusCode != 200 || err != nil || int64(len(body)) != response.ContentLength {
		t.Errorf("%d %s %v", response.StatusCode, body, err)
	}
	if got := e.Journal()[0].Header.Get("Host"); got != "chatgpt.com" {
		t.Errorf("Host %q", got)
	}
}

func TestTransportCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Config{Now: time.Now, Scene: Scene{Deltas: []string{"a", "b", "c"}, EventDelayMS: 1000}})
		ctx, cancel := context.WithCancel(t.Context())
		response, err := e.do(ctx, call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: e.Login(LoginOptions{}).AccessToken})
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(response.Body)
		if line, err := lines.ReadString('\n'); err != nil || line != "event: response.created\n" {
			t.Fatalf("first line %q, %v", line, err)
		}
		cancel()
		if _, err := io.ReadAll(lines); !errors.Is(err, context.Canceled) {
			t.Errorf("read after cancel: %v, want context.Canceled", err)
		}
		synctest.Wait()
		if got := e.Journal()[0].Outcome; got != OutcomeClientGone {
			t.Errorf("outcome %q", got)
		}
		_ = response.Body.Close()
		if _, err := e.do(ctx, call{method: "GET", path: usagePath}); !errors.Is(err, context.Canceled) {
			t.Errorf("request with canceled context: %v", err)
		}
	})
}

// A handler may still say something to a client that has left, at the same moment; a
// network would not bring it.
func TestTransportCancellationBeforeTheHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Config{Now: time.Now, Scene: Scene{HeadDelayMS: 10_000}})
		for range 30 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			response, err := e.do(ctx, call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: e.Login(LoginOptions{}).AccessToken})
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %v and %v, want the end of the time", response, err)
			}
		}
	})
}

func TestTransportCloseEndsTheHandler(t *testing.T) {
	e := start(t, Config{Scene: named(t, "stall-after-created")})
	response, err := e.do(t.Context(), call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: e.Login(LoginOptions{}).AccessToken})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := e.Journal()[0].Outcome; got != OutcomeClientGone {
		t.Errorf("outcome right after Close %q, want %q", got, OutcomeClientGone)
	}
}

func TestTransportCancellationWithoutReadingOrClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := start(t, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		// Not closing it is the point.
		if _, err := e.do(ctx, call{method: "POST", path: responsesPath, body: prompt(t, ""), bearer: e.Login(LoginOptions{}).AccessToken}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := e.Journal()[0].Outcome; got != "" {
			t.Fatalf("outcome %q while the first write waits", got)
		}
		cancel()
		synctest.Wait()
		if got := e.Journal()[0].Outcome; got != OutcomeClientGone {
			t.Errorf("outcome %q after the cancellation, want %q", got, OutcomeClientGone)
		}
	})
}

// TestOverASocket does what the in-memory transport cannot show: what net/http
// makes of our headers and cuts.
func TestOverASocket(t *testing.T) {
	e := New(Config{})
	server := httptest.NewServer(e)
	defer server.Close()
	client := server.Client()
	send := func(method, path, host, scene, body string) (*http.Response, string, error) {
		r, _ := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		r.Header = http.Header{"User-Agent": {"x/1"}, "Content-Type": {"application/json"}, "Authorization": {"Bearer " + e.Login(LoginOptions{}).AccessToken}}
		if scene != "" {
			r.Header.Set(SceneHeader, scene)
		}
		if host != "" {
			r.Host = host
		}
		response, err := client.Do(r)
		if err != nil {
			return nil, "", err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return response, string(text), err
	}
	response, body, err := send("POST", responsesPath, "", "", prompt(t, ""))
	if err != nil || response.StatusCode != 200 || text(events(t, body)) != "You said: hi" {
		t.Fatalf("%v %v %.200s", response, err, body)
	}
	if _, there := response.Header["Content-Type"]; there {
		t.Error("there is a Content-Type")
	}
	for name, want := range map[string]string{"X-Codex-Credits-Unlimited": "False", "X-Codex-Primary-Window-Minutes": "300",
		"X-Codex-Secondary-Window-Minutes": "10080", "Openai-Model": "gpt-5.5", "X-Models-Etag": modelsETag} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if _, body, err := send("POST", responsesPath, "", "cut-after-three-deltas", prompt(t, "")); !errors.Is(err, io.ErrUnexpectedEOF) || text(events(t, body)) != "Hel" {
		t.Errorf("cut: %v, %q", err, body)
	}
	if _, _, err := send("POST", responsesPath, "", "cut-before-headers", prompt(t, "")); !errors.Is(err, io.EOF) {
		t.Errorf("cut before headers: %v", err)
	}
	for host, want := range map[string]int{"localhost:1": 200, "a.localhost": 200, "127.9.9.9": 200, "[::1]:80": 200, "[::1]": 200,
		"example.com": 403, "10.0.0.1": 403, "127.0.0.1.example.com": 403, "localhost.example.com": 403} {
		if response, _, err := send("GET", usagePath, host, "", ""); err != nil || response.StatusCode != want {
			t.Errorf("Host %q: %v %v, want %d", host, response, err, want)
		}
	}
	if got := payloadIssuer(t, e, server.URL); got != server.URL {
		t.Errorf("issuer derived from Host: %q, want %q", got, server.URL)
	}
	client.CloseIdleConnections()
}

// payloadIssuer renews over the socket and returns the "iss" of the new token.
func payloadIssuer(t *testing.T, e *Emulator, base string) string {
	t.Helper()
	body := fmt.Sprintf(`{"client_id":%q,"grant_type":"refresh_token","refresh_token":%q}`, knownClient, e.Login(LoginOptions{}).RefreshToken)
	response, err := http.Post(base+"/oauth/token", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	answer, _ := io.ReadAll(response.Body)
	_, rest, _ := strings.Cut(string(answer), `"access_token":"`)
	token, _, _ := strings.Cut(rest, `"`)
	return payload(t, token).Get("iss").String()
}

func TestManyStreamsAtOnce(t *testing.T) {
	e := start(t, Config{Scene: Scene{Writes: WritesRandom}})
	bearer := e.Login(LoginOptions{}).AccessToken
	var wg sync.WaitGroup
	for n := range 300 {
		wg.Go(func() {
			ask := fmt.Sprintf("number %d", n)
			got := e.get(t, call{method: "POST", path: responsesPath, body: prompt(t, said(ask)), bearer: bearer})
			if got.err != nil || text(events(t, got.body)) != "You said: "+ask {
				t.Errorf("%d: %v %.100s", n, got.err, got.body)
			}
		})
	}
	for range 20 {
		wg.Go(func() { _ = e.SetScene(Scene{Writes: WritesRandom}); e.Journal() })
	}
	wg.Wait()
	if got := len(e.Journal(responsesPath)); got != 300 {
		t.Errorf("%d entries, want 300", got)
	}
}

func TestTransportTracesWhatWasSent(t *testing.T) {
	for name, body := range map[string]io.Reader{"a body": strings.NewReader("{}"), "none": nil} {
		t.Run(name, func(t *testing.T) {
			wrote := make(chan struct{}, 2)
			trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { wrote <- struct{}{} }}
			request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, "http://emulator/backend-api/codex/responses", body)
			if err != nil {
				t.Fatal(err)
			}
			response, err := New(Config{}).Transport().RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if len(wrote) != 1 {
				t.Errorf("WroteRequest was called %d times, want once", len(wrote))
			}
		})
	}
}
