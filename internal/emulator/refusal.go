package emulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// refusal is an answer that is an error. Exactly one of detail, api and raw is
// its body.
//
// Source: docs/protocol.md, the two error envelopes of the backend; a gateway in
// front of it answers with HTML.
type refusal struct {
	status int
	detail json.RawMessage // {"detail": …}: a string, an object with "code", or a list
	api    *apiError       // {"error": …}
	raw    []byte          // the body as it is; headers holds its Content-Type
	header http.Header     // further response headers; may be nil
}

// apiError is the platform's error envelope.
type apiError struct {
	Error  apiErrorBody `json:"error"`
	Status int          `json:"status,omitempty"` // seen beside token_expired only
}

// apiErrorBody is the inside of the envelope. The fields that only some errors
// have are omitted when empty.
type apiErrorBody struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`

	PlanType        string `json:"plan_type,omitempty"`
	ResetsAt        int64  `json:"resets_at,omitempty"`         // Unix seconds
	ResetsInSeconds int64  `json:"resets_in_seconds,omitempty"` // seconds from now
}

// detail makes a refusal of the form {"detail":"text"}.
func detail(status int, format string, args ...any) *refusal {
	return &refusal{status: status, detail: encode(fmt.Sprintf(format, args...))}
}

// invalid makes a 400 of the form {"error":{…}} about one part of the request.
func invalid(code, param, format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, api: newAPIError(
		"invalid_request_error", code, param, fmt.Sprintf(format, args...))}
}

// newAPIError fills the envelope; an empty code or param is null on the wire.
func newAPIError(kind, code, param, message string) *apiError {
	body := apiErrorBody{Message: message, Type: kind}
	if code != "" {
		body.Code = &code
	}
	if param != "" {
		body.Param = &param
	}
	return &apiError{Error: body}
}

// page makes a refusal whose body is HTML, as gateways answer: the backend, which would
// name the request, has not seen it.
func page(status int, html string) *refusal {
	return &refusal{status: status, raw: []byte(html), header: http.Header{
		"Content-Type":  {"text/html; charset=UTF-8"},
		requestIDHeader: nil,
	}}
}

// write sends the refusal. Errors of w are the client's loss and not reported.
func (f *refusal) write(w http.ResponseWriter) {
	body := f.raw
	switch {
	case f.api != nil:
		body = encode(f.api)
	case f.detail != nil:
		body = encode(struct {
			Detail json.RawMessage `json:"detail"`
		}{f.detail})
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	for name, values := range f.header {
		header[name] = values
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.status)
	_, _ = w.Write(body)
}

// writeJSON sends v with status 200.
func writeJSON(w http.ResponseWriter, v any) {
	body := encode(v)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// encode renders v as compact JSON without HTML escapes, as the backend does. It
// is only called with types of this package, which always encode.
func encode(v any) json.RawMessage {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}
