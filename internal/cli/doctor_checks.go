package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/terminal"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
)

// soonOver is the life of a token below which a warning is due.
const soonOver = 5 * time.Minute

// failing is an error as a row: what people are told of it elsewhere.
func (d *doctor) failing(err error) diagnosis {
	told := d.inv.explain(err)
	// Whoever reads this has run doctor.
	remedy := strings.Replace(orEmpty(told.Hint), hintDoctor, hintDebug, 1)
	return diagnosis{statusFail, told.Message, remedy}
}

// checkConfig looks at every setting, also of commands that are not run.
func (d *doctor) checkConfig(ctx context.Context) diagnosis {
	err := d.inv.unsettled
	if err == nil {
		_, err = d.inv.effectiveSettings(ctx)
	}
	if err == nil {
		_, err = d.inv.unsigned()
	}
	if err == nil {
		err = d.inv.checkURL("issuer", d.inv.global.issuer)
	}
	if err == nil {
		_, err = d.inv.roots(ctx)
	}
	if err != nil {
		return d.failing(withoutValue(err))
	}
	path, _ := d.inv.configPath()
	if _, err := os.Stat(path); err != nil {
		return healthy("there is no configuration file; variables and defaults count")
	}
	return healthy("%s is sound", path)
}

// checkAuthFile looks at who else can read the store in use, or the one that a sign-in
// would write.
func (d *doctor) checkAuthFile(context.Context) diagnosis {
	file, stored := d.login.File()
	if d.login.Kind == credentials.KindEnv {
		return healthy("the login is in the variable %s, in no file", d.login.Variable)
	}
	if !stored {
		file = d.inv.locator().Target()
	}
	if _, err := os.Stat(file.Path); file.Path == "" || errors.Is(err, fs.ErrNotExist) {
		return healthy("there is no credential file yet")
	}
	var wrong, remedies []string
	for _, e := range file.Exposures() {
		wrong = append(wrong, e.String())
		if e.WorkTree != "" {
			remedies = append(remedies, "keep it outside: mv "+d.shellPath(e.Path)+" DIR, and name it with CODEXCTL_AUTH_FILE")
		} else {
			remedies = append(remedies, "chmod 600 "+d.shellPath(e.Path))
		}
	}
	if len(wrong) > 0 {
		return diagnosis{statusFail, strings.Join(wrong, "; "), strings.Join(remedies, "; ")}
	}
	return healthy("%s is readable for its owner alone", file.Path)
}

// checkToken says in what state the login is, as `auth status` does.
func (d *doctor) checkToken(context.Context) diagnosis {
	state := credentials.StateOf(d.login, d.loginErr, d.now)
	switch {
	case errors.Is(d.loginErr, credentials.ErrNotFound):
		return d.failing(fmt.Errorf("%w: %w", auth.ErrLoginRequired, d.loginErr))
	case d.loginErr != nil:
		return d.failing(d.loginErr)
	case !state.Usable():
		return d.failing(fmt.Errorf("%w: %s", auth.ErrLoginExpired, d.login.Origin))
	}
	c := d.login.Credential
	where := fmt.Sprintf("from %s", d.login.Origin)
	left := c.ExpiresAt.Sub(d.now)
	switch {
	case c.ExpiresAt.IsZero():
		return healthy("present, %s; it does not say when it ends", where)
	case left <= 0:
		return healthy("it has run out, and the next call renews it, %s", where)
	case left < soonOver && !d.login.CanRenew():
		return diagnosis{statusWarning, fmt.Sprintf("it ends in %s and cannot be renewed, %s", roughly(left), where), "codexctl auth login"}
	}
	return healthy("valid for %s, %s", roughly(left), where)
}

// checkPorts tries the ports that a sign-in in the browser comes back to.
func checkPorts(ctx context.Context, ports []int) diagnosis {
	var free, taken []string
	for _, port := range ports {
		if portFree(ctx, port) {
			free = append(free, strconv.Itoa(port))
		} else {
			taken = append(taken, strconv.Itoa(port))
		}
	}
	switch {
	case len(taken) == 0:
		return healthy("%s are free for sign-in", strings.Join(free, " and "))
	case len(free) == 0:
		return diagnosis{statusFail, strings.Join(taken, " and ") + " are taken, and sign-in in a browser needs one of them", "end the program that has them, or sign in without: codexctl auth login-device"}
	}
	return diagnosis{statusWarning, fmt.Sprintf("%s is taken; sign-in uses %s", strings.Join(taken, ", "), strings.Join(free, ", ")), "if sign-in fails: codexctl auth login-device"}
}

// portFree listens for a moment. A machine without IPv6 does without it.
func portFree(ctx context.Context, port int) bool {
	var config net.ListenConfig
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		switch {
		case err == nil:
			_ = l.Close()
		case host == "127.0.0.1" || inUse(err):
			return false
		}
	}
	return true
}

// checkTerminal says what a person sees the output on.
func (d *doctor) checkTerminal(context.Context) diagnosis {
	env := d.inv.env
	if !env.StdoutTerminal {
		return healthy("the output goes to a file or a pipe")
	}
	parts := []string{"its size is not known"}
	if env.Size != nil {
		if columns, lines := env.Size(); columns > 0 {
			parts[0] = fmt.Sprintf("%d columns, %d lines", columns, lines)
		}
	}
	if terminal.Colour(d.inv.global.color, env.Getenv, true) {
		parts = append(parts, "colours")
	} else {
		parts = append(parts, "no colours")
	}
	if env.speaksUTF8() || runtime.GOOS == "windows" {
		return healthy("%s", strings.Join(append(parts, "UTF-8"), ", "))
	}
	return diagnosis{statusWarning, strings.Join(append(parts, "no UTF-8 as far as LC_ALL, LC_CTYPE and LANG say"), ", "), "export LC_ALL=C.UTF-8"}
}

// checkStateDir tries whether state can be written, and leaves nothing behind.
func (d *doctor) checkStateDir(context.Context) diagnosis {
	dir := d.inv.stateDir()
	if dir == "" {
		return diagnosis{statusFail, "HOME is not set, so there is no place for conversations", "export XDG_STATE_HOME=/an/absolute/path"}
	}
	there := dir
	for {
		info, err := os.Stat(there)
		if err == nil && !info.IsDir() {
			return d.unwritable(dir, fmt.Errorf("%s is a file", there))
		}
		parent := filepath.Dir(there)
		if !errors.Is(err, fs.ErrNotExist) || parent == there {
			break
		}
		there = parent
	}
	probe, err := os.CreateTemp(there, ".codexctl-doctor-*")
	if err != nil {
		return d.unwritable(dir, plainPathError(err))
	}
	_ = probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return d.unwritable(dir, plainPathError(err))
	}
	if there != dir {
		return healthy("%s can be made", dir)
	}
	return healthy("%s can be written", dir)
}

func (d *doctor) unwritable(dir string, err error) diagnosis {
	return diagnosis{statusFail, fmt.Sprintf("%s cannot be written: %v", dir, err), "make it writable, or name another folder: export XDG_STATE_HOME=/an/absolute/path"}
}
