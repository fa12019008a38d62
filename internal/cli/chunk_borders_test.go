package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/emulator"
)

// pieces is a network that gives one stream to whoever asks, cut at other places each
// time: a read gets one piece, as a read of a socket gets what has come.
type pieces struct {
	stream []byte
	most   int // bytes in a piece; 1 gives every byte alone, 0 the whole at once
	random *rand.Rand
}

func (p *pieces) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	// A reader for each request: the server's may still be read when the next one comes.
	body := &cutReader{rest: p.stream, most: p.most}
	if p.random != nil {
		body.random = rand.New(rand.NewPCG(p.random.Uint64(), 0))
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body, ContentLength: -1, Request: r,
	}, nil
}

// cutReader reads as pieces says.
type cutReader struct {
	rest   []byte
	most   int
	random *rand.Rand
}

// Read gives one piece.
func (c *cutReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	size := len(c.rest)
	switch {
	case c.random != nil:
		// Small pieces cut inside runes and line ends, large ones span events.
		size = 1 + c.random.IntN(1<<c.random.IntN(12))
	case c.most > 0:
		size = c.most
	}
	n := copy(p, c.rest[:min(size, len(c.rest))])
	c.rest = c.rest[n:]
	return n, nil
}

// Close ends it.
func (*cutReader) Close() error { return nil }

