package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/codexctl/codexctl/internal/session"
)

const (
	// sessionLife is how long a conversation is kept after its last exchange.
	sessionLife = 30 * 24 * time.Hour

	// sweepDaily is the pause between two times that idle conversations are looked for.
	sweepDaily = 24 * time.Hour

	// sweepMark is the file whose age says when that was.
	sweepMark = "swept"
)

// keptSessions is the place where `ask` keeps conversations. Its folder and its store are
// nil when there is none.
type keptSessions struct {
	dir    string
	folder *session.Folder
	store  *session.Store
}

// openSessions opens the place of the conversations. create makes it when it is missing,
// and says so: the person shall know that something is kept, and how to have it not kept.
func (inv *invocation) openSessions(create bool) (*keptSessions, error) {
	dir, err := inv.sessionsDir()
	if err != nil {
		return nil, err
	}
	kept := &keptSessions{dir: dir}
	if create {
		if err := inv.makeSessions(dir); err != nil {
			return nil, err
		}
	} else if missing, err := missingFolder(dir); missing || err != nil {
		return kept, err
	}
	if kept.folder, err = session.OpenFolder(dir); err != nil {
		return nil, &settingError{"XDG_STATE_HOME", plainPathError(err)}
	}
	kept.store = session.New(kept.folder, inv.sessionConfig())
	return kept, nil
}

func (inv *invocation) sessionConfig() session.Config {
	return session.Config{TTL: sessionLife, GeneratedTTL: sessionLife, Nameless: true, Now: inv.env.Now}
}

// makeSessions makes the folder if it is missing.
func (inv *invocation) makeSessions(dir string) error {
	err := os.MkdirAll(filepath.Dir(dir), 0o700)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return &settingError{"XDG_STATE_HOME", plainPathError(err)}
	}
	inv.talk.note("codexctl: conversations are kept in %s for 30 days; to keep none: --no-log, or CODEXCTL_LOG=0, or log = false in the configuration file", dir)
	return nil
}

// missingFolder says whether there is no such folder.
func missingFolder(dir string) (bool, error) {
	_, err := os.Stat(dir)
	switch {
	case err == nil:
		return false, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return true, nil
	}
	return false, &settingError{"XDG_STATE_HOME", plainPathError(err)}
}

// list is what is kept, most recently used first.
func (k *keptSessions) list(ctx context.Context) ([]session.Summary, error) {
	if k.store == nil {
		return nil, nil
	}
	return k.store.List(ctx)
}

// tidy removes what has been idle for too long, once a day. It is nobody's concern: what
// is left over goes the next time.
func (k *keptSessions) tidy(ctx context.Context, inv *invocation) {
	now := inv.env.Now()
	mark := filepath.Join(k.dir, sweepMark)
	info, err := os.Stat(mark)
	if err == nil && now.Sub(info.ModTime()) < sweepDaily {
		return
	}
	if err = os.WriteFile(mark, nil, 0o600); err == nil {
		err = os.Chtimes(mark, now, now)
	}
	if err == nil {
		err = k.store.Sweep(ctx)
	}
	if err != nil {
		inv.talk.detail("idle conversations cannot be removed: %v", err)
	}
}
