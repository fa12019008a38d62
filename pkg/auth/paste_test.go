package auth

import (
	"errors"
	"strings"
	"testing"
)

func TestPastedLines(t *testing.T) {
	c := newCallback()
	c.state = "STATE"
	tests := []struct {
		name, line string
		code       string
		denied     bool
		err        error
	}{
		{"a whole address", " http://localhost:1455/auth/callback?code=ac_1&scope=openid&state=STATE \r\n", "ac_1", false, nil},
		{"an address without scheme", "localhost:1455/auth/callback?state=STATE&code=ac_1", "ac_1", false, nil},
		{"an address with a fragment, in quotes", `"http://localhost:1455/auth/callback?code=ac_1&state=STATE#_=_"`, "ac_1", false, nil},
		{"an address without state", "http://localhost:1455/auth/callback?code=ac_1", "ac_1", false, nil},
		{"a query", "code=ac_1&state=STATE", "ac_1", false, nil},
		{"a query with its mark", "?code=a%2Fc_1&state=STATE", "a/c_1", false, nil},
		{"a code", "ac_1.x-Y~9", "ac_1.x-Y~9", false, nil},
		{"a code with padding", "YWJj=", "YWJj=", false, nil},
		{"a code and the state", "ac_1#STATE", "ac_1", false, nil},
		{"an error", "http://localhost:1455/auth/callback?error=access_denied&state=STATE", "", true, nil},

		{"another state", "http://localhost:1455/auth/callback?code=ac_1&state=OTHER", "", false, errWrongState},
		{"another state in a query", "code=ac_1&state=OTHER", "", false, errWrongState},
		{"another state behind a code", "ac_1#OTHER", "", false, errWrongState},
		{"an empty state", "code=ac_1&state=", "", false, errWrongState},
		{"the address of the first page", "https://auth.openai.com/oauth/authorize?response_type=code&code_challenge=x&state=STATE", "", false, errNoCode},
		{"an address without query", "http://localhost:1455/auth/callback", "", false, errNotACode},
		{"two codes", "code=a&code=b&state=STATE", "", false, errTwice},
		{"two words", "yes please", "", false, errNotACode},
		{"nothing", "  ", "", false, errNotACode},
		{"a book", strings.Repeat("x", maxPaste+1), "", false, errNotACode},
		{"a long code", strings.Repeat("x", maxCode+1), "", false, errNotACode},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := c.paste(tt.line)
			if got.code.Reveal() != tt.code || (got.denial != nil) != tt.denied || !errors.Is(err, tt.err) {
				t.Errorf("paste = %q, %v, %v, want %q, %v, %v", got.code.Reveal(), got.denial, err, tt.code, tt.denied, tt.err)
			}
			if tt.denied && !errors.Is(got.denial, ErrDenied) {
				t.Errorf("denial %v, want %v", got.denial, ErrDenied)
			}
		})
	}
}

func TestSigningInByPaste(t *testing.T) {
	for name, line := range map[string]func(*signIn) string{
		"the address": func(s *signIn) string { return s.back("code", canaryCode, "state", s.state()) },
		"the query":   func(s *signIn) string { return "code=" + canaryCode + "&state=" + s.state() },
		"the code":    func(*signIn) string { return canaryCode },
	} {
		t.Run(name, func(t *testing.T) {
			i := newSigner(t)
			v := &vault{}
			lines := make(chan string)
			s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Paste: lines, Store: v.Store})
			lines <- s.back("code", "x"+canaryCode, "state", "wrong")
			lines <- "good morning"
			lines <- " \n"
			lines <- line(s)
			if _, err := s.end(); err != nil {
				t.Fatal(err)
			}
			v.holds(t, 1)
			requests := i.seen()
			if len(requests) != 1 || requests[0].form.Get("code") != canaryCode || requests[0].form.Get("redirect_uri") != s.address.Query().Get("redirect_uri") {
				t.Errorf("requests %v, want one with the code and the same redirect", requests)
			}
			diff(t, "warnings", []string{
				"pasted text is not used: it does not belong to this sign-in (the state differs)",
				"pasted text is not used: it is neither the address of the last page nor a code",
			}, s.warned())
		})
	}
}

