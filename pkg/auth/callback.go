package auth

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

const (
	// callbackPath is registered for the default client, like the ports.
	callbackPath = "/auth/callback"

	// maxCode is the longest authorization code taken seriously, in bytes.
	maxCode = 4 << 10

	// onboarding is what the issuer appends to the state on one of its ways. Source:
	// the official client, which takes it off as well.
	onboarding = ".onboarding_entrypoint=life_sciences"
)

// What can be wrong with a callback or a pasted text.
var (
	errWrongState = errors.New("it does not belong to this sign-in (the state differs)")
	errNoCode     = errors.New("it holds no authorization code")
	errTwice      = errors.New("it says the same thing twice")
)

// answer is what the issuer said, by way of the browser: a code, or an error.
type answer struct {
	code   credentials.Secret
	denial *SignInError
}

// callback is the page that the browser is sent back to. It takes what belongs to
// this sign-in, and shows what has become of it.
type callback struct {
	state string

	// answers carries one answer at a time to whoever exchanges it. Further ones wait.
	answers chan answer

	// settled is closed when outcome is known.
	settled chan struct{}
	outcome page
}

func newCallback() *callback {
	return &callback{state: newState(), answers: make(chan answer), settled: make(chan struct{})}
}

// settle shows p to all that wait and to all that come late.
func (c *callback) settle(p page) {
	c.outcome = p
	close(c.settled)
}

// ServeHTTP answers the callback when the sign-in is settled, and everything else at
// once. It never redirects: an address stays in the browser's history.
func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != callbackPath:
		writePlain(w, http.StatusNotFound, "There is nothing here.")
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		writePlain(w, http.StatusMethodNotAllowed, "This page can only be read.")
		return
	}
	got, err := c.read(r.URL.RawQuery, true)
	if err != nil {
		writePlain(w, http.StatusBadRequest, "This answer is not used: "+err.Error()+".\nThe sign-in goes on waiting.")
		return
	}
	// The browser may have left by now; its answer counts all the same.
	select {
	case c.answers <- got:
	case <-c.settled:
	}
	<-c.settled
	c.outcome.write(w)
}

// read takes the answer out of a query. What is wrong with it is one of the errors
// above. A state that is there must be ours; wanted says whether it must be there.
func (c *callback) read(query string, wanted bool) (answer, error) {
	// Whatever could not be parsed is left out, and missed below if it is needed.
	values, _ := url.ParseQuery(query)
	for _, key := range [...]string{"state", "code", "error"} {
		if len(values[key]) > 1 {
			return answer{}, errTwice // RFC 6749, section 3.1
		}
	}
	if (wanted || values.Has("state")) && !c.owns(values.Get("state")) {
		return answer{}, errWrongState
	}
	if code := values.Get("error"); code != "" {
		return answer{denial: &SignInError{
			Code:        codeOf(c.mask(code)),
			Description: excerpt(c.mask(values.Get("error_description"))),
		}}, nil
	}
	code := values.Get("code")
	if code == "" || len(code) > maxCode || !visible(code) {
		return answer{}, errNoCode
	}
	return answer{code: credentials.NewSecret(code)}, nil
}

func (c *callback) owns(state string) bool {
	state = strings.TrimSuffix(state, onboarding)
	return subtle.ConstantTimeCompare([]byte(state), []byte(c.state)) == 1
}

// mask takes the state out of a text that quotes it.
func (c *callback) mask(text string) string { return strings.ReplaceAll(text, c.state, hidden) }