// composed are the streams that the emulator can say: of every scene about what is
// said and how it is spelled, whether the answer is whole or not.
func composed(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, info := range emulator.SceneNames() {
		scene := namedScene(t, info.Name)
		group, _, _ := strings.Cut(info.Name, "-")
		switch {
		case slices.Contains([]string{"login", "exchange", "device", "revoke", "token"}, group): // about the issuer
			continue
		case scene.FloodDeltas > 0 || scene.EventBytes > 0 || scene.Cut == emulator.CutStall:
			continue
		}
		tools := ""
		if scene.ToolCalls > 0 {
			tools = `"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],`
		}
		e := emulator.New(emulator.Config{Seed: 1, BaseURL: base, Scene: scene})
		request, err := http.NewRequest(http.MethodPost, base+"/backend-api/codex/responses", strings.NewReader(
			`{"model":"gpt-5.5","instructions":"x","store":false,"stream":true,`+tools+
				`"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Grüße, 世界 👋"}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		login := e.Login(emulator.LoginOptions{})
		request.Header.Set("Authorization", "Bearer "+login.AccessToken)
		request.Header.Set("ChatGPT-Account-Id", login.AccountID)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Originator", "codexctl")
		request.Header.Set("User-Agent", "codexctl/test")
		response, err := e.Transport().RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusOK {
			continue // a scene about something else than streams
		}
		body, _ := io.ReadAll(response.Body) // one that breaks off is a stream as well
		response.Body.Close()
		if strings.Contains(string(body), "sequence_number") {
			all[info.Name] = body
		}
	}
	return all
}

// recorded are the streams that the backend once sent, where they are at hand.
func recorded(t *testing.T) map[string][]byte {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "recordings", "*.sse"))
	all := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".sse")] = data
	}
	return all
}

// splits is how many random cuts each stream gets. The figure of quality.md is 100:
// CODEXCTL_TEST_SPLITS=100 go test ./internal/cli -run ChunkBorders
func splits(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("CODEXCTL_TEST_SPLITS"))
	switch {
	case os.Getenv("CODEXCTL_TEST_SPLITS") == "":
		return 1
	case err != nil:
		t.Fatalf("CODEXCTL_TEST_SPLITS: %v", err)
	}
	return n
}

// shown is what every way of reading a stream gives of it.
type shown map[string]string

// read asks for one stream in every way: on the command line, and of a server on both
// of its routes.
func (p *program) read(t *testing.T, server string) shown {
	t.Helper()
	got := shown{}
	for _, line := range []string{"ask hi", "ask --no-stream hi", "respond --sse hi", "respond --stream hi", "respond --json hi"} {
		code := p.run(strings.Fields(line)...)
		got[line] = fmt.Sprintf("exit %d\n%s\n%s", code, &p.out, &p.talk)
	}
	p.run("ask", "--json", "hi")
	for _, field := range []string{"status", "text", "reasoning", "tool_calls", "usage", "error.code", "error.message"} {
		got["ask --json "+field] = gjson.GetBytes(p.out.Bytes(), field).Raw
	}
	for _, call := range []struct{ path, body string }{
		{"/v1/responses", `{"model":"gpt-5.5","input":"hi"}`},
		{"/v1/responses", `{"model":"gpt-5.5","input":"hi","stream":true}`},
		{"/v1/chat/completions", `{"model":"gpt-5.5","messages":[{"role":"user","content":"hi"}]}`},
		{"/v1/chat/completions", `{"model":"gpt-5.5","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`},
	} {
		// How long it is until a reset changes from one second to the next.
		got[call.path+" "+call.body] = regexp.MustCompile(`"resets_in_seconds":\d+`).ReplaceAllString(posted(t, server+call.path, call.body), "")
	}
	return got
}

// posted is the answer of a server.
func posted(t *testing.T, address, body string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return fmt.Sprintf("%d %s %v", response.StatusCode, text, err)
}

// serving runs `serve` until the test ends and gives its address.
func (p *program) serving(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- Main(ctx, &p.Env, append([]string{"serve", "-p", "0", "--json"}, args...)) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if address := gjson.GetBytes(p.out.Bytes(), "url").Str; address != "" {
			return address
		}
	}
	t.Fatalf("serve does not listen: %s", &p.talk)
	return ""
}

// shared is a network whose stream can be changed between two requests.
type shared struct{ now atomic.Pointer[pieces] }

func (s *shared) RoundTrip(r *http.Request) (*http.Response, error) { return s.now.Load().RoundTrip(r) }

// quality.md, Reliability, chunk borders: every recorded and composed stream, one byte
// per write and random splits, gives the same result; for text, raw frames, documents,
// and both routes of the server.
func TestChunkBorders(t *testing.T) {
	t.Parallel()
	streams := composed(t)
	if len(streams) < 50 {
		t.Fatalf("only %d composed streams: the test is wrong", len(streams))
	}
	for name, stream := range recorded(t) {
		streams["recorded "+name] = stream
	}
	var read atomic.Int64
	t.Run("streams", func(t *testing.T) {
		for _, name := range sampled(slices.Sorted(maps.Keys(streams))) {
			stream := streams[name]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				network := &shared{}
				p, server := newProgram(t), newProgram(t)
				for _, one := range []*program{p, server} {
					one.Transport = network
					one.variables["CODEXCTL_RETRIES"] = "0"
				}
				network.now.Store(&pieces{stream: stream})
				address := server.serving(t, "--no-store")
				whole := p.read(t, address)
				// A byte order mark is no part of what is said.
				frames := strings.TrimPrefix(string(stream), "\ufeff")
				if text := whole["respond --sse hi"]; strings.HasPrefix(text, "exit 0") && !strings.Contains(text, frames) && !strings.Contains(text, "is left out") {
					t.Errorf("respond --sse is not the stream:\n%s\nwant\n%s", text, stream)
				}
				random := rand.New(rand.NewPCG(uint64(len(stream)), 1))
				for split := -1; split < splits(t); split++ {
					cut := &pieces{stream: stream, most: 1}
					if split >= 0 {
						cut.random = random
					}
					network.now.Store(cut)
					read.Add(1)
					for way, got := range p.read(t, address) {
						if got != whole[way] {
							t.Fatalf("split %d, %s:\n%s\nwhole it is\n%s", split, way, got, whole[way])
						}
					}
				}
			})
		}
	})
	t.Logf("%d streams, %d readings of each way", len(streams), read.Load())
}
