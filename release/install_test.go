package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// `go install …@latest` builds from what the module proxy hands out, with no file that
// something would have to make first, and the program knows its version.
func TestGoInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the whole program")
	}
	const path, version = "github.com/codexctl/codexctl", "v0.9.1"
	proxy := t.TempDir()
	versions := filepath.Join(proxy, path, "@v")
	if err := os.MkdirAll(versions, 0o755); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"list": version + "\n", version + ".info": `{"Version":"` + version + `","Time":"2026-11-21T00:00:00Z"}`, version + ".mod": string(mod),
	} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packed, err := os.Create(filepath.Join(versions, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(t.TempDir(), "tree")
	if out, err := exec.Command("git", "clone", "-q", "..", tree).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v\n%s", err, out)
	}
	if err := zip.CreateFromVCS(packed, module.Version{Path: path, Version: version}, tree, "HEAD", ""); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}

	others, err := exec.Command("go", "env", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	bin, modules := t.TempDir(), t.TempDir()
	install := exec.Command("go", "install", path+"/cmd/codexctl@latest")
	install.Dir = t.TempDir()
	install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-modcacherw", "CGO_ENABLED=0", "GOMODCACHE="+modules,
		"GOPROXY=file://"+filepath.ToSlash(proxy)+","+cachedModules(t)+strings.TrimSpace(string(others)), "GONOSUMDB="+path, "GONOSUMCHECK=1")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("go install: %v\n%s", err, out)
	}
	out, err := exec.Command(filepath.Join(bin, "codexctl"), "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "codexctl "+version+" ") {
		t.Errorf("version = %q, %v, want %s", out, err, version)
	}
}

// cachedModules is the proxy that the local module cache is, with a comma.
func cachedModules(t *testing.T) string {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(filepath.Join(strings.TrimSpace(string(cache)), "cache", "download")) + ","
}
