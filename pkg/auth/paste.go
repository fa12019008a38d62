package auth

import (
	"errors"
	"net/url"
	"strings"

	"github.com/codexctl/codexctl/pkg/credentials"
)

// maxPaste is the longest pasted line that is looked at, in bytes.
const maxPaste = 16 << 10

var errNotACode = errors.New("it is neither the address of the last page nor a code")

// paste reads what a person pastes from the browser's address bar: the whole
// address, its query, or the code alone, with or without "#state" behind it. The
// error says what is wrong and quotes nothing.
func (c *callback) paste(line string) (answer, error) {
	if len(line) > maxPaste {
		return answer{}, errNotACode
	}
	line = strings.Trim(strings.TrimSpace(line), `"'<>`)
	if query, ok := queryOf(line); ok {
		return c.read(query, false)
	}
	code, state, marked := strings.Cut(line, "#")
	switch {
	case marked && !c.owns(state):
		return answer{}, errWrongState
	case code == "" || len(code) > maxCode || !visible(code) || strings.ContainsAny(code, "&?/:"):
		return answer{}, errNotACode
	}
	return answer{code: credentials.NewSecret(code)}, nil
}

// queryOf returns the query of an address, or the line itself if that is one.
func queryOf(line string) (query string, ok bool) {
	if _, query, ok = strings.Cut(line, "?"); !ok {
		query = line
	}
	query, _, _ = strings.Cut(query, "#")
	if ok {
		return query, true
	}
	values, err := url.ParseQuery(query)
	return query, err == nil && (values.Get("code") != "" || values.Get("error") != "")
}
