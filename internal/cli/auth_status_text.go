package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// showStatus prints the document, or the few lines that a person wants to see.
func (inv *invocation) showStatus(doc statusDocument, login credentials.Selection, now time.Time) error {
	if inv.global.wantsDocument() {
		return inv.document(doc)
	}
	if inv.global.quiet {
		return nil
	}
	return inv.table(func(w io.Writer) { statusRows(w, doc, login, now) })
}

// statusRows are the lines that a person wants to see.
func statusRows(w io.Writer, doc statusDocument, login credentials.Selection, now time.Time) {
	namedRow(w, "State", strings.ReplaceAll(string(doc.State), "_", " "))
	namedRow(w, "Plan", strings.ToUpper(orEmpty(doc.Plan)))
	namedRow(w, "Account", account(doc))
	namedRow(w, "Token", lifetime(login.Credential.ExpiresAt, now))
	namedRow(w, "Storage", storage(doc.Source))
	namedRow(w, "Renewal", renewal(doc))
	if doc.Checked != nil {
		namedRow(w, "Checked", fmt.Sprintf("%s in %d ms", okOrFailed(doc.Checked.OK), doc.Checked.LatencyMS))
	}
}

func account(doc statusDocument) string {
	switch {
	case doc.Email != nil && doc.AccountID != nil:
		return *doc.Email + " (" + *doc.AccountID + ")"
	case doc.Email != nil:
		return *doc.Email
	}
	return orEmpty(doc.AccountID)
}

func lifetime(expires, now time.Time) string {
	if expires.IsZero() {
		return ""
	}
	at := localTime(expires)
	if left := expires.Sub(now); left > 0 {
		return fmt.Sprintf("%s left (until %s)", roughly(left), at)
	}
	return fmt.Sprintf("expired %s ago (%s)", roughly(now.Sub(expires)), at)
}

func storage(s *sourceDocument) string {
	switch {
	case s == nil:
		return ""
	case s.Variable != nil:
		return "the variable " + *s.Variable
	case s.Format != nil:
		return *s.Path + " (" + *s.Format + ")"
	}
	return orEmpty(s.Path)
}

func renewal(doc statusDocument) string {
	switch {
	case doc.Source == nil, !doc.AccessToken.Present:
		return ""
	case doc.Source.Renewable:
		return "automatic"
	case !doc.RefreshToken.Present:
		return "none: there is no refresh token"
	}
	if doc.Source.Kind == credentials.KindEnv {
		return "none: it comes from the environment"
	}
	return "none: the file belongs to the official client (--renew-shared renews it), or --no-refresh is given"
}

func okOrFailed(ok bool) string {
	if ok {
		return "the backend answered"
	}
	return "failed"
}
