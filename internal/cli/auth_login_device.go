package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/auth"
)

// deviceOptions are the flags of `auth login-device`.
type deviceOptions struct {
	replaceOptions
	wait     time.Duration
	start    bool
	complete string
}

func authLoginDeviceCommand() command {
	return command{
		name: "login-device", summary: "sign in with a code, for machines without a browser",
		details: "--start prints the code and ends; --complete ID, later and in another process, waits\nfor the person and stores the login.",
		examples: []string{
			"codexctl auth login-device",
			"id=$(codexctl auth login-device --start --transform id -r)",
			`codexctl auth login-device --complete "$id" --wait 10m`,
		},
		result: func(l line) any {
			if l.given["start"] {
				return codeDocument{}
			}
			return statusDocument{}
		},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &deviceOptions{wait: 15 * time.Minute}
			inv.verify = func() error { return o.verify(inv) }
			flags := append(o.flags(),
				durationFlag("wait", &o.wait, "how long to wait for the person, 0 for as long as the code is good (default 15m)"),
				boolFlag("start", &o.start, "print the code as JSON and end"),
				stringFlag("complete", "ID", &o.complete, "wait for the code that --start has printed"),
			)
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// codeFields are what a person needs, and when it ends.
type codeFields struct {
	VerificationURL string  `json:"verification_url"`
	UserCode        string  `json:"user_code"`
	ExpiresAt       *string `json:"expires_at"`
	IntervalS       int64   `json:"interval_s"`
}

// codeDocument is what `auth login-device --start` prints.
type codeDocument struct {
	SchemaVersion int    `json:"schema_version"`
	Type          string `json:"type"`
	codeFields
	ID    string         `json:"id"`
	Error *errorDocument `json:"error"`
}

func newCodeFields(code auth.DeviceCode) codeFields {
	return codeFields{code.VerifyURL, code.UserCode, instant(code.Expires), int64(code.Interval / time.Second)}
}

// verify checks the values of settings.
func (o *deviceOptions) verify(inv *invocation) error { return inv.verifyTime("wait", o.wait) }

func (o *deviceOptions) run(ctx context.Context, inv *invocation) error {
	if inv.given["complete"] && o.complete == "" {
		return usagef("--complete is empty; it wants the id that --start has printed")
	}
	if o.start && o.complete != "" {
		return usagef("--start and --complete exclude each other")
	}
	if o.start && inv.global.jsonl {
		// The lines end with the login that was stored, and here there is none yet.
		return usagef("--start prints one document: use --json, not --jsonl")
	}
	s, err := newSignIn(ctx, inv, &o.replaceOptions)
	if err != nil {
		return err
	}
	login := &auth.DeviceLogin{
		Config: s.config, Store: s.keeper.Store,
		Warn: func(err error) { inv.talk.warn("%v", err) },
	}
	if o.start {
		return o.begin(ctx, s, login)
	}
	return s.conclude(ctx, o.finish(ctx, s, login))
}

// begin is --start.
func (o *deviceOptions) begin(ctx context.Context, s *signIn, login *auth.DeviceLogin) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	code, err := login.Start(ctx)
	if err != nil {
		return err
	}
	if err := s.inv.keepPending(code); err != nil {
		return err
	}
	return s.inv.document(codeDocument{1, s.inv.commandName(), newCodeFields(code), code.ID, nil})
}

// finish signs in, with a fresh code or the one of --complete.
func (o *deviceOptions) finish(ctx context.Context, s *signIn, login *auth.DeviceLogin) error {
	code, err := o.code(ctx, s, login)
	if err != nil {
		return err
	}
	ctx, cancel := boundedWait(ctx, o.wait)
	defer cancel()
	stop := s.waiting(ctx)
	defer stop()
	_, err = login.Wait(ctx, code)
	if o.complete != "" && ctx.Err() == nil {
		// It has been used, or is worth nothing any more.
		_ = os.Remove(s.inv.pendingPath(code.ID))
	}
	return err
}

// code is the code to wait for. A fresh one is shown.
func (o *deviceOptions) code(ctx context.Context, s *signIn, login *auth.DeviceLogin) (auth.DeviceCode, error) {
	if err := s.begin(ctx); err != nil {
		return auth.DeviceCode{}, err
	}
	if o.complete != "" {
		return s.inv.readPending(o.complete)
	}
	code, err := login.Start(ctx)
	if err != nil {
		return code, err
	}
	s.emit(codeLine{"code", newCodeFields(code)})
	s.inv.talk.say(fmt.Sprintf("Open this address on any machine and sign in:\n\n%s\n\nThen enter the code: %s\n", code.VerifyURL, code.UserCode))
	s.inv.talk.note("The code is good until %s. Enter no code that somebody else has sent you.", code.Expires.Local().Format("15:04"))
	return code, nil
}

func (inv *invocation) keepPending(code auth.DeviceCode) error {
	data, err := auth.EncodePending(code)
	if err != nil {
		return err
	}
	if inv.stateDir() == "" {
		return &settingError{"HOME", errors.New("it is not set, so there is no place for the secret half of the code; set XDG_STATE_HOME")}
	}
	path := inv.pendingPath(code.ID)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &settingError{"XDG_STATE_HOME", plainPathError(err)}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return &settingError{"XDG_STATE_HOME", plainPathError(err)}
	}
	_, err = file.Write(data)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return &settingError{"XDG_STATE_HOME", plainPathError(err)}
	}
	return nil
}

func (inv *invocation) readPending(id string) (auth.DeviceCode, error) {
	if strings.Trim(id, "0123456789abcdef") != "" {
		return auth.DeviceCode{}, usagef("--complete: %q is no id that --start has printed", id)
	}
	data, err := os.ReadFile(inv.pendingPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return auth.DeviceCode{}, &usageError{message: fmt.Sprintf("--complete: no sign-in %q has been started here, or it has ended", id), hint: "codexctl auth login-device --start"}
	}
	if err != nil {
		return auth.DeviceCode{}, usagef("--complete: %v", plainPathError(err))
	}
	return auth.DecodePending(data)
}
