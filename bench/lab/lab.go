package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Lab is a folder with the programs that are measured. Nothing outside it is written.
type Lab struct {
	// Root is the folder of the module that is measured.
	Root string

	// Dir is where everything lies, and Home an empty home below it.
	Dir, Home string

	// Quick makes every measurement as short as it can be: it shows that the
	// measurement works, and its figures mean nothing.
	Quick bool
}

// The programs that [Open] builds.
const (
	Codexctl     = "codexctl"
	Hello        = "hello"        // prints a line
	Libraries    = "libraries"    // links the given libraries and prints a line
	Network      = "network"      // links what can ask over HTTP as well
	ReverseProxy = "reverseproxy" // a bare reverse proxy
)

// Open builds the programs from the module in root, the way a release is built.
func Open(ctx context.Context, root string, quick bool) (*Lab, error) {
	dir, err := os.MkdirTemp("", "codexctl-bench-")
	if err != nil {
		return nil, err
	}
	l := &Lab{Root: root, Dir: dir, Home: filepath.Join(dir, "home"), Quick: quick}
	if err := os.Mkdir(l.Home, 0o700); err != nil {
		return nil, err
	}
	for name, pkg := range map[string]string{
		Codexctl:     "./cmd/codexctl",
		Hello:        "./bench/rivals/hello",
		Libraries:    "./bench/rivals/libraries",
		Network:      "./bench/rivals/network",
		ReverseProxy: "./bench/rivals/reverseproxy",
	} {
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "urfave_cli_no_docs", "-ldflags", "-s -w",
			"-o", l.Program(name), pkg)
		build.Dir = root
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			l.Close()
			return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	}
	return l, nil
}

// Close removes the folder.
func (l *Lab) Close() { os.RemoveAll(l.Dir) }

// Program is the path of a built program.
func (l *Lab) Program(name string) string { return filepath.Join(l.Dir, name) }

// Path is where a file of that name stands in the lab.
func (l *Lab) Path(name string) string { return filepath.Join(l.Dir, name) }

// Times is n, or 1 in a quick lab.
func (l *Lab) Times(n int) int {
	if l.Quick {
		return 1
	}
	return n
}

// Environment is all that a measured program is told, and extra.
func (l *Lab) Environment(extra ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.Home, "LANG=C.UTF-8", "NO_COLOR=1"}, extra...)
}
