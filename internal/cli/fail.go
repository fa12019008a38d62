package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/codexctl/codexctl/internal/config"
	"github.com/codexctl/codexctl/pkg/auth"
	"github.com/codexctl/codexctl/pkg/credentials"
	"github.com/codexctl/codexctl/pkg/responses"
)

// errorDocument is the `error` of every JSON result.
type errorDocument struct {
	Code        string  `json:"code"`
	Message     string  `json:"message"`
	HTTPStatus  *int    `json:"http_status"`
	Type        *string `json:"type"`
	Param       *string `json:"param"`
	RequestID   *string `json:"request_id"`
	RetryAfterS *int64  `json:"retry_after_s"`
	ResetsAt    *string `json:"resets_at"`
	ExitCode    int     `json:"exit_code"`
	Hint        *string `json:"hint"`
}

// longWait is the Retry-After beyond which a call is not repeated.
const longWait = time.Minute

// reported is an error whose document is on stdout already.
type reported struct{ err error }

func (r *reported) Error() string { return r.err.Error() }
func (r *reported) Unwrap() error { return r.err }

// finish shows how a command ended and returns the exit code: one line and one hint
// on stderr, and the document if nobody wrote one yet.
func (inv *invocation) finish(err error) int {
	for _, tidy := range inv.atEnd {
		tidy()
	}
	if err == nil || errors.Is(err, errReaderGone) {
		return exitOK
	}
	var child *childExit
	if errors.As(err, &child) {
		return child.code
	}
	problem := inv.explain(err)
	var done *reported
	if !errors.As(err, &done) {
		inv.failOnStdout(problem)
	}
	hint := ""
	if problem.Hint != nil {
		hint = *problem.Hint
	}
	inv.talk.fail(problem.Message, hint)
	return problem.ExitCode
}

// failOnStdout tells a program of a failure that its command could not tell of. A
// stdout that fails as well changes nothing about the exit code.
func (inv *invocation) failOnStdout(problem *errorDocument) {
	g := &inv.global
	switch {
	case g.jsonl:
		_ = inv.line(errorLine{1, "error", problem})
	case g.wantsDocument() && g.transform == "" && !inv.out.used:
		if doc, err := inv.failDocument(problem); err == nil {
			_ = inv.document(doc)
		}
	}
}

// explain turns an error into what people and programs are told of it.
func (inv *invocation) explain(err error) *errorDocument {
	doc := inv.describe(err)
	var unfinished *unfinishedError
	if errors.As(err, &unfinished) {
		hint := unfinished.hint
		if doc.Hint != nil {
			hint = *doc.Hint + "; then " + hint
		}
		doc.Hint = &hint
	}
	return doc
}

// describe is explain for an error that nothing is to be gone on with after.
func (inv *invocation) describe(err error) *errorDocument {
	means := meaning(err)
	doc := &errorDocument{
		Code: means.code, Message: message(err, means, inv.env.Home == ""), ExitCode: means.exit,
		Hint: stringOrNull(inv.hint(err, means)),
	}
	var quota *quotaError
	if errors.As(err, &quota) {
		doc.resetAt(quota.resets)
	}
	var api *responses.APIError
	if !errors.As(err, &api) {
		return doc
	}
	doc.Type, doc.Param = stringOrNull(api.Type), stringOrNull(api.Param)
	doc.RequestID = stringOrNull(api.RequestID)
	if api.Event == "" {
		doc.HTTPStatus = &api.Status
	}
	if api.RetryAfter > 0 {
		seconds := int64((api.RetryAfter + time.Second - 1) / time.Second)
		doc.RetryAfterS = &seconds
		if api.RetryAfter > longWait {
			doc.Message += "; try again in " + roughly(api.RetryAfter)
			var advised *advisedError
			if !errors.As(err, &advised) {
				doc.Hint = stringOrNull("wait until then; repeating it sooner does not help")
			}
		}
	}
	doc.resetAt(api.ResetsAt)
	return doc
}

// resetAt says when the allowance comes back, if that is known.
func (d *errorDocument) resetAt(at time.Time) {
	if !at.IsZero() {
		d.ResetsAt = instant(at)
		d.Message += "; resets at " + localTime(at)
	}
}

// message is an error's text, behind the words that the case is known by.
func message(err error, means outcome, homeless bool) string {
	text := err.Error()
	var nowhere *credentials.NotFoundError
	if errors.As(err, &nowhere) {
		text = nowhere.Error()
	}
	if means.say != "" {
		text = saidOnce(means.say, text)
	}
	if homeless && nowhere != nil {
		text += "; HOME is not set, so the usual places do not exist"
	}
	return text
}

// saidOnce puts the words before a text that does not say the same again: each layer
// that an error has passed may have said it in words of its own. Words that the text
// begins with stay as it spells them.
func saidOnce(words, text string) string {
	if strings.HasPrefix(strings.ToLower(text), strings.ToLower(words)) {
		return text
	}
	same := append(sameWords(), strings.ToLower(words))
	phrases := strings.Split(text, ": ")
	rest := slices.DeleteFunc(phrases, func(phrase string) bool { return slices.Contains(same, strings.ToLower(phrase)) })
	return strings.Join(append([]string{words}, rest...), ": ")
}

// sameWords are the phrases, in lower case, by which the layers below say what a row of
// outcomes says.
func sameWords() []string {
	same := []string{"renew login"}
	for _, err := range []error{auth.ErrRenewalRefused, auth.ErrLoginRequired, auth.ErrNoEntitlement, credentials.ErrNotFound} {
		same = append(same, strings.ToLower(err.Error()))
	}
	return same
}

// hint is what to do, by default the help of the command whose line was wrong. After
// a refused renewal it names the login that would be next: accounts are not changed
// in silence.
func (inv *invocation) hint(err error, means outcome) string {
	var fixed *auth.NotRenewableError
	var file *credentials.FileError
	var piped *stdinLoginError
	var configured *config.Error
	var missing *noSessionError
	var advised *advisedError
	switch {
	case errors.As(err, &configured):
		return inv.fileHint(configured)
	case errors.As(err, &piped) && errors.Is(piped, credentials.ErrMalformed):
		return hintStdinLogin
	case errors.As(err, &missing):
		return missing.hint
	case errors.As(err, &advised):
		return advised.hint
	case means.exit == exitIncomplete && means.code != "refused" && inv.global.transform != "":
		return "nothing is written of an answer that is not whole; see what had arrived: --json without --transform"
	case means.hint == "" && means.exit == exitUsage:
		return strings.Join(append(append([]string{"codexctl"}, inv.path...), "--help"), " ")
	case errors.As(err, &file) && strings.HasPrefix(file.Path, "CODEX") && !strings.Contains(file.Path, "/"):
		return "correct or unset " + file.Path
	case means.exit == exitAuth && inv.source != nil && inv.source.Login.Kind == credentials.KindEnv:
		return "replace the token in " + inv.source.Login.Variable + ", or unset it"
	case errors.As(err, &fixed) && fixed.Reason == auth.ReasonSwitchedOff:
		return "allow renewal: leave out --no-refresh"
	case errors.As(err, &fixed) && fixed.Reason == auth.ReasonNoRefreshToken:
		return hintRenew
	case errors.Is(err, auth.ErrRenewalRefused) && inv.source != nil:
		next, ok := inv.source.Login.Next(context.Background(), inv.env.Now())
		if ok && next.Kind == credentials.KindFile {
			return means.hint + "; or use the other login: --auth-file " + next.Path
		}
	}
	return means.hint
}
