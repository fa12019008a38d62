package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

const noticesFile = "THIRD-PARTY-NOTICES.txt"

// writeNotices collects the licences of all that stands in a binary beside our own
// code: they ask to go along with it.
func (r *release) writeNotices(ctx context.Context, t target, binary string) (file, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return file{}, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "codexctl contains code of others. Their licences follow.\n")
	root, err := goOutput(ctx, r.root, "env", "GOROOT")
	if err != nil {
		return file{}, err
	}
	if err := addLicences(&b, "Go standard library "+info.GoVersion, root); err != nil {
		return file{}, err
	}
	for _, module := range info.Deps {
		dir, err := moduleFolder(ctx, r.root, module)
		if err != nil {
			return file{}, err
		}
		if err := addLicences(&b, module.Path+" "+module.Version, dir); err != nil {
			return file{}, err
		}
	}
	path := filepath.Join(r.work, t.system+"-"+t.arch, noticesFile)
	return file{path, noticesFile, 0o644}, os.WriteFile(path, b.Bytes(), 0o644)
}

func moduleFolder(ctx context.Context, root string, module *debug.Module) (string, error) {
	return goOutput(ctx, root, "list", "-m", "-f", "{{.Dir}}", module.Path)
}

func goOutput(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// addLicences adds the files in which a module states its terms. One without any must
// not be given away.
func addLicences(b *bytes.Buffer, name, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	found := false
	for _, e := range entries {
		base, _, _ := strings.Cut(strings.ToUpper(e.Name()), ".")
		if e.IsDir() || strings.HasSuffix(e.Name(), ".go") || !slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, base) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		found = true
		fmt.Fprintf(b, "\n%s\n%s: %s\n\n%s\n", strings.Repeat("=", 80), name, e.Name(), bytes.TrimSpace(text))
	}
	if !found {
		return fmt.Errorf("%s has no licence in %s", name, dir)
	}
	return nil
}
