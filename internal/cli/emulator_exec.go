package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// childGrace is how long a child may take to end after it was told to.
const childGrace = 5 * time.Second

func emulatorExecCommand() command {
	return command{
		name: "exec", summary: "run a command against a fresh emulator, signed in", args: "-- CMD [ARG…]",
		details:  "Exits with the command's own code. The command gets folders of its own for state,\ncache and settings, and none of our variables but those that point at the emulator.",
		examples: []string{`codexctl emulator exec -- codexctl ask "hi"`, `echo "some text" | codexctl emulator exec -- codexctl ask "summarise"`},
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &emulatorOptions{}
			return o.flags(), func(ctx context.Context, args []string) error { return o.exec(ctx, inv, args) }
		},
	}
}

// childExit is the end of a command that was run: its code is ours, and it has said
// for itself what went wrong.
type childExit struct{ code int }

func (e *childExit) Error() string { return "the command failed" }

func (o *emulatorOptions) exec(ctx context.Context, inv *invocation, args []string) error {
	_ = ctx.Done() // from here on a signal is an orderly end, which removes the login
	if len(args) == 0 || !inv.dashed {
		return &usageError{message: "emulator exec wants a command behind --", hint: `codexctl emulator exec -- codexctl ask "hi"`}
	}
	path, err := findProgram(args[0])
	if err != nil {
		return usagef("emulator exec: %v", err)
	}
	s, err := o.open(inv.env, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer s.close()
	inv.talk.detail("the emulator listens on %s (seed %d)", s.url, o.seed)

	child := exec.Command(path, args[1:]...)
	child.Args[0] = args[0]
	child.Stdin, child.Stdout, child.Stderr = inv.env.Stdin, inv.env.Stdout, inv.env.Stderr
	child.Env = slices.Concat(withOurselves(cleanEnvironment(inv.env.Environ())), s.variables(), s.folders())
	return runChild(ctx, inv.env, child)
}

// runChild runs a command to its end. A signal that ends us is passed on, unless the
// terminal has sent it to the command as well.
func runChild(ctx context.Context, env *Env, child *exec.Cmd) error {
	if err := child.Start(); err != nil {
		return usagef("emulator exec: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	select {
	case err := <-ended:
		return childError(err)
	case <-ctx.Done():
	}
	signal := endingSignal(ctx)
	if signal != os.Interrupt || !env.onTerminal() {
		_ = child.Process.Signal(signal) // it may have ended by now
	}
	kill := time.AfterFunc(childGrace, func() { _ = child.Process.Kill() })
	defer kill.Stop()
	if env.onTerminal() {
		kill.Stop() // a person can ask a second time
	}
	err := <-ended
	if errors.Is(context.Cause(ctx), errDeadline) {
		return context.Cause(ctx)
	}
	return childError(err)
}

// onTerminal says whether a terminal sends its signals to our children too.
func (env *Env) onTerminal() bool {
	return env.StdinKind == StdinTerminal || env.StdoutTerminal || env.StderrTerminal
}

// withOurselves makes sure that the command finds us by name, as the last resort.
func withOurselves(environ []string) []string {
	self, err := os.Executable()
	if err != nil {
		return environ
	}
	dir := string(filepath.ListSeparator) + filepath.Dir(self)
	for i, variable := range environ {
		if strings.HasPrefix(variable, "PATH=") {
			environ[i] = variable + dir
		}
	}
	return environ
}

// findProgram looks a command up. Our own name always works, installed or not.
func findProgram(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil && name == "codexctl" {
		return os.Executable()
	}
	return path, err
}

// endingSignal passes on the signal that ended us.
func endingSignal(ctx context.Context) os.Signal {
	var i interrupted
	if errors.As(context.Cause(ctx), &i) {
		return i.signal
	}
	return syscall.SIGTERM
}

// childError is a command's own exit code, or 128 and the signal that ended it.
func childError(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return usagef("emulator exec: %v", err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return &childExit{128 + int(status.Signal())}
	}
	return &childExit{exit.ExitCode()}
}

// cleanEnvironment leaves out what could point the command away from the emulator.
func cleanEnvironment(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		switch upper := strings.ToUpper(name); upper {
		case "CODEX_ACCESS_TOKEN", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
			"XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "CODEX_HOME":
			return true
		default:
			return strings.HasPrefix(upper, "CODEXCTL_")
		}
	})
}

// folders give the command state, cache and settings of its own.
func (s *standIn) folders() []string {
	var out []string
	for _, name := range []string{"XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "CODEX_HOME"} {
		dir := filepath.Join(s.dir, strings.ToLower(name))
		// The folder is new and ours; if it cannot be made the command will say so.
		_ = os.Mkdir(dir, 0o700)
		out = append(out, name+"="+dir)
	}
	return out
}
