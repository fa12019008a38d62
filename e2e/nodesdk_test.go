package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Versions of the SDKs for Node that are run here. A newer one is a change of its line.
const (
	openaiVersion   = "7.57.0"  // openai
	vercelVersion   = "7.0.173" // ai
	vercelOpenAI    = "4.0.118" // @ai-sdk/openai
	vercelZod       = "4.6.7"   // zod, which ai imports
	leastNodeChecks = 30        // a script that has said less has not done its work
)

var openaiFolder = sync.OnceValues(func() (string, error) {
	return npmFolder("openai-"+openaiVersion, imports("openai", openaiVersion), "openai@"+openaiVersion)
})

var vercelFolder = sync.OnceValues(func() (string, error) {
	return npmFolder("ai-"+vercelVersion, imports("ai", vercelVersion),
		"ai@"+vercelVersion, "@ai-sdk/openai@"+vercelOpenAI, "zod@"+vercelZod)
})

// imports reports whether Node finds this version of a package, and can load it.
func imports(name, version string) func(dir string) bool {
	return func(dir string) bool {
		data, err := os.ReadFile(filepath.Join(dir, "node_modules", name, "package.json"))
		var about struct {
			Version string `json:"version"`
		}
		if err != nil || json.Unmarshal(data, &about) != nil || about.Version != version {
			return false
		}
		node := exec.Command("node", "--input-type=module", "--eval", "await import("+quoted(name)+")")
		node.Dir = dir
		return node.Run() == nil
	}
}

func quoted(s string) string {
	data, _ := json.Marshal(s) // a string always encodes
	return string(data)
}

// proxy.md, Safety: "Tools this must just work with, unmodified: the official OpenAI SDKs
// (Go, Node, Python)". The rows are named in node/openai.mjs.
func TestNodeSDK(t *testing.T) {
	dir, err := openaiFolder()
	if err != nil {
		unavailable(t, "OpenAI SDK for Node", err)
	}
	runNode(t, dir, "openai.mjs")
}

// proxy.md, Safety: "…, the Vercel AI SDK, …".
func TestVercelSDK(t *testing.T) {
	dir, err := vercelFolder()
	if err != nil {
		unavailable(t, "Vercel AI SDK", err)
	}
	runNode(t, dir, "vercel.mjs")
}

// runNode runs a script of node/ with the packages of a folder. Each of its checks is a
// test here.
func runNode(t *testing.T, modules, script string) {
	t.Helper()
	s := startServer(t)
	signedOut := s.upstream.serve(t, newPerson(t, s.upstream.variables()...))
	p := newPerson(t).with("SERVER="+s.url, "SIGNED_OUT="+signedOut.url, "EMULATOR="+s.upstream.url, "MODEL="+plainModel)
	for _, name := range []string{"checks.mjs", script} {
		data, err := os.ReadFile(filepath.Join("node", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(p.home, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Node looks for packages beside the script.
	if err := os.Symlink(filepath.Join(modules, "node_modules"), filepath.Join(p.home, "node_modules")); err != nil {
		t.Fatal(err)
	}
	r := p.run(t, "node", filepath.Join(p.home, script))
	checks := 0
	for line := range strings.Lines(r.out) {
		var check struct {
			Name  string `json:"name"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal([]byte(line), &check); err != nil {
			t.Errorf("node says %q", line)
			continue
		}
		checks++
		t.Run(check.Name, func(t *testing.T) {
			if check.Error != "" {
				t.Error(check.Error)
			}
		})
	}
	if r.code != 0 || checks < leastNodeChecks {
		t.Errorf("node %s: exit code %d after %d checks, want 0 after %d at least\n%s", script, r.code, checks, leastNodeChecks, r.said)
	}
}
