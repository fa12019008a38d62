package responses

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestStatusesMeanWhatTheySay(t *testing.T) {
	const page = "<!DOCTYPE html><html><title>Just a moment...</title></html>"
	html := []string{"Content-Type", "text/html; charset=UTF-8", "Cf-Ray", "ray1"}
	tests := []struct {
		name   string
		status int
		body   string
		header []string
		want   error
		fields APIError
	}{
		{"a field it does not know", 400, `{"detail":"Unsupported parameter: foo"}`, nil, ErrInvalid, APIError{Message: "Unsupported parameter: foo", Param: "foo"}},
		{"detail text", 400, `{"detail":"Store must be set to false"}`, nil, ErrInvalid, APIError{Message: "Store must be set to false"}},
		{
			"error object", 400, `{"error":{"message":"bad","type":"invalid_request_error","code":"unsupported_value","param":"x"}}`, []string{"X-Request-Id", "r1"},
			ErrInvalid, APIError{Message: "bad", Type: "invalid_request_error", Code: "unsupported_value", Param: "x", RequestID: "r1"},
		},
		{"detail object", 402, `{"detail":{"code":"deactivated_workspace"}}`, []string{"X-Oai-Request-Id", "r2"}, ErrForbidden, APIError{Code: "deactivated_workspace", RequestID: "r2"}},
		{
			"validation list", 422, `{"detail":[{"loc":["query","client_version"],"msg":"Field required"},{"loc":["body",0],"msg":"bad"}]}`, nil,
			ErrInvalid, APIError{Message: "query.client_version: Field required; body.0: bad"},
		},
		{"error text", 400, `{"error":"invalid_grant","error_description":"gone"}`, nil, ErrInvalid, APIError{Code: "invalid_grant", Message: "gone"}},
		{"bare object", 400, `{"code":"c","message":"m"}`, nil, ErrInvalid, APIError{Code: "c", Message: "m"}},
		{"unknown object", 400, `{"foo":1}`, nil, ErrInvalid, APIError{Message: `{"foo":1}`}},
		{"null error", 500, `{"error":null}`, nil, ErrServer, APIError{Message: `{"error":null}`}},
		{"null detail", 500, `{"detail":null}`, nil, ErrServer, APIError{}},
		{"plain text", 502, "upstream\nis\tgone", []string{"Content-Type", "text/plain"}, ErrServer, APIError{Message: "upstream is gone"}},
		{"nothing at all", 500, "", nil, ErrServer, APIError{}},
		{"page with 403", 403, page, html, ErrBlocked, APIError{HTML: true, RayID: "ray1"}},
		{"page with 502", 502, page, html, ErrBlocked, APIError{HTML: true, RayID: "ray1"}},
		{"page with 401", 401, page, html, ErrBlocked, APIError{HTML: true, RayID: "ray1"}},
		{"page with 200", 200, page, html, ErrBlocked, APIError{HTML: true, RayID: "ray1"}},
		{"page without its type", 403, "\n <HTML>", []string{"Content-Type", "text/plain"}, ErrBlocked, APIError{HTML: true}},
		{"redirect without a place", 304, "", nil, ErrRedirect, APIError{Location: "HOST"}},
		{"token expired", 401, `{"error":{"code":"token_expired","message":"m"},"status":401}`, nil, ErrUnauthorized, APIError{Code: "token_expired", Message: "m"}},
		{"unauthorized without a code", 401, `{"detail":"Unauthorized"}`, nil, ErrUnauthorized, APIError{Message: "Unauthorized"}},
		{"wrong region", 401, `{"detail":"Workspace is not authorized in this region"}`, nil, ErrRegion, APIError{Message: "Workspace is not authorized in this region"}},
		{"country", 403, `{"error":{"code":"unsupported_country_region_territory"}}`, nil, ErrRegion, APIError{Code: "unsupported_country_region_territory"}},
		{"payment required", 402, `{}`, nil, ErrForbidden, APIError{Message: "{}"}},
		{"forbidden", 403, `{"detail":"no"}`, nil, ErrForbidden, APIError{Message: "no"}},
		{"proxy wants a login", 407, `{}`, nil, ErrConnection, APIError{Message: "{}"}},
		{
			"usage limit", 429, `{"error":{"type":"usage_limit_reached","message":"m","plan_type":"plus","resets_at":1777936568,"resets_in_seconds":10}}`, nil,
			ErrQuota, APIError{Type: "usage_limit_reached", Message: "m", Plan: "plus", ResetsAt: time.Unix(1777936568, 0).UTC()},
		},
		{"usage limit behind 404", 404, `{"error":{"code":"usage_limit_reached"}}`, nil, ErrQuota, APIError{Code: "usage_limit_reached"}},
		{
			"usage limit, its end in the headers", 429, `{"error":{"type":"usage_limit_reached"}}`,
			[]string{"X-Codex-Primary-Used-Percent", "100", "X-Codex-Primary-Reset-At", "1777936000", "X-Codex-Secondary-Used-Percent", "100", "X-Codex-Secondary-Reset-At", "1777937000"},
			ErrQuota, APIError{Type: "usage_limit_reached", Message: `{"type":"usage_limit_reached"}`, ResetsAt: time.Unix(1777937000, 0).UTC()},
		},
		{"impossible end", 429, `{"error":{"code":"usage_limit_reached","resets_at":1e300}}`, nil, ErrQuota, APIError{Code: "usage_limit_reached"}},
		{"plan without Codex", 429, `{"error":{"type":"usage_not_included","message":"m"}}`, nil, ErrPlan, APIError{Type: "usage_not_included", Message: "m"}},
		{"too many requests", 429, `{"detail":"slow"}`, []string{"Retry-After", "7"}, ErrRateLimited, APIError{Message: "slow", RetryAfter: 7 * time.Second}},
		{"model that does not exist", 404, `{"error":{"message":"The model ` + "`x`" + ` does not exist or you do not have access to it.","code":null}}`, nil, ErrModel, APIError{Message: "The model `x` does not exist or you do not have access to it."}},
		{"retired model", 400, `{"detail":"The 'x' model is not supported when using Codex with a ChatGPT account."}`, nil, ErrModel, APIError{Message: "The 'x' model is not supported when using Codex with a ChatGPT account."}},
		{"unknown model", 404, `{"detail":"Model not found x"}`, nil, ErrModel, APIError{Message: "Model not found x"}},
		{"old client", 400, `{"detail":"This model requires a newer version of Codex."}`, nil, ErrClientVersion, APIError{Message: "This model requires a newer version of Codex."}},
		{"context length in words", 400, `{"detail":"Your input exceeds the context window of this model."}`, nil, ErrContextLength, APIError{Message: "Your input exceeds the context window of this model."}},
		{"policy", 403, `{"error":{"code":"misalignment_policy_violation"}}`, nil, ErrRefused, APIError{Code: "misalignment_policy_violation"}},
		{"other 404", 404, `{"detail":"Not Found"}`, nil, ErrInvalid, APIError{Message: "Not Found"}},
		{"overloaded", 503, `{"error":{"code":"slow_down"}}`, nil, ErrOverloaded, APIError{Code: "slow_down"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, fails(tt.status, tt.body, tt.header...))
			r, err := ask(t, b.client())
			if r != nil {
				t.Errorf("response = %v, want none", r)
			}
			wantMeaning(t, err, tt.want)
			var got *APIError
			if !errors.As(err, &got) {
				t.Fatalf("error = %v, want an APIError", err)
			}
			want := tt.fields
			want.Status = tt.status
			want.Location = strings.Replace(want.Location, "HOST", strings.TrimPrefix(b.URL, "http://"), 1)
			if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(APIError{}, "Header")); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if !errors.Is(tt.want, got.Kind()) || !strings.HasPrefix(err.Error(), tt.want.Error()) || !strings.Contains(err.Error(), want.Message) {
				t.Errorf("text = %q, want %q and the backend's words", err, tt.want)
			}
			if tt.status != 200 && !strings.Contains(err.Error(), fmt.Sprintf("(HTTP %d)", tt.status)) {
				t.Errorf("text = %q, want the status in it", err)
			}
			if n := len(b.got()); n != 1 || Attempts(err) != 1 {
				t.Errorf("%d requests (said %d), want 1", n, Attempts(err))
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		elsewhere := serve(t, says(hello...))
		b := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL+"/take", status) })
		c := b.client()
		c.HTTPClient.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }
		_, err := ask(t, c)
		wantMeaning(t, err, ErrRedirect)
		if host := strings.TrimPrefix(elsewhere.URL, "http://"); err == nil || !strings.Contains(err.Error(), "to "+host) {
			t.Errorf("%d: text = %q, want the host %s", status, err, host)
		}
		if len(b.got()) != 1 || len(elsewhere.got()) != 0 {
			t.Errorf("%d: %d requests, %d to the other host; want 1 and 0", status, len(b.got()), len(elsewhere.got()))
		}
	}
}

