package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// installTime is how long npm may take in one run, for all that it installs here: some
// 450 MiB.
const installTime = 3 * time.Minute

// npm installs for all tests of a run.
var npm installer

// installer asks npm for packages until the time is up, or npm has no network: what is
// missing then is missing for all, and nobody waits for it again.
type installer struct {
	mutex sync.Mutex
	until time.Time
	lost  error // why npm is not asked any more
}

// install puts packages into a folder.
func (i *installer) install(dir string, packages ...string) error {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.lost != nil {
		return i.lost
	}
	if i.until.IsZero() {
		i.until = time.Now().Add(installTime)
	}
	ctx, cancel := context.WithDeadline(context.Background(), i.until)
	defer cancel()
	// By default npm waits for more than a minute before it gives up a registry that refuses it.
	args := []string{
		"install", "--prefix", dir, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error",
		"--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000",
	}
	command := exec.CommandContext(ctx, "npm", append(args, packages...)...)
	command.Dir, command.WaitDelay = dir, 5*time.Second
	said, err := command.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		i.lost = fmt.Errorf("npm was not done after %v", installTime)
		return i.lost
	case slices.Contains(noNetwork(), errorCode(said)):
		i.lost = fmt.Errorf("npm cannot reach its registry: %s", errorCode(said))
		return i.lost
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	return fmt.Errorf("npm cannot install %s: %w: %s", strings.Join(packages, " "), err, first)
}

// errorCode is how npm names what went wrong, empty when it does not.
func errorCode(said []byte) string {
	found := regexp.MustCompile(`(?m)^npm (?:error|ERR!) code (\S+)`).FindSubmatch(said)
	if found == nil {
		return ""
	}
	return string(found[1])
}

// noNetwork has npm's names for a registry that cannot be reached.
func noNetwork() []string {
	return []string{
		"EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ERR_SOCKET_TIMEOUT", "ETIMEDOUT",
	}
}

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
	if err := npm.install(dir, packages...); err != nil {
		return "", err
	}
	if !works(dir) {
		return "", errors.New("npm has installed it, but it does not run on this machine")
	}
	return dir, nil
}
