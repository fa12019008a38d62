package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gofrs/flock"

	"github.com/codexctl/codexctl/internal/emulator"
	"github.com/codexctl/codexctl/pkg/credentials"
)

func emulatorCommand() command {
	return command{
		name: "emulator", summary: "a local stand-in for issuer and backend, to try and test without an account",
		more: sceneHelp,
		examples: []string{
			`codexctl emulator exec -- codexctl ask "hi"`,
			`codexctl emulator exec --scene cut-after-three-deltas -- sh -c 'codexctl ask hi; echo "exit $?"'`,
			`codexctl emulator start --env-file emulator.env`,
		},
		subs: []command{emulatorStartCommand(), emulatorExecCommand()},
	}
}

func sceneHelp() string {
	var b strings.Builder
	b.WriteString("A scene makes the backend answer in a chosen way, for --scene, or for one request\nwith -H 'x-emulator-scene: NAME':\n\n")
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, scene := range emulator.SceneNames() {
		fmt.Fprintf(w, "  %s\t%s\n", scene.Name, scene.About)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return strings.TrimSuffix(b.String(), "\n")
}

// emulatorOptions are the flags of both emulator commands.
type emulatorOptions struct {
	scene  string
	replay string
	seed   uint64
}

func (o *emulatorOptions) flags() []flagSpec {
	return []flagSpec{
		stringFlag("scene", "NAME|FILE", &o.scene, "how to answer: a name of the list in `codexctl help emulator`, or a JSON file"),
		stringFlag("replay", "DIR", &o.replay, "answer with recorded exchanges: NAME.sse and NAME.json"),
		uintFlag("seed", "N", &o.seed, "where random choices start, so that a run can be repeated"),
	}
}

// standIn is an emulator that listens, with a login on disk that it knows.
type standIn struct {
	server   *http.Server
	served   chan error
	url      string
	authFile string
	dir      string
	lock     *flock.Flock // says that dir is in use; may be nil
}

// open starts an emulator on address, which must be of this machine. dir is where
// the login goes.
func (o *emulatorOptions) open(env *Env, address string) (*standIn, error) {
	config := emulator.Config{Now: env.Now, Seed: o.seed}
	var err error
	if config.Scene, err = o.readScene(); err != nil {
		return nil, err
	}
	if config.Replay, err = o.readReplay(); err != nil {
		return nil, err
	}
	listener, err := listenLocally(address)
	if err != nil {
		return nil, err
	}
	config.BaseURL = "http://" + listener.Addr().String()
	stand := emulator.New(config)
	s := &standIn{url: config.BaseURL, served: make(chan error, 1)}
	s.server = &http.Server{Handler: stand, ReadHeaderTimeout: 10 * time.Second}
	if err := s.writeLogin(stand); err != nil {
		_ = listener.Close()
		return nil, err
	}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

func (o *emulatorOptions) readScene() (emulator.Scene, error) {
	if o.scene == "" {
		return emulator.Scene{}, nil
	}
	if scene, ok := emulator.NamedScene(o.scene); ok {
		return scene, nil
	}
	data, err := os.ReadFile(o.scene)
	if err != nil {
		return emulator.Scene{}, &usageError{message: fmt.Sprintf("--scene: %q is neither a scene nor a file", o.scene), hint: "codexctl help emulator"}
	}
	scene, err := emulator.ParseScene(data)
	if err != nil {
		return emulator.Scene{}, usagef("--scene %s: %v", o.scene, err)
	}
	return scene, nil
}

// readReplay is the folder of recordings; nil without one.
func (o *emulatorOptions) readReplay() (fs.FS, error) {
	if o.replay == "" {
		return nil, nil
	}
	err := errors.New("not a directory")
	folder := os.DirFS(o.replay)
	if info, statErr := os.Stat(o.replay); statErr == nil && info.IsDir() {
		err = emulator.ValidateReplay(folder)
	}
	if err != nil {
		return nil, usagef("--replay %s: %v; want NAME.sse, the bytes of an answer, beside NAME.json, its status and request", o.replay, err)
	}
	return folder, nil
}

// listenLocally opens a port that only this machine reaches: the emulator's logins
// are worth nothing, its answers are believed by whoever asks.
func listenLocally(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usagef("--addr: want HOST:PORT, not %q", address)
	}
	if !loopback(host) {
		return nil, usagef("--addr: the emulator listens on this machine only, not on %q", host)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &portError{address: address, flag: "--addr 127.0.0.1:0", err: err}
	}
	return listener, nil
}

// portError is an address that cannot be listened on.
type portError struct {
	address string
	flag    string // how to choose another
	err     error
}

func (e *portError) Error() string { return fmt.Sprintf("listen on %s: %v", e.address, e.err) }
func (e *portError) Unwrap() error { return e.err }

// writeLogin signs in and stores the login in a folder of its own.
func (s *standIn) writeLogin(stand *emulator.Emulator) error {
	var err error
	if s.dir, s.lock, err = newFolder(); err != nil {
		return &settingError{"TMPDIR", err}
	}
	login := stand.Login(emulator.LoginOptions{})
	data, err := credentials.Encode(credentials.Credential{
		AccessToken:  credentials.NewSecret(login.AccessToken),
		RefreshToken: credentials.NewSecret(login.RefreshToken),
		IDToken:      credentials.NewSecret(login.IDToken),
		AccountID:    login.AccountID, UserID: login.UserID, Plan: login.Plan, ExpiresAt: login.ExpiresAt,
	}, credentials.LangChain)
	if err == nil {
		s.authFile = filepath.Join(s.dir, "chatgpt-auth.json")
		err = os.WriteFile(s.authFile, data, 0o600)
	}
	if err != nil {
		s.removeFolder()
		return fmt.Errorf("store the emulator's login: %w", err)
	}
	return nil
}

// close ends the emulator and removes its login.
func (s *standIn) close() {
	_ = s.server.Close() // running answers are of no use without their clients
	<-s.served
	s.removeFolder()
}

func (s *standIn) removeFolder() {
	if s.lock != nil {
		_ = s.lock.Close()
	}
	_ = os.RemoveAll(s.dir)
}

// variables point a program at the emulator.
func (s *standIn) variables() []string {
	return []string{
		"CODEXCTL_BASE_URL=" + s.url + "/backend-api/codex",
		"CODEXCTL_ISSUER=" + s.url,
		"CODEXCTL_AUTH_FILE=" + s.authFile,
	}
}

// startOptions are the flags of `emulator start`.
type startOptions struct {
	emulatorOptions
	addr, envFile string
}

func emulatorStartCommand() command {
	return command{
		name: "start", summary: "run the emulator until interrupted, and print shell exports",
		examples: []string{
			"codexctl emulator start --env-file emulator.env & sleep 1; . ./emulator.env; codexctl ask hi",
			"codexctl emulator start --addr 127.0.0.1:8099 --scene overloaded",
		},
		result: always(startDocument{}),
		setup: func(inv *invocation) ([]flagSpec, action) {
			o := &startOptions{addr: "127.0.0.1:0"}
			flags := append(o.flags(),
				stringFlag("addr", "HOST:PORT", &o.addr, "where to listen (default a free port of 127.0.0.1)"),
				stringFlag("env-file", "FILE", &o.envFile, "write the exports to a file as well, once listening"),
			)
			return flags, func(ctx context.Context, _ []string) error { return o.run(ctx, inv) }
		},
	}
}

// startDocument is the JSON line of `emulator start`, once it listens.
type startDocument struct {
	SchemaVersion int            `json:"schema_version"`
	Type          string         `json:"type"`
	URL           string         `json:"url"`
	PID           int            `json:"pid"`
	Version       string         `json:"version"`
	AuthFile      string         `json:"auth_file"`
	Seed          uint64         `json:"seed"`
	Error         *errorDocument `json:"error"`
}

func (o *startOptions) run(ctx context.Context, inv *invocation) error {
	told := ctx.Done() // from here on a signal is an orderly end
	s, err := o.open(inv.env, o.addr)
	if err != nil {
		return err
	}
	defer s.close()
	var exports strings.Builder
	for _, variable := range s.variables() {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&exports, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	if o.envFile != "" {
		if err := os.WriteFile(o.envFile, []byte(exports.String()), 0o600); err != nil {
			return usagef("--env-file: %v", plainPathError(err))
		}
	}
	if err := o.announce(inv, s, exports.String()); err != nil {
		return err
	}
	select {
	case <-told:
		return context.Cause(ctx)
	case err := <-s.served:
		s.served <- err
		return fmt.Errorf("the emulator ended: %w", err)
	}
}

func (o *startOptions) announce(inv *invocation, s *standIn, exports string) error {
	if inv.global.wantsDocument() {
		return inv.document(startDocument{1, "emulator start", s.url, os.Getpid(), readBuild().Version, s.authFile, o.seed, nil})
	}
	inv.talk.note("codexctl: the emulator listens on %s (seed %d); Ctrl-C ends it", s.url, o.seed)
	_, err := io.WriteString(inv.out, exports)
	return err
}
