package credentials

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// The variables that carry a ready token, and the one that moves the official
// CLI's folder.
const (
	VariableToken      = "CODEXCTL_ACCESS_TOKEN"
	VariableAccount    = "CODEXCTL_ACCOUNT_ID"
	VariableCodexToken = "CODEX_ACCESS_TOKEN"
	VariableCodexHome  = "CODEX_HOME"
)

// agentIssuer signs the agent identities that the official CLI accepts in
// CODEX_ACCESS_TOKEN. They are no bearer tokens.
const agentIssuer = "https://chatgpt.com/codex-backend/agent-identity"

// Locator knows where logins lie. The first match wins:
//
//  1. AuthFile, and then nothing else;
//  2. CODEXCTL_ACCESS_TOKEN with CODEXCTL_ACCOUNT_ID, then CODEX_ACCESS_TOKEN;
//  3. ~/.langchain/chatgpt-auth.json;
//  4. auth.json in $CODEX_HOME, else in ~/.codex.
type Locator struct {
	// Home is the user's folder. If it is empty, the places in it do not exist.
	Home string

	// Getenv reads a variable; nil means that none is set. An empty variable counts
	// as unset.
	Getenv func(string) string

	// AuthFile is the store that the user named. Empty if none.
	AuthFile string

	// RenewShared allows renewing the official CLI's own file, when it was found
	// rather than named.
	RenewShared bool
}

// OwnFile is our own store, which is also LangChain's.
func (l Locator) OwnFile() File {
	return File{Path: l.inHome(".langchain", "chatgpt-auth.json"), Format: LangChain}
}

// CodexFile is the official CLI's store.
func (l Locator) CodexFile() File {
	if dir := l.getenv(VariableCodexHome); dir != "" {
		return File{Path: filepath.Join(dir, "auth.json"), Format: Codex}
	}
	return File{Path: l.inHome(".codex", "auth.json"), Format: Codex}
}

// Target is the store that signing in writes: the named one, else our own.
func (l Locator) Target() File {
	if l.AuthFile == "" {
		return l.OwnFile()
	}
	for _, known := range [...]File{l.OwnFile(), l.CodexFile()} {
		if known.Path != "" && samePath(l.AuthFile, known.Path) {
			return File{Path: l.AuthFile, Format: known.Format}
		}
	}
	return File{Path: l.AuthFile}
}

// samePath reports whether two names, relative or not, are of the same place.
func samePath(a, b string) bool {
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

// Find returns the login to use at now: the first that is not dead. A dead login
// and one of another kind are passed over and noted, except in a named file. If
// there are only dead ones, the first of them is returned, so that its owner can be
// told.
//
// The error is a [*NotFoundError]; for a store that is there but unusable a
// [*FileError], whatever other stores hold; for a named file or a variable that
// holds another kind of login an [*OtherLoginError]; or the context's cause.
func (l Locator) Find(ctx context.Context, now time.Time) (Selection, error) {
	return find(ctx, now, l.candidates())
}

// candidate is a place that may hold a login.
type candidate struct {
	origin Origin
	read   func(context.Context, *Origin) (Credential, error)
}

func (l Locator) candidates() []candidate {
	if l.AuthFile != "" {
		return []candidate{l.stored(l.Target(), true)}
	}
	var out []candidate
	if token := l.getenv(VariableToken); token != "" {
		out = append(out, ready(VariableToken, token, l.getenv(VariableAccount)))
	}
	if token := l.getenv(VariableCodexToken); token != "" {
		out = append(out, ready(VariableCodexToken, token, ""))
	}
	for _, file := range [...]File{l.OwnFile(), l.CodexFile()} {
		if file.Path != "" {
			out = append(out, l.stored(file, false))
		}
	}
	return out
}

// stored is the login in a file. Whether it may be renewed is decided once its
// form is known: the official CLI's nested file is somebody else's.
func (l Locator) stored(file File, named bool) candidate {
	ours := named || l.RenewShared || file.Format == LangChain
	read := func(ctx context.Context, origin *Origin) (Credential, error) {
		c, format, err := file.Read(ctx)
		origin.Format = format
		origin.Renewable = ours || format != Codex
		return c, err
	}
	return candidate{Origin{Kind: KindFile, Path: file.Path, Named: named, hint: file.Format}, read}
}

// ready is the token in a variable.
func ready(variable, token, account string) candidate {
	read := func(context.Context, *Origin) (Credential, error) {
		return readVariable(variable, token, account)
	}
	return candidate{Origin{Kind: KindEnv, Variable: variable, Named: true}, read}
}

// readVariable makes a login of a bare token. An opaque one has no known expiry.
func readVariable(variable, token, account string) (Credential, error) {
	if !tokenShaped(token) {
		return Credential{}, &FileError{Path: variable, Err: ErrMalformed}
	}
	if !tokenShaped(account) {
		return Credential{}, &FileError{Path: VariableAccount, Err: ErrMalformed}
	}
	c := Credential{AccessToken: NewSecret(token), AccountID: account}
	if claims, err := c.AccessClaims(); err == nil && claims.Issuer == agentIssuer {
		return Credential{}, &OtherLoginError{Path: variable, Mode: modeAgent}
	}
	return c.complete(), nil
}

// find walks the ladder of candidates.
func find(ctx context.Context, now time.Time, ladder []candidate) (Selection, error) {
	var missing []string
	var passed []Passed
	var dead *Selection
	for i, c := range ladder {
		origin := c.origin
		credential, err := c.read(ctx, &origin)
		s := Selection{Origin: origin, Credential: credential, rest: ladder[i+1:]}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, origin.Path)
		case errors.Is(err, ErrOtherLogin) && !origin.Named:
			passed = append(passed, Passed{origin, err})
		case err != nil:
			return Selection{Origin: origin, Passed: passed}, err
		case !credential.Dead(now):
			s.Passed = passed
			return s, nil
		default:
			if dead == nil {
				s.Passed = passed
				dead = &s
			}
			passed = append(passed, Passed{origin, &FileError{Path: origin.String(), Err: ErrDead}})
		}
	}
	if dead != nil {
		dead.rest = nil // they have all been looked at
		return *dead, nil
	}
	return Selection{Passed: passed}, &NotFoundError{Missing: missing, Passed: passed}
}

func (l Locator) getenv(name string) string {
	if l.Getenv == nil {
		return ""
	}
	return strings.TrimSpace(l.Getenv(name))
}

// inHome returns a path in the user's folder, empty if there is none.
func (l Locator) inHome(elements ...string) string {
	if l.Home == "" {
		return ""
	}
	return filepath.Join(append([]string{l.Home}, elements...)...)
}
