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
)

// installTime is how long npm may take for one of the peers, the largest of which has
// some 400 MiB.
const installTime = 4 * time.Minute

// errNoPeer says that a peer is not here, and why.
var errNoPeer = errors.New("not here")

// npmPackage is a folder in which npm has installed a package, once. It lies in the user's
// cache folder, beside those of e2e, and where both want the same version it is the same.
func npmPackage(ctx context.Context, name, version string) (string, error) {
	for _, needed := range []string{"node", "npm"} {
		if _, err := exec.LookPath(needed); err != nil {
			return "", fmt.Errorf("%w: %s is not installed", errNoPeer, needed)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNoPeer, err)
	}
	dir := filepath.Join(cache, "codexctl-e2e", filepath.Base(name)+"-"+version)
	if _, err := os.Stat(filepath.Join(dir, "node_modules", name)); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, installTime)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "install", "--prefix", dir, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
		"--loglevel=error", name+"@"+version)
	npm.Dir, npm.WaitDelay = dir, 5*time.Second
	if said, err := npm.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
		return "", fmt.Errorf("%w: npm cannot install %s: %w: %s", errNoPeer, name, err, first)
	}
	return dir, nil
}
