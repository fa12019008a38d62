package proxy

import (
	"context"
	"log/slog"
	"time"

	"github.com/codexctl/codexctl/internal/chatcompat"
	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// Defaults of a [Config].
const (
	DefaultMaxBody   = 64 << 20
	DefaultKeepAlive = 15 * time.Second
)

// Config is what a [Server] is made of. It is not changed after [New].
type Config struct {
	// Client reaches the backend. It is copied for each request.
	Client *responses.Client

	// Login says whose login is in use, and whether its token can be used now.
	Login func(context.Context) (Login, error)

	// Models is the account's list of models.
	Models func(context.Context) ([]responses.Model, error)

	// DefaultModel is asked when a request names none.
	DefaultModel string

	// Sessions keeps conversations; nil keeps nothing.
	Sessions *session.Store

	// Explain puts an error into words.
	Explain func(error) Problem

	// Key is what callers must show; empty asks for none.
	Key string

	// Hosts are the names besides those of this machine that a request may have in its
	// Host header. AnyHost is for a socket, which has no name.
	Hosts   []string
	AnyHost bool

	// Origins are the web pages that may ask. Without any, none may.
	Origins []string

	// Instructions are the server's own; Mode says what becomes of the caller's.
	Instructions string
	Mode         Mode

	// ChatReasoning is how reasoning is shown in chat answers below /codex, and
	// V1Reasoning how below /v1.
	ChatReasoning, V1Reasoning chatcompat.Reasoning

	// Strict refuses fields that are dropped otherwise.
	Strict bool

	// Aliases maps names of models to those that are asked instead.
	Aliases map[string]string

	// MaxConcurrent bounds how many answers are given at a time; 0 is no bound.
	MaxConcurrent int

	// MaxBody bounds a request's body in bytes, unpacked; 0 is DefaultMaxBody.
	MaxBody int64

	// Timeout bounds one answer; 0 is no bound.
	Timeout time.Duration

	// KeepAlive is the longest silence on a stream; 0 is DefaultKeepAlive.
	KeepAlive time.Duration

	// Log takes a line for each request; nil takes none.
	Log *slog.Logger

	// Version is told by the health endpoints.
	Version string

	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Login is whose login answers.
type Login struct {
	// Account is the account's id; empty when unknown.
	Account string

	// Plan is the account's plan; empty when unknown.
	Plan string

	// Expires is when the token runs out; zero when unknown.
	Expires time.Time
}

// Mode says what becomes of instructions that a caller sends.
type Mode int

const (
	// ModeDefault uses the server's instructions if the caller has none.
	ModeDefault Mode = iota

	// ModeAppend puts the server's behind the caller's.
	ModeAppend

	// ModeOverride uses the server's only.
	ModeOverride
)

// Problem is an error in words.
type Problem struct {
	// Code is the kind of error, as the command line names it: auth_required.
	Code string

	// Message says what happened, Hint what to type; empty when nothing helps.
	Message, Hint string
}