func TestAPastedCodeThatTheIssuerDoesNotTake(t *testing.T) {
	i := newSigner(t)
	i.on("/oauth/token", say(400, `{"error":"invalid_grant","error_description":"not `+canaryCode+`"}`))
	lines := make(chan string)
	s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Paste: lines})
	lines <- canaryCode
	until(t, "a warning", func() bool { return len(s.warned()) == 1 })
	diff(t, "warnings", []string{"pasted text is not used: exchange code: sign-in failed: token endpoint answered invalid_grant (HTTP 400 Bad Request): not [redacted]"}, s.warned())
	i.on("/oauth/token", say(200, tokens()))
	close(lines) // the browser still counts
	visit(t, "GET", s.back("code", canaryCode, "state", s.state())).wants(t, 200)
	if _, err := s.end(); err != nil {
		t.Error(err)
	}
}

func TestAPasteEndsTheSignInWhenTheIssuerIsBroken(t *testing.T) {
	for name, tt := range map[string]struct {
		line   string
		status int
		want   error
	}{
		"server error": {canaryCode, 500, ErrSignInFailed},
		"denied":       {"error=access_denied", 200, ErrDenied},
	} {
		t.Run(name, func(t *testing.T) {
			i := newSigner(t)
			i.on("/oauth/token", say(tt.status, "{}"))
			lines := make(chan string, 1)
			s := begin(t, BrowserLogin{Config: Config{Issuer: i.URL}, Paste: lines})
			lines <- tt.line
			if _, err := s.end(); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
		})
	}
}

// What the parser must hold to whatever it is given: an answer has a state that is
// ours, or none, and a code that a form can carry; a foreign state is never taken.
func FuzzCallbackQuery(f *testing.F) {
	for _, seed := range []string{
		"code=ac_1&state=STATE", "code=ac_1&state=OTHER", "error=access_denied&error_description=%3Cb%3E&state=STATE",
		"state=STATE", "code=a&code=b", "%zz=1&code=x&state=STATE;", "code=%00&state=STATE", "state=STATE" + onboarding + "&code=x",
	} {
		f.Add(seed)
	}
	c := newCallback()
	c.state = "STATE"
	f.Fuzz(func(t *testing.T, query string) {
		got, err := c.read(query, true)
		checkAnswer(t, got, err)
		if err == nil && !strings.Contains(query, "S") && !strings.Contains(query, "%53") {
			t.Errorf("%q was taken without the state", query)
		}
		if again, err2 := c.read(query, false); err == nil && (err2 != nil || again.code.Reveal() != got.code.Reveal()) {
			t.Errorf("%q is refused only when the state may be missing: %v", query, err2)
		}
	})
}

func FuzzPaste(f *testing.F) {
	for _, seed := range []string{
		"http://localhost:1455/auth/callback?code=ac_1&state=STATE", "code=ac_1&state=OTHER", "ac_1", "ac_1#STATE",
		"?error=access_denied", "  \"x\" ", "\x1b[200~code=1\x1b[201~", "a?b?code=1#c#d", "\xff",
	} {
		f.Add(seed)
	}
	c := newCallback()
	c.state = "STATE"
	f.Fuzz(func(t *testing.T, line string) {
		got, err := c.paste(line)
		checkAnswer(t, got, err)
		if _, err := c.paste("http://localhost/auth/callback?state=OTHER&" + line); err == nil {
			t.Errorf("%q was taken with another state", line)
		}
	})
}

func checkAnswer(t *testing.T, got answer, err error) {
	t.Helper()
	if err != nil {
		if got.denial != nil || !got.code.Empty() {
			t.Errorf("an answer besides the error %v", err)
		}
		return
	}
	code := got.code.Reveal()
	switch {
	case (got.denial == nil) == (code == ""):
		t.Errorf("code %q and denial %v, want one of them", code, got.denial)
	case len(code) > maxCode || !visible(code):
		t.Errorf("code %q", code)
	case got.denial != nil:
		page := failedPage(got.denial, "").String()
		if strings.Contains(strings.TrimPrefix(page, pageHead), "<b") && !strings.Contains(page, "<body") {
			t.Errorf("page %q", page)
		}
		for _, r := range got.denial.Error() {
			if r < ' ' || r == 0x7f {
				t.Errorf("control character in %q", got.denial.Error())
			}
		}
	}
}
