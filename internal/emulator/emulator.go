package emulator

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bodyLimit bounds one request body, in bytes. The backend's own bound is not
// known; this one only keeps a runaway client from filling memory.
const bodyLimit = 64 << 20

// publicClient is the client id of the Codex CLI.
const publicClient = "app_EMoamEEZ73f0CkXaXp7hrann"

// Config says what an [Emulator] is to be. The zero value works.
type Config struct {
	// BaseURL is the emulator's address as clients see it, without a final slash.
	// It becomes the "iss" claim of the tokens. If empty, it is derived from the
	// Host of each request, and [Emulator.Login] uses "http://127.0.0.1".
	BaseURL string

	// Now is the clock. If nil, time.Now.
	Now func() time.Time

	// Seed feeds every random choice: ids, padding, chunk borders, field order.
	// Request n of two emulators with equal seeds gets equal choices.
	Seed uint64

	// Scene is the first scene. An invalid one is answered with status 500 until
	// SetScene replaces it; [Scene.Validate] tells beforehand.
	Scene Scene

	// Replay, if not nil, holds recorded exchanges NAME.sse and NAME.json, which
	// are served instead of composed answers. A folder without any, or with a broken
	// one, is answered with status 500. [ValidateReplay] tells beforehand.
	Replay fs.FS

	// AccessLifetime is how long an access token lives. If zero, 10 days: the
	// lifetime observed at the issuer on 2026-08-28.
	AccessLifetime time.Duration

	// ClientID is the only OAuth client the issuer knows. If empty, the public
	// client id of the Codex CLI, which gets tokens for two callback ports only;
	// any other client gets them for all.
	ClientID string
}

// Emulator is the issuer and the backend. Make one with [New]. Its methods may be
// called from many goroutines.
type Emulator struct {
	config  Config
	issuer  *issuer
	journal *journal
	replay  func() (*replayer, error)

	requests atomic.Uint64 // numbers the requests, and so their random choices
	active   atomic.Pointer[stage]

	mu     sync.Mutex
	stages map[string]*stage // scenes chosen by header, by name
}

// New returns an emulator in its first scene. It starts no goroutine and opens
// nothing, so there is nothing to close.
func New(config Config) *Emulator {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.AccessLifetime == 0 {
		config.AccessLifetime = 10 * 24 * time.Hour
	}
	if config.ClientID == "" {
		config.ClientID = publicClient
	}
	config.BaseURL = strings.TrimSuffix(config.BaseURL, "/")
	e := &Emulator{
		config:  config,
		issuer:  newIssuer(config),
		journal: &journal{},
		stages:  make(map[string]*stage),
	}
	e.replay = sync.OnceValues(func() (*replayer, error) { return loadReplay(config.Replay) })
	e.active.Store(&stage{scene: config.Scene, err: config.Scene.Validate()})
	return e
}

// Seed is the number all random choices come from.
func (e *Emulator) Seed() uint64 { return e.config.Seed }

// SetScene makes s the scene of the requests that follow; running answers keep
// theirs. "Once" faults, also those chosen by header, may happen once more. After
// an error, which is that of [Scene.Validate], the old scene stays.
func (e *Emulator) SetScene(s Scene) error {
	if err := s.Validate(); err != nil {
		return err
	}
	e.mu.Lock()
	clear(e.stages)
	e.mu.Unlock()
	e.active.Store(&stage{scene: s})
	return nil
}

// Scene is the scene set last, as it was set.
func (e *Emulator) Scene() Scene { return e.active.Load().scene }

// Journal returns the requests seen so far, oldest first, those below
// /__emulator/ left out. With paths, only requests to one of them.
func (e *Emulator) Journal(paths ...string) []Entry { return e.journal.list(paths) }

// ClearJournal forgets all entries; the numbering goes on.
func (e *Emulator) ClearJournal() { e.journal.clear() }

// ServeHTTP answers one request and returns soon after the client has gone.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !hostAllowed(r) {
		detail(http.StatusForbidden, "emulator: only loopback hosts are served, not %q", r.Host).write(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		detail(http.StatusRequestEntityTooLarge, "Request body is larger than %d bytes", tooLarge.Limit).write(w)
		return
	}
	if err != nil {
		return // the client went away in the middle of its request
	}
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		e.serveControl(w, r, body)
		return
	}
	number := e.requests.Add(1)
	entry := e.journal.begin(number, e.config.Now(), r, body)
	x := &exchange{
		Emulator: e,
		w:        &statusWriter{ResponseWriter: w, entry: entry, journal: e.journal},
		r:        r,
		body:     body,
		rng:      rand.New(rand.NewPCG(e.config.Seed, number)),
		now:      e.config.Now(),
	}
	x.setDate()
	outcome := OutcomeAborted // stands if the handler panics to cut the connection
	defer func() { e.journal.finish(entry, outcome) }()
	e.route(x)
	outcome = OutcomeDone
	if r.Context().Err() != nil {
		outcome = OutcomeClientGone
	}
}

// exchange is one request on its way to its answer.
type exchange struct {
	*Emulator
	w    http.ResponseWriter
	r    *http.Request
	body []byte
	rng  *rand.Rand
	now  time.Time

	returns time.Time // when the scene's allowance comes back; zero if it has no such time
}

// setDate puts a clock that is wrong into the answer, if the scene has one.
func (x *exchange) setDate() {
	if stage, refused := x.stage(); refused == nil && stage.scene.ClockAheadS != 0 {
		ahead := time.Duration(stage.scene.ClockAheadS) * time.Second
		x.w.Header().Set("Date", x.now.Add(ahead).UTC().Format(http.TimeFormat))
	}
}

// route sends x to its endpoint.
func (e *Emulator) route(x *exchange) {
	switch path := x.r.URL.Path; path {
	case "/oauth/authorize":
		x.only(http.MethodGet, x.serveAuthorize)
	case "/oauth/token":
		x.only(http.MethodPost, x.serveToken)
	case "/oauth/revoke":
		x.only(http.MethodPost, x.serveRevoke)
	case deviceStartPath:
		x.only(http.MethodPost, x.serveDeviceStart)
	case devicePollPath:
		x.only(http.MethodPost, x.serveDevicePoll)
	case devicePagePath:
		if x.r.Method == http.MethodPost {
			x.serveDeviceDecision()
			return
		}
		x.only(http.MethodGet, x.serveDevicePage)
	case responsesPath:
		x.only(http.MethodPost, x.backend(endpointResponses, x.serveResponses))
	case modelsPath:
		x.only(http.MethodGet, x.backend(endpointModels, x.serveModels))
	case usagePath:
		x.only(http.MethodGet, x.backend(endpointUsage, x.serveUsage))
	default:
		detail(http.StatusNotFound, "Not Found").write(x.w)
	}
}

// only calls serve if the request has the method, and refuses it otherwise.
func (x *exchange) only(method string, serve func()) {
	if x.r.Method == method {
		serve()
		return
	}
	// The reference client tries a WebSocket first and falls back on 426.
	if strings.EqualFold(x.r.Header.Get("Upgrade"), "websocket") {
		detail(http.StatusUpgradeRequired, "Upgrade Required").write(x.w)
		return
	}
	x.w.Header().Set("Allow", method)
	detail(http.StatusMethodNotAllowed, "Method Not Allowed").write(x.w)
}

// baseURL is the issuer's name towards this client.
func (x *exchange) baseURL() string {
	if x.config.BaseURL != "" {
		return x.config.BaseURL
	}
	return "http://" + x.r.Host
}
