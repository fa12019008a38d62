package proxy

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/codexctl/codexctl/internal/chatcompat"
)

// exchange is one request and its answer.
type exchange struct {
	server *Server
	w      *recorder
	r      *http.Request
	ctx    context.Context
	line   *line
	noting sync.Mutex // of what several calls to the backend note
	begun  string     // a conversation that has no exchange yet
}

// exchange is made from what record has begun.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) *exchange {
	rec, ok := w.(*recorder)
	if !ok {
		rec = newRecorder(s, w, r) // behind a handler that wraps writers of its own
	}
	return &exchange{server: s, w: rec, r: r, ctx: r.Context(), line: &rec.line}
}

// fail ends an exchange that has not been answered.
func (x *exchange) fail(err error) {
	// A body that came too slowly ends the context too, but its caller is still there.
	if x.gone() && !errors.Is(err, os.ErrDeadlineExceeded) {
		x.line.code = "client_gone"
		return
	}
	if x.begun != "" {
		x.w.Header().Del("X-Codexctl-Session") // nothing of it is kept
		x.line.session = ""
	}
	if cause := context.Cause(x.ctx); cause != nil && errors.Is(err, context.Canceled) {
		err = cause
	}
	f := x.server.failure(err)
	x.line.failed(f)
	if !x.w.sent() {
		f.write(x.w)
	}
}

// gone says whether the caller has left: then nobody is there to be told.
func (x *exchange) gone() bool {
	return x.r.Context().Err() != nil && !errors.Is(context.Cause(x.r.Context()), errEnding)
}

// below says whether the address is one of the guide's, below /codex.
func (x *exchange) below() bool { return strings.HasPrefix(x.r.URL.Path, "/codex/") }

func (x *exchange) reasoning() chatcompat.Reasoning {
	if x.below() {
		return x.server.config.ChatReasoning
	}
	return x.server.config.V1Reasoning
}

// strict says whether fields are refused that are dropped otherwise.
func (x *exchange) strict() bool {
	return x.server.config.Strict || flagged(x.r.Header.Get("X-Codexctl-Strict"))
}

// asIs says whether the body goes to the backend as it is.
func (x *exchange) asIs() bool { return flagged(x.r.Header.Get("X-Codexctl-As-Is")) }

func flagged(value string) bool {
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}

// told sets the headers that say what was done to a request.
func (x *exchange) told(emulated []string) {
	h := x.w.Header()
	for name, list := range map[string][]string{
		"X-Codexctl-Dropped": x.line.dropped, "X-Codexctl-Emulated": emulated, "X-Codexctl-Notes": x.line.notes,
	} {
		if len(list) > 0 {
			h.Set(name, headerText(strings.Join(list, ", ")))
		}
	}
}

// headerText is text that a header can hold: names of fields come from the caller.
func headerText(s string) string {
	const most = 1000
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return clean[:min(len(clean), most)]
}
