package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// version is what is released.
type version struct {
	name   string // "v1.2.3"; between tags the pseudo-version that Go would give
	commit string // twelve digits
	date   time.Time
}

// plain is the name without its v, as archives and packages have it.
func (v version) plain() string { return strings.TrimPrefix(v.name, "v") }

// readVersion asks git. A tree with changes is said to be dirty.
func readVersion(ctx context.Context, root, epoch string) (version, error) {
	commit, err := git(ctx, root, "rev-parse", "--short=12", "HEAD")
	if err != nil {
		return version{}, err
	}
	seconds, err := git(ctx, root, "log", "-1", "--format=%ct")
	if err != nil {
		return version{}, err
	}
	if epoch != "" {
		seconds = epoch
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return version{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	v := version{commit: commit, date: time.Unix(unix, 0).UTC()}
	if v.name, err = git(ctx, root, "describe", "--tags", "--exact-match", "--match", "v*"); err != nil {
		v.name = "v0.0.0-" + v.date.Format("20060102150405") + "-" + commit
	}
	changes, err := git(ctx, root, "status", "--porcelain")
	if changes != "" {
		v.name += "+dirty"
	}
	return v, err
}

func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}
