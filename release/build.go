package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// build makes the static binary of t and returns its path.
func (r *release) build(ctx context.Context, t target) (string, error) {
	const vars = "github.com/codexctl/codexctl/internal/cli."
	path := filepath.Join(r.work, t.system+"-"+t.arch, t.binary())
	flags := strings.Join([]string{
		"-s", "-w", "-buildid=",
		"-X", vars + "version=" + r.version.plain(),
		"-X", vars + "commit=" + r.version.commit,
		"-X", vars + "date=" + r.version.date.Format(time.RFC3339),
	}, " ")
	// What git says of the tree goes in through the flags: a source archive without
	// its history builds the same.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "urfave_cli_no_docs",
		"-ldflags", flags, "-o", path, "./cmd/codexctl")
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.system, "GOARCH="+t.arch, "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", t, err, out)
	}
	return path, nil
}

// file is a file of an archive or a package.
type file struct {
	from string
	to   string // with slashes
	mode fs.FileMode
}

// writeExtras makes the manual pages and the completions with a binary for this
// machine, and returns them with the texts that go with every binary.
func (r *release) writeExtras(ctx context.Context) ([]file, error) {
	here, err := r.build(ctx, target{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		return nil, err
	}
	man := filepath.Join(r.work, "man")
	if _, err := output(ctx, here, "man", "--dir", man); err != nil {
		return nil, err
	}
	pages, err := filepath.Glob(filepath.Join(man, "*.1"))
	if err != nil {
		return nil, err
	}
	var files []file
	for _, page := range pages {
		files = append(files, file{page, "man/" + filepath.Base(page), 0o644})
	}
	for _, shell := range []struct{ name, file string }{
		{"bash", "codexctl.bash"}, {"zsh", "_codexctl"}, {"fish", "codexctl.fish"}, {"powershell", "codexctl.ps1"},
	} {
		script, err := output(ctx, here, "completion", shell.name)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(r.work, shell.file)
		if err := os.WriteFile(path, script, 0o644); err != nil {
			return nil, err
		}
		files = append(files, file{path, "completions/" + shell.file, 0o644})
	}
	for _, text := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		files = append(files, file{filepath.Join(r.root, text), text, 0o644})
	}
	return files, nil
}

func output(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"HOME=" + os.DevNull, "LANG=C.UTF-8"}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, &stderr)
	}
	return out, nil
}
