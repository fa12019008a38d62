package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/codexctl/codexctl/internal/proxy"
	"github.com/codexctl/codexctl/internal/session"
	"github.com/codexctl/codexctl/pkg/responses"
)

// failingLogin is an Authorizer that has one error for all.
type failingLogin struct{ err error }

func (f failingLogin) Authorize(*http.Request) error       { return f.err }
func (f failingLogin) Refused(*http.Request) (bool, error) { return false, f.err }

// statuses is what each exported error is to a caller of the server. Those of the store
// of logins that are not here are faults of the machine: 500.
func statuses() map[string]int {
	return map[string]int{
		"auth.ErrLoginRequired": 401, "auth.ErrLoginExpired": 401, "auth.ErrNotRenewable": 401,
		"auth.ErrRenewalRefused": 401, "auth.ErrAccountChanged": 401, "auth.RefusedError": 401,
		"auth.NotRenewableError": 401, "auth.ErrSignInFailed": 401, "auth.ErrDeviceLoginOff": 401,
		"auth.ErrNoEntitlement": 403, "auth.EndpointError": 502, "auth.RedirectError": 502,
		"auth.ErrDeviceCodeExpired": 504,

		"credentials.ErrOtherLogin": 401, "credentials.ErrDead": 401, "credentials.ErrNotFound": 401,
		"credentials.OtherLoginError": 401, "credentials.NotFoundError": 401, "credentials.ErrLockTimeout": 504,

		"responses.ErrUnauthorized": 401, "responses.ErrForbidden": 403, "responses.ErrPlan": 403,
		"responses.ErrRegion": 403, "responses.ErrRateLimited": 429, "responses.ErrQuota": 429,
		"responses.ErrModel": 400, "responses.ErrClientVersion": 400, "responses.ErrContextLength": 400,
		"responses.ErrInvalid": 400, "responses.FieldError": 400, "responses.ErrBadRequest": 400, "responses.ErrRefused": 400,
		"responses.ErrOverloaded": 503, "responses.ErrServer": 502, "responses.ErrBlocked": 502,
		"responses.ErrRedirect": 502, "responses.ErrConnection": 502, "responses.ErrTruncated": 502,
		"responses.ErrIncomplete": 502, "responses.ErrTimeout": 504, "responses.APIError": 429,
	}
}

// The twin of TestEveryErrorHasAMeaningThroughAWrap for the server: every error has its
// status, and its message is the one of the command line.
func TestEveryErrorHasAStatus(t *testing.T) {
	want := statuses()
	inv := &invocation{env: &newProgram(t).Env, global: defaultGlobals()}
	inv.openStreams()
	for name, row := range known() {
		err := fmt.Errorf("serve: %w", row.err)
		server := proxy.New(proxy.Config{
			Client: &responses.Client{Authorizer: failingLogin{err}}, Explain: inv.explainToCaller, DefaultModel: "m",
			Models: func(context.Context) ([]responses.Model, error) { return nil, errors.New("no list") },
		})
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "http://localhost/v1/responses", strings.NewReader(`{"input":"hi"}`)))
		status := want[name]
		if status == 0 {
			status = http.StatusInternalServerError
		}
		body := answer.Body.String()
		if answer.Code != status {
			t.Errorf("%s: status %d, want %d: %s", name, answer.Code, status, body)
		}
		if message := gjson.Get(body, "error.message").Str; !strings.HasPrefix(message, inv.explain(err).Message) {
			t.Errorf("%s: %q, want the words of the command line: %q", name, message, inv.explain(err).Message)
		}
		for _, field := range []string{"type", "code"} {
			if gjson.Get(body, "error."+field).Str == "" {
				t.Errorf("%s: no %s in %s", name, field, body)
			}
		}
	}
	for name := range want {
		if _, ok := known()[name]; !ok {
			t.Errorf("%s is not an error any more", name)
		}
	}
}

// The guide's word for a conversation that has ended.
func TestSessionNotFound(t *testing.T) {
	inv := &invocation{env: &newProgram(t).Env, global: defaultGlobals()}
	inv.openStreams()
	for _, err := range []error{session.ErrEnded, session.ErrNotFound} {
		told := inv.explain(fmt.Errorf("session al: %w", err))
		if told.Code != "session_not_found" || told.ExitCode != exitUsage || !strings.HasPrefix(told.Message, "Session not found") {
			t.Errorf("%v is told as %+v", err, told)
		}
	}
}
