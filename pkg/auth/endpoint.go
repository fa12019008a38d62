package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/tidwall/gjson"
)

const (
	// endpointTimeout bounds one call of the issuer, body included.
	endpointTimeout = 30 * time.Second

	// maxAnswer is the longest answer that is read, in bytes.
	maxAnswer = 1 << 20
)

// The two ways in which the issuer's endpoints want their parameters.
const (
	typeForm = "application/x-www-form-urlencoded"
	typeJSON = "application/json"
)

// call is one request to the issuer.
type call struct {
	// endpoint is what errors call it; empty for the token endpoint.
	endpoint string

	path        string
	contentType string
	body        string

	// secrets are kept out of all texts, whoever quotes them.
	secrets []credentials.Secret
}

// reply is what came back.
type reply struct {
	call   call
	status int
	header http.Header
	moved  string // the host that a redirect points to
	body   []byte
}

// post makes exactly one request and follows no redirect. The error is the
// transport's; every answer is a reply.
func (c Config) post(ctx context.Context, what call) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.issuer()+what.path, strings.NewReader(what.body))
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", endpointName(what.endpoint), err)
	}
	req.Header.Set("Content-Type", what.contentType)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", either(c.UserAgent, "codexctl ("+runtime.GOOS+"; "+runtime.GOARCH+")"))
	resp, err := c.client().Do(req)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", endpointName(what.endpoint), err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w", endpointName(what.endpoint), err)
	}
	r := reply{call: what, status: resp.StatusCode, header: resp.Header, body: body}
	if to, err := resp.Location(); err == nil {
		r.moved = to.Host
	}
	return r, nil
}

// object returns the JSON object in a success. Anything else is a
// [*RedirectError] or an [*EndpointError].
func (r reply) object() (gjson.Result, error) {
	if err := r.fault(); err != nil {
		return gjson.Result{}, err
	}
	answer := gjson.ParseBytes(r.body)
	if !json.Valid(r.body) || !answer.IsObject() {
		return gjson.Result{}, r.failed("answer is not a JSON object")
	}
	return answer, nil
}

// fault is the error that a reply is by its status and kind. An error inside a
// success is not seen here.
func (r reply) fault() error {
	switch {
	case r.status >= 300 && r.status < 400:
		return &RedirectError{Endpoint: r.call.endpoint, Status: r.status, Host: r.moved}
	case r.isHTML():
		e := r.failed("a web page instead of an answer")
		e.HTML = true
		return e
	case len(r.body) > maxAnswer:
		return r.failed("answer is too long")
	case r.status < 200 || r.status > 299:
		return r.refusal()
	}
	return nil
}

// lacking is a success that does not hold what it should: an error in disguise, or
// nonsense.
func (r reply) lacking(what string) error {
	if e := r.refusal(); e.Code != "" || e.Description != "" {
		return e
	}
	return r.failed("answer holds no " + what)
}

// refusal is the error that the body tells of.
func (r reply) refusal() *EndpointError {
	code, description := errorOf(r.body, r.call.secrets)
	return &EndpointError{Endpoint: r.call.endpoint, Status: r.status, Code: code, Description: description}
}

func (r reply) failed(description string) *EndpointError {
	return &EndpointError{Endpoint: r.call.endpoint, Status: r.status, Description: description}
}

func (r reply) isHTML() bool {
	if strings.Contains(strings.ToLower(r.header.Get("Content-Type")), "text/html") {
		return true
	}
	return bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<"))
}

// errorOf finds code and text in the shapes that were seen: error as an object,
// error as a code with a description beside it, and a code at the top.
func errorOf(body []byte, secrets []credentials.Secret) (code, description string) {
	answer := gjson.ParseBytes(body)
	if !json.Valid(body) || !answer.IsObject() {
		return "", excerpt(without(string(body), secrets))
	}
	fault := answer.Get("error")
	switch {
	case fault.IsObject():
		code, description = fault.Get("code").String(), fault.Get("message").String()
	case fault.Type == gjson.String:
		code, description = fault.Str, answer.Get("error_description").String()
	}
	if code == "" {
		code = answer.Get("code").String()
	}
	if description == "" {
		description = firstText(answer, "message", "detail")
	}
	return codeOf(without(code, secrets)), excerpt(without(description, secrets))
}

func firstText(answer gjson.Result, keys ...string) string {
	for _, key := range keys {
		if value := answer.Get(key); value.Type == gjson.String && value.Str != "" {
			return value.Str
		}
	}
	return ""
}

// codeOf accepts only what a code looks like: it ends up in messages.
func codeOf(code string) string {
	code = strings.ToLower(code)
	if len(code) > 64 || looksSecret(code) {
		return ""
	}
	for i := range len(code) {
		if !isWord(code[i]) {
			return ""
		}
	}
	return code
}

// without takes what was sent out of an answer that quotes it.
func without(text string, secrets []credentials.Secret) string {
	for _, secret := range secrets {
		if secret.Empty() {
			continue
		}
		for _, spelling := range [...]string{secret.Reveal(), url.QueryEscape(secret.Reveal())} {
			text = strings.ReplaceAll(text, spelling, hidden)
		}
	}
	return text
}

// secretField returns the text at key, if it is one that a header or a form could
// carry.
func secretField(answer gjson.Result, key string) credentials.Secret {
	if value := answer.Get(key); value.Type == gjson.String && visible(value.Str) {
		return credentials.NewSecret(value.Str)
	}
	return credentials.Secret{}
}

// visible reports whether text is made of visible ASCII only.
func visible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
