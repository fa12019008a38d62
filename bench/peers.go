package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// Versions of the peers, as npm numbers them.
const (
	sdkVersion   = "7.57.0"  // openai
	codexVersion = "0.169.0" // @openai/codex
	oauthVersion = "2.0.0"   // openai-oauth
)

// measurePeers is the same work done by programs of other people. Nothing of it is
// judged, and what is not installed and cannot be is left out.
func measurePeers(ctx context.Context, l *lab.Lab) ([]row, error) {
	if l.Quick {
		leaveOut("the peers", errors.New("a quick run installs and starts none"))
		return nil, nil
	}
	var rows []row
	for _, peer := range []struct {
		name    string
		measure func(context.Context, *lab.Lab) ([]row, error)
	}{
		{"the SDK for Node", measureSDK},
		{"the official CLI", measureCodex},
		{"openai-oauth", measureOAuth},
	} {
		more, err := peer.measure(ctx, l)
		if errors.Is(err, errNoPeer) {
			leaveOut(peer.name, err)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", peer.name, err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func leaveOut(name string, why error) { fmt.Fprintf(os.Stderr, "bench: left out: %s: %v\n", name, why) }

// question is one short question, the same for every peer.
const question = "ping"

// sdkScript asks it with the official SDK and prints the answer as it comes. The backend
// turns away who says that it is a library, so it has another name.
const sdkScript = `import OpenAI from "openai";
const client = new OpenAI({ baseURL: process.env.BASE, apiKey: process.env.TOKEN, defaultHeaders: { "User-Agent": "peer/1.0" } });
const stream = await client.responses.create({ model: "gpt-5.5", instructions: "Answer.", store: false, stream: true,
  input: [{ role: "user", content: [{ type: "input_text", text: process.argv[2] }] }] });
for await (const event of stream) if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
process.stdout.write("\n");
`

func measureSDK(ctx context.Context, l *lab.Lab) ([]row, error) {
	modules, err := npmPackage(ctx, "openai", sdkVersion)
	if err != nil {
		return nil, err
	}
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	// Node looks for packages beside the script.
	script := l.Path("sdk.mjs")
	err = errors.Join(os.WriteFile(script, []byte(sdkScript), 0o600),
		os.Symlink(filepath.Join(modules, "node_modules"), l.Path("node_modules")))
	if err != nil {
		return nil, err
	}
	theirs := lab.Command{Args: []string{"node", script, question}, Env: []string{"BASE=" + b.URL + "/backend-api/codex", "TOKEN=" + b.Token}}
	return oneAnswer(ctx, l, b, "SDK for Node "+sdkVersion, theirs)
}

// codexConfig makes the official CLI ask the backend as its own.
const codexConfig = `model = "gpt-6-sol"
model_provider = "local"

[model_providers.local]
name = "local"
base_url = "%s/backend-api/codex"
wire_api = "responses"
env_key = "TOKEN"
supports_websockets = false
request_max_retries = 0
stream_max_retries = 0
`

func measureCodex(ctx context.Context, l *lab.Lab) ([]row, error) {
	modules, err := npmPackage(ctx, "@openai/codex", codexVersion)
	if err != nil {
		return nil, err
	}
	b, err := l.Backend(ctx, "{}")
	if err != nil {
		return nil, err
	}
	defer b.Close()
	home := l.Path("codex-home")
	err = errors.Join(os.Mkdir(home, 0o700),
		os.WriteFile(filepath.Join(home, "config.toml"), fmt.Appendf(nil, codexConfig, b.URL), 0o600))
	if err != nil {
		return nil, err
	}
	theirs := lab.Command{
		Args: []string{filepath.Join(modules, "node_modules", ".bin", "codex"), "exec", "--skip-git-repo-check", "--ephemeral", question},
		Env:  []string{"CODEX_HOME=" + home, "TOKEN=" + b.Token, "HTTPS_PROXY=http://127.0.0.1:9", "NO_PROXY=127.0.0.1"},
	}
	return oneAnswer(ctx, l, b, "codex exec "+codexVersion, theirs)
}

// oneAnswer compares a question by `ask` with the same by somebody else.
func oneAnswer(ctx context.Context, l *lab.Lab, b *lab.Backend, rival string, theirs lab.Command) ([]row, error) {
	asks := ours(l, b, "ask", question)
	for _, c := range []*lab.Command{&asks, &theirs} {
		c.Stdout = l.Path("answer")
		c.Check = func() error {
			answer, err := os.ReadFile(l.Path("answer"))
			if want := "You said: " + question + "\n"; err != nil || string(answer) != want {
				return fmt.Errorf("the answer is %q, want %q; %w", answer, want, err)
			}
			return nil
		}
	}
	runs, err := l.InTurn(ctx, l.Times(15), l.FirstByte, asks, theirs)
	if err != nil {
		return nil, err
	}
	var peaks [2]int64
	for i, c := range []lab.Command{asks, theirs} {
		if peaks[i], err = l.Peak(ctx, c); err != nil {
			return nil, err
		}
	}
	return []row{
		wallRow("peers: one answer", runs[0], runs[1], rival, bar{}),
		{
			what: "peers: one answer, first byte", ours: duration(runs[0].First()), theirs: duration(runs[1].First()), rival: rival,
			value: lab.Ratio(runs[0], runs[1], func(r lab.Run) time.Duration { return r.First }), unit: "×",
		},
		{
			what: "peers: one answer, processor time", ours: duration(runs[0].CPU()), theirs: duration(runs[1].CPU()), rival: rival,
			value: lab.Ratio(runs[0], runs[1], lab.CPU), unit: "×",
		},
		{
			what: "peers: one answer, memory", ours: mebibytes(peaks[0]), theirs: mebibytes(peaks[1]), rival: rival,
			value: float64(peaks[0]) / float64(max(1, peaks[1])), unit: "×",
		},
	}, nil
}

// agentScript gives a program for Node a User-Agent of its own: the backend turns away
// who says that it is Node.
const agentScript = `const fetch = globalThis.fetch;
globalThis.fetch = (input, init = {}) => {
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  headers.set("user-agent", "peer/1.0");
  return fetch(input, { ...init, headers });
};
`

// oauthDeltas is the length of the answers that the servers pass on.
const oauthDeltas = 40

// measureOAuth is another server of the same kind, in front of the same backend.
func measureOAuth(ctx context.Context, l *lab.Lab) ([]row, error) {
	modules, err := npmPackage(ctx, "openai-oauth", oauthVersion)
	if err != nil {
		return nil, err
	}
	want, err := recordAnswer(ctx, l, oauthDeltas)
	if err != nil {
		return nil, err
	}
	folder, err := writeRecording(l, oauthDeltas, want)
	if err != nil {
		return nil, err
	}
	b, err := l.Backend(ctx, "{}", "--replay", folder)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	serve, err := l.Serve(ctx, b)
	if err != nil {
		return nil, err
	}
	defer serve.Close()
	theirs, err := startOAuth(ctx, l, b, modules)
	if err != nil {
		return nil, err
	}
	defer theirs.stop()
	var rows []row
	for _, size := range []struct{ connections, requests int }{{1, 200}, {32, 1000}} {
		more, err := serversInTurn(ctx, l, serve.URL, theirs.url, exactly(want), size.connections, size.requests)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	our, err := lab.Resident(serve.PID)
	if err != nil {
		return nil, err
	}
	their, err := lab.Resident(theirs.pid)
	if err != nil {
		return nil, err
	}
	return append(rows, row{
		what: "peers: server, memory after that", ours: mebibytes(our), theirs: mebibytes(their), rival: "openai-oauth " + oauthVersion,
		value: float64(our) / float64(their), unit: "×",
	}), nil
}

// serversInTurn loads both servers one after the other, some times over.
func serversInTurn(ctx context.Context, l *lab.Lab, our, their string, check func([]byte) error, connections, requests int) ([]row, error) {
	results := make([][]visited, 2)
	for range l.Times(5) {
		for i, server := range []string{our, their} {
			to := visit{url: server + "/v1/responses", body: nativeRequest, check: check}
			callers := make([]caller, connections)
			for j := range callers {
				callers[j] = caller{requests: requests / connections, visit: func(int) visit { return to }}
			}
			seen, err := visitAll(ctx, callers, nil)
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], seen)
		}
	}
	ours, theirs := results[0], results[1]
	rival := "openai-oauth " + oauthVersion
	at := fmt.Sprintf(", %d deltas, concurrency %d", oauthDeltas, connections)
	first := func(v visited) time.Duration { return quantile(v.firsts, 0.5) }
	our1, their1 := lab.MedianOf(ours, first), lab.MedianOf(theirs, first)
	ourRate, theirRate := lab.MedianOf(ours, visited.perSecond), lab.MedianOf(theirs, visited.perSecond)
	return []row{
		{
			what: "peers: server, first text" + at, ours: duration(our1), theirs: duration(their1), rival: rival,
			value: float64(our1) / float64(max(1, their1)), unit: "×",
		},
		{
			what: "peers: server, throughput" + at, ours: short(ourRate) + "/s", theirs: short(theirRate) + "/s", rival: rival,
			value: ourRate / theirRate, unit: "×",
		},
	}, nil
}

// oauthServer is openai-oauth as a process.
type oauthServer struct {
	url string
	pid int
	cmd *exec.Cmd
}

// startOAuth starts openai-oauth in front of b, with b's login, in the form that it reads.
func startOAuth(ctx context.Context, l *lab.Lab, b *lab.Backend, modules string) (*oauthServer, error) {
	login, agent := l.Path("oauth-auth.json"), l.Path("agent.mjs")
	export := ours(l, b, "auth", "export", "--format", "codex", "-y")
	export.Stdout = login
	if _, err := l.Once(ctx, export); err != nil {
		return nil, err
	}
	if err := os.WriteFile(agent, []byte(agentScript), 0o600); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(modules, "node_modules", ".bin", "openai-oauth"),
		"--port", port, "--base-url", b.URL+"/backend-api/codex", "--oauth-token-url", b.URL+"/oauth/token", "--oauth-file", login,
		"--no-open", "--codex-version", codexVersion, "--models", "gpt-5.5")
	cmd.Env, cmd.Dir = l.Environment("CODEX_HOME="+l.Path("oauth-home"), "NODE_OPTIONS=--import="+agent), l.Dir
	line, err := lab.StartAndRead(cmd)
	if err != nil {
		return nil, err
	}
	_, url, found := strings.Cut(line, " ready at ")
	s := &oauthServer{url: strings.TrimSuffix(url, "/v1"), pid: cmd.Process.Pid, cmd: cmd}
	if !found {
		s.stop()
		return nil, fmt.Errorf("it says %q", line)
	}
	return s, nil
}

func (s *oauthServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was told to end
}
