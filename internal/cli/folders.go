package cli

import (
	"errors"
	"path/filepath"
)

// stateDir is where state is kept that outlives the process; empty when there is no
// place for it.
func (inv *invocation) stateDir() string {
	return inv.ownFolder(inv.env.Getenv("XDG_STATE_HOME"), ".local", "state")
}

// cacheDir is where copies are kept of what can be fetched again; empty when there is no
// place for it. It is the same on every system.
func (inv *invocation) cacheDir() string {
	return inv.ownFolder(inv.env.Getenv("XDG_CACHE_HOME"), ".cache")
}

// ownFolder is our folder in the one that a variable names, or else in a usual one of the
// home directory; empty without either.
//
// Source: XDG Base Directory Specification; a relative value is not valid.
func (inv *invocation) ownFolder(named string, usual ...string) string {
	if filepath.IsAbs(named) {
		return filepath.Join(named, "codexctl")
	}
	if inv.env.Home == "" {
		return ""
	}
	return filepath.Join(append(append([]string{inv.env.Home}, usual...), "codexctl")...)
}

// sessionsDir is the folder of the conversations of `ask`.
func (inv *invocation) sessionsDir() (string, error) {
	dir := inv.stateDir()
	if dir == "" {
		return "", &settingError{"HOME", errors.New("it is not set, so there is no place for conversations")}
	}
	return filepath.Join(dir, "sessions"), nil
}

// pendingPath is where the secret half of a code waits for --complete.
func (inv *invocation) pendingPath(id string) string {
	return filepath.Join(inv.stateDir(), "device-"+id+".json")
}
