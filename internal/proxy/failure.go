package proxy

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// What is wrong with a request, or with us, before the backend is asked.
var (
	errTooLarge    = errors.New("the request's body is too large")
	errEncoding    = errors.New("the request's body has an encoding that is not read here")
	errBusy        = errors.New("the server gives as many answers as it may")
	errEnding      = errors.New("the server is ending")
	errNoSessions  = errors.New("this server keeps no conversations")
	errNoModel     = errors.New("Model not available")
	errManyChoices = errors.New("a conversation goes on with one choice")
	errTurnLost    = errors.New("the conversation's turn was lost")
	errStore       = errors.New("the store of conversations failed")
)

// failure is the `error` object of an answer.
//
// Source: OpenAI API reference, "Error codes". The last three are the backend's own and
// read by the official client (fact E-2 in docs/protocol.md).
type failure struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Code    *string `json:"code"`
	Param   *string `json:"param"`

	PlanType        string `json:"plan_type,omitempty"`
	ResetsAt        int64  `json:"resets_at,omitempty"`         // Unix seconds
	ResetsInSeconds int64  `json:"resets_in_seconds,omitempty"` // from now

	status int
	header http.Header // of the backend's refusal; nil when there was none
	retry  time.Duration
	final  bool // another try does not help
}

// failure turns an error into what a caller is told.
func (s *Server) failure(err error) failure {
	told := s.config.Explain(err)
	means := judge(err, told.Code)
	f := failure{Message: told.Message, Type: means.kind, status: means.status}
	if means.code != "" {
		told.Code = means.code
	}
	f.Code = &told.Code
	if told.Hint != "" && (means.status == http.StatusUnauthorized || means.status == http.StatusForbidden) {
		f.Message += " (" + told.Hint + ")"
	}
	var field *responses.FieldError
	if errors.As(err, &field) {
		f.Param = &field.Field
	}
	if errors.Is(err, session.ErrNoResponse) {
		f.Param = new("previous_response_id")
	}
	// A repetition does not help: an SDK would make two of its own accord.
	f.final = errors.Is(err, responses.ErrQuota)
	var api *responses.APIError
	if errors.As(err, &api) {
		f.fromBackend(api, s.now())
	}
	limited := errors.Is(err, responses.ErrQuota) || errors.Is(err, responses.ErrPlan)
	if limited && *f.Code != "insufficient_quota" { // which clients know from the public API
		f.Code = &told.Code // one word for what the backend has several for
	}
	return f
}

// fromBackend keeps what the backend itself said, in its own fields.
func (f *failure) fromBackend(e *responses.APIError, now time.Time) {
	f.header, f.retry = e.Header, e.RetryAfter
	if e.Type != "" {
		f.Type = e.Type
	}
	if e.Code != "" {
		f.Code = &e.Code
	}
	if e.Param != "" {
		f.Param = &e.Param
	}
	f.PlanType = e.Plan
	if !e.ResetsAt.IsZero() {
		f.ResetsAt = e.ResetsAt.Unix()
		f.ResetsInSeconds = int64(math.Ceil(max(0, e.ResetsAt.Sub(now).Seconds())))
	}
}

// body is the JSON of an answer with this failure.
func (f failure) body() []byte {
	return encode(struct {
		Error failure `json:"error"`
	}{f})
}

// event is the last event of a stream in the Responses form.
//
// Source: OpenAI API reference, "Streaming events", error.
func (f failure) event(number int64) []byte {
	data := encode(struct {
		Type    string  `json:"type"`
		Code    *string `json:"code"`
		Message string  `json:"message"`
		Param   *string `json:"param"`
		Number  int64   `json:"sequence_number"`
	}{"error", f.Code, f.Message, f.Param, number})
	return []byte("event: error\ndata: " + string(data) + "\n\n")
}

// chunk is the last frame of a stream in the chat form.
func (f failure) chunk() []byte {
	return []byte("data: " + string(f.body()) + "\n\n")
}

// write answers with the failure, as long as nothing was sent.
func (f failure) write(w http.ResponseWriter) {
	h := w.Header()
	passBack(h, f.header)
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="codexctl"`)
	}
	if f.final {
		h.Set("X-Should-Retry", "false")
	}
	if h.Get("Retry-After") == "" && f.retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(f.retry.Seconds())), 10))
	}
	writeJSON(w, f.status, f.body())
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that left needs no answer
}

// encode is v as JSON; the types of this package always encode.
func encode(v any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