// failed is a response.failed with a code.
func failed(code, message string) string {
	return fmt.Sprintf(`{"type":"response.failed","response":{"id":"resp_t","status":"failed","error":{"code":%q,"message":%q}}}`, code, message)
}

func TestFailureInsideAStream(t *testing.T) {
	told := []string{evCreated, evAdded, evHel}
	incomplete := func(reason string) string {
		return fmt.Sprintf(`{"type":"response.incomplete","response":{"id":"resp_t","status":"incomplete","incomplete_details":{"reason":%q}}}`, reason)
	}
	tests := []struct {
		name   string
		events []string
		want   error
		status string
		fields APIError
	}{
		{"input too long", []string{failed("context_length_exceeded", "m")}, ErrContextLength, "failed", APIError{Event: typeFailed, Code: "context_length_exceeded", Message: "m"}},
		{"quota", []string{failed("insufficient_quota", "m")}, ErrQuota, "failed", APIError{Event: typeFailed, Code: "insufficient_quota", Message: "m"}},
		{"plan", []string{failed("usage_not_included", "m")}, ErrPlan, "failed", APIError{Event: typeFailed, Code: "usage_not_included", Message: "m"}},
		{"cyber policy", []string{failed("cyber_policy", "m")}, ErrRefused, "failed", APIError{Event: typeFailed, Code: "cyber_policy", Message: "m"}},
		{"misalignment policy", []string{failed("misalignment_policy_violation", "m")}, ErrRefused, "failed", APIError{Event: typeFailed, Code: "misalignment_policy_violation", Message: "m"}},
		{"bio policy", []string{failed("bio_policy", "m")}, ErrRefused, "failed", APIError{Event: typeFailed, Code: "bio_policy", Message: "m"}},
		{"invalid prompt", []string{failed("invalid_prompt", "m")}, ErrInvalid, "failed", APIError{Event: typeFailed, Code: "invalid_prompt", Message: "m"}},
		{"overload", []string{failed("server_is_overloaded", "m")}, ErrOverloaded, "failed", APIError{Event: typeFailed, Code: "server_is_overloaded", Message: "m"}},
		{"slow down", []string{failed("slow_down", "m")}, ErrOverloaded, "failed", APIError{Event: typeFailed, Code: "slow_down", Message: "m"}},
		{
			"rate limit with its delay in seconds", []string{failed("rate_limit_exceeded", "Please try again in 1.5s.")}, ErrRateLimited, "failed",
			APIError{Event: typeFailed, Code: "rate_limit_exceeded", Message: "Please try again in 1.5s.", RetryAfter: 1500 * time.Millisecond},
		},
		{
			"rate limit with its delay in milliseconds", []string{failed("rate_limit_exceeded", "TRY AGAIN IN 28ms")}, ErrRateLimited, "failed",
			APIError{Event: typeFailed, Code: "rate_limit_exceeded", Message: "TRY AGAIN IN 28ms", RetryAfter: 28 * time.Millisecond},
		},
		{
			"rate limit with its delay in words", []string{failed("rate_limit_exceeded", "try again in 35 seconds")}, ErrRateLimited, "failed",
			APIError{Event: typeFailed, Code: "rate_limit_exceeded", Message: "try again in 35 seconds", RetryAfter: 35 * time.Second},
		},
		{"unknown code", []string{failed("later", "m")}, ErrServer, "failed", APIError{Event: typeFailed, Code: "later", Message: "m"}},
		{"no error object", []string{`{"type":"response.failed","response":{"status":"failed","error":null}}`}, ErrServer, "failed", APIError{Event: typeFailed}},
		{"no response", []string{`{"type":"response.failed"}`}, ErrServer, "in_progress", APIError{Event: typeFailed}},
		{
			"error, then the failure", []string{evOverload, failed("server_is_overloaded", "again")}, ErrOverloaded, "failed",
			APIError{Event: typeFailed, Code: "server_is_overloaded", Message: "again"},
		},
		{
			"error, then a failure that knows less", []string{evOverload, `{"type":"response.failed","response":{"status":"failed","error":null}}`}, ErrOverloaded, "failed",
			APIError{Event: typeError, Code: "server_is_overloaded", Type: "service_unavailable_error", Message: "busy"},
		},
		{
			"error, then the end", []string{evOverload}, ErrOverloaded, "in_progress",
			APIError{Event: typeError, Code: "server_is_overloaded", Type: "service_unavailable_error", Message: "busy"},
		},
		{
			"error without an object", []string{`{"type":"error","code":"invalid_prompt","message":"m","param":"input"}`}, ErrInvalid, "in_progress",
			APIError{Event: typeError, Code: "invalid_prompt", Message: "m", Param: "input"},
		},
		{
			"error with a status", []string{`{"type":"error","status":429,"error":{"type":"usage_limit_reached","message":"m"}}`}, ErrQuota, "in_progress",
			APIError{Status: 429, Event: typeError, Type: "usage_limit_reached", Message: "m"},
		},
		{"too many tokens", []string{incomplete("max_output_tokens")}, ErrIncomplete, "incomplete", APIError{Event: typeIncomplete, Code: "max_output_tokens", Message: "reason: max_output_tokens"}},
		{"content filter", []string{incomplete("content_filter")}, ErrRefused, "incomplete", APIError{Event: typeIncomplete, Code: "content_filter", Message: "reason: content_filter"}},
		{"incomplete without a reason", []string{incomplete("")}, ErrIncomplete, "incomplete", APIError{Event: typeIncomplete, Message: "the backend gives no reason"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, says(append(told[:len(told):len(told)], tt.events...)...))
			r, err := ask(t, b.client())
			wantMeaning(t, err, tt.want)
			var got *APIError
			if !errors.As(err, &got) {
				t.Fatalf("error = %v, want an APIError", err)
			}
			want := tt.fields
			if want.Status == 0 {
				want.Status = 200
			}
			if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(APIError{}, "Header")); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if r.Text() != "Hel" || r.Status != tt.status {
				t.Errorf("text %q, status %q; want Hel, %s", r.Text(), r.Status, tt.status)
			}
			var out bytes.Buffer
			s, _ := b.client().StreamBody(t.Context(), nil)
			defer s.Close()
			wantMeaning(t, writeText(s, &out), tt.want)
			if out.String() != "Hel\n" {
				t.Errorf("text written = %q, want %q", &out, "Hel\n")
			}
			if n := len(b.got()); n != 2 || s.Attempts() != 1 {
				t.Errorf("%d requests for two calls (said %d each), want 2", n, s.Attempts())
			}
		})
	}
}

