package proxy

import (
	"net/http"
	"path"
	"strings"
)

// routes are the addresses of the server. What nobody serves is told in the form that
// OpenAI's clients read.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, base := range []string{"/codex", "/codex/v1", "/codex/{session}", "/v1"} {
		mux.HandleFunc("POST "+base+"/responses", s.answering("responses", (*exchange).responses))
		mux.HandleFunc("POST "+base+"/chat/completions", s.answering("chat", (*exchange).chatCompletions))
		mux.HandleFunc("POST "+base+"/responses/input_tokens", s.telling("input_tokens", (*exchange).inputTokens))
	}
	for _, base := range []string{"/codex", "/codex/v1", "/v1"} {
		mux.HandleFunc("GET "+base+"/models", s.telling("models", (*exchange).models))
		mux.HandleFunc("GET "+base+"/models/{model}", s.telling("models", (*exchange).model))
	}
	for _, path := range []string{"/codex/usage", "/api/codex/usage", "/backend-api/wham/usage"} {
		mux.HandleFunc("GET "+path, s.telling("usage", (*exchange).usage))
	}
	mux.HandleFunc("GET /codex/sessions", s.telling("sessions", (*exchange).listSessions))
	mux.HandleFunc("GET /codex/sessions/{session}", s.telling("sessions", (*exchange).showSession))
	mux.HandleFunc("DELETE /codex/sessions/{session}", s.telling("sessions", (*exchange).removeSession))
	mux.HandleFunc("GET /health", s.telling("health", (*exchange).health))
	mux.HandleFunc("GET /health/live", s.telling("health", (*exchange).live))
	mux.HandleFunc("GET /health/ready", s.telling("health", (*exchange).ready))
	mux.HandleFunc("GET /metrics", s.telling("metrics", (*exchange).tellMetrics))
	nobody := func(w http.ResponseWriter, r *http.Request) { s.nobody(w, r, methodsFor(mux, r)) }
	mux.HandleFunc(everything, nobody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The multiplexer would send a caller with a strange path elsewhere.
		if address := r.URL.EscapedPath(); !path.IsAbs(address) || path.Clean(address) != address {
			nobody(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// everything is the pattern of what no other one takes.
const everything = "/"

// methodsFor are the methods that an address has, when it does not have the asked one.
func methodsFor(mux *http.ServeMux, r *http.Request) []string {
	var methods []string
	if path.Clean(r.URL.Path) != r.URL.Path {
		return nil // a strange path has none
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != everything {
			methods = append(methods, method)
		}
	}
	return methods
}

// nobody answers for an address or a method that is not served.
func (s *Server) nobody(w http.ResponseWriter, r *http.Request, methods []string) {
	status, code := http.StatusNotFound, "not_found"
	message := "there is nothing at " + r.Method + " " + r.URL.Path + "; base addresses are /v1, /codex and /codex/v1"
	if len(methods) > 0 {
		status, code = http.StatusMethodNotAllowed, "method_not_allowed"
		w.Header().Set("Allow", strings.Join(methods, ", "))
		message = r.URL.Path + " takes " + strings.Join(methods, " and ") + ", not " + r.Method
	}
	s.refuse(w, status, typeInvalid, code, message)
}

// answering serves an address that asks the model.
func (s *Server) answering(route string, do func(*exchange) error) http.HandlerFunc {
	return s.telling(route, func(x *exchange) error {
		release, err := s.slot()
		if err != nil {
			x.w.Header().Set("Retry-After", "1")
			return err
		}
		defer release()
		return do(x)
	})
}

// telling serves an address within the bounds of one answer.
func (s *Server) telling(route string, do func(*exchange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := s.exchange(w, r)
		x.line.route = route
		ctx, cancel := s.bounded(r.Context())
		defer cancel()
		x.ctx = ctx
		if err := do(x); err != nil {
			x.fail(err)
		}
	}
}
