package e2e

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

// installTime is how long npm may take for one of the programs here, the largest of
// which has some 400 MiB.
const installTime = 4 * time.Minute

// npmFolder is the folder where npm has installed packages, once, in the cache folder of
// whoever runs the tests. works says whether what is there can be used.
func npmFolder(name string, works func(dir string) bool, packages ...string) (string, error) {
	for _, needed := range []string{"node", "npm"} {
		if _, err := exec.LookPath(needed); err != nil {
			return "", fmt.Errorf("%s is not installed", needed)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "codexctl-e2e", name)
	if works(dir) {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	args := []string{"install", "--prefix", dir, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"}
	npm := exec.CommandContext(ctx, "npm", append(args, packages...)...)
	npm.Dir, npm.WaitDelay = dir, 5*time.Second
	if said, err := npm.CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
		return "", fmt.Errorf("npm cannot install %s: %w: %s", strings.Join(packages, " "), err, first)
	}
	if !works(dir) {
		return "", errors.New("npm has installed it, but it does not run on this machine")
	}
	return dir, nil
}