// The events of a failure are seen before its error, which comes once, last, alone.
func TestFailureEventIsSeenBeforeItsError(t *testing.T) {
	s, err := serve(t, says(evCreated, evOverload, failed("invalid_prompt", "m"), evHel)).client().StreamBody(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	types, err := drain(s, func(Event) error { return nil })
	wantMeaning(t, err, ErrInvalid)
	if diff := cmp.Diff([]string{typeCreated, typeError, typeFailed}, types); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	again, err := drain(s, func(Event) error { return nil })
	wantMeaning(t, err, ErrInvalid)
	if len(again) != 0 {
		t.Errorf("events after the end = %v, want none", again)
	}
}

func TestErrorEventIsWaitedOnForTwoSecondsOnly(t *testing.T) {
	for _, limit := range []time.Duration{0, -1, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := trips(playsThenHangs(evCreated, evAdded, evHel, evOverload))
			c.IdleTimeout = limit
			start := time.Now()
			r, err := ask(t, c)
			wantMeaning(t, err, ErrOverloaded)
			if waited := time.Since(start); waited != errorGrace || r.Text() != "Hel" {
				t.Errorf("limit %v: waited %v, text %q; want %v, Hel", limit, waited, r.Text(), errorGrace)
			}
		})
	}
}

func TestBrokenConnections(t *testing.T) {
	torn := strings.TrimSuffix(frames(evLo), "\n\n")
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   error
		text   string // what the response holds; - is no response
	}{
		{"cut between events", breaksOff(frames(evCreated, evAdded, evHel)), ErrTruncated, "Hel"},
		{"cut inside an event", breaksOff(frames(evCreated, evAdded, evHel) + torn[:len(torn)-9]), ErrTruncated, "Hel"},
		{"ended in order between events", says(evCreated, evAdded, evHel), ErrTruncated, "Hel"},
		{"ended in order inside an event", writes([]byte(frames(evCreated, evAdded, evHel)+torn[:len(torn)-9]), 50), ErrTruncated, "Hel"},
		{"ended in order behind the last byte of an event", writes([]byte(frames(evCreated, evAdded, evHel)+torn), 50), ErrTruncated, "Hello"},
		{"cut after the first event", breaksOff(frames(evCreated)), ErrTruncated, ""},
		{"cut before the first event", breaksOff(""), ErrConnection, "-"},
		{"cut inside the first event", breaksOff(frames(evCreated)[:30]), ErrConnection, "-"},
		{"empty answer", says(), ErrConnection, "-"},
		{"an answer of comments", writes([]byte(": wait\n\n: wait\n\n"), 50), ErrConnection, "-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, tt.answer)
			c := b.client()
			c.Notify = func(n Notice) { t.Errorf("notice %v, want none", n.Err) }
			r, err := ask(t, c)
			wantMeaning(t, err, tt.want)
			if (r == nil) != (tt.text == "-") || r != nil && r.Text() != tt.text {
				t.Errorf("response = %+v, want text %q", r, tt.text)
			}
			if n := len(b.got()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

func TestEmptyAnswerSaysSo(t *testing.T) {
	_, err := ask(t, serve(t, says()).client())
	if want := ErrConnection.Error() + ": the answer is empty"; err == nil || err.Error() != want {
		t.Errorf("text = %q, want %q", err, want)
	}
}

func TestConnectionRefused(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	_, err := ask(t, &Client{BaseURL: closed.URL})
	wantMeaning(t, err, ErrConnection)
	if host := strings.TrimPrefix(closed.URL, "http://"); err == nil || !strings.Contains(err.Error(), host) || Attempts(err) != 1 {
		t.Errorf("error = %v after %d attempts, want the host %s and 1", err, Attempts(err), host)
	}
}

func TestBadAddress(t *testing.T) {
	_, err := ask(t, &Client{BaseURL: "http://a b"})
	wantMeaning(t, err, ErrBadRequest)
	if Attempts(err) != 0 {
		t.Errorf("attempts = %d, want 0", Attempts(err))
	}
}

// endless is one event that does not end.
type endless struct{ head io.Reader }

func (e *endless) Read(p []byte) (int, error) {
	if n, _ := e.head.Read(p); n > 0 {
		return n, nil
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestEventBeyondTheLimit(t *testing.T) {
	c := reads(func() io.Reader { return &endless{strings.NewReader(frames(evCreated, evAdded, evHel) + "data: ")} })
	r, err := ask(t, c)
	wantMeaning(t, err, ErrTruncated)
	if err == nil || !strings.Contains(err.Error(), "event 4") || !strings.Contains(err.Error(), "33554432 bytes") {
		t.Errorf("text = %q, want the number of the event and the limit", err)
	}
	if r.Text() != "Hel" {
		t.Errorf("text = %q, want Hel", r.Text())
	}
}

func TestUnreadableEventIsSkippedWithANotice(t *testing.T) {
	tests := []struct {
		name, stream string
		notices      int
	}{
		{"no JSON", "data: garbage \x1b[31m\n\n", 1},
		{"torn JSON with its blank line", "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\n\n", 1},
		{"no type", "data: {\"delta\":\"x\"}\n\n", 1},
		{"type is a number", "data: {\"type\":1}\n\n", 1},
		{"no object", "data: [1]\n\n", 1},
		{"long garbage", "data: " + strings.Repeat("é", 9000) + "\n\n", 1},
		{"end marker of other backends", "data: [DONE]\n\n", 0},
		{"comment", ": ping\n\n", 0},
		{"unknown type", "data: {\"type\":\"response.later\"}\n\n", 0},
		{"type against its event line", "event: response.failed\ndata: {\"type\":\"response.in_progress\"}\n\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stream := frames(evCreated, evAdded) + tt.stream + frames(hello[3:]...) + tt.stream
			c := serve(t, writes([]byte(stream), 1<<20)).client()
			var notices []Notice
			c.Notify = func(n Notice) { notices = append(notices, n) }
			r, err := ask(t, c)
			if err != nil || r.Text() != "Hello" {
				t.Errorf("text %q, error %v; want Hello", r.Text(), err)
			}
			if len(notices) != tt.notices {
				t.Fatalf("notices = %v, want %d", notices, tt.notices)
			}
			for _, n := range notices {
				text := n.Err.Error()
				if n.Kind != NoticeSkipped || !strings.Contains(text, "event 3 ") || strings.ContainsRune(text, '\x1b') || len(text) > 700 {
					t.Errorf("notice = %d %q, want a skipped event 3 in clean words", n.Kind, text)
				}
			}
		})
	}
}

func TestFinishedTextIsHeldAgainstTheDeltas(t *testing.T) {
	refusal := []string{
		evCreated, evAdded,
		`{"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"I "}`,
		`{"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"can't."}`,
		`{"type":"response.refusal.done","output_index":0,"content_index":0,"refusal":"I can't."}`,
		`{"type":"response.output_item.done","output_index":0,"item":{"type":"message","content":[{"type":"refusal","refusal":"I can't."}]}}`, evCompleted,
	}
	wrongItem := strings.Replace(evItemDone, "Hello", "Hello!", 1)
	tests := []struct {
		name    string
		events  []string
		want    error
		written string
		text    string
	}{
		{"all is well", hello, nil, "Hello\n", "Hello"},
		{"a delta is lost, the done event tells", []string{evCreated, evAdded, evHel, evTextDone, evItemDone, evCompleted}, ErrTruncated, "Hel\n", "Hello"},
		{"a delta is lost, the item tells", []string{evCreated, evAdded, evHel, evItemDone, evCompleted}, ErrTruncated, "Hel\n", "Hello"},
		{"a delta came twice", []string{evCreated, evAdded, evHel, evLo, evLo, evTextDone, evItemDone, evCompleted}, ErrTruncated, "Hellolo\n", "Hello"},
		{"the item says more than the done event", []string{evCreated, evAdded, evHel, evLo, evTextDone, wrongItem, evCompleted}, ErrTruncated, "Hello\n", "Hello!"},
		{"deltas swapped", []string{evCreated, evAdded, evLo, evHel, evTextDone, evItemDone, evCompleted}, ErrTruncated, "loHel\n", "Hello"},
		{"no deltas", []string{evCreated, evAdded, evTextDone, evItemDone, evCompleted}, nil, "Hello\n", "Hello"},
		{"no deltas and no done event", []string{evCreated, evAdded, evItemDone, evCompleted}, nil, "Hello\n", "Hello"},
		{"an empty delta only", []string{evCreated, evAdded, strings.Replace(evHel, "Hel", "", 1), evTextDone, evItemDone, evCompleted}, nil, "Hello\n", "Hello"},
		{"refusal", refusal, ErrRefused, "I can't.\n", ""},
		{"refusal without deltas", append(refusal[:2:2], refusal[4:]...), ErrRefused, "I can't.\n", ""},
		{"nothing at all", []string{evCreated, evCompleted}, nil, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, says(tt.events...)).client()
			r, err := ask(t, c)
			if !errors.Is(err, tt.want) || r.Text() != tt.text {
				t.Errorf("Collect = %q, %v, want %q, %v", r.Text(), err, tt.text, tt.want)
			}
			s, err := c.StreamBody(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var out bytes.Buffer
			if err = writeText(s, &out); !errors.Is(err, tt.want) || out.String() != tt.written {
				t.Errorf("TextSink = %q, %v, want %q, %v", &out, err, tt.written, tt.want)
			}
			if tt.want != nil {
				wantMeaning(t, err, tt.want)
			}
		})
	}
}

// What comes from outside is fit for a terminal.
func TestErrorTextIsCleanAndBounded(t *testing.T) {
	dirty := "a\x1b]0;x\x07\u009b31m\r\nb\tc\xff" + strings.Repeat("é", 2000)
	for _, body := range []string{
		dirty, string(quote(dirty)), fmt.Sprintf(`{"detail":%s}`, quote(dirty)), fmt.Sprintf(`{"error":{"message":%s,"code":%[1]s,"param":%[1]s,"type":%[1]s,"plan_type":%[1]s}}`, quote(dirty)),
		fmt.Sprintf(`{"detail":[{"loc":[%s],"msg":%[1]s}]}`, quote(dirty)),
	} {
		c, _ := trips(refuses(400, body, "Cf-Ray", "r\u009bay", "X-Request-Id", "i\u009bd"))
		_, err := ask(t, c)
		checkClean(t, err)
		var e *APIError
		if !errors.As(err, &e) || e.RayID != "ray" || e.RequestID != "id" {
			t.Errorf("ray %q, request %q; want ray, id", e.RayID, e.RequestID)
		}
	}
	c, _ := trips(refuses(302, "", "Location", "https://a%C2%9Bb/"))
	_, err := ask(t, c)
	checkClean(t, err)
}

func TestErrorBodyIsReadInPart(t *testing.T) {
	c, _ := trips(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(&endless{strings.NewReader("")})}, nil
	})
	_, err := ask(t, c)
	wantMeaning(t, err, ErrInvalid)
}

func TestAPIErrorsAreEqualByMeaningOnly(t *testing.T) {
	e := &APIError{Status: 500}
	if errors.Is(e, &APIError{Status: 500}) || !errors.Is(e, ErrServer) || !cmp.Equal(e.Kind(), ErrServer, cmpopts.EquateErrors()) {
		t.Errorf("an APIError is not its kind: %v", e.Kind())
	}
}
